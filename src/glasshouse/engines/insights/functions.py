"""The functions of the query language, on values that may be missing: what cannot be computed is None."""

import ipaddress
import math
from collections.abc import Callable
from typing import Any

from glasshouse.engines.insights.rows import number, text

PERIODS_S = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "mo": 2_592_000,
    "q": 7_776_000,
    "y": 31_536_000,
}


def _numeric(function: Callable[..., float]) -> Callable[..., float | None]:
    """A function of numbers that is None when one of them is not, or where it is not defined."""

    def apply(*values: Any) -> float | None:
        numbers = [number(value) for value in values]
        try:
            return None if None in numbers or not numbers else float(function(*numbers))
        except (ValueError, OverflowError):
            return None

    return apply


def _textual(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose first argument is a text that must be there."""

    def apply(value: Any, *others: Any) -> Any:
        return None if value is None else function(text(value), *others)

    return apply


def _substring(value: str, start: Any, length: Any = None) -> str:
    begin = int(number(start) or 0)
    return value[begin:] if length is None else value[begin : begin + int(number(length) or 0)]


def _floor_time(moment: Any, period_ms: Any) -> float | None:
    at, period = number(moment), number(period_ms)
    return None if at is None or not period else at - at % period


def _is_address(*versions: int) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        try:
            return ipaddress.ip_address(text(value)).version in versions
        except ValueError:
            return False

    return check


def _in_subnet(value: Any, subnet: Any) -> bool:
    try:
        return ipaddress.ip_address(text(value)) in ipaddress.ip_network(text(subnet), strict=False)
    except ValueError:
        return False


def _blank(value: Any) -> bool:
    return value is None or not text(value).strip()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _numeric(lambda value: abs(value)),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "strlen": _textual(len),
    "trim": _textual(lambda value, chars=None: value.strip(chars)),
    "ltrim": _textual(lambda value, chars=None: value.lstrip(chars)),
    "rtrim": _textual(lambda value, chars=None: value.rstrip(chars)),
    "tolower": _textual(str.lower),
    "toupper": _textual(str.upper),
    "substr": _textual(_substring),
    "replace": _textual(lambda value, old, new: value.replace(text(old), text(new))),
    "strcontains": _textual(lambda value, part: text(part) in value),
    "concat": lambda *values: "".join(text(value) for value in values if value is not None),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "isempty": lambda value: value is None or text(value) == "",
    "isblank": _blank,
    "ispresent": lambda value: value is not None,
    "datefloor": _floor_time,
    "dateceil": lambda moment, period: (
        None
        if (floor := _floor_time(moment, period)) is None
        else floor + (number(period) or 0) * (floor != number(moment))
    ),
    "frommillis": _numeric(lambda value: value),
    "tomillis": _numeric(lambda value: value),
    "isvalidip": _is_address(4, 6),
    "isvalidipv4": _is_address(4),
    "isvalidipv6": _is_address(6),
    "isipinsubnet": _in_subnet,
    "isipv4insubnet": _in_subnet,
    "isipv6insubnet": _in_subnet,
}
TIMES = {"datefloor", "dateceil", "bin", "frommillis"}  # what these return is a moment


def duration_ms(written: str) -> float:
    """`5m` in milliseconds."""
    digits = written.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits) * PERIODS_S[written[len(digits) :]] * 1000
