"""Filter criteria: which records of a source go to the function.

A pattern sees a record with its data decoded: the body of a message, or the data of a Kinesis record, as JSON if the
pattern expects an object there, else as text. See
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html.
"""

from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.patterns import InvalidPattern, Pattern, compile_text
from glasshouse.services.lambda_.errors import InvalidParameterValueException

# Where the records of a source carry what their producers have written.
DATA = {"sqs": "body", "kinesis": "data"}


class Filter:
    """The filters of a mapping: a record passes that matches one of them, or any if there are none."""

    def __init__(self, criteria: Mapping[str, Any] | None, kind: str):
        self._kind = kind
        self._patterns = [_compiled(one["Pattern"]) for one in (criteria or {}).get("Filters") or ()]

    def passes(self, record: Mapping[str, Any]) -> bool:
        if not self._patterns:
            return True
        return any(pattern.matches(_seen(record, self._kind, structured)) for pattern, structured in self._patterns)


def check_filters(criteria: Mapping[str, Any] | None):
    """Raises InvalidParameterValueException."""
    for one in (criteria or {}).get("Filters") or ():
        try:
            _compiled(one.get("Pattern") or "")
        except InvalidPattern:
            raise InvalidParameterValueException("Invalid filter pattern definition.") from None


@lru_cache(256)
def _compiled(text: str) -> tuple[Pattern, bool]:
    """The pattern, and whether it expects an object where the data is."""
    pattern, document = compile_text(text), documents.read(text)
    return pattern, any(isinstance(document.get(name), dict) for name in DATA.values())


def _seen(record: Mapping[str, Any], kind: str, structured: bool) -> dict[str, Any]:
    """A record as patterns see it."""
    seen = dict(record["kinesis"]) if kind == "kinesis" else dict(record)
    name = DATA.get(kind)
    if name is None:
        return seen
    text = seen[name] if kind == "sqs" else b64decode(seen[name]).decode(errors="replace")
    seen[name] = _parsed(text) if structured else text
    return seen


def _parsed(text: str) -> Any:
    try:
        return documents.read(text)
    except ValueError:
        return text
