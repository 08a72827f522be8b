"""Rules: what the value of one field may be.

Numbers are compared as numbers, never with strings; `true`, `false` and `null` are themselves only.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from .errors import InvalidPattern

Test = Callable[[Any], bool]
LARGEST = 1e9
LOWER, UPPER = (">", ">="), ("<", "<=")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`test` judges a value; `absent` says whether the rule holds for a field that is not there."""

    test: Test
    absent: bool = False


def compile_rule(raw: Any) -> Rule:
    """A literal, or an operator with its operand. Raises InvalidPattern."""
    if isinstance(raw, list):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    if not isinstance(raw, Mapping):
        return Rule(_equals(raw))
    name, operand = _single(raw)
    if name not in OPERATORS:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return OPERATORS[name](name, operand)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _single(raw: Mapping) -> tuple[str, Any]:
    if len(raw) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    return next(iter(raw.items()))


def _equals(literal: Any) -> Test:
    if is_number(literal):
        return lambda value: is_number(value) and value == literal
    return lambda value: type(value) is type(literal) and value == literal


def _of_strings(test: Callable[[str], bool]) -> Rule:
    return Rule(lambda value: isinstance(value, str) and test(value))


def _text(name: str, operand: Any) -> str:
    if not isinstance(operand, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return operand


def _text_and_fold(name: str, operand: Any) -> tuple[str, Callable[[str], str]]:
    """The operand of prefix and suffix, and what is done to a value before it is compared."""
    if isinstance(operand, Mapping) and list(operand) == ["equals-ignore-case"]:
        return _text(name, operand["equals-ignore-case"]).casefold(), str.casefold
    return _text(name, operand), str


def _prefix(name: str, operand: Any) -> Rule:
    text, fold = _text_and_fold(name, operand)
    return _of_strings(lambda value: fold(value).startswith(text))


def _suffix(name: str, operand: Any) -> Rule:
    text, fold = _text_and_fold(name, operand)
    return _of_strings(lambda value: fold(value).endswith(text))


def _equals_ignore_case(name: str, operand: Any) -> Rule:
    text = _text(name, operand).casefold()
    return _of_strings(lambda value: value.casefold() == text)


def _wildcard(name: str, operand: Any) -> Rule:
    """`*` stands for any characters; `\\*` and `\\\\` for themselves."""
    text, parts, position = _text(name, operand), [], 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
            if position == len(text) or text[position] not in "*\\":
                raise InvalidPattern(f"Invalid escape character at pos {position - 1}")
            parts.append(re.escape(text[position]))
        elif character == "*" and parts and parts[-1] == ".*":
            raise InvalidPattern(f"Consecutive wildcard characters at pos {position - 1}")
        else:
            parts.append(".*" if character == "*" else re.escape(character))
        position += 1
    matcher = re.compile("".join(parts), re.DOTALL)
    return _of_strings(lambda value: matcher.fullmatch(value) is not None)


def _exists(name: str, operand: Any) -> Rule:
    if not isinstance(operand, bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    return Rule(lambda value: operand, absent=not operand)


def _cidr(name: str, operand: Any) -> Rule:
    text = _text(name, operand)
    if text.count("/") != 1:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    try:
        network = ip_network(text, strict=False)
    except ValueError as wrong:
        raise InvalidPattern(f"Malformed CIDR: {wrong}") from None

    def contains(value: str) -> bool:
        try:
            address = ip_address(value)
        except ValueError:
            return False
        return address.version == network.version and address in network

    return _of_strings(contains)


def _anything_but(name: str, operand: Any) -> Rule:
    if isinstance(operand, Mapping):
        nested, inner = _single(operand)
        if nested not in NEGATED:
            raise InvalidPattern(f"Unsupported anything-but pattern: {nested}")
        excluded = [OPERATORS[nested](nested, value).test for value in (inner if isinstance(inner, list) else [inner])]
    else:
        literals = operand if isinstance(operand, list) else [operand]
        strings = [value for value in literals if isinstance(value, str)]
        if not literals or len(strings) not in (0, len(literals)) or not all(map(_is_word_or_number, literals)):
            raise InvalidPattern(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        excluded = [_equals(literal) for literal in literals]
    return Rule(lambda value: not any(test(value) for test in excluded))


def _is_word_or_number(value: Any) -> bool:
    return isinstance(value, str) or is_number(value)


def _numeric(name: str, operand: Any) -> Rule:
    if not isinstance(operand, list):
        raise InvalidPattern("Value of numeric must be an array.")
    members = iter(operand)
    operator = next(members, "]")
    if not isinstance(operator, str) or operator == "]":
        raise InvalidPattern(f"Invalid member in numeric match: {operator}")
    if operator not in COMPARISONS:
        raise InvalidPattern(f"Unrecognized numeric range operator: {operator}")
    bounds = [(operator, _bound(operator, next(members, None)))]
    rest = list(members)
    if rest:
        bounds.append(_top(operator, bounds[0][1], rest))
    return Rule(
        lambda value: is_number(value) and all(COMPARISONS[operator](value, bound) for operator, bound in bounds)
    )


def _top(operator: str, bottom: float, rest: list) -> tuple[str, float]:
    """The second half of a range."""
    if operator not in LOWER:
        raise InvalidPattern("Too many elements in numeric expression")
    if not isinstance(rest[0], str):
        raise InvalidPattern(f"Bad value in numeric range: {rest[0]}")
    if rest[0] not in UPPER:
        raise InvalidPattern(f"Bad numeric range operator: {rest[0]}")
    top = _bound(rest[0], rest[1] if len(rest) > 1 else None)
    if len(rest) > 2:
        raise InvalidPattern("Too many terms in numeric range expression")
    if bottom >= top:
        raise InvalidPattern("Bottom must be less than top")
    return rest[0], top


def _bound(operator: str, value: Any) -> float:
    if not is_number(value):
        raise InvalidPattern(f"Value of {'equals' if operator == '=' else operator} must be numeric")
    if abs(value) > LARGEST:
        raise InvalidPattern(f"Value must be between {-LARGEST} and {LARGEST}, inclusive")
    return value


NEGATED = ("prefix", "suffix", "equals-ignore-case", "wildcard")
OPERATORS: dict[str, Callable[[str, Any], Rule]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
