"""Patterns and messages, mostly those of the CloudWatch Logs user guide."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.engines.filterpattern import InvalidPattern, parse

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())


@pytest.mark.parametrize("case", GOLDEN, ids=[case["pattern"] for case in GOLDEN])
def test_golden(case):
    pattern = parse(case["pattern"])
    assert [message for message in case["yes"] if pattern.match(message) is None] == []
    assert [message for message in case["no"] if pattern.match(message) is not None] == []


def test_what_a_pattern_extracts():
    assert parse("{ $.user.id = 1 || $.name = a* }").match('{"user": {"id": 1}, "name": "x"}') == {
        "$.user.id": "1",
        "$.name": "x",
    }
    assert parse("[ip, ..., bytes > 10]").match('1.2.3.4 - "GET /" 20') == {
        "$ip": "1.2.3.4",
        "$2": "-",
        "$3": "GET /",
        "$bytes": "20",
    }


@pytest.mark.parametrize(
    "text",
    [
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = 1",
        "{ $.a > x }",
        "{ $.a IS 3 }",
        "{ ($.a = 1 }",
        "[a = ]",
        "[a",
        "[..., a, ...]",
        "%[%",
        "%(a+)+%",
        "{ $.a = 1 } }",
        '"open',
        "(a)",
    ],
)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(InvalidPattern):
        parse(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='{}[]()$.*=!<>&|,"%ab1 -?\\', max_size=20), st.text(max_size=20))
def test_any_text_is_a_pattern_or_refused(text, message):
    try:
        pattern = parse(text)
    except InvalidPattern:
        return
    assert pattern.match(message) is None or isinstance(pattern.match(message), dict)
