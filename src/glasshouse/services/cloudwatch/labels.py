"""Labels of time series, and the parts of them that are filled in: `CPU of ${PROP('Dim.InstanceId')}, at most ${MAX}`.

Source: CloudWatch user guide, "Using dynamic labels".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from glasshouse.engines.metricmath import Series
from glasshouse.services.cloudwatch.errors import ValidationError

_PART = re.compile(r"\$\{\s*(?:PROP\(\s*'(?P<property>[^']*)'\s*\)|(?P<word>[A-Z_]+))\s*\}")
_TIMEZONE = re.compile(r"([+-])(\d{2}):?(\d{2})")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a label can tell besides its series."""

    label: str
    properties: dict[str, str]
    zone: timezone
    now: float


def read_zone(options: dict | None) -> timezone:
    """The time zone in which labels tell times. Raises ValidationError."""
    text = (options or {}).get("Timezone")
    if text is None:
        return UTC
    found = _TIMEZONE.fullmatch(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        raise ValidationError(f"The value {text} for parameter LabelOptions.Timezone is invalid.")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def filled(text: str, series: Series, around: Surroundings) -> str:
    """A label with its dynamic parts as they are for a series; what is none of them stays as it stands."""

    def fill(found: re.Match[str]) -> str:
        if found["property"] is not None:
            return around.properties.get(found["property"], found[0])
        if found["word"] == "LABEL":
            return around.label
        return _told(found["word"], series, around) or found[0]

    return _PART.sub(fill, text) if "${" in text else text


def _told(word: str, series: Series, around: Surroundings) -> str | None:
    if word == "DATAPOINT_COUNT":
        return str(len(series.points))
    base = word.removesuffix("_RELATIVE").removesuffix("_TIME")
    if base not in _POINTS:
        return _range(word, series, around)
    if not series.points:
        return "--"
    moment, value = _POINTS[base](series)
    if word.endswith("_TIME_RELATIVE"):
        return _ago(around.now - moment)
    return _clock(moment, around) if word.endswith("_TIME") else _number(value)


def _range(word: str, series: Series, around: Surroundings) -> str | None:
    ends = {"MIN_MAX": ("MIN", "MAX"), "FIRST_LAST": ("FIRST", "LAST")}.get(
        word.removesuffix("_RANGE").removesuffix("_TIME")
    )
    if ends is None or not word.endswith("_RANGE"):
        return None
    suffix = "_TIME" if word.endswith("_TIME_RANGE") else ""
    low, high = (_told(f"{end}{suffix}", series, around) for end in ends)
    return f"{low} - {high}"


def _first_of(series: Series, wanted: float) -> tuple[int | None, float]:
    moment = next((moment for moment, value in series.points.items() if value == wanted), None)
    return moment, wanted


_POINTS: dict[str, Callable[[Series], tuple]] = {
    "MAX": lambda series: _first_of(series, max(series.points.values())),
    "MIN": lambda series: _first_of(series, min(series.points.values())),
    "AVG": lambda series: (None, sum(series.points.values()) / len(series.points)),
    "SUM": lambda series: (None, sum(series.points.values())),
    "FIRST": lambda series: next(iter(series.points.items())),
    "LAST": lambda series: list(series.points.items())[-1],
}


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) >= 0.001 or not value else f"{value:.3g}"


def _clock(moment: int, around: Surroundings) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(around.zone).strftime("%Y-%m-%d %H:%M:%S")


def _ago(seconds: float) -> str:
    whole = int(seconds)
    for length, letter in ((86_400, "d"), (3600, "h"), (60, "m")):
        if whole >= length:
            return f"{whole // length}{letter} ago"
    return f"{whole}s ago"
