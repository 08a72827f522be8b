"""Requests that are no modelled operation but that a service answers on the web: preflights, forms, websites, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from glasshouse.core import ids
from glasshouse.core.access import Principal
from glasshouse.core.call import Source


@dataclass(slots=True)
class Visit:
    """A plain HTTP request to a service. `path` is decoded, `query` keeps order, `headers` have lower-case names.

    `form` has the fields of a browser's upload in their order, the last being ("file", its file name), and `body` then
    is that file; its signature has been verified, the conditions of its policy have not. A request to a site that the
    host names (`site` is "s3-website", "execute-api" ...) says in `owner` what stands before it: the bucket, the API.
    Where the host names a bucket otherwise, the path begins with it, as if it had been in the path. A visit that waits
    is made again from its start, with the same request id.
    """

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: Any  # bytes, or an Incoming body as the blob store received it
    principal: Principal
    region: str
    source: Source
    form: list[tuple[str, str]] = field(default_factory=list)
    site: str = ""
    owner: str = ""
    request_id: str = field(default_factory=ids.uuid)
    may_wait: bool = False  # whether the service may `wait` before it answers
    raw_path: str = ""  # as it was sent, and so are the query and the headers
    raw_query: str = ""
    raw_headers: list[tuple[str, str]] = field(default_factory=list)  # of sites only
    access_key_id: str | None = None  # with which it was signed


@dataclass(slots=True)
class Wired:
    """A request to a service as its clients send them: `service` and `label` stand in the host (`<label>.<service>`),
    header names are lower-case, path and query raw. `action` names the operation where the request does not."""

    service: str
    region: str
    method: str = "POST"
    path: str = "/"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    label: str = ""
    action: str = ""


class Line(Protocol):
    """The visitor's end of a WebSocket. A text is a message in text, bytes are one in binary."""

    def say(self, message: str | bytes) -> None: ...
    def hang_up(self, code: int, reason: str = "") -> None: ...


class Talk(Protocol):
    """The service's end of a WebSocket. It is called on the cloud's thread, outside of transactions."""

    def begun(self, line: Line) -> None: ...
    def said(self, message: str | bytes) -> None: ...
    def ended(self, code: int, reason: str) -> None: ...


@dataclass(slots=True)
class Answer:
    """What the visitor gets; the body is bytes or a Body of the blob store. A header that is sent more than once
    (Set-Cookie) has a list of values. Who wishes for a WebSocket (the header `upgrade` says so) gets one with the
    status 101 and a `talk`."""

    status: int = 200
    headers: dict[str, str | list[str]] = field(default_factory=dict)
    body: Any = b""
    talk: Talk | None = None
