"""The values of keys as bytes that sort as the values do: strings by their UTF-8, binary as it is, numbers by value.

A number is a byte for its sign, one for its exponent and its significant digits; those of negative numbers are turned
round. The bytes of a partition key are led by four that scatter partitions over the table as DynamoDB does: a scan goes
in its order, and its segments are the same ranges (https://github.com/mhart/dynalite has found out how).

A key of several attributes is the bytes of each, one after the other, each ended by a mark that sorts before whatever
could follow; the zero bytes within them are told apart from it.
"""

import hashlib
from collections.abc import Iterable

from .numbers import SMALLEST
from .values import Value

NEGATIVE, ZERO, POSITIVE = b"\x00", b"\x01", b"\x02"
AFTER_DIGITS = b"\xff"
SCATTER_BYTES, SEGMENT_STEPS = 4, 4096
AFTER_ALL = b"\xff" * 4096  # what follows every key
MOST_PAIRS = 20
_SALTED = hashlib.md5(b"Outliers", usedforsecurity=False)
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
    key = encoded(value)
    return _scattering(_decimal(value["N"]) if "N" in value else key) + key


def partition_of(values: list[Value]) -> bytes:
    """The same of a key of several attributes."""
    if len(values) == 1:
        return partition(values[0])
    key = joined(values)
    return _scattering(key) + key


def _scattering(key: bytes) -> bytes:
    digest = _SALTED.copy()
    digest.update(key)
    return digest.digest()[:SCATTER_BYTES]


def joined(values: Iterable[Value]) -> bytes:
    """The bytes of the attributes that are a key together."""
    return b"".join([beginning(value) + END for value in values])


def beginning(value: Value) -> bytes:
    """How an attribute begins of a key of several; without its end, it is the beginning of longer ones too."""
    return encoded(value).replace(b"\x00", ZERO_WITHIN)


def segment(number: int, total: int) -> tuple[bytes, bytes | None]:
    """Where the partitions of a segment begin, and where those of the next one do (None after the last)."""
    begin, end = (-(-SEGMENT_STEPS * place // total) for place in (number, number + 1))
    if begin == SEGMENT_STEPS:
        return AFTER_ALL, None
    return _bound(begin), _bound(end) if end < SEGMENT_STEPS else None


def _bound(step: int) -> bytes:
    return (step << 20).to_bytes(SCATTER_BYTES)


def after_prefix(prefix: bytes) -> bytes | None:
    """The first bytes that sort after everything with this prefix; None if nothing does."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def _decimal(text: str) -> bytes:
    """A number in pairs of digits, of which only the order of partitions is made."""
    if text == "0":
        return b"\x80"
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole.lstrip("0")) or len(digits) - len(fraction)
    digits = ("0" if exponent % 2 else "") + digits.rstrip("0")
    digits += "0" if len(digits) % 2 else ""
    pairs = [int(digits[place : place + 2]) for place in range(0, len(digits), 2)]
    first = (exponent + exponent % 2) // 2 + 192
    if text[0] != "-":
        return bytes([first, *(pair + 1 for pair in pairs)])
    return bytes([255 - first, *(101 - pair for pair in pairs)]) + (b"f" if len(pairs) < MOST_PAIRS else b"")


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
