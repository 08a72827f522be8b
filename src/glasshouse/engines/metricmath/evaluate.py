"""What an expression is worth, given the series that its names stand for."""

import math
from typing import Protocol

from glasshouse.engines.metricmath import functions
from glasshouse.engines.metricmath.grammar import Function, Listing, Name, Negation, Node, Number, Operation, Text
from glasshouse.engines.metricmath.invalid import Invalid, Unsupported
from glasshouse.engines.metricmath.series import Series, Value, kind, operate

WORDS = frozenset(("REPEAT", "LINEAR", "AVG", "MAX", "MIN", "SUM", "ASC", "DESC"))
LEFT_OUT = frozenset(("ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA"))


class Scope(Protocol):
    """What surrounds an expression."""

    def named(self, name: str) -> Value:
        """What another query is worth. Raises Invalid."""
        ...

    def metrics(self, text: str) -> list[Series]:
        """The series of all metrics that are asked for, or of those whose ids contain a text."""
        ...

    def search(self, query: str, statistic: str, period: int | None) -> list[Series]:
        """The series of what a search finds. Raises Invalid."""
        ...

    def times(self, period: int) -> range:
        """The times of a period within what is asked for."""
        ...

    @property
    def period(self) -> int:
        """The period of what has none by itself."""
        ...


def evaluate(node: Node, scope: Scope) -> Value:
    """Raises Invalid and Unsupported."""
    match node:
        case Number():
            return node.value
        case Text():
            return node.value
        case Name():
            return node.name if node.name in WORDS else scope.named(node.name)
        case Negation():
            of = evaluate(node.of, scope)
            return operate("-", 0.0, of) if node.sign == "-" else operate("==", of, 0.0)
        case Operation():
            return operate(node.sign, evaluate(node.left, scope), evaluate(node.right, scope))
        case Listing():
            return _list([evaluate(element, scope) for element in node.elements], scope)
        case Function():
            return _call(node.name, [evaluate(argument, scope) for argument in node.arguments], scope)


def _list(values: list[Value], scope: Scope) -> list[Series]:
    """Series and lists of them as one list, in which a number is a series that does not change."""
    listed: list[Series] = []
    for value in values:
        match value:
            case float():
                listed.append(functions.constant(value, scope.times(scope.period), scope.period))
            case Series():
                listed.append(value)
            case list():
                listed += value
            case str():
                raise Invalid("A list cannot hold a text")
    return listed


def _call(name: str, values: list[Value], scope: Scope) -> Value:
    if name in LEFT_OUT:
        raise Unsupported(f"The function {name}")
    if name in functions.AGGREGATES:
        return functions.aggregate(name, values)
    if name in functions.ROUNDINGS or name in functions.CALENDAR or name in ("DIFF", "DIFF_TIME", "RATE"):
        _check_count(name, values, 1, 1)
        if name in functions.ROUNDINGS:
            return functions.rounded(name, values[0])
        return (functions.calendar if name in functions.CALENDAR else functions.changes)(name, values[0])
    known = _LISTS.get(name) or _OTHERS.get(name)
    if known is None:
        raise Invalid(f"Unknown function '{name}'")
    call, least, most = known
    _check_count(name, values, least, most)
    if name in _LISTS:
        first = values[0]
        values = [[first] if isinstance(first, Series) else first, *values[1:]]
        if not isinstance(values[0], list):
            raise Invalid(f"Unsupported operand type for {name}: '{kind(values[0])}'")
    return call(values, scope)


def _check_count(name: str, values: list[Value], least: int, most: int):
    if not least <= len(values) <= most:
        raise Invalid(f"The function {name} takes {least}{f' to {most}' if most != least else ''} arguments")


def _whole(value: Value, what: str) -> int:
    if not isinstance(value, float) or not math.isfinite(value):
        raise Invalid(f"{what} needs a number")
    return int(value)


def _text(value: Value, what: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{what} needs a text")
    return value


def _one(listed: list[Series], at: int, scope: Scope) -> Series:
    return listed[at] if listed else Series({}, scope.period)


def _sort(values: list, scope: Scope) -> Value:
    most = _whole(values[3], "SORT") if len(values) > 3 else None
    return functions.sort(values[0], _text(values[1], "SORT"), _text(values[2], "SORT"), most)


def _slice(values: list, scope: Scope) -> Value:
    first = _whole(values[1], "SLICE")
    if len(values) == 2:
        return values[0][first:]
    return values[0][first : _whole(values[2], "SLICE")]


def _period(values: list, scope: Scope) -> Value:
    if not isinstance(values[0], Series):
        raise Invalid(f"Unsupported operand type for PERIOD: '{kind(values[0])}'")
    return float(values[0].period)


def _time_series(values: list, scope: Scope) -> Value:
    if not isinstance(values[0], float):
        raise Invalid(f"Unsupported operand type for TIME_SERIES: '{kind(values[0])}'")
    return functions.constant(values[0], scope.times(scope.period), scope.period)


def _search(values: list, scope: Scope) -> Value:
    period = _whole(values[2], "SEARCH") if len(values) > 2 else None
    return scope.search(_text(values[0], "SEARCH"), _text(values[1], "SEARCH"), period)


# Each with the least and the most arguments it takes: those whose first argument is a list of series, and the others.
_LISTS = {
    "FIRST": (lambda values, scope: _one(values[0], 0, scope), 1, 1),
    "LAST": (lambda values, scope: _one(values[0], -1, scope), 1, 1),
    "METRIC_COUNT": (lambda values, scope: float(len(values[0])), 1, 1),
    "REMOVE_EMPTY": (lambda values, scope: [series for series in values[0] if series.points], 1, 1),
    "SLICE": (_slice, 2, 3),
    "SORT": (_sort, 3, 4),
}
_OTHERS = {
    "FILL": (lambda values, scope: functions.fill(values[0], values[1], scope.times), 2, 2),
    "IF": (lambda values, scope: functions.choose(values[0], values[1], *values[2:]), 2, 3),
    "METRICS": (lambda values, scope: scope.metrics(_text(values[0], "METRICS") if values else ""), 0, 1),
    "PERIOD": (_period, 1, 1),
    "RUNNING_SUM": (lambda values, scope: functions.running_sum(values[0]), 1, 1),
    "SEARCH": (_search, 2, 3),
    "TIME_SERIES": (_time_series, 1, 1),
}
