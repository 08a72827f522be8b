"""Checking a query, the names it makes, and what they stand for in each record."""

import json
import re
from collections.abc import Sequence
from typing import Any

NAME = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\$?([A-Za-z_]\w*))\s*')
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
NOT_JSON = "Non JSON record provided"
NOTHING = "partitionKeys values must not be null or empty"


class InvalidQuery(ValueError):
    """What jq does not understand."""


def check(query: str):
    """Raises InvalidQuery."""
    _compiled(query)


def keys(query: str) -> list[str]:
    """The names in the object that a query makes, as far as it spells them."""
    text = query.strip()
    found: list[str] = []
    if not text.startswith("{"):
        return found
    position, depth = 1, 1
    expects_name = True
    while position < len(text) and depth:
        if expects_name and (match := NAME.match(text, position)):
            found.append(match[1] if match[1] is not None else match[2])
            position, expects_name = match.end(), False
        elif match := STRING.match(text, position):
            position = match.end()
        else:
            depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(text[position], 0)
            expects_name = depth == 1 and (text[position] == "," or (expects_name and text[position].isspace()))
            position += 1
    return found


def extracted(query: str, records: Sequence[bytes]) -> list[dict[str, str] | str]:
    """For each record, its names and values; or, as a text, why there are none. Raises InvalidQuery."""
    program = _compiled(query)
    return [_extract(program, record) for record in records]


def _compiled(query: str) -> Any:
    import jq  # a shared library that few clouds need

    try:
        return jq.compile(query)
    except ValueError as failure:
        raise InvalidQuery(str(failure)) from None


def _extract(program: Any, record: bytes) -> dict[str, str] | str:
    try:
        json.loads(record)
    except (ValueError, RecursionError):
        return NOT_JSON
    try:
        made = next(iter(program.input_text(record.decode())), None)
    except ValueError as failure:
        return str(failure)
    if not isinstance(made, dict):
        return NOTHING
    values = {name: _text(value) for name, value in made.items()}
    return values if all(values.values()) else NOTHING


def _text(value: Any) -> str:
    """A value as part of a name; nothing for what cannot be one."""
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else json.dumps(value)
