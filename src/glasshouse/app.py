"""The composition: the one file that imports every layer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import uvloop

from glasshouse import services
from glasshouse.core.cloud import Cloud
from glasshouse.gateway.admission import Admission
from glasshouse.gateway.exchange import Gateway
from glasshouse.gateway.loopback import is_loopback
from glasshouse.gateway.server import Server
from glasshouse.protocol import model
from glasshouse.services.cloudtrail.witness import Witness
from glasshouse.services.iam.access import IamAccess
from glasshouse.services.s3.seeing import BucketWitness

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How a cloud is run; without `data` it ends with its process."""

    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 4566
    account: str = "000000000000"
    auth: Literal["verified", "open"] = "verified"
    unsupported: Literal["refuse", "warn"] = "refuse"
    transparent: bool = False  # whether it is also a proxy that answers as AWS's own hosts
    allow_internet: bool = False  # whether that proxy lets requests to other hosts pass

    def __post_init__(self):
        if self.auth == "open" and not is_loopback(self.host):
            raise ValueError("an open cloud believes every key: it listens on loopback only")


def make_cloud(settings: Settings) -> Cloud:
    """The cloud, of all the services there are."""
    cloud = Cloud(model, services, settings.data, settings.account, settings.unsupported == "refuse")
    cloud.is_open = settings.auth == "open"
    cloud.access = IamAccess(cloud)
    cloud.witness = BucketWitness(cloud, Witness(cloud))
    return cloud


def make_server(cloud: Cloud, settings: Settings) -> Server:
    """What lets clients reach a cloud."""
    admission = Admission(cloud, is_loopback(settings.host), settings.auth == "open")
    return Server(Gateway(cloud, admission), settings.transparent, settings.allow_internet)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Server]:
    """A cloud that runs and answers, for the length of a block."""
    cloud = make_cloud(settings)
    server = make_server(cloud, settings)
    try:
        await server.bind(settings.host, settings.port)
        await cloud.start()
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
    finally:
        await cloud.stop()


class LiveClock:
    """The clock of a running cloud, moved from another thread."""

    def __init__(self, live: "LiveCloud"):
        self._live = live

    def now(self) -> float:
        return self._live.cloud.clock.now()

    def advance(self, seconds: float):
        """Let time pass: what becomes due on the way happens, in order, before this returns."""
        moment = self.now() + seconds
        self._live.wait_for(lambda: self._live.cloud.runner.advance(moment))

    def set(self, moment: float):
        """Go to an epoch second, and do there what is due."""
        self._live.run(lambda: self._live.cloud.clock.set(moment))
        self._live.settle()

    def freeze(self):
        self._live.run(self._live.cloud.clock.freeze)

    def resume(self):
        self._live.run(self._live.cloud.clock.resume)

    def reset(self):
        self._live.run(self._live.cloud.clock.reset)


class LiveCloud:
    """A cloud with its server, in a thread of this process."""

    def __init__(self, settings: Settings | None = None):
        self.settings = settings or Settings(port=0)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="glasshouse", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure
        self.clock = LiveClock(self)

    @property
    def url(self) -> str:
        return f"http://{self.settings.host}:{self.server.port}"

    def run(self, action: Callable[[], T]) -> T:
        """Do something on the cloud's thread and return its result."""
        return self.cloud.run(action)

    def wait_for(self, action: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the cloud's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(action(), self._loop).result()

    def settle(self):
        """Until nothing is due and nothing is under way."""
        self.wait_for(self.cloud.runner.settle)

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.server.ending.set)
            self._thread.join()

    def _run(self):
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._live())
        except BaseException as failure:
            self._failure = failure
            self._ready.set()

    async def _live(self):
        self._loop = asyncio.get_running_loop()
        async with serving(self.settings) as self.server:
            self.cloud = self.server.gateway.cloud
            self._ready.set()
            await self.server.ending.wait()
