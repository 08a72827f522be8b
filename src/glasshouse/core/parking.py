"""Parking: where long polls wait, at no cost, until what they wait for is written or their time is up."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable


class NothingYet(Exception):
    """Roll the call back and run it again when one of `topics` is told, at the cloud's time `until`, or when `seconds`
    have passed."""

    def __init__(self, seconds: float, topics: tuple[str, ...], until: float | None = None):
        super().__init__(*topics)
        self.seconds, self.topics, self.until = seconds, topics, until


class Parking:
    """Parked calls, and jobs that wait, by topic."""

    def __init__(self):
        self._parked: dict[str, set[asyncio.Future]] = defaultdict(set)
        self._jobs: dict[str, set[int]] = {}
        self.on_told: Callable[[Iterable[int]], None] = lambda jobs: None

    def keep(self, job: int, topics: Iterable[str]):
        """`on_told` is to be called with the number of this job, once, when one of the topics is told."""
        for topic in topics:
            self._jobs.setdefault(topic, set()).add(job)

    async def wait(self, topics: Iterable[str], seconds: float):
        """Until one of the topics is told, or some real seconds have passed."""
        told = asyncio.get_running_loop().create_future()
        for topic in topics:
            self._parked[topic].add(told)
        try:
            await asyncio.wait([told], timeout=max(0.0, seconds))
        finally:
            for topic in topics:
                self._parked[topic].discard(told)
                if not self._parked[topic]:
                    del self._parked[topic]

    def tell(self, topics: Iterable[str]):
        for topic in topics:
            if jobs := self._jobs.pop(topic, None):
                self.on_told(jobs)
            for told in self._parked.get(topic, ()):
                if not told.done():
                    told.set_result(None)

    def tell_all(self):
        self.tell(list(self._parked))
