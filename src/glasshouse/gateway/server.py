"""The server: listens, and keeps count of its connections."""

import asyncio

from glasshouse.gateway.connection import Connection
from glasshouse.gateway.exchange import Gateway


class Server:
    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def start(self, host: str, port: int):
        """Begin to listen; port 0 is any free one."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: Connection(self._gateway), host, port, backlog=1024)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self):
        if self._listening:
            self._listening.close()
