"""Moments, written by the patterns of Java's DateTimeFormatter, in English and with the weeks of the United States.

https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']")
RESERVED = "[]{}#"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NARROW = 5
JULIAN_OFFSET = 678_576  # what lies between day 1 of the year 1 and the first modified Julian day


class InvalidPattern(ValueError):
    """What is no pattern for a moment."""


def formatted(pattern: str, moment: datetime) -> str:
    """Raises InvalidPattern. A moment without a zone is of UTC."""
    written = []
    end = 0
    while end < len(pattern):
        match = TOKEN.match(pattern, end)
        if match is None:
            raise InvalidPattern(pattern)
        written.append(_token(match[0], moment))
        end = match.end()
    return "".join(written)


def _token(token: str, moment: datetime) -> str:
    if token[0] == "'":
        return "'" if token == "''" else token[1:-1].replace("''", "'")
    if not token[0].isascii() or not token[0].isalpha():
        if token in RESERVED:
            raise InvalidPattern(token)
        return token
    writer = LETTERS.get(token[0])
    if writer is None:
        raise InvalidPattern(token)
    return writer(moment, len(token))


def _number(of: Callable[[datetime], int], longest: int = 19) -> Callable[[datetime, int], str]:
    """A number, filled with noughts to the count of letters."""

    def write(moment: datetime, count: int) -> str:
        if count > longest:
            raise InvalidPattern(f"too many letters: {count}")
        return f"{of(moment):0{count}d}"

    return write


def _year(of: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda moment, count: f"{of(moment) % 100:02d}" if count == 2 else f"{of(moment):0{count}d}"


def _name(number: int, names: tuple[str, ...], count: int) -> str:
    if count > NARROW:
        raise InvalidPattern(f"too many letters: {count}")
    name = names[number]
    return name[0] if count == NARROW else name[:3] if count == 3 else name


def _month(moment: datetime, count: int) -> str:
    return f"{moment.month:0{count}d}" if count < 3 else _name(moment.month - 1, MONTHS, count)


def _quarter(moment: datetime, count: int) -> str:
    number = (moment.month + 2) // 3
    if count < 3 or count == NARROW:
        return f"{number:0{min(count, 2) if count < 3 else 1}d}"
    return f"Q{number}" if count == 3 else f"{('1st', '2nd', '3rd', '4th')[number - 1]} quarter"


def _weekday(moment: datetime, count: int) -> str:
    return _name(moment.weekday(), DAYS, max(count, 3))


def _local_weekday(moment: datetime, count: int) -> str:
    """A number from Sunday, or a name."""
    return f"{moment.isoweekday() % 7 + 1:0{count}d}" if count < 3 else _name(moment.weekday(), DAYS, count)


def _half(moment: datetime, count: int) -> str:
    return "AM" if moment.hour < 12 else "PM"


def _era(moment: datetime, count: int) -> str:
    return "A" if count == NARROW else "Anno Domini" if count == 4 else "AD"


def _part_of_day(moment: datetime, count: int) -> str:
    hour = moment.hour
    parts = ((6, "at night"), (12, "in the morning"), (18, "in the afternoon"), (21, "in the evening"))
    return next((name for end, name in parts if hour < end), "at night")


def _fraction(moment: datetime, count: int) -> str:
    return f"{moment.microsecond:06d}000"[:count].ljust(count, "0")


def _first_sunday(year: int) -> date:
    """The Sunday that the first week of a year begins with: the week of 1 January."""
    first = date(year, 1, 1)
    return first - timedelta(days=first.isoweekday() % 7)


def _week_year(moment: datetime) -> int:
    year = moment.year
    return year + 1 if moment.date() >= _first_sunday(year + 1) else year


def _week(moment: datetime) -> int:
    return (moment.date() - _first_sunday(_week_year(moment))).days // 7 + 1


def _week_of_month(moment: datetime) -> int:
    first = moment.date().replace(day=1)
    return (moment.day + first.isoweekday() % 7 - 1) // 7 + 1


def _offset_seconds(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds())


def _offset(moment: datetime, colon: str, zero: str, least: bool = False) -> str:
    seconds = _offset_seconds(moment)
    if seconds == 0 and zero:
        return zero
    hours, minutes = divmod(abs(seconds) // 60, 60)
    rest = "" if least and not minutes else f"{colon}{minutes:02d}"
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{rest}"


def _iso_offset(zero: str) -> Callable[[datetime, int], str]:
    def write(moment: datetime, count: int) -> str:
        if count > NARROW:
            raise InvalidPattern(f"too many letters: {count}")
        return _offset(moment, ":" if count in (3, 5) else "", zero, least=count == 1)

    return write


def _rfc_offset(moment: datetime, count: int) -> str:
    if count == NARROW:
        return _offset(moment, ":", "Z")
    return _named_offset(moment, 4) if count == 4 else _offset(moment, "", "")


def _named_offset(moment: datetime, count: int) -> str:
    return "GMT" if _offset_seconds(moment) == 0 else f"GMT{_offset(moment, ':', '')}"


def _zone_name(moment: datetime, count: int) -> str:
    return moment.tzname() or "UTC"


def _of_day(moment: datetime) -> int:
    """Microseconds since midnight."""
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "A": _number(lambda moment: _of_day(moment) // 1000),
    "B": _part_of_day,
    "D": _number(lambda moment: moment.timetuple().tm_yday, 3),
    "E": _weekday,
    "F": _number(lambda moment: (moment.day - 1) // 7 + 1, 1),
    "G": _era,
    "H": _number(lambda moment: moment.hour, 2),
    "K": _number(lambda moment: moment.hour % 12, 2),
    "L": _month,
    "M": _month,
    "N": _number(lambda moment: _of_day(moment) * 1000),
    "O": _named_offset,
    "Q": _quarter,
    "S": _fraction,
    "W": _number(_week_of_month, 1),
    "X": _iso_offset("Z"),
    "Y": _year(_week_year),
    "Z": _rfc_offset,
    "a": _half,
    "c": _local_weekday,
    "d": _number(lambda moment: moment.day, 2),
    "e": _local_weekday,
    "g": _number(lambda moment: moment.toordinal() - JULIAN_OFFSET),
    "h": _number(lambda moment: (moment.hour - 1) % 12 + 1, 2),
    "k": _number(lambda moment: moment.hour or 24, 2),
    "m": _number(lambda moment: moment.minute, 2),
    "n": _number(lambda moment: moment.microsecond * 1000),
    "q": _quarter,
    "s": _number(lambda moment: moment.second, 2),
    "u": _year(lambda moment: moment.year),
    "v": _zone_name,
    "w": _number(_week, 2),
    "x": _iso_offset(""),
    "y": _year(lambda moment: moment.year),
    "z": _zone_name,
}
