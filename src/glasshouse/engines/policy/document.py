"""JSON with positions: a strict reader that keeps, for every key and value, where it stands in the text.

The reader goes on after problems it can step over (a duplicate key, a trailing comma, a bad escape, a control
character in a string), so that all of them are reported at once; after any other problem it stops. `Document.root` is
None exactly when nothing could be read. Lines count from 1, columns and offsets from 0, ends are exclusive, as in the
spans that IAM Access Analyzer reports.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 64

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Position:
    line: int
    column: int
    offset: int


@dataclass(frozen=True, slots=True)
class Span:
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path: a `value` of a key, a `key` itself, an `index`, or a `substring` (start, length)."""

    kind: str
    value: str | int | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the text, and the offset at which it is."""

    message: str
    offset: int


@dataclass(slots=True, eq=False)
class Node:
    """A JSON value: `value` holds the scalar, `members` an object's, `items` an array's contents."""

    kind: str
    start: int
    end: int = -1
    value: str | int | float | bool | None = None
    members: list[Member] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    parent: Node | None = None
    step: Step | None = None

    @property
    def path(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        node: Node | None = self
        while node is not None and node.step is not None:
            steps.append(node.step)
            node = node.parent
        return tuple(reversed(steps))

    @property
    def text(self) -> str:
        """The string that this is; only for nodes of kind `string`."""
        return str(self.value)

    def member(self, name: str) -> Member | None:
        return next((member for member in self.members if member.key.value == name), None)

    def listed(self) -> list[Node]:
        """The values that this is: an array's items, else the value itself."""
        return self.items if self.kind == "array" else [self]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A key and its value; the key is a node too (its path ends in a step of kind `key`)."""

    key: Node
    value: Node

    @property
    def name(self) -> str:
        return str(self.key.value)


class Document:
    """A text, its JSON tree as far as it could be read, and the problems found."""

    def __init__(self, text: str):
        self.text = text
        self._line_starts: list[int] | None = None
        reader = _Reader(text)
        self.root = reader.read()
        self.problems = reader.problems

    def position(self, offset: int) -> Position:
        if self._line_starts is None:
            self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(self.text))]
        line = bisect.bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1], offset)

    def span(self, start: int, end: int) -> Span:
        return Span(self.position(start), self.position(end))

    def inside(self, node: Node, start: int, length: int) -> tuple[int, int]:
        """Offsets in the text of `length` characters of a string node from its character `start` on."""
        raw = self.text[node.start + 1 : node.end - 1]
        if "\\" not in raw:
            return node.start + 1 + start, node.start + 1 + start + length
        edges = [node.start + 1 + edge for edge in _character_edges(raw)]
        return edges[start], edges[start + length]


def _character_edges(raw: str) -> list[int]:
    """Where each decoded character of a raw JSON string begins, and where the last one ends."""
    edges = [0]
    while edges[-1] < len(raw):
        edges.append(_after_character(raw, edges[-1]))
    return edges


def _after_character(raw: str, at: int) -> int:
    if raw[at] != "\\":
        return at + 1
    if raw[at + 1 : at + 2] != "u":
        return at + 2
    pair = raw[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db") and raw[at + 6 : at + 8] == "\\u"
    return at + 12 if pair else at + 6


class _Unreadable(Exception):
    """The text stops being JSON here."""


class _Reader:
    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.problems: list[Problem] = []

    def read(self) -> Node | None:
        root: Node | None = None
        try:
            root = self._value(None, None, 0)
            self._space()
            if self.at < len(self.text):
                self._stop("nothing may follow the document")
        except _Unreadable:
            return None
        return root

    def _problem(self, message: str, offset: int) -> None:
        self.problems.append(Problem(message, offset))

    def _stop(self, message: str, offset: int | None = None) -> None:
        self._problem(message, self.at if offset is None else offset)
        raise _Unreadable

    def _space(self) -> str:
        """Skips white space and answers the character there, "" at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def _value(self, parent: Node | None, step: Step | None, depth: int) -> Node:
        mark = self._space()
        if depth > DEEPEST:
            self._stop("nested too deeply")
        if mark == "{":
            return self._object(parent, step, depth)
        if mark == "[":
            return self._array(parent, step, depth)
        if mark == '"':
            return self._string(parent, step)
        return self._word_or_number(parent, step)

    def _object(self, parent: Node | None, step: Step | None, depth: int) -> Node:
        node = Node("object", self.at, parent=parent, step=step)
        seen: set[str] = set()
        for _ in self._separated("}"):
            if self._space() != '"':
                self._stop("a key in double quotes is expected")
            key = self._string(node, None)
            if key.text in seen:
                self._problem(f"duplicate key {key.text!r}", key.start)
            if self._space() != ":":
                self._stop("a colon is expected")
            self.at += 1
            value = self._value(node, Step("value", key.text), depth + 1)
            key.step = Step("key", key.text)
            if key.text not in seen:
                node.members.append(Member(key, value))
            seen.add(key.text)
        node.end = self.at
        return node

    def _array(self, parent: Node | None, step: Step | None, depth: int) -> Node:
        node = Node("array", self.at, parent=parent, step=step)
        for index in self._separated("]"):
            node.items.append(self._value(node, Step("index", index), depth + 1))
        node.end = self.at
        return node

    def _separated(self, closing: str) -> Iterator[int]:
        """Yields at each element between an opening bracket and its closing one, commas between them."""
        self.at += 1
        index = 0
        while self._space() != closing:
            if self.at >= len(self.text):
                self._stop(f"the text ends where {closing!r} is expected")
            yield index
            index += 1
            mark = self._space()
            if mark != closing:
                self._comma(mark, closing)
        self.at += 1

    def _comma(self, mark: str, closing: str) -> None:
        if mark != ",":
            self._stop(f"a comma or {closing!r} is expected")
        comma = self.at
        self.at += 1
        if self._space() == closing:
            self._problem("trailing comma", comma)

    def _string(self, parent: Node | None, step: Step | None) -> Node:
        start = self.at
        self.at += 1
        pieces: list[str] = []
        while True:
            match = _PLAIN.match(self.text, self.at)
            if match:
                pieces.append(match.group())
                self.at = match.end()
            mark = self.text[self.at : self.at + 1]
            if mark == '"':
                break
            if mark == "":
                self._stop("the string is not closed", start)
            pieces.append(self._escape() if mark == "\\" else self._control(mark))
        self.at += 1
        return Node("string", start, self.at, "".join(pieces), parent=parent, step=step)

    def _control(self, mark: str) -> str:
        self._problem("a control character must be escaped", self.at)
        self.at += 1
        return mark

    def _escape(self) -> str:
        start = self.at
        letter = self.text[start + 1 : start + 2]
        self.at = start + 2
        if letter == "u":
            return self._unicode(start)
        if letter not in _ESCAPES:
            self._problem(f"\\{letter} is not an escape", start)
        return _ESCAPES.get(letter, letter)

    def _unicode(self, start: int) -> str:
        match = _HEX.match(self.text, self.at)
        if not match:
            self._problem("\\u takes four hexadecimal digits", start)
            return "u"
        self.at = match.end()
        code = int(match.group(), 16)
        low = _HEX.match(self.text, self.at + 2) if self.text.startswith("\\u", self.at) else None
        if not 0xD800 <= code < 0xDC00 or not low or not 0xDC00 <= int(low.group(), 16) < 0xE000:
            return chr(code)
        self.at = low.end()
        return chr(0x10000 + ((code - 0xD800) << 10) + int(low.group(), 16) - 0xDC00)

    def _word_or_number(self, parent: Node | None, step: Step | None) -> Node:
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                kind = "null" if value is None else "boolean"
                return self._scalar(kind, len(word), value, parent, step)
        match = _NUMBER.match(self.text, self.at)
        if not match:
            self._stop("a value is expected" if self.at < len(self.text) else "the text ends where a value is expected")
        assert match is not None
        digits = match.group()
        value = float(digits) if match.group(1) or match.group(2) else int(digits[:4000])
        return self._scalar("number", len(digits), value, parent, step)

    def _scalar(
        self, kind: str, length: int, value: float | bool | None, parent: Node | None, step: Step | None
    ) -> Node:
        start = self.at
        self.at += length
        return Node(kind, start, self.at, value, parent=parent, step=step)
