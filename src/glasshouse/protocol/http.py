"""An HTTP request and its response, as the protocols see them: no sockets, no streams of bytes."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

LONGEST_NAME = 256


@dataclass(slots=True)
class Request:
    """A request whose head is read. Header names are lower-case; repeated headers are joined by a comma.

    `header_lines` are the names and values as they were sent.
    """

    method: str
    path: str  # raw: still percent-encoded, without the query
    query: str = ""  # raw
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""  # bytes, or a handle on a body that was streamed to the blob store
    header_lines: list[tuple[bytes, bytes]] = field(default_factory=list, repr=False, compare=False)
    _pairs: list[tuple[str, str]] | None = field(default=None, repr=False, compare=False)

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The decoded query, in order, blanks kept."""
        if self._pairs is None:
            self._pairs = decode_pairs(self.query) if self.query else []
        return self._pairs


@dataclass(slots=True)
class Response:
    """What to answer: `body` is bytes, or what a service returned for a streaming member, or frames of events. With a
    `talk`, the connection goes on as a WebSocket."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""
    talk: Any = None


def decode_pairs(text: str) -> list[tuple[str, str]]:
    """Name and value pairs of a query string or form: `+` is a space, a name without `=` has a blank value."""
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                name, value = _decoded(name), _decoded(value)
            pairs.append((name, value))
    return pairs


def _decoded(text: str) -> str:
    return _of_a_name(text) if len(text) <= LONGEST_NAME else unquote_plus(text)


@lru_cache(1024)
def _of_a_name(text: str) -> str:
    """Remembered, since ARNs and URLs come again and again."""
    return unquote_plus(text)
