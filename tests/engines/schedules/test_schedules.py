"""Schedules: golden pairs, and a walk from minute to minute as an oracle."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.engines.schedules import InvalidSchedule, Rate, is_zone, parse, parse_rate

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(found):
    return None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize("case", GOLDEN["next"], ids=lambda case: f"{case['schedule']} {case.get('zone', '')}")
def test_a_schedule_says_when_it_is_next(case):
    anchor = moment(case["anchor"]) if "anchor" in case else 0.0
    schedule = parse(case["schedule"], case.get("zone", "UTC"), anchor)
    at, found = moment(case["after"]), []
    for _ in case["then"]:
        at = schedule.after(at)
        found.append(shown(at))
    assert found == case["then"]


@pytest.mark.parametrize("text", GOLDEN["refused"])
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(InvalidSchedule):
        parse(text)


@pytest.mark.parametrize("text", GOLDEN["loose"])
def test_a_rate_may_be_written_loosely_if_that_is_allowed(text):
    assert parse(text, strict=False).seconds in (60, 120, 600, 86_400)
    with pytest.raises(InvalidSchedule):
        parse_rate(text)


def test_a_rate_counts_from_its_anchor():
    assert parse("rate(5 minutes)", anchor=90.0) == Rate(5, "minute", 90.0)
    assert [Rate(1, "hour", 100.0).after(at) for at in (0.0, 99.9, 100.0, 3700.0)] == [100.0, 100.0, 3700.0, 7300.0]


def test_zones_are_those_of_the_database():
    assert is_zone("Europe/Berlin") and is_zone("UTC")
    assert not any(map(is_zone, ("Europe/Atlantis", "", "../etc/passwd", "+02:00")))


minutes = st.sampled_from(["0", "*/7", "5,50", "10-12", "*"])
hours = st.sampled_from(["*", "1", "2", "0/6", "22-2"])
days = st.sampled_from([("*", "?"), ("?", "SUN"), ("L", "?"), ("?", "1#1"), ("?", "1L"), ("15W", "?"), ("1-8", "?")])
months = st.sampled_from(["*", "3", "OCT-NOV", "2/3"])
zones = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"])
starts = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=60, deadline=None)
@given(minutes, hours, days, months, zones, starts)
def test_a_cron_expression_agrees_with_a_walk_from_minute_to_minute(minute, hour, day, month, zone, start):
    """Every minute of three days on which the clock shows something for the first time."""
    schedule = parse(f"cron({minute} {hour} {day[0]} {month} {day[1]} *)", zone)
    at = start.replace(tzinfo=UTC).timestamp()
    end = at + 3 * 86_400
    expected = [
        now
        for now in (at + 60.0 * step for step in range(1, 3 * 24 * 60))
        if (here := datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone))).fold == 0
        and here.minute in schedule.minutes
        and here.hour in schedule.hours
        and here.month in schedule.months
        and here.day in schedule.days_of(here.year, here.month)
    ]
    found = []
    while (at := schedule.after(at)) is not None and at < end:
        found.append(at)
    assert found == expected


@given(st.integers(2026, 2030), st.integers(1, 12), st.integers(1, 7), st.integers(1, 5))
def test_the_nth_day_of_the_week_of_a_month_is_its_nth(year, month, day, number):
    found = parse(f"cron(0 0 ? * {day}#{number} *)").days_of(year, month)
    first = datetime(year, month, 1)
    all_days = [first + timedelta(days=offset) for offset in range(31)]
    those = [at.day for at in all_days if at.month == month and at.isoweekday() % 7 + 1 == day]
    assert list(found) == those[number - 1 : number]
