"""Sending responses: at once where the body is at hand, else as fast as the client takes it."""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING

from glasshouse.core.blobs import Body
from glasshouse.gateway import responses
from glasshouse.protocol.http import Response

if TYPE_CHECKING:
    from glasshouse.gateway.admin import Administration
    from glasshouse.gateway.exchange import Exchange
    from glasshouse.gateway.server import Server

log = logging.getLogger("glasshouse.gateway")
AT_ONCE_BYTES = 256 * 1024  # up to here a kept body is sent in one go


class Message:
    """A request on this connection, and how far it is."""

    __slots__ = (
        "answered",
        "complete",
        "discarded",
        "exchange",
        "expects",
        "held",
        "is_head",
        "keep_alive",
        "old",
        "sent",
    )

    def __init__(self, exchange: "Exchange | Administration", keep_alive: bool, expects: bool, old: bool):
        self.exchange, self.keep_alive, self.expects, self.old = exchange, keep_alive, expects, old
        self.is_head = exchange.request.method == "HEAD"
        self.complete = self.answered = self.sent = False
        self.held: list[bytes] = []  # what came before its turn
        self.discarded = 0


class Delivery:
    """Sends the responses of one connection, and says when each is out."""

    def __init__(self, server: "Server", transport: asyncio.Transport, on_sent: Callable[[Message], None]):
        self._server, self._transport, self._on_sent = server, transport, on_sent
        self._writable: asyncio.Future | None = None
        self._task: asyncio.Task | None = None
        self.active = 0.0  # when the client last took something

    @property
    def is_stalled(self) -> bool:
        return self._writable is not None

    def pause(self):
        self._writable = self._server.loop.create_future()
        self.active = self._server.loop.time()

    def resume(self):
        if self._writable and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def stop(self):
        """There is nobody to send anything to."""
        if self._task:
            self._task.cancel()
        self.resume()

    def deliver(self, message: Message, response: Response):
        """Send a response: at once if its body is at hand, else in a task."""
        message.answered = True
        body = response.body
        if isinstance(body, Body) and (message.is_head or body.size <= AT_ONCE_BYTES):
            response.body = body = body.read() if not message.is_head else _closed(body)
        if isinstance(body, bytes):
            self._send(message, response, body)
            self._on_sent(message)
        else:
            self._task = self._server.loop.create_task(self._stream(message, response))

    def _send(self, message: Message, response: Response, body: bytes | None):
        """The head, and the body if it is at hand."""
        status, headers = response.status, response.headers
        size = response.body.size if isinstance(response.body, Body) else None if body is None else len(body)
        if message.expects or self._server.is_stopping or (size is None and message.old):
            message.keep_alive = False  # a client that waits for 100 Continue may or may not send its body now
        framing = responses.framing(status, message.is_head, headers, size, message.old)
        if not message.keep_alive:
            framing += "connection: close\r\n"
        elif message.old:
            framing += "connection: keep-alive\r\n"
        head = responses.head(status, headers, self._server.date_line(), framing)
        if not body or message.is_head or status in responses.BODILESS:
            self._transport.write(head)
        else:
            self._transport.write(head + body if len(body) < AT_ONCE_BYTES else head)
            if len(body) >= AT_ONCE_BYTES:
                self._transport.write(body)

    async def _stream(self, message: Message, response: Response):
        """Send a body of unknown or great length, as fast as the client takes it."""
        body = response.body
        try:
            self._send(message, response, None)
            if not message.is_head:
                framed = not isinstance(body, Body) and not message.old
                async for piece in _pieces(body):
                    self._transport.write(responses.chunk(piece) if framed else piece)
                    await self._flushed()
                if framed:
                    self._transport.write(responses.LAST_CHUNK)
        except Exception:
            log.exception("a body could not be sent to its end")
            self._transport.abort()
        finally:
            await _close(body)
        self._task = None
        self._on_sent(message)

    async def _flushed(self):
        if self._writable:
            await self._writable
        else:
            await asyncio.sleep(0)


async def _pieces(body):
    if isinstance(body, AsyncIterable):
        async for piece in body:
            yield piece
    else:
        for piece in body.chunks() if isinstance(body, Body) else body:
            yield piece


async def _close(body):
    if hasattr(body, "aclose"):
        await body.aclose()
    elif hasattr(body, "close"):
        body.close()


def _closed(body: Body) -> bytes:
    body.close()
    return b""
