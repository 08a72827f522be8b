"""Whether an event satisfies a pattern.

The event becomes a list of leaves: for each path its values, each with its place in the arrays around it. Fields of a
pattern may only be matched by leaves whose places agree: what lies in different elements of one array is never taken
together (as in AWS's Event Ruler).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .rules import Rule

Places = dict[str, int]  # the element, by the array that it lies in
Leaves = dict[str, list[tuple[Any, Places]]]
Fields = Sequence[tuple[str, list[Rule]]]  # rules by path
_NOWHERE: Places = {}


def leaves_of(event: Mapping[str, Any]) -> Leaves:
    leaves: Leaves = {}
    _collect(event, "", "", _NOWHERE, leaves)
    return leaves


def holds(wanted: Fields, leaves: Leaves) -> bool:
    """Whether all the fields are as wanted."""
    return _holds(wanted, 0, leaves, _NOWHERE)


def _collect(value: Any, path: str, array: str, places: Places, leaves: Leaves):
    """`array` names the array that `value` is, if it is one, by all the elements on the way to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            step = f"{path}.{key}" if path else key
            _collect(inner, step, f"{array}.{key}", places, leaves)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _collect(inner, path, f"{array}[{position}]", {**places, array: position}, leaves)
    else:
        leaves.setdefault(path, []).append((value, places))


def _holds(wanted: Fields, index: int, leaves: Leaves, chosen: Places) -> bool:
    if index == len(wanted):
        return True
    path, rules = wanted[index]
    found = leaves.get(path)
    if found is None:
        return any(rule.absent for rule in rules) and _holds(wanted, index + 1, leaves, chosen)
    for value, places in found:
        if not any(rule.test(value) for rule in rules):
            continue
        if not places:
            if _holds(wanted, index + 1, leaves, chosen):
                return True
        elif all(chosen.get(array, position) == position for array, position in places.items()) and _holds(
            wanted, index + 1, leaves, {**chosen, **places}
        ):
            return True
    return False
