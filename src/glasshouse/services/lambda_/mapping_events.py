"""The events of event sources, as functions get them, and what a failed batch leaves behind."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from glasshouse.engines import sourcerecords
from glasshouse.engines.sourcerecords import instant
from glasshouse.services.lambda_.mapping_records import Mapping


def of_message(message: Dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """A message of SQS."""
    return sourcerecords.of_message(message, mapping.event_source_arn)


def of_kinesis_record(record: Dict[str, Any], mapping: Mapping, shard_id: str, role: str) -> dict[str, Any]:
    origin = sourcerecords.kinesis_origin(record, mapping.event_source_arn, shard_id, role)
    return {"kinesis": sourcerecords.kinesis_data(record), **origin}


def of_change(record: Dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """A record of DynamoDB Streams."""
    return sourcerecords.of_change(record, mapping.event_source_arn)


def sequence_of(item: Dict[str, Any]) -> str:
    """The sequence number of a stream's record in its event."""
    return item["kinesis"]["sequenceNumber"] if "kinesis" in item else item["dynamodb"]["SequenceNumber"]


def arrival_of(item: Dict[str, Any]) -> float:
    """When a stream's record was written, in epoch seconds."""
    if "kinesis" in item:
        return item["kinesis"]["approximateArrivalTimestamp"]
    return item["dynamodb"]["ApproximateCreationDateTime"]


def size_of(item: Dict[str, Any]) -> int:
    """How many bytes a stream's record takes in an event, about."""
    return len(item["kinesis"]["data"]) if "kinesis" in item else 2 * item["dynamodb"]["SizeBytes"]


def key_of(item: Dict[str, Any]) -> str:
    """What a stream's record has in common with those that must follow it."""
    return item["kinesis"]["partitionKey"] if "kinesis" in item else str(sorted(item["dynamodb"]["Keys"].items()))


def failed_batch(
    mapping: Mapping, shard_id: str, items: Sequence[Dict[str, Any]], condition: str, attempts: int,
    result: Dict[str, Any] | None, request_id: str, now: float,
) -> dict[str, Any]:  # fmt: skip
    """What the destination for failures is told of records that were given up."""
    told: dict[str, Any] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": mapping.function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        }
    }
    if result is not None:
        told["responseContext"] = {
            "statusCode": result.get("StatusCode", 200),
            "executedVersion": result.get("ExecutedVersion", "$LATEST"),
            "functionError": result.get("FunctionError"),
        }
    name = "KinesisBatchInfo" if mapping.kind == "kinesis" else "DDBStreamBatchInfo"
    return {
        **told,
        "version": "1.0",
        "timestamp": instant(now),
        name: sourcerecords.batch_info(
            mapping.event_source_arn, shard_id, (sequence_of(items[0]), sequence_of(items[-1])),
            (arrival_of(items[0]), arrival_of(items[-1])), len(items),
        ),
    }  # fmt: skip
