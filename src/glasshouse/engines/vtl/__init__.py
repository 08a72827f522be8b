"""The Velocity Template Language (Apache Velocity 1.x), as an interpreter without Java.

    template = Template('{"name": "$person.name", #foreach($pet in $pets) "$pet"#if($foreach.hasNext),#end #end}')
    template.render({"person": {"name": "Ann"}, "pets": ["cat", "dog"]})

Values are Python's (str, int, float, bool, None, list, dict), with the methods that Java gives theirs (`methods.py`);
a host adds objects of its own by subclassing `Host`. A reference that finds nothing is printed as it stands in the
template, or, where the host says so, gives a value (`missing`): with `missing=""` the rules are those of Amazon API
Gateway, where an undefined reference is an empty text, and true.

Directives: #set #if #elseif #else #foreach #break #stop #define #end, comments and #[[ ]]#. Others (#macro, #parse,
#include, #evaluate) read files or write code; they are left in the text as they stand.
Source: https://velocity.apache.org/engine/1.7/user-guide.html and .../vtl-reference.html.
"""

from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.template import Template, compiled
from glasshouse.engines.vtl.values import Host, JsonArray, text

__all__ = ["Host", "JsonArray", "Template", "TemplateError", "compiled", "text"]
