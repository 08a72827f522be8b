"""The condition operators: for each, how a value of the request is compared with the values of the policy.

An operator makes, of the policy's values, a test of one value of the request. A value that is not of the operator's
type (a word where a number is due) matches nothing. Operator names are read without regard to case, as IAM reads them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from .patterns import Context, PatternSet, Piece, Template, read_pieces, resolve

Test = Callable[[str, Context], bool]
T = TypeVar("T")
Ordered = TypeVar("Ordered", Decimal, float)

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_SECONDS = re.compile(r"-?([0-9]{1,3}|[0-9]{5,15})")


@dataclass(frozen=True, slots=True)
class OperatorKind:
    """One operator: its family, whether it is negated, and what makes its test of the policy's values."""

    name: str
    family: str
    negated: bool
    make: Callable[[Sequence[str], bool], Test]


def _string_equals(values: Sequence[str], variables: bool) -> Test:
    patterns = PatternSet([read_pieces(value, variables, wildcards=False) for value in values])
    return patterns.matches


def _string_equals_ignoring_case(values: Sequence[str], variables: bool) -> Test:
    folded = [read_pieces(value, variables, wildcards=False) for value in values]

    def test(value: str, context: Context) -> bool:
        wanted = value.casefold()
        for pieces in folded:
            resolved = resolve(pieces, context)
            if resolved is not None and _text(resolved).casefold() == wanted:
                return True
        return False

    return test


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(getattr(piece, "text", "") for piece in pieces)


def _string_like(values: Sequence[str], variables: bool) -> Test:
    return PatternSet([read_pieces(value, variables) for value in values]).matches


def _arn_like(values: Sequence[str], variables: bool) -> Test:
    patterns = [_arn_pattern(value, variables) for value in values]

    def test(value: str, context: Context) -> bool:
        parts = value.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            return False
        return any(pattern(parts, context) for pattern in patterns)

    return test


def _arn_pattern(value: str, variables: bool) -> Callable[[list[str], Context], bool]:
    """Each of an ARN's six parts is compared separately; a pattern cut short after a star stands for any rest."""
    parts = [Template(read_pieces(part, variables)) for part in _arn_parts(value)]
    if len(parts) < 6 and not value.endswith("*"):
        return lambda arn, context: False

    def test(arn: list[str], context: Context) -> bool:
        return all(part.matches(text, context) for text, part in zip(arn, parts, strict=False))

    return test


def _arn_parts(value: str) -> list[str]:
    """The colon-separated parts of an ARN pattern; a colon within ${...} separates nothing."""
    parts, depth = [""], 0
    for at, character in enumerate(value):
        if value.startswith("${", at):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        if character == ":" and not depth and len(parts) < 6:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def read_number(text: str) -> Decimal | None:
    return Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else None


def read_date(text: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date (as far as W3C's note goes) or of a count of seconds."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat({4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _boolean(values: Sequence[str], variables: bool) -> Test:
    wanted = {"true", "false"}.intersection(value.lower() for value in values)
    return lambda value, context: value.lower() in wanted


def _ordered(read: Callable[[str], T | None], holds: Callable[[T, T], bool]) -> Callable[[Sequence[str], bool], Test]:
    def make(values: Sequence[str], variables: bool) -> Test:
        limits = [limit for value in values if (limit := read(value)) is not None]

        def test(value: str, context: Context) -> bool:
            actual = read(value)
            return actual is not None and any(holds(actual, limit) for limit in limits)

        return test

    return make


def _ip_address(values: Sequence[str], variables: bool) -> Test:
    networks = [network for value in values if (network := read_network(value)) is not None]
    masks = [(network.version, int(network.network_address), int(network.netmask)) for network in networks]

    def test(value: str, context: Context) -> bool:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        number = int(address)
        return any(version == address.version and number & mask == base for version, base, mask in masks)

    return test


def read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _binary_equals(values: Sequence[str], variables: bool) -> Test:
    exact = frozenset(values)
    return lambda value, context: value in exact


def _null(values: Sequence[str], variables: bool) -> Test:
    """Never called on a value: whether the key is there is asked of the context (see conditions.py)."""
    return lambda value, context: False


def _equal(left: object, right: object) -> bool:
    return left == right


def _all_operators() -> list[OperatorKind]:
    return [
        *_pair("String", "StringEquals", "StringNotEquals", _string_equals),
        *_pair("String", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _string_equals_ignoring_case),
        *_pair("String", "StringLike", "StringNotLike", _string_like),
        *_comparisons("Numeric", read_number),
        *_comparisons("Date", read_date),
        OperatorKind("Bool", "Bool", False, _boolean),
        OperatorKind("BinaryEquals", "Binary", False, _binary_equals),
        *_pair("IpAddress", "IpAddress", "NotIpAddress", _ip_address),
        *_pair("Arn", "ArnEquals", "ArnNotEquals", _arn_like),
        *_pair("Arn", "ArnLike", "ArnNotLike", _arn_like),
        OperatorKind("Null", "Null", False, _null),
    ]


def _pair(family: str, name: str, negated: str, make: Callable[[Sequence[str], bool], Test]) -> list[OperatorKind]:
    return [OperatorKind(name, family, False, make), OperatorKind(negated, family, True, make)]


def _comparisons(family: str, read: Callable[[str], Ordered | None]) -> list[OperatorKind]:
    equals = _ordered(read, _equal)
    return [
        *_pair(family, f"{family}Equals", f"{family}NotEquals", equals),
        OperatorKind(f"{family}LessThan", family, False, _ordered(read, lambda left, right: left < right)),
        OperatorKind(f"{family}LessThanEquals", family, False, _ordered(read, lambda left, right: left <= right)),
        OperatorKind(f"{family}GreaterThan", family, False, _ordered(read, lambda left, right: left > right)),
        OperatorKind(f"{family}GreaterThanEquals", family, False, _ordered(read, lambda left, right: left >= right)),
    ]


OPERATORS = {operator.name.lower(): operator for operator in _all_operators()}
QUALIFIERS = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
VARIABLE_FAMILIES = frozenset({"String", "Arn"})
