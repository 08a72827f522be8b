"""Records of queues and streams as events carry them: to functions, and through pipes.

    of_message(message, "arn:aws:sqs:eu-west-1:111111111111:q")["eventSource"]    # "aws:sqs"

Given are messages and records as the APIs of SQS and DynamoDB Streams answer with them, bytes as bytes, times in epoch
seconds. See https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and with-ddb.html.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# How SQS names what a message carries, and how the event does.
VALUES = {
    "StringValue": "stringValue", "BinaryValue": "binaryValue", "StringListValues": "stringListValues",
    "BinaryListValues": "binaryListValues", "DataType": "dataType",
}  # fmt: skip


def of_message(message: Mapping[str, Any], queue: str) -> dict[str, Any]:
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
    return {**record, "md5OfBody": message["MD5OfBody"], **source_of("aws:sqs", queue)}


def of_change(record: Mapping[str, Any], stream: str) -> dict[str, Any]:
    """A record of DynamoDB Streams."""
    told = _printable(record["dynamodb"])
    # Whole seconds, written as a fraction: 1479499740.0.
    told["ApproximateCreationDateTime"] = float(int(told["ApproximateCreationDateTime"]))
    change = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "dynamodb": told,
        **source_of("aws:dynamodb", stream),
    }
    if identity := record.get("userIdentity"):
        change["userIdentity"] = {"principalId": identity["PrincipalId"], "type": identity["Type"]}
    return change


def kinesis_data(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of Kinesis says itself."""
    return {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": record["PartitionKey"],
        "sequenceNumber": record["SequenceNumber"],
        "data": b64encode(record["Data"]).decode(),
        "approximateArrivalTimestamp": round(record["ApproximateArrivalTimestamp"], 3),
    }


def kinesis_origin(record: Mapping[str, Any], stream: str, shard_id: str, role: str) -> dict[str, Any]:
    """Where a record of Kinesis comes from, and who reads it."""
    return {
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        **source_of("aws:kinesis", stream),
    }


def batch_info(
    stream: str, shard_id: str, sequences: tuple[str, str], arrivals: tuple[float, float], size: int
) -> dict[str, Any]:
    """Where in a stream the records lie that were given up: from the first one to the last one."""
    return {
        "shardId": shard_id,
        "startSequenceNumber": sequences[0],
        "endSequenceNumber": sequences[1],
        "approximateArrivalOfFirstRecord": _arrival(arrivals[0]),
        "approximateArrivalOfLastRecord": _arrival(arrivals[1]),
        "batchSize": size,
        "streamArn": stream,
    }


def instant(moment: float) -> str:
    written = datetime.fromtimestamp(moment, UTC)
    return f"{written:%Y-%m-%dT%H:%M:%S}.{written.microsecond // 1000:03d}Z"


def _arrival(moment: float) -> str:
    """An instant as Java prints it: without the fraction of a whole second."""
    return instant(moment).replace(".000Z", "Z")


def source_of(name: str, arn: str) -> dict[str, str]:
    return {"eventSource": name, "eventSourceARN": arn, "awsRegion": arn.split(":")[3]}


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    told = {VALUES[name]: _printable(one) for name, one in value.items() if name in VALUES}
    return {"stringListValues": [], "binaryListValues": [], **told}


def _printable(value: Any) -> Any:
    """The same with its bytes in base64."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value
