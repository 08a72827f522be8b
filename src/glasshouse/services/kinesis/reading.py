"""GetShardIterator and GetRecords: places in a shard, and what is read from there.

Differs from AWS: what was written can be read at once; an iterator at a time up to two seconds ahead is given, where
AWS wants the clocks to agree to the millisecond.
"""

from glasshouse.core.call import INSIDE
from glasshouse.services.kinesis import iterators, sequences
from glasshouse.services.kinesis.errors import (
    DryRunOperationException,
    InvalidArgumentException,
    ProvisionedThroughputExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.kinesis.iterators import Iterator
from glasshouse.services.kinesis.log import READ_RECORDS, Log, Record
from glasshouse.services.kinesis.records import Stream
from glasshouse.services.kinesis.shards import Shard, shard_name
from glasshouse.services.kinesis.writing import NAMESPACE

AHEAD_S = 2
AT_NUMBER = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


class Reading:
    """The operations of consumers that share a shard."""

    def get_shard_iterator(
        self,
        shard_id: str,
        shard_iterator_type: str,
        stream_name: str | None = None,
        starting_sequence_number: str | None = None,
        timestamp: float | None = None,
        stream_arn: str | None = None,
        dry_run: bool = False,
    ):
        stream = self._stream(stream_name, stream_arn)
        shard = self._shard(stream, shard_id)
        count = self._start(
            stream, shard, "GetShardIterator", shard_iterator_type, starting_sequence_number, timestamp
        )  # fmt: skip
        if dry_run:
            raise DryRunOperationException()
        return {"ShardIterator": self._iterator(stream, shard, count)}

    def get_records(
        self,
        shard_iterator: str,
        limit: int = READ_RECORDS,
        stream_arn: str | None = None,
        dry_run: bool = False,
    ):
        place = iterators.read(shard_iterator, self.now)
        if stream_arn is not None and stream_arn != place.stream:
            raise InvalidArgumentException("StreamARN must refer to the stream of the ShardIterator.")
        stream, shard = self._place(place)
        self._begin_read(stream, shard)
        if dry_run:
            raise DryRunOperationException()
        log = self._log(stream, shard)
        found, size = log.read(place.count, limit)
        if self.call.source is not INSIDE:
            self._throughput.end_read(shard.id, size)
        count = found[-1].place - shard.base + 1 if found else max(place.count, shard.trimmed + 1)
        behind = self._milliseconds_behind(log, count, found)
        self._count_read(stream, shard, len(found), size, behind)
        answer = {"Records": self._opened(stream, log, found), "MillisBehindLatest": behind}
        if shard.closed is not None and count > log.tip()[0]:
            return answer | {"ChildShards": self._children(stream, shard)}
        return answer | {"NextShardIterator": self._iterator(stream, shard, count)}

    # Within

    def _start(
        self, stream: Stream, shard: Shard, operation: str, kind: str, number: str | None, timestamp: float | None
    ) -> int:
        """The count of the record with which reading begins."""
        if (kind in AT_NUMBER) != (number is not None) and not (kind == "AT_TIMESTAMP" and number is None):
            also = "no StartingSequenceNumber" if number is None else "also a StartingSequenceNumber"
            raise InvalidArgumentException(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2)"
                f" TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and {also}."
            )
        if number is not None:
            return self._at_number(stream, shard, operation, number) + (kind == "AFTER_SEQUENCE_NUMBER")
        if kind == "TRIM_HORIZON":
            return shard.trimmed + 1
        if kind == "LATEST":
            return self._log(stream, shard).tip()[0] + 1
        return self._at_time(stream, shard, timestamp)

    def _at_number(self, stream: Stream, shard: Shard, operation: str, number: str) -> int:
        sequence = sequences.read(number)
        words = (
            f"StartingSequenceNumber {number} used in {operation} on shard {shard.name} in stream {stream.stream_name}"
            f" under account {stream.account} is invalid"
        )
        if sequence is None:
            raise InvalidArgumentException(f"{words}.")
        if sequence.position != shard.position:
            raise InvalidArgumentException(
                f"Invalid StartingSequenceNumber. It encodes {shard_name(sequence.position)}, while it was used in a"
                f" call to a shard with {shard.name}"
            )
        if sequence.epoch != shard.epoch:
            raise InvalidArgumentException(f"{words} because it did not come from this stream.")
        return min(sequence.count, self._log(stream, shard).tip()[0] + 1)

    def _at_time(self, stream: Stream, shard: Shard, timestamp: float | None) -> int:
        if timestamp is None:
            raise InvalidArgumentException("Must specify timestamp parameter for iterator of type AT_TIMESTAMP")
        if timestamp > self.now + AHEAD_S:
            raise InvalidArgumentException(
                "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis."
                f" timestampInMillis: {int(timestamp * 1000)}, currentTimestampInMillis: {int(self.now * 1000)}"
            )
        # Arrivals are told to the millisecond, and so is what is asked for.
        return self._log(stream, shard).count_after(round(timestamp, 3) - 0.0005)

    def _iterator(self, stream: Stream, shard: Shard, count: int) -> str:
        return iterators.write(Iterator(stream.stream_arn, stream.number, shard.position, count, self.now))

    def _place(self, place: Iterator) -> tuple[Stream, Shard]:
        stream = self._look_up(place.stream)
        shard = self._shards(stream).get(place.position) if stream and stream.number == place.number else None
        if stream is None or shard is None:
            account, _, name = place.stream.split(":", 4)[4].partition(":stream/")
            raise ResourceNotFoundException(
                f"Shard {shard_name(place.position)} in stream {name} under account {account} does not exist"
            )
        return stream, shard

    def _begin_read(self, stream: Stream, shard: Shard):
        if self.call.source is INSIDE or self._throughput.begin_read(shard.id):
            return
        self._count_at_once(stream, "GetRecords.Success", 0)
        self._count_at_once(stream, "ReadProvisionedThroughputExceeded", 1)
        if "ReadProvisionedThroughputExceeded" in stream.shard_level_metrics:
            self._count_at_once(stream, "ReadProvisionedThroughputExceeded", 1, shard)
        raise ProvisionedThroughputExceededException(
            f"Rate exceeded for Shard - {stream.account}/{stream.stream_name}/{shard.name}"
        )

    def _milliseconds_behind(self, log: Log, count: int, found: list[Record]) -> int:
        """How long ago the last record read was written, or the next one; none if there is nothing more to read."""
        if count > log.tip()[0]:
            return 0
        found = found or log.read(count, 1)[0]
        return max(0, int((self.now - found[-1].arrived) * 1000)) if found else 0

    def _opened(self, stream: Stream, log: Log, found: list[Record]) -> list[dict]:
        """Records as they are told."""
        unseal = self._unsealer(stream)
        told = []
        for number, record in zip(log.numbers(found), found, strict=True):
            it = {
                "SequenceNumber": number,
                "ApproximateArrivalTimestamp": round(record.arrived, 3),
                "Data": unseal(record.sealed, record.data) if record.sealed else record.data,
                "PartitionKey": record.partition_key or "",
            }
            if record.sealed:
                it["EncryptionType"] = "KMS"
            told.append(it)
        return told

    def _children(self, stream: Stream, shard: Shard) -> list[dict]:
        return [
            {
                "ShardId": child.name,
                "ParentShards": [shard_name(it) for it in (child.parent, child.adjacent) if it is not None],
                "HashKeyRange": child.hash_key_range(),
            }
            for child in self._shards(stream).children(shard.position)
        ]

    def _count_read(self, stream: Stream, shard: Shard, records: int, size: int, behind: int):
        name = {"StreamName": stream.stream_name}
        self.metric(NAMESPACE, "GetRecords.Success", 1, "Count", name)
        self.metric(NAMESPACE, "GetRecords.Records", records, "Count", name)
        self.metric(NAMESPACE, "GetRecords.Bytes", size, "Bytes", name)
        self.metric(NAMESPACE, "GetRecords.IteratorAgeMilliseconds", behind, "Milliseconds", name)
        self._count_of_shard(stream, shard, "OutgoingRecords", records, "Count")
        self._count_of_shard(stream, shard, "OutgoingBytes", size, "Bytes")
        self._count_of_shard(stream, shard, "IteratorAgeMilliseconds", behind, "Milliseconds")
