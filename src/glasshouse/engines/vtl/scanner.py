"""A place in a template's source, and the small steps with which a parser walks on."""

import re
from collections.abc import Callable
from typing import Any

from glasshouse.engines.vtl.errors import TemplateError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
SPACE = re.compile(r"\s*")
REST_OF_LINE = re.compile(r"[ \t]*(?:\r\n|\n|\r)")


class Scanner:
    """The source from `at` on; `parse_text` reads a template within the template."""

    __slots__ = ("at", "parse_text", "source")

    def __init__(self, source: str, parse_text: Callable[[str], Any]):
        self.source, self.at, self.parse_text = source, 0, parse_text

    @property
    def is_done(self) -> bool:
        return self.at >= len(self.source)

    def looks_at(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        """Step over a text if it is next."""
        if not self.source.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Step over what a pattern matches here."""
        found = pattern.match(self.source, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def name(self) -> str | None:
        return self.match(NAME)

    def skip_space(self):
        self.match(SPACE)

    def skip_rest_of_line(self):
        """Spaces and a line's end, if nothing else is left of the line."""
        self.match(REST_OF_LINE)

    def require(self, text: str):
        self.skip_space()
        if not self.take(text):
            raise self.error(f"expected {text!r}")

    def error(self, problem: str) -> TemplateError:
        line = self.source.count("\n", 0, self.at) + 1
        column = self.at - self.source.rfind("\n", 0, self.at)
        return TemplateError(f"{problem} at line {line}, column {column}")
