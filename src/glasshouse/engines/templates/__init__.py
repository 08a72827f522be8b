"""Templates as a library: JSON, or a text in quotes, with placeholders such as `<name>`.

    template = Template('{"id": <id>, "note": "order <id> of <who>"}', re.compile(r"<(\\w+)>"))
    template.names                                  # ["id", "who"]
    template.filled({"id": 7, "who": "Eve"}.get)    # '{"id": 7, "note": "order 7 of Eve"}'

A placeholder within quotes is filled with text, one outside of quotes with JSON. What is missing becomes an empty
text. An object or an array within quotes loses its own quotes, as with EventBridge's input transformers
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

MISSING = object()


class _Piece(NamedTuple):
    """Text as it stands, or the name of a placeholder."""

    text: str
    is_name: bool
    quoted: bool


class Template:
    """A template whose placeholders a pattern finds: its first group is the name."""

    def __init__(self, text: str, placeholder: re.Pattern[str]):
        self._pieces: list[_Piece] = []
        quoted, position = False, 0
        for found in placeholder.finditer(text):
            before = text[position : found.start()]
            quoted ^= _quotes(before) % 2 == 1
            self._pieces += [_Piece(before, False, quoted), _Piece(found[1], True, quoted)]
            position = found.end()
        self._pieces.append(_Piece(text[position:], False, quoted))

    @property
    def names(self) -> list[str]:
        """Of its placeholders, each once, in order."""
        return list(dict.fromkeys(piece.text for piece in self._pieces if piece.is_name))

    def filled(self, value_of: Callable[[str], Any]) -> str:
        """With the value of each name; MISSING for what is not there."""
        return "".join(_spelled(value_of(piece.text), piece) if piece.is_name else piece.text for piece in self._pieces)


def _quotes(text: str) -> int:
    """How many quotes open or close a string."""
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text))


def _spelled(value: Any, piece: _Piece) -> str:
    if value is MISSING:
        return "" if piece.quoted else '""'
    spelled = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if not piece.quoted:
        return spelled
    if isinstance(value, str):
        return spelled[1:-1]
    return spelled.replace('"', "")
