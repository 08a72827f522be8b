"""What the filters of paths compare."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.engines.jsonpath.steps import Holds, Step, follow

NOTHING = object()
Operand = Callable[[Any, Any], Any]  # (item, root) -> value, or NOTHING


def constant(value: Any) -> Operand:
    return lambda item, root: value


def found(path: Sequence[Step], is_relative: bool) -> Operand:
    """What a path leads to first, from the item or from the root."""
    return lambda item, root: next(iter(follow(path, item if is_relative else root, root)), NOTHING)


def value_of(operand: Operand, item: Any, root: Any) -> Any:
    value = operand(item, root)
    return None if value is NOTHING else value


def exists(operand: Operand) -> Holds:
    return lambda item, root: operand(item, root) is not NOTHING


def either(left: Holds, right: Holds) -> Holds:
    return lambda item, root: left(item, root) or right(item, root)


def both(left: Holds, right: Holds) -> Holds:
    return lambda item, root: left(item, root) and right(item, root)


def opposite(holds: Holds) -> Holds:
    return lambda item, root: not holds(item, root)


def comparison(operator: str, left: Operand, right: Operand) -> Holds:
    decide = COMPARISONS[operator]

    def holds(item: Any, root: Any) -> bool:
        one, two = left(item, root), right(item, root)
        return bool(one is not NOTHING and two is not NOTHING and decide(one, two))

    return holds


def _equal(one: Any, two: Any) -> bool:
    return one == two and isinstance(one, bool) == isinstance(two, bool)


def _ordered(decide: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, two: Any) -> bool:
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, two))
        return (numbers or (isinstance(one, str) and isinstance(two, str))) and decide(one, two)

    return compare


def _matches(one: Any, two: Any) -> bool:
    return isinstance(one, str) and isinstance(two, re.Pattern) and two.fullmatch(one) is not None


def _within(one: Any, two: Any) -> bool:
    return isinstance(two, list) and any(_equal(one, other) for other in two)


def _contains(one: Any, two: Any) -> bool:
    if isinstance(one, str):
        return isinstance(two, str) and two in one
    return _within(two, one)


def _size(one: Any) -> int | None:
    return len(one) if isinstance(one, (list, str)) else None


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda one, two: not _equal(one, two),
    "<": _ordered(lambda one, two: one < two),
    "<=": _ordered(lambda one, two: one <= two),
    ">": _ordered(lambda one, two: one > two),
    ">=": _ordered(lambda one, two: one >= two),
    "=~": _matches,
    "in": _within,
    "nin": lambda one, two: not _within(one, two),
    "contains": _contains,
    "size": lambda one, two: _size(one) == (two if isinstance(two, int) else _size(two)),
    "empty": lambda one, two: _size(one) is not None and (_size(one) == 0) == two,
    "subsetof": lambda one, two: isinstance(one, list) and all(_within(item, two) for item in one),
    "anyof": lambda one, two: isinstance(one, list) and any(_within(item, two) for item in one),
    "noneof": lambda one, two: isinstance(one, list) and not any(_within(item, two) for item in one),
}
