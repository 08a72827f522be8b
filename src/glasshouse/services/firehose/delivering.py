"""Delivery to S3, by the role of the destination, for as long as a day.

Everything of an object but the last step happens outside of the store, piece by piece; that step makes the object and
forgets the records in one transaction, so none is lost and none is delivered twice.
https://docs.aws.amazon.com/firehose/latest/dev/retry.html
"""

from dataclasses import dataclass
from typing import Any

from glasshouse.core import ServiceError, outside
from glasshouse.core.blobs import Incoming
from glasshouse.services.firehose.buffers import Buffer, Item
from glasshouse.services.firehose.compression import ENCODINGS, writer
from glasshouse.services.firehose.encryption import opened
from glasshouse.services.firehose.names import object_name
from glasshouse.services.firehose.records import BACKUP, HTTP, MAIN, DeliveryStream
from glasshouse.services.firehose.writing import NAMESPACE

PORTION_BYTES = 1024 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_S = 5, 120, 86_400
ALGORITHMS = ("crc64nvme", "md5")  # what S3 wants to know of a body


@dataclass(frozen=True, slots=True)
class Delivery:
    """A sealed buffer on its way to a bucket."""

    number: int
    settings: dict[str, Any]
    cipher: Any


class Delivering:
    """The job of a sealed buffer."""

    @outside
    def _deliver(self, number: int):
        plan = self.inside("_planned", number=number)
        if isinstance(plan, Delivery):
            body = self._body(plan)
            try:
                self.inside("_hand_over", number=number, body=body)
            finally:
                body.discard()
        elif plan is not None:
            self._post(plan)

    def _planned(self, number: int):
        """What is to be done; None if it cannot be done now, or the stream is gone."""
        found = self._of_buffer(number)
        if found is None:
            return None
        buffer, stream = found
        try:
            cipher = self._cipher(stream, buffer)
            if buffer.kind == MAIN and stream.kind == HTTP:
                return self._planned_post(stream, buffer, cipher)
        except ServiceError as refusal:
            self._not_delivered(stream, buffer, refusal)
            return None
        return Delivery(number, stream.bucket(buffer.kind), cipher)

    def _body(self, delivery: Delivery) -> Incoming:
        """The records of a buffer, one after another, compressed. In a thread."""
        body = self.cloud.blobs.incoming(ALGORITHMS)
        out = writer(delivery.settings["CompressionFormat"], body.write)
        for portion in self._portions(delivery.number):
            out.write(b"".join(opened(delivery.cipher, item.data) for item in portion))
        out.close()
        return body.finish()

    def _portions(self, number: int):
        """The records of a buffer, by and by. In a thread."""
        after = 0
        while portion := self.inside("_portion", number=number, after=after):
            yield portion
            after += len(portion)

    def _portion(self, number: int, after: int) -> list[Item]:
        return self._buffers.portion(number, after, PORTION_BYTES)

    def _hand_over(self, number: int, body: Incoming):
        """Make the object, or see to it that it is made later."""
        found = self._of_buffer(number)
        if found is None:
            return
        buffer, stream = found
        buffer.attempts += 1
        if buffer.begun is None:
            buffer.begun = self.now
        try:
            with self.store.transaction():
                self._put(stream, buffer, body)
        except ServiceError as refusal:
            self._not_delivered(stream, buffer, refusal)
            return
        self._buffers.drop(buffer)
        self._count_delivery(stream, buffer, body.size)

    def _put(self, stream: DeliveryStream, buffer: Buffer, body: Incoming):
        settings = stream.bucket(buffer.kind)
        name = object_name(stream, buffer)
        asked: dict[str, Any] = {"ContentType": "application/octet-stream"}
        if encoding := ENCODINGS.get(settings["CompressionFormat"]):
            asked["ContentEncoding"] = encoding
        if kms := settings["EncryptionConfiguration"].get("KMSEncryptionConfig"):
            asked |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms["AWSKMSKeyARN"]}
        bucket = settings["BucketARN"].partition(":::")[2]
        role = self.aws(source_arn=stream.delivery_stream_arn).as_role(settings["RoleARN"])
        role.s3.put_object(Bucket=bucket, Key=name, Body=body, **asked)

    def _not_delivered(self, stream: DeliveryStream, buffer: Buffer, refusal: ServiceError):
        """Say so, and try again, until a day has passed."""
        buffer.begun = self.now if buffer.begun is None else buffer.begun
        self._report_of_bucket(stream, buffer.kind, refusal)
        self._count_success(stream, buffer.kind, 0)
        if self.now - buffer.begun >= LONGEST_S:
            self._buffers.drop(buffer)  # "your data is lost"
            return
        self._buffers.keep(buffer)
        pause = min(FIRST_PAUSE_S * 2 ** min(buffer.attempts - 1, 10), LONGEST_PAUSE_S)
        self.later("_deliver", after=pause, number=buffer.id)

    # Metrics

    def _count_delivery(self, stream: DeliveryStream, buffer: Buffer, size: int):
        if buffer.kind not in (MAIN, BACKUP):
            return
        name, kind = {"DeliveryStreamName": stream.delivery_stream_name}, _measured(buffer.kind)
        self.metric(NAMESPACE, f"{kind}.Bytes", buffer.size, "Bytes", name)
        self.metric(NAMESPACE, f"{kind}.Records", buffer.records, "Count", name)
        self.metric(NAMESPACE, f"{kind}.DataFreshness", max(0.0, self.now - buffer.oldest), "Seconds", name)
        if buffer.kind == MAIN:
            self.metric(NAMESPACE, f"{kind}.ObjectCount", 1, "Count", name)
        self._count_success(stream, buffer.kind, 1)

    def _count_success(self, stream: DeliveryStream, kind: str, success: int):
        if kind in (MAIN, BACKUP):
            name = {"DeliveryStreamName": stream.delivery_stream_name}
            self.metric(NAMESPACE, f"{_measured(kind)}.Success", success, "Count", name)


def _measured(kind: str) -> str:
    return "DeliveryToS3" if kind == MAIN else "BackupToS3"
