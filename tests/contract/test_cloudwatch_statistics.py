"""CloudWatch: statistics of one metric."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_metrics import NAMESPACE, at, cloudwatch, noon, put, statistics

__all__ = ["cloudwatch", "noon"]  # fixtures
HOUR, DAY = 3600, 86_400
SET = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}


# What is refused


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"StartTime": 5, "EndTime": 5},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"StartTime": 5.1, "EndTime": 5.9},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"StartTime": 5, "EndTime": 4},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"StartTime": 0, "EndTime": DAY, "Period": 1},
            "InvalidParameterCombination",
            "You have requested up to 86,400 datapoints, which exceeds the limit of 1,440. You may reduce the"
            " datapoints requested by increasing Period, or decreasing the time range.",
        ),
        ({"Period": 7}, "InvalidParameterValue", "The value 7 for parameter Period is invalid."),
        ({"Statistics": []}, "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"),
        (
            {"Statistics": None, "ExtendedStatistics": ["q3"]},
            "InvalidParameterValue",
            "The value q3 for parameter ExtendedStatistics is not supported.",
        ),
        ({"MetricName": None}, "MissingParameter", "The parameter MetricName is required."),
        (
            {"Dimensions": [{"Name": "Shop"}]},
            "MissingParameter",
            "The parameter Dimensions.member.1.Value is required.",
        ),
    ],
)
def test_a_question_for_statistics_is_refused_in_words(cloudwatch, members, code, message):
    asked = {"Namespace": NAMESPACE, "MetricName": "Orders", "StartTime": 0, "EndTime": 600, "Period": 60,
             "Statistics": ["Sum"], **members}  # fmt: skip
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_statistics(**{name: value for name, value in asked.items() if value is not None})
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"] == message


# What is done


def test_values_counts_and_statistic_sets_are_added_up(cloudwatch, noon):
    put(cloudwatch, 11, Unit="Seconds")
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "StatisticValues": SET, "Unit": "Seconds"}]
    )
    [point] = statistics(cloudwatch, noon, noon + 60, "SampleCount", "Sum", "Average", "Minimum", "Maximum")
    assert point == {
        "Timestamp": at(noon), "SampleCount": 11.0, "Sum": 66.0, "Average": 6.0, "Minimum": 1.0, "Maximum": 11.0,
        "Unit": "Seconds",
    }  # fmt: skip


def test_each_unit_has_a_point_of_its_own(cloudwatch, noon):
    for value, members in ((1, {"Unit": "Seconds"}), (5, {"Unit": "Count"}), (10, {})):
        put(cloudwatch, value, **members)
    found = statistics(cloudwatch, noon, noon + 60, "Average")
    assert {point["Unit"]: point["Average"] for point in found} == {"Seconds": 1, "Count": 5, "None": 10}
    assert [point["Average"] for point in statistics(cloudwatch, noon, noon + 60, "Average", Unit="Count")] == [5]


def test_periods_follow_one_another_from_the_start_that_was_asked_for(cloudwatch, noon):
    for minute in range(10):
        put(cloudwatch, 1, moment=noon - 600 + minute * 60)
    found = statistics(cloudwatch, noon - 540 + 7, noon, "Sum", period=300)
    assert [(point["Timestamp"], point["Sum"]) for point in found] == [(at(noon - 540), 5), (at(noon - 240), 4)]


def test_the_end_is_not_part_of_what_is_asked_for(cloudwatch, noon):
    put(cloudwatch, 1, moment=noon - 60)
    put(cloudwatch, 2, moment=noon)
    assert [point["Sum"] for point in statistics(cloudwatch, noon - 60, noon, "Sum")] == [1]


def test_a_metric_of_high_resolution_tells_of_seconds(cloudwatch, noon):
    for second in range(0, 60, 5):
        put(cloudwatch, second, moment=noon - 60 + second, StorageResolution=1)
    tens = statistics(cloudwatch, noon - 60, noon, "Sum", period=10)
    assert [point["Sum"] for point in tens] == [5, 25, 45, 65, 85, 105]
    put(cloudwatch, 100, moment=noon - 30)  # of the minute, whose first seconds tell of it
    tens = statistics(cloudwatch, noon - 60, noon, "Sum", period=10)
    assert [point["Sum"] for point in tens] == [105, 25, 45, 65, 85, 105]
    assert [point["Sum"] for point in statistics(cloudwatch, noon - 60, noon, "Sum", period=60)] == [430]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p50", 50), ("p90", 90), ("p99.9", 100), ("p0", 1), ("p100", 100), ("tm90", 45.5), ("tc90", 90),
        ("ts90", 4095), ("wm90", 49.95), ("TM(10%:90%)", 50.5), ("TM(:10%)", 5.5), ("TM(95:)", 98), ("TC(80%:)", 20),
        ("TS(98:100)", 199), ("PR(:30)", 30), ("PR(10:20)", 10), ("WM(10%:90%)", 50.4), ("IQM", 50.5),
    ],
)  # fmt: skip
def test_statistics_of_the_values_themselves(cloudwatch, noon, name, value):
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "Values": list(range(1, 101))}]
    )
    [point] = statistics(cloudwatch, noon, noon + 60, name)
    assert point["ExtendedStatistics"] == {name: pytest.approx(value)}


def test_percentiles_need_values_that_are_known_and_not_negative(cloudwatch, noon):
    put(cloudwatch, 1)
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Orders", "StatisticValues": SET}])
    assert "ExtendedStatistics" not in statistics(cloudwatch, noon, noon + 60, "p50")[0]
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[{
            "MetricName": "Same", "StatisticValues": {"SampleCount": 3, "Sum": 12, "Minimum": 4, "Maximum": 4}
        }],
    )  # fmt: skip
    [point] = statistics(cloudwatch, noon, noon + 60, "p50", MetricName="Same")
    assert point["ExtendedStatistics"] == {"p50": 4}
    put(cloudwatch, -1, 2, name="Signed")
    assert "ExtendedStatistics" not in statistics(cloudwatch, noon, noon + 60, "p50", MetricName="Signed")[0]


# What happens next


def test_the_period_that_is_under_way_grows(cloud, cloudwatch, noon):
    put(cloudwatch, 1)
    cloud.clock.advance(59)
    put(cloudwatch, 2)
    assert [point["Sum"] for point in statistics(cloudwatch, noon, noon + 60, "Sum")] == [3]
    cloud.clock.advance(1)
    put(cloudwatch, 4)
    assert [point["Sum"] for point in statistics(cloudwatch, noon, noon + 120, "Sum")] == [3, 4]
