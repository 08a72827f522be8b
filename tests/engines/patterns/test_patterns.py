"""Event patterns: golden pairs, and a search by brute force as an oracle for arrays."""

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.patterns import InvalidPattern, compile_pattern

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["matching"], ids=lambda case: json.dumps(case["pattern"]))
def test_a_pattern_matches_what_it_describes_and_nothing_else(case):
    pattern = compile_pattern(case["pattern"])
    assert [event for event in case["matches"] if not pattern.matches(event)] == []
    assert [event for event in case["differs"] if pattern.matches(event)] == []


@pytest.mark.parametrize("case", GOLDEN["refused"], ids=lambda case: json.dumps(case["pattern"]))
def test_what_is_no_pattern_is_refused_in_words(case):
    with pytest.raises(InvalidPattern) as refused:
        compile_pattern(case["pattern"])
    assert str(refused.value) == case["message"]


def test_a_pattern_knows_its_fields():
    pattern = compile_pattern({"a": ["x"], "$or": [{"b": {"c": ["y"]}}, {"d": ["z"]}]})
    assert pattern.paths == {"a", "b.c", "d"}


values = st.sampled_from(["x", "y", "z"])
records = st.lists(st.fixed_dictionaries({"a": values, "b": values}), max_size=4)


@given(records, records, values, values, values)
def test_fields_under_one_array_are_matched_by_one_element(first, second, a, b, c):
    event = {"first": first, "second": second}
    pattern = compile_pattern({"first": {"a": [a], "b": [b]}, "second": {"b": [c]}})
    expected = any(one["a"] == a and one["b"] == b and other["b"] == c for one, other in product(first, second))
    assert pattern.matches(event) == expected


@given(st.lists(st.sampled_from("ab*\\"), max_size=6).map("".join), st.text("ab*\\", max_size=6))
def test_a_wildcard_agrees_with_a_search_by_brute_force(wildcard, text):
    try:
        pattern = compile_pattern({"k": [{"wildcard": wildcard}]})
    except InvalidPattern:
        return

    def fits(rest, value):
        if not rest:
            return not value
        if rest[0] == "*":
            return any(fits(rest[1:], value[skip:]) for skip in range(len(value) + 1))
        literal, length = (rest[1], 2) if rest[0] == "\\" else (rest[0], 1)
        return value[:1] == literal and fits(rest[length:], value[1:])

    assert pattern.matches({"k": text}) == fits(wildcard, text)
