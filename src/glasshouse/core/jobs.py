"""Jobs: what is to be done later, or after the commit. Rows in the store, run in the order of their times.

A job is a private method of a service and its arguments. Facts told to other services are jobs too: this table is the
outbox. An ordinary job runs in a transaction that also deletes its row, so it takes effect exactly once. It may wait,
as calls do: it then is as if it had not run, and runs again when what it waits for is told. One marked `@outside` runs
in a thread without a transaction, for as long as it needs; its row goes when it returns: after a crash it runs again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from glasshouse.core.clock import Clock
from glasshouse.core.parking import NothingYet, Parking
from glasshouse.core.store import Store

log = logging.getLogger("glasshouse.jobs")
ATTEMPTS = 5
THREADS = 64
WHEN_TOLD = 1e15  # the due time of a job that waits for a topic only
WAITS = "waits"  # stands where otherwise the error would, in the row of a job that waits
SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, due REAL, service TEXT NOT NULL, method TEXT NOT NULL, account TEXT NOT NULL,
    region TEXT NOT NULL, key TEXT, params TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0, error TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS job_key ON job (service, account, region, key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS job_due ON job (due, id) WHERE due IS NOT NULL AND taken = 0;
"""


@dataclass(frozen=True, slots=True)
class Job:
    """`due` in the cloud's epoch seconds; `key` names a job that can be replaced or cancelled."""

    id: int
    due: float
    service: str
    method: str
    account: str
    region: str
    key: str | None
    params: str
    attempts: int

    def arguments(self) -> dict:
        return msgspec.json.decode(self.params)


class Jobs:
    """The table of jobs."""

    def __init__(self, store: Store):
        self._store = store
        self.on_change: Callable[[], None] = lambda: None
        store.add_schema(SCHEMA)

    def schedule(self, service: str, method: str, account: str, region: str, due: float, key: str | None, params: dict):
        """Add a job; one of the same service and key is replaced."""
        self._store.write(
            "REPLACE INTO job (due, service, method, account, region, key, params) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (due, service, method, account, region, key, msgspec.json.encode(params).decode()),
        )
        self._store.after_commit(self.on_change)

    def cancel(self, service: str, account: str, region: str, key: str):
        self._store.write(
            "DELETE FROM job WHERE service = ? AND account = ? AND region = ? AND key = ?",
            (service, account, region, key),
        )

    def first(self) -> Job | None:
        """The job that is due first, be it in the future."""
        row = self._store.read(
            "SELECT id, due, service, method, account, region, key, params, attempts FROM job"
            " WHERE due IS NOT NULL AND taken = 0 ORDER BY due, id LIMIT 1"
        ).fetchone()
        return Job(*row) if row else None

    def done(self, job: Job):
        self._store.write("DELETE FROM job WHERE id = ?", (job.id,))

    def take(self, job: Job):
        """Somebody is at it."""
        self._store.write("UPDATE job SET taken = 1 WHERE id = ?", (job.id,))

    def failed(self, job: Job, error: str, now: float):
        """Try again after 1, 2, 4, 8 seconds; then keep the row, for whoever looks into it and for the next process."""
        attempts = job.attempts + 1
        due = now + 2 ** (attempts - 1) if attempts < ATTEMPTS else None
        self._store.write(
            "UPDATE job SET attempts = ?, due = ?, taken = 0, error = ? WHERE id = ?", (attempts, due, error, job.id)
        )

    def hold(self, job: Job, until: float):
        """It waits for something, until then at the most."""
        self._store.write("UPDATE job SET due = ?, error = ? WHERE id = ?", (until, WAITS, job.id))

    def wake(self, numbers: Iterable[int], now: float):
        """What they waited for has been told."""
        rows = [(now, number, now) for number in numbers]
        self._store.write_many("UPDATE job SET due = ? WHERE id = ? AND due > ? AND taken = 0", rows)

    def release_all(self, now: float):
        """After a restart nobody is at any job any more, nobody knows what was told meanwhile, and what made a job fail
        may be mended: it is tried again, since what it was to hand on is still there."""
        self._store.write("UPDATE job SET taken = 0 WHERE taken = 1")
        self._store.write("UPDATE job SET due = ? WHERE due > ? AND error = ?", (now, now, WAITS))
        self._store.write("UPDATE job SET due = ?, attempts = 0 WHERE due IS NULL", (now,))

    def given_up(self) -> list[tuple[str, str, str]]:
        """(service, method, error) of jobs that failed for good."""
        rows = self._store.read("SELECT service, method, error FROM job WHERE due IS NULL ORDER BY id")
        return rows.fetchall()


class Runner:
    """Runs due jobs on the event loop, one after another; those marked outside in threads beside it."""

    def __init__(
        self, jobs: Jobs, store: Store, clock: Clock, parking: Parking, run: Callable, is_outside: Callable[[Job], bool]
    ):
        """`run(job)` performs a job's method."""
        self._jobs, self._store, self._clock, self._parking = jobs, store, clock, parking
        self._run, self._is_outside = run, is_outside
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="job")
        self._under_way: set[asyncio.Future] = set()
        self._told: set[int] = set()
        jobs.on_change = self._changed.set
        parking.on_told = self._tell
        clock.on_change.append(self._changed.set)

    def track(self, work: asyncio.Future):
        """Something real is under way, which moving the clock and settling wait for."""
        self._under_way.add(work)
        work.add_done_callback(self._ended)

    async def forever(self):
        """Run what becomes due, until cancelled."""
        while True:
            self._changed.clear()
            job = self._first()
            now = self._clock.now()
            if job is None or job.due > now:
                idle = job is None or job.due >= WHEN_TOLD or self._clock.frozen
                await self._sleep(None if idle or job is None else job.due - now)
                continue
            async with self._turn:
                await self._run_due(self._clock.now())

    async def advance(self, moment: float):
        """Move the clock there, running each job at its own time on the way, and whatever those jobs leave due."""
        async with self._turn:
            self._clock.hold()
            try:
                await self._quiet()  # what is under way ends at its own time
                while await self._run_due(moment):
                    await self._quiet()
                self._clock.set(max(moment, self._clock.now()))
            finally:  # also if whoever asked for it has gone
                self._clock.release()

    async def settle(self):
        """Until nothing is due and nothing is under way."""
        async with self._turn:
            await self._quiet()

    async def _quiet(self):
        """Run what is due by now, and what that leads to, until all that is under way has ended."""
        while await self._run_due(self._clock.now()) or self._under_way:
            self._changed.clear()
            if self._under_way and not self._is_due():
                await self._changed.wait()

    async def stop(self):
        self._threads.shutdown(wait=False, cancel_futures=True)
        for task in self._under_way:
            task.cancel()

    def _first(self) -> Job | None:
        """The job that is due first, be it in the future."""
        if self._told:
            told, self._told = self._told, set()
            with self._store.transaction():
                self._jobs.wake(told, self._clock.now())
        return self._jobs.first()

    def _is_due(self) -> bool:
        job = self._first()
        return job is not None and job.due <= self._clock.now()

    def _tell(self, numbers: Iterable[int]):
        self._told.update(numbers)
        self._changed.set()

    def _ended(self, work: asyncio.Future):
        self._under_way.discard(work)
        self._changed.set()

    async def _run_due(self, moment: float) -> bool:
        """Run the first job if it is due by then."""
        job = self._first()
        if job is None or job.due > max(moment, self._clock.now()):  # what was told just now is due just now
            return False
        if self._clock.frozen and job.due > self._clock.now():
            self._clock.set(job.due)
        if self._is_outside(job):
            self._start_outside(job)
        else:
            self._run_inside(job)
        await asyncio.sleep(0)  # let requests through
        return True

    def _run_inside(self, job: Job):
        try:
            with self._store.transaction():
                self._jobs.done(job)
                self._run(job)
        except NothingYet as waiting:
            self._hold(job, waiting)
        except Exception as failure:
            self._note_failure(job, failure)

    def _hold(self, job: Job, waiting: NothingYet):
        until = WHEN_TOLD if waiting.until is None else waiting.until
        with self._store.transaction():
            self._jobs.hold(job, until)
        self._parking.keep(job.id, waiting.topics)

    def _start_outside(self, job: Job):
        with self._store.transaction():
            self._jobs.take(job)
        self.track(asyncio.create_task(self._run_outside(job)))

    async def _run_outside(self, job: Job):
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._run, job)
            with self._store.transaction():
                self._jobs.done(job)
        except Exception as failure:
            self._note_failure(job, failure)

    def _note_failure(self, job: Job, failure: Exception):
        log.warning("job %s.%s failed", job.service, job.method, exc_info=failure)
        with self._store.transaction():
            self._jobs.failed(job, f"{type(failure).__name__}: {failure}", self._clock.now())
        self._changed.set()

    async def _sleep(self, seconds: float | None):
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass
