"""When rotations are due: every so many days, rate(...) and cron(...), in UTC.

A rotation takes place at the beginning of its window: AWS says only that it is somewhere within.
"""

from glasshouse.engines.schedules import Cron, InvalidSchedule, Rate, parse
from glasshouse.services.secretsmanager.errors import InvalidParameterException
from glasshouse.services.secretsmanager.records import Rules

DAY_S, HOUR_S = 24 * 3600, 3600
SHORTEST_HOURS = 4


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
    try:
        schedule = parse(text, strict=False)
    except InvalidSchedule:
        raise _wrong(text) from None
    if isinstance(schedule, Rate) and schedule.unit != "minute":
        return _after_rate(schedule, now)
    if isinstance(schedule, Cron) and schedule.fields[0] == "0" and schedule.fields[5] == "*":
        found = schedule.after(now)
        if found is not None:
            return found
    raise _wrong(text)


def _wrong(text: str) -> InvalidParameterException:
    return InvalidParameterException(f"The ScheduleExpression {text} is not a valid schedule.")


def _after_rate(rate: Rate, now: float) -> float:
    """Windows of days begin at midnight, those of hours on the hour."""
    if rate.unit == "day":
        if rate.amount > 999:
            raise InvalidParameterException("A rate in days must be between 1 and 999.")
        return now - now % DAY_S + rate.seconds
    if not SHORTEST_HOURS <= rate.amount <= 999:
        raise InvalidParameterException("A rate in hours must be between 4 and 999.")
    return now - now % HOUR_S + rate.seconds
