"""Unstructured patterns: words that must (`a "b c"`), must not (`-a`) or may (`?a ?b`) occur, and `%regular ones%`."""

import re
from collections.abc import Callable

from glasshouse.engines.filterpattern.comparison import regular_expression
from glasshouse.engines.filterpattern.errors import InvalidPattern

TOKEN = re.compile(r'\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<regex>%[^%]+%)|(?P<word>[^\s"%]+))(?=\s|$)')
WORD = re.compile(r"[\w.:/@#$&*+=|~^-]+")
Test = Callable[[str], bool]


class Terms:
    """All of `needed`, none of `barred`; where nothing is needed, any of `optional`."""

    def __init__(self, needed: list[Test], barred: list[Test], optional: list[Test]):
        self.needed, self.barred, self.optional = needed, barred, optional

    def match(self, message: str) -> dict[str, str] | None:
        if any(test(message) for test in self.barred):
            return None
        if self.needed:
            found = all(test(message) for test in self.needed)
        else:
            found = not self.optional or any(test(message) for test in self.optional)
        return {} if found else None


def parse_terms(text: str) -> Terms:
    tests: dict[str, list[Test]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        token = TOKEN.match(text, position)
        if token is None:
            raise InvalidPattern(f"Invalid character(s) in term {text[position:]!r}")
        tests[token["sign"]].append(_test(token))
        position = token.end()
    return Terms(tests[""], tests["-"], tests["?"])


def _test(token: re.Match) -> Test:
    if token["regex"]:
        expression = regular_expression(token["regex"])
        return lambda message: expression.search(message) is not None
    if token["phrase"] is not None:
        phrase = token["phrase"].replace('\\"', '"').replace("\\\\", "\\")
    else:
        phrase = token["word"]
        if not WORD.fullmatch(phrase):
            raise InvalidPattern(f"Invalid character(s) in term {phrase!r}")
    return lambda message: phrase in message
