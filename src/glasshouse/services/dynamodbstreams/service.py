"""DynamoDB Streams: what happened to the items of a table, for a day.

DynamoDB writes the records, in the transaction that changes the items; here they are read. Differs from AWS: a stream
has one shard, which is open as long as the stream is enabled.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

import msgspec

from glasshouse.core import Service
from glasshouse.services.dynamodbstreams.errors import (
    ExpiredIteratorException,
    ResourceNotFoundException,
    TrimmedDataAccessException,
    ValidationException,
)
from glasshouse.services.dynamodbstreams.records import StreamRow, record_of, sequence_number, sequence_of

KEPT_S, ITERATOR_S, PAGE_BYTES = 86_400, 900, 2**20
COLUMNS = "number, arn, scope, table_name, label, view, key_schema, created, ended"


@dataclass(frozen=True, slots=True)
class Iterator:
    """A place in a shard: the first sequence to read, and when the iterator was given."""

    stream: str
    after: int
    given: float


class Dynamodbstreams(Service):
    name = "dynamodbstreams"

    def list_streams(
        self, table_name: str | None = None, limit: int = 100, exclusive_start_stream_arn: str | None = None
    ):
        name = (table_name or "").rpartition("table/")[2]
        rows = self.store.read(
            f"SELECT {COLUMNS} FROM dynamodbstreams_stream WHERE scope = ? AND arn > ? ORDER BY arn",
            (f"{self.call.account}/{self.call.region}", exclusive_start_stream_arn or ""),
        )
        streams = [stream for row in rows if self._lives(stream := StreamRow(*row)) and name in ("", stream.table_name)]
        page = streams[:limit]
        return {
            "Streams": [
                {"StreamArn": stream.arn, "TableName": stream.table_name, "StreamLabel": stream.label}
                for stream in page
            ],
            "LastEvaluatedStreamArn": page[-1].arn if len(streams) > limit else None,
        }

    def describe_stream(self, stream_arn: str, limit: int = 100, exclusive_start_shard_id: str | None = None):
        stream = self._stream(stream_arn)
        first, last = self.store.read(
            "SELECT min(sequence), max(sequence) FROM dynamodbstreams_record WHERE stream = ?", (stream.number,)
        ).fetchone()
        numbers = {"StartingSequenceNumber": sequence_number(first or 0)}
        if stream.ended is not None:
            numbers["EndingSequenceNumber"] = sequence_number(last or 0)
        shard = {"ShardId": stream.shard_id, "SequenceNumberRange": numbers}
        return {
            "StreamDescription": {
                "StreamArn": stream.arn,
                "StreamLabel": stream.label,
                "StreamStatus": "ENABLED" if stream.ended is None else "DISABLED",
                "StreamViewType": stream.view,
                "CreationRequestDateTime": stream.created,
                "TableName": stream.table_name,
                "KeySchema": json.loads(stream.key_schema),
                "Shards": [shard] if (exclusive_start_shard_id or "") < stream.shard_id else [],
            }
        }

    def get_shard_iterator(
        self, stream_arn: str, shard_id: str, shard_iterator_type: str, sequence_number: str | None = None
    ):
        stream = self._stream(stream_arn)
        if shard_id != stream.shard_id:
            raise ResourceNotFoundException(f"Requested resource not found: Shard: {shard_id} not found")
        after = self._start(stream, shard_iterator_type, sequence_number)
        return {"ShardIterator": _written(Iterator(stream.arn, after, self.now))}

    def get_records(self, shard_iterator: str, limit: int = 1000):
        place = _read(shard_iterator)
        if self.now - place.given > ITERATOR_S:
            raise ExpiredIteratorException()
        stream = self._stream(place.stream)
        rows = self.store.read(
            "SELECT sequence, written, body FROM dynamodbstreams_record WHERE stream = ? AND sequence > ?"
            " AND written > ? ORDER BY sequence LIMIT ?",
            (stream.number, place.after, self.now - KEPT_S, limit),
        )
        records, size, after = [], 0, place.after
        for sequence, written, body in rows:
            if records and size + len(body) > PAGE_BYTES:
                break
            records.append(record_of(stream, sequence, written, msgspec.msgpack.decode(body), self.call.region))
            size, after = size + len(body), sequence
        over = stream.ended is not None and not self._has_more(stream, after)
        return {
            "Records": records,
            "NextShardIterator": None if over else _written(Iterator(stream.arn, after, self.now)),
        }

    # Within

    def _start(self, stream: StreamRow, kind: str, number: str | None) -> int:
        """The sequence after which an iterator begins."""
        if kind == "TRIM_HORIZON":
            return 0
        if kind == "LATEST":
            (last,) = self.store.read("SELECT max(sequence) FROM dynamodbstreams_record").fetchone()
            return last or 0
        if not number:
            raise ValidationException(f"SequenceNumber must be specified for ShardIteratorType {kind}")
        sequence = sequence_of(number)
        if sequence is None:
            raise ValidationException(f"Invalid SequenceNumber: {number}")
        row = self.store.read("SELECT written FROM dynamodbstreams_record WHERE sequence = ?", (sequence,)).fetchone()
        if sequence and (row is None or row[0] <= self.now - KEPT_S):
            raise TrimmedDataAccessException()
        return sequence - 1 if kind == "AT_SEQUENCE_NUMBER" else sequence

    def _has_more(self, stream: StreamRow, after: int) -> bool:
        row = self.store.read(
            "SELECT 1 FROM dynamodbstreams_record WHERE stream = ? AND sequence > ? AND written > ? LIMIT 1",
            (stream.number, after, self.now - KEPT_S),
        ).fetchone()
        return row is not None

    def _stream(self, arn: str) -> StreamRow:
        row = self.store.read(f"SELECT {COLUMNS} FROM dynamodbstreams_stream WHERE arn = ?", (arn,)).fetchone()
        if row is None or not self._lives(stream := StreamRow(*row)):
            raise ResourceNotFoundException(f"Requested resource not found: Stream: {arn} not found")
        return stream

    def _lives(self, stream: StreamRow) -> bool:
        """A stream that has ended can be read for a day."""
        return stream.ended is None or self.now - stream.ended < KEPT_S

    # Access

    def resource_arns(self, params: dict) -> list[str] | None:
        if "StreamArn" in params:
            return [params["StreamArn"]]
        if "ShardIterator" in params:
            return [_read(params["ShardIterator"]).stream]
        return None

    def resource_account(self, params: dict) -> str | None:
        arns = self.resource_arns(params)
        parts = arns[0].split(":") if arns else []
        return parts[4] if len(parts) > 4 else None


def _written(place: Iterator) -> str:
    text = msgspec.json.encode([place.after, place.given])
    return f"{place.stream}|1|{b64encode(text).decode()}"


def _read(token: str) -> Iterator:
    """Raises ValidationException."""
    try:
        arn, _, text = token.split("|")
        after, given = msgspec.json.decode(b64decode(text, validate=True), type=tuple[int, float])
    except (ValueError, msgspec.MsgspecError):
        raise ValidationException("Invalid ShardIterator") from None
    return Iterator(arn, after, given)
