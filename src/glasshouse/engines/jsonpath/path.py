"""Paths: read once, followed through any document."""

import re
from functools import lru_cache
from typing import Any

from glasshouse.engines.jsonpath import filters, steps
from glasshouse.engines.jsonpath.source import InvalidPath, Source
from glasshouse.engines.jsonpath.steps import Holds, Step

WORD = re.compile(r"[^\s.\[\]()*'\"?@,=<>!&|]+")
CALL = re.compile(r"\(\s*\)")
INTEGER = re.compile(r"-?\d+")
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/(i?)")
CONSTANT = re.compile(r"(?:true|false|null)\b")
CONSTANTS = {"true": True, "false": False, "null": None}
OPERATOR = re.compile(r"==|!=|<=|>=|=~|<|>|(?:in|nin|contains|size|empty|subsetof|anyof|noneof)\b")


class Path:
    """A path through JSON documents. Raises InvalidPath for a text that is none."""

    def __init__(self, text: str):
        source = Source(text.strip())
        if not source.take("$"):
            raise InvalidPath(f"a path begins with $: {text!r}")
        self.text = text
        self._steps, self.is_definite = _steps(source)
        if not source.is_done:
            raise source.error()

    def values(self, document: Any) -> list[Any]:
        """Everything it leads to."""
        return steps.follow(self._steps, document, document)

    def first(self, document: Any, default: Any = None) -> Any:
        """What it leads to first."""
        return next(iter(self.values(document)), default)

    def read(self, document: Any, default: Any = None) -> Any:
        """As Jayway reads: what a definite path leads to, and a list of all that any other path does."""
        return self.first(document, default) if self.is_definite else self.values(document)


@lru_cache(2048)
def compiled(text: str) -> Path:
    """The path of a text, read at its first use."""
    return Path(text)


def _steps(source: Source) -> tuple[list[Step], bool]:
    """The steps of a path, and whether they lead to one place only."""
    found: list[Step] = []
    definite = True
    while True:
        if source.take(".."):
            definite = False
            found.append(steps.below)
            if source.looks_at("["):
                continue
        elif source.take("["):
            step, single = _bracket(source)
            found.append(step)
            definite = definite and single
            continue
        elif not source.take("."):
            return found, definite
        definite = definite and not source.looks_at("*")
        found.append(_name(source))


def _name(source: Source) -> Step:
    if source.take("*"):
        return steps.every
    word = source.match(WORD)
    if word is None:
        raise source.error()
    if not source.match(CALL):
        return steps.name(word[0])
    if word[0] not in steps.FUNCTIONS:
        raise InvalidPath(f"there is no function {word[0]}()")
    return steps.function(steps.FUNCTIONS[word[0]])


def _bracket(source: Source) -> tuple[Step, bool]:
    """What stands between brackets, and whether it is one place."""
    source.skip_space()
    if source.take("*"):
        step, single = steps.every, False
    elif source.take("?"):
        source.require("(")
        step, single = steps.those(_any(source)), False
        source.require(")")
    elif source.looks_at("'", '"'):
        keys = _listed(source, _quoted)
        step, single = (steps.name(keys[0]) if len(keys) == 1 else steps.names(keys)), len(keys) == 1
    else:
        step, single = _indexes(source)
    source.require("]")
    return step, single


def _indexes(source: Source) -> tuple[Step, bool]:
    start = source.at
    first = source.match(INTEGER)
    if not source.take_after_space(":"):
        source.at = start
        wanted = _listed(source, _integer)
        return steps.indexes(wanted), len(wanted) == 1
    source.skip_space()
    end = source.match(INTEGER)
    stride = source.match(INTEGER) if source.take_after_space(":") else None
    return steps.part(*(int(bound[0]) if bound else None for bound in (first, end, stride))), False


def _listed(source: Source, read: Any) -> list[Any]:
    """One or more, with commas between them."""
    found = [read(source)]
    while source.take_after_space(","):
        source.skip_space()
        found.append(read(source))
    return found


def _integer(source: Source) -> int:
    number = source.match(INTEGER)
    if number is None:
        raise source.error("expected a number")
    return int(number[0])


def _quoted(source: Source) -> str:
    found = source.match(QUOTED)
    if found is None:
        raise source.error("expected a name in quotes")
    return re.sub(r"\\(.)", r"\1", found[1] if found[1] is not None else found[2])


# Filters


def _any(source: Source) -> Holds:
    left = _all(source)
    while source.take_after_space("||"):
        left = filters.either(left, _all(source))
    return left


def _all(source: Source) -> Holds:
    left = _one(source)
    while source.take_after_space("&&"):
        left = filters.both(left, _one(source))
    return left


def _one(source: Source) -> Holds:
    source.skip_space()
    if source.take("!"):
        return filters.opposite(_one(source))
    if source.take("("):
        inner = _any(source)
        source.require(")")
        return inner
    left = _operand(source)
    source.skip_space()
    operator = source.match(OPERATOR)
    if operator is None:
        return filters.exists(left)
    return filters.comparison(operator[0], left, _operand(source))


def _operand(source: Source) -> filters.Operand:
    source.skip_space()
    if source.looks_at("@", "$"):
        is_relative = source.take("@") or not source.take("$")
        return filters.found(_steps(source)[0], is_relative)
    if source.looks_at("'", '"'):
        return filters.constant(_quoted(source))
    if number := source.match(NUMBER):
        digits = number[0]
        return filters.constant(int(digits) if digits.lstrip("-").isdigit() else float(digits))
    if pattern := source.match(PATTERN):
        return filters.constant(re.compile(pattern[1], re.IGNORECASE if pattern[2] else 0))
    if word := source.match(CONSTANT):
        return filters.constant(CONSTANTS[word[0]])
    if source.take("["):
        source.skip_space()
        items = [] if source.looks_at("]") else _listed(source, _literal)
        source.require("]")
        return filters.constant(items)
    raise source.error("expected a value")


def _literal(source: Source) -> Any:
    return filters.value_of(_operand(source), None, None)
