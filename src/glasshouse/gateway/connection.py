"""A client's connection: HTTP/1.1, parsed by httptools, answered in order.

Most requests are answered while their last bytes are being parsed: no task, no queue, no copy. What is parked or
streamed goes on in a task, which ends with the connection.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import httptools

from glasshouse.core.call import Source
from glasshouse.core.errors import ServiceError
from glasshouse.gateway import errors, responses, sandboxes, websocket
from glasshouse.gateway.delivery import Delivery, Message
from glasshouse.gateway.websocket import WEBSOCKET, is_wished_for
from glasshouse.protocol.http import Request, Response

if TYPE_CHECKING:
    from glasshouse.gateway.server import Server

log = logging.getLogger("glasshouse.gateway")
LONGEST_HEAD_BYTES = 16 * 1024
LONGEST_LINE_BYTES = 12 * 1024
DISCARDED_BYTES = 64 * 1024 * 1024  # of a body that nobody wants, before the connection is cut
LINGER_S = 2.0
_NAMES: dict[bytes, str] = {}
MOST_NAMES = 1024


class Connection(asyncio.Protocol):
    """One connection. The server counts it and looks in on it from time to time."""

    def __init__(self, server: "Server", secure: bool = False):
        self._server, self._gateway, self._secure = server, server.gateway, secure
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._peer: tuple = ("",)
        self._sandboxed: bool | None = None  # whether a function is at the other end; not asked yet
        self._source, self._told = Source(), None
        self._url, self._headers = b"", {}
        self._head_bytes, self._in_head = 0, False
        self._wish = ""  # the protocol that the client of the next head would rather speak
        self._fault: ServiceError | None = None
        self._incoming: Message | None = None  # whose body is being parsed
        self._current: Message | None = None  # whose turn it is to be answered
        self._waiting: deque[Message] = deque()
        self._parked: asyncio.Task | None = None
        self._delivery: Delivery = None  # type: ignore[assignment]
        self.active = 0.0

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport):
        self._transport = transport  # type: ignore[assignment]
        self._delivery = Delivery(self._server, self._transport, self._sent)
        self._peer = transport.get_extra_info("peername") or ("",)
        self.active = self._server.loop.time()
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None):
        self._server.connections.discard(self)
        self._parser = None
        if self._parked:
            self._parked.cancel()
        for message in (self._incoming, self._current, *self._waiting):
            if message and not message.answered:
                message.exchange.abandon()
        self._delivery.stop()

    def data_received(self, data: bytes):
        self.active = self._server.loop.time()
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            self._pass_over(wish.args[0], data)
        except httptools.HttpParserError as failure:
            if self._parser is not None:  # else what was wrong is no HTTP any more
                self._refuse(self._fault or _cause(failure))
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > 2 * LONGEST_HEAD_BYTES:
                self._refuse(errors.RequestHeaderSectionTooLarge(MaxSizeAllowed=str(LONGEST_HEAD_BYTES)))

    def pause_writing(self):
        self._delivery.pause()

    def resume_writing(self):
        self._delivery.resume()

    # The parser

    def on_message_begin(self):
        self._url, self._headers, self._header_lines = b"", {}, []
        self._head_bytes, self._in_head = 0, True

    def on_url(self, url: bytes):
        self._url += url
        if len(self._url) > LONGEST_LINE_BYTES:
            self._stop(errors.RequestUriTooLong(MaxURILengthBytes=str(LONGEST_LINE_BYTES)))

    def on_header(self, name: bytes, value: bytes):
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > LONGEST_HEAD_BYTES:
            self._stop(errors.RequestHeaderSectionTooLarge(MaxSizeAllowed=str(LONGEST_HEAD_BYTES)))
        self._header_lines.append((name, value))

    def on_headers_complete(self):
        self._in_head = False
        parser, headers = self._parser, _joined(self._header_lines)
        self._headers = headers
        assert parser is not None
        if parser.should_upgrade():
            return  # the parser stops behind this head; see _pass_over
        if self._wish:
            headers["upgrade"], self._wish = self._wish, ""
        old = parser.get_http_version() == "1.0"
        if not old and ("," in headers.get("host", ",") or not headers["host"]):
            self._stop(errors.BadRequest("The request must have one Host header"))
        path, _, query = self._url.decode("latin-1").partition("?")
        if not path.startswith("/"):
            path = _absolute(path, headers)
        request = Request(parser.get_method().decode(), path, query, headers, header_lines=self._header_lines)
        exchange = self._gateway.exchange(request, self._source_of(headers))
        expects = "expect" in headers and headers["expect"].lower() == "100-continue"
        message = self._incoming = Message(exchange, parser.should_keep_alive(), expects, old)
        if self._current is None:
            self._current = message
            self._open(message)
        else:
            self._waiting.append(message)
            self._transport.pause_reading()

    def on_body(self, body: bytes):
        message = self._incoming
        assert message is not None
        if message is not self._current:
            message.held.append(body)
        elif not message.answered:
            self._write(message, body)
        else:
            message.discarded += len(body)
            if message.discarded > DISCARDED_BYTES:
                self._transport.abort()

    def on_message_complete(self):
        message = self._incoming
        if message is None or self._parser is None or self._parser.should_upgrade():
            return
        message.complete = True
        if message is self._current:
            if not message.answered:
                self._end(message)
            elif message.sent:
                self._finish(message)

    def _pass_over(self, offset: int, data: bytes):
        """The client would rather speak another protocol, which a server may pass over (RFC 9110, section 7.8). Whether
        it gets a WebSocket is for whom it visits to say."""
        assert self._parser is not None
        self._wish = WEBSOCKET if is_wished_for(self._headers) else ""
        method, wishes = self._parser.get_method(), (b"upgrade", b"connection", b"http2-settings")
        if method == b"CONNECT":
            self._refuse(errors.MethodNotAllowed())
            return
        lines = [b"%b: %b\r\n" % line for line in self._header_lines if line[0].lower() not in wishes]
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._url, b"".join(lines))
        self._parser = httptools.HttpRequestParser(self)
        self.data_received(head + data[offset:])

    def _stop(self, fault: ServiceError):
        """Refuse what is being parsed; the parser stops at the exception."""
        self._fault = fault
        raise ValueError(fault.code)

    def _source_of(self, headers: dict[str, str]) -> Source:
        """The same object for as long as the client says the same of itself."""
        told = headers.get("host"), headers.get("user-agent", "")
        if told != self._told:
            origin = f"{'https' if self._secure else 'http'}://{told[0] or f'localhost:{self._server.port}'}"
            self._source = Source(self._peer[0], told[1], origin, self._secure, self._is_sandboxed)
            self._told = told
        return self._source

    def _is_sandboxed(self) -> bool:
        """The kernel is asked once: ports are used again, but not by the same connection."""
        if self._sandboxed is None:
            self._sandboxed = sandboxes.is_at_the_end(self._gateway.cloud, self._transport, self._peer)
        return self._sandboxed

    # One message, step by step

    def _open(self, message: Message):
        response = message.exchange.open()
        if response is not None:
            self._delivery.deliver(message, response)
        elif message.expects and not message.complete:
            self._transport.write(responses.CONTINUE)
            message.expects = False

    def _write(self, message: Message, body: bytes):
        response = message.exchange.write(body)
        if response is not None:
            self._delivery.deliver(message, response)

    def _end(self, message: Message):
        answer = message.exchange.end()
        if isinstance(answer, Response):
            self._answer(message, answer)
        else:
            message.answered = True
            self._parked = self._server.loop.create_task(self._answer_later(message, answer))

    async def _answer_later(self, message: Message, answer: Awaitable[Response]):
        response = await answer
        self._parked = None
        self._answer(message, response)

    def _answer(self, message: Message, response: Response):
        if response.talk is None:
            self._delivery.deliver(message, response)
            return
        self._parser = self._current = None
        self._server.connections.discard(self)
        websocket.begin(self._server, self._transport, message.exchange.sent.headers, response)

    def _sent(self, message: Message):
        """The response is out; if its request is in, the next one's turn comes."""
        message.sent = True
        if message.complete:
            self._finish(message)
        elif message.expects or not message.keep_alive:
            self._close_gently()

    def _finish(self, message: Message):
        self._current = None
        if not message.keep_alive:
            self._close_gently()
        elif self._waiting:
            # Not from here: a client may have sent hundreds ahead.
            self._server.loop.call_soon(self._next)

    def _next(self):
        if self._current or not self._waiting or self._transport.is_closing():
            return
        message = self._current = self._waiting.popleft()
        if not self._waiting:
            self._transport.resume_reading()
        self._open(message)
        held, message.held = message.held, []
        for body in held:
            if not message.answered:
                self._write(message, body)
        if message.complete and not message.answered:
            self._end(message)

    # Its end

    def _refuse(self, error: ServiceError):
        """What came is not a request that can be answered in its own terms."""
        self._parser = None
        response = self._gateway.malformed(error)
        if self._current and self._current.answered:
            self._transport.close()  # one request, one response
            return
        framing = responses.framing(response.status, False, {}, len(response.body), False) + "connection: close\r\n"
        head = responses.head(response.status, response.headers, self._server.date_line(), framing)
        self._transport.write(head + response.body)
        self._close_gently()

    def _close_gently(self):
        """Let the client read its response: a socket closed with bytes unread would take it back."""
        self._parser = self._current = None
        if self._transport.can_write_eof() and not self._server.is_stopping:
            self._transport.write_eof()
            self._server.loop.call_later(LINGER_S, self._transport.close)
        else:
            self._transport.close()

    def retire(self):
        """The server stops: finish what is under way, begin nothing."""
        if self._current is None:
            self._transport.close()

    def abort(self):
        self._transport.abort()

    def look(self, now: float, patience_s: float, idle_s: float):
        """Cut off a client that has begun a request, or reads its response, and then does nothing for too long."""
        quiet = now - self.active
        if self._in_head or (self._incoming and not self._incoming.complete):
            if quiet > patience_s:
                self._refuse(errors.RequestTimeout())
        elif self._delivery.is_stalled:
            if now - self._delivery.active > idle_s:
                self._transport.abort()
        elif self._current is None and quiet > idle_s:
            self._transport.abort()


def _joined(lines: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """By their names in lower case; those that are repeated become one, with commas."""
    headers: dict[str, str] = {}
    for name, value in lines:
        known = _NAMES.get(name) or _remember(name)
        text = value.decode("latin-1")
        headers[known] = f"{headers[known]},{text}" if known in headers else text
    return headers


def _remember(name: bytes) -> str:
    known = name.decode("latin-1").lower()
    if len(_NAMES) < MOST_NAMES and len(name) < 64:
        _NAMES[name] = known
    return known


def _absolute(target: str, headers: dict[str, str]) -> str:
    """The path of a request line in the form that proxies take; its host counts (RFC 9112, section 3.2.2)."""
    if target == "*":
        return "/"
    _, _, rest = target.partition("://")
    host, slash, path = rest.partition("/")
    if host:
        headers["host"] = host
    return slash + path or "/"


def _cause(failure: httptools.HttpParserError) -> ServiceError:
    if isinstance(failure, httptools.HttpParserCallbackError):
        log.error("a request could not be taken", exc_info=failure)
        return errors.InternalError()
    return errors.BadRequest(f"The request is not well-formed HTTP: {failure}")
