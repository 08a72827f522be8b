"""Expressions: parsed by precedence into functions of a row."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from glasshouse.engines.insights.errors import InvalidQuery
from glasshouse.engines.insights.functions import FUNCTIONS, TIMES, duration_ms
from glasshouse.engines.insights.rows import Row, number, text
from glasshouse.engines.insights.tokens import Tokens, unquoted

Value = Callable[[Row], Any]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}
COMPUTE: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
    "^": lambda left, right: left**right,
}
DEPTH = 50


class Expression(NamedTuple):
    """What to compute, how it was written (which names its column), and whether it is a moment in milliseconds."""

    value: Value
    written: str
    is_time: bool = False


def expression(tokens: Tokens) -> Expression:
    """A whole expression, conditions included."""
    start = tokens.peek().position
    value, is_time = _either(tokens, 0)
    return Expression(value, tokens.query[start : tokens.position].strip(), is_time)


def _either(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    if depth > DEPTH:
        raise InvalidQuery("the expression is nested too deeply", tokens.position)
    left, is_time = _both(tokens, depth)
    while tokens.take("or"):
        left, is_time = _or(left, _both(tokens, depth)[0]), False
    return left, is_time


def _or(left: Value, right: Value) -> Value:
    return lambda row: truth(left(row)) or truth(right(row))


def _both(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    left, is_time = _not(tokens, depth)
    while tokens.take("and"):
        left, is_time = _and(left, _not(tokens, depth)[0]), False
    return left, is_time


def _and(left: Value, right: Value) -> Value:
    return lambda row: truth(left(row)) and truth(right(row))


def _not(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    if not tokens.take("not"):
        return _condition(tokens, depth)
    if depth > DEPTH:
        raise InvalidQuery("the expression is nested too deeply", tokens.position)
    value, _ = _not(tokens, depth + 1)
    return lambda row: not truth(value(row)), False


def _condition(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    left, is_time = _sum(tokens, depth)
    negated = bool(tokens.take("not"))
    if tokens.take("like", "=~"):
        test = _like(tokens)
    elif tokens.take("in"):
        test = _member(tokens, depth)
    elif not negated and (sign := tokens.take(*COMPARE)):
        right, _ = _sum(tokens, depth)
        return lambda row: _compare(sign, left(row), right(row)), False
    elif negated:
        raise tokens.unexpected()
    else:
        return left, is_time
    return lambda row: test(row, left(row)) != negated, False


def _like(tokens: Tokens) -> Callable[[Row, Any], bool]:
    if (pattern := tokens.regex()) is not None:
        return lambda row, value: value is not None and pattern.search(text(value)) is not None
    token = tokens.next()
    if token.kind != "string":
        raise InvalidQuery(f"unexpected symbol found {token.text}", token.position)
    part = unquoted(token)
    if "%" in part:
        # SQL's wildcard, as the manual's own examples use it.
        sql = re.compile(".*".join(map(re.escape, part.split("%"))), re.DOTALL)
        return lambda row, value: value is not None and sql.fullmatch(text(value)) is not None
    return lambda row, value: value is not None and part in text(value)


def _member(tokens: Tokens, depth: int) -> Callable[[Row, Any], bool]:
    tokens.expect("[")
    items = [_sum(tokens, depth)[0]]
    while tokens.take(","):
        items.append(_sum(tokens, depth)[0])
    tokens.expect("]")
    return lambda row, value: any(_compare("=", value, item(row)) for item in items)


def _sum(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    return _chain(
        tokens, depth, ("+", "-"), lambda: _chain(tokens, depth, ("*", "/", "%"), lambda: _power(tokens, depth))
    )


def _chain(tokens: Tokens, depth: int, signs: tuple[str, ...], operand: Callable[[], tuple[Value, bool]]):
    left, is_time = operand()
    while sign := tokens.take(*signs):
        left, is_time = _computed(sign, left, operand()[0]), False
    return left, is_time


def _power(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    base, is_time = _atom(tokens, depth)
    if tokens.take("^"):
        return _computed("^", base, _atom(tokens, depth)[0]), False
    return base, is_time


def _computed(sign: str, left: Value, right: Value) -> Value:
    def compute(row: Row) -> float | None:
        first, second = number(left(row)), number(right(row))
        if first is None or second is None:
            return None
        try:
            result = COMPUTE[sign](first, second)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if isinstance(result, float) else None

    return compute


def _atom(tokens: Tokens, depth: int) -> tuple[Value, bool]:
    token = tokens.next()
    match token.kind:
        case "string":
            constant: Any = unquoted(token)
        case "number":
            constant = float(token.text)
        case "duration":
            constant = duration_ms(token.text)
        case "field":
            name = token.text[1:-1]
            return lambda row: row.get(name), False
        case "name":
            return _named(tokens, token.text, token.position, depth)
        case "symbol" if token.text == "(":
            value, is_time = _either(tokens, depth + 1)
            tokens.expect(")")
            return value, is_time
        case "symbol" if token.text == "-":
            return _computed("-", lambda row: 0.0, _atom(tokens, depth + 1)[0]), False
        case _:
            tokens.position = token.position
            raise tokens.unexpected()
    return lambda row: constant, False


def _named(tokens: Tokens, name: str, position: int, depth: int) -> tuple[Value, bool]:
    """A field, or the call of a function."""
    if not tokens.take("("):
        return lambda row: row.get(name), name in ("@timestamp", "@ingestionTime")
    arguments: list[Value] = []
    while not tokens.take(")"):
        arguments.append(_either(tokens, depth + 1)[0])
        if not tokens.take(","):
            tokens.expect(")")
            break
    function_name = name.lower()
    if function_name == "bin":
        arguments, function_name = [lambda row: row.get("@timestamp"), *arguments], "datefloor"
    function = FUNCTIONS.get(function_name)
    if function is None:
        raise InvalidQuery(f"unknown function {name}", position)
    return _called(function, arguments, name, position), function_name in TIMES


def _called(function: Callable, arguments: list[Value], name: str, position: int) -> Value:
    try:
        function(*([None] * len(arguments)))
    except TypeError:
        raise InvalidQuery(f"{name} does not take {len(arguments)} arguments", position) from None
    return lambda row: function(*(argument(row) for argument in arguments))


def _compare(sign: str, left: Any, right: Any) -> bool:
    """Numbers as numbers where both are, else as texts; what is missing differs from everything."""
    if left is None or right is None:
        return sign == "!=" and left is not right
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return COMPARE[sign](first, second)
    return COMPARE[sign](text(left), text(right))


def truth(value: Any) -> bool:
    return bool(value) and value != "0"
