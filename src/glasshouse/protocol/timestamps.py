"""Times on the wire: epoch seconds, ISO 8601 and HTTP dates. In Python they are float epoch seconds, in UTC."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?([eE][+-]?\d{1,2})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d|\d{8}T", re.ASCII)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EARLIEST = -62135596800  # the first second of the year 1, and
LATEST = 253402300799  # the last second of the year 9999, after which nothing can be written as a date


def read(value: Any) -> float:
    """The epoch seconds of a time in any of the formats; ValueError when it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _bounded(float(value))
    if not isinstance(value, str):
        raise ValueError("not a time")
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _bounded(float(text))
    if _ISO.match(text):
        return _bounded(_utc(datetime.fromisoformat(text)))
    return _http_date(text)


def epoch(value: Any) -> float:
    """The epoch seconds of a time as a service returns it: a number, or a datetime (naive means UTC)."""
    return _utc(value) if isinstance(value, datetime) else value


def as_number(value: Any) -> int | float:
    """Epoch seconds, to the millisecond, as AWS sends them."""
    seconds = round(epoch(value), 3)
    return int(seconds) if seconds == int(seconds) else seconds


def as_iso8601(value: Any) -> str:
    """2015-01-01T12:00:00Z, with milliseconds where there are any."""
    milliseconds = round(epoch(value) * 1000)
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year >= 1000 else moment.isoformat()[:19]
    return f"{text}.{milliseconds % 1000:03}Z" if milliseconds % 1000 else f"{text}Z"


def as_iso8601_milliseconds(value: Any) -> str:
    """2015-01-01T12:00:00.000Z: EC2 and S3 always write the milliseconds."""
    text = as_iso8601(value)
    return text if "." in text else f"{text[:-1]}.000Z"


def as_http_date(value: Any) -> str:
    """Thu, 01 Jan 2015 12:00:00 GMT."""
    return _of_second(epoch(value) // 1)


@lru_cache(1024)
def _of_second(second: float) -> str:
    """Remembered: what is asked for again has changed when it had."""
    moment = datetime.fromtimestamp(second, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


WRITERS = {"unixTimestamp": as_number, "iso8601": as_iso8601, "rfc822": as_http_date}


def _utc(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bounded(seconds: float) -> float:
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError("a time out of range")
    return seconds


def _http_date(text: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return _utc(parsedate_to_datetime(text))
    except (TypeError, IndexError, OverflowError) as refused:
        raise ValueError("not a time") from refused
