"""CloudWatch: GetMetricData, its expressions, searches, queries, labels and pages."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_metrics import NAMESPACE, ask, at, cloudwatch, noon, points, put, stat

__all__ = ["cloudwatch", "noon"]  # fixtures
MINUTE, HOUR = 60, 3600
LACKING = {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Shop"}]}


def put_shops(cloudwatch, noon: int):
    """Visits of two shops in three minutes, and orders of one of them."""
    for shop, visits in (("north", (1, 2, 3)), ("south", (10, 20, 30))):
        dimensions = [{"Name": "Shop", "Value": shop}]
        for minute, value in enumerate(visits):
            put(cloudwatch, value, name="Visits", moment=noon - 180 + minute * 60, Dimensions=dimensions)
    put(cloudwatch, 5, name="Orders", moment=noon - 60, Dimensions=[{"Name": "Shop", "Value": "south"}])


# What is refused


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "The parameter MetricDataQueries is required."),
        ([{"Id": "a"}], "The parameter MetricDataQueries.member.1.MetricStat is required.\n"),
        (
            [{**stat(), "Expression": "1"}],
            "The parameters MetricDataQueries.member.1.MetricStat and MetricDataQueries.member.1.Expression are"
            " mutually exclusive and you have specified both.",
        ),
        (
            [stat(identifier="A")],
            "The value A for parameter MetricDataQueries.member.1.Id is invalid. It must match the regular expression"
            " ^[a-z][a-zA-Z0-9_]*$.",
        ),
        (
            [{"Id": "a", "MetricStat": {**stat()["MetricStat"], "Metric": LACKING}}],
            "The parameter MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value is required.",
        ),
        ([stat(), stat()], "The values for parameter Id in MetricDataQueries are not unique."),
        (
            [stat(), stat(identifier="b", statistic="None")],
            "The value None for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.",
        ),
        ([stat(period=7)], "The value 7 for parameter MetricDataQueries.member.1.MetricStat.Period is invalid."),
        ([{"Id": "e", "Expression": "m1 +"}], "Error in expression 'e': Unexpected end of the expression"),
        ([{"Id": "e", "Expression": "m1 * 2"}], "Error in expression 'e': Undefined variable 'm1'"),
        ([{"Id": "e", "Expression": "e + 1"}], "Error in expression 'e': The expression refers to itself"),
        (
            [{"Id": "e", "Expression": "METRICS() + METRICS()"}],
            "Error in expression 'e': Unsupported operand type(s) for +: '[TimeSeries]' and '[TimeSeries]'",
        ),
        (
            [{"Id": "q", "Expression": "SELECT AVG(x) FROM y"}],
            "Error in expression 'q': Metrics Insights queries need a Period",
        ),
        (
            [{"Id": "q", "Expression": "SELECT AVG(x)", "Period": 60}],
            "Error in expression 'q': Unexpected end of the query",
        ),
        (
            [{"Id": "s", "Expression": "SEARCH('x', 'Most')"}],
            "Error in expression 's': 'Most' is not a valid statistic",
        ),
    ],
)
def test_queries_are_refused_in_words(cloudwatch, queries, message):
    with pytest.raises(ClientError) as refused:
        ask(cloudwatch, 0, 600, *queries)
    assert refused.value.response["Error"] == {
        **refused.value.response["Error"], "Code": "ValidationError", "Message": message
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "members", "message"),
    [
        (600, 0, {}, "The parameter EndTime must be greater than StartTime."),
        (600, 600, {}, "The parameter StartTime must not equal parameter EndTime."),
        (600.1, 600.9, {}, "The parameter StartTime must not equal parameter EndTime."),
        (0, 600, {"MaxDatapoints": 100_801}, "The value 100801 for parameter MaxDatapoints is invalid."),
        (0, 600, {"ScanBy": "Up"}, "1 validation error detected: Value 'Up' at 'scanBy'"),
        (0, 600, {"LabelOptions": {"Timezone": "Mars"}}, "The value Mars for parameter LabelOptions.Timezone is"),
    ],
)
def test_times_and_options_are_checked(cloudwatch, start, end, members, message):
    with pytest.raises(ClientError) as refused:
        ask(cloudwatch, start, end, stat(), **members)
    assert refused.value.response["Error"]["Message"].startswith(message)


def test_functions_that_need_what_is_not_here_are_refused_by_name(cloudwatch):
    with pytest.raises(ClientError) as refused:
        ask(cloudwatch, 0, 600, stat(), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1)"})
    assert refused.value.response["Error"]["Code"] == "NotSupported"
    assert "ANOMALY_DETECTION_BAND" in refused.value.response["Error"]["Message"]


def test_a_token_must_be_one_that_was_given(cloudwatch):
    with pytest.raises(ClientError) as refused:
        ask(cloudwatch, 0, 600, stat(), NextToken="bWV0cmljIDE=")
    assert refused.value.response["Error"]["Code"] == "InvalidNextToken"


# What is done


def test_statistics_of_several_metrics_come_in_one_answer(cloudwatch, noon):
    put(cloudwatch, 1, 3)
    put(cloudwatch, 7, name="Visits")
    results = ask(
        cloudwatch, noon, noon + 60,
        stat(), stat("Visits", identifier="visits"), stat("Nothing", identifier="nothing"),
    )  # fmt: skip
    assert [(result["Id"], result["Label"], result["Values"], result["StatusCode"]) for result in results] == [
        ("m1", "Orders", [4.0], "Complete"),
        ("visits", "Visits", [7.0], "Complete"),
        ("nothing", "Nothing", [], "Complete"),
    ]


def test_the_newest_comes_first_unless_told_otherwise(cloudwatch, noon):
    for minute in range(3):
        put(cloudwatch, minute, moment=noon + minute * 60)
    newest_first = cloudwatch.get_metric_data(MetricDataQueries=[stat()], StartTime=at(noon), EndTime=at(noon + 180))[
        "MetricDataResults"
    ]
    assert newest_first[0]["Values"] == [2, 1, 0]
    assert ask(cloudwatch, noon, noon + 180, stat())[0]["Values"] == [0, 1, 2]


def test_labels_tell_what_the_metrics_of_a_request_differ_in(cloudwatch, noon):
    same = [stat(identifier="a"), stat(identifier="b", statistic="Maximum")]
    assert [result["Label"] for result in ask(cloudwatch, noon, noon + 60, *same)] == ["Orders Sum", "Orders Maximum"]
    both = [stat(identifier="a"), stat(identifier="b", statistic="Maximum", period=300)]
    assert [result["Label"] for result in ask(cloudwatch, noon, noon + 60, *both)] == [
        "Orders Sum 60",
        "Orders Maximum 300",
    ]


def test_a_unit_narrows_a_query_and_one_unit_counts_without_it(cloudwatch, noon):
    put(cloudwatch, 1, Unit="Seconds")
    put(cloudwatch, 5, Unit="Count")
    found = ask(cloudwatch, noon, noon + 60, stat(unit="Seconds"))[0]
    assert (found["Values"], "Messages" in found) == ([1], False)
    found = ask(cloudwatch, noon, noon + 60, stat())[0]
    assert found["Values"] == [5]
    assert found["Messages"] == [{"Code": "MultipleUnits", "Value": "Multiple units returned: '[Count, Seconds]'"}]
    assert ask(cloudwatch, noon, noon + 60, stat(unit="Bytes"))[0]["Values"] == []


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("south / north", {-180: 10, -120: 10, -60: 10}),
        ("orders / south * 100", {-60: 50 / 3}),
        ("FILL(orders, 0) / south", {-180: 0, -120: 0, -60: 1 / 6}),
        ("SUM(METRICS('th'))", {-180: 11, -120: 22, -60: 33}),
        ("RATE(south) * PERIOD(south)", {-120: 10, -60: 10}),
        ("IF(south > 15, south)", {-120: 20, -60: 30}),
        ("MAX(south)", {-180: 30, -120: 30, -60: 30}),
        ("RUNNING_SUM(DIFF(north))", {-120: 1, -60: 2}),
        ("twice + 1", {-180: 3, -120: 5, -60: 7}),
        ("orders / 0", {}),
    ],
)
def test_expressions_are_worked_out(cloudwatch, noon, expression, values):
    put_shops(cloudwatch, noon)
    hidden = [
        stat("Visits", identifier="north", dimensions={"Shop": "north"}, ReturnData=False),
        stat("Visits", identifier="south", dimensions={"Shop": "south"}, ReturnData=False),
        stat("Orders", identifier="orders", dimensions={"Shop": "south"}, ReturnData=False),
        {"Id": "twice", "Expression": "north * 2", "ReturnData": False},
    ]
    [result] = ask(cloudwatch, noon - 180, noon, *hidden, {"Id": "e", "Expression": expression})
    assert (result["Id"], result["Label"]) == ("e", "e")
    assert points(result) == {noon + offset: pytest.approx(value) for offset, value in values.items()}


def test_a_search_finds_series_and_labels_them(cloudwatch, noon):
    put_shops(cloudwatch, noon)
    expression = f"SEARCH('{{{NAMESPACE},Shop}} Visits', 'Sum', 60)"
    results = ask(cloudwatch, noon - 180, noon, {"Id": "s", "Expression": expression})
    assert [(result["Id"], result["Label"], result["Values"]) for result in results] == [
        ("s", "north", [1, 2, 3]),
        ("s", "south", [10, 20, 30]),
    ]
    everything = ask(cloudwatch, noon - 180, noon, {"Id": "s", "Expression": f"SEARCH('Namespace={NAMESPACE}', 'Sum')"})
    assert [result["Label"] for result in everything] == ["north Visits", "south Visits", "south Orders"]
    [sorted_] = ask(
        cloudwatch, noon - 180, noon,
        {"Id": "s", "Expression": "SORT(SEARCH('Visits', 'Sum', 60), MAX, DESC, 1)", "Label": "Best:"},
    )  # fmt: skip
    assert (sorted_["Label"], sorted_["Values"]) == ("Best: south", [10, 20, 30])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f'SELECT SUM(Visits) FROM "{NAMESPACE}"', {"SUM(Visits)": [11, 22, 33]}),
        (f'SELECT AVG(Visits) FROM SCHEMA("{NAMESPACE}", Shop)', {"AVG(Visits)": [5.5, 11, 16.5]}),
        (f"SELECT COUNT(Visits) FROM {NAMESPACE}", {"COUNT(Visits)": [2, 2, 2]}),
        (f"SELECT MAX(Visits) FROM {NAMESPACE} WHERE Shop = 'north'", {"MAX(Visits)": [1, 2, 3]}),
        (
            f"SELECT MIN(Visits) FROM {NAMESPACE} GROUP BY Shop ORDER BY MAX() DESC",
            {"south": [10, 20, 30], "north": [1, 2, 3]},
        ),
        (f"SELECT SUM(Visits) FROM {NAMESPACE} GROUP BY Shop ORDER BY SUM() ASC LIMIT 1", {"north": [1, 2, 3]}),
        (f"SELECT SUM(Visits) FROM SCHEMA({NAMESPACE})", {}),
    ],
)
def test_metrics_insights_queries_are_answered(cloudwatch, noon, query, found):
    put_shops(cloudwatch, noon)
    results = ask(cloudwatch, noon - 180, noon, {"Id": "q", "Expression": query, "Period": 60})
    assert {result["Label"]: result["Values"] for result in results} == found
    assert [result["Label"] for result in results] == list(found)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("plain", "plain"),
        ("${LABEL} up to ${MAX}", "Orders up to 3.5"),
        ("${MIN} ${AVG} ${SUM} ${DATAPOINT_COUNT}", "1 2.167 6.5 3"),
        ("${FIRST} ${LAST} ${MIN_MAX_RANGE}", "1 2 1 - 3.5"),
        ("${PROP('Dim.Shop')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')}", "north Orders Sum 60"),
        ("${PROP('Namespace')} in ${PROP('Region')}", f"{NAMESPACE} in eu-west-1"),
        ("${NOTHING} ${PROP('Nothing')}", "${NOTHING} ${PROP('Nothing')}"),
        ("${MAX_TIME_RELATIVE}", "2m ago"),
    ],
)
def test_labels_have_parts_that_are_filled_in(cloudwatch, noon, label, told):
    for minute, value in enumerate((1, 3.5, 2)):
        put(cloudwatch, value, moment=noon - 180 + minute * 60, Dimensions=[{"Name": "Shop", "Value": "north"}])
    [result] = ask(cloudwatch, noon - 180, noon, stat(dimensions={"Shop": "north"}, Label=label))
    assert result["Label"] == told


def test_labels_tell_times_in_the_zone_that_is_asked_for(cloudwatch, noon):
    put(cloudwatch, 1)
    query = stat(Label="${LAST_TIME}")
    [result] = ask(cloudwatch, noon, noon + 60, query, LabelOptions={"Timezone": "+0130"})
    assert result["Label"] == at(noon + 5400).strftime("%Y-%m-%d %H:%M:%S")


def test_pages_hold_as_many_points_as_are_asked_for(cloudwatch, noon):
    for minute in range(5):
        put(cloudwatch, minute, moment=noon + minute * 60)
        put(cloudwatch, minute * 10, name="Visits", moment=noon + minute * 60)
    pages = list(
        cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[stat(), stat("Visits", identifier="visits")],
            StartTime=at(noon), EndTime=at(noon + 300), ScanBy="TimestampAscending", MaxDatapoints=4,
        )
    )  # fmt: skip
    told = [
        [(result["Id"], result["Values"], result["StatusCode"]) for result in page["MetricDataResults"]]
        for page in pages
    ]
    assert told == [
        [("m1", [0, 1, 2, 3], "PartialData"), ("visits", [], "PartialData")],
        [("m1", [4], "Complete"), ("visits", [0, 10, 20], "PartialData")],
        [("visits", [30, 40], "Complete")],
    ]


# What happens next


def test_of_all_times_only_those_that_can_have_data_are_gone_through(cloudwatch, noon):
    put(cloudwatch, 1, moment=noon - 60)
    one = {"Id": "e", "Expression": "m1 + TIME_SERIES(1)"}
    [orders, sums] = ask(cloudwatch, 0, 253_402_300_000, stat(period=3600), one, MaxDatapoints=100_000)
    assert points(orders) == {noon - HOUR: 1}
    assert points(sums)[noon - HOUR] == 2


def test_a_moving_clock_moves_what_a_question_sees(cloud, cloudwatch, noon):
    put(cloudwatch, 1)
    cloud.clock.advance(120)
    put(cloudwatch, 2)
    assert points(ask(cloudwatch, noon, noon + 600, stat())[0]) == {noon: 1, noon + 120: 2}
