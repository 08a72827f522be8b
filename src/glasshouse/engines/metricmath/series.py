"""Time series and the arithmetic of them.

An operation on two series has a value where both have one; on a list of series it is done with each. What has no value,
such as a division by zero, is a point that is not there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from glasshouse.engines.metricmath.invalid import Invalid


@dataclass(frozen=True, slots=True)
class Series:
    """Values by their times (epoch seconds, rising), a `period` of seconds apart; `label` tells it from others."""

    points: dict[int, float]
    period: int
    label: str = ""

    def mapped(self, change: Callable[[float], float | None]) -> "Series":
        """The same with other values; where there is none, the point goes."""
        changed = {moment: change(value) for moment, value in self.points.items()}
        return replace(self, points={moment: value for moment, value in changed.items() if value is not None})


Value = float | str | Series | list[Series]


def _divided(left: float, right: float) -> float | None:
    return left / right if right else None


def _raised(left: float, right: float) -> float | None:
    try:
        power = left**right
    except (ZeroDivisionError, OverflowError):
        return None
    return power if isinstance(power, float) and math.isfinite(power) else None


OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "^": _raised,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "&&": lambda left, right: float(bool(left) and bool(right)),
    "||": lambda left, right: float(bool(left) or bool(right)),
}


def kind(value: Value) -> str:
    """What a value is called in messages."""
    if isinstance(value, list):
        return "[TimeSeries]"
    return {float: "Scalar", str: "String", Series: "TimeSeries"}[type(value)]


def operate(sign: str, left: Value, right: Value) -> Value:
    """Raises Invalid for operands that do not go together."""
    apply = OPERATORS[sign]
    match left, right:
        case float(), float():
            result = apply(left, right)
            return math.nan if result is None else result
        case Series(), float():
            return left.mapped(lambda value: apply(value, right))
        case float(), Series():
            return right.mapped(lambda value: apply(left, value))
        case Series(), Series():
            return _joined(apply, left, right)
        case list(), float() | Series():
            return [operate(sign, one, right) for one in left]  # type: ignore[misc]
        case float() | Series(), list():
            return [operate(sign, left, one) for one in right]  # type: ignore[misc]
    raise Invalid(f"Unsupported operand type(s) for {sign}: '{kind(left)}' and '{kind(right)}'")


def _joined(apply: Callable[[float, float], float | None], left: Series, right: Series) -> Series:
    points = {}
    for moment, value in left.points.items():
        other = right.points.get(moment)
        result = None if other is None else apply(value, other)
        if result is not None:
            points[moment] = result
    return Series(points, max(left.period, right.period), left.label)


def each(value: Value, change: Callable[[Series], Series], function: str) -> Value:
    """Do something with a series, or with each of a list. Raises Invalid for anything else."""
    if isinstance(value, Series):
        return change(value)
    if isinstance(value, list):
        return [change(one) for one in value]
    raise Invalid(f"Unsupported operand type for {function}: '{kind(value)}'")
