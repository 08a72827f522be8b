"""The parameters that were before expressions: Expected, QueryFilter, ScanFilter, KeyConditions, AttributeUpdates."""

from collections.abc import Callable

from . import comparing
from .conditions import Condition
from .invalid import Invalid
from .key_conditions import Clause
from .names import Steps
from .updates import ALLOWED, Update, combine
from .values import WRONG, Item, Value, kind_of, measure, ordered

Holds = Callable[[Value | None], bool]
COUNTS = {"NULL": (0, 0), "NOT_NULL": (0, 0), "BETWEEN": (2, 2), "IN": (1, 100)}
KINDS = {
    **dict.fromkeys(("LT", "LE", "GT", "GE", "BETWEEN", "IN"), tuple(comparing.SORTED_KINDS)),
    **dict.fromkeys(("CONTAINS", "NOT_CONTAINS"), tuple(comparing.SORTED_KINDS)),
    "BEGINS_WITH": ("S", "B"),
}
SIGNS = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
KEY_SIGNS = {name: sign for name, sign in SIGNS.items() if name != "NE"} | {
    "BEGINS_WITH": "begins_with",
    "BETWEEN": "BETWEEN",
}


def expected(conditions: dict[str, dict], operator: str | None) -> Condition:
    """What a map of Expected asks of an item. Raises Invalid."""
    tests = [(name, _expected(name, wanted)) for name, wanted in conditions.items()]
    return _joined(tests, operator)


def filters(conditions: dict[str, dict], operator: str | None) -> Condition:
    """The same for QueryFilter and ScanFilter."""
    tests = [(name, _test(wanted["ComparisonOperator"], wanted.get("AttributeValueList") or []))
             for name, wanted in conditions.items()]  # fmt: skip
    return _joined(tests, operator)


def key_conditions(conditions: dict[str, dict], of_index: bool) -> dict[str, Clause]:
    """The clauses of KeyConditions; only an index can have keys of more than two attributes. Raises Invalid."""
    clauses: dict[str, Clause] = {}
    for name, wanted in conditions.items():
        operator, values = str(wanted["ComparisonOperator"]), wanted.get("AttributeValueList") or []
        _check_arguments(operator, values)
        clauses[name] = (KEY_SIGNS.get(operator, operator), values)
    if not conditions or (len(conditions) > 2 and not of_index):
        raise Invalid("Conditions can be of length 1 or 2 only")
    return clauses


def attribute_updates(updates: dict[str, dict]) -> Update:
    """What AttributeUpdates make of an item. Raises Invalid."""
    return _Updates(updates)


class _Updates(Update):
    """PUT, ADD and DELETE of whole attributes."""

    def __init__(self, updates: dict[str, dict]):
        self._updates = updates
        self.paths = [(name,) for name in updates]
        for name, wanted in updates.items():
            _check_update(name, wanted.get("Action") or "PUT", wanted.get("Value"))

    @property
    def written(self) -> list[Steps]:
        return [(name,) for name, wanted in self._updates.items() if wanted.get("Action") != "DELETE"]

    def __call__(self, item: Item) -> Item:
        changed = dict(item)
        for name, wanted in self._updates.items():
            _apply(changed, name, wanted.get("Action") or "PUT", wanted.get("Value"))
        return changed


def _apply(item: Item, name: str, action: str, value: Value | None):
    if action == "PUT":
        item[name] = value  # type: ignore[assignment]
    elif value is None:
        item.pop(name, None)
    elif kind_of(value) == "L":
        present = item.get(name, {"L": []})
        if kind_of(present) != "L":
            raise Invalid("Type mismatch for attribute to update")
        item[name] = {"L": [*present["L"], *value["L"]]}
    else:
        if name in item and kind_of(item[name]) != kind_of(value):
            raise Invalid("Type mismatch for attribute to update")
        combine(action, item, (name,), value)


def _check_update(name: str, action: str, value: Value | None):
    if value is not None:
        measure(value)
    elif action != "DELETE":
        raise Invalid(f"{WRONG}Only DELETE action is allowed when no attribute value is specified")
    if value is None or action == "PUT":
        return
    allowed = (*ALLOWED[action], "L") if action == "ADD" else ALLOWED[action]
    if kind_of(value) not in allowed:
        what = "ADD action" if action == "ADD" else f"{action} action with value"
        raise Invalid(f"{WRONG}{what} is not supported for the type {kind_of(value)}")


def _joined(tests: list[tuple[str, Holds]], operator: str | None) -> Condition:
    some = any if operator == "OR" else all
    return lambda item: some(test(item.get(name)) for name, test in tests)


def _expected(name: str, wanted: dict) -> Holds:
    operator, value = wanted.get("ComparisonOperator"), wanted.get("Value")
    values, exists = wanted.get("AttributeValueList"), wanted.get("Exists")
    if values is not None and value is not None:
        raise Invalid(f"{WRONG}Value and AttributeValueList cannot be used together for Attribute: {name}")
    if operator:
        if exists is not None:
            raise Invalid(f"{WRONG}Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if values is None and value is None and operator not in ("NULL", "NOT_NULL"):
            raise Invalid(
                f"{WRONG}Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute:"
                f" {name}"
            )
        return _test(operator, values if values is not None else [value] if value is not None else [])
    if values is not None:
        raise Invalid(f"{WRONG}AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    if exists is False:
        if value is not None:
            raise Invalid(f"{WRONG}Value cannot be used when Exists is false for Attribute: {name}")
        return lambda found: found is None
    if value is None:
        told = "null" if exists is None else "true"
        raise Invalid(f"{WRONG}Value must be provided when Exists is {told} for Attribute: {name}")
    return _test("EQ", [value])


def _check_arguments(operator: str, values: list[Value]):
    for value in values:
        measure(value)
    least, most = COUNTS.get(operator, (1, 1))
    if not least <= len(values) <= most:
        raise Invalid(f"{WRONG}Invalid number of argument(s) for the {operator} ComparisonOperator")
    kinds = [kind_of(value) for value in values]
    if len(set(kinds)) > 1:
        raise Invalid(f"{WRONG}AttributeValues inside AttributeValueList must be of same type")
    for kind in kinds:
        if kind not in KINDS.get(operator, (kind,)):
            raise Invalid(f"{WRONG}ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    if operator == "BETWEEN" and ordered(values[0]) > ordered(values[1]):
        raise Invalid(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def _test(operator: str, values: list[Value]) -> Holds:
    _check_arguments(operator, values)
    if operator in SIGNS:
        compare = comparing.COMPARATORS[SIGNS[operator]]
        return lambda found: compare(found, values[0])
    return {
        "NULL": lambda found: found is None,
        "NOT_NULL": lambda found: found is not None,
        "CONTAINS": lambda found: comparing.contains(found, values[0]),
        "NOT_CONTAINS": lambda found: found is not None and not comparing.contains(found, values[0]),
        "BEGINS_WITH": lambda found: comparing.begins_with(found, values[0]),
        "IN": lambda found: any(comparing.equal(found, value) for value in values),
        "BETWEEN": lambda found: (
            comparing.less_or_equal(values[0], found) and comparing.less_or_equal(found, values[1])
        ),
    }[operator]
