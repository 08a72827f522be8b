"""A sheet: the series that a set of queries stands for within a span of time, each worked out once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from glasshouse.core.errors import NotSupported
from glasshouse.core.metrics import Measures
from glasshouse.engines.metricmath import (
    Invalid,
    Query,
    Series,
    Unsupported,
    Value,
    evaluate,
    search,
)
from glasshouse.services.cloudwatch.data_queries import DataQuery, MetricStat, in_expression
from glasshouse.services.cloudwatch.readings import LISTED_FOR_S, UNITS, Metric, of_one_unit, span
from glasshouse.services.cloudwatch.statistics import PLAIN, read_statistic

MOST_FOUND = 500
AGGREGATED: dict[str, Callable[[Measures], float]] = {
    "AVG": PLAIN["Average"], "COUNT": PLAIN["SampleCount"], "MAX": PLAIN["Maximum"], "MIN": PLAIN["Minimum"],
    "SUM": PLAIN["Sum"],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Within:
    start: float
    end: float


class Sheet:
    """The queries of one request; it is the scope of their expressions."""

    def __init__(self, readings: Any, queries: list[DataQuery], within: Within):
        """`readings` is the service, as far as it reads."""
        self._readings, self._within = readings, within
        self._queries = {query.id: query for query in queries}
        self._values: dict[str, Value] = {}
        self._units: dict[str, list[str]] = {}  # in which metrics were measured, by the ids of their queries
        self._open: list[str] = []

    def value(self, name: str) -> Value:
        """What a query is worth. Raises ValidationError and NotSupported."""
        if name not in self._values:
            self._values[name] = self._work_out(self._queries[name])
        return self._values[name]

    def series(self, name: str) -> list[Series]:
        """The same, as series; a number is one that does not change."""
        value = self.value(name)
        if isinstance(value, str):
            raise in_expression(name, Invalid("The expression is a text"))
        if isinstance(value, float):
            period = self._period_of(self._queries[name])
            value = Series(dict.fromkeys(self.times(period), value) if value == value else {}, period)
        return value if isinstance(value, list) else [value]

    def messages(self, name: str) -> list[dict]:
        """What is to be said of a query that was worked out."""
        units = self._units.get(name, [])
        value = f"Multiple units returned: '[{', '.join(units)}]'"
        return [{"Code": "MultipleUnits", "Value": value}] if len(units) > 1 else []

    # The scope of expressions

    def named(self, name: str) -> Value:
        return self.value(name)

    def metrics(self, text: str) -> list[Series]:
        found = [query.id for query in self._queries.values() if text in query.id]
        listed = [self.value(name) for name in found if isinstance(self._queries[name].asks, MetricStat)]
        return [series for series in listed if isinstance(series, Series)]

    def search(self, query: str, statistic: str, period: int | None) -> list[Series]:
        wanted, kind = search(query), read_statistic(statistic)
        if kind is None:
            raise Invalid(f"'{statistic}' is not a valid statistic")
        now = self._readings.now
        found = [
            metric
            for metric in self._readings._metrics(wanted.namespace, None, since=now - LISTED_FOR_S)
            if wanted.finds(metric.namespace, metric.metric_name, metric.by_name)
        ][:MOST_FOUND]
        labels = _labels(found)
        return [
            replace(self._read(metric, MetricStat("", "", [], period or self.period, kind, None)), label=label)
            for metric, label in zip(found, labels, strict=True)
        ]

    def times(self, period: int) -> range:
        return span(self._within.start, self._within.end, period, self._readings.now).times

    @property
    def period(self) -> int:
        return self._period_of(self._queries[self._open[-1]]) if self._open else 300

    # Within

    def _period_of(self, query: DataQuery) -> int:
        """Its own period, else the shortest one of the metrics, else five minutes."""
        periods = [one.period for one in self._queries.values() if one.period is not None]
        return query.period or min(periods, default=300)

    def _work_out(self, query: DataQuery) -> Value:
        if query.id in self._open:
            raise in_expression(query.id, Invalid("The expression refers to itself"))
        self._open.append(query.id)
        try:
            if isinstance(query.asks, MetricStat):
                asked = query.asks
                metric = self._readings._metric(asked.namespace, asked.metric_name, asked.dimensions)
                return self._read(metric, asked, query.id)
            return self._select(query.asks) if isinstance(query.asks, Query) else evaluate(query.asks, self)
        except Invalid as wrong:
            raise in_expression(query.id, wrong) from None
        except Unsupported as missing:
            raise NotSupported(f"{missing} is not supported by Glasshouse yet") from None
        finally:
            self._open.pop()

    def _read(self, metric: Metric | None, asked: MetricStat, query: str | None = None) -> Series:
        over = span(self._within.start, self._within.end, asked.period, self._readings.now)
        by_unit = self._readings._measured(metric, over, asked.unit, asked.statistic.needs_values)
        if query is not None:
            self._units[query] = sorted(by_unit, key=UNITS.index)
        measured = of_one_unit(by_unit)
        values = {moment: asked.statistic.of(measures) for moment, measures in sorted(measured.items())}
        points = {moment: value for moment, value in values.items() if value is not None}
        return Series(points, asked.period, asked.metric_name)

    def _select(self, query: Query) -> list[Series]:
        """A Metrics Insights query: the metrics of each group taken together."""
        since = self._readings.now - LISTED_FOR_S
        groups: dict[tuple, list[Metric]] = {}
        for metric in self._readings._metrics(query.namespace, query.metric, since=since):
            if query.finds(metric.by_name):
                groups.setdefault(tuple(metric.by_name[name] for name in query.groups), []).append(metric)
        taken = [(key, self._together(metrics)) for key, metrics in groups.items()]
        if query.order is not None:
            taken = _ordered(taken, query)
        compute = AGGREGATED[query.function]
        return [
            Series(
                {moment: compute(measures) for moment, measures in sorted(by_moment.items())}, self.period,
                ", ".join(key) or f"{query.function}({query.metric})",
            )
            for key, by_moment in taken[: query.limit or MOST_FOUND]
        ]  # fmt: skip

    def _together(self, metrics: list[Metric]) -> dict[int, Measures]:
        over = span(self._within.start, self._within.end, self.period, self._readings.now)
        found: dict[int, Measures] = {}
        for metric in metrics:
            of_units = self._readings._measured(metric, over, None, False)
            for unit in sorted(of_units, key=UNITS.index):
                for moment, measures in of_units[unit].items():
                    found.setdefault(moment, Measures()).merge(measures)
        return found


def _ordered(taken: list[tuple[tuple, dict[int, Measures]]], query: Query) -> list[tuple[tuple, dict[int, Measures]]]:
    """By what the whole span of a group is worth."""
    compute = AGGREGATED[query.order or "MAX"]

    def rank(one: tuple[tuple, dict[int, Measures]]) -> float:
        whole = Measures()
        for measures in one[1].values():
            whole.merge(measures)
        return compute(whole)

    return sorted(taken, key=rank, reverse=query.descending)


def _labels(metrics: list[Metric]) -> list[str]:
    """By what the metrics that a search found differ in; by their name if in nothing."""
    names = {name for metric in metrics for name, _ in metric.pairs}
    telling = [name for name in sorted(names) if len({metric.by_name.get(name) for metric in metrics}) > 1]
    differ = len({metric.metric_name for metric in metrics}) > 1
    found = []
    for metric in metrics:
        parts = [metric.by_name[name] for name in telling if name in metric.by_name]
        found.append(" ".join([*parts, metric.metric_name] if differ or not parts else parts))
    return found
