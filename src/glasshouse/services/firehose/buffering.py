"""Buffering: records wait until there are enough of them, or long enough.

A buffer is opened by its first record, and sealed when it has reached its size or its time is up, by the cloud's clock.
"""

from glasshouse.services.firehose.buffers import Buffer, Item
from glasshouse.services.firehose.encryption import sealed
from glasshouse.services.firehose.records import BACKUP, INTAKE, MAIN, DeliveryStream

MIB = 1024 * 1024
DELIMITER = "\n"
# Processors that make something else of a record than itself and a delimiter.
TRANSFORMING = ("Decompression", "CloudWatchLogProcessing", "RecordDeAggregation", "Lambda", "MetadataExtraction")


class Buffering:
    """From a record that has been taken in to a buffer that is on its way."""

    def _take_in(self, stream: DeliveryStream, items: list[Item]):
        """Lay source records where they wait next: to be processed, or to be delivered; and into the backup."""
        if stream.backs_up:
            self._fill(stream, BACKUP, items)
        processors = stream.processors
        if any(kind in processors for kind in TRANSFORMING):
            self._fill(stream, INTAKE, items)
            return
        delimiter = delimiter_of(processors)
        if delimiter:
            items = [Item(item.data + delimiter, item.arrived, item.source) for item in items]
        self._fill(stream, MAIN, items)

    def _fill(self, stream: DeliveryStream, kind: str, items: list[Item], partition: str = ""):
        """Lay records into the open buffer of a kind, and into further ones when it is full."""
        most, longest = _hints(stream, kind)
        arn = stream.delivery_stream_arn
        while items:
            buffer = self._buffers.open(arn, kind, partition) or self._open(stream, kind, partition, longest)
            count, size = _as_many(items, most - buffer.size)
            cipher = self._cipher(stream, buffer)
            taken = items[:count]
            if cipher is not None:
                taken = [Item(sealed(cipher, item.data), item.arrived, item.source) for item in taken]
            self._buffers.add(buffer, taken, size)
            if buffer.size >= most:
                self.cancel(f"buffer {buffer.id}")
                self._seal(buffer)
            items = items[count:]

    def _open(self, stream: DeliveryStream, kind: str, partition: str, longest: float) -> Buffer:
        key = self._new_data_key(stream)
        buffer = self._buffers.begin(stream.delivery_stream_arn, kind, partition, self.now, key)
        self.later("_time_is_up", after=longest, key=f"buffer {buffer.id}", number=buffer.id)
        return buffer

    def _time_is_up(self, number: int):
        buffer = self._buffers.get(number)
        if buffer and not buffer.sealed:
            self._seal(buffer)

    def _seal(self, buffer: Buffer):
        """Let a buffer go its way. Those that are to be processed go one after another."""
        others_wait = buffer.kind == INTAKE and self._buffers.first_sealed(buffer.stream, INTAKE) is not None
        self._buffers.seal(buffer)
        if not others_wait:
            self.later("_process" if buffer.kind == INTAKE else "_deliver", number=buffer.id)

    def _process_next(self, buffer: Buffer):
        """After a buffer has been processed."""
        if following := self._buffers.first_sealed(buffer.stream, INTAKE):
            self.later("_process", number=following.id)


def delimiter_of(processors: dict[str, dict[str, str]]) -> bytes:
    """What is to be appended to each record."""
    if "AppendDelimiterToRecord" not in processors:
        return b""
    stated = processors["AppendDelimiterToRecord"].get("Delimiter", DELIMITER)
    return stated.replace("\\n", DELIMITER).encode()


def _hints(stream: DeliveryStream, kind: str) -> tuple[float, float]:
    """How many bytes a buffer takes and how many seconds it stays open."""
    if kind == INTAKE:
        parameters = stream.processors.get("Lambda")
        if parameters is None:
            return MIB, 0.0
        return float(parameters["BufferSizeInMBs"]) * MIB, float(parameters["BufferIntervalInSeconds"])
    settings = stream.destination if kind == MAIN else stream.bucket(kind)
    hints = settings["BufferingHints"]
    return hints["SizeInMBs"] * MIB, hints["IntervalInSeconds"]


def _as_many(items: list[Item], room: float) -> tuple[int, int]:
    """(count, bytes) of the first records, up to the one that fills the room."""
    size = 0
    for count, item in enumerate(items, 1):
        size += len(item.data)
        if size >= room:
            return count, size
    return len(items), size
