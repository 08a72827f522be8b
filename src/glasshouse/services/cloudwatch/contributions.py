"""Rules of Contributor Insights: what of a log event contributes, by which keys, and how much.

Source: CloudWatch user guide, "Contributor Insights rule syntax reference". An event that lacks a key, or the value,
does not contribute.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.insights import Row
from glasshouse.services.cloudwatch.errors import InvalidParameterValueException

SCHEMA = "CloudWatchLogRule"
MOST_KEYS, MOST_FILTERS = 4, 4
_COLUMN = re.compile(r'\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+)')
_INDEX = re.compile(r"\[(\d+)\]")
Event = Callable[[str], str | None]  # what an event has under a key


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compared(compare: Callable[[float, float], bool]) -> Callable[[str | None, Any], bool]:
    def test(value: str | None, operand: Any) -> bool:
        number, limit = _number(value or ""), _number(str(operand))
        return number is not None and limit is not None and compare(number, limit)

    return test


def _equal(value: str | None, operand: Any) -> bool:
    if value is None:
        return False
    number, other = _number(value), _number(str(operand))
    return value == _text(operand) or (number is not None and number == other)


OPERATORS: dict[str, Callable[[str | None, Any], bool]] = {
    "In": lambda value, operand: any(_equal(value, one) for one in operand),
    "NotIn": lambda value, operand: value is not None and not any(_equal(value, one) for one in operand),
    "StartsWith": lambda value, operand: value is not None and value.startswith(tuple(map(str, operand))),
    "GreaterThan": _compared(lambda value, limit: value > limit),
    "LessThan": _compared(lambda value, limit: value < limit),
    "EqualTo": _equal,
    "NotEqualTo": lambda value, operand: value is not None and not _equal(value, operand),
    "IsPresent": lambda value, operand: (value is not None) is bool(operand),
}
LISTS = ("In", "NotIn", "StartsWith")


@dataclass(frozen=True)
class Definition:
    """What a rule says."""

    groups: list[str]
    is_json: bool
    keys: list[str]
    value_of: str | None
    filters: list[tuple[str, str, Any]]  # match, operator, operand
    fields: dict[str, int] = field(default_factory=dict)  # the columns' names

    def contribution(self, message: str) -> tuple[tuple[str, ...], float] | None:
        """The keys of whoever contributes, and how much."""
        event = self._event(message)
        keys = [event(key) for key in self.keys]
        value = _number(event(self.value_of) or "") if self.value_of else 1.0
        if value is None or any(key is None for key in keys):
            return None
        if not all(OPERATORS[operator](event(match), operand) for match, operator, operand in self.filters):
            return None
        return tuple(key or "" for key in keys), value

    def _event(self, message: str) -> Event:
        if self.is_json:
            found = Row({"@message": message}).discovered
            return lambda key: _text(found.get(_path(key)))
        columns = [next(filter(None, found.groups()), "") for found in _COLUMN.finditer(message)]

        def column(key: str) -> str | None:
            place = self.fields.get(key) or int(re.sub(r"\D", "", key) or 0)
            return columns[place - 1] if 0 < place <= len(columns) else None

        return column


def read_definition(text: str) -> Definition:
    """Raises InvalidParameterValueException."""
    try:
        said = documents.read(text)
    except ValueError:
        raise InvalidParameterValueException("The rule definition is not valid JSON.") from None
    for wrong in _wrongs(said):
        raise InvalidParameterValueException(f"The rule definition is invalid: {wrong}")
    contribution = said["Contribution"]
    filters = [
        (one["Match"], name, operand)
        for one in contribution.get("Filters") or ()
        for name, operand in one.items()
        if name != "Match"
    ]
    groups = [*said.get("LogGroupNames", ()), *(_group_name(arn) for arn in said.get("LogGroupARNs", ()))]
    return Definition(
        groups, said.get("LogFormat") == "JSON", contribution["Keys"],
        contribution.get("ValueOf") if said.get("AggregateOn") == "Sum" else None, filters,
        {name: int(place) for place, name in said.get("Fields", {}).items()},
    )  # fmt: skip


def _wrongs(said: Any) -> Iterator[str]:
    if not isinstance(said, dict) or said.get("Schema") != {"Name": SCHEMA, "Version": 1}:
        yield f"Schema must be the version 1 of {SCHEMA}"
        return
    if said.get("LogFormat") not in ("JSON", "CLF"):
        yield "LogFormat must be JSON or CLF"
    if said.get("AggregateOn") not in ("Count", "Sum"):
        yield "AggregateOn must be Count or Sum"
    if not _is_texts(said.get("LogGroupNames", said.get("LogGroupARNs"))):
        yield "LogGroupNames must be a list of names"
    fields = said.get("Fields", {})
    if not isinstance(fields, dict) or not all(place.isdecimal() and int(place) for place in fields):
        yield "Fields must name columns by their numbers"
    contribution = said.get("Contribution")
    if not isinstance(contribution, dict) or not _is_texts(contribution.get("Keys"), MOST_KEYS):
        yield f"Contribution must have 1 to {MOST_KEYS} Keys"
        return
    if said.get("AggregateOn") == "Sum" and not isinstance(contribution.get("ValueOf"), str):
        yield "ValueOf is needed to aggregate on Sum"
    yield from _wrong_filters(contribution.get("Filters", []))


def _wrong_filters(filters: Any) -> Iterator[str]:
    if not isinstance(filters, list) or len(filters) > MOST_FILTERS:
        yield f"Filters must be a list of {MOST_FILTERS} at most"
        return
    for one in filters:
        names = one.keys() - {"Match"} if isinstance(one, dict) and isinstance(one.get("Match"), str) else set()
        if len(names) != 1 or not names <= OPERATORS.keys():
            yield f"a filter must have a Match and one of {', '.join(OPERATORS)}"
            continue
        (name,) = names
        if isinstance(one[name], list) is not (name in LISTS):
            yield f"the operand of {name} is not of its kind"


def _is_texts(value: Any, most: int = 100) -> bool:
    return isinstance(value, list) and 0 < len(value) <= most and all(isinstance(one, str) and one for one in value)


def _group_name(arn: str) -> str:
    return arn.split(":log-group:")[-1].removesuffix(":*")


def _path(key: str) -> str:
    """A path such as `$.a[0].b`, as discovered fields are called: `a.0.b`."""
    return _INDEX.sub(r".\1", key.removeprefix("$.")).removeprefix(".")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
