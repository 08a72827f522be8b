"""Durations and moments as people write them: `90m`, `1w2d`, `2026-01-31T12:00Z`."""

import re
from datetime import UTC, datetime

from glasshouse.cli.failures import Misunderstood

SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
WHOLE = re.compile(rf"({PART.pattern})+")


def seconds(text: str) -> float:
    """`1w2d` and `1.5h` with their units; a bare number is seconds."""
    text = text.strip().lower().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not WHOLE.fullmatch(text):
        raise Misunderstood(f"{text or 'nothing'} is no duration: write it like 90s, 15m, 4d or 1w2d12h")
    return sum(float(number) * SECONDS[unit] for number, unit in PART.findall(text))


def moment(text: str) -> float:
    """An ISO date or date and time, as epoch seconds; UTC unless it says otherwise. `@1700000000` is epoch seconds."""
    try:
        if text.startswith("@"):
            return float(text[1:])
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Misunderstood(f"{text} is no date: write it like 2026-01-31 or 2026-01-31T12:00:00Z") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def written(epoch_s: float) -> str:
    """A moment as ISO text in UTC, to the second."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(duration_s: float) -> str:
    """`1d 2h` for a duration: its two largest units."""
    left, words = abs(round(duration_s)), []
    for unit, size in SECONDS.items():
        count, left = divmod(left, size)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2]) or "0s"
