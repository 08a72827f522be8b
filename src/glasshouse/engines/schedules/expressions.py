"""Expressions: rate(5 minutes), cron(0 12 * * ? *), at(2026-01-01T08:00:00)."""

import math
import re
from dataclasses import dataclass
from datetime import datetime

from .cron import Cron, parse_cron
from .errors import InvalidSchedule
from .zones import moment_of

UNITS_S = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"rate\((\d+) (minutes?|hours?|days?)\)", re.ASCII)
_RATE_IN_ANY_CASE = re.compile(_RATE.pattern, re.ASCII | re.IGNORECASE)
_CRON = re.compile(r"cron\(([^()]*)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
MOST = 2**31


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from an epoch second."""

    amount: int
    unit: str
    anchor: float = 0.0

    @property
    def seconds(self) -> int:
        return self.amount * UNITS_S[self.unit]

    def after(self, moment: float) -> float:
        """The next moment later than this one; the anchor itself is the first of all."""
        if moment < self.anchor:
            return self.anchor
        return self.anchor + (math.floor((moment - self.anchor) / self.seconds) + 1) * self.seconds


@dataclass(frozen=True, slots=True)
class At:
    """Once, or never: a moment that no clock shows, because it was put forward, does not come."""

    moment: float | None

    def after(self, moment: float) -> float | None:
        return self.moment if self.moment is not None and self.moment > moment else None


Schedule = Rate | Cron | At


def parse(text: str, zone: str = "UTC", anchor: float = 0.0, strict: bool = True) -> Schedule:
    """A rate counts from its `anchor`; if `strict`, its unit is in the plural unless the amount is one.

    Raises InvalidSchedule.
    """
    if found := _CRON.fullmatch(text):
        return parse_cron(found[1].split(" "), zone)
    if found := _AT.fullmatch(text):
        try:
            shown = datetime.fromisoformat(found[1])
        except ValueError as wrong:
            raise InvalidSchedule(str(wrong)) from None
        return At(moment_of(shown, zone))
    return parse_rate(text, anchor, strict)


def parse_rate(text: str, anchor: float = 0.0, strict: bool = True) -> Rate:
    """Raises InvalidSchedule."""
    found = (_RATE if strict else _RATE_IN_ANY_CASE).fullmatch(text)
    if not found or not 1 <= int(found[1]) < MOST:
        raise InvalidSchedule(f"{text} is not a schedule")
    amount, unit = int(found[1]), found[2].lower()
    if strict and (amount == 1) == unit.endswith("s"):
        raise InvalidSchedule(f"{text}: one of a unit is in the singular, more are in the plural")
    return Rate(amount, unit.removesuffix("s"), anchor)
