"""Cron expressions of six fields: minutes, hours, day of month, month, day of week, year."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

from .errors import InvalidSchedule
from .zones import local, moment_of

FIRST_YEAR, LAST_YEAR = 1970, 2199
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SATURDAY, SUNDAY = 7, 1
DaysOf = Callable[[int, int], Sequence[int]]  # the days of a month in a year, in order
_NTH = re.compile(r"(\w+)#([1-5])", re.ASCII)
_LAST_WEEKDAY = re.compile(r"(\w+)L", re.ASCII)
_NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)
_BEFORE_LAST = re.compile(r"L-(\d{1,2})", re.ASCII)


class _Field(NamedTuple):
    """What the numbers of a field may be; names count up from the lowest."""

    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text.upper() in self.names:
            return self.names.index(text.upper()) + self.low
        if not (text.isascii() and text.isdigit()) or not self.low <= int(text) <= self.high:
            raise InvalidSchedule(f"{text} is not between {self.low} and {self.high}")
        return int(text)

    def numbers(self, field: str) -> list[int]:
        """What a field of commas, dashes and steps stands for. A range may go over the end: 22-2, FRI-MON."""
        found: set[int] = set()
        for part in field.split(","):
            found.update(self._part(part))
        return sorted(found)

    def _part(self, part: str) -> Sequence[int]:
        span, slash, step = part.partition("/")
        if slash and (not (step.isascii() and step.isdigit()) or not 1 <= int(step) <= self.high):
            raise InvalidSchedule(f"{step} is no step")
        every = int(step) if slash else 1
        if span == "*":
            return range(self.low, self.high + 1, every)
        start, dash, end = span.partition("-")
        first = self.number(start)
        if not dash:
            return range(first, self.high + 1, every) if slash else [first]
        last = self.number(end)
        if first <= last:
            return range(first, last + 1, every)
        if self is YEAR:
            raise InvalidSchedule(f"{span} goes backwards")
        size = self.high - self.low + 1
        return [(number - self.low) % size + self.low for number in range(first, last + size + 1, every)]


MINUTE, HOUR, MONTH_DAY = _Field(0, 59), _Field(0, 23), _Field(1, 31)
MONTH, WEEK_DAY = _Field(1, 12, MONTHS), _Field(1, 7, DAYS)
YEAR = _Field(FIRST_YEAR, LAST_YEAR)


@dataclass(frozen=True)
class Cron:
    """`fields` as they were written."""

    fields: tuple[str, ...]
    zone: str
    minutes: list[int]
    hours: list[int]
    months: list[int]
    years: list[int]
    days_of: DaysOf

    def after(self, moment: float) -> float | None:
        """The next moment later than this one; None after the last."""
        begin = local(moment, self.zone)
        for hour in self._hours_from(begin.replace(minute=0, second=0, microsecond=0)):
            for minute in self.minutes:
                found = moment_of(hour + timedelta(minutes=minute), self.zone)
                if found is not None and found > moment:
                    return found
        return None

    def _hours_from(self, begin: datetime) -> Iterator[datetime]:
        """The hours, as the clock shows them, in which something is due, from one of them on."""
        for year, month in product(self.years, self.months):
            if (year, month) < (begin.year, begin.month):
                continue
            for day, hour in product(self.days_of(year, month), self.hours):
                shown = datetime(year, month, day, hour)
                if shown >= begin:
                    yield shown


def parse_cron(fields: Sequence[str], zone: str) -> Cron:
    """Raises InvalidSchedule."""
    if len(fields) != 6:
        raise InvalidSchedule("a cron expression has six fields")
    minutes, hours, month_day, months, week_day, years = fields
    if (month_day == "?") == (week_day == "?"):
        raise InvalidSchedule("either the day of month or the day of week is ?")
    days_of = _month_days(month_day) if week_day == "?" else _week_days(week_day)
    return Cron(
        tuple(fields), zone, MINUTE.numbers(minutes), HOUR.numbers(hours), MONTH.numbers(months), YEAR.numbers(years),
        days_of,
    )  # fmt: skip


def _length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def _week_day(year: int, month: int, day: int) -> int:
    return datetime(year, month, day).isoweekday() % 7 + 1  # Sunday is 1


def _month_days(field: str) -> DaysOf:
    field = field.upper()
    if field == "L":
        return lambda year, month: [_length(year, month)]
    if field == "LW":
        return lambda year, month: [_nearest(year, month, _length(year, month))]
    if before := _BEFORE_LAST.fullmatch(field):
        distance = int(before[1])
        return lambda year, month: [day for day in (_length(year, month) - distance,) if day > 0]
    if nearest := _NEAREST.fullmatch(field):
        wanted = MONTH_DAY.number(nearest[1])
        return lambda year, month: [_nearest(year, month, wanted)] if wanted <= _length(year, month) else []
    days = MONTH_DAY.numbers(field)
    return lambda year, month: [day for day in days if day <= _length(year, month)]


def _nearest(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is nearest, within the month."""
    week_day, last = _week_day(year, month, day), _length(year, month)
    if week_day == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if week_day == SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _week_days(field: str) -> DaysOf:
    field = field.upper()
    if field == "L":
        field = "SAT"
    if nth := _NTH.fullmatch(field):
        wanted, number = WEEK_DAY.number(nth[1]), int(nth[2])
        return lambda year, month: _all(year, month, {wanted})[number - 1 : number]
    if last := _LAST_WEEKDAY.fullmatch(field):
        wanted = WEEK_DAY.number(last[1])
        return lambda year, month: _all(year, month, {wanted})[-1:]
    wanted_days = set(WEEK_DAY.numbers(field))
    return lambda year, month: _all(year, month, wanted_days)


def _all(year: int, month: int, week_days: set[int]) -> list[int]:
    first = _week_day(year, month, 1)
    return [day for day in range(1, _length(year, month) + 1) if (first + day - 2) % 7 + 1 in week_days]
