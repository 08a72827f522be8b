"""Patterns, against a matcher by recursion; and policies that cannot be compiled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_brute_force import wild

from glasshouse.engines.policy import MalformedPolicy, compile_policy
from glasshouse.engines.policy.patterns import PatternSet, matcher, read_pieces


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=10))
def test_patterns_match_as_their_definition_says(pattern, text):
    assert matcher(read_pieces(pattern, False))(text) is wild(pattern, text)


def test_a_pattern_of_many_stars_is_matched_in_reasonable_time():
    assert not matcher(read_pieces("*a" * 60 + "b", False))("a" * 5000)
    assert not matcher(read_pieces("*a?" * 60 + "b", False))("a" * 5000)


@given(st.lists(st.text(alphabet="ab*?", max_size=5), max_size=4), st.text(alphabet="ab", max_size=6))
def test_a_set_matches_when_one_pattern_does(patterns, text):
    kept = PatternSet([read_pieces(pattern, True) for pattern in patterns])
    assert kept.matches(text, {}) is any(wild(pattern, text) for pattern in patterns)


def test_without_variables_braces_are_text_and_stars_are_stars():
    kept = PatternSet([read_pieces("a${*}", False)])
    assert kept.matches("a${anything}", {})
    assert not kept.matches("a*", {})


MALFORMED = [
    ("{", "ends where", 1),
    ("[]", "object", 0),
    ("{}", "no Statement", 0),
    ('{"Statement": "x"}', "a statement is an object", 14),
    ('{"Statement": {"Effect": "allow", "Action": "*"}}', "Effect", 14),
    ('{"Statement": {"Effect": "Allow"}}', "Action", 14),
    ('{"Statement": {"Effect": "Allow", "Action": 1}}', "strings", 44),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*"}}', "exclude", 62),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "Colour": "*"}}', "Colour", 49),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "Principal": "me"}}', "kind", 62),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Same": {"a:b": "c"}}}}', "Same", 63),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"a:b": null}}}}', "condition value", 79),
    ('{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": "x"}}}', "takes an object", 71),
]


@pytest.mark.parametrize(("text", "words", "offset"), MALFORMED)
def test_what_has_no_meaning_is_not_compiled(text, words, offset):
    with pytest.raises(MalformedPolicy) as caught:
        compile_policy(text)
    assert words in caught.value.message
    assert caught.value.offset == offset
