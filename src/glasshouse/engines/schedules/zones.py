"""What a clock shows in a time zone, and when it shows that."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_zone(name: str) -> bool:
    """Whether the IANA time zone database knows a zone by this name."""
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(moment: float, name: str) -> datetime:
    """What the clock shows at an epoch second, without its zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone(name)).replace(tzinfo=None)


def moment_of(shown: datetime, name: str) -> float | None:
    """When the clock shows this for the first time; None if it never does, because it was put forward."""
    there = shown.replace(tzinfo=zone(name), fold=0)
    moment = there.timestamp()
    return moment if local(moment, name) == shown else None
