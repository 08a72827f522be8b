"""What a target gets of an event: all of it, a part, a constant, or what a template makes of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.jsonpath import compiled as path
from glasshouse.engines.templates import MISSING, Template
from glasshouse.services.events.errors import Undelivered, ValidationException

PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
RULE_ARN, RULE_NAME = "aws.events.rule-arn", "aws.events.rule-name"
INGESTION_TIME, EVENT, EVENT_JSON = "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"
PREDEFINED = (RULE_ARN, RULE_NAME, INGESTION_TIME, EVENT, EVENT_JSON)


@lru_cache(1024)
def template(text: str) -> Template:
    return Template(text, PLACEHOLDER)


def spelled(value: Any) -> str:
    """JSON as EventBridge writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def iso_time(moment: float, timespec: str = "seconds") -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def moment_of(event: dict) -> float:
    """When an event happened."""
    return datetime.fromisoformat(event["time"]).timestamp()


def found(expression: str, event: dict) -> Any:
    """What a path leads to in an event; MISSING if it leads nowhere."""
    return path(expression).read(event, MISSING)


def input_of(target: dict, event: dict, rule_arn: str, ingested: float) -> str:
    """What is sent to a target. Raises Undelivered when a template does not become JSON."""
    if target.get("Input") is not None:
        return target["Input"]
    if target.get("InputPath") is not None:
        part = found(target["InputPath"], event)
        return spelled(None if part is MISSING else part)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return spelled(event)
    return _transformed(transformer, event, rule_arn, ingested)


def _transformed(transformer: dict, event: dict, rule_arn: str, ingested: float) -> str:
    paths = transformer.get("InputPathsMap") or {}

    def value_of(name: str) -> Any:
        if name in paths:
            return found(paths[name], event)
        if name == RULE_ARN:
            return rule_arn
        if name == RULE_NAME:
            return rule_arn.rpartition("/")[2]
        if name == INGESTION_TIME:
            return iso_time(ingested, "milliseconds")
        if name == EVENT:
            named = {"detailType" if key == "detail-type" else key: value for key, value in event.items()}
            return {key: value for key, value in named.items() if key != "detail"}
        return event

    text = transformer["InputTemplate"]
    filled = template(text).filled(value_of)
    if text.lstrip().startswith(("{", "[")) and not _is_json(filled):
        raise Undelivered("INVALID_JSON", "The input template does not result in valid JSON.")
    return filled


def check_input(target: dict):
    """Raises ValidationException for what no input can be made of."""
    id = target["Id"]
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name) is not None]
    if len(given) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )
    if target.get("Input") is not None and not _is_json(target["Input"]):
        raise ValidationException(f"JSON syntax error in input for target {id}")
    if target.get("InputPath") is not None:
        _check_path(target["InputPath"], f"Invalid InputPath for target {id} : [{target['InputPath']}]")
    if target.get("InputTransformer") is not None:
        _check_transformer(target["InputTransformer"], id)


def _check_transformer(transformer: dict, id: str):
    paths = transformer.get("InputPathsMap") or {}
    for name, expression in paths.items():
        if name.upper().startswith("AWS"):
            raise ValidationException(f"InputPathsMap for target {id} contains invalid key {name}.")
        _check_path(expression, f"Invalid InputPathsMap argument for target {id}: {expression}")
    for name in template(transformer["InputTemplate"]).names:
        if name not in paths and name not in PREDEFINED:
            raise ValidationException(f"InputTemplate for target {id} contains invalid placeholder {name}.")


def _check_path(expression: str, otherwise: str):
    try:
        path(expression)
    except InvalidPath:
        raise ValidationException(otherwise) from None


def _is_json(text: str) -> bool:
    try:
        documents.read(text)
    except ValueError:
        return False
    return True
