"""TLS on the port that also speaks plain HTTP: the first byte of a connection tells which one it is.

A TLS client begins with a handshake record (0x16), which no HTTP method begins with. `Tls` stands between the socket
and the connection, and is the connection's transport.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from glasshouse.gateway.connection import Connection
from glasshouse.gateway.proxy import Tunnel

if TYPE_CHECKING:
    from glasshouse.gateway.server import Server

HANDSHAKE, CONNECT = 0x16, ord("C")
READ_BYTES = 256 * 1024


class Doorstep(asyncio.Protocol):
    """Waits for the first byte of a connection."""

    def __init__(self, server: "Server", context: Callable[[], ssl.SSLContext]):
        self._server, self._context = server, context
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport):
        self._transport = transport  # type: ignore[assignment]
        self._timer = self._server.loop.call_later(self._server.patience_s, self._transport.abort)
        self._server.doorsteps.add(self)

    def data_received(self, data: bytes):
        self.connection_lost(None)
        if data[0] == HANDSHAKE:
            protocol: asyncio.Protocol = Tls(Connection(self._server, secure=True), self._context())
        elif data[0] == CONNECT and self._server.is_transparent:
            protocol = Tunnel(self._server, self._server.doorstep, lambda: Connection(self._server))
        else:
            protocol = Connection(self._server)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def connection_lost(self, exc: Exception | None):
        self._server.doorsteps.discard(self)
        if self._timer:
            self._timer.cancel()

    def abort(self):
        self._transport.abort()


class Tls(asyncio.Protocol, asyncio.Transport):
    """Decrypts for a connection, and encrypts what it writes."""

    def __init__(self, connection: asyncio.Protocol, context: ssl.SSLContext):
        super().__init__()
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._socket: asyncio.Transport = None  # type: ignore[assignment]
        self._ready = self._ended = False

    # Towards the socket

    def connection_made(self, transport: asyncio.BaseTransport):
        self._socket = transport  # type: ignore[assignment]
        self._connection.connection_made(self)

    def data_received(self, data: bytes):
        self._incoming.write(data)
        try:
            self._read()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self._flush()  # the alert that says what is wrong
            self._socket.close()
            return
        self._flush()

    def _read(self):
        if not self._ready:
            self._tls.do_handshake()
            self._ready = True
        while data := self._tls.read(READ_BYTES):
            self._connection.data_received(data)
        self.close()  # the client has said goodbye

    def connection_lost(self, exc: Exception | None):
        self._connection.connection_lost(exc)

    def pause_writing(self):
        self._connection.pause_writing()

    def resume_writing(self):
        self._connection.resume_writing()

    def _flush(self):
        if self._outgoing.pending and not self._socket.is_closing():
            self._socket.write(self._outgoing.read())

    # Towards the connection

    def write(self, data: bytes | bytearray | memoryview):
        if self._ready and not self._ended:
            self._tls.write(data)
            self._flush()

    def write_eof(self):
        """Say goodbye, as TLS does."""
        if self._ready and not self._ended:
            self._ended = True
            with suppress(ssl.SSLError):  # the client has not said goodbye yet
                self._tls.unwrap()
            self._flush()
            if self._socket.can_write_eof():
                self._socket.write_eof()

    def can_write_eof(self) -> bool:
        return True

    def close(self):
        self.write_eof()
        self._socket.close()

    def abort(self):
        self._socket.abort()

    def is_closing(self) -> bool:
        return self._ended or self._socket.is_closing()

    def pause_reading(self):
        self._socket.pause_reading()

    def resume_reading(self):
        self._socket.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol):
        """The connection goes on in another protocol."""
        assert isinstance(protocol, asyncio.Protocol)
        self._connection = protocol

    def get_write_buffer_size(self) -> int:
        return self._socket.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._socket.get_extra_info(name, default)
