"""What enrichments and targets get: each event as it is, or what a template makes of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.jsonpath import compiled as path
from glasshouse.engines.templates import MISSING, Template
from glasshouse.services.pipes.errors import Failed
from glasshouse.services.pipes.records import Pipe

__all__ = ["PREDEFINED", "Parcel", "is_path", "opened", "parcels", "path", "resolved", "spelled", "template"]

PLACEHOLDER = re.compile(r"<(\$[^<>]*|aws\.pipes\.[A-Za-z.\-]+)>")
ARNS = {
    "aws.pipes.pipe-arn": "arn", "aws.pipes.pipe-name": "name", "aws.pipes.source-arn": "source",
    "aws.pipes.enrichment-arn": "enrichment", "aws.pipes.target-arn": "target",
}  # fmt: skip
PREDEFINED = (*ARNS, "aws.pipes.event.ingestion-time", "aws.pipes.event", "aws.pipes.event.json")


class Parcel(NamedTuple):
    """An event, the same with its data laid open, and what is sent of it."""

    event: Any
    opened: Any
    text: str


@lru_cache(1024)
def template(text: str) -> Template:
    return Template(text, PLACEHOLDER)


def parcels(pipe: Pipe, events: list, text: str | None, now: float) -> list[Parcel]:
    """What is sent of events, by this template if there is one. Raises Failed."""
    return [_parcel(pipe, event, text, now) for event in events]


def opened(event: Any) -> Any:
    """An event with its body or data as JSON, if that is what it is."""
    if not isinstance(event, Mapping):
        return event
    try:
        match event.get("eventSource"):
            case "aws:sqs":
                return {**event, "body": documents.read(event["body"])}
            case "aws:kinesis":
                return {**event, "data": documents.read(b64decode(event["data"]))}
    except (KeyError, TypeError, ValueError):
        pass
    return event


def resolved(value: str, event: Any) -> str:
    """A parameter as it stands, or what its path leads to in an event. Raises Failed if it leads nowhere."""
    if not is_path(value):
        return value
    try:
        there = path(value).read(event, MISSING)
    except InvalidPath:
        return value
    if there is MISSING:
        raise Failed(f"The path {value} leads nowhere in the event.")
    return there if isinstance(there, str) else spelled(there)


def is_path(value: str) -> bool:
    return value == "$" or value.startswith(("$.", "$["))


def spelled(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _parcel(pipe: Pipe, event: Any, text: str | None, now: float) -> Parcel:
    seen = opened(event)
    if not text:
        return Parcel(event, seen, event if isinstance(event, str) else spelled(event))

    def value_of(name: str) -> Any:
        if name in ARNS:
            return getattr(pipe, ARNS[name]) or MISSING
        match name:
            case "aws.pipes.event.ingestion-time":
                return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case "aws.pipes.event":
                return event
            case "aws.pipes.event.json":
                return MISSING if isinstance(seen, str) else seen
        return path(name).read(seen, MISSING)

    filled = template(text).filled(value_of)
    if text.lstrip().startswith(("{", "[")):
        try:
            documents.read(filled)
        except ValueError:
            raise Failed("The input template does not result in valid JSON.") from None
    return Parcel(event, seen, filled)
