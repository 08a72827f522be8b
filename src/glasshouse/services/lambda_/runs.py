"""Invocations under way: begun outside of any transaction, found again by the calls that wait for them.

A call that invokes a function gives up (`NothingYet`) until its run is over, and is then run again from its start; it
knows its run by a key made of its request id. A run that nobody asks for any more is forgotten in time.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.access import service_principal
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.engines.functions.ends import End, Invocation
from glasshouse.services.lambda_.environments import Environments, InitFailed, Warm
from glasshouse.services.lambda_.errors import ServiceException
from glasshouse.services.lambda_.outcomes import Outcome, crashed, of_invocation
from glasshouse.services.lambda_.programs import Dressing, NoEntrypoint
from glasshouse.services.lambda_.records import Configuration

log = logging.getLogger("glasshouse.lambda")
KEPT_S = 900.0  # how long a run is remembered that nobody has asked for
ATTEMPTS = 3  # with environments that ended before they were given the event


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run: `function_arn` as it was called, `headers` for the runtime beside those it always gets."""

    configuration: Configuration
    function_arn: str
    account: str
    region: str
    request_id: str
    event: bytes
    trace: str
    headers: dict[str, str] = field(default_factory=dict)
    streams: bool = False  # whether the response may be had in parts


@dataclass(eq=False, slots=True)
class Run:
    """An order being carried out. It is over once it has an outcome, or a failure that is not the function's."""

    key: str
    order: Order
    outcome: Outcome | None = None
    failure: ServiceError | None = None
    content_type: str | None = None
    parts: list[bytes] = field(default_factory=list)  # that were not yet taken
    taken: int = 0

    def discard_parts(self, taken: int):
        """So many of all the parts have been taken."""
        del self.parts[: taken - self.taken]
        self.taken = taken

    @property
    def topic(self) -> str:
        return f"lambda run {self.key}"

    @property
    def is_over(self) -> bool:
        return self.outcome is not None or self.failure is not None


class Runs:
    """The runs of a cloud, and how many there are of each function."""

    def __init__(self, cloud: Cloud):
        self._cloud, self._loop = cloud, asyncio.get_running_loop()
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task] = set()
        self._of_functions: Counter[str] = Counter()  # by unqualified ARN
        self._of_places: Counter[tuple[str, str]] = Counter()  # by account and region

    def get(self, key: str) -> Run | None:
        return self._runs.get(key)

    def running(self, unqualified_arn: str) -> int:
        return self._of_functions[unqualified_arn]

    def running_unreserved(self, account: str, region: str) -> int:
        return self._of_places[account, region]

    def begin(self, key: str, order: Order, reserved: bool) -> Run:
        """Start to carry out an order."""
        run = self._runs[key] = Run(key, order)
        arn, place = order.configuration.unqualified_arn, (order.account, order.region)
        self._of_functions[arn] += 1
        if not reserved:
            self._of_places[place] += 1
        task = self._loop.create_task(self._carry_out(run))
        self._tasks.add(task)
        self._cloud.runner.track(task)
        task.add_done_callback(lambda done: self._over(run, done, None if reserved else place))
        return run

    def forget(self, key: str):
        self._runs.pop(key, None)

    def close(self):
        for task in self._tasks:
            task.cancel()

    # Within

    def _over(self, run: Run, task: asyncio.Task, place: tuple[str, str] | None):
        self._tasks.discard(task)
        _count_down(self._of_functions, run.order.configuration.unqualified_arn)
        if place:
            _count_down(self._of_places, place)
        if task.cancelled():
            return
        if failure := task.exception():
            log.error("the run of %s failed", run.order.function_arn, exc_info=failure)
            run.failure = failure if isinstance(failure, ServiceError) else ServiceException()
        self._loop.call_later(KEPT_S, self._runs.pop, run.key, None)
        self._cloud.parking.tell([run.topic])

    async def _carry_out(self, run: Run):
        order = run.order
        environments = self._cloud.resident(Environments)
        try:
            for _ in range(ATTEMPTS):
                warm = await environments.acquire(order.configuration, self._dresser(order))
                end = await self._invoke(run, warm)
                if end.kind != "not begun":
                    self._conclude(run, warm, end)
                    environments.release(warm)
                    return
                environments.release(warm)
            run.failure = ServiceException()
        except InitFailed as failed:
            self._conclude_start(run, failed)
        except NoEntrypoint as missing:
            outcome = crashed(order.request_id, "Runtime.InvalidEntrypoint", str(missing))
            self._measure(run, replace(outcome, executed_version=order.configuration.version))
        except ServiceError as failure:
            run.failure = failure

    async def _invoke(self, run: Run, warm: Warm) -> End:
        order = run.order
        warm.collect()
        warm.journal.begin(order.request_id)
        headers = {
            "Lambda-Runtime-Invoked-Function-Arn": order.function_arn,
            "Lambda-Runtime-Trace-Id": order.trace,
            "Content-Type": "application/json",
            **order.headers,
        }
        invocation = Invocation(order.request_id, order.event, order.configuration.timeout, headers)
        if order.streams:
            invocation.on_type = lambda kind: self._typed(run, kind)
            invocation.on_part = lambda part: self._part(run, part)
        return await warm.invoke(invocation)

    def _typed(self, run: Run, kind: str):
        run.content_type = kind
        self._cloud.parking.tell([run.topic])

    def _part(self, run: Run, part: bytes):
        run.parts.append(bytes(part))
        self._cloud.parking.tell([run.topic])

    def _conclude(self, run: Run, warm: Warm, end: End):
        """Log and measure how an invocation ended."""
        order, journal = run.order, warm.journal
        outcome = of_invocation(end, order.request_id, order.configuration.timeout)
        warm.collect()
        init_s, warm.init_s = warm.init_s, None
        if warm.initialization != "on-demand":
            init_s = None
        tail = journal.end(order.request_id, outcome, init_s, end.peak_bytes, order.trace)
        journal.write()
        self._measure(run, replace(outcome, log_tail=tail, executed_version=order.configuration.version))

    def _conclude_start(self, run: Run, failed: InitFailed):
        """The same of an invocation whose environment could not be started."""
        order, journal = run.order, failed.journal
        outcome = of_invocation(failed.end, order.request_id, order.configuration.timeout)
        journal.begin(order.request_id)
        if outcome.status == "success":
            outcome = replace(outcome, status="error")
        tail = journal.end(order.request_id, outcome, None, failed.end.peak_bytes, order.trace)
        journal.write()
        self._measure(run, replace(outcome, log_tail=tail, executed_version=order.configuration.version))

    def _measure(self, run: Run, outcome: Outcome):
        run.outcome = outcome
        order = run.order
        self._ask(order, "_measured", function_arn=order.function_arn, error=outcome.failed,
                  duration_ms=outcome.duration_s * 1000, version=order.configuration.version,
                  running=self.running(order.configuration.unqualified_arn))  # fmt: skip

    def _dresser(self, order: Order) -> Callable[[], Dressing]:
        configuration = order.configuration
        return lambda: self._ask(order, "_dressed", function_name=configuration.function_name,
                                 number=configuration.number)  # fmt: skip

    def _ask(self, order: Order, method: str, **params: Any) -> Any:
        """Run a private method of the service where the function is."""
        principal = service_principal("lambda", order.account)
        call = Call("lambda", method, {}, order.account, order.region, principal)
        return self._cloud.run_method(call, "lambda", method, params)


def _count_down(counter: Counter, key: Hashable):
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
