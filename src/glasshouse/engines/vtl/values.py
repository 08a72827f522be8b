"""Values: how they print, compare and compute, by Java's rules."""

import json
import math
from collections.abc import Sequence
from typing import Any

from glasshouse.engines.vtl.errors import TemplateError

Number = int | float


class Host:
    """An object of the host's that templates may use: `get` reads a property, `call` a method. None is nothing."""

    def get(self, name: str) -> Any:
        return None

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        raise TemplateError(f"there is no method {name}")

    def put(self, name: str, value: Any) -> None:
        raise TemplateError(f"{name} cannot be set")


class JsonArray(list):
    """A list that was read from JSON: it prints as JSON, unlike one that the template has made."""


class Entry:
    """A key and a value of a map."""

    __slots__ = ("key", "value")

    def __init__(self, key: Any, value: Any):
        self.key, self.value = key, value

    def __str__(self) -> str:
        return f"{text(self.key)}={text(self.value)}"


def text(value: Any) -> str:
    """A value as Java's toString prints it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, JsonArray):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)}={text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(text(item) for item in value) + "]"
    return str(value)


def _float(value: float) -> str:
    """As Double.toString: at least one digit behind the point, an exponent for very large and very small ones."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = repr(value)
        return plain if "e" not in plain else f"{value:f}"
    mantissa, _, exponent = f"{value:e}".partition("e")
    digits = repr(value / 10 ** int(exponent)) if abs(int(exponent)) < 300 else mantissa
    return f"{float(digits)!r}E{int(exponent)}"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_true(value: Any) -> bool:
    """Only false and nothing are not true: not zero, and not an empty text."""
    return value is not None and value is not False


def equals(left: Any, right: Any) -> bool:
    """Numbers by their value; values of different classes by how they print."""
    if left is None or right is None:
        return left is right
    if is_number(left) and is_number(right):
        return left == right
    if isinstance(left, bool) or isinstance(right, bool) or type(left) is not type(right):
        return text(left) == text(right)
    return left == right


def compare(operator: str, left: Any, right: Any) -> bool:
    """Only numbers have an order; what has none is not before, after or at anything."""
    if not (is_number(left) and is_number(right)):
        return False
    if operator == "<":
        return left < right
    if operator == ">":
        return left > right
    return left <= right if operator == "<=" else left >= right


def compute(operator: str, left: Any, right: Any) -> Any:
    """Arithmetic; a text on either side of `+` makes a text. None for what cannot be computed."""
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return text(left) + text(right)
    if not (is_number(left) and is_number(right)):
        return None
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if right == 0:
        return None
    return divide(left, right) if operator == "/" else remainder(left, right)


def divide(left: Number, right: Number) -> Number:
    """Integers divide towards zero."""
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def remainder(left: Number, right: Number) -> Number:
    """With the sign of what is divided."""
    if isinstance(left, float) or isinstance(right, float):
        return math.fmod(left, right)
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def negate(value: Any) -> Any:
    return -value if is_number(value) else None
