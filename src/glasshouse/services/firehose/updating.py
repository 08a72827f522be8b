"""UpdateDestination."""

from glasshouse.services.firehose.checks import check_destination
from glasshouse.services.firehose.destinations import INNER, updated
from glasshouse.services.firehose.errors import ConcurrentModificationException, InvalidArgumentException
from glasshouse.services.firehose.processors import check_given
from glasshouse.services.firehose.records import DESTINATION_ID, HTTP, S3, DeliveryStream
from glasshouse.services.firehose.streams import one_of

REQUIRED = {S3: ("RoleARN", "BucketARN"), HTTP: ("EndpointConfiguration", "S3DestinationDescription")}


class Updating:
    """A destination changes for whatever has not been delivered yet."""

    def update_destination(
        self,
        delivery_stream_name: str,
        current_delivery_stream_version_id: str,
        destination_id: str,
        s3_destination_update: dict | None = None,
        extended_s3_destination_update: dict | None = None,
        http_endpoint_destination_update: dict | None = None,
    ):
        stream = self._active(delivery_stream_name)
        kind, update = one_of(
            {S3: [s3_destination_update, extended_s3_destination_update], HTTP: [http_endpoint_destination_update]}
        )
        if current_delivery_stream_version_id != str(stream.version_id):
            raise ConcurrentModificationException(
                f"Cannot update firehose: {delivery_stream_name} since the current version id: {stream.version_id} and"
                f" specified version id: {current_delivery_stream_version_id} do not match"
            )
        if destination_id != DESTINATION_ID:
            raise InvalidArgumentException(f"Destination Id {destination_id} not found")
        check_given(update.get("ProcessingConfiguration"))
        if kind == stream.kind:
            self._change(stream, update)
        else:
            _check_complete(kind, update)
            stream.kind, stream.access_key = kind, None
            stream.destination = self._new_destination(kind, update)
        self._keep_access_key(stream, update)
        stream.version_id += 1
        stream.last_update_timestamp = self.now
        self.streams.put(stream)

    def _change(self, stream: DeliveryStream, update: dict):
        before = stream.destination
        after = updated(stream.kind, before, update)
        check_destination(stream.kind, after, self.call.region)
        if before["S3BackupMode"] in ("Enabled", "AllData") and after["S3BackupMode"] != before["S3BackupMode"]:
            raise InvalidArgumentException("S3 backup cannot be disabled once it has been enabled.")
        partitioned = stream.is_partitioned
        stream.destination = after
        if stream.is_partitioned != partitioned:
            raise InvalidArgumentException(
                "Dynamic Partitioning can only be enabled when a Firehose stream is created, and not be disabled later."
            )


def _check_complete(kind: str, update: dict):
    """A destination of another kind has nothing to be merged with."""
    given = {INNER.get(name, name) for name in update}
    missing = [name for name in REQUIRED[kind] if name not in given]
    if missing:
        raise InvalidArgumentException(f"{missing[0]} is required when the type of the destination changes.")
