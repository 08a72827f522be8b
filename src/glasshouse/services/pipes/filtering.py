"""Filters: which events of a source go through the pipe.

A pattern sees an event with its body or data as JSON, if that is what it is.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html
"""

from functools import lru_cache
from typing import Any

from glasshouse.engines.patterns import Pattern, compile_text
from glasshouse.services.pipes.records import Pipe
from glasshouse.services.pipes.templating import opened

_compiled = lru_cache(1024)(compile_text)


def passing(pipe: Pipe, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events that match one of the filters, or all if there are none."""
    filters = (pipe.source_parameters.get("FilterCriteria") or {}).get("Filters") or ()
    patterns: list[Pattern] = [_compiled(one.get("Pattern") or "") for one in filters]
    if not patterns:
        return events
    return [event for event in events if any(pattern.matches(opened(event)) for pattern in patterns)]
