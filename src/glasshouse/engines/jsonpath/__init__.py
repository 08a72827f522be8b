"""JSONPath as the Java library Jayway reads it, which is what AWS's services stand on.

    Path("$.store.book[?(@.price < 10)].title").values(document)

A path that can lead to one place only is definite. `values` are all the places it leads to, `first` is one of them.
Supported: names with dots or brackets, indexes (also from the end), slices, lists of either, `*`, `..`, filters with
comparisons, `in`, `=~`, `!`, `&&` and `||`, and the functions length(), size(), min(), max(), sum(), avg(), keys().
Source: https://github.com/json-path/JsonPath and https://goessner.net/articles/JsonPath/.
"""

from glasshouse.engines.jsonpath.path import Path, compiled
from glasshouse.engines.jsonpath.source import InvalidPath

__all__ = ["InvalidPath", "Path", "compiled"]
