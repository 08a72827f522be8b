"""Event patterns: golden pairs, and a search by brute force as an oracle for arrays."""

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.patterns import MOST_COMPLEX, Index, InvalidPattern, compile_pattern, compile_text

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


@pytest.mark.parametrize("case", GOLDEN["located"], ids=lambda case: case["text"])
def test_a_refusal_says_where(case):
    with pytest.raises(InvalidPattern) as refused:
        compile_text(case["text"])
    place = "".join(
        f'\n at [Source: (String)"{case["text"]}"; line: {line}, column: {column}]' for line, column in case["places"]
    )
    assert refused.value.located == case["message"] + place


def test_a_long_text_is_shown_by_its_beginning():
    text = json.dumps({"a": "x" * 600})
    with pytest.raises(InvalidPattern) as refused:
        compile_text(text)
    assert f'(String)"{text[:500]}"[truncated {len(text) - 500} chars]; line: 1, column: 8]' in refused.value.located


@pytest.mark.parametrize(
    ("wildcard", "too_complex"),
    [
        ("*:*:*:*:*:event-bus/*", True),
        ("arn:aws:events:us-east-1:*:event-bus/*", False),
        ("arn:*:*:*:*:event-bus/*", False),
        ("*/*/*.png", False),
        ("*a*a*a*a*a*a*a*", True),
    ],
)
def test_wildcards_can_be_too_complex(wildcard, too_complex):
    pattern = compile_pattern({"a": [{"wildcard": wildcard}]})
    assert (pattern.complexity >= MOST_COMPLEX) == too_complex


@pytest.mark.parametrize("text", ['{"a":' * 1000, '{"a":[{"anything-but":' + "[" * 1000])
def test_a_pattern_that_is_nested_too_deeply_is_refused(text):
    with pytest.raises(InvalidPattern):
        compile_text(text)


def test_a_greater_range_of_numbers_can_be_asked_for():
    assert compile_pattern({"a": [{"numeric": ["=", 4e9]}]}, largest=5e9).matches({"a": 4_000_000_000})
    with pytest.raises(InvalidPattern, match=r"between -5\.0E9 and 5\.0E9, inclusive"):
        compile_pattern({"a": [{"numeric": ["=", 6e9]}]}, largest=5e9)


def test_of_two_fields_that_mean_the_same_the_later_one_counts():
    pattern = compile_text('{"a": {"b": ["x"]}, "a.b": ["y"]}')
    assert (pattern.matches({"a": {"b": "y"}}), pattern.matches({"a": {"b": "x"}})) == (True, False)


@pytest.mark.parametrize(
    ("pattern", "may"),
    [
        ({"source": ["aws.ssm"]}, True),
        ({"source": [{"prefix": "aws."}], "detail": {"name": ["x"]}}, True),
        ({"source": ["aws.ssm", "shop"], "detail-type": ["Order Placed"]}, False),
        ({"$or": [{"source": ["shop"]}, {"detail-type": [{"prefix": "Parameter"}]}]}, True),
        ({"detail": {"name": ["x"]}}, True),
        ({"source": [{"anything-but": {"prefix": "aws."}}]}, False),
    ],
)
def test_a_pattern_may_be_asked_about_what_is_known_of_an_event(pattern, may):
    known = {"source": "aws.ssm", "detail-type": "Parameter Store Change"}
    assert compile_pattern(pattern).may_match(known) == may


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


literals = st.sampled_from(["", "a", "ab", "aB", "b", 1, 2.5, True, None])
operators = st.one_of(
    literals,
    st.fixed_dictionaries({"prefix": st.text("ab", max_size=2)}),
    st.fixed_dictionaries({"suffix": st.text("ab", max_size=2)}),
    st.fixed_dictionaries({"equals-ignore-case": st.text("abAB", max_size=2)}),
    st.sampled_from([{"wildcard": "a*"}, {"wildcard": "*b"}, {"exists": False}, {"anything-but": "a"}]),
    st.sampled_from([{"numeric": ["=", 1]}, {"numeric": [">", 1]}]),
)
some = st.lists(operators, min_size=1, max_size=2)
fields = st.dictionaries(st.sampled_from(["x", "y", "z"]), some, max_size=3)
patterns = st.one_of(
    fields, st.builds(lambda one, two: {"$or": [one or {"w": [1]}, two or {"w": [1]}]}, fields, fields)
)
events = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.one_of(literals, st.lists(literals, max_size=2)))


@given(st.lists(patterns, max_size=8), events)
def test_an_index_finds_what_each_pattern_would(documents, event):
    compiled = dict(enumerate(map(compile_pattern, documents)))
    expected = [number for number, pattern in compiled.items() if pattern.matches(event)]
    assert Index(compiled).matching(event) == expected
