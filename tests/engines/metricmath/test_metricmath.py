"""Metric math: expressions and what they are worth, searches and queries and what they find; from a data file."""

import json
from pathlib import Path

import pytest

from glasshouse.engines.metricmath import (
    Invalid,
    Series,
    Unsupported,
    evaluate,
    names_in,
    parse,
    read_query,
    search,
)

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
METRICS = [
    ("AWS/EC2", "CPUUtilization", {"InstanceId": "i-1"}),
    ("AWS/EC2", "CPUUtilization", {}),
    ("AWS/EC2", "NetworkIn", {"InstanceId": "i-2"}),
    ("AWS/Lambda", "Errors", {"Function Name": "order mailer"}),
]
DIMENSIONS = [{"InstanceId": "i-1"}, {"InstanceId": "i-2", "Type": "t"}, {}]


class FiveMinutes:
    """The series of the data file, within five minutes."""

    period = 60
    known = {
        name: Series({moment: float(value) for moment, value in points}, 60, name)
        for name, points in GOLDEN["series"].items()
    }

    def named(self, name):
        if name not in self.known:
            raise Invalid(f"Undefined variable '{name}'")
        return self.known[name]

    def metrics(self, text):
        return [series for name, series in self.known.items() if text in name]

    def search(self, query, statistic, period):
        return self.metrics(query)

    def times(self, period):
        return range(0, 300, period)


@pytest.mark.parametrize(("text", "value"), GOLDEN["values"])
def test_an_expression_is_worth(text, value):
    found = evaluate(parse(text), FiveMinutes())
    if isinstance(found, Series):
        found = {str(moment): round(number, 12) for moment, number in found.points.items()}
        value = {moment: round(number, 12) for moment, number in value.items()}
    assert found == (value if isinstance(value, dict) else pytest.approx(value))


@pytest.mark.parametrize(("text", "message"), GOLDEN["invalid"])
def test_an_expression_is_refused(text, message):
    with pytest.raises(Invalid) as refused:
        evaluate(parse(text), FiveMinutes())
    assert str(refused.value) == message


def test_a_function_that_is_left_out_is_told_from_one_that_nobody_has():
    with pytest.raises(Unsupported):
        evaluate(parse("ANOMALY_DETECTION_BAND(m1, 2)"), FiveMinutes())


def test_an_expression_within_a_thousand_others_is_refused():
    with pytest.raises(Invalid, match="nested too deeply"):
        parse("(" * 1000 + "1" + ")" * 1000)


def test_the_names_of_an_expression_are_known():
    assert list(names_in(parse("SUM([a, b]) + IF(c > 1, -d, 2)"))) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("text", "found"), GOLDEN["searches"])
def test_a_search_finds(text, found):
    wanted = search(text)
    assert [number for number, metric in enumerate(METRICS) if wanted.finds(*metric)] == found


@pytest.mark.parametrize("text", ["{} x", "a OR", "(a", "a )", "MetricName=(a OR b", '"open'])
def test_a_search_is_refused(text):
    with pytest.raises(Invalid):
        search(text)


@pytest.mark.parametrize(("text", "found"), GOLDEN["queries"])
def test_a_query_finds(text, found):
    query = read_query(text)
    assert [dimensions for dimensions in DIMENSIONS if query.finds(dimensions)] == found


@pytest.mark.parametrize(("text", "message"), GOLDEN["bad_queries"])
def test_a_query_is_refused(text, message):
    with pytest.raises(Invalid) as refused:
        read_query(text)
    assert str(refused.value) == message
