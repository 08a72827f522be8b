"""The placeholders of a request: which names and values its expressions may use, and which of them they do."""

import re

from .invalid import Invalid, NoValue, WrongValue
from .nodes import Constant, Path
from .values import Item, Value, measure

_NAME = re.compile(r"#[A-Za-z0-9_]+").fullmatch
_VALUE = re.compile(r":[A-Za-z0-9_]+").fullmatch
Steps = tuple[str | int, ...]


class Names:
    """Resolves placeholders and remembers those it resolved. Raises Invalid."""

    def __init__(self, names: dict[str, str] | None, values: Item | None):
        self._names, self._values = names or {}, values or {}
        self._unused_names, self._unused_values = set(self._names), set(self._values)
        if names is not None:
            _check_names(names)
        if values is not None:
            _check_values(values)

    def path(self, path: Path) -> Steps:
        return tuple(self._name(step) if isinstance(step, str) and step[0] == "#" else step for step in path.steps)

    def value(self, constant: Constant) -> Value:
        value = self._values.get(constant.name)
        if value is None:
            raise Invalid(
                "An expression attribute value used in expression is not defined; attribute value: " + constant.name
            )
        self._unused_values.discard(constant.name)
        return value

    def check_all_used(self):
        """To be called when all expressions have been read."""
        for kind, unused in (("Names", self._unused_names), ("Values", self._unused_values)):
            if unused:
                keys = ", ".join(sorted(unused))
                raise Invalid(f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{keys}}}")

    def _name(self, placeholder: str) -> str:
        name = self._names.get(placeholder)
        if name is None:
            raise Invalid(
                "An expression attribute name used in the document path is not defined; attribute name: " + placeholder
            )
        self._unused_names.discard(placeholder)
        return name


def printed(steps: Steps) -> str:
    """A path as messages tell of it: [a, [1], b]."""
    return "[" + ", ".join(f"[{step}]" if isinstance(step, int) else step for step in steps) + "]"


def check_apart(paths: list[Steps]):
    """Refuse paths of which one lies within another, or that take the same thing for a list and for a map."""
    for number, later in enumerate(paths):
        for earlier in paths[:number]:
            _check_pair(earlier, later)


def _check_pair(one: Steps, two: Steps):
    for left, right in zip(one, two, strict=False):
        if type(left) is not type(right):
            raise _clash("conflict", one, two)
        if left != right:
            return
    raise _clash("overlap", one, two)


def _clash(how: str, one: Steps, two: Steps) -> Invalid:
    return Invalid(
        f"Two document paths {how} with each other; must remove or rewrite one of these paths;"
        f" path one: {printed(one)}, path two: {printed(two)}"
    )


def _check_names(names: dict[str, str]):
    if not names:
        raise Invalid("ExpressionAttributeNames must not be empty")
    for key, name in names.items():
        if not _NAME(key):
            raise Invalid(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"')
        if not name:
            raise Invalid("ExpressionAttributeNames contains invalid value: Empty attribute name for key " + key)


def _check_values(values: Item):
    if not values:
        raise Invalid("ExpressionAttributeValues must not be empty")
    for key, value in values.items():
        if not _VALUE(key):
            raise Invalid(f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{key}"')
        try:
            measure(value)
        except Invalid as wrong:
            told = f"ExpressionAttributeValues contains invalid value: {wrong} for key {key}"
            raise WrongValue(told, told if isinstance(wrong, NoValue) else str(wrong)) from None
