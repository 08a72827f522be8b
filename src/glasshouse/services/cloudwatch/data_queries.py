"""The queries of GetMetricData, and of alarms that watch an expression: what is asked for, checked in AWS's words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glasshouse.engines.metricmath import Invalid, Node, Query, names_in, parse, read_query
from glasshouse.engines.metricmath.evaluate import WORDS
from glasshouse.services.cloudwatch.errors import ValidationError
from glasshouse.services.cloudwatch.metric_statistics import SHORT_PERIODS
from glasshouse.services.cloudwatch.readings import MINUTE_S, UNITS, lacks
from glasshouse.services.cloudwatch.statistics import Statistic, read_statistic

MOST_QUERIES, LONGEST_EXPRESSION = 500, 2048
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MetricStat:
    """A statistic of one metric."""

    namespace: str
    metric_name: str
    dimensions: list[dict]
    period: int
    statistic: Statistic
    unit: str | None


@dataclass(frozen=True, slots=True)
class DataQuery:
    """One query: `asks` is a statistic of a metric, an expression, or a Metrics Insights query."""

    id: str
    asks: MetricStat | Node | Query
    label: str | None
    returned: bool
    period: int | None


def read_queries(queries: list[dict], parameter: str = "MetricDataQueries") -> list[DataQuery]:
    """Raises ValidationError."""
    if len(queries) > MOST_QUERIES:
        raise ValidationError(f"The collection {parameter} must not have a size greater than {MOST_QUERIES}.")
    wrong = [text for number, query in enumerate(queries, 1) for text in _wrongs(f"{parameter}.member.{number}", query)]
    if wrong:
        raise ValidationError("\n".join(wrong))
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise ValidationError(f"The values for parameter Id in {parameter} are not unique.")
    found = [_read(query) for query in queries]
    for query in found:
        _check_names(query, set(ids))
    return found


def _wrongs(at: str, query: dict) -> Iterator[str]:
    identifier, stat, expression = query.get("Id"), query.get("MetricStat"), query.get("Expression")
    if not identifier:
        yield f"The parameter {at}.Id is required."
    elif not _ID.fullmatch(identifier):
        yield (
            f"The value {identifier} for parameter {at}.Id is invalid. It must match the regular expression"
            " ^[a-z][a-zA-Z0-9_]*$."
        )
    if stat is None and expression is None:
        yield f"The parameter {at}.MetricStat is required.\n"
    if stat is not None and expression is not None:
        yield f"The parameters {at}.MetricStat and {at}.Expression are mutually exclusive and you have specified both."
    if stat is not None:
        yield from _wrong_stat(f"{at}.MetricStat", stat)
    if query.get("Period") is not None and not is_period(query["Period"]):
        yield f"The value {query['Period']} for parameter {at}.Period is invalid."


def _wrong_stat(at: str, stat: dict) -> Iterator[str]:
    metric = stat.get("Metric") or {}
    for name in ("Namespace", "MetricName"):
        if not metric.get(name):
            yield f"The parameter {at}.Metric.{name} is required."
    yield from lacks(metric.get("Dimensions"), f"{at}.Metric.Dimensions")
    for name in ("Period", "Stat"):
        if stat.get(name) in (None, ""):
            yield f"The parameter {at}.{name} is required."
    if stat.get("Stat") and read_statistic(stat["Stat"]) is None:
        yield f"The value {stat['Stat']} for parameter {at}.Stat is not a valid statistic."
    if stat.get("Period") is not None and not is_period(stat["Period"]):
        yield f"The value {stat['Period']} for parameter {at}.Period is invalid."
    if stat.get("Unit") not in (None, *UNITS):
        yield f"The parameter {at}.Unit must be a value in the set [ {', '.join(UNITS)} ]."


def is_period(seconds: int) -> bool:
    return seconds in SHORT_PERIODS or (seconds > 0 and seconds % MINUTE_S == 0)


def _read(query: dict) -> DataQuery:
    identifier, returned = query["Id"], query.get("ReturnData", True)
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        asks: MetricStat | Node | Query = MetricStat(
            metric["Namespace"], metric["MetricName"], metric.get("Dimensions", []), stat["Period"],
            read_statistic(stat["Stat"]), stat.get("Unit"),  # type: ignore[arg-type]
        )  # fmt: skip
        return DataQuery(identifier, asks, query.get("Label"), returned, stat["Period"])
    text = query["Expression"]
    try:
        asks = read_query(text) if _SELECT.match(text) else parse(text)
    except Invalid as wrong:
        raise in_expression(identifier, wrong) from None
    if isinstance(asks, Query) and query.get("Period") is None:
        raise ValidationError(f"Error in expression '{identifier}': Metrics Insights queries need a Period")
    return DataQuery(identifier, asks, query.get("Label"), returned, query.get("Period"))


def _check_names(query: DataQuery, ids: set[str]):
    if isinstance(query.asks, MetricStat | Query):
        return
    for name in names_in(query.asks):
        if name not in ids and name not in WORDS:
            raise in_expression(query.id, Invalid(f"Undefined variable '{name}'"))


def in_expression(identifier: str, wrong: Exception) -> ValidationError:
    return ValidationError(f"Error in expression '{identifier}': {wrong}")
