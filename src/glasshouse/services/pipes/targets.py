"""What each kind of target is asked. Each way to ask returns which of the events it did not take, by their places.

They raise ServiceError if it took none.
"""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.core.siblings import Siblings
from glasshouse.services.pipes.errors import Failed
from glasshouse.services.pipes.records import Pipe
from glasshouse.services.pipes.templating import Parcel, is_path, resolved

LATEST_S = 253_402_300_799  # the end of the year 9999
Send = Callable[[Siblings, Pipe, Sequence[Parcel], float], list[int]]
TITLES = {
    "sqs": "Event from aws:sqs", "kinesis": "Event from aws:kinesis", "dynamodb": "Event from aws:dynamodb",
}  # fmt: skip


def to_queue(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    given = pipe.target_settings("SqsQueueParameters")
    wanted = {name: given[name] for name in ("MessageGroupId", "MessageDeduplicationId") if given.get(name)}
    entries = [
        {
            "Id": str(place), "MessageBody": parcel.text,
            **{name: resolved(value, parcel.opened) for name, value in wanted.items()},
        }
        for place, parcel in enumerate(parcels)
    ]  # fmt: skip
    account, name = pipe.target.split(":")[4:6]
    result = aws.sqs.send_message_batch(QueueUrl=f"https://sqs/{account}/{name}", Entries=entries)
    return [int(one["Id"]) for one in result.get("Failed") or ()]


def to_topic(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    entries = [{"Id": str(place), "Message": parcel.text} for place, parcel in enumerate(parcels)]
    result = aws.sns.publish_batch(TopicArn=pipe.target, PublishBatchRequestEntries=entries)
    return [int(one["Id"]) for one in result.get("Failed") or ()]


def to_stream(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    key = pipe.target_settings("KinesisStreamParameters")["PartitionKey"]
    records = [{"Data": parcel.text.encode(), "PartitionKey": resolved(key, parcel.opened)} for parcel in parcels]
    result = aws.kinesis.put_records(StreamARN=pipe.target, Records=records)
    return [place for place, one in enumerate(result["Records"]) if one.get("ErrorCode")]


def to_delivery_stream(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    records = [{"Data": parcel.text.encode()} for parcel in parcels]
    name = pipe.target.rpartition("/")[2]
    result = aws.firehose.put_record_batch(DeliveryStreamName=name, Records=records)
    return [place for place, one in enumerate(result["RequestResponses"]) if one.get("ErrorCode")]


def to_bus(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    result = aws.events.put_events(Entries=[_entry(pipe, parcel) for parcel in parcels])
    return [place for place, one in enumerate(result["Entries"]) if one.get("ErrorCode")]


def _entry(pipe: Pipe, parcel: Parcel) -> dict[str, Any]:
    given = pipe.target_settings("EventBridgeEventBusParameters")
    entry: dict[str, Any] = {
        "EventBusName": pipe.target, "Detail": parcel.text,
        "Source": resolved(given.get("Source") or f"Pipe {pipe.name}", parcel.opened),
        "DetailType": resolved(given.get("DetailType") or TITLES[pipe.kind], parcel.opened),
    }  # fmt: skip
    if given.get("Resources"):
        entry["Resources"] = [resolved(one, parcel.opened) for one in given["Resources"]]
    if given.get("Time"):
        entry["Time"] = _moment(given["Time"], parcel, 1)
    return entry


def to_log_group(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    """A stream that nobody names is made for each batch."""
    given = pipe.target_settings("CloudWatchLogsParameters")
    group, own = pipe.target.split(":", 6)[6].removesuffix(":*"), ids.uuid()
    streams = defaultdict(list)
    for parcel in parcels:
        moment = _moment(given["Timestamp"], parcel, 1000) if given.get("Timestamp") else now
        name = resolved(given.get("LogStreamName") or own, parcel.opened)
        streams[name].append({"timestamp": int(moment * 1000), "message": parcel.text})
    if own in streams:
        aws.logs.create_log_stream(logGroupName=group, logStreamName=own)
    for name, events in streams.items():
        events.sort(key=lambda event: event["timestamp"])
        aws.logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=events)
    return []


def to_function(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    if pipe.target_settings("LambdaFunctionParameters").get("InvocationType") == "FIRE_AND_FORGET":
        aws.lambda_.invoke(FunctionName=pipe.target, InvocationType="Event", Payload=payload(parcels))
        return []
    return reported(invoke(aws, pipe.target, parcels), parcels)


def to_state_machine(aws: Siblings, pipe: Pipe, parcels: Sequence[Parcel], now: float) -> list[int]:
    if pipe.target_settings("StepFunctionStateMachineParameters").get("InvocationType") == "FIRE_AND_FORGET":
        aws.stepfunctions.start_execution(stateMachineArn=pipe.target, input=payload(parcels).decode())
        return []
    return reported(execute(aws, pipe.target, parcels), parcels)


def payload(parcels: Sequence[Parcel]) -> bytes:
    """What is sent of all of them together: an array, also of one."""
    return json.dumps([document(parcel.text) for parcel in parcels]).encode()


def invoke(aws: Siblings, arn: str, parcels: Sequence[Parcel]) -> Any:
    """What a function answers. Raises Failed for what it raises."""
    result = aws.lambda_.invoke(FunctionName=arn, Payload=payload(parcels))
    answer = result.get("Payload") or b""
    text = (answer if isinstance(answer, bytes) else answer.read()).decode("utf-8", "replace")
    if result.get("FunctionError"):
        raise Failed(f"The function failed: {text}")
    return document(text) if text else None


def execute(aws: Siblings, arn: str, parcels: Sequence[Parcel]) -> Any:
    """What an express workflow results in. Raises Failed."""
    result = aws.stepfunctions.start_sync_execution(stateMachineArn=arn, input=payload(parcels).decode())
    if result["status"] != "SUCCEEDED":
        raise Failed(f"The execution ended with {result['status']}: {result.get('cause') or result.get('error')}")
    return documents.read(result.get("output") or "null")


def reported(answer: Any, parcels: Sequence[Parcel]) -> list[int]:
    """The events that an answer says were not processed; all if it names one that is none of them."""
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not isinstance(failures, list):
        return []
    known = {identifier(parcel.event): place for place, parcel in enumerate(parcels)}
    named = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    if any(name is None or name not in known for name in named):
        return list(range(len(parcels)))
    return [known[name] for name in named]


def identifier(event: Any) -> str | None:
    """By which partial failures name an event."""
    if not isinstance(event, dict):
        return None
    return event.get("messageId") or event.get("eventID")


def document(text: str) -> Any:
    """A text as JSON, if that is what it is."""
    try:
        return documents.read(text)
    except ValueError:
        return text


def _moment(expression: str, parcel: Parcel, per_second: int) -> float:
    """The time that a path leads to: a number, or a text of ISO 8601. Raises Failed."""
    text = resolved(expression, parcel.opened) if is_path(expression) else expression
    try:
        moment = float(text) / per_second
    except ValueError:
        moment = math.nan
    if abs(moment) <= LATEST_S:
        return moment
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Failed(f"{text} is not a time.") from None


SENDERS: dict[str, Send] = {
    "events": to_bus,
    "firehose": to_delivery_stream,
    "kinesis": to_stream,
    "lambda": to_function,
    "logs": to_log_group,
    "sns": to_topic,
    "sqs": to_queue,
    "states": to_state_machine,
}
