"""Which delivery stream a call means, and what the question of access needs to know."""

from functools import cached_property

from glasshouse.services.firehose.buffers import Buffer, Buffers
from glasshouse.services.firehose.errors import ResourceInUseException, ResourceNotFoundException
from glasshouse.services.firehose.records import DeliveryStream


class Finding:
    """Lookups."""

    @cached_property
    def _buffers(self) -> Buffers:
        return Buffers(self.store)

    def _stream(self, name: str) -> DeliveryStream:
        """Raises ResourceNotFoundException."""
        stream = self.streams.get(name)
        if stream is None:
            raise ResourceNotFoundException(f"Firehose {name} under account {self.call.account} not found.")
        return stream

    def _active(self, name: str) -> DeliveryStream:
        """A stream that may be changed. Raises ResourceInUseException for one that is just coming or going."""
        stream = self._stream(name)
        if stream.delivery_stream_status != "ACTIVE":
            raise ResourceInUseException(
                f"Firehose {name} under accountId {self.call.account} is not in the ACTIVE state but in the state"
                f" {stream.delivery_stream_status}"
            )
        return stream

    def _of_buffer(self, number: int) -> tuple[Buffer, DeliveryStream] | None:
        """A buffer and the stream it belongs to, if both are still there."""
        buffer = self._buffers.get(number)
        stream = self.streams.get(buffer.stream.partition("/")[2]) if buffer else None
        return (buffer, stream) if buffer and stream else None

    # Access

    def resource_arns(self, params: dict) -> list[str] | None:
        name = params.get("DeliveryStreamName")
        return [self.call.arn(f"deliverystream/{name}")] if name else None
