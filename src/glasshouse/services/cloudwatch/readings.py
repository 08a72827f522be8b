"""Reading what is kept of metrics: which there are, and what they measured by periods.

Data of a period are put together from those of shorter ones: what is kept by the minute tells of hours, never the other
way round. But where seconds are asked for, what came by the minute is told as of the minute's first ones, for as long
as seconds are told of at all: AWS lets alarms with a period of ten seconds watch metrics of the minute.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from glasshouse.core.metrics import Measures, read_measures

LISTED_FOR_S = 14 * 86_400
MINUTE_S, FIVE_MINUTES_S, HOUR_S, DAY_S = 60, 300, 3600, 86_400
# How long data of a period are kept (seconds), and the period as which they are kept on.
KEPT = {1: (3 * HOUR_S, MINUTE_S), 60: (15 * DAY_S, FIVE_MINUTES_S), 300: (63 * DAY_S, HOUR_S), 3600: (455 * DAY_S, 0)}
# In a request that names no unit, data of the first one count (the order in which AWS's messages list them).
UNITS = (
    "Megabits", "Terabits", "Gigabits", "Count", "Bytes", "Gigabytes", "Gigabytes/Second", "Kilobytes",
    "Kilobits/Second", "Terabytes", "Terabits/Second", "Bytes/Second", "Percent", "Megabytes", "Megabits/Second",
    "Milliseconds", "Microseconds", "Kilobytes/Second", "Gigabits/Second", "Megabytes/Second", "Bits", "Bits/Second",
    "Count/Second", "Seconds", "Kilobits", "Terabytes/Second", "None",
)  # fmt: skip
_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


@dataclass(frozen=True)
class Metric:
    """A metric by its number."""

    id: int
    namespace: str
    metric_name: str
    spelled: str  # the dimensions, as JSON

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        return _pairs(self.spelled)

    @cached_property
    def by_name(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def dimensions(self) -> list[dict[str, str]]:
        return [{"Name": name, "Value": value} for name, value in self.pairs]


def lacks(dimensions: Sequence[dict] | None, at: str = "Dimensions", parts: tuple = ("Name", "Value")) -> list[str]:
    """What dimensions of a request lack, in AWS's words."""
    return [
        f"The parameter {at}.member.{number}.{part} is required."
        for number, dimension in enumerate(dimensions or (), 1)
        for part in parts
        if dimension.get(part) is None
    ]


def dimension_pairs(dimensions: Sequence[dict] | None) -> list[tuple[str, str]]:
    return [(dimension["Name"], dimension["Value"]) for dimension in dimensions or ()]


@dataclass(frozen=True, slots=True)
class Span:
    """Periods one after another, the first of which begins at `start`."""

    start: int
    end: float
    period: int

    @property
    def times(self) -> range:
        return range(self.start, max(self.start, -int(-self.end // 1)), self.period)

    def bucket(self, moment: int) -> int:
        return moment - (moment - self.start) % self.period


def span(start: float, end: float, period: int, now: float) -> Span:
    """The periods of a request; its start is rounded down, the more so the longer ago it is. Periods of a time from
    which there can be no data are left out: there could be billions of them."""
    age = now - start
    if period < MINUTE_S:
        step = period
    elif age < 15 * DAY_S:
        step = MINUTE_S
    else:
        step = FIVE_MINUTES_S if age < 63 * DAY_S else HOUR_S
    first = int(start // step * step)
    oldest = now - KEPT[HOUR_S if period >= MINUTE_S else MINUTE_S][0] - period
    return Span(first + max(0, int((oldest - first) // period)) * period, min(end, now + DAY_S), period)


class Readings:
    """What operations read."""

    def _refresh(self):
        """See to it that everything measured can be read, as coarse as its age lets it be."""
        self.cloud.metrics.flush()
        self._roll_up_due()

    def _metrics(self, namespace: str | None, name: str | None, after: int = 0, since: float = 0.0) -> Iterator[Metric]:
        """The metrics of this account and region, in the order in which they came."""
        query, arguments = "account = ? AND region = ? AND id > ? AND last >= ?", [after, since]
        for column, wanted in (("namespace", namespace), ("name", name)):
            if wanted is not None:
                query += f" AND {column} = ?"
                arguments.append(wanted)
        rows = self.store.read(
            f"SELECT id, namespace, name, dimensions FROM metric WHERE {query} ORDER BY id",
            (self.call.account, self.call.region, *arguments),
        )
        for row in rows.fetchall():
            yield Metric(*row)

    def _metric(self, namespace: str, name: str, dimensions: Sequence[dict] | None) -> Metric | None:
        spelled = msgspec.json.encode(sorted(dimension_pairs(dimensions))).decode()
        row = self.store.read(
            "SELECT id FROM metric WHERE account = ? AND region = ? AND namespace = ? AND name = ? AND dimensions = ?",
            (self.call.account, self.call.region, namespace, name, spelled),
        ).fetchone()
        return Metric(row[0], namespace, name, spelled) if row else None

    def _measured(
        self, metric: Metric | None, over: Span, unit: str | None, with_values: bool
    ) -> dict[str, dict[int, Measures]]:
        """What a metric measured by period, for each unit."""
        if metric is None:
            return {}
        columns = "start, period, unit, count, total, least, most" + (", frequencies" if with_values else "")
        rows = self.store.read(
            f"SELECT {columns} FROM metric_data WHERE metric = ? AND start >= ? AND start < ? ORDER BY start",
            (metric.id, over.start, over.end),
        )
        found: dict[str, dict[int, Measures]] = {}
        for start, period, measured_in, *numbers in rows:
            as_seconds = period == MINUTE_S > over.period and start >= self.now - KEPT[1][0]
            if (over.period % period and not as_seconds) or unit not in (None, measured_in):
                continue
            measures = read_measures(*numbers, *(() if with_values else (None,)))
            of_unit = found.setdefault(measured_in, {})
            bucket = over.bucket(start)
            if bucket in of_unit:
                of_unit[bucket].merge(measures)
            else:
                of_unit[bucket] = measures
        return found

    def _measured_in_one_unit(
        self, metric: Metric | None, over: Span, unit: str | None, with_values: bool
    ) -> dict[int, Measures]:
        """The same, of the unit that a request for a single series means."""
        return of_one_unit(self._measured(metric, over, unit, with_values))


def of_one_unit(measured: dict[str, dict[int, Measures]]) -> dict[int, Measures]:
    """By period, what was measured in the unit that a request for a single series means."""
    return measured[min(measured, key=UNITS.index)] if measured else {}
