"""JSON: the text, and the reader and writer of a shape, for awsJson and for the bodies of rest-json."""

import binascii
import json
import math
from typing import Any

import msgspec

from glasshouse.core.errors import SerializationException
from glasshouse.protocol import timestamps
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.trees import TreeReader, TreeWriter, Writer, mistyped

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


class JsonReader(TreeReader):
    """Readers of decoded JSON; one for a service, so that what its operations share is compiled once."""

    def __init__(self):
        super().__init__({"float": _read_float, "double": _read_float, "blob": _read_blob})


class JsonWriter(TreeWriter):
    """Writers of what JSON is made from; blobs need none, because the encoder knows base64."""

    def __init__(self):
        super().__init__({"float": lambda _: _write_float, "double": lambda _: _write_float, "timestamp": _time_writer})


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
        return msgspec.convert(value, bytes)  # several times as fast as binascii
    except msgspec.ValidationError:
        raise SerializationException("Invalid base64: only base64-encoded strings are convertible to a Blob") from None


def _write_float(value: Any) -> Any:
    if value - value == 0:  # finite
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _time_writer(shape: Shape) -> Writer:
    return timestamps.WRITERS[shape.traits.get("timestampFormat", "unixTimestamp")]
