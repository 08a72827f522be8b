"""What a gateway keeps in memory of those who come: how many it lets in, who is within, and what it used last.

It knows no clock: moments are given, in seconds.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Buckets:
    """Token buckets by their keys: `burst` tokens at the most, refilled at a rate (tokens a second)."""

    def __init__(self):
        self._known: dict[Hashable, tuple[float, float]] = {}  # what is in it, and when that was so

    def take(self, key: Hashable, rate: float, burst: float, now: float) -> bool:
        """Whether there was a token in a bucket, which is taken out then. A new bucket is full."""
        tokens, filled = self._known.get(key, (burst, now))
        tokens = min(burst, tokens + max(0.0, now - filled) * rate)
        is_admitted = tokens >= 1
        self._known[key] = (tokens - 1 if is_admitted else tokens, now)
        return is_admitted


class Within(Generic[V]):
    """Those who have come and not gone yet, by their ids. Who never goes is forgotten after a time."""

    def __init__(self, longest_s: float):
        self._longest_s = longest_s
        self._known: dict[str, tuple[float, V]] = {}  # the oldest come first

    def begin(self, id: str, now: float, make: Callable[[], V]) -> V:
        """What is kept of somebody who has just come or comes again."""
        known = self._known.get(id)
        if known is None:
            self._forget_lost(now)
            known = self._known[id] = (now, make())
        return known[1]

    def end(self, id: str):
        self._known.pop(id, None)

    def _forget_lost(self, now: float):
        while self._known:
            oldest = next(iter(self._known))
            if now - self._known[oldest][0] < self._longest_s:
                return
            del self._known[oldest]


class Recent(Generic[K, V]):
    """The so many things that were used last, by their keys."""

    def __init__(self, most: int):
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key not in self._known:
            return None
        self._known.move_to_end(key)
        return self._known[key]

    def keep(self, key: K, value: V):
        self._known[key] = value
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
