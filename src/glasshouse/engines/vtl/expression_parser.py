"""From the source of an expression to what computes it."""

import re
from typing import Any

from glasshouse.engines.vtl import expressions as to
from glasshouse.engines.vtl.expressions import Expression, Reference
from glasshouse.engines.vtl.scanner import NAME, Scanner
from glasshouse.engines.vtl.values import compare, equals

NUMBER = re.compile(r"\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+\.(?![.\d])|\d+")
WORDS = {"true": True, "false": False, "null": None}
# From the loosest to the tightest; a word stands for the sign.
LEVELS: list[dict[str, str]] = [
    {"||": "||", "or": "||"},
    {"&&": "&&", "and": "&&"},
    {"==": "==", "!=": "!=", "eq": "==", "ne": "!="},
    {"<=": "<=", ">=": ">=", "<": "<", ">": ">", "lt": "<", "gt": ">", "le": "<=", "ge": ">="},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/", "%": "%"},
]


def parse_expression(scanner: Scanner, level: int = 0) -> Expression:
    if level == len(LEVELS):
        return _operand(scanner)
    left = parse_expression(scanner, level + 1)
    while operator := _operator(scanner, LEVELS[level]):
        left = _binary(operator, left, parse_expression(scanner, level + 1))
    return left


def _operator(scanner: Scanner, names: dict[str, str]) -> str | None:
    scanner.skip_space()
    for name, sign in names.items():
        if not scanner.looks_at(name):
            continue
        if name.isalpha():
            word = NAME.match(scanner.source, scanner.at)
            if word is None or word[0] != name:
                continue
        scanner.at += len(name)
        return sign
    return None


def _binary(operator: str, left: Expression, right: Expression) -> Expression:
    if operator == "||":
        return to.Or(left, right)
    if operator == "&&":
        return to.And(left, right)
    if operator == "==":
        return to.Comparison(equals, left, right)
    if operator == "!=":
        return to.Not(to.Comparison(equals, left, right))
    if operator in LEVELS[3]:
        return to.Comparison(lambda one, two: compare(operator, one, two), left, right)
    return to.Arithmetic(operator, left, right)


def _operand(scanner: Scanner) -> Expression:
    scanner.skip_space()
    if scanner.take("!"):
        return to.Not(_operand(scanner))
    if scanner.take("("):
        inner = parse_expression(scanner)
        scanner.require(")")
        return inner
    if scanner.looks_at("$"):
        found = parse_reference(scanner)
        if found is None:
            raise scanner.error("expected a reference")
        return found[0]
    if scanner.looks_at('"') or scanner.looks_at("'"):
        return _quoted(scanner)
    if scanner.take("["):
        return _list_or_range(scanner)
    if scanner.take("{"):
        return _map(scanner)
    if scanner.take("-"):
        return to.Negative(_operand(scanner))
    return _word_or_number(scanner)


def _word_or_number(scanner: Scanner) -> Expression:
    if number := scanner.match(NUMBER):
        return to.Literal(float(number) if not number.isdigit() else int(number))
    word = scanner.name()
    if word == "not":
        return to.Not(_operand(scanner))
    if word not in WORDS:
        raise scanner.error("expected a value")
    return to.Literal(WORDS[word])


def _quoted(scanner: Scanner) -> Expression:
    """A text. Nothing but a doubled quote is an escape in it; in double quotes it is a template."""
    quote, start = scanner.source[scanner.at], scanner.at + 1
    end = start
    while True:
        end = scanner.source.find(quote, end)
        if end < 0:
            raise scanner.error("a text without an end")
        if not scanner.source.startswith(quote * 2, end):
            break
        end += 2
    scanner.at = end + 1
    content = scanner.source[start:end].replace(quote * 2, quote)
    if quote == "'" or not ("$" in content or "#" in content):
        return to.Literal(content)
    return to.Interpolated(scanner.parse_text(content))


def _list_or_range(scanner: Scanner) -> Expression:
    items: list[Expression] = []
    scanner.skip_space()
    while not scanner.take("]"):
        items.append(parse_expression(scanner))
        scanner.skip_space()
        if len(items) == 1 and scanner.take(".."):
            last = parse_expression(scanner)
            scanner.require("]")
            return to.Range(items[0], last)
        if not scanner.take(",") and not scanner.looks_at("]"):
            raise scanner.error("expected , or ]")
        scanner.skip_space()
    return to.ListOf(items)


def _map(scanner: Scanner) -> Expression:
    entries: list[tuple[Expression, Expression]] = []
    scanner.skip_space()
    while not scanner.take("}"):
        key = parse_expression(scanner)
        scanner.require(":")
        entries.append((key, parse_expression(scanner)))
        scanner.skip_space()
        if not scanner.take(",") and not scanner.looks_at("}"):
            raise scanner.error("expected , or }")
        scanner.skip_space()
    return to.MapOf(entries)


# References


def parse_reference(scanner: Scanner) -> tuple[Reference, bool] | None:
    """(reference, whether it is quiet) of what begins with `$`; None, with nothing stepped over, if it is only text."""
    start = scanner.at
    if not scanner.take("$"):
        return None
    is_quiet = scanner.take("!")
    is_formal = scanner.take("{")
    if not is_quiet and is_formal:
        is_quiet = scanner.take("!")
    name = scanner.name()
    if name is None:
        scanner.at = start
        return None
    steps = _steps(scanner)
    if is_formal:
        scanner.skip_space()
        if not scanner.take("}"):
            scanner.at = start
            return None
    return Reference(name, steps), is_quiet


def _steps(scanner: Scanner) -> list[Any]:
    steps: list[Any] = []
    while True:
        if scanner.looks_at("[") and (index := _index(scanner)):
            steps.append(index)
            continue
        dot = scanner.at
        name = scanner.name() if scanner.take(".") else None
        if name is None:
            scanner.at = dot
            return steps
        if scanner.take("("):
            steps.append(to.Call(name, _arguments(scanner)))
        else:
            steps.append(to.Property(name))


def _index(scanner: Scanner) -> to.Index | None:
    """`[...]` behind a reference; a bracket with something else in it is text."""
    start = scanner.at
    scanner.take("[")
    scanner.skip_space()
    beginning = scanner.source[scanner.at : scanner.at + 1]
    if not (beginning in "$'\"" or beginning.isdigit() or beginning == "-") or not beginning:
        scanner.at = start
        return None
    expression = parse_expression(scanner)
    scanner.skip_space()
    if scanner.take("]"):
        return to.Index(expression)
    scanner.at = start
    return None


def _arguments(scanner: Scanner) -> list[Expression]:
    arguments: list[Expression] = []
    scanner.skip_space()
    while not scanner.take(")"):
        arguments.append(parse_expression(scanner))
        scanner.skip_space()
        if not scanner.take(",") and not scanner.looks_at(")"):
            raise scanner.error("expected , or )")
        scanner.skip_space()
    return arguments
