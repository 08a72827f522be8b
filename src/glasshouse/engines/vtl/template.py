"""Templates: parsed once, rendered with the variables of each request."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.parser import parse
from glasshouse.engines.vtl.scope import Break, Scope, Stop

MOST_TURNS = 100_000


class Template:
    """A template. Raises TemplateError for a source that is none."""

    def __init__(self, source: str):
        try:
            self._block = parse(source)
        except RecursionError:
            raise TemplateError("the template is nested too deeply") from None

    def render(self, variables: Mapping[str, Any], missing: Any = None, most_turns: int = MOST_TURNS) -> str:
        """The text it makes. `missing` stands for what references find nothing for; None prints their source.

        Raises TemplateError.
        """
        scope = Scope(dict(variables), missing, most_turns)
        try:
            self._block.render(scope)
        except (Stop, Break):
            pass
        except RecursionError:
            raise TemplateError("the template goes round in circles") from None
        return "".join(scope.out)


@lru_cache(1024)
def compiled(source: str) -> Template:
    """The template of a source, parsed at its first use."""
    return Template(source)
