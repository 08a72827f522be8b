"""The events of sources, as pipes carry them."""

from collections.abc import Mapping
from typing import Any

from glasshouse.engines import sourcerecords
from glasshouse.services.pipes.records import Pipe


def of_message(pipe: Pipe, message: Mapping[str, Any]) -> dict[str, Any]:
    return sourcerecords.of_message(message, pipe.source)


def of_record(pipe: Pipe, shard_id: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a stream. Those of Kinesis lie flat, unlike in the events of functions."""
    if pipe.kind == "dynamodb":
        return sourcerecords.of_change(record, pipe.source)
    origin = sourcerecords.kinesis_origin(record, pipe.source, shard_id, pipe.role_arn)
    return {**sourcerecords.kinesis_data(record), **origin}


def sequence_of(event: Mapping[str, Any]) -> str:
    return event["dynamodb"]["SequenceNumber"] if "dynamodb" in event else event["sequenceNumber"]


def arrival_of(event: Mapping[str, Any]) -> float:
    """When a record was written, in epoch seconds."""
    if "dynamodb" in event:
        return event["dynamodb"]["ApproximateCreationDateTime"]
    return event["approximateArrivalTimestamp"]


def size_of(event: Mapping[str, Any]) -> int:
    """How many bytes a record takes, about."""
    return 2 * event["dynamodb"]["SizeBytes"] if "dynamodb" in event else len(event["data"])
