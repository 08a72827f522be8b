"""Schedules as a library: rate(...), cron(...) with six fields, and at(...), in a time zone.

    schedule = parse("cron(0 18 ? * MON-FRI *)", zone="Europe/Berlin")
    schedule.after(1767225600.0)        # the next moment, in epoch seconds; None if there is none any more

`expressions` reads them and knows rates and single moments, `cron` the rest, `zones` what a clock shows where. A cron
expression has minutes, hours, day of month, month, day of week and year; besides `,`, `-`, `/` and `*` it knows `?`,
`L`, `W` and `#` as Quartz does. Where clocks are put forward, what falls into the hour that is left out is left out;
where they are put back, what falls into the hour that comes twice happens once, the first time
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
"""

from .cron import Cron
from .errors import InvalidSchedule
from .expressions import At, Rate, Schedule, parse, parse_rate
from .zones import is_zone

__all__ = ["At", "Cron", "InvalidSchedule", "Rate", "Schedule", "is_zone", "parse", "parse_rate"]
