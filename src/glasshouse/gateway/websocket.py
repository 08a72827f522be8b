"""WebSockets: what a connection becomes after the answer 101, if the service that was visited wants to talk.

The protocol itself (RFC 6455: frames, masks, pings, closing) is that of the library websockets, without its sockets.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from glasshouse.core.visit import Talk
from glasshouse.gateway import responses
from glasshouse.protocol.http import Response

if TYPE_CHECKING:
    from glasshouse.gateway.server import Server

log = logging.getLogger("glasshouse.gateway")
WEBSOCKET = "websocket"
LARGEST_MESSAGE_BYTES, LARGEST_FRAME_BYTES = 128 * 1024, 32 * 1024
UNREAD_BYTES = 16 * 1024 * 1024  # of what was said to somebody who does not listen
FAREWELL_S = 10.0
GOING_AWAY, ABNORMAL, INVALID, TOO_BIG, FAILED = 1001, 1006, 1007, 1009, 1011


def is_wished_for(headers: Mapping[str, str]) -> bool:
    """Whether a client asks for a WebSocket, in the version that there is."""
    return (
        headers.get("upgrade", "").lower() == WEBSOCKET
        and headers.get("sec-websocket-version") == "13"
        and "sec-websocket-key" in headers
    )


def begin(server: "Server", transport: asyncio.Transport, headers: Mapping[str, str], response: Response):
    """Answer a client that has asked for a WebSocket, and let it talk with the service."""
    # The library is loaded by the first client that gets a WebSocket.
    from websockets.utils import accept_key

    accepted = accept_key(headers["sec-websocket-key"])
    framing = f"upgrade: {WEBSOCKET}\r\nconnection: Upgrade\r\nsec-websocket-accept: {accepted}\r\n"
    transport.write(responses.head(101, response.headers, server.date_line(), framing))
    websocket = WebSocket(server, response.talk)
    transport.set_protocol(websocket)
    websocket.connection_made(transport)


class WebSocket(asyncio.Protocol):
    """One client that talks with a service."""

    def __init__(self, server: "Server", talk: Talk):
        from websockets.frames import Opcode
        from websockets.protocol import OPEN, SERVER, Protocol

        self._server, self._talk = server, talk
        self._protocol = Protocol(SERVER, max_size=LARGEST_MESSAGE_BYTES)
        self._open, self._text, self._binary, self._more = OPEN, Opcode.TEXT, Opcode.BINARY, Opcode.CONT
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._parts: list[bytes] = []  # of a message that comes in several frames
        self._is_text = True
        self._closing: float | None = None  # since when

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport):
        self._transport = transport  # type: ignore[assignment]
        self._server.connections.add(self)
        if transport.is_closing():
            self.connection_lost(None)
        else:
            self._talk.begun(self)

    def data_received(self, data: bytes):
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            self._take(frame)
        self._flush()

    def eof_received(self):
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None):
        self._server.connections.discard(self)
        close = self._protocol.close_rcvd or self._protocol.close_sent
        self._talk.ended(close.code if close else ABNORMAL, close.reason if close else "")

    # What is said

    def say(self, message: str | bytes):
        if self._protocol.state is not self._open:
            return
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()
        if self._transport.get_write_buffer_size() > UNREAD_BYTES:
            self._transport.abort()

    def hang_up(self, code: int, reason: str = ""):
        if self._protocol.state is self._open:
            self._protocol.send_close(code, reason)
            self._flush()

    def _take(self, frame):
        if frame.opcode not in (self._text, self._binary, self._more) or self._closing is not None:
            return  # what pings and closing frames lead to has been seen to
        if len(frame.data) > LARGEST_FRAME_BYTES:
            self._protocol.fail(TOO_BIG, f"over {LARGEST_FRAME_BYTES} bytes in a frame")
            return
        if frame.opcode is not self._more:
            self._parts, self._is_text = [], frame.opcode is self._text
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self._hear(b"".join(self._parts))

    def _hear(self, message: bytes):
        try:
            self._talk.said(message.decode() if self._is_text else message)
        except UnicodeDecodeError:
            self._protocol.fail(INVALID, "invalid UTF-8")
        except Exception:
            log.exception("a message could not be taken")
            self._protocol.fail(FAILED, "")

    def _flush(self):
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
        if self._closing is None and self._protocol.close_expected():
            self._closing = self._server.loop.time()

    # What the server does with its connections

    def retire(self):
        self.hang_up(GOING_AWAY, "Going away")

    def abort(self):
        self._transport.abort()

    def look(self, now: float, patience_s: float, idle_s: float):
        """Cut off a client that does not let go. How long it may be silent is the service's affair."""
        if self._closing is not None and now - self._closing > FAREWELL_S:
            self._transport.abort()
