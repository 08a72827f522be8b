"""The execution environments of a cloud: started when an invocation finds none free, kept warm, and ended at last.

An environment belongs to a configuration as it was at one moment (its `build`): it survives no change of code or
settings. Differs from AWS: when the machine has as many processes as it can bear, invocations wait for one rather than
be throttled, and of a provisioned concurrency no more than a few processes really stand ready.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from glasshouse.core.cloud import Cloud
from glasshouse.engines.functions.ends import End, Invocation
from glasshouse.engines.functions.environment import Environment
from glasshouse.services.lambda_.outcomes import start_status
from glasshouse.services.lambda_.programs import Dressing
from glasshouse.services.lambda_.public_layers import Installations
from glasshouse.services.lambda_.records import Configuration
from glasshouse.services.lambda_.running_logs import Journal
from glasshouse.services.lambda_.workshop import Workshop

INIT_S = 10.0
IDLE_S, LOOK_S = 600.0, 30.0
FLUSH_S = 1.0  # how often what a running function prints is written
SETTLING_S = 0.02  # how long a runtime may take from its answer to asking for more
BYTES_EACH, MOST, FEWEST = 96 << 20, 256, 8
MOST_PROVISIONED = 32
Dress = Callable[[], Dressing]
NOT_STARTED = End("failed")
ON_DEMAND, PROVISIONED = "on-demand", "provisioned-concurrency"


class InitFailed(Exception):
    """An environment that could not be started, why, and the journal that tells of it."""

    def __init__(self, end: End, journal: Journal):
        super().__init__(end.kind)
        self.end, self.journal = end, journal


class Warm:
    """An environment with what belongs to it. `init_s` is reported with its first invocation."""

    def __init__(self, environment: Environment, dressing: Dressing, journal: Journal, initialization: str):
        self.environment, self.dressing, self.journal = environment, dressing, journal
        self.initialization = initialization
        self.init_s: float | None = None
        self.used = 0.0  # when it last answered, by the loop's clock
        self._flushing: asyncio.TimerHandle | None = None

    @property
    def key(self) -> str:
        return self.dressing.configuration.qualified_arn

    @property
    def build(self) -> str:
        return self.dressing.configuration.build

    async def invoke(self, invocation: Invocation) -> End:
        loop = asyncio.get_running_loop()
        self.collect()
        self.environment.on_line = lambda: self._flush_later(loop)
        try:
            return await self.environment.invoke(invocation)
        finally:
            self.environment.on_line = lambda: None
            self.environment.end_line()
            self.used = loop.time()
            if self._flushing:
                self._flushing.cancel()
                self._flushing = None

    def collect(self):
        """Move what was printed into the journal."""
        self.journal.output(self.environment.take_lines())

    def retire(self, on_end: Callable[[], None]):
        """End it; `on_end` is called when it is gone, be it at once."""
        alive = self.environment.alive
        self.environment.on_end = on_end
        self.environment.kill()
        self.collect()
        self.journal.write()
        if not alive:
            on_end()

    def _flush_later(self, loop: asyncio.AbstractEventLoop):
        if self._flushing is None:
            self._flushing = loop.call_later(FLUSH_S, self._flush)

    def _flush(self):
        self._flushing = None
        self.collect()
        self.journal.write()


class Environments:
    """All of them: free ones by what they run, and how many there are."""

    def __init__(self, cloud: Cloud):
        self._cloud, self._loop = cloud, asyncio.get_running_loop()
        self._workshop: Workshop | None = None
        self._free: dict[str, list[Warm]] = {}
        self._all: set[Warm] = set()
        self._starting: set[Warm] = set()
        self._leaving: set[Warm] = set()
        self._expected = 0  # how many are about to be started
        self._owed: Counter[str] = Counter()  # of what was to stand ready and is gone, by configuration
        self._waiting: list[asyncio.Future] = []
        self._most = max(FEWEST, min(MOST, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // BYTES_EACH))
        self._look = self._loop.call_later(LOOK_S, self._expire)

    async def acquire(self, configuration: Configuration, dress: Dress, initialization: str = ON_DEMAND) -> Warm:
        """An environment for an invocation: a free one, or a new one once there is room for it. `dress()` gives what a
        new one needs. Raises InitFailed, and what `dress` raises."""
        key = configuration.qualified_arn
        while True:
            warm = self._take(key, configuration.build)
            if warm:
                return warm
            if self._has_room():
                break
            await self._vacancy()
        if self._owed[key] > 0:
            self._owed[key] -= 1
            initialization = PROVISIONED
        return await self._start(dress(), initialization)

    def release(self, warm: Warm):
        """Its invocation is over."""
        if warm in self._all and warm.environment.alive:
            self._free.setdefault(warm.key, []).append(warm)
        elif warm in self._all:
            self._lose(warm)
        self._wake()

    async def provide(self, configuration: Configuration, dress: Dress, count: int):
        """Let so many stand ready, or as many as really do. Raises InitFailed."""
        standing = [
            warm for warm in self._all
            if warm.key == configuration.qualified_arn and warm.build == configuration.build
            and warm.initialization == PROVISIONED
        ]  # fmt: skip
        for _ in range(min(count, MOST_PROVISIONED) - len(standing)):
            if not self._has_room():
                break
            self.release(await self._start(dress(), PROVISIONED))

    def forget(self, qualified_arn: str, build: str | None = None):
        """End the free environments of a configuration, but for those of a build."""
        del self._owed[qualified_arn]
        for warm in list(self._free.get(qualified_arn, ())):
            if warm.build != build:
                self._drop(warm)

    def close(self):
        self._look.cancel()
        everything = [*self._all, *self._starting, *self._leaving]
        for warm in everything:
            warm.environment.kill()
        for warm in everything:
            warm.environment.close()
        if self._workshop:
            self._workshop.close()

    # Within

    def _take(self, key: str, build: str) -> Warm | None:
        """A free environment, the last used one first."""
        free = self._free.get(key, [])
        for warm in reversed(list(free)):
            if warm.build != build:
                self._drop(warm)
            elif not warm.environment.alive or self._is_stale(warm):
                self._lose(warm)
            elif warm.environment.is_waiting or self._loop.time() - warm.used < SETTLING_S:
                free.remove(warm)
                return warm
        return None

    def _is_stale(self, warm: Warm) -> bool:
        """Whether its credentials might end before its invocation does."""
        return warm.dressing.expires - self._cloud.clock.now() < warm.dressing.configuration.timeout + 60

    def _has_room(self) -> bool:
        """Whether another one may be started, for which a free one may have to go."""
        if len(self._all) + self._expected < self._most:
            return True
        oldest = min(self._idle(), key=lambda warm: warm.used, default=None)
        if oldest is None:
            return False
        self._drop(oldest)
        return True

    async def _vacancy(self):
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        await waiting

    def _wake(self):
        while self._waiting:
            waiting = self._waiting.pop(0)
            if not waiting.done():
                waiting.set_result(None)
                return

    def _idle(self) -> Iterator[Warm]:
        return (warm for free in self._free.values() for warm in free if warm.initialization == ON_DEMAND)

    async def _start(self, dressing: Dressing, initialization: str) -> Warm:
        """As on AWS, a start that fails is tried once more, within the time that the function has."""
        configuration = dressing.configuration
        self._expected += 1
        try:
            workshop = self._workshop = self._workshop or Workshop(self._cloud)
            await self._cloud.resident(Installations).restore(dressing.public_layers)
            folders = await workshop.folders(dressing)
            journal = Journal(self._cloud, dressing)
            journal.begin_init(initialization)
            for phase, limit_s in (("init", INIT_S), ("invoke", float(configuration.timeout))):
                warm = Warm(workshop.environment(), dressing, journal, initialization)
                end = await self._begin(workshop, warm, folders, limit_s, phase)
                if end.kind == "ready":
                    return warm
            raise InitFailed(end, journal)
        finally:
            self._expected -= 1
            self._wake()

    async def _begin(
        self, workshop: Workshop, warm: Warm, folders: tuple[Path, Path | None], limit_s: float, phase: str
    ) -> End:
        """Start the process. Whatever keeps it from being ready, nothing of it is left."""
        environment, journal, initialization = warm.environment, warm.journal, warm.initialization
        end = NOT_STARTED
        self._starting.add(warm)
        try:
            program = workshop.program(environment, warm.dressing, folders, journal.stream, initialization)
            end = await environment.start(program, limit_s)
        finally:
            self._starting.discard(warm)
            if end.kind != "ready":
                environment.close()
        warm.collect()
        status, error_type = ("success", "") if end.kind == "ready" else start_status(end)
        journal.end_init(initialization, phase, end.duration_s, status, error_type)
        if end.kind == "ready":
            warm.init_s = end.duration_s if phase == "init" else None
            self._all.add(warm)
            environment.on_end = lambda: self._ended(warm)
        return end

    def _ended(self, warm: Warm):
        """A process is gone by itself. If it is handling an invocation, that will see to the rest."""
        if warm in self._free.get(warm.key, ()):
            self._lose(warm)

    def _lose(self, warm: Warm):
        """End one that, if it was to stand ready, is to be replaced."""
        if warm.initialization == PROVISIONED:
            self._owed[warm.key] += 1
        self._drop(warm)

    def _drop(self, warm: Warm):
        with suppress(KeyError, ValueError):
            self._free[warm.key].remove(warm)
            if not self._free[warm.key]:
                del self._free[warm.key]
        self._all.discard(warm)
        self._leaving.add(warm)
        warm.retire(lambda: self._leaving.discard(warm))
        self._wake()

    def _expire(self):
        """End those that nobody has used for long."""
        self._look = self._loop.call_later(LOOK_S, self._expire)
        for warm in list(self._idle()):
            if self._loop.time() - warm.used > IDLE_S:
                self._drop(warm)
