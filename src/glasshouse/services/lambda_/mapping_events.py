"""The events of event sources, as functions get them, and what a failed batch leaves behind."""

from base64 import b64encode
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from glasshouse.services.lambda_.mapping_records import Mapping

# How SQS names what a message carries, and how the event does.
VALUES = {
    "StringValue": "stringValue", "BinaryValue": "binaryValue", "StringListValues": "stringListValues",
    "BinaryListValues": "binaryListValues", "DataType": "dataType",
}  # fmt: skip


def of_message(message: Dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """A message of SQS."""
    attributes = message.get("MessageAttributes") or {}
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
    }
    if message.get("MD5OfMessageAttributes"):
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return {**record, "md5OfBody": message["MD5OfBody"], **_source("aws:sqs", mapping)}


def of_kinesis_record(record: Dict[str, Any], mapping: Mapping, shard_id: str, role: str) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(record["ApproximateArrivalTimestamp"], 3),
        },
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        **_source("aws:kinesis", mapping),
    }


def of_change(record: Dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """A record of DynamoDB Streams."""
    told = _printable(record["dynamodb"])
    told["ApproximateCreationDateTime"] = int(told["ApproximateCreationDateTime"])
    change = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "dynamodb": told,
        **_source("aws:dynamodb", mapping),
    }
    if identity := record.get("userIdentity"):
        change["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    return change


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
        name: {
            "shardId": shard_id,
            "startSequenceNumber": sequence_of(items[0]),
            "endSequenceNumber": sequence_of(items[-1]),
            "approximateArrivalOfFirstRecord": instant(arrival_of(items[0])),
            "approximateArrivalOfLastRecord": instant(arrival_of(items[-1])),
            "batchSize": len(items),
            "streamArn": mapping.event_source_arn,
        },
    }


def instant(moment: float) -> str:
    written = datetime.fromtimestamp(moment, UTC)
    return f"{written:%Y-%m-%dT%H:%M:%S}.{written.microsecond // 1000:03d}Z"


def _source(name: str, mapping: Mapping) -> dict[str, str]:
    arn = mapping.event_source_arn
    return {"eventSource": name, "eventSourceARN": arn, "awsRegion": arn.split(":")[3]}


def _attribute(value: Dict[str, Any]) -> dict[str, Any]:
    told = {VALUES[name]: _printable(one) for name, one in value.items() if name in VALUES}
    return {"stringListValues": [], "binaryListValues": [], **told}


def _printable(value: Any) -> Any:
    """The same with its bytes in base64."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value
