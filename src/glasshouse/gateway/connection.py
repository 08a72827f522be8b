"""A client's connection: HTTP/1.1, parsed by httptools, answered in order.

Most requests are answered while their last bytes are being parsed: no task, no queue.
"""

import asyncio
import logging
from collections import deque
from email.utils import formatdate
from http import HTTPStatus

import httptools

from glasshouse.core.call import Source
from glasshouse.gateway.exchange import Exchange, Gateway
from glasshouse.protocol.http import Request, Response

log = logging.getLogger("glasshouse.gateway")
STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class Connection(asyncio.Protocol):
    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._parser = httptools.HttpRequestParser(self)
        self._task: asyncio.Task | None = None

    def connection_made(self, transport: asyncio.Transport):
        self._transport = transport
        self._address = transport.get_extra_info("peername")[0]

    def connection_lost(self, exc):
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes):
        self._parser.feed_data(data)

    def on_message_begin(self):
        self._url, self._headers = b"", {}

    def on_url(self, url: bytes):
        self._url += url

    def on_header(self, name: bytes, value: bytes):
        name = name.decode("latin-1").lower()
        value = value.decode("latin-1")
        self._headers[name] = f"{self._headers[name]},{value}" if name in self._headers else value

    def on_headers_complete(self):
        path, _, query = self._url.decode("latin-1").partition("?")
        headers = self._headers
        request = Request(self._parser.get_method().decode(), path, query, headers)
        source = Source(self._address, headers.get("user-agent", ""), f"http://{headers.get('host', '')}")
        self._exchange = self._gateway.exchange(request, source)
        if "expect" in headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes):
        self._exchange.write(body)

    def on_message_complete(self):
        response = self._exchange.end()
        if isinstance(response, Response):
            self._send(response)
        else:
            self._task = asyncio.ensure_future(self._send_later(response))

    async def _send_later(self, answer):
        self._send(await answer)

    def _send(self, response: Response):
        body = response.body
        if not isinstance(body, bytes):
            body = body.read() if hasattr(body, "read") else b"".join(body)
        lines = [STATUS_LINES[response.status], f"date: {formatdate(usegmt=True)}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in response.headers.items() if name != "content-length"]
        is_head = self._exchange.request.method == "HEAD"
        length = response.headers.get("content-length", 0) if is_head else len(body)
        lines.append(f"content-length: {length}\r\n\r\n")
        self._transport.write("".join(lines).encode("latin-1") + (b"" if is_head else body))
