"""Cutting a structured pattern into tokens, and conditions joined by && and ||."""

import re
from collections.abc import Callable
from typing import TypeVar

from glasshouse.engines.filterpattern.errors import InvalidPattern

TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*") | (?P<regex>%[^%]+%) | (?P<path>\$(?:\.?\[[^\]]*\]|\.?[\w\-*:@/]+)+)
        | (?P<symbol>&&|\|\||!=|<=|>=|=|<|>|\(|\)|,|\.\.\.) | (?P<word>[^\s"()=<>!&|,%]+)
    )""",
    re.VERBOSE,
)
Test = Callable[[object], bool]
Item = TypeVar("Item")


class Tokens:
    """What is left of a pattern."""

    def __init__(self, text: str):
        self.items: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            token = TOKEN.match(text, position)
            if token is None or token.lastgroup is None:
                raise InvalidPattern(f"Invalid filter pattern at {text[position:]!r}")
            self.items.append((token.lastgroup, token[token.lastgroup]))
            position = token.end()

    def next(self) -> tuple[str, str]:
        if not self.items:
            raise InvalidPattern("Invalid filter pattern: it ends too early")
        return self.items.pop(0)

    def take(self, *values: str) -> str | None:
        """The next token if it is one of these (words without regard to case)."""
        if self.items and self.items[0][1].upper() in values:
            return self.items.pop(0)[1].upper()
        return None

    def expect(self, value: str):
        if not self.take(value):
            raise InvalidPattern(f"Invalid filter pattern: {value} is missing")

    def operand(self) -> str:
        kind, text = self.next()
        if kind not in ("quoted", "regex", "word"):
            raise InvalidPattern(f"Invalid filter pattern: {text} is not a value")
        return text


def any_of(tokens: Tokens, atom: Callable[[Tokens], Test], depth: int = 0) -> Test:
    """Conditions joined by ||, of conditions joined by &&, of atoms or parentheses."""
    if depth > 32:
        raise InvalidPattern("Invalid filter pattern: too many parentheses")
    choices = [_all_of(tokens, atom, depth)]
    while tokens.take("||"):
        choices.append(_all_of(tokens, atom, depth))
    return choices[0] if len(choices) == 1 else lambda value: any(choice(value) for choice in choices)


def _all_of(tokens: Tokens, atom: Callable[[Tokens], Test], depth: int) -> Test:
    parts = [_part(tokens, atom, depth)]
    while tokens.take("&&"):
        parts.append(_part(tokens, atom, depth))
    return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)


def _part(tokens: Tokens, atom: Callable[[Tokens], Test], depth: int) -> Test:
    if not tokens.take("("):
        return atom(tokens)
    inner = any_of(tokens, atom, depth + 1)
    tokens.expect(")")
    return inner
