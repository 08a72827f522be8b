"""Reading JSON token by token, so that a refusal can say where it happened.

The reader comes as far as Jackson's would (the parser of AWS's Event Ruler): of a string it has seen only the quote
until its text is asked for, and with a field's name also the beginning of its value. A refusal names that place.
"""

import json
import re
from typing import Any, NamedTuple

from .errors import InvalidPattern, place_in

NAME, STRING, NUMBER, WORD, END = "name", "string", "number", "word", "end"
MOST_NESTED = 200
WORDS = {"true": True, "false": False, "null": None}
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.)*)"', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_TOKEN = re.compile(r"[A-Za-z0-9_$]+")
_EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class Token(NamedTuple):
    """`kind` is a bracket, or one of the words above; `seen` is how far a reader has come that has not asked for the
    text of a string, `end` where the token ends."""

    kind: str
    value: Any
    seen: int
    end: int


class Reader:
    """A pull parser over a text."""

    def __init__(self, text: str):
        self.text = text
        self._at = self._seen = 0
        self._open: list[str] = []
        self._pending: Token | None = None
        self._first = True  # whether the innermost object or array has no member yet

    def next(self) -> Token:
        """The next token. Raises InvalidPattern on what is no JSON."""
        token, self._pending = self._pending, None
        if token is None:
            token = self._member()
        self._seen = token.seen
        if token.kind == NAME:
            self._pending = self._value()
            self._seen = self._pending.seen
        return token

    def read(self, token: Token) -> Any:
        """The value of a token, which is then read to its end."""
        self._seen = max(self._seen, token.end)
        return token.value

    def refuse(self, message: str) -> InvalidPattern:
        return InvalidPattern(message, message + self.place())

    def place(self) -> str:
        return place_in(self.text, self._seen)

    # Within

    def _member(self) -> Token:
        """A bracket that closes, or the next member of what is open."""
        self._skip_space()
        if not self._open:
            return self._value()
        bracket, close = self._open[-1], {"{": "}", "[": "]"}[self._open[-1]]
        if self._peek() == close:
            return self._bracket(close)
        if not self._first:
            kind = "Object" if bracket == "{" else "Array"
            self._expect(",", f"was expecting comma to separate {kind} entries")
            self._skip_space()
        self._first = False
        return self._name() if bracket == "{" else self._value()

    def _name(self) -> Token:
        if self._peek() != '"':
            raise self._unexpected("was expecting double-quote to start field name")
        token = self._string()
        self._skip_space()
        self._expect(":", "was expecting a colon to separate field name and value")
        return token._replace(kind=NAME)

    def _value(self) -> Token:
        self._skip_space()
        character = self._peek()
        if character in "{[":
            return self._bracket(character)
        if character == '"':
            return self._string()
        if number := _NUMBER.match(self.text, self._at):
            self._at = number.end()
            value = float(number[0]) if number[1] or number[2] else int(number[0])
            return Token(NUMBER, value, self._at, self._at)
        word = _TOKEN.match(self.text, self._at)
        if word is None:
            raise self._unexpected("expected a valid value " + _EXPECTED)
        self._at = self._seen = word.end()
        if word[0] not in WORDS:
            raise self.refuse(f"Unrecognized token '{word[0]}': was expecting {_EXPECTED}")
        return Token(WORD, WORDS[word[0]], self._at, self._at)

    def _bracket(self, character: str) -> Token:
        self._at += 1
        if character in "{[":
            if len(self._open) == MOST_NESTED:
                raise self.refuse("It is nested too deeply")
            self._open.append(character)
            self._first = True
        else:
            self._open.pop()
            self._first = False
        return Token(character, character, self._at, self._at)

    def _string(self) -> Token:
        start = self._at
        found = _STRING.match(self.text, start)
        if found is None:
            self._seen = len(self.text)
            raise self.refuse("Unexpected end-of-input: was expecting closing quote for a string value")
        self._at = found.end()
        try:
            value = json.loads(found[0])
        except ValueError:
            self._seen = self._at
            raise self.refuse("Unrecognized character escape") from None
        return Token(STRING, value, start + 1, self._at)

    def _peek(self) -> str:
        if self._at < len(self.text):
            return self.text[self._at]
        self._seen = self._at
        if not self._open:
            raise InvalidPattern("No content to map due to end-of-input")
        kind = "Object" if self._open[-1] == "{" else "Array"
        raise self.refuse(f"Unexpected end-of-input: expected close marker for {kind}")

    def _expect(self, character: str, otherwise: str):
        if self._peek() != character:
            raise self._unexpected(otherwise)
        self._at += 1

    def _unexpected(self, expected: str) -> InvalidPattern:
        self._seen = self._at
        character = self.text[self._at]
        return self.refuse(f"Unexpected character ('{character}' (code {ord(character)})): {expected}")

    def _skip_space(self):
        space = _SPACE.match(self.text, self._at)
        assert space is not None
        self._at = space.end()
