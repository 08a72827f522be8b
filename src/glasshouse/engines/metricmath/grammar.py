"""The grammar of metric math: numbers, texts, names, functions, and operators by their strength."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from glasshouse.engines.metricmath.invalid import Invalid

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>()\[\],!])|(?P<wrong>\S)"
    r"|(?P<end>\Z))"
)
_LEVELS = (("||", "OR"), ("&&", "AND"), ("==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
_SAME = {"OR": "||", "AND": "&&"}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or, in capitals, a word that a function knows."""

    name: str


@dataclass(frozen=True, slots=True)
class Negation:
    sign: str  # - or !
    of: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """[m1, m2]"""

    elements: tuple["Node", ...]


Node = Number | Text | Name | Negation | Operation | Function | Listing


class Token(NamedTuple):
    kind: str
    text: str


@lru_cache(1024)
def parse(text: str) -> Node:
    """Raises Invalid."""
    return _Parser(text).whole()


def names_in(node: Node) -> Iterator[str]:
    """The names an expression mentions."""
    match node:
        case Name():
            yield node.name
        case Negation():
            yield from names_in(node.of)
        case Operation():
            yield from names_in(node.left)
            yield from names_in(node.right)
        case Function(arguments=several) | Listing(elements=several):
            for one in several:
                yield from names_in(one)


class _Parser:
    def __init__(self, text: str):
        self._tokens = [Token(found.lastgroup or "end", found[found.lastgroup or "end"]) for found in _all(text)]
        self._at = self._depth = 0

    def whole(self) -> Node:
        node = self._level(0)
        if self._now.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sees(self, *texts: str) -> bool:
        return self._now.kind in ("sign", "name") and self._now.text in texts

    def _unexpected(self) -> Invalid:
        what = "end of the expression" if self._now.kind == "end" else f"'{self._now.text}'"
        return Invalid(f"Unexpected {what}")

    def _level(self, level: int) -> Node:
        """Operators of one strength, from left to right."""
        if level == len(_LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while self._sees(*_LEVELS[level]):
            sign = self._take().text
            left = Operation(_SAME.get(sign, sign), left, self._level(level + 1))
        return left

    def _signed(self) -> Node:
        if self._sees("-", "!", "+"):
            sign = self._take().text
            of = self._deeper(self._signed)
            return of if sign == "+" else Negation(sign, of)
        base = self._primary()
        if self._sees("^"):
            self._take()
            return Operation("^", base, self._deeper(self._signed))
        return base

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "text":
            return Text(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
        if token.kind == "name" and token.text not in _SAME:
            return Function(token.text, self._several("(", ")")) if self._sees("(") else Name(token.text)
        if token.text == "(":
            within = self._deeper(lambda: self._level(0))
            self._expect(")")
            return within
        self._at -= 1
        if self._sees("["):
            return Listing(self._several("[", "]"))
        raise self._unexpected()

    def _several(self, opening: str, closing: str) -> tuple[Node, ...]:
        self._expect(opening)
        found: list[Node] = []
        while not self._sees(closing):
            if found:
                self._expect(",")
            found.append(self._deeper(lambda: self._level(0)))
        self._take()
        return tuple(found)

    def _expect(self, sign: str):
        if not self._sees(sign):
            raise self._unexpected()
        self._take()

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid("The expression is nested too deeply")
        node = read()
        self._depth -= 1
        return node


def _all(text: str) -> Iterator[re.Match[str]]:
    if not text.strip():
        raise Invalid("The expression is empty")
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "wrong":
            raise Invalid(f"Unexpected '{found['wrong']}'")
        yield found
        if found.lastgroup == "end":
            return
