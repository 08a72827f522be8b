"""Sequence numbers: fifty-six digits, in the layout that AWS's have.

In hexadecimal they are 2, the second in which the shard was made (9 digits), the last digit of the shard's position,
the count within the shard (16), 00, the second of arrival (9), the shard's position (8), and 2 again. So they grow
within a shard, those of a child are beyond those of its parents, and each says which shard it belongs to.
"""

from typing import NamedTuple

VERSION = 2
TIME_SHIFT, COUNT_SHIFT, NIBBLE_SHIFT, EPOCH_SHIFT, HEAD_SHIFT = 36, 80, 144, 148, 184
LEAST, MOST = VERSION << HEAD_SHIFT, (VERSION + 1) << HEAD_SHIFT
LAST_COUNT = 0x7FFF_FFFF_FFFF_FFFF
LONGEST = 56


class Sequence(NamedTuple):
    """What a sequence number says."""

    epoch: int
    position: int
    count: int
    second: int


def shard_part(epoch: int, position: int) -> int:
    """What the numbers of a shard have in common; a record's is that plus its count and second, shifted."""
    return LEAST | epoch << EPOCH_SHIFT | (position & 15) << NIBBLE_SHIFT | position << 4 | VERSION


def number(part: int, count: int, moment: float) -> str:
    """The number of a record, from its shard's part."""
    return str(part + (count << COUNT_SHIFT) + (int(moment) << TIME_SHIFT))


def first(epoch: int, position: int) -> str:
    """Where a shard's range begins: at the second in which it was made, before any record."""
    return number(shard_part(epoch, position), 0, epoch)


def last(epoch: int, position: int, closed: float) -> str:
    """Where the range of a closed shard ends: beyond any record."""
    return number(shard_part(epoch, position), LAST_COUNT, closed)


def read(text: str) -> Sequence | None:
    """What a number says; None for one that no shard ever gave."""
    value = int(text) if len(text) <= LONGEST else 0
    if not LEAST <= value < MOST or value & 15 != VERSION:
        return None
    count, position = value >> COUNT_SHIFT & (1 << 64) - 1, value >> 4 & (1 << 32) - 1
    if count > LAST_COUNT or position >> 31:
        return None
    return Sequence(value >> EPOCH_SHIFT & (1 << 36) - 1, position, count, value >> TIME_SHIFT & (1 << 36) - 1)
