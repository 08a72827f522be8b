"""The cloud: every service, one store, one clock. `perform` is the only way to run an operation."""

import asyncio
import logging
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from glasshouse.core import ids
from glasshouse.core.access import Access, Credential, Credentials, Principal, RootAndServices, root, service_principal
from glasshouse.core.authority import Authority
from glasshouse.core.binding import Binding
from glasshouse.core.blobs import Blobs
from glasshouse.core.call import INSIDE, Call
from glasshouse.core.clock import Clock
from glasshouse.core.errors import NotSupported, ServiceError
from glasshouse.core.jobs import Job, Jobs, Runner
from glasshouse.core.mail import Mail
from glasshouse.core.metrics import Metrics
from glasshouse.core.outbox import Outbox
from glasshouse.core.parking import NothingYet, Parking
from glasshouse.core.ports import Model, Resident, Services, Witness
from glasshouse.core.seal import Seal
from glasshouse.core.service import Service
from glasshouse.core.store import Store
from glasshouse.core.table import InvalidPageToken
from glasshouse.core.tags import Tags
from glasshouse.core.visit import Answer, Visit, Wired

log = logging.getLogger("glasshouse.cloud")
DEFAULT_REGION = "us-east-1"
DAY_S = 86_400
T = TypeVar("T")


R = TypeVar("R", bound=Resident)


class Cloud:
    """One cloud. It belongs to the thread that makes it; others reach it through `run`."""

    def __init__(
        self,
        model: Model,
        services: Services,
        directory: Path | None = None,
        account: str = "000000000000",
        refuse_unsupported: bool = True,
    ):
        """A cloud kept in a directory, or, without one, one that ends with the process."""
        self.model, self.services, self.account = model, services, account
        self.refuse_unsupported = refuse_unsupported
        self.directory = directory or Path(tempfile.mkdtemp(prefix="glasshouse-"))
        self.ephemeral = directory is None
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.url = "http://127.0.0.1:4566"  # where this machine reaches it; whoever serves it says so
        self.is_open = False  # whether it believes whoever asks, the services too: an open cloud asks for no policies
        self.is_proxy = False  # whether its URL is also that of a proxy which answers as AWS's own hosts
        # Whether a function is at the other end (address, port) of a connection; None while none could be told.
        self.is_sandboxed: Callable[[tuple[str, int], tuple[str, int]], bool] | None = None
        self.thread = threading.get_ident()
        self.store = Store(None if self.ephemeral else self.directory / "state.sqlite")
        self.seal = Seal.kept_in(directory)
        self.clock = Clock(self.store)
        self.blobs = Blobs(self.store, self.directory)
        self.tags = Tags(self.store)
        self.jobs = Jobs(self.store)
        self.credentials = Credentials(self.store, self.seal)
        self.access: Access = RootAndServices()
        self.witness: Witness | None = None
        self.authority: Callable[[], Authority] = _no_authority
        self.wire: Callable[[Wired, Callable[..., Call]], Answer] = _no_wire
        self.mail = Mail(self.store, self.seal, self.directory)
        self.outbox = Outbox(self.store)
        self.metrics = Metrics(self.store)
        self.clock.on_change.append(self.metrics.flush)
        self.parking = Parking()
        self.clock.on_change.append(self.parking.tell_all)
        self.metrics.on_written, self.metrics.on_begun = self.parking.tell, self._measuring_began
        self._residents: dict[Callable, Any] = {}
        self._classes: dict[str, type[Service]] = {}
        self._bindings: dict[tuple[str, str], Binding] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: set[Future] = set()  # by other threads
        self._life = ids.uuid()  # of this process
        self._running: asyncio.Task | None = None
        self.blobs.sweep()

    # Running an operation

    def perform(self, call: Call) -> dict:
        """Validate, authorize, run in a transaction, and answer in the terms of the model.

        Raises ServiceError, and NothingYet for a call that may wait.
        """
        if self.witness is None or call.source is INSIDE:
            return self._perform(call)
        try:
            result = self._perform(call)
        except ServiceError as failure:
            self.witness(call, None, failure)
            raise
        self.witness(call, result, None)
        return result

    def ask(self, call: Call) -> dict:
        """Perform a call that a service makes; on another thread, wait there for as long as the call waits."""
        if threading.get_ident() == self.thread or self._loop is None:
            return self.perform(call)
        asked = asyncio.run_coroutine_threadsafe(self.answer(call), self._loop)
        self._asked.add(asked)
        try:
            return asked.result()
        finally:
            self._asked.discard(asked)

    def _perform(self, call: Call) -> dict:
        call.caused = 0
        binding = self.binding(call.service, call.operation)
        operation = binding.operation
        operation.validate(call.params)
        service = binding.service(self, call)
        self.access.authorize(service, operation)
        arguments = binding.arguments(call.params, self.refuse_unsupported)
        try:
            with self.store.transaction():
                return operation.project(binding.method(service, **arguments))
        except InvalidPageToken:
            raise service.invalid_page_token("The specified token is not valid.") from None

    def binding(self, service: str, operation: str) -> Binding:
        """The method that performs an operation. Raises NotSupported."""
        known = self._bindings.get((service, operation))
        if known is None:
            try:
                modelled = self.model.operation(service, operation)
            except KeyError:
                raise NotSupported(f"{service}:{operation} is not an operation that AWS has") from None
            known = self._bindings[service, operation] = Binding(modelled, self.service_class(service))
        return known

    async def answer(self, call: Call, waiting: NothingYet | None = None) -> dict:
        """Perform a call that may wait: it is parked while there is nothing yet and some of its time is left.

        `waiting` is what a first attempt has come to.
        """
        call.may_wait = True
        return await self._retried(call, lambda: self.perform(call), waiting)

    async def _retried(self, asked: "Call | Visit", attempt: Callable[[], T], waiting: NothingYet | None) -> T:
        """What an attempt returns, after as many as it takes."""
        loop = asyncio.get_running_loop()
        end, topics = 0.0, None
        while True:
            if waiting is not None:
                if waiting.topics != topics:  # the time is given for one thing that is waited for
                    end, topics = loop.time() + waiting.seconds, waiting.topics
                await self._park(waiting, end)
                asked.may_wait = loop.time() < end
            try:
                return attempt()
            except NothingYet as another:
                waiting = another

    async def follow(self, call: Call, service: str, method: str, state: dict | None) -> AsyncIterator[dict]:
        """The events of a service's stream; see Service.stream."""
        call = replace(call, may_wait=True)
        loop = asyncio.get_running_loop()
        while state is not None:
            try:
                events, state = self.run_method(call, service, method, state)
            except NothingYet as waiting:
                await self._park(waiting, loop.time() + waiting.seconds)
                continue
            for event in events:
                yield event

    async def _park(self, waiting: NothingYet, end: float):
        """Until it makes sense to try again, but not beyond `end` in the event loop's time."""
        pause = end - asyncio.get_running_loop().time()
        if waiting.until is not None and not self.clock.frozen:
            pause = min(pause, waiting.until - self.clock.now())
        await self.parking.wait(waiting.topics, pause)

    def run_method(self, call: Call, service: str, method: str, params: dict) -> Any:
        """Run a private method of a service in a transaction."""
        with self.store.transaction():
            return getattr(self.service_class(service)(self, call), method)(**params)

    def visit(self, service: str, visit: Visit) -> Answer | None:
        """Let a service answer a plain HTTP request. Raises NothingYet for one that may wait."""
        with self.store.transaction():
            return self._visited(service, visit).visit(visit)

    async def answer_visit(self, service: str, visit: Visit, waiting: NothingYet) -> Answer | None:
        """Let a service answer a visit that waits for something."""
        return await self._retried(visit, lambda: self.visit(service, visit), waiting)

    def resident(self, kind: Callable[["Cloud"], R]) -> R:
        """The one living instance of a class in this cloud: processes, sockets, pools; the store stays the truth.

        Made at first use, on the cloud's thread; closed when the cloud stops, is reset or becomes a snapshot.
        """
        living = self._residents.get(kind)
        if living is None:
            living = self._residents[kind] = kind(self)
        return living

    def response_headers(self, service: str, visit: Visit) -> dict[str, str]:
        return self._visited(service, visit).response_headers(visit)

    def run(self, action: Callable[[], T]) -> T:
        """Do something on the cloud's own thread, from any thread, and return its result."""
        if threading.get_ident() == self.thread or self._loop is None:
            return action()
        done: Future = Future()

        def act():
            try:
                done.set_result(action())
            except BaseException as failure:
                done.set_exception(failure)

        self._loop.call_soon_threadsafe(act)
        return done.result()

    def service_class(self, name: str) -> type[Service]:
        """Raises NotSupported for a service that Glasshouse does not have."""
        known = self._classes.get(name)
        if known is None:
            known = self.services.load(name)
            if known is None:
                raise NotSupported(f"The service {name} is not supported by Glasshouse yet")
            if schema := self.services.schema(name):
                self.store.add_schema(schema)
            self._classes[name] = known
        return known

    def credential(self, access_key_id: str) -> Credential | None:
        return self.credentials.get(access_key_id)

    def root(self, account: str | None = None) -> Principal:
        return root(account or self.account)

    # Its life

    async def start(self):
        """Take up the jobs, also those that an earlier run left."""
        self._loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.metrics.write_soon(self._loop)
        with self.store.transaction():
            self.jobs.release_all(self.clock.now())
            # A new cloud has nothing that was left, and answers sooner if nobody is loaded to look for it.
            for service, method in () if self.store.records.are_none() else self.services.subscribers("cloud.Started"):
                self.jobs.schedule(service, method, self.account, DEFAULT_REGION, self.clock.now(), method, {})
        self.runner = Runner(self.jobs, self.store, self.clock, self.parking, self._run_job, self._is_outside)
        self._running = asyncio.create_task(self.runner.forever())

    async def stop(self):
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])
            await self.runner.stop()
        for asked in list(self._asked):
            asked.cancel()
        self._close_residents()
        self.metrics.flush()
        self.store.close()
        if self.ephemeral:
            shutil.rmtree(self.directory, ignore_errors=True)

    def reset(self):
        """Forget everything."""
        self.metrics.forget()
        self._close_residents()
        self.store.clear()
        self.blobs.clear()
        self.mail.clear()
        self.clock.reset()
        self._forget()

    def save(self, directory: Path):
        """Write a snapshot into a new directory. Raises FileExistsError."""
        directory.mkdir(parents=True, mode=0o700)
        self.metrics.flush()
        self.store.save(directory / "state.sqlite")
        self.blobs.save(directory / "blobs")
        self.seal.save(directory)

    def load(self, directory: Path):
        """Become what a snapshot holds. Raises FileNotFoundError."""
        if not (directory / "state.sqlite").exists():
            raise FileNotFoundError(f"{directory} holds no snapshot")
        self.metrics.forget()
        self._close_residents()
        self.store.load(directory / "state.sqlite")
        self.blobs.load(directory / "blobs")
        self.seal.load(directory, None if self.ephemeral else self.directory)
        self.clock.reload()
        self.mail.write_all()
        self._forget()

    def _measuring_began(self):
        """For the first metrics since the start: tell it at midnight, early enough to look after what is kept."""
        midnight = (self.clock.now() // DAY_S + 1) * DAY_S
        for service, method in self.services.subscribers("cloud.Measured"):
            self.jobs.schedule(service, method, self.account, DEFAULT_REGION, midnight, method, {})

    def _forget(self):
        self.credentials.forget()
        self.parking.tell_all()
        self.jobs.on_change()

    # Within

    def _close_residents(self):
        living, self._residents = list(self._residents.values()), {}
        for resident in living:
            resident.close()

    def _job_call(self, job: Job) -> Call:
        principal = service_principal(job.service, job.account)
        # The same each time a job that waits is run again, another one when it is tried again after a failure.
        request_id = ids.uuid_after(f"{self._life} job {job.id}", job.attempts)
        waits = not self._is_outside(job)
        return Call(job.service, job.method, {}, job.account, job.region, principal, request_id, may_wait=waits)

    def _run_job(self, job: Job):
        service = self.service_class(job.service)(self, self._job_call(job))
        getattr(service, job.method)(**job.arguments())

    def _is_outside(self, job: Job) -> bool:
        return getattr(getattr(self.service_class(job.service), job.method), "outside", False)

    def _visited(self, service: str, visit: Visit) -> Service:
        principal = visit.principal
        account = self.account if principal.kind == "anonymous" else principal.account
        call = Call(
            service, visit.method, {}, account, visit.region, principal, visit.request_id, visit.source,
            may_wait=visit.may_wait,
        )  # fmt: skip
        return self.service_class(service)(self, call)


def _no_authority() -> Authority:
    raise NotSupported("Only a cloud that is served has a certificate authority")


def _no_wire(wired: Wired, make_call: Callable[..., Call]) -> Answer:
    raise NotSupported("Only a cloud that is served speaks the protocols of its services")
