"""Transformation by a function: the event it is invoked with, and what its answer means for each record.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

import json
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import replace
from typing import Any

from glasshouse.core import documents
from glasshouse.services.firehose.pipeline import PROCESSING, Failure, Outcome, Work

OK, DROPPED, FAILED = "Ok", "Dropped", "ProcessingFailed"
MISSING = (
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
DUPLICATED = (
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id"
    " for each record.",
)
MARKED = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
WITHOUT_DATA = (
    "Lambda.InvalidReturnFormat",
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is"
    " Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok.",
)
MALFORMED = (
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the"
    " status model required by Firehose.",
)
FUNCTION_ERROR = (
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
Reason = tuple[str, str]


def event(invocation_id: str, stream_arn: str, region: str, source_arn: str | None, works: list[Work]) -> bytes:
    told: dict[str, Any] = {"invocationId": invocation_id, "deliveryStreamArn": stream_arn, "region": region}
    if source_arn is not None:
        told["sourceKinesisStreamArn"] = source_arn
    told["records"] = [_record(work) for work in works]
    return json.dumps(told, separators=(",", ":")).encode()


def _record(work: Work) -> dict[str, Any]:
    told: dict[str, Any] = {
        "recordId": work.record_id,
        "approximateArrivalTimestamp": int(work.arrived * 1000),
        "data": b64encode(work.data).decode(),
    }
    if work.source is not None:
        told["kinesisRecordMetadata"] = json.loads(work.source)
    return told


def judge(works: list[Work], payload: bytes, function: str, attempts: int, outcome: Outcome):
    """Sort records by what a function has answered: done, failed, or dropped."""
    answers, counts = _answers(payload)
    for work in works:
        reason: Reason | None = MISSING
        answer = answers.get(work.record_id)
        if counts[work.record_id] > 1:
            reason = DUPLICATED
        elif answer is not None:
            reason = _taken(work, answer, outcome)
        if reason is not None:
            outcome.failures.append(Failure(work, PROCESSING, *reason, attempts, function))


def fail(works: list[Work], reason: Reason, function: str, attempts: int, outcome: Outcome):
    """A function that cannot be invoked fails all of its records."""
    outcome.failures += [Failure(work, PROCESSING, *reason, attempts, function) for work in works]


def _answers(payload: bytes) -> tuple[dict[str, dict], Counter]:
    """What was answered, by the ids of records; nothing where it cannot be read."""
    try:
        records = documents.read(payload)["records"]
        answers = [one for one in records if isinstance(one, dict) and isinstance(one.get("recordId"), str)]
    except (ValueError, KeyError, TypeError):
        answers = []
    return {one["recordId"]: one for one in answers}, Counter(one["recordId"] for one in answers)


def _taken(work: Work, answer: dict[str, Any], outcome: Outcome) -> Reason | None:
    """Why a record has failed; None if it has not."""
    result, data = answer.get("result"), answer.get("data")
    if result == DROPPED:
        return None
    if result == FAILED:
        return MARKED
    if result != OK:
        return MALFORMED
    if data is None:
        return WITHOUT_DATA
    try:
        decoded = b64decode(data, validate=True)
    except (ValueError, TypeError):
        return MALFORMED
    outcome.done.append(replace(work, data=decoded, keys={**work.keys, **_stated_keys(answer)}))
    return None


def _stated_keys(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    metadata = answer.get("metadata")
    stated = metadata.get("partitionKeys") if isinstance(metadata, dict) else None
    if not isinstance(stated, dict):
        return {}
    named = {name: value for name, value in stated.items() if value is not None}
    return {("partitionKeyFromLambda", name): _text(value) for name, value in named.items()}


def _text(value: Any) -> str:
    """A value as part of the name of an object."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()
