"""What the points of an evaluation range say of an alarm, and the words for it.

Source: CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data". More
points are fetched than an alarm evaluates; only if too few of them are there, the missing ones are treated as it says.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from glasshouse.services.cloudwatch.records import MetricAlarm, State

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to the threshold"),
    "GreaterThanThreshold": (operator.gt, "greater than the threshold"),
    "LessThanThreshold": (operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to the threshold"),
}
TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching", "missing": "Missing", "ignore": "Ignore"}
MORE_PERIODS, SHORTEST_RANGE_S = 2, 180


@dataclass(frozen=True, slots=True)
class Point:
    """A period of an evaluation range; `value` is None where there are no data."""

    moment: int
    value: float | None
    count: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that the points speak for, why, and the points that were looked at."""

    state: State
    reason: str
    evaluated: list[Point]


def range_length(alarm: MetricAlarm, period: int) -> int:
    """How many periods are fetched."""
    shortest = -(-SHORTEST_RANGE_S // period) if period < 60 else 0
    return max(alarm.evaluation_periods + MORE_PERIODS, shortest)


def verdict(alarm: MetricAlarm, points: list[Point]) -> Verdict | None:
    """What points, the oldest first, say; None if the alarm is to stay as it is."""
    wanted = alarm.evaluation_periods
    needed = alarm.datapoints_to_alarm or wanted
    known = [point for point in points if point.value is not None][-wanted:]
    missing = wanted - len(known)
    breaches = [point for point in known if _breaches(alarm, point)]
    state = _state(alarm, points, known, breaches, missing, needed)
    if state is None or _has_too_few_samples(alarm, known):
        return None
    return Verdict(state, _reason(alarm, state, known, breaches, missing), known or points[-wanted:])


def _breaches(alarm: MetricAlarm, point: Point) -> bool:
    return point.value is not None and COMPARISONS[alarm.comparison_operator][0](point.value, alarm.threshold)


def _state(
    alarm: MetricAlarm, points: list[Point], known: list[Point], breaches: list[Point], missing: int, needed: int
) -> State | None:
    treatment = alarm.treat_missing_data or "missing"
    counted = len(breaches) + (missing if treatment == "breaching" else 0)
    if counted >= needed:
        return "ALARM"
    if not missing or treatment in ("breaching", "notBreaching") or len(breaches) < len(known):
        return "OK"
    if treatment == "ignore":
        return None
    if not known:
        return "INSUFFICIENT_DATA"
    # All that is known breaches: enough if the oldest of it is as old as the points that are needed.
    age = len(points) - next(number for number, point in enumerate(points) if point is breaches[0])
    return "ALARM" if age >= needed else None


def _has_too_few_samples(alarm: MetricAlarm, known: list[Point]) -> bool:
    """Whether a percentile is of too few samples to tell anything, and the alarm is to ignore it then."""
    name = alarm.extended_statistic or ""
    if alarm.evaluate_low_sample_count_percentile != "ignore" or not name.startswith("p"):
        return False
    share = float(name[1:]) / 100
    rare = 1 - share if share >= 0.5 else share
    least = 10 / rare if rare else float("inf")
    return any(point.count is not None and point.count < least for point in known)


def _reason(alarm: MetricAlarm, state: State, known: list[Point], breaches: list[Point], missing: int) -> str:
    wanted = alarm.evaluation_periods
    if state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_counted(wanted, 'datapoint')} unknown."
    treated = TREATED[alarm.treat_missing_data or "missing"]
    filled = f"{_counted(missing, 'missing datapoint')} treated as [{treated}]"
    if not known:
        periods = f"{wanted} period{'s' if wanted > 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {filled}."
    telling = breaches if state == "ALARM" else [point for point in known if not _breaches(alarm, point)]
    telling = telling or known
    listed = ", ".join(f"{point.value} ({_date(point.moment)})" for point in reversed(telling))
    told = "" if state == "ALARM" else "not "
    words = f"{told}{COMPARISONS[alarm.comparison_operator][1]} ({alarm.threshold})"
    if alarm.datapoints_to_alarm is not None:
        least = alarm.datapoints_to_alarm if state == "ALARM" else wanted - alarm.datapoints_to_alarm + 1
        change = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
        verb = "was" if len(telling) == 1 else "were"
        return (
            f"Threshold Crossed: {len(telling)} out of the last {wanted} datapoints [{listed}] {verb} {words} (minimum"
            f" {least} datapoint{'s' if least > 1 else ''} for {change} transition)."
        )
    number, _, verb = _counted(len(telling), "datapoint").rpartition(" ")
    rest = f" and {filled}" if missing and alarm.treat_missing_data == "breaching" and state == "ALARM" else ""
    return f"Threshold Crossed: {number} [{listed}] {verb} {words}{rest}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun} was" if number == 1 else f"{number} {noun}s were"


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d/%m/%y %H:%M:%S")
