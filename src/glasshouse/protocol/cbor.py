"""CBOR (RFC 8949), as far as smithy-rpc-v2-cbor goes: integers, floats, strings, lists, maps, times and bignums.

Text keys only; definite and indefinite lengths are read, definite ones written.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 200
_BREAK = object()
_HALF, _SINGLE, _DOUBLE = struct.Struct(">e"), struct.Struct(">f"), struct.Struct(">d")
_FLOATS = {25: _HALF, 26: _SINGLE, 27: _DOUBLE}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


@dataclass(slots=True, frozen=True)
class Time:
    """Epoch seconds, which stand under tag 1."""

    seconds: float


def decode(data: bytes) -> Any:
    """The one item that the bytes are; ValueError when they are not."""
    decoder = _Decoder(data)
    try:
        value = decoder.item(0)
    except (IndexError, struct.error):
        raise ValueError("the data ends within an item") from None
    if value is _BREAK or decoder.position != len(data):
        raise ValueError("more than one item")
    return value


def encode(value: Any) -> bytes:
    out = bytearray()
    _write(value, out)
    return bytes(out)


class _Decoder:
    def __init__(self, data: bytes):
        self._data, self.position = data, 0

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        first = self._data[self.position]
        self.position += 1
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._indefinite(major, depth)
        return self._definite(major, self._argument(info), depth)

    def _definite(self, major: int, argument: int, depth: int) -> Any:
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 6:
            return _tagged(argument, self._value(depth + 1))
        if argument > len(self._data) - self.position:
            raise ValueError("the data ends within an item")
        if major == 2:
            return self._bytes(argument)
        if major == 3:
            return self._bytes(argument).decode("utf-8")
        if major == 4:
            return [self._value(depth + 1) for _ in range(argument)]
        return dict(self._pair(depth) for _ in range(argument))

    def _indefinite(self, major: int, depth: int) -> Any:
        parts: list[Any] = []
        if major == 5:
            while not self._at_break():
                parts.append(self._pair(depth))
            return dict(parts)
        if major not in (2, 3, 4):
            raise ValueError("an item that cannot be of indefinite length")
        while (part := self.item(depth + 1)) is not _BREAK:
            parts.append(part)
        if major == 4:
            return parts
        kind = bytes if major == 2 else str
        if not all(type(part) is kind for part in parts):
            raise ValueError("a string of other things than strings")
        return kind().join(parts)

    def _value(self, depth: int) -> Any:
        value = self.item(depth)
        if value is _BREAK:
            raise ValueError("a break where a value should be")
        return value

    def _pair(self, depth: int) -> tuple[str, Any]:
        key = self._value(depth + 1)
        if type(key) is not str:
            raise ValueError("a key that is not text")
        return key, self._value(depth + 1)

    def _at_break(self) -> bool:
        if self._data[self.position] == 0xFF:
            self.position += 1
            return True
        return False

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError("a reserved length")
        return int.from_bytes(self._bytes(1 << (info - 24)), "big")

    def _simple(self, info: int) -> Any:
        if info == 31:
            return _BREAK
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info not in _FLOATS:
            raise ValueError("an unknown simple value")
        return _FLOATS[info].unpack(self._bytes(_FLOATS[info].size))[0]

    def _bytes(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self._data):
            raise ValueError("the data ends within an item")
        held = self._data[self.position : end]
        self.position = end
        return held


def _tagged(tag: int, value: Any) -> Any:
    if tag == 1 and isinstance(value, (int, float)) and not isinstance(value, bool):
        return Time(value)
    if tag in (2, 3) and isinstance(value, bytes):
        number = int.from_bytes(value, "big")
        return number if tag == 2 else -1 - number
    raise ValueError(f"tag {tag} is not known")


def _write(value: Any, out: bytearray):
    write = _WRITERS.get(type(value))
    if write is None:
        write = next((found for kind, found in _WRITERS.items() if isinstance(value, kind)), None)
        if write is None:
            raise TypeError(f"CBOR cannot say {type(value).__name__}")
    write(value, out)


def _write_head(major: int, argument: int, out: bytearray):
    if argument < 24:
        out.append(major << 5 | argument)
        return
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << (8 * size))
    out.append(major << 5 | 23 + size.bit_length())
    out += argument.to_bytes(size, "big")


def _write_integer(value: int, out: bytearray):
    argument, negative = (-1 - value, 1) if value < 0 else (value, 0)
    if argument < 1 << 64:
        _write_head(negative, argument, out)
        return
    _write_head(6, 2 + negative, out)
    _write_bytes(argument.to_bytes((argument.bit_length() + 7) // 8, "big"), out)


def _write_bytes(value: bytes, out: bytearray):
    _write_head(2, len(value), out)
    out += value


def _write_text(value: str, out: bytearray):
    encoded = value.encode("utf-8", "replace")
    _write_head(3, len(encoded), out)
    out += encoded


def _write_float(value: float, out: bytearray):
    if math.isfinite(value):
        out += b"\xfb" + _DOUBLE.pack(value)
    else:
        out += b"\xf9" + _HALF.pack(value)


def _write_list(value: list, out: bytearray):
    _write_head(4, len(value), out)
    for item in value:
        _write(item, out)


def _write_map(value: dict, out: bytearray):
    _write_head(5, len(value), out)
    for key, item in value.items():
        _write_text(key, out)
        _write(item, out)


def _write_time(value: Time, out: bytearray):
    _write_head(6, 1, out)
    _write(value.seconds, out)


_WRITERS: dict[type, Callable[[Any, bytearray], None]] = {
    bool: lambda value, out: out.append(0xF5 if value else 0xF4),
    int: _write_integer,
    str: _write_text,
    bytes: _write_bytes,
    float: _write_float,
    list: _write_list,
    dict: _write_map,
    type(None): lambda value, out: out.append(0xF6),
    Time: _write_time,
    bytearray: _write_bytes,
    memoryview: _write_bytes,
    tuple: _write_list,
}
