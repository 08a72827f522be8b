"""Durations and moments as people write them."""

import pytest

from glasshouse.cli.durations import moment, seconds, spoken, written
from glasshouse.cli.failures import Misunderstood


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("90m", 5400), ("4d", 345600), ("1w2d", 777600), ("1.5h", 5400), ("30", 30), ("1D 12H", 129600)],
)
def test_a_duration_is_read(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "4x", "d4", "-4d", "4 days", "1e3"])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(Misunderstood, match="4d"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", 1769817600),
        ("2026-01-31T12:00:00Z", 1769860800),
        ("2026-01-31T12:00:00+02:00", 1769853600),
        ("2026-01-31 12:00", 1769860800),
        ("@1700000000.5", 1700000000.5),
    ],
)
def test_a_moment_is_utc_unless_it_says_otherwise(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "@soon"])
def test_what_is_no_moment_is_refused_with_an_example(text):
    with pytest.raises(Misunderstood, match="2026-01-31"):
        moment(text)


def test_a_moment_is_written_as_it_is_read():
    assert moment(written(1769860800)) == 1769860800


def test_a_duration_is_spoken_in_its_two_largest_units():
    assert [spoken(of) for of in (0, 59, 3661, -93784)] == ["0s", "59s", "1h 1m", "1d 2h"]
