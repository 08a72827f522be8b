"""When rotations are due: every so many days, rate(...) and cron(...), in UTC.

A rotation takes place at the beginning of its window: AWS says only that it is somewhere within.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from glasshouse.services.secretsmanager.errors import InvalidParameterException
from glasshouse.services.secretsmanager.records import Rules

DAY_S, HOUR_S = 24 * 3600, 3600
SHORTEST_HOURS = 4
_RATE = re.compile(r"rate\((\d+) (hours?|days?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LONGEST_SEARCH_DAYS = 5 * 366


def check(rules: Rules):
    """Raises InvalidParameterException on a schedule that AWS refuses."""
    if rules.automatically_after_days is not None and rules.schedule_expression is not None:
        raise InvalidParameterException("You can't specify both AutomaticallyAfterDays and ScheduleExpression.")
    if rules.automatically_after_days is None and rules.schedule_expression is None:
        raise InvalidParameterException("You must specify either AutomaticallyAfterDays or ScheduleExpression.")
    if rules.schedule_expression is not None:
        next_rotation(rules, 0.0)
    if rules.duration is not None and not 1 <= int(rules.duration[:-1]) <= 24:
        raise InvalidParameterException("The Duration must be between 1h and 24h.")


def next_rotation(rules: Rules, now: float) -> float:
    """The next moment after now. Raises InvalidParameterException."""
    if rules.schedule_expression is None:
        return now + (rules.automatically_after_days or 1) * DAY_S
    text = rules.schedule_expression
    rate, cron = _RATE.fullmatch(text), _CRON.fullmatch(text)
    if rate:
        return _after_rate(int(rate[1]), rate[2], now)
    if cron:
        return _after_cron(cron.groups(), now)
    raise _wrong(text)


def _wrong(text: str) -> InvalidParameterException:
    return InvalidParameterException(f"The ScheduleExpression {text} is not a valid schedule.")


def _after_rate(amount: int, unit: str, now: float) -> float:
    """Windows of days begin at midnight, those of hours on the hour."""
    if unit.startswith("day"):
        if not 1 <= amount <= 999:
            raise InvalidParameterException("A rate in days must be between 1 and 999.")
        return now - now % DAY_S + amount * DAY_S
    if not SHORTEST_HOURS <= amount <= 999:
        raise InvalidParameterException("A rate in hours must be between 4 and 999.")
    return now - now % HOUR_S + amount * HOUR_S


def _after_cron(fields: tuple[str, ...], now: float) -> float:
    minutes, hours, days, months, weekdays, years = fields
    if minutes != "0" or years != "*" or (days == "?") == (weekdays == "?"):
        raise _wrong(f"cron({' '.join(fields)})")
    in_hours, in_months = _numbers(hours, 0, 23), _numbers(months, 1, 12, _MONTHS, 1)
    on_day = _weekday_test(weekdays) if days == "?" else _day_test(days)
    moment = datetime.fromtimestamp(now - now % HOUR_S + HOUR_S, UTC)
    day = moment.replace(hour=0)
    for _ in range(LONGEST_SEARCH_DAYS):
        hours_of_day = in_hours if day.month in in_months and on_day(day) else []
        found = next((hour for hour in hours_of_day if day.replace(hour=hour) >= moment), None)
        if found is not None:
            return day.replace(hour=found).timestamp()
        day += timedelta(days=1)
    raise _wrong(f"cron({' '.join(fields)})")


def _day_test(field: str) -> Callable[[datetime], bool]:
    if field == "L":
        return lambda day: day.day == monthrange(day.year, day.month)[1]
    wanted = _numbers(field, 1, 31)
    return lambda day: day.day in wanted


def _weekday_test(field: str) -> Callable[[datetime], bool]:
    """`3#2` is the second Tuesday, `6L` the last Friday of the month."""
    nth, last = re.fullmatch(r"(\w+)#([1-5])", field), re.fullmatch(r"(\w+)L", field)
    if nth:
        number = _number(nth[1], _DAYS, 1)
        return lambda day: _weekday(day) == number and (day.day - 1) // 7 + 1 == int(nth[2])
    if last and field != "L":
        number = _number(last[1], _DAYS, 1)
        return lambda day: _weekday(day) == number and day.day > monthrange(day.year, day.month)[1] - 7
    wanted = _numbers(field, 1, 7, _DAYS, 1)
    return lambda day: _weekday(day) in wanted


def _weekday(day: datetime) -> int:
    return day.isoweekday() % 7 + 1  # Sunday is 1


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + first
    if not text.isdigit():
        raise _wrong(text)
    return int(text)


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = (), first: int = 0) -> list[int]:
    """The numbers that a field of commas, dashes and steps stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            low, high = least, most
        else:
            start, dash, end = span.partition("-")
            low = _number(start, names, first)
            high = _number(end, names, first) if dash else (most if step else low)
        if not least <= low <= high <= most or (step and (not step.isdigit() or int(step) < 1)):
            raise _wrong(field)
        found.update(range(low, high + 1, int(step or 1)))
    return sorted(found)
