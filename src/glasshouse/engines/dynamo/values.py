"""Attribute values: checked, measured and compared.

A value is what the API says, a dict of one entry: its type and its content. Numbers are kept as they are printed.
"""

from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .invalid import Invalid, NoValue
from .numbers import normalized, size_bytes

__all__ = ["Invalid", "Item", "Value", "measure", "measure_item"]

Value = dict[str, Any]
Item = dict[str, Value]
TYPES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
SETS = frozenset(("SS", "NS", "BS"))
LEVELS = 32
LONGEST_NAME = 65_535
WRONG = "One or more parameter values were invalid: "


def measure_item(item: Item) -> int:
    """Check the values of an item, print its numbers as DynamoDB does, and return its size in bytes."""
    size = 0
    for name, value in item.items():
        size += (len(name) if name.isascii() else len(name.encode())) + measure(value)
        if len(name) > LONGEST_NAME:
            raise Invalid(f"{WRONG}Attribute name is too large, must be less than {LONGEST_NAME + 1} bytes")
    return size


def measure(value: Value, level: int = 1) -> int:
    """The same for a value. Raises Invalid."""
    if len(value) != 1:
        raise NoValue(_how_many(value))
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        value["N"] = number = normalized(content)
        return size_bytes(number)
    return _MEASURES[kind](value, content, level)


def kind_of(value: Value) -> str:
    return next(iter(value))


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal; the order within sets does not count."""
    if left == right:
        return True
    [(kind, content)], [(other, against)] = left.items(), right.items()
    if kind != other:
        return False
    if kind in SETS:
        return set(content) == set(against)
    if kind == "L":
        return len(content) == len(against) and all(map(same, content, against))
    if kind == "M":
        return content.keys() == against.keys() and all(same(content[name], against[name]) for name in content)
    return False


def ordered(value: Value) -> Any:
    """Something of Python that sorts as DynamoDB sorts strings (UTF-8), numbers and binary."""
    [(kind, content)] = value.items()
    return Decimal(content) if kind == "N" else content


def shown(value: Value) -> str:
    """A value as it is printed within messages."""
    [(kind, content)] = value.items()
    return f"{{{kind}:{content}}}"


def _how_many(value: Value) -> str:
    how_many = "is empty" if not value else "has more than one datatypes set"
    return f"Supplied AttributeValue {how_many}, must contain exactly one of the supported datatypes"


def _binary(value: Value, content: bytes, level: int) -> int:
    return len(content)


def _null(value: Value, content: bool, level: int) -> int:
    if content is not True:
        raise Invalid(WRONG + "Null attribute value types must have the value of true")
    return 1


def _boolean(value: Value, content: bool, level: int) -> int:
    return 1


def _strings(value: Value, content: list[str], level: int) -> int:
    if not content:
        raise Invalid(WRONG + "An string set  may not be empty")
    if "" in content:
        raise Invalid(WRONG + "An string set may not have a empty string as a member")
    if len(set(content)) < len(content):
        raise Invalid(WRONG + f"Input collection [{', '.join(content)}] contains duplicates.")
    return sum(len(text.encode()) for text in content)


def _numbers(value: Value, content: list[str], level: int) -> int:
    if not content:
        raise Invalid(WRONG + "An number set  may not be empty")
    value["NS"] = numbers = [normalized(text) for text in content]
    if len(set(numbers)) < len(numbers):
        raise Invalid("Input collection contains duplicates")
    return sum(map(size_bytes, numbers))


def _binaries(value: Value, content: list[bytes], level: int) -> int:
    if not content:
        raise Invalid(WRONG + "Binary sets should not be empty")
    if b"" in content:
        raise Invalid(WRONG + "Binary sets may not contain null or empty values")
    if len(set(content)) < len(content):
        told = ", ".join(b64encode(one).decode() for one in content)
        raise Invalid(WRONG + f"Input collection [{told}]of type BS contains duplicates.")
    return sum(map(len, content))


def _list(value: Value, content: list[Value], level: int) -> int:
    _check_level(level)
    return 3 + sum(1 + measure(element, level + 1) for element in content)


def _map(value: Value, content: dict[str, Value], level: int) -> int:
    _check_level(level)
    return 3 + sum(1 + len(name.encode()) + measure(element, level + 1) for name, element in content.items())


def _check_level(level: int):
    if level > LEVELS:
        raise Invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond"
                      " supported limit")  # fmt: skip


_MEASURES: dict[str, Callable[[Value, Any, int], int]] = {
    "B": _binary, "NULL": _null, "BOOL": _boolean, "SS": _strings, "NS": _numbers, "BS": _binaries, "L": _list,
    "M": _map,
}  # fmt: skip
