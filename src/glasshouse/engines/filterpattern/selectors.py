"""JSON patterns: `{ $.level = "ERROR" && ($.latency > 100 || $.user.id NOT EXISTS) }`."""

import json
import re
from collections.abc import Iterator
from typing import Any

from glasshouse.engines.filterpattern.comparison import comparison
from glasshouse.engines.filterpattern.errors import InvalidPattern
from glasshouse.engines.filterpattern.tokens import Test, Tokens, any_of

STEP = re.compile(r"""\.?\[\s*(?:(?P<index>\d+|\*)|["'](?P<quoted>[^"']*)["'])\s*\]|\.(?P<name>[\w\-:@/]+|\*)""")
STATES: dict[str, Any] = {"TRUE": True, "FALSE": False, "NULL": None}


class Selector:
    """A condition on a JSON message."""

    def __init__(self, condition: Test, paths: list[str]):
        self.condition, self.paths = condition, {path: _steps(path) for path in paths}

    def match(self, message: str) -> dict[str, str] | None:
        try:
            document = json.loads(message)
        except ValueError:
            return None
        if not isinstance(document, dict | list) or not self.condition(document):
            return None
        found = {path: next(_select(document, steps), None) for path, steps in self.paths.items()}
        return {path: _text(value) for path, value in found.items() if value is not None}


def parse_selector(text: str) -> Selector:
    if not text.endswith("}"):
        raise InvalidPattern("Invalid filter pattern: } is missing")
    tokens = Tokens(text[1:-1])
    paths = [token for kind, token in tokens.items if kind == "path"]
    condition = any_of(tokens, _atom)
    if tokens.items:
        raise InvalidPattern(f"Invalid filter pattern at {tokens.items[0][1]!r}")
    return Selector(condition, paths)


def _atom(tokens: Tokens) -> Test:
    kind, path = tokens.next()
    if kind != "path":
        raise InvalidPattern(f"Invalid filter pattern: {path} is no selector, which begins with $")
    steps = _steps(path)
    if tokens.take("NOT"):
        tokens.expect("EXISTS")
        return lambda document: next(_select(document, steps), _ABSENT) is _ABSENT
    if tokens.take("EXISTS"):
        return lambda document: next(_select(document, steps), _ABSENT) is not _ABSENT
    if tokens.take("IS"):
        state = tokens.take(*STATES)
        if state is None:
            raise InvalidPattern("Invalid filter pattern: IS takes TRUE, FALSE or NULL")
        return lambda document: any(value is STATES[state] for value in _select(document, steps))
    operator = tokens.take("=", "!=", "<", ">", "<=", ">=")
    if operator is None:
        raise InvalidPattern(f"Invalid filter pattern: {path} is compared with nothing")
    test = comparison(operator, tokens.operand())
    return lambda document: any(test.holds(_scalar(value)) for value in _select(document, steps))


_ABSENT = object()


def _steps(path: str) -> list[str | int]:
    """The names and indexes of a path; `*` stands for every element."""
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        step = STEP.match(path, position)
        if step is None:
            raise InvalidPattern(f"Invalid filter pattern: {path} is not a selector")
        index, quoted, name = step["index"], step["quoted"], step["name"]
        steps.append(int(index) if index and index != "*" else index or (name if quoted is None else quoted))
        position = step.end()
    return steps


def _select(value: Any, steps: list[str | int]) -> Iterator[Any]:
    """Every value that a path leads to."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for child in children:
            yield from _select(child, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _select(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _select(value[step], rest)


def _scalar(value: Any):
    return None if isinstance(value, dict | list) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
