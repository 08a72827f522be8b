"""Wildcard patterns and policy variables.

`*` stands for any run of characters, `?` for any one. From policy version 2012-10-17 on, `${key}` stands for the value
of a context key, `${key, 'default'}` for the default where the key has no single value, and `${*}`, `${?}`, `${$}` for
the characters themselves. A variable without value matches nothing; its value is taken literally, wildcards and all.

Matching never backtracks: a text is compared with the pieces between the stars from left to right, each at the first
place where it fits, so that no pattern costs more than its length times the text's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Context = Mapping[str, Sequence[str]]
Matcher = Callable[[str], bool]

_TOKEN = re.compile(r"\$\{([^{}]*)\}|\*|\?")
_REMEMBERED_VALUES = 256
_WILDCARD = re.compile(r"\*|\?")
_VARIABLE = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?")


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*` or `?`."""

    mark: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable; `key` is lower-cased."""

    key: str
    default: str | None

    def resolve(self, context: Context) -> str | None:
        values = context.get(self.key)
        if values and len(values) == 1:
            return values[0]
        return self.default


Piece = Literal | Wildcard | Variable
STAR = Wildcard("*")
ONE = Wildcard("?")


def read_pieces(text: str, variables: bool, wildcards: bool = True) -> tuple[Piece, ...]:
    """The pieces of a pattern; neighbouring literals are joined, neighbouring stars are one."""
    pieces: list[Piece] = []
    at = 0
    for match in (_TOKEN if variables else _WILDCARD).finditer(text):
        _append(pieces, Literal(text[at : match.start()]))
        _append(pieces, _token(match, wildcards))
        at = match.end()
    _append(pieces, Literal(text[at:]))
    return tuple(pieces)


def _append(pieces: list[Piece], piece: Piece) -> None:
    last = pieces[-1] if pieces else None
    if piece == STAR and last == STAR:
        return
    if isinstance(piece, Literal):
        if not piece.text:
            return
        if isinstance(last, Literal):
            pieces[-1] = Literal(last.text + piece.text)
            return
    pieces.append(piece)


def _token(match: re.Match[str], wildcards: bool) -> Piece:
    token = match.group()
    if token in ("*", "?"):
        return Wildcard(token) if wildcards else Literal(token)
    name = match.group(1)
    if name in ("*", "?", "$"):
        return Literal(name)
    inner = _VARIABLE.fullmatch(name)
    if not inner:
        return Literal(token)
    return Variable(inner.group(1).lower(), inner.group(2))


def is_static(pieces: Sequence[Piece]) -> bool:
    return not any(isinstance(piece, Variable) for piece in pieces)


def is_literal(pieces: Sequence[Piece]) -> bool:
    return all(isinstance(piece, Literal) for piece in pieces)


def literal_text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Literal))


def resolve(pieces: Sequence[Piece], context: Context) -> tuple[Piece, ...] | None:
    """The pieces with variables replaced by their values; None where one has no value."""
    resolved: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, Variable):
            _append(resolved, piece)
            continue
        value = piece.resolve(context)
        if value is None:
            return None
        _append(resolved, Literal(value))
    return tuple(resolved)


def matcher(pieces: Sequence[Piece]) -> Matcher:
    """A predicate for texts, of static pieces."""
    chunks = _chunks(pieces)
    if len(chunks) == 1:
        return _without_star(chunks[0])
    if all(isinstance(chunk, str) for chunk in chunks):
        return _of_literals([str(chunk) for chunk in chunks])
    return _of_chunks([chunk if isinstance(chunk, _Blank) else _blank([Literal(chunk)]) for chunk in chunks])


@dataclass(frozen=True, slots=True)
class _Blank:
    """What stands between stars when it holds a `?`: a regex of fixed length."""

    regex: re.Pattern[str]
    length: int


def _chunks(pieces: Sequence[Piece]) -> list[str | _Blank]:
    chunks: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece == STAR:
            chunks.append([])
        else:
            chunks[-1].append(piece)
    return [literal_text(chunk) if is_literal(chunk) else _blank(chunk) for chunk in chunks]


def _blank(pieces: Sequence[Piece]) -> _Blank:
    source = "".join(re.escape(piece.text) if isinstance(piece, Literal) else "." for piece in pieces)
    length = sum(len(piece.text) if isinstance(piece, Literal) else 1 for piece in pieces)
    return _Blank(re.compile(source, re.DOTALL), length)


def _without_star(chunk: str | _Blank) -> Matcher:
    if isinstance(chunk, str):
        return chunk.__eq__
    regex = chunk.regex
    return lambda text: regex.fullmatch(text) is not None


def _of_literals(chunks: list[str]) -> Matcher:
    head, tail, middle = chunks[0], chunks[-1], chunks[1:-1]
    shortest = len(head) + len(tail)
    if not middle:
        if not head and not tail:
            return lambda text: True
        if not tail:
            return lambda text: text.startswith(head)
        return lambda text: len(text) >= shortest and text.startswith(head) and text.endswith(tail)

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(head) or not text.endswith(tail):
            return False
        at, end = len(head), len(text) - len(tail)
        for chunk in middle:
            at = text.find(chunk, at, end)
            if at < 0:
                return False
            at += len(chunk)
        return True

    return matches


def _of_chunks(chunks: list[_Blank]) -> Matcher:
    head, tail, middle = chunks[0], chunks[-1], chunks[1:-1]

    def matches(text: str) -> bool:
        end = len(text) - tail.length
        if end < head.length or not head.regex.match(text) or not tail.regex.fullmatch(text, end):
            return False
        at = head.length
        for chunk in middle:
            found = chunk.regex.search(text, at, end)
            if not found:
                return False
            at = found.end()
        return True

    return matches


class Template:
    """A pattern that may hold variables; remembers what it became for the values it met."""

    __slots__ = ("_known", "_pieces", "_static", "_variables")

    def __init__(self, pieces: tuple[Piece, ...]):
        self._pieces = pieces
        self._variables = tuple(piece for piece in pieces if isinstance(piece, Variable))
        self._static = None if self._variables else matcher(pieces)
        self._known: dict[tuple[str | None, ...], Matcher] = {}

    def matches(self, text: str, context: Context) -> bool:
        if self._static is not None:
            return self._static(text)
        values = tuple([variable.resolve(context) for variable in self._variables])
        known = self._known.get(values) or self._learn(values, context)
        return known(text)

    def _learn(self, values: tuple[str | None, ...], context: Context) -> Matcher:
        resolved = resolve(self._pieces, context)
        made = matcher(resolved) if resolved is not None else _nothing
        if len(self._known) >= _REMEMBERED_VALUES:
            self._known.clear()
        self._known[values] = made
        return made


def _nothing(text: str) -> bool:
    return False


class PatternSet:
    """Patterns of which one must match: exact texts in a set, fixed patterns compiled, patterns with variables kept."""

    __slots__ = ("_everything", "_exact", "_fixed", "_templates")

    def __init__(self, patterns: Sequence[tuple[Piece, ...]]):
        static = [pieces for pieces in patterns if is_static(pieces)]
        self._everything = (STAR,) in static
        self._exact = frozenset(literal_text(pieces) for pieces in static if is_literal(pieces))
        self._fixed = tuple(matcher(pieces) for pieces in static if not is_literal(pieces))
        self._templates = tuple(Template(pieces) for pieces in patterns if not is_static(pieces))

    def matches(self, text: str, context: Context) -> bool:
        if self._everything or text in self._exact:
            return True
        for fixed in self._fixed:
            if fixed(text):
                return True
        for template in self._templates:  # noqa: SIM110 (the hot path: a generator costs more than the test)
            if template.matches(text, context):
                return True
        return False
