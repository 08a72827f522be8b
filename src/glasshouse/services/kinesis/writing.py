"""PutRecord and PutRecords: which shard takes a record, what it is numbered, and who has to come again."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5

from glasshouse.core import ids
from glasshouse.core.call import INSIDE
from glasshouse.services.kinesis import sequences
from glasshouse.services.kinesis.errors import (
    DryRunOperationException,
    InvalidArgumentException,
    ProvisionedThroughputExceededException,
    ValidationException,
)
from glasshouse.services.kinesis.records import AUTO, PROVISIONED, Stream
from glasshouse.services.kinesis.shards import HASHES, PLACE_SHIFT, Shard

REQUEST_BYTES = 10 * 1024 * 1024
THROTTLED = ProvisionedThroughputExceededException.__name__
NAMESPACE = "AWS/Kinesis"


@dataclass(slots=True)
class Head:
    """Where a shard is appended to: the count of its last record, and what is the same in all numbers given now."""

    shard: Shard
    name: str
    count: int
    part: int
    arrived: float
    records: int = 0
    size: int = 0


class Writing:
    """The two ways to write."""

    def put_record(
        self,
        data: bytes,
        partition_key: str | None = None,
        explicit_hash_key: str | None = None,
        sequence_number_for_ordering: str | None = None,
        stream_name: str | None = None,
        stream_arn: str | None = None,
        dry_run: bool = False,
    ):
        stream = self._stream(stream_name, stream_arn)
        size = _size(stream, data, partition_key, "")
        text = _hash(stream, partition_key, explicit_hash_key, "")
        if sequence_number_for_ordering is not None:
            self._check_ordering(stream, sequence_number_for_ordering)
        shard = self._shards(stream).of_hash(text)
        if self._is_counted(stream) and not self._throughput.write(shard.id, size):
            self._count_throttled(stream, "PutRecord.Success", [shard])
            raise ProvisionedThroughputExceededException(_throttled(stream, shard))
        if dry_run:
            raise DryRunOperationException()
        appending = self._appending(stream)
        head = appending.head(shard)
        number = appending.add(head, partition_key, data, size)
        self._write(stream, appending, "PutRecord")
        return {"ShardId": head.name, "SequenceNumber": number, "EncryptionType": _encryption(stream)}

    def put_records(
        self,
        records: list[dict],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        dry_run: bool = False,
    ):
        stream = self._stream(stream_name, stream_arn)
        sizes, texts = _checked(stream, records)
        find, appending = self._finder(stream, len(records)), self._appending(stream)
        counted = self._is_counted(stream)
        results, refused = [], []
        for record, size, text in zip(records, sizes, texts, strict=True):
            shard = find(text)
            if counted and not self._throughput.write(shard.id, size):
                refused.append(shard)
                results.append({"ErrorCode": THROTTLED, "ErrorMessage": _throttled(stream, shard)})
                continue
            head = appending.heads.get(shard.id) or appending.head(shard)
            number = appending.add(head, record.get("PartitionKey"), record["Data"], size)
            results.append({"SequenceNumber": number, "ShardId": head.name})
        if dry_run:
            raise DryRunOperationException()
        self._write(stream, appending, "PutRecords")
        self._count_batch(stream, len(records), refused)
        return {"FailedRecordCount": len(refused), "Records": results, "EncryptionType": _encryption(stream)}

    # Within

    def _finder(self, stream: Stream, records: int):
        """What finds the open shard of a hash key: from a list of all, unless there are more of them than records."""
        shards = self._shards(stream)
        if stream.open_shards > records:
            return shards.of_hash
        opened = shards.open()
        if len(opened) == 1:
            return lambda text: opened[0]
        firsts = [shard.first_hash for shard in opened]
        return lambda text: opened[bisect_right(firsts, text) - 1]

    def _is_counted(self, stream: Stream) -> bool:
        """Whether what is written now counts against what the shards carry; see throughput.py."""
        return stream.mode == PROVISIONED and self.call.source is not INSIDE

    def _appending(self, stream: Stream) -> "Appending":
        sealed, seal = self._sealer(stream)
        return Appending(lambda shard: self._log(stream, shard).tip(), self.now, sealed, seal)

    def _write(self, stream: Stream, appending: "Appending", operation: str):
        self.store.write_many("INSERT INTO kinesis_record VALUES (?, ?, ?, ?, ?)", appending.rows)
        for shard in appending.empty:
            self._trim_later(stream, shard, self.now)
        self.tell(stream.stream_arn)
        self._count_written(stream, operation, list(appending.heads.values()))

    def _check_ordering(self, stream: Stream, number: str):
        """Numbers grow whatever the order is; a number must still be one, and not of the future."""
        sequence = sequences.read(number)
        if sequence is None or sequence.second > self.now + 1:
            raise InvalidArgumentException(
                f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.stream_name} under"
                f" account {stream.account} is invalid."
            )

    def _count_written(self, stream: Stream, operation: str, heads: list[Head]):
        name = {"StreamName": stream.stream_name}
        records, size = sum(head.records for head in heads), sum(head.size for head in heads)
        if records:
            self.metric(NAMESPACE, "IncomingRecords", records, "Count", name)
            self.metric(NAMESPACE, "IncomingBytes", size, "Bytes", name)
        self.metric(NAMESPACE, f"{operation}.Bytes", size, "Bytes", name)
        self.metric(NAMESPACE, f"{operation}.Success", int(records > 0), "Count", name)
        for head in heads if stream.shard_level_metrics else ():
            self._count_of_shard(stream, head.shard, "IncomingRecords", head.records, "Count")
            self._count_of_shard(stream, head.shard, "IncomingBytes", head.size, "Bytes")

    def _count_batch(self, stream: Stream, total: int, refused: list[Shard]):
        name = {"StreamName": stream.stream_name}
        self.metric(NAMESPACE, "PutRecords.TotalRecords", total, "Count", name)
        self.metric(NAMESPACE, "PutRecords.SuccessfulRecords", total - len(refused), "Count", name)
        self.metric(NAMESPACE, "PutRecords.FailedRecords", 0, "Count", name)
        self.metric(NAMESPACE, "PutRecords.ThrottledRecords", len(refused), "Count", name)
        if refused:
            self._count_throttled(stream, None, refused)

    def _count_throttled(self, stream: Stream, success: str | None, shards: list[Shard]):
        """Counted at once, since the call may fail because of it."""
        if success:
            self._count_at_once(stream, success, 0)
        self._count_at_once(stream, "WriteProvisionedThroughputExceeded", len(shards))
        for shard in shards if "WriteProvisionedThroughputExceeded" in stream.shard_level_metrics else ():
            self._count_at_once(stream, "WriteProvisionedThroughputExceeded", 1, shard)

    def _count_of_shard(self, stream: Stream, shard: Shard, metric: str, value: float, unit: str):
        if metric in stream.shard_level_metrics:
            dimensions = {"StreamName": stream.stream_name, "ShardId": shard.name}
            self.metric(NAMESPACE, metric, value, unit, dimensions)

    def _count_at_once(self, stream: Stream, metric: str, value: float, shard: Shard | None = None):
        dimensions = {"StreamName": stream.stream_name} | ({"ShardId": shard.name} if shard else {})
        self.cloud.metrics.add(
            stream.account, stream.region, NAMESPACE, metric, "Count", dimensions, self.now, value
        )  # fmt: skip


class Appending:
    """Records on their way to the ends of shards."""

    def __init__(
        self,
        tip: Callable[[Shard], tuple[int, float]],
        now: float,
        sealed: int,
        seal: Callable[[bytes], bytes],
    ):
        self._tip, self._now, self._sealed, self._seal = tip, now, sealed, seal
        self.heads: dict[int, Head] = {}
        self.rows: list[tuple] = []
        self.empty: list[Shard] = []  # those that had no records

    def head(self, shard: Shard) -> Head:
        count, arrived = self._tip(shard)
        if not arrived:
            self.empty.append(shard)
        arrived = max(self._now, arrived)
        part = sequences.shard_part(shard.epoch, shard.position) + (int(arrived) << sequences.TIME_SHIFT)
        head = self.heads[shard.id] = Head(shard, shard.name, count, part, arrived)
        return head

    def add(self, head: Head, partition_key: str | None, data: bytes, size: int) -> str:
        """Take a record, and return its number."""
        head.count = count = head.count + 1
        head.records += 1
        head.size += size
        place = (head.shard.id << PLACE_SHIFT) + count
        self.rows.append((place, head.arrived, partition_key, self._sealed, self._seal(data)))
        return str(head.part + (count << sequences.COUNT_SHIFT))


def _checked(stream: Stream, records: list[dict]) -> tuple[list[int], list[str]]:
    """The sizes and the hash keys of the records of a batch."""
    sizes, texts = [], []
    for index, record in enumerate(records, 1):
        path = f"records.{index}.member."
        key = record.get("PartitionKey")
        sizes.append(_size(stream, record["Data"], key, path))
        texts.append(_hash(stream, key, record.get("ExplicitHashKey"), path))
    if sum(sizes) > REQUEST_BYTES:
        raise InvalidArgumentException("Records size exceeds 10 MB limit")
    return sizes, texts


def _size(stream: Stream, data: bytes, partition_key: str | None, path: str) -> int:
    """What a record counts for. Raises ValidationException for one that is too large."""
    size = len(data) + (len(partition_key.encode()) if partition_key else 0)
    if size > stream.record_bytes:
        raise ValidationException(
            f"1 validation error detected: Value at '{path}data' failed to satisfy constraint: Member must have length"
            f" less than or equal to {stream.record_bytes}"
        )
    return size


def _hash(stream: Stream, partition_key: str | None, explicit_hash_key: str | None, path: str) -> str:
    """A record's hash key, in 32 hexadecimal digits."""
    if stream.distribution == AUTO:
        return ids.random_bytes(16).hex()
    if partition_key is None:
        raise ValidationException(
            f"1 validation error detected: Value null at '{path}partitionKey' failed to satisfy constraint: Member must"
            " not be null"
        )
    if explicit_hash_key is None:
        return md5(partition_key.encode(), usedforsecurity=False).hexdigest()
    value = int(explicit_hash_key)
    if value >= HASHES:
        raise InvalidArgumentException(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was"
            f" {explicit_hash_key}"
        )
    return f"{value:032x}"


def _throttled(stream: Stream, shard: Shard) -> str:
    return f"Rate exceeded for shard {shard.name} in stream {stream.stream_name} under account {stream.account}."


def _encryption(stream: Stream) -> str | None:
    """Told of encrypted records only."""
    return "KMS" if stream.encryption_type == "KMS" else None
