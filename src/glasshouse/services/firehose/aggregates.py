"""Aggregated records of the Kinesis Producer Library: several of a producer's records in one of the stream's.

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from collections.abc import Iterator
from hashlib import md5

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES = 16
# The fields of its protocol buffers, and their wire types.
KEYS, RECORDS = 1, 3
KEY_INDEX, DATA = 1, 3
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
MOST_BITS = 70


def parts(data: bytes) -> list[tuple[str, bytes]] | None:
    """(partition key, data) of each record within; None for what is no aggregate."""
    body, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC) or md5(body, usedforsecurity=False).digest() != digest:
        return None
    try:
        fields = list(_fields(body))
        keys = [value.decode() for number, value in fields if number == KEYS and isinstance(value, bytes)]
        records = [dict(_fields(value)) for number, value in fields if number == RECORDS and isinstance(value, bytes)]
        return [(keys[record[KEY_INDEX]], record[DATA]) for record in records]
    except (ValueError, KeyError, IndexError, TypeError):
        return None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of the fields of a message. Raises ValueError."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == VARINT:
            value, position = _varint(message, position)
        elif kind == DELIMITED:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
            value, position = message[position : position + length], position + length
        else:
            raise ValueError(f"wire type {kind}")
        if position > len(message):
            raise ValueError("cut off")
        yield number, value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """A number, and where it ends. Raises IndexError and ValueError."""
    value, shift = 0, 0
    while True:
        byte = message[position]
        value, shift, position = value | (byte & 0x7F) << shift, shift + 7, position + 1
        if byte < 0x80:
            return value, position
        if shift >= MOST_BITS:
            raise ValueError("too long a number")
