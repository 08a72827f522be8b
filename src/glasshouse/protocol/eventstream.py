"""application/vnd.amazon.eventstream: frames, and the events of a modelled stream as frames.

A frame is a prelude (its length, the length of its headers, their CRC), headers, a payload and a CRC over it all.
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import struct
from binascii import crc32
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import timestamps
from glasshouse.protocol.http import Response
from glasshouse.protocol.model import Operation
from glasshouse.protocol.project import Projector
from glasshouse.protocol.shapes import Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MAX_HEADERS_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 24 * 1024 * 1024
_PRELUDE = struct.Struct("!III")
_CRC = struct.Struct("!I")
_INTEGERS = {2: struct.Struct("!b"), 3: struct.Struct("!h"), 4: struct.Struct("!i"), 5: struct.Struct("!q")}
_LENGTH = struct.Struct("!H")

BodyWriter = Callable[[Shape, str], Callable[[Any], bytes]]  # compiles what writes a payload of a shape


class Uuid(bytes):
    """The sixteen bytes of a UUID in a header."""


@dataclass(slots=True)
class Frame:
    """One message: headers (bool, int, bytes, str, datetime or Uuid) and a payload."""

    headers: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


# -- frames -----------------------------------------------------------------------------------------------------------


def encode(frame: Frame) -> bytes:
    """The bytes of a frame."""
    headers = b"".join(_encode_header(name, value) for name, value in frame.headers.items())
    prelude = struct.pack("!II", len(headers) + len(frame.payload) + 16, len(headers))
    message = b"".join((prelude, _CRC.pack(crc32(prelude)), headers, frame.payload))
    return message + _CRC.pack(crc32(message))


def decode(data: bytes) -> Iterator[Frame]:
    """The frames of a complete stream; SerializationException when one is damaged."""
    position = 0
    while position < len(data):
        frame, position = decode_one(data, position)
        if frame is None:
            raise SerializationException("The event stream ends within a frame.")
        yield frame


def decode_one(data: bytes, position: int = 0) -> tuple[Frame | None, int]:
    """The frame at a position and where the next one begins; None while not all of it is there."""
    if len(data) - position < _PRELUDE.size:
        return None, position
    total, headers_length, prelude_crc = _PRELUDE.unpack_from(data, position)
    if crc32(data[position : position + 8]) != prelude_crc:
        raise SerializationException("The checksum of an event's prelude does not match.")
    payload_length = total - headers_length - 16
    if headers_length > MAX_HEADERS_BYTES or not 0 <= payload_length <= MAX_PAYLOAD_BYTES:
        raise SerializationException("An event is larger than it may be.")
    end = position + total
    if len(data) < end:
        return None, position
    if crc32(data[position : end - 4]) != _CRC.unpack_from(data, end - 4)[0]:
        raise SerializationException("The checksum of an event does not match.")
    start = position + _PRELUDE.size
    headers = _decode_headers(data[start : start + headers_length])
    return Frame(headers, bytes(data[start + headers_length : end - 4])), end


def _encode_header(name: str, value: Any) -> bytes:
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + _encode_value(value)


def _encode_value(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\x00" if value else b"\x01"
    if isinstance(value, int):
        kind = 4 if -(1 << 31) <= value < 1 << 31 else 5
        return bytes([kind]) + _INTEGERS[kind].pack(value)
    if isinstance(value, Uuid):
        return b"\x09" + value
    if isinstance(value, bytes):
        return b"\x06" + _LENGTH.pack(len(value)) + value
    if isinstance(value, str):
        encoded = value.encode()
        return b"\x07" + _LENGTH.pack(len(encoded)) + encoded
    if isinstance(value, datetime):
        return b"\x08" + _INTEGERS[5].pack(round(timestamps.epoch(value) * 1000))
    raise TypeError(f"a header cannot be {type(value).__name__}")


def _decode_headers(data: bytes) -> dict[str, Any]:
    headers, position = {}, 0
    try:
        while position < len(data):
            length = data[position]
            name = data[position + 1 : position + 1 + length].decode()
            value, position = _decode_value(data, position + 1 + length)
            if name in headers:
                raise ValueError("a header is repeated")
            headers[name] = value
    except (ValueError, IndexError, struct.error, OverflowError):
        raise SerializationException("The headers of an event are malformed.") from None
    return headers


def _decode_value(data: bytes, position: int) -> tuple[Any, int]:
    kind, position = data[position], position + 1
    if kind in (0, 1):
        return kind == 0, position
    if kind in _INTEGERS:
        return _INTEGERS[kind].unpack_from(data, position)[0], position + _INTEGERS[kind].size
    if kind == 8:
        milliseconds = _INTEGERS[5].unpack_from(data, position)[0]
        return datetime.fromtimestamp(milliseconds / 1000, UTC), position + 8
    if kind not in (6, 7, 9):
        raise ValueError("an unknown type of header")
    length = 16 if kind == 9 else _LENGTH.unpack_from(data, position)[0]
    position += 0 if kind == 9 else 2
    held = data[position : position + length]
    if len(held) < length:
        raise ValueError("a header is cut off")
    return (Uuid(held) if kind == 9 else held.decode() if kind == 7 else held), position + length


# -- modelled events --------------------------------------------------------------------------------------------------


class EventWriter:
    """Writes the events of a stream's shape: `{"Records": {...}}` becomes a frame."""

    def __init__(self, shape: Shape, body_writer: BodyWriter, content_type: str):
        self._shape, self._body_writer, self._content_type = shape, body_writer, content_type
        self._writers: dict[str, Callable[[Any], bytes]] = {}

    def frames(self, events: Any, first: bytes | None = None) -> Iterator[bytes] | AsyncIterator[bytes]:
        """The frames of an iterable of events, or of an async one; a ServiceError that it raises ends the stream."""
        if isinstance(events, AsyncIterable):
            return self._async_frames(events, first)
        return self._frames(events, first)

    def _frames(self, events: Iterable[Any], first: bytes | None) -> Iterator[bytes]:
        if first is not None:
            yield first
        try:
            for event in events:
                yield self.frame(event)
        except ServiceError as error:
            yield self.error_frame(error)

    async def _async_frames(self, events: AsyncIterable[Any], first: bytes | None) -> AsyncIterator[bytes]:
        if first is not None:
            yield first
        try:
            async for event in events:
                yield self.frame(event)
        except ServiceError as error:
            yield self.error_frame(error)

    def frame(self, event: Any) -> bytes:
        """One event as a frame. Bytes are a frame already."""
        if isinstance(event, bytes):
            return event
        (name, value), *_ = event.items()
        if name not in self._writers:
            self._writers[name] = self._writer(name)
        return self._writers[name](value)

    def error_frame(self, error: ServiceError) -> bytes:
        """An error as the stream's last frame: modelled in the stream, or not."""
        for name, shape in self._shape.members.items():
            if shape.is_exception and shape.name == error.code:
                message = next((member for member in shape.members if member.lower() == "message"), None)
                return self.frame({name: {**({message: error.message} if message else {}), **error.members}})
        headers = {":message-type": "error", ":error-code": error.code, ":error-message": error.message}
        return encode(Frame(headers))

    def _writer(self, name: str) -> Callable[[Any], bytes]:
        shape = self._shape.members[name]
        kind = {":message-type": "event", ":event-type": name}
        if shape.is_exception:
            kind = {":message-type": "exception", ":exception-type": name}
        project, in_headers = (
            Projector().projector(shape),
            [n for n, m in shape.members.items() if m.traits.get("eventheader")],
        )
        content_type, payload = self._payload(shape, name)

        def write(value: Any) -> bytes:
            seen = project(value)
            headers = dict(kind)
            for header in in_headers:
                if header in seen:
                    headers[header] = _header_value(shape.members[header], seen.pop(header))
            if content_type:
                headers[":content-type"] = content_type
            return encode(Frame(headers, payload(seen)))

        return write

    def _payload(self, shape: Shape, name: str) -> tuple[str | None, Callable[[dict[str, Any]], bytes]]:
        member = next((n for n, m in shape.members.items() if m.traits.get("eventpayload")), None)
        if member is None:
            in_body = any(not held.traits.get("eventheader") for held in shape.members.values())
            return (self._content_type, self._body_writer(shape, name)) if in_body else (None, lambda seen: b"")
        held = shape.members[member]
        if held.type_name == "blob":
            return "application/octet-stream", lambda seen: seen.get(member, b"")
        if held.type_name == "string":
            return "text/plain", lambda seen: seen.get(member, "").encode("utf-8", "replace")
        write = self._body_writer(held, member)
        return self._content_type, lambda seen: write(seen[member]) if member in seen else b""


def rpc_writer(
    operation: Operation, body_writer: BodyWriter, content_type: str
) -> Callable[[dict[str, Any], Response], None]:
    """The writer of an RPC operation that answers with a stream: an initial response, then the events."""
    shape, member = operation.output_shape, operation.event_stream_output
    assert shape is not None and member is not None
    writer = EventWriter(shape.members[member], body_writer, content_type)
    write_initial = body_writer(shape, shape.name)

    def write(result: dict[str, Any], response: Response):
        initial = {name: value for name, value in result.items() if name != member}
        headers = {":message-type": "event", ":event-type": "initial-response", ":content-type": content_type}
        response.headers["content-type"] = CONTENT_TYPE
        response.body = writer.frames(result.get(member, ()), encode(Frame(headers, write_initial(initial))))

    return write


def _header_value(shape: Shape, value: Any) -> Any:
    if shape.type_name != "timestamp":
        return value
    return datetime.fromtimestamp(timestamps.epoch(value), UTC)
