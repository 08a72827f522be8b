"""Verbatim mode: an HTTPS forward proxy that is AWS, for clients that cannot be given an endpoint.

A client asks it to CONNECT to `sns.us-west-2.amazonaws.com`; it says yes, and is that host from then on, with a
certificate of the cloud's own authority. Hosts that are not AWS's are refused in words, or, if the user allows it,
reached for the client without a look at what is said (RFC 9110, section 9.3.6).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glasshouse.gateway.server import Server

log = logging.getLogger("glasshouse.gateway")
SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".aws")
LONGEST_HEAD_BYTES = 16 * 1024
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
RELAY_BYTES = 64 * 1024


class Tunnel(asyncio.Protocol):
    """A connection that began with the first letter of CONNECT; given back if it is something else after all."""

    def __init__(self, server: "Server", inner: Callable[[], asyncio.Protocol], plain: Callable[[], asyncio.Protocol]):
        """`inner` speaks to a client that believes it has reached AWS, `plain` to one that asked for no tunnel."""
        self._server, self._inner, self._plain = server, inner, plain
        self._head = bytearray()
        self._task: asyncio.Task | None = None
        self._transport: asyncio.Transport = None  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport):
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes):
        self._head += data
        if not b"CONNECT ".startswith(self._head[:8]) and not self._head.startswith(b"CONNECT "):
            self._hand_over(self._plain(), bytes(self._head))
            return
        head, end, rest = bytes(self._head).partition(b"\r\n\r\n")
        if end:
            self._open(head, rest)
        elif len(self._head) > LONGEST_HEAD_BYTES:
            self._refuse(400, "The request's head is too long.")

    def connection_lost(self, exc: Exception | None):
        if self._task:
            self._task.cancel()

    def _open(self, head: bytes, rest: bytes):
        target = head.split(b"\r\n", 1)[0].split(b" ")[1].decode("latin-1")
        host, _, port = target.rpartition(":")
        if not host or not port.isdigit():
            self._refuse(400, f"CONNECT takes a host and a port, not {target}.")
        elif is_aws(host):
            self._transport.write(ESTABLISHED)
            self._hand_over(self._inner(), rest)
        elif self._server.allow_internet:
            self._transport.pause_reading()
            self._task = self._server.loop.create_task(self._pass_through(host.strip("[]"), int(port), rest))
        else:
            self._refuse(
                403,
                f"{host} is not one of AWS's hosts, which are all that this proxy answers for. To let requests to"
                " other hosts pass, start the cloud with --allow-internet.",
            )

    def _hand_over(self, protocol: asyncio.Protocol, data: bytes):
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if data:
            protocol.data_received(data)

    def _refuse(self, status: int, text: str):
        reason = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway"}[status]
        body = f"{text}\n".encode()
        head = (
            f"HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
        )
        self._transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self._transport.close()

    async def _pass_through(self, host: str, port: int, rest: bytes):
        """Carry bytes both ways until both sides are done."""
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError as failure:
            self._refuse(502, f"{host} port {port} cannot be reached: {failure.strerror or failure}.")
            return
        self._transport.write(ESTABLISHED)
        if self._server.listens_at(*writer.get_extra_info("peername")[:2]):
            # As if by itself: who asks through us must not pass for us.
            writer.close()
            self._transport.resume_reading()
            self._hand_over(self._inner(), rest)
            return
        writer.write(rest)
        from_client = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(from_client)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        to_client = asyncio.StreamWriter(self._transport, protocol, from_client, self._server.loop)
        self._transport.resume_reading()
        with suppress(ConnectionError):
            await asyncio.gather(_carry(from_client, writer), _carry(reader, to_client))
        writer.close()
        to_client.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    """From one side to the other, to its end."""
    while chunk := await reader.read(RELAY_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def is_aws(host: str) -> bool:
    """Whether a host name is one of AWS's."""
    name = f".{host.lower().rstrip('.')}"
    return any(name.endswith(suffix) for suffix in SUFFIXES)
