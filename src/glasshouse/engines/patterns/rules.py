"""Rules: what the value of one field may be.

Numbers are compared as numbers, never with strings; `true`, `false` and `null` are themselves only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from . import wildcards
from .addresses import contains
from .errors import InvalidPattern
from .reading import NAME, NUMBER, STRING, WORD, Reader, Token

Test = Callable[[Any], bool]
ONE_KEY = "Only one key allowed in match expression"
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
    """`test` judges a value; `absent` says whether the rule holds for a field that is not there.

    `key`, if there is one, is what an index can find the rule by: ("exact", value), ("fold", text), ("prefix", text),
    ("suffix", text) or ("range", (low, high)). `complexity` is that of a wildcard.
    """

    test: Test
    absent: bool = False
    key: tuple[str, Any] | None = None
    complexity: int = 0


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class RuleReader:
    """Reads what stands in the array of a field. `largest` is the greatest number that can be compared."""

    def __init__(self, reader: Reader, largest: float):
        self._reader, self._largest = reader, largest
        self._operators: dict[str, Callable[[str], Rule]] = {
            "anything-but": self._anything_but,
            "cidr": self._cidr,
            "equals-ignore-case": self._equals_ignore_case,
            "exists": self._exists,
            "numeric": self._numeric,
            "prefix": self._prefix,
            "suffix": self._suffix,
            "wildcard": self._wildcard,
        }

    def rules(self) -> list[Rule]:
        """The rules up to the end of the array."""
        found = []
        while (token := self._reader.next()).kind != "]":
            if token.kind == "{":
                found.append(self._expression())
            elif token.kind in (STRING, NUMBER, WORD):
                found.append(_exact(self._reader.read(token)))
            else:
                raise self._reader.refuse("Match value must be String, number, true, false, or null")
        if not found:
            raise self._reader.refuse("Empty arrays are not allowed")
        return found

    def _expression(self) -> Rule:
        token = self._reader.next()
        if token.kind != NAME:
            raise self._reader.refuse("Match expression name not found")
        if token.value not in self._operators:
            raise self._reader.refuse(f"Unrecognized match type {token.value}")
        return self._operators[token.value](token.value)

    # Operators

    def _prefix(self, name: str) -> Rule:
        text, fold = self._text_and_fold(name)
        return _of_strings(lambda value: fold(value).startswith(text), None if fold is str.casefold else (name, text))

    def _suffix(self, name: str) -> Rule:
        text, fold = self._text_and_fold(name)
        return _of_strings(lambda value: fold(value).endswith(text), None if fold is str.casefold else (name, text))

    def _text_and_fold(self, name: str) -> tuple[str, Callable[[str], str]]:
        """The operand of prefix and suffix, and what is done to a value before it is compared."""
        token = self._reader.next()
        if token.kind != "{":
            text = self._text(token, f"{name} match pattern must be a string")
            self._close()
            return text, str
        inner = self._reader.next()
        if inner.kind != NAME:
            raise self._reader.refuse(f"{name.capitalize()} expression name not found")
        if inner.value != "equals-ignore-case":
            raise self._reader.refuse(f"Unsupported {name} pattern: {inner.value}")
        text = self._text(self._reader.next(), "equals-ignore-case match pattern must be a string")
        self._close()
        self._close()
        return text.casefold(), str.casefold

    def _equals_ignore_case(self, name: str) -> Rule:
        text = self._text(self._reader.next(), f"{name} match pattern must be a string").casefold()
        self._close()
        return _of_strings(lambda value: value.casefold() == text, ("fold", text))

    def _wildcard(self, name: str) -> Rule:
        parts = self._parts(self._reader.next())
        self._close()
        start, fits = wildcards.beginning(parts), wildcards.matcher(parts).fullmatch
        key = ("prefix", start) if start else None
        return _of_strings(lambda value: fits(value) is not None, key, wildcards.complexity(parts))

    def _exists(self, name: str) -> Rule:
        operand = self._reader.next()
        if operand.value is not True and operand.value is not False:
            raise self._reader.refuse("exists match pattern must be either true or false.")
        self._close()
        return Rule(lambda value: operand.value, absent=not operand.value)

    def _cidr(self, name: str) -> Rule:
        # Event Ruler does say "prefix" here.
        text = self._text(self._reader.next(), "prefix match pattern must be a string")
        inside = contains(text)
        self._close()
        return _of_strings(inside)

    # anything-but

    def _anything_but(self, name: str) -> Rule:
        token, nested = self._reader.next(), None
        if token.kind == "{":
            inner = self._reader.next()
            if inner.kind != NAME:
                raise self._reader.refuse("Anything-But expression name not found")
            nested = inner.value
            if nested not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
                raise self._reader.refuse(f"Unsupported anything-but pattern: {nested}")
            token = self._reader.next()
        if token.kind not in ("[", STRING, NUMBER):
            raise self._reader.refuse("Value of anything-but must be an array or single string/number value.")
        excluded = self._several(nested) if token.kind == "[" else [self._excluded(nested, token)]
        for _ in range(2 if nested else 1):
            if self._reader.next().kind != "}":
                raise self._reader.refuse("Too many elements in numeric expression")
        tests = [rule.test for rule in excluded]
        most = max(rule.complexity for rule in excluded) if excluded else 0
        return Rule(lambda value: not any(test(value) for test in tests), complexity=most)

    def _several(self, nested: str | None) -> list[Rule]:
        excluded, kinds = [], set()
        try:
            while (token := self._reader.next()).kind != "]":
                excluded.append(self._excluded(nested, token))
                kinds.add(token.kind)
        except InvalidPattern as refused:
            raise refused.again(self._reader.place()) from None
        if nested is None and len(kinds) != 1:
            raise self._reader.refuse(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        return excluded

    def _excluded(self, nested: str | None, token: Token) -> Rule:
        if nested is None:
            if token.kind not in (STRING, NUMBER):
                raise self._reader.refuse("Inside anything but list, start|null|boolean is not supported.")
            return _exact(self._reader.read(token))
        if nested == "wildcard":
            parts = self._parts(token)
            fits = wildcards.matcher(parts).fullmatch
            return _of_strings(lambda value: fits(value) is not None, complexity=wildcards.complexity(parts))
        if nested == "equals-ignore-case":
            folded = self._text(
                token,
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
            ).casefold()
            return _of_strings(lambda value: value.casefold() == folded)
        text = self._text(token, "prefix/suffix match pattern must be a string")
        if not text:
            raise self._reader.refuse("Null prefix/suffix not allowed")
        if nested == "prefix":
            return _of_strings(lambda value: value.startswith(text))
        return _of_strings(lambda value: value.endswith(text))

    # numeric

    def _numeric(self, name: str) -> Rule:
        if self._reader.next().kind != "[":
            raise self._reader.refuse("Value of numeric must be an array.")
        token = self._reader.next()
        if token.kind != STRING:
            raise self._reader.refuse(f"Invalid member in numeric match: {_spelled(token)}")
        operator = self._reader.read(token)
        operand = self._reader.next()
        if operator not in COMPARISONS:
            raise self._reader.refuse(f"Unrecognized numeric range operator: {operator}")
        bounds = [(operator, self._bound(operator, operand))]
        token = self._reader.next()
        if token.kind != "]":
            bounds.append(self._top(operator, bounds[0][1], token))
        if self._reader.next().kind != "}":
            raise self._reader.refuse("Too many elements in numeric expression")
        key = ("exact", bounds[0][1]) if operator == "=" else ("range", _range(bounds))
        return Rule(
            lambda value: is_number(value) and all(COMPARISONS[sign](value, bound) for sign, bound in bounds), key=key
        )

    def _top(self, operator: str, bottom: float, token: Token) -> tuple[str, float]:
        """The second half of a range."""
        if operator not in LOWER:
            raise self._reader.refuse("Too many elements in numeric expression")
        if token.kind != STRING:
            raise self._reader.refuse(f"Bad value in numeric range: {_spelled(token)}")
        upper = self._reader.read(token)
        if upper not in UPPER:
            raise self._reader.refuse(f"Bad numeric range operator: {upper}")
        top = self._bound(upper, self._reader.next())
        if self._reader.next().kind != "]":
            raise self._reader.refuse("Too many terms in numeric range expression")
        if bottom >= top:
            raise self._reader.refuse("Bottom must be less than top")
        return upper, top

    def _bound(self, operator: str, token: Token) -> float:
        if token.kind != NUMBER:
            raise self._reader.refuse(f"Value of {'equals' if operator == '=' else operator} must be numeric")
        if abs(token.value) > self._largest:
            largest = f"{self._largest / 1e9}E9"
            raise self._reader.refuse(f"Value must be between -{largest} and {largest}, inclusive")
        return token.value

    # Within

    def _text(self, token: Token, otherwise: str) -> str:
        if token.kind != STRING:
            raise self._reader.refuse(otherwise)
        return self._reader.read(token)

    def _parts(self, token: Token) -> wildcards.Parts:
        text = self._text(token, "wildcard match pattern must be a string")
        try:
            return wildcards.read_wildcard(text)
        except InvalidPattern as wrong:
            raise self._reader.refuse(str(wrong)) from None

    def _close(self):
        if self._reader.next().kind != "}":
            raise self._reader.refuse(ONE_KEY)


def _exact(literal: Any) -> Rule:
    if is_number(literal):
        return Rule(lambda value: is_number(value) and value == literal, key=("exact", literal))
    return Rule(lambda value: type(value) is type(literal) and value == literal, key=("exact", literal))


def _of_strings(test: Callable[[str], bool], key: tuple[str, Any] | None = None, complexity: int = 0) -> Rule:
    return Rule(lambda value: isinstance(value, str) and test(value), key=key, complexity=complexity)


def _range(bounds: list[tuple[str, float]]) -> tuple[float, float]:
    """Between which numbers the bounds lie."""
    low = max((bound for sign, bound in bounds if sign in LOWER), default=-inf)
    return low, min((bound for sign, bound in bounds if sign in UPPER), default=inf)


def _spelled(token: Token) -> str:
    if token.kind == WORD:
        return {True: "true", False: "false", None: "null"}[token.value]
    return str(token.value)
