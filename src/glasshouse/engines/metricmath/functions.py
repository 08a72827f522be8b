"""The functions of metric math.

An aggregate of one series is a number; of a list of series, the series of what they have at each time.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from glasshouse.engines.metricmath.invalid import Invalid
from glasshouse.engines.metricmath.series import Series, Value, each, kind

Window = range  # the times of a period, from the start of what is asked for to its end
Windows = Callable[[int], Window]


def _deviation(values: Sequence[float]) -> float:
    return statistics.pstdev(values)


AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": statistics.fmean,
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
    "STDDEV": _deviation,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
ROUNDINGS: dict[str, Callable[[float], float | None]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": lambda value: math.log(value) if value > 0 else None,
    "LOG10": lambda value: math.log10(value) if value > 0 else None,
}
CALENDAR: dict[str, Callable[[int], float]] = {
    "MINUTE": lambda moment: float(_date(moment).minute),
    "HOUR": lambda moment: float(_date(moment).hour),
    "DAY": lambda moment: float(_date(moment).isoweekday()),
    "DATE": lambda moment: float(_date(moment).day),
    "MONTH": lambda moment: float(_date(moment).month),
    "YEAR": lambda moment: float(_date(moment).year),
    "EPOCH": float,
}


def _date(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def aggregate(name: str, values: list[Value]) -> Value:
    """AVG and its like, of numbers, a series, a list, or several of them."""
    if not values:
        raise Invalid(f"{name} needs an argument")
    if all(isinstance(value, float) for value in values):
        return AGGREGATES[name](values)  # type: ignore[arg-type]
    if len(values) == 1 and isinstance(values[0], Series):
        found = list(values[0].points.values())
        return AGGREGATES[name](found) if found else (0.0 if name == "DATAPOINT_COUNT" else math.nan)
    return _across(name, _listed(name, values))


def _listed(name: str, values: list[Value]) -> list[Series]:
    listed: list[Series] = []
    for value in values:
        if isinstance(value, list):
            listed += value
        elif isinstance(value, Series):
            listed.append(value)
        else:
            raise Invalid(f"Unsupported operand type for {name}: '{kind(value)}'")
    return listed


def _across(name: str, listed: list[Series]) -> Series:
    at: dict[int, list[float]] = {}
    for series in listed:
        for moment, value in series.points.items():
            at.setdefault(moment, []).append(value)
    points = {moment: AGGREGATES[name](at[moment]) for moment in sorted(at)}
    return Series(points, max((series.period for series in listed), default=60))


def rounded(name: str, value: Value) -> Value:
    if isinstance(value, float):
        result = ROUNDINGS[name](value)
        return math.nan if result is None else result
    return each(value, lambda series: series.mapped(ROUNDINGS[name]), name)


def calendar(name: str, value: Value) -> Value:
    def read(series: Series) -> Series:
        return replace(series, points={moment: CALENDAR[name](moment) for moment in series.points})

    return each(value, read, name)


def changes(name: str, value: Value) -> Value:
    """DIFF, DIFF_TIME and RATE: each point against the one before it."""

    def read(series: Series) -> Series:
        points, before = {}, None
        for moment, amount in series.points.items():
            if before is not None:
                step = moment - before[0]
                points[moment] = _change(name, amount - before[1], float(step))
            before = moment, amount
        return replace(series, points=points)

    return each(value, read, name)


def _change(name: str, difference: float, seconds: float) -> float:
    if name == "DIFF":
        return difference
    return seconds if name == "DIFF_TIME" else difference / seconds


def running_sum(value: Value) -> Value:
    def read(series: Series) -> Series:
        total, points = 0.0, {}
        for moment, amount in series.points.items():
            total += amount
            points[moment] = total
        return replace(series, points=points)

    return each(value, read, "RUNNING_SUM")


def fill(value: Value, filler: Value, windows: Windows) -> Value:
    """Points where there are none: a number, those of another series, REPEAT, or LINEAR."""

    def read(series: Series) -> Series:
        times = windows(series.period)
        if filler == "LINEAR":
            return replace(series, points=_interpolated(series.points, times))
        points, last = {}, None
        for moment in times:
            last = series.points.get(moment, last)
            found = series.points.get(moment)
            found = _filled(filler, moment, last) if found is None else found
            if found is not None:
                points[moment] = found
        return replace(series, points=points)

    if isinstance(filler, list) or (isinstance(filler, str) and filler not in ("REPEAT", "LINEAR")):
        raise Invalid("FILL needs a number, a series, REPEAT or LINEAR to fill with")
    return each(value, read, "FILL")


def _filled(filler: Value, moment: int, last: float | None) -> float | None:
    if isinstance(filler, Series):
        return filler.points.get(moment)
    return filler if isinstance(filler, float) else last


def _interpolated(points: dict[int, float], times: Window) -> dict[int, float]:
    found: dict[int, float] = {}
    known = list(points)
    at = 0
    for moment in times:
        while at + 1 < len(known) and known[at + 1] <= moment:
            at += 1
        if moment in points:
            found[moment] = points[moment]
        elif known and known[0] < moment < known[-1]:
            low, high = known[at], known[at + 1]
            share = (moment - low) / (high - low)
            found[moment] = points[low] + share * (points[high] - points[low])
    return found


def choose(condition: Value, then: Value, otherwise: Value | None = None) -> Value:
    """IF: where the condition is not zero, the one, else the other; without another, nothing."""
    if isinstance(condition, float):
        if condition:
            return then
        if otherwise is None:
            raise Invalid("IF with a condition that is a number needs three arguments")
        return otherwise
    if isinstance(condition, list):
        return [_chosen(one, then, otherwise) for one in condition]
    if isinstance(condition, Series):
        return _chosen(condition, then, otherwise)
    raise Invalid(f"Unsupported operand type for IF: '{kind(condition)}'")


def _chosen(condition: Series, then: Value, otherwise: Value | None) -> Series:
    points = {}
    for moment, holds in condition.points.items():
        found = _value_at(then if holds else otherwise, moment)
        if found is not None:
            points[moment] = found
    label = then.label if isinstance(then, Series) else condition.label
    return replace(condition, points=points, label=label)


def _value_at(value: Value | None, moment: int) -> float | None:
    if isinstance(value, list | str):
        raise Invalid(f"Unsupported operand type for IF: '{kind(value)}'")
    return value.points.get(moment) if isinstance(value, Series) else value


def sort(listed: list[Series], by: str, order: str, most: int | None) -> list[Series]:
    """SORT(list, AVG|MAX|MIN|SUM, ASC|DESC, at most): series without points are last."""
    if by not in ("AVG", "MAX", "MIN", "SUM") or order not in ("ASC", "DESC"):
        raise Invalid("SORT needs one of AVG, MAX, MIN, SUM and one of ASC, DESC")
    descending = -1.0 if order == "DESC" else 1.0

    def rank(series: Series) -> float:
        values = list(series.points.values())
        return descending * AGGREGATES[by](values) if values else math.inf

    return sorted(listed, key=rank)[:most]


def constant(value: float, times: Window, period: int, label: str = "") -> Series:
    return Series(dict.fromkeys(times, value), period, label)
