"""One comparison, as JSON selectors and columns both have it: `= 4*`, `>= 100`, `!= "a b"`, `= %re%`."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from glasshouse.engines.filterpattern.errors import InvalidPattern

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
ORDER: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True)
class Comparison:
    """A test of one value, written as text or number."""

    operator: str
    number: float | None
    expression: re.Pattern | None

    def holds(self, value: str | float | int | bool | None) -> bool:
        if value is None or isinstance(value, bool):
            return False
        if self.number is not None:
            found = _number(value)
            return ORDER[self.operator](found, self.number) if found is not None else self.operator == "!="
        assert self.expression is not None
        return (self.expression.search(str(value)) is not None) == (self.operator == "=")


def comparison(operator: str, operand: str) -> Comparison:
    """From an operator and its operand as written. Raises InvalidPattern."""
    if operand.startswith("%"):
        expression = regular_expression(operand)
    elif operand.startswith('"'):
        expression = _wildcards(operand[1:-1].replace('\\"', '"'))
    elif NUMBER.fullmatch(operand):
        return Comparison(operator, float(operand), None)
    else:
        expression = _wildcards(operand)
    if operator not in ("=", "!="):
        raise InvalidPattern(f"{operator} needs a number, not {operand}")
    return Comparison(operator, None, expression)


def regular_expression(operand: str) -> re.Pattern:
    """`%...%`, searched for anywhere in the value. Groups are not in the syntax, so it cannot run away."""
    if re.search(r"(?<!\\)(?:\\\\)*[()]", operand):
        raise InvalidPattern(f"{operand} has parentheses, which regular expressions in filter patterns do not take")
    try:
        return re.compile(operand[1:-1])
    except re.error as failure:
        raise InvalidPattern(f"{operand} is not a regular expression: {failure}") from None


def _wildcards(text: str) -> re.Pattern:
    return re.compile("^" + ".*".join(map(re.escape, text.split("*"))) + r"\Z", re.DOTALL)


def _number(value: str | float | int) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    return float(value) if NUMBER.fullmatch(value) else None
