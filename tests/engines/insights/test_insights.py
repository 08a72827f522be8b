"""Queries over a few events, with their rows."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.engines.insights import InvalidQuery, Row, parse

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())


def run(query, limit=None):
    return parse(query).run([Row(dict(event)) for event in GOLDEN["events"]], limit)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=[case["query"] for case in GOLDEN["cases"]])
def test_golden(case):
    assert run(case["query"]) == case["rows"]


@pytest.mark.parametrize("query", GOLDEN["refused"])
def test_what_is_no_query_is_refused_with_its_position(query):
    with pytest.raises(InvalidQuery) as refused:
        parse(query)
    assert 0 <= refused.value.position <= len(query)


def test_rows_of_events_carry_their_pointer_and_groups_do_not():
    events = [Row({"@timestamp": 1, "@message": "m", "@ptr": "p"})]
    assert parse("fields @message").run(events) == [{"@message": "m", "@ptr": "p"}]
    assert parse("stats count(*) as n").run(events) == [{"n": "1"}]


def test_the_limit_of_the_call_holds_where_the_query_has_none():
    assert len(run("fields level", limit=2)) == 2
    assert len(run("fields level | limit 3", limit=1)) == 3


COMMANDS = ["fields", "filter", "stats", "sort", "limit", "parse", "by", "as", "like", "and", "not", "in", "#"]
VALUES = ["count(*)", "ms", "@message", "level", "/a*/", '"x*"', "5m", "3", "'", "é"]
SIGNS = ["|", "(", ")", "[", "]", ",", "=", "-", "^"]
WORDS = st.sampled_from(COMMANDS + VALUES + SIGNS)


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_text_is_a_query_or_refused(query):
    try:
        parsed = parse(query)
    except InvalidQuery:
        return
    assert isinstance(parsed.run([Row(dict(event)) for event in GOLDEN["events"]]), list)
