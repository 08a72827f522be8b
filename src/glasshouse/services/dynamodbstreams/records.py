"""Streams and their records, as they are kept and as they are told."""

import hashlib
from dataclasses import dataclass

from glasshouse.engines.dynamo import Item, measure_item

SEQUENCE_DIGITS, SEQUENCE_STEP = 24, 100


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A row of the table of streams."""

    number: int
    arn: str
    scope: str
    table_name: str
    label: str
    view: str
    key_schema: str
    created: float
    ended: float | None

    @property
    def shard_id(self) -> str:
        digest = hashlib.sha256(self.arn.encode()).hexdigest()
        return f"shardId-{int(self.created * 1000):020d}-{digest[:8]}"


def sequence_number(sequence: int) -> str:
    """As AWS gives them: digits that grow, with gaps."""
    return f"{sequence * SEQUENCE_STEP:0{SEQUENCE_DIGITS}d}"


def sequence_of(number: str) -> int | None:
    if not number.isdecimal() or not number.isascii() or len(number) > 40:
        return None
    return min(int(number) // SEQUENCE_STEP, 2**62)


def record_of(stream: StreamRow, sequence: int, written: float, body: dict, region: str) -> dict:
    """One record, as GetRecords tells it."""
    keys: Item = body["keys"]
    images = {"NewImage": body.get("new"), "OldImage": body.get("old")}
    told = {
        "ApproximateCreationDateTime": float(int(written)),
        "Keys": keys,
        **{name: image for name, image in images.items() if image is not None},
        "SequenceNumber": sequence_number(sequence),
        "SizeBytes": sum(measure_item(part) for part in (keys, *images.values()) if part is not None),
        "StreamViewType": stream.view,
    }
    record = {
        "eventID": hashlib.md5(f"{stream.arn}/{sequence}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": body["event"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": told,
    }
    if body.get("expired"):
        record["userIdentity"] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    return record
