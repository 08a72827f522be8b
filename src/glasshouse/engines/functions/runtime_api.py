"""The Lambda Runtime API (2018-06-01): HTTP between an environment and the process it runs.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
One listener an environment, which hears its own processes only.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from typing import Protocol, cast

import httptools

PREFIX = "/2018-06-01/runtime/"
LARGEST_BYTES = 6_291_556  # of a response that is sent in one piece
STATUS_LINES = {
    200: "200 OK", 202: "202 Accepted", 400: "400 Bad Request", 403: "403 Forbidden", 404: "404 Not Found",
    413: "413 Request Entity Too Large",
}  # fmt: skip
ACCEPTED = (202, b'{"status":"OK"}\n')
Headers = Mapping[str, str]
Reply = tuple[int, bytes]


class Refused(Exception):
    """A request that makes no sense now."""

    def __init__(self, status: int, kind: str, message: str):
        super().__init__(message)
        body = json.dumps({"errorMessage": message, "errorType": kind})
        self.reply: Reply = (status, body.encode())


class Desk(Protocol):
    """Who answers a runtime. Each may raise Refused."""

    def next_wanted(self, connection: "Connection") -> None:
        """The runtime waits, on this connection, for its next invocation."""
        ...

    def response_begun(self, request_id: str, headers: Headers) -> Callable[[bytes], None]:
        """A response arrives in parts; what takes them."""
        ...

    def response_ended(self, request_id: str, headers: Headers, body: bytes) -> None:
        """A response is complete; with the trailers after one that came in parts."""
        ...

    def response_too_large(self, request_id: str, size: int) -> None: ...
    def failed(self, request_id: str, headers: Headers, body: bytes) -> None: ...
    def init_failed(self, headers: Headers, body: bytes) -> None: ...


class RuntimeApi:
    """The listener of one environment."""

    def __init__(self, desk: Desk, is_own: Callable[[tuple[str, int], tuple[str, int]], bool]):
        """`is_own(peer, here)` says whether the other end of a connection belongs to the environment."""
        self._desk, self._is_own = desk, is_own
        self._connections: set[Connection] = set()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None

    async def open(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._socket, backlog=16)

    def close(self):
        if self._server:
            self._server.close()
        self._socket.close()
        for connection in list(self._connections):
            connection.transport.abort()

    def admits(self, connection: "Connection") -> bool:
        transport = connection.transport
        own = self._is_own(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        if own:
            self._connections.add(connection)
        return own

    def forget(self, connection: "Connection"):
        self._connections.discard(connection)

    @property
    def desk(self) -> Desk:
        return self._desk


class Connection(asyncio.Protocol):
    """One connection of the runtime, with a request at a time."""

    def __init__(self, api: RuntimeApi):
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.Transport

    def send(self, status: int, body: bytes, headers: Headers | None = None):
        """Answer the request."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {STATUS_LINES[status]}\r\nContent-Type: application/json\r\n{lines}"
        if not self._parser.should_keep_alive():
            head += "Connection: close\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        if not self._parser.should_keep_alive():
            self.transport.close()

    @property
    def is_open(self) -> bool:
        return not self.transport.is_closing()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport):
        self.transport = cast(asyncio.Transport, transport)
        if not self._api.admits(self):
            self.transport.abort()

    def data_received(self, data: bytes):
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def connection_lost(self, exc):
        self._api.forget(self)

    # httptools

    def on_message_begin(self):
        self._target, self._headers, self._body, self._size = b"", {}, bytearray(), 0
        self._take: Callable[[bytes], None] | None = None
        self._refused: Reply | None = None

    def on_url(self, url: bytes):
        self._target += url

    def on_header(self, name: bytes, value: bytes):
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self):
        mode = self._headers.get("lambda-runtime-function-response-mode", "")
        path = self._path()
        if mode.lower() == "streaming" and len(path) == 3 and path[2] == "response":
            try:
                self._take = self._api.desk.response_begun(path[1], self._headers)
            except Refused as refusal:
                self._refused = refusal.reply
        if self._headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes):
        self._size += len(data)
        if self._take:
            self._take(data)
        elif self._size <= LARGEST_BYTES:
            self._body += data

    def on_message_complete(self):
        try:
            reply = self._refused or self._answer(self._parser.get_method().decode(), self._path())
        except Refused as refusal:
            reply = refusal.reply
        if reply:
            self.send(*reply)

    def _path(self) -> list[str]:
        path = self._target.decode("latin-1").partition("?")[0]
        return path.removeprefix(PREFIX).split("/") if path.startswith(PREFIX) else []

    def _answer(self, method: str, path: list[str]) -> Reply | None:
        """None where the answer comes later."""
        desk = self._api.desk
        match method, path:
            case "GET", ["invocation", "next"]:
                desk.next_wanted(self)
                return None
            case "POST", ["invocation", request_id, "response"]:
                if not self._take and self._size > LARGEST_BYTES:
                    desk.response_too_large(request_id, self._size)
                    message = f"Exceeded maximum allowed payload size ({LARGEST_BYTES} bytes)."
                    raise Refused(413, "RequestEntityTooLarge", message)
                desk.response_ended(request_id, self._headers, bytes(self._body))
            case "POST", ["invocation", request_id, "error"]:
                desk.failed(request_id, self._headers, bytes(self._body))
            case "POST", ["init", "error"]:
                desk.init_failed(self._headers, bytes(self._body))
            case _:
                return 404, b"404 page not found\n"
        return ACCEPTED
