"""Shard iterators and page tokens: a place, and when it was given, which five minutes later is too long ago."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from glasshouse.services.kinesis.errors import (
    ExpiredIteratorException,
    ExpiredNextTokenException,
    InvalidArgumentException,
)

LIFE_S = 300
MARK = bytes([0, 0, 0, 0, 0, 0, 0, 1])


class Iterator(NamedTuple):
    """A place in a shard: the count of the record to read next."""

    stream: str
    number: int
    position: int
    count: int
    given: float


def write(place: Iterator) -> str:
    return b64encode(MARK + msgspec.json.encode(place)).decode()


def parse(token: str) -> Iterator | None:
    """The place that an iterator says, in quotes or not (command lines print them so); None if it is none."""
    try:
        packed = b64decode(token.strip('"'), validate=True)
        if not packed.startswith(MARK):
            return None
        return msgspec.json.decode(packed[len(MARK) :], type=Iterator)
    except (ValueError, msgspec.MsgspecError):
        return None


def read(token: str, now: float) -> Iterator:
    """Raises InvalidArgumentException for what is no iterator, ExpiredIteratorException for one that is too old."""
    place = parse(token)
    if place is None:
        raise InvalidArgumentException("Invalid ShardIterator.")
    if now - place.given > LIFE_S:
        raise ExpiredIteratorException(
            f"Iterator expired. The iterator was created at time {_java_time(place.given)} while right now it is"
            f" {_java_time(now)} which is further in the future than the tolerated delay of {LIFE_S * 1000}"
            " milliseconds."
        )
    return place


def write_token(kind: str, owner: str, after: str, now: float) -> str:
    """A page token of a list of some kind, of a stream."""
    return b64encode(msgspec.json.encode([kind, owner, after, now])).decode()


def read_token(kind: str, token: str, now: float) -> tuple[str, str]:
    """(owner, after) of a page token. Raises InvalidArgumentException and ExpiredNextTokenException."""
    try:
        said, owner, after, given = msgspec.json.decode(
            b64decode(token, validate=True), type=tuple[str, str, str, float]
        )
    except (ValueError, msgspec.MsgspecError):
        said, owner, after, given = "", "", "", 0.0
    if said != kind:
        raise InvalidArgumentException("NextToken is invalid.")
    if now - given > LIFE_S:
        raise ExpiredNextTokenException(
            f"NextToken expired. The token was created at time {_java_time(given)} while right now it is"
            f" {_java_time(now)} which is further in the future than the tolerated delay of {LIFE_S * 1000}"
            " milliseconds."
        )
    return owner, after


def _java_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
