"""JSON that somebody else wrote: read strictly, and never so deep that whoever walks through it afterwards is lost."""

import json
import re
from typing import Any

MOST_NESTED = 200


def read(text: str | bytes | bytearray) -> Any:
    """The value of a JSON text (in UTF-8). Raises ValueError for anything else, be it NaN, which Python's own reader
    takes, or nested too deeply."""
    written = text if isinstance(text, str) else text.decode()
    try:
        value = DECODER.decode(written)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if written.count("[") + written.count("{") > MOST_NESTED and _depth(value) > MOST_NESTED:
        raise ValueError("nested too deeply")
    return _mended(value) if SURROGATE.search(written) else value


def _no_number(name: str):
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    """How many objects and lists lie within one another, found without going into them one within another."""
    depth, level = 0, [value]
    while level := [held for held in level if isinstance(held, dict | list)]:
        depth += 1
        level = [below for held in level for below in (held.values() if isinstance(held, dict) else held)]
    return depth


def _mended(value: Any) -> Any:
    """A value without halves of surrogate pairs, which can be escaped in JSON but not written in UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return {_mended(name): _mended(item) for name, item in value.items()} if isinstance(value, dict) else value


SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # half of a pair, written as an escape
DECODER = json.JSONDecoder(parse_constant=_no_number)
