"""What comparators and functions say of two values; a value that is not there is None.

Differs from DynamoDB in nothing known: whatever is not there equals nothing, so `<>` holds of it and nothing else does.
"""

from collections.abc import Callable

from .values import SETS, Value, kind_of, ordered, same

Test = Callable[[Value | None, Value | None], bool]
SORTED_KINDS = frozenset(("S", "N", "B"))
ELEMENT_KINDS = {"SS": "S", "NS": "N", "BS": "B"}


def equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and same(left, right)


def unequal(left: Value | None, right: Value | None) -> bool:
    return not equal(left, right)


def less(left: Value | None, right: Value | None) -> bool:
    return _alike(left, right) and ordered(left) < ordered(right)  # type: ignore[arg-type]


def less_or_equal(left: Value | None, right: Value | None) -> bool:
    return _alike(left, right) and ordered(left) <= ordered(right)  # type: ignore[arg-type]


def greater(left: Value | None, right: Value | None) -> bool:
    return less(right, left)


def greater_or_equal(left: Value | None, right: Value | None) -> bool:
    return less_or_equal(right, left)


def begins_with(whole: Value | None, start: Value | None) -> bool:
    if whole is None or start is None or kind_of(whole) != kind_of(start):
        return False
    return kind_of(whole) in ("S", "B") and ordered(whole).startswith(ordered(start))


def contains(whole: Value | None, part: Value | None) -> bool:
    if whole is None or part is None:
        return False
    [(kind, content)], [(part_kind, part_content)] = whole.items(), part.items()
    if kind in ("S", "B"):
        return kind == part_kind and part_content in content
    if kind in SETS:
        return ELEMENT_KINDS[kind] == part_kind and part_content in content
    return kind == "L" and any(same(element, part) for element in content)


def size(value: Value | None) -> Value | None:
    """How long a value is; None for what has no length."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    return None if kind in ("N", "BOOL", "NULL") else {"N": str(len(content))}


COMPARATORS: dict[str, Test] = {
    "=": equal,
    "<>": unequal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}


def _alike(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    return kind_of(left) == kind_of(right) and kind_of(left) in SORTED_KINDS
