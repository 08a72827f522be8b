"""Jobs: what is to be done later, or after the commit. Rows in the store, run in the order of their times.

A job is a private method of a service and its arguments. Facts told to other services are jobs too: this table is the
outbox. An ordinary job runs in a transaction that also deletes its row, so it takes effect exactly once. One marked
`@outside` runs in a thread without a transaction, for as long as it needs; its row goes when it returns, so after a
crash it runs again.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from glasshouse.core.clock import Clock
from glasshouse.core.store import Store

log = logging.getLogger("glasshouse.jobs")
ATTEMPTS = 5
THREADS = 64
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
        """Try again after 1, 2, 4, 8 seconds; then keep the row, for whoever looks into it, but run it no more."""
        attempts = job.attempts + 1
        due = now + 2 ** (attempts - 1) if attempts < ATTEMPTS else None
        self._store.write(
            "UPDATE job SET attempts = ?, due = ?, taken = 0, error = ? WHERE id = ?", (attempts, due, error, job.id)
        )

    def release_all(self):
        """After a restart nobody is at any job any more."""
        self._store.write("UPDATE job SET taken = 0 WHERE taken = 1")

    def given_up(self) -> list[tuple[str, str, str]]:
        """(service, method, error) of jobs that failed for good."""
        rows = self._store.read("SELECT service, method, error FROM job WHERE due IS NULL ORDER BY id")
        return rows.fetchall()


class Runner:
    """Runs due jobs on the event loop, one after another; those marked outside in threads beside it."""

    def __init__(self, jobs: Jobs, store: Store, clock: Clock, run: Callable, is_outside: Callable[[Job], bool]):
        """`run(job)` performs a job's method."""
        self._jobs, self._store, self._clock = jobs, store, clock
        self._run, self._is_outside = run, is_outside
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="job")
        self._outside: set[asyncio.Task] = set()
        jobs.on_change = self._changed.set
        clock.on_change.append(self._changed.set)

    async def forever(self):
        """Run what becomes due, until cancelled."""
        while True:
            self._changed.clear()
            job = self._jobs.first()
            now = self._clock.now()
            if job is None or job.due > now:
                await self._sleep(None if job is None or self._clock.frozen else job.due - now)
                continue
            async with self._turn:
                await self._run_due(self._clock.now(), wait=False)

    async def advance(self, moment: float):
        """Move the clock there, running each job at its own time on the way, and whatever those jobs leave due."""
        async with self._turn:
            frozen = self._clock.frozen
            self._clock.freeze()
            if self._outside:
                await asyncio.wait(self._outside)  # what is under way ends at its own time
            while await self._run_due(moment, wait=True):
                pass
            self._clock.set(max(moment, self._clock.now()))
            if not frozen:
                self._clock.resume()

    async def settle(self):
        """Until nothing is due and nothing is under way."""
        async with self._turn:
            while await self._run_due(self._clock.now(), wait=True) or self._outside:
                if self._outside:
                    await asyncio.wait(self._outside)

    async def stop(self):
        self._threads.shutdown(wait=False, cancel_futures=True)
        for task in self._outside:
            task.cancel()

    async def _run_due(self, moment: float, wait: bool) -> bool:
        """Run the first job if it is due by then."""
        job = self._jobs.first()
        if job is None or job.due > moment:
            return False
        if self._clock.frozen and job.due > self._clock.now():
            self._clock.set(job.due)
        if self._is_outside(job):
            await self._start_outside(job, wait)
        else:
            self._run_inside(job)
            await asyncio.sleep(0)  # let requests through
        return True

    def _run_inside(self, job: Job):
        try:
            with self._store.transaction():
                self._jobs.done(job)
                self._run(job)
        except Exception as failure:
            self._note_failure(job, failure)

    async def _start_outside(self, job: Job, wait: bool):
        with self._store.transaction():
            self._jobs.take(job)
        task = asyncio.create_task(self._run_outside(job))
        self._outside.add(task)
        task.add_done_callback(self._outside.discard)
        if wait:
            await asyncio.wait([task])

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
