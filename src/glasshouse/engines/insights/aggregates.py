"""The aggregate functions of `stats`: each takes the values of a group and gives one."""

import math
from collections.abc import Callable
from typing import Any

from glasshouse.engines.insights.rows import number


def _numbers(values: list) -> list[float]:
    return [found for value in values if (found := number(value)) is not None]


def _of_numbers(function: Callable[[list[float]], float]) -> Callable[..., float | None]:
    def apply(values: list) -> float | None:
        numbers = _numbers(values)
        return function(numbers) if numbers else None

    return apply


def percentile(values: list, percent: float) -> float | None:
    """By linear interpolation between the closest ranks."""
    numbers = sorted(_numbers(values))
    if not numbers:
        return None
    rank = (len(numbers) - 1) * percent / 100
    low, high = math.floor(rank), math.ceil(rank)
    return numbers[low] + (numbers[high] - numbers[low]) * (rank - low)


def _deviation(numbers: list[float]) -> float:
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((value - mean) ** 2 for value in numbers) / max(1, len(numbers) - 1))


def _extreme(pick: Callable) -> Callable[[list], Any]:
    """Least or greatest: of numbers if all are, else of texts."""

    def apply(values: list) -> Any:
        present = [value for value in values if value is not None]
        numbers = _numbers(present)
        return (pick(numbers) if len(numbers) == len(present) else pick(map(str, present))) if present else None

    return apply


AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": lambda values: float(sum(value is not None for value in values)),
    "count_distinct": lambda values: float(len({str(value) for value in values if value is not None})),
    "sum": _of_numbers(sum),
    "avg": _of_numbers(lambda numbers: sum(numbers) / len(numbers)),
    "min": _extreme(min),
    "max": _extreme(max),
    "median": lambda values: percentile(values, 50),
    "stddev": _of_numbers(_deviation),
    "earliest": lambda values: next((value for value in values if value is not None), None),
    "latest": lambda values: next((value for value in reversed(values) if value is not None), None),
    "sortsfirst": _extreme(min),
    "sortslast": _extreme(max),
}
