"""The words of a PartiQL statement, with the places where they stand."""

import re
from typing import NamedTuple

from .invalid import Invalid

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><<|>>|<=|>=|<>|!=|[=<>+\-,.()\[\]{}:?*;])|(?P<end>\Z)|(?P<wrong>.))""",
    re.DOTALL,
)
MAX_DEPTH = 60


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


class Words:
    """Goes through the tokens of a statement."""

    def __init__(self, text: str):
        self._tokens = tokens(text)
        self._at = self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._token
        if token.kind == "end":
            raise self._wrong()
        self._at += 1
        return token

    def _sees(self, *signs: str) -> bool:
        return self._token.kind == "sign" and self._token.text in signs

    def _sees_word(self, *words: str) -> bool:
        return self._token.kind == "word" and self._token.text.upper() in words

    def _comma(self) -> bool:
        seen = self._sees(",")
        self._at += seen
        return seen

    def _expect(self, sign: str):
        if not self._sees(sign):
            raise self._wrong()
        self._at += 1

    def _keyword(self, *words: str) -> str:
        if not self._sees_word(*words):
            raise self._wrong()
        return self._take().text.upper()

    def _deeper(self, read):
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Invalid("Statement is nested too deeply")
        found = read()
        self._depth -= 1
        return found

    def _wrong(self) -> Invalid:
        token = self._token
        told = "end of statement" if token.kind == "end" else f"'{token.text}'"
        return Invalid(
            f"Statement wasn't well formed, can't be processed: Unexpected token at position {token.start + 1}: {told}"
        )
