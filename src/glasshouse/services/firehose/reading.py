"""A Kinesis data stream as the source: its shards are read in order, by the role of the source, from where they were
left. What is read and how far that was is written in one transaction.
"""

import json
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.services.firehose.aggregates import parts
from glasshouse.services.firehose.buffers import Item
from glasshouse.services.firehose.records import DeliveryStream, Position
from glasshouse.services.firehose.writing import NAMESPACE

RETRY_S, LONGEST_WAIT_S = 10.0, 20
MOST_READ = 1000
LOST = ("ExpiredIteratorException", "InvalidArgumentException")  # what has been read last has expired


class Reading:
    """The jobs that read."""

    def _begin_reading(self, stream: DeliveryStream):
        self._watch_later(stream.delivery_stream_name, stream.create_timestamp)

    def _end_reading(self, stream: DeliveryStream):
        name = stream.delivery_stream_name
        self.cancel(f"source {name}")
        for position in list(self.positions.list(name)):
            self.cancel(f"shard {name} {position.shard_id}")
            self.positions.delete(position)

    def _watch_source(self, name: str, born: float):
        """Begin to read the shards whose turn it is: those that came of others when these have been read."""
        stream = self._read_by(name, born)
        if stream is None:
            return
        try:
            shards = self._shards(stream)
        except ServiceError as failure:
            self._source_failed(stream, failure)
            self._watch_later(name, born, RETRY_S)
            return
        known = {position.shard_id: position for position in self.positions.list(name)}
        at_first = not known
        for shard_id, parents in shards.items():
            if shard_id not in known:
                begun = born if at_first else None
                known[shard_id] = self.positions.put(Position(name, shard_id, parents, begun))
        if not known:  # a stream that is being created
            self._watch_later(name, born, RETRY_S)
        for position in known.values():
            parents_left = [known[parent] for parent in position.parents if parent in known]
            if not position.finished and all(parent.finished for parent in parents_left):
                self._read_later(name, born, position.shard_id)

    def _read_shard(self, name: str, born: float, shard_id: str):
        """Take in what has come, or wait for it."""
        stream, position = self._read_by(name, born), self.positions.get(name, shard_id)
        if stream is None or position is None or position.finished:
            return
        try:
            records, behind_ms, ended = self._records(stream, position)
        except ServiceError as failure:
            self._source_failed(stream, failure)
            self._read_later(name, born, shard_id, RETRY_S)
            return
        if records:
            self._take_records(stream, position, records, behind_ms)
        if ended and not records:
            position.finished = True
            self.positions.put(position)
            self._watch_later(name, born)
        elif records:
            self._read_later(name, born, shard_id)
        else:
            self.wait(LONGEST_WAIT_S, _source(stream)["KinesisStreamARN"])

    # Within

    def _read_by(self, name: str, born: float) -> DeliveryStream | None:
        """The stream that a job was begun for, if it is still there."""
        stream = self.streams.get(name)
        lives = stream is not None and stream.delivery_stream_status == "ACTIVE" and stream.create_timestamp == born
        return stream if lives else None

    def _watch_later(self, name: str, born: float, after: float = 0.0):
        self.later("_watch_source", after=after, key=f"source {name}", name=name, born=born)

    def _read_later(self, name: str, born: float, shard_id: str, after: float = 0.0):
        key = f"shard {name} {shard_id}"
        self.later("_read_shard", after=after, key=key, name=name, born=born, shard_id=shard_id)

    def _kinesis(self, stream: DeliveryStream):
        source = _source(stream)
        return self.aws(source_arn=stream.delivery_stream_arn).as_role(source["RoleARN"]).kinesis

    def _shards(self, stream: DeliveryStream) -> dict[str, list[str]]:
        """The shards of the source, each with those it came of."""
        kinesis, arn = self._kinesis(stream), _source(stream)["KinesisStreamARN"]
        found: dict[str, list[str]] = {}
        more: dict[str, str] = {}
        while True:
            told = kinesis.describe_stream(StreamARN=arn, **more)["StreamDescription"]
            for shard in told["Shards"]:
                parents = [shard.get("ParentShardId"), shard.get("AdjacentParentShardId")]
                found[shard["ShardId"]] = [parent for parent in parents if parent]
                more = {"ExclusiveStartShardId": shard["ShardId"]}
            if not told["HasMoreShards"]:
                return found

    def _records(self, stream: DeliveryStream, position: Position) -> tuple[list[dict], int, bool]:
        """The records that follow, how far they are behind the latest, and whether the shard ends with them."""
        kinesis = self._kinesis(stream)
        try:
            iterator = self._iterator(kinesis, stream, position)
        except ServiceError as failure:
            if failure.code not in LOST or position.sequence is None:
                raise
            position.sequence, position.begun = None, None
            iterator = self._iterator(kinesis, stream, position)
        told = kinesis.get_records(ShardIterator=iterator, Limit=MOST_READ)
        return told["Records"], told["MillisBehindLatest"], not told.get("NextShardIterator")

    def _iterator(self, kinesis: Any, stream: DeliveryStream, position: Position) -> str:
        asked: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if position.sequence is not None:
            asked = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": position.sequence}
        elif position.begun is not None:
            asked = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": position.begun}
        arn = _source(stream)["KinesisStreamARN"]
        return kinesis.get_shard_iterator(StreamARN=arn, ShardId=position.shard_id, **asked)["ShardIterator"]

    def _take_records(self, stream: DeliveryStream, position: Position, records: list[dict], behind_ms: int):
        items = [item for record in records for item in _items(record, position.shard_id)]
        position.sequence = records[-1]["SequenceNumber"]
        self.positions.put(position)
        self._take_in(stream, items)
        name = {"DeliveryStreamName": stream.delivery_stream_name}
        size = sum(len(item.data) for item in items)
        self.metric(NAMESPACE, "DataReadFromKinesisStream.Bytes", size, "Bytes", name)
        self.metric(NAMESPACE, "DataReadFromKinesisStream.Records", len(items), "Count", name)
        self.metric(NAMESPACE, "KinesisMillisBehindLatest", behind_ms, "Milliseconds", name)

    def _source_failed(self, stream: DeliveryStream, failure: ServiceError):
        code = failure.code.removesuffix("Exception")
        self._report_of_destination(stream, f"Kinesis.{code}", failure.message or code)


def _source(stream: DeliveryStream) -> dict[str, Any]:
    assert stream.source is not None
    return stream.source["KinesisStreamSourceDescription"]


def _items(record: dict, shard_id: str) -> list[Item]:
    """A record; those within, if it is an aggregate."""
    within = parts(record["Data"])
    if within is None:
        return [_item(record, shard_id, record["PartitionKey"], record["Data"], "")]
    return [_item(record, shard_id, key, data, str(index)) for index, (key, data) in enumerate(within)]


def _item(record: dict, shard_id: str, key: str, data: bytes, number: str) -> Item:
    arrived = record["ApproximateArrivalTimestamp"]
    source = {
        "sequenceNumber": record["SequenceNumber"],
        "subsequenceNumber": number,
        "partitionKey": key,
        "shardId": shard_id,
        "approximateArrivalTimestamp": int(arrived * 1000),
    }
    return Item(data, arrived, json.dumps(source))
