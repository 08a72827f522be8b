"""JSON: the text, and the reader and writer of a shape, for awsJson and for the bodies of rest-json."""

import binascii
import json
import math
from typing import Any

import msgspec

from glasshouse.core.errors import SerializationException
from glasshouse.protocol import timestamps
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import Reader, TreeReader, TreeWriter, Writer, mistyped, unbound

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def decode(body: bytes) -> Any:
    """The value of a JSON text."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(body)
    except RecursionError:
        raise SerializationException("The request body is nested too deeply.") from None


def encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        return json.dumps(value, default=_base64).encode("ascii")


def reader(shape: Shape) -> Reader:
    """What turns decoded JSON into parameters of the shape."""
    return TreeReader(_READERS).payload(shape)


def writer(shape: Shape) -> Writer | None:
    """What turns a projected value into what JSON can say; None when it can as it is."""
    return TreeWriter(_WRITERS).writer(shape)


def body_reader(shape: Shape) -> Reader:
    """The reader of those members of a structure that are bound to the body."""
    return TreeReader(_READERS).body(unbound(shape))


def body_writer(shape: Shape) -> Writer:
    """The writer of those members of a structure that are bound to the body."""
    return TreeWriter(_WRITERS).members(unbound(shape))


def _decode_leniently(body: bytes) -> Any:
    """What msgspec refuses and some clients write: NaN, numbers beyond a double."""
    try:
        value = json.loads(body.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate could not be kept
        return value
    except (ValueError, RecursionError):
        raise SerializationException("The request body is not valid JSON.") from None


def _base64(blob: Any) -> str:
    return binascii.b2a_base64(blob, newline=False).decode("ascii")


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is str and value in _SPECIAL:
        return _SPECIAL[value]
    if type(value) is not int:
        raise mistyped(value, "double")
    try:
        return float(value)
    except OverflowError:
        raise SerializationException("Numeric value out of range of a Double") from None


def _read_blob(value: Any) -> bytes:
    if type(value) is not str:
        raise mistyped(value, "blob")
    try:
        return binascii.a2b_base64(value.encode("ascii"), strict_mode=True) if value else b""
    except ValueError:
        raise SerializationException("Invalid base64: only base64-encoded strings are convertible to a Blob") from None


def _write_float(value: Any) -> Any:
    if value - value == 0:  # finite
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


_READERS: dict[str, Reader] = {"float": _read_float, "double": _read_float, "blob": _read_blob}
_WRITERS = {
    "float": lambda shape: _write_float,
    "double": lambda shape: _write_float,
    "timestamp": lambda shape: timestamps.WRITERS[shape.traits.get("timestampFormat", "unixTimestamp")],
}
