"""The words of a PartiQL statement, with the places where they stand."""

import re
from typing import NamedTuple

from .invalid import Invalid

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><<|>>|<=|>=|<>|!=|[=<>+\-,.()\[\]{}:?*;])|(?P<end>\Z)|(?P<wrong>.))""",
    re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    start: int


def tokens(text: str) -> list[Token]:
    """All of them, the end included. Raises Invalid."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "end"
        found.append(Token(kind, match[kind], match.start(kind)))
        if kind == "wrong":
            raise Invalid(
                "Statement wasn't well formed, can't be processed: Unexpected character at position"
                f" {match.start(kind) + 1}: '{match[kind]}'"
            )
        if kind == "end":
            break
    return found
