"""The server: listens, keeps count of its connections, and ends them when it ends."""

import asyncio

from glasshouse.gateway.connection import Connection
from glasshouse.gateway.exchange import Gateway
from glasshouse.gateway.loopback import is_loopback, local_address
from glasshouse.gateway.responses import Dates
from glasshouse.gateway.tls import Doorstep

BACKLOG = 1024
LOOKS_S = 5.0
PATIENCE_S = 60.0  # with a client that stops in the middle of a request
IDLE_S = 300.0
FAREWELL_S = 5.0  # for what is under way when the server stops


class Server:
    """Serves one gateway on one port, plain and TLS."""

    patience_s = PATIENCE_S

    def __init__(self, gateway: Gateway, is_transparent: bool = False, allow_internet: bool = False):
        """A transparent one is a forward proxy too; see `proxy`."""
        self.gateway, self.is_transparent, self.allow_internet = gateway, is_transparent, allow_internet
        self.connections: set[Connection] = set()
        self.doorsteps: set[Doorstep] = set()
        self.port = 0
        self.is_stopping = False
        self.ending = asyncio.Event()  # set by whoever wants the server to end
        gateway.on_stop = self.ending.set
        self._dates = Dates()
        self._listening: asyncio.Server | None = None
        self._watch: asyncio.Task | None = None

    async def bind(self, host: str, port: int):
        """Take the port; 0 is any free one. The cloud knows its URL from now on: its jobs may hand it to others."""
        self.loop = asyncio.get_running_loop()
        self._listening = await self.loop.create_server(self.doorstep, host, port, backlog=BACKLOG, start_serving=False)
        self.port = self._listening.sockets[0].getsockname()[1]
        self.gateway.cloud.url = f"http://{local_address(host)}:{self.port}"
        self.gateway.cloud.is_proxy = self.is_transparent

    async def start(self):
        """Begin to answer."""
        assert self._listening is not None
        await self._listening.start_serving()
        self._watch = asyncio.create_task(self._look_after())

    async def stop(self):
        """Stop listening, let what is under way come to its end, then close."""
        assert self._listening is not None and self._watch is not None
        self.is_stopping = True
        self._listening.close()
        self._watch.cancel()
        for connection in list(self.connections):
            connection.retire()
        deadline = self.loop.time() + FAREWELL_S
        while self.connections and self.loop.time() < deadline:
            await asyncio.sleep(0.01)
        for connection in [*self.connections, *self.doorsteps]:
            connection.abort()

    def date_line(self) -> str:
        return self._dates.line(self.gateway.cloud.clock.real())

    def listens_at(self, address: str, port: int) -> bool:
        """Whether an address of loopback is this server's."""
        assert self._listening is not None
        return is_loopback(address) and any(port == one.getsockname()[1] for one in self._listening.sockets)

    def doorstep(self) -> Doorstep:
        return Doorstep(self, lambda: self.gateway.authority().context())

    async def _look_after(self):
        while True:
            await asyncio.sleep(LOOKS_S)
            now = self.loop.time()
            for connection in list(self.connections):
                connection.look(now, PATIENCE_S, IDLE_S)
