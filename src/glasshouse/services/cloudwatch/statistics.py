"""Statistics of the values within a period: the five plain ones, percentiles, and those that cut extremes off.

Source: CloudWatch user guide, "Statistics definitions". A percentile is the smallest value that enough values do not
exceed. What needs the values themselves is not there for statistic sets and for metrics with negative values.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from glasshouse.core.metrics import Measures

_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d{1,10})?)")
_SHORT = re.compile(r"(tm|tc|ts|wm)(\d{1,3}(?:\.\d{1,10})?)")
_NUMBER = r"\d+(?:\.\d{1,10})?"
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER})?(%)?:({_NUMBER})?(%)?\)")
PLAIN: dict[str, Callable[[Measures], float]] = {
    "SampleCount": lambda measures: measures.count,
    "Average": lambda measures: measures.total / measures.count if measures.count else 0.0,
    "Sum": lambda measures: measures.total,
    "Minimum": lambda measures: measures.least,
    "Maximum": lambda measures: measures.most,
}
Frequencies = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic by the name that a request calls it; `of` is None where it cannot be told."""

    name: str
    of: Callable[[Measures], float | None]
    needs_values: bool = False


@lru_cache(512)
def read_statistic(name: str) -> Statistic | None:
    """The statistic of a name; None if there is none."""
    if name in PLAIN:
        return Statistic(name, PLAIN[name])
    if name == "IQM":
        return _cut(name, "TM", Bounds(25.0, 75.0, True))
    if found := _PERCENTILE.fullmatch(name):
        rank = float(found[1])
        return Statistic(name, _by_value(lambda known: _percentile(known, rank)), True) if rank <= 100 else None
    if found := _SHORT.fullmatch(name):
        share = float(found[2])
        return _cut(name, found[1].upper(), Bounds(0.0, share, True)) if share <= 100 else None
    return _read_range(name)


def _read_range(name: str) -> Statistic | None:
    found = _RANGE.fullmatch(name)
    if not found or not (found[2] or found[4]):
        return None
    low, high = (float(found[at]) if found[at] else None for at in (2, 4))
    relative = bool(found[3] or found[5])
    mixed = low is not None and high is not None and bool(found[3]) is not bool(found[5])
    if mixed or (relative and (found[1] == "PR" or max(low or 0, high or 0) > 100)):
        return None
    if low is not None and high is not None and low >= high:
        return None
    return _cut(name, found[1], Bounds(low, high, relative))


@dataclass(frozen=True, slots=True)
class Bounds:
    """From above `low` up to `high`: values, or, if `relative`, shares of all values in percent."""

    low: float | None
    high: float | None
    relative: bool

    def kept(self, known: Frequencies) -> Iterator[tuple[float, float]]:
        """What lies within, as values and how often."""
        if not self.relative:
            for value, times in known:
                if (self.low is None or value > self.low) and (self.high is None or value <= self.high):
                    yield value, times
            return
        first, last = self._ranks(known)
        before = 0.0
        for value, times in known:
            within = min(before + times, last) - max(before, first)
            before += times
            if within > 0:
                yield value, within

    def clamped(self, known: Frequencies) -> Iterator[tuple[float, float]]:
        """All values, those beyond the bounds as if they lay on them."""
        low, high = self.low, self.high
        if self.relative:
            low = _percentile(known, low) if low else None
            high = _percentile(known, high) if high is not None else None
        for value, times in known:
            value = max(value, low) if low is not None else value
            yield (min(value, high) if high is not None else value), times

    def _ranks(self, known: Frequencies) -> tuple[float, float]:
        count = sum(times for _, times in known)
        return count * (self.low or 0.0) / 100, count * (100.0 if self.high is None else self.high) / 100


def _by_value(compute: Callable[[Frequencies], float | None]) -> Callable[[Measures], float | None]:
    def of(measures: Measures) -> float | None:
        if not measures.frequencies or measures.least < 0:
            return None
        return compute(sorted(measures.frequencies.items()))

    return of


def _percentile(known: Frequencies, rank: float) -> float:
    wanted = sum(times for _, times in known) * rank / 100
    before = 0.0
    for value, times in known:
        before += times
        if before >= wanted - 1e-9:
            return value
    return known[-1][0]


def _mean(kept: Frequencies) -> float | None:
    count = sum(times for _, times in kept)
    return sum(value * times for value, times in kept) / count if count else None


def _cut(name: str, function: str, bounds: Bounds) -> Statistic:
    def compute(known: Frequencies) -> float | None:
        if function == "WM":
            return _mean(list(bounds.clamped(known)))
        kept = list(bounds.kept(known))
        if function == "TM":
            return _mean(kept)
        if function == "TS":
            return sum(value * times for value, times in kept)
        count = sum(times for _, times in kept)
        return count if function == "TC" else 100 * count / sum(times for _, times in known)

    return Statistic(name, _by_value(compute), True)
