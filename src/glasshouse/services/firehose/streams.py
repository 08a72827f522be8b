"""Delivery streams: making, showing and deleting them."""

from base64 import b64encode
from typing import Any

from glasshouse.core import NotSupported, ServiceError
from glasshouse.services.firehose.checks import check_destination
from glasshouse.services.firehose.destinations import described, extended_destination, http_destination
from glasshouse.services.firehose.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
)
from glasshouse.services.firehose.processors import check_given
from glasshouse.services.firehose.records import DESTINATION_ID, HTTP, S3, DeliveryStream

MOST_STREAMS = 5000
DIRECT, FROM_KINESIS = "DirectPut", "KinesisStreamAsSource"


class Streams:
    """The operations on delivery streams as such."""

    def create_delivery_stream(
        self,
        delivery_stream_name: str,
        delivery_stream_type: str = DIRECT,
        direct_put_source_configuration: dict | None = None,
        kinesis_stream_source_configuration: dict | None = None,
        delivery_stream_encryption_configuration_input: dict | None = None,
        s3_destination_configuration: dict | None = None,
        extended_s3_destination_configuration: dict | None = None,
        http_endpoint_destination_configuration: dict | None = None,
        tags: list[dict] | None = None,
    ):
        name, account = delivery_stream_name, self.call.account
        source = self._source(delivery_stream_type, kinesis_stream_source_configuration)
        kind, given = one_of(
            {S3: [s3_destination_configuration, extended_s3_destination_configuration],
             HTTP: [http_endpoint_destination_configuration]}
        )  # fmt: skip
        if self.streams.get(name):
            raise ResourceInUseException(f"Firehose {name} under accountId {account} already exists")
        if len(self.streams.keys()) >= MOST_STREAMS:
            raise LimitExceededException(
                f"You have already consumed your firehose quota of {MOST_STREAMS} hoses. Firehose names:"
                f" {self.streams.keys()[:10]}"
            )
        if direct_put_source_configuration and delivery_stream_type == DIRECT:
            source = {"DirectPutSourceDescription": direct_put_source_configuration}
        arn = self.call.arn(f"deliverystream/{name}")
        destination = self._new_destination(kind, given)
        stream = DeliveryStream(
            name, arn, account, self.call.region, delivery_stream_type, self.now, kind, destination, source=source
        )
        self._keep_access_key(stream, given)
        if delivery_stream_encryption_configuration_input:
            asked = self._checked_encryption(stream, delivery_stream_encryption_configuration_input)
            stream.encryption = {**asked, "Status": "ENABLING"}
        self.streams.put(stream)
        self._tag(arn, tags)
        if delivery_stream_encryption_configuration_input:
            self._take_up_encryption(stream)
        self.later("_appear", name=name)
        return {"DeliveryStreamARN": arn}

    def describe_delivery_stream(
        self, delivery_stream_name: str, limit: int = 1, exclusive_start_destination_id: str = ""
    ):
        stream = self._stream(delivery_stream_name)
        shown: list[dict[str, Any]] = []
        if exclusive_start_destination_id < DESTINATION_ID:
            shown = [{"DestinationId": DESTINATION_ID, **described(stream.kind, stream.destination)}]
        return {
            "DeliveryStreamDescription": {
                "DeliveryStreamName": stream.delivery_stream_name,
                "DeliveryStreamARN": stream.delivery_stream_arn,
                "DeliveryStreamStatus": stream.delivery_stream_status,
                "FailureDescription": stream.failure,
                "DeliveryStreamEncryptionConfiguration": None if stream.reads_a_stream else stream.encryption,
                "DeliveryStreamType": stream.delivery_stream_type,
                "VersionId": str(stream.version_id),
                "CreateTimestamp": stream.create_timestamp,
                "LastUpdateTimestamp": stream.last_update_timestamp,
                "Source": stream.source,
                "Destinations": shown,
                "HasMoreDestinations": False,
            }
        }

    def list_delivery_streams(
        self,
        limit: int = 10,
        delivery_stream_type: str | None = None,
        exclusive_start_delivery_stream_name: str = "",
    ):
        names = [
            stream.delivery_stream_name
            for stream in self.streams.list(after=exclusive_start_delivery_stream_name)
            if delivery_stream_type in (None, stream.delivery_stream_type)
        ]
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    def delete_delivery_stream(self, delivery_stream_name: str, allow_force_delete: bool = False):
        stream = self._stream(delivery_stream_name)
        if stream.delivery_stream_status == "CREATING":
            raise ResourceInUseException(
                f"Firehose {delivery_stream_name} under accountId {self.call.account} is not in the ACTIVE state but in"
                " the state CREATING"
            )
        stream.delivery_stream_status = "DELETING"
        self.streams.put(stream)
        self.later("_vanish", name=delivery_stream_name, force=allow_force_delete)

    # Within

    def _source(self, kind: str, kinesis: dict | None) -> dict | None:
        if kind not in (DIRECT, FROM_KINESIS):
            raise NotSupported(f"firehose: DeliveryStreamType {kind} is not supported by Glasshouse yet")
        if kind == DIRECT:
            if kinesis:
                raise InvalidArgumentException(
                    "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type."
                )
            return None
        if not kinesis:
            raise InvalidArgumentException(
                "KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type."
            )
        return {"KinesisStreamSourceDescription": {**kinesis, "DeliveryStartTimestamp": self.now}}

    def _new_destination(self, kind: str, given: dict) -> dict[str, Any]:
        check_given(given.get("ProcessingConfiguration"))
        destination = http_destination(given) if kind == HTTP else extended_destination(given)
        check_destination(kind, destination, self.call.region)
        return destination

    def _keep_access_key(self, stream: DeliveryStream, given: dict):
        """Nobody gets to see it again."""
        key = (given.get("EndpointConfiguration") or {}).get("AccessKey")
        if key is not None:
            sealed = self.cloud.seal.close(key.encode(), stream.delivery_stream_arn.encode())
            stream.access_key = b64encode(sealed).decode()

    def _appear(self, name: str):
        stream = self.streams.get(name)
        if stream and stream.delivery_stream_status == "CREATING":
            stream.delivery_stream_status = "ACTIVE"
            self.streams.put(stream)
            if stream.reads_a_stream:
                self._begin_reading(stream)

    def _vanish(self, name: str, force: bool):
        """What has not been delivered goes with it."""
        stream = self.streams.get(name)
        if stream is None or stream.delivery_stream_status != "DELETING":
            return
        try:
            self._retire_grant(stream)
        except ServiceError as refusal:
            if not force:
                stream.delivery_stream_status = "DELETING_FAILED"
                details = refusal.message or refusal.code
                stream.failure = {"Type": "RETIRE_KMS_GRANT_FAILED", "Details": details}
                self.streams.put(stream)
                return
        for buffer in self._buffers.of_stream(stream.delivery_stream_arn):
            self._buffers.drop(buffer)
            self.cancel(f"buffer {buffer.id}")
        self._end_reading(stream)
        self.cloud.tags.clear(stream.delivery_stream_arn)
        self.streams.delete(stream)


def one_of(given: dict[str, list[dict | None]]) -> tuple[str, dict]:
    """The one destination that is given. Raises InvalidArgumentException."""
    found = [(kind, config) for kind, configs in given.items() for config in configs if config is not None]
    if len(found) != 1:
        raise InvalidArgumentException("Exactly one destination configuration is supported for a Firehose")
    return found[0]
