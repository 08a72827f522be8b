"""PutRecord and PutRecordBatch: what is acknowledged lies in the store, and will be delivered."""

from collections.abc import Sequence

from glasshouse.core import ids
from glasshouse.core.call import INSIDE
from glasshouse.services.firehose.buffers import Item
from glasshouse.services.firehose.errors import (
    InvalidArgumentException,
    InvalidSourceException,
    ResourceNotFoundException,
)
from glasshouse.services.firehose.records import DeliveryStream

NAMESPACE = "AWS/Firehose"
LARGEST_BATCH = 4 * 1024 * 1024
RANDOM_CHARACTERS, OWN_CHARACTERS = 200, 24  # of the id that a record is given


class Writing:
    """Taking records in."""

    def put_record(self, delivery_stream_name: str, record: dict):
        stream = self._writable(delivery_stream_name)
        data = record["Data"]
        self._take_in(stream, [Item(data, self.now)])
        self._count(stream, "PutRecord", [len(data)])
        return {"RecordId": _record_ids(1)[0], "Encrypted": stream.is_encrypted}

    def put_record_batch(self, delivery_stream_name: str, records: list[dict]):
        stream = self._writable(delivery_stream_name)
        sizes = [len(record["Data"]) for record in records]
        if sum(sizes) > LARGEST_BATCH:
            raise InvalidArgumentException("Records size exceeds 4 MB limit")
        now = self.now
        self._take_in(stream, [Item(record["Data"], now) for record in records])
        self._count(stream, "PutRecordBatch", sizes)
        responses = [{"RecordId": record_id} for record_id in _record_ids(len(records))]
        return {"FailedPutCount": 0, "Encrypted": stream.is_encrypted, "RequestResponses": responses}

    # Within

    def _writable(self, name: str) -> DeliveryStream:
        stream = self._stream(name)
        if stream.delivery_stream_status == "CREATING":
            raise ResourceNotFoundException(f"Firehose {name} under account {self.call.account} not found.")
        if stream.reads_a_stream:
            raise InvalidArgumentException(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type."
            )
        if self.call.source is not INSIDE and "Decompression" in stream.processors:
            raise InvalidSourceException()
        return stream

    def _count(self, stream: DeliveryStream, operation: str, sizes: Sequence[int]):
        name, size = {"DeliveryStreamName": stream.delivery_stream_name}, sum(sizes)
        self.metric(NAMESPACE, "IncomingBytes", size, "Bytes", name)
        self.metric(NAMESPACE, "IncomingRecords", len(sizes), "Count", name)
        self.metric(NAMESPACE, f"{operation}.Bytes", size, "Bytes", name)
        self.metric(NAMESPACE, f"{operation}.Requests", 1, "Count", name)
        if operation == "PutRecordBatch":
            self.metric(NAMESPACE, "PutRecordBatch.Records", len(sizes), "Count", name)


def _record_ids(count: int) -> list[str]:
    """As long as AWS's, which look random."""
    head, tails = ids.token(RANDOM_CHARACTERS, ids.BASE64), ids.token(OWN_CHARACTERS * count, ids.BASE64)
    return [head + tails[start : start + OWN_CHARACTERS] for start in range(0, len(tails), OWN_CHARACTERS)]
