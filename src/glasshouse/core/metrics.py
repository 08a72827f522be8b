"""Metrics: what services measure, gathered by the minute and kept for CloudWatch.

A measured value costs about a microsecond: it is added up in memory and written a second later at the latest, before
anybody reads metrics, when the clock moves, and when the cloud stops. Killing the process loses that last second of
measuring; nothing that a client was answered is among it, since what a client puts is written in its own transaction.

How often each value came is kept too, for percentiles: of more than 150 different values, the first two digits, and
of still more the first one.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

import msgspec

from glasshouse.core.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS metric (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    dimensions TEXT NOT NULL, last REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS metric_key ON metric (account, region, namespace, name, dimensions);
CREATE TABLE IF NOT EXISTS metric_data (
    metric INTEGER NOT NULL, start INTEGER NOT NULL, period INTEGER NOT NULL, unit TEXT NOT NULL, count REAL NOT NULL,
    total REAL NOT NULL, least REAL NOT NULL, most REAL NOT NULL, frequencies TEXT,
    PRIMARY KEY (metric, start, period, unit)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS metric_data_age ON metric_data (period, start);
"""
DELAY_S = 1.0
VALUES = 150
MINUTE = 60
_decode = msgspec.json.Decoder(dict[float, float]).decode
_encode = msgspec.json.encode


@dataclass(slots=True)
class Measures:
    """Values that were measured within some time; `frequencies` is None once some are known by their sum only."""

    count: float = 0.0
    total: float = 0.0
    least: float = inf
    most: float = -inf
    frequencies: dict[float, float] | None = field(default_factory=dict)

    def add(self, value: float, times: float = 1):
        self.count += times
        self.total += value * times
        if value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        frequencies = self.frequencies
        if frequencies is not None:
            frequencies[value] = frequencies.get(value, 0) + times
            if len(frequencies) > VALUES:
                self.frequencies = _coarser(frequencies)

    def merge(self, other: "Measures"):
        self.count += other.count
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        if self.frequencies is None or other.frequencies is None:
            self.frequencies = None
            return
        for value, times in other.frequencies.items():
            self.frequencies[value] = self.frequencies.get(value, 0) + times
        if len(self.frequencies) > VALUES:
            self.frequencies = _coarser(self.frequencies)


def _coarser(frequencies: dict[float, float]) -> dict[float, float]:
    for digits in (2, 1):
        rounded: dict[float, float] = {}
        for value, times in frequencies.items():
            near = float(f"{value:.{digits - 1}e}")
            rounded[near] = rounded.get(near, 0) + times
        if len(rounded) <= VALUES // 2:
            break
    return rounded


class Metrics:
    """Gathers what is measured and writes it."""

    def __init__(self, store: Store):
        self._store = store
        self.on_written: Callable[[set[str]], None] = lambda topics: None
        self.on_begun: Callable[[], None] = lambda: None
        self._begun = False
        self._pending: dict[tuple, Measures] = {}
        self._schedule: Callable[[], object] = lambda: None
        self._timer: asyncio.TimerHandle | None = None
        store.add_schema(SCHEMA)

    def add(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        unit: str,
        dimensions: Mapping[str, str] | None,
        now: float,
        value: float,
    ):
        """Count one value at once, whatever becomes of the transaction that is open."""
        spelled = tuple(dimensions.items()) if dimensions else ()
        key = (account, region, namespace, name, unit, spelled, int(now) // MINUTE)
        measures = self._pending.get(key)
        if measures is None:
            measures = self._pending[key] = Measures()
            if self._timer is None:
                self._schedule()
        measures.add(value)

    def write_soon(self, loop: asyncio.AbstractEventLoop):
        """From now on, write what is measured by a timer of this loop."""

        def schedule():
            self._timer = loop.call_later(DELAY_S, self.flush)

        self._schedule = schedule
        if self._pending:
            schedule()

    def flush(self):
        """Write what is pending."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        with self._store.transaction():
            self._store.after_rollback(lambda: self._take_back(pending))
            for (account, region, namespace, name, unit, dimensions, minute), measures in pending.items():
                start = minute * MINUTE
                metric = self.known(account, region, namespace, name, dimensions, start)
                self.keep(metric, start, MINUTE, unit, measures)
            written = {topic for key in pending for topic in (metric_topic(*key[:4]), place_topic(*key[:2]))}
            self._store.after_commit(lambda: self.on_written(written))

    def _take_back(self, pending: dict[tuple, Measures]):
        for key, measures in pending.items():
            self._pending.setdefault(key, Measures()).merge(measures)
        if self._timer is None:
            self._schedule()

    def _has_begun(self):
        self._begun = True

    def forget(self):
        """Drop what is pending."""
        self._pending, self._begun = {}, False

    def known(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: Iterable[tuple[str, str]],
        moment: float,
    ) -> int:
        """The number of a metric that got data at a moment."""
        spelled = _encode(sorted(dimensions)).decode()
        row = self._store.write(
            "INSERT INTO metric (account, region, namespace, name, dimensions, last) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET last = max(last, excluded.last) RETURNING id",
            (account, region, namespace, name, spelled, moment),
        ).fetchone()
        return row[0]

    def keep(self, metric: int, start: int, period: int, unit: str, measures: Measures):
        """Add measures to those that are kept of a period."""
        if not self._begun:
            self.on_begun()
            self._store.after_commit(self._has_begun)
        key = (metric, start, period, unit)
        row = self._store.read(
            "SELECT count, total, least, most, frequencies FROM metric_data"
            " WHERE metric = ? AND start = ? AND period = ? AND unit = ?",
            key,
        ).fetchone()
        if row:
            kept = read_measures(*row)
            kept.merge(measures)
            measures = kept
        known = measures.frequencies
        spelled = None if known is None else _encode(known).decode()
        self._store.write(
            "REPLACE INTO metric_data VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, measures.count, measures.total, measures.least, measures.most, spelled),
        )


def metric_topic(account: str, region: str, namespace: str, name: str) -> str:
    """What is told when metrics of this name, of whatever dimensions, have got data."""
    return f"metric {account} {region} {namespace} {name}"


def place_topic(account: str, region: str) -> str:
    """What is told when any metrics of a place have got data."""
    return f"metrics {account} {region}"


def read_measures(count: float, total: float, least: float, most: float, frequencies: str | None) -> Measures:
    """Measures as the columns of a row hold them."""
    return Measures(count, total, least, most, None if frequencies is None else _decode(frequencies))
