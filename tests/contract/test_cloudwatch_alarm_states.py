"""CloudWatch: the states of alarms, as the clock moves."""

import json

import pytest

from tests.contract.cloudwatch_alarms import ALARM, alarm, state
from tests.contract.cloudwatch_metrics import at, cloudwatch, noon, put, stat

__all__ = ["cloudwatch", "noon"]  # fixtures
HOUR, DAY = 3600, 86_400


# What happens next


def test_an_alarm_follows_its_metric_by_the_minute(cloud, cloudwatch, noon):
    cloudwatch.put_metric_alarm(**ALARM)
    put(cloudwatch, 6, 5)
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    cloud.clock.advance(60)
    found = alarm(cloudwatch)
    assert found["StateValue"] == "ALARM"
    date = at(noon).strftime("%d/%m/%y %H:%M:%S")
    assert found["StateReason"] == (
        f"Threshold Crossed: 1 datapoint [11.0 ({date})] was greater than the threshold (10.0)."
    )
    data = json.loads(found["StateReasonData"])
    assert (data["version"], data["statistic"], data["period"], data["threshold"]) == ("1.0", "Sum", 60, 10.0)
    assert data["recentDatapoints"] == [11.0]
    assert data["evaluatedDatapoints"] == [{"timestamp": data["startDate"], "sampleCount": 2.0, "value": 11.0}]
    put(cloudwatch, 1)
    cloud.clock.advance(60)
    assert state(cloudwatch) == "OK"
    cloud.clock.advance(10 * 60)
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    assert alarm(cloudwatch)["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


@pytest.mark.parametrize(
    ("treatment", "found", "reason"),
    [
        ("missing", "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"),
        ("ignore", "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"),
        (
            "breaching",
            "ALARM",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as"
            " [Breaching].",
        ),
        (
            "notBreaching",
            "OK",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as"
            " [NonBreaching].",
        ),
    ],
)
def test_missing_data_are_treated_as_the_alarm_says(cloud, cloudwatch, noon, treatment, found, reason):
    cloudwatch.put_metric_alarm(**{**ALARM, "EvaluationPeriods": 2, "TreatMissingData": treatment})
    cloud.clock.advance(120)
    assert (alarm(cloudwatch)["StateValue"], alarm(cloudwatch)["StateReason"]) == (found, reason)


def test_some_of_several_periods_are_enough_if_the_alarm_says_so(cloud, cloudwatch, noon):
    cloudwatch.put_metric_alarm(**{**ALARM, "EvaluationPeriods": 3, "DatapointsToAlarm": 2})
    for value, expected in ((11, None), (1, None), (12, "ALARM"), (1, "OK")):
        put(cloudwatch, value)
        cloud.clock.advance(60)
        assert expected in (None, state(cloudwatch))
        if expected == "ALARM":
            assert "2 out of the last 3 datapoints [12.0" in alarm(cloudwatch)["StateReason"]
            assert alarm(cloudwatch)["StateReason"].endswith("(minimum 2 datapoints for OK -> ALARM transition).")


def test_an_alarm_of_a_short_period_is_looked_at_every_ten_seconds(cloud, cloudwatch, noon):
    cloudwatch.put_metric_alarm(**{**ALARM, "Period": 10})
    put(cloudwatch, 11, StorageResolution=1)
    cloud.clock.advance(10)
    assert state(cloudwatch) == "ALARM"


def test_a_percentile_of_few_samples_is_ignored_if_the_alarm_says_so(cloud, cloudwatch, noon):
    rules = {key: value for key, value in ALARM.items() if key != "Statistic"}
    for name, low in (("careful", "ignore"), ("quick", "evaluate")):
        cloudwatch.put_metric_alarm(
            **{**rules, "AlarmName": name}, ExtendedStatistic="p99", EvaluateLowSampleCountPercentile=low
        )
    put(cloudwatch, 11)
    cloud.clock.advance(60)
    assert (state(cloudwatch, "careful"), state(cloudwatch, "quick")) == ("INSUFFICIENT_DATA", "ALARM")


def test_an_alarm_watches_what_an_expression_makes_of_metrics(cloud, cloudwatch, noon):
    metrics = [
        {"Id": "e", "Expression": "m1 / m2 * 100", "ReturnData": True},
        stat(ReturnData=False),
        stat("Visits", identifier="m2", ReturnData=False),
    ]
    rules = {"AlarmName": "rate", "EvaluationPeriods": 1, "Threshold": 50}
    cloudwatch.put_metric_alarm(**rules, ComparisonOperator="GreaterThanOrEqualToThreshold", Metrics=metrics)
    put(cloudwatch, 2)
    put(cloudwatch, 4, name="Visits")
    cloud.clock.advance(60)
    assert state(cloudwatch, "rate") == "ALARM"
    assert "[50.0 (" in alarm(cloudwatch, "rate")["StateReason"]


def test_an_alarm_hears_of_data_long_after_it_was_put(cloud, cloudwatch, noon):
    cloudwatch.put_metric_alarm(**ALARM)
    cloud.clock.advance(30 * DAY)
    put(cloudwatch, 11)
    cloud.clock.advance(60)
    assert state(cloudwatch) == "ALARM"
