"""The values of keys as bytes that sort as the values do: strings by their UTF-8, binary as it is, numbers by value.

A number is a byte for its sign, one for its exponent and its significant digits; those of negative numbers are turned
round. The bytes of a partition key are led by four that scatter partitions over the table, so that a scan goes in an
order that means nothing, and its segments are ranges.

A key of several attributes is the bytes of each, one after the other, each ended by a mark that sorts before whatever
could follow; the zero bytes within them are told apart from it.
"""

import zlib
from collections.abc import Iterable

from .numbers import SMALLEST
from .values import Value

NEGATIVE, ZERO, POSITIVE = b"\x00", b"\x01", b"\x02"
AFTER_DIGITS = b"\xff"
SCATTER_BYTES = 4
END, ZERO_WITHIN = b"\x00\x00", b"\x00\xff"
_TURNED = bytes.maketrans(b"0123456789", b"9876543210")


def encoded(value: Value) -> bytes:
    """The bytes of a string, a number (as printed) or binary."""
    [(kind, content)] = value.items()
    if kind == "S":
        return content.encode()
    return content if kind == "B" else _number(content)


def partition(value: Value) -> bytes:
    """The bytes of a partition key."""
    return scattered(encoded(value))


def scattered(key: bytes) -> bytes:
    """The bytes of a partition key, from those of its value or values."""
    return zlib.crc32(key).to_bytes(SCATTER_BYTES) + key


def joined(values: Iterable[Value]) -> bytes:
    """The bytes of the attributes that are a key together."""
    return b"".join([beginning(value) + END for value in values])


def beginning(value: Value) -> bytes:
    """How an attribute begins of a key of several; without its end, it is the beginning of longer ones too."""
    return encoded(value).replace(b"\x00", ZERO_WITHIN)


def segment(number: int, total: int) -> tuple[bytes, bytes | None]:
    """Where the partitions of a segment begin, and where those of the next one do (None after the last)."""
    begin, end = number * (1 << 32) // total, (number + 1) * (1 << 32) // total
    return begin.to_bytes(SCATTER_BYTES), end.to_bytes(SCATTER_BYTES) if number + 1 < total else None


def after_prefix(prefix: bytes) -> bytes | None:
    """The first bytes that sort after everything with this prefix; None if nothing does."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def _number(text: str) -> bytes:
    if text == "0":
        return ZERO
    negative = text[0] == "-"
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    exponent = len(whole) - 1 if whole else -1 - (len(fraction) - len(fraction.lstrip("0")))
    digits = (whole + fraction).strip("0").encode()
    place = exponent - SMALLEST
    if negative:
        return NEGATIVE + bytes([255 - place]) + digits.translate(_TURNED) + AFTER_DIGITS
    return POSITIVE + bytes([place]) + digits
