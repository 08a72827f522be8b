"""The words of an expression, with the places where they stand."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .invalid import Invalid

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>[0-9]+)|(?P<sign><=|>=|<>|[=<>+\-,.()\[\]])|(?P<wrong>[^ \t\r\n])|(?P<end>\Z))"
)
MAX_BYTES = 4096


class Token(NamedTuple):
    """`kind` is name, alias (#n), value (:v), index (digits), sign, end or wrong."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """All of them, the end included. Raises Invalid, without the name of the expression."""
    if not text.strip(" \t\r\n"):
        raise Invalid("The expression can not be empty;")
    if len(text.encode()) > MAX_BYTES:
        size = len(text.encode())
        raise Invalid(f"Expression size has exceeded the maximum allowed size; expression size: {size}")
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "end"
        token = Token(kind, match[kind], match.start(kind), match.end(kind))
        found.append(token)
        if len(found) > 1 and found[-2].kind == "wrong":
            raise syntax_error(text, found, len(found) - 2)
        if kind == "end":
            return found
    raise AssertionError("the pattern matches at every place")


def syntax_error(text: str, found: list[Token], at: int) -> Invalid:
    """The refusal of one token, told with its neighbours."""
    token = found[at]
    before = found[max(at - 1, 0)]
    after = found[min(at + 1, len(found) - 1)]
    near = text[before.start : after.end].strip()
    return Invalid(f'Syntax error; token: "{"<EOF>" if token.kind == "end" else token.text}", near: "{near}"')


@cache
def reserved_words() -> frozenset[str]:
    """The words that cannot be used as names of attributes (developer guide, "Reserved words in DynamoDB")."""
    return frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())
