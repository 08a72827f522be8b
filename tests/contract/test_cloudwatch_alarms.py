"""CloudWatch: alarms on metrics, their states, actions and history."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_alarms import ALARM, ARN, Letters, alarm
from tests.contract.cloudwatch_metrics import NAMESPACE, cloudwatch, noon, put, stat

__all__ = ["cloudwatch", "noon"]  # fixtures
HOUR, DAY = 3600, 86_400


@pytest.fixture
def letters(aws):
    """A queue that hears of a topic: `topic`, and `take()` for the messages since the last time."""
    return Letters(aws)


# What is refused


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"DatapointsToAlarm": 2},
            "ValidationError",
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        ({"Period": 45}, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 120, "EvaluationPeriods": 721},
            "ValidationError",
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (
            {"ExtendedStatistic": "p90"},
            "ValidationError",
            "Statistic and ExtendedStatistic cannot be set for the same alarm.",
        ),
        (
            {"Statistic": None, "ExtendedStatistic": "cp90"},
            "InvalidParameterValue",
            "The value cp90 for parameter ExtendedStatistic is not supported.",
        ),
        (
            {"EvaluateLowSampleCountPercentile": "unknown"},
            "ValidationError",
            "Option unknown is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are"
            " evaluate and ignore.",
        ),
        ({"AlarmActions": ["mail me"]}, "ValidationError", "Invalid arn syntax: mail me"),
        ({"MetricName": None}, "ValidationError", "MetricName and Namespace must be specified, or Metrics"),
        ({"Metrics": [stat()]}, "ValidationError", "Metrics cannot be combined with the parameters of a single metric"),
        (
            {"EvaluationPeriods": 0},
            "ValidationError",
            "1 validation error detected: Value '0' at 'evaluationPeriods' failed to satisfy constraint: Member must"
            " have value greater than or equal to 1",
        ),
        (
            {"ComparisonOperator": None},
            "ValidationError",
            "1 validation error detected: Value null at 'comparisonOperator' failed to satisfy constraint: Member must"
            " not be null",
        ),
    ],
)
def test_an_alarm_that_is_wrong_is_refused_in_words(cloudwatch, members, code, message):
    asked = {name: value for name, value in {**ALARM, **members}.items() if value is not None}
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_alarm(**asked)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"] == message
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_expression_returns_one_series(cloudwatch):
    rules = {"AlarmName": "both", "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "LessThanThreshold"}
    with pytest.raises(ClientError, match="Exactly one element of the metrics list should return data"):
        cloudwatch.put_metric_alarm(**rules, Metrics=[stat(), stat("Visits", identifier="m2")])


def test_a_state_is_one_of_three_and_of_an_alarm_that_is_there(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    with pytest.raises(ClientError) as refused:
        cloudwatch.set_alarm_state(AlarmName="busy", StateValue="INVALID", StateReason="test")
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must satisfy"
        " enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
    )
    with pytest.raises(ClientError) as refused:
        cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="test")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    with pytest.raises(ClientError) as refused:
        cloudwatch.set_alarm_state(AlarmName="busy", StateValue="OK", StateReason="test", StateReasonData="{")
    assert refused.value.response["Error"]["Code"] == "InvalidFormat"


def test_settings_that_are_not_done_are_refused_by_name(cloudwatch):
    with pytest.raises(ClientError, match="ThresholdMetricId is not supported"):
        cloudwatch.put_metric_alarm(**ALARM, ThresholdMetricId="ad1")


def test_tags_are_of_resources_that_are_there(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.list_tags_for_resource(ResourceARN=ARN)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


# What is done


def test_a_small_alarm_is_described(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    found = alarm(cloudwatch)
    times = [found.pop(name) for name in list(found) if name.endswith("Timestamp")]
    assert len(times) == 3
    assert found == {
        **ALARM, "AlarmArn": ARN, "ActionsEnabled": True, "OKActions": [], "AlarmActions": [],
        "InsufficientDataActions": [], "Dimensions": [], "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation", "Threshold": 10.0,
    }  # fmt: skip


def test_alarms_are_found_by_names_prefixes_states_and_actions(cloudwatch):
    for name, actions in (("busy", ["arn:aws:sns:eu-west-1:000000000000:a"]), ("busier", []), ("idle", [])):
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": name, "AlarmActions": actions})
    cloudwatch.set_alarm_state(AlarmName="idle", StateValue="OK", StateReason="test")

    def names(**filters):
        return [found["AlarmName"] for found in cloudwatch.describe_alarms(**filters)["MetricAlarms"]]

    assert names() == ["busier", "busy", "idle"]
    assert names(AlarmNames=["idle", "busy"]) == ["busy", "idle"]
    assert names(AlarmNamePrefix="bus") == ["busier", "busy"]
    assert names(StateValue="OK") == ["idle"]
    assert names(ActionPrefix="arn:aws:sns") == ["busy"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]


def test_alarms_of_a_metric_are_found_by_what_they_watch(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "of a shop", "Dimensions": [{"Name": "Shop", "Value": "a"}]})

    def names(**filters):
        found = cloudwatch.describe_alarms_for_metric(MetricName="Orders", Namespace=NAMESPACE, **filters)
        return [one["AlarmName"] for one in found["MetricAlarms"]]

    assert names() == ["busy"]
    assert names(Dimensions=[{"Name": "Shop", "Value": "a"}]) == ["of a shop"]
    assert names(Statistic="Sum", Period=60) == ["busy"]
    assert names(Statistic="Average") == []


def test_an_alarm_with_an_expression_is_described_as_it_was_put(cloudwatch):
    metrics = [
        {"Id": "e", "Expression": "m1 / m2", "Label": "Orders per visit", "ReturnData": True},
        stat(ReturnData=False),
        stat("Visits", identifier="m2", ReturnData=False),
    ]
    rules = {"AlarmName": "rate", "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 0.1}
    cloudwatch.put_metric_alarm(**rules, ComparisonOperator="LessThanThreshold", Metrics=metrics)
    found = alarm(cloudwatch, "rate")
    assert found["Metrics"] == metrics
    assert "MetricName" not in found


def test_tags_are_put_listed_and_taken_off(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "team", "Value": "shop"}])
    cloudwatch.tag_resource(ResourceARN=ARN, Tags=[{"Key": "tier", "Value": "one"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [
        {"Key": "team", "Value": "shop"},
        {"Key": "tier", "Value": "one"},
    ]
    cloudwatch.untag_resource(ResourceARN=ARN, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "tier", "Value": "one"}]


def test_deleting_passes_over_names_of_no_alarm(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.delete_alarms(AlarmNames=["busy", "none"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_that_is_put_again_stays_in_its_state(cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloudwatch.put_metric_alarm(**{**ALARM, "Threshold": 20})
    assert (alarm(cloudwatch)["StateValue"], alarm(cloudwatch)["Threshold"]) == ("ALARM", 20)


# What happens next


def test_topics_are_told_of_changes(cloud, cloudwatch, letters, noon):
    dimensions = [{"Name": "Shop", "Value": "a"}]
    cloudwatch.put_metric_alarm(
        **ALARM, AlarmDescription="Busy", AlarmActions=[letters.topic], OKActions=[letters.topic], Unit="Count",
        Dimensions=dimensions, TreatMissingData="ignore",
    )  # fmt: skip
    put(cloudwatch, 11, Dimensions=dimensions, Unit="Count")
    cloud.clock.advance(60)
    [letter] = letters.take()
    told = json.loads(letter["Message"])
    assert letter["Subject"] == 'ALARM: "busy" in EU (Ireland)'
    assert (told["AlarmName"], told["AlarmArn"], told["AWSAccountId"]) == ("busy", ARN, "000000000000")
    assert (told["NewStateValue"], told["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert told["NewStateReason"] == alarm(cloudwatch)["StateReason"]
    assert told["StateChangeTime"].endswith("+0000")
    assert told["Trigger"] == {
        "MetricName": "Orders", "Namespace": NAMESPACE, "StatisticType": "Statistic", "Statistic": "SUM",
        "Unit": "Count", "Dimensions": [{"value": "a", "name": "Shop"}], "Period": 60, "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 10.0, "TreatMissingData": "ignore",
        "EvaluateLowSampleCountPercentile": "",
    }  # fmt: skip


def test_an_alarm_of_seconds_watches_a_metric_of_the_minute(cloud, cloudwatch, letters, noon):
    cloudwatch.put_metric_alarm(**{**ALARM, "Period": 30}, TreatMissingData="notBreaching")
    put(cloudwatch, 21, moment=noon + 20)
    cloud.clock.advance(40)
    told = alarm(cloudwatch)
    assert (told["StateValue"], json.loads(told["StateReasonData"])["recentDatapoints"]) == ("ALARM", [21.0])
    cloud.clock.advance(180)
    assert alarm(cloudwatch)["StateValue"] == "OK"


def test_topics_are_told_of_a_count_of_samples(cloud, cloudwatch, letters):
    cloudwatch.put_metric_alarm(**{**ALARM, "Statistic": "SampleCount"}, AlarmActions=[letters.topic])
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloud.settle()
    assert json.loads(letters.take()[0]["Message"])["Trigger"]["Statistic"] == "SAMPLE_COUNT"


def test_actions_that_are_switched_off_are_not_done(cloud, cloudwatch, letters):
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[letters.topic], OKActions=[letters.topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["busy"])
    assert alarm(cloudwatch)["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloud.settle()
    assert letters.take() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["busy"])
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="OK", StateReason="all is well")
    cloud.settle()
    assert [json.loads(letter["Message"])["NewStateReason"] for letter in letters.take()] == ["all is well"]


def test_history_tells_what_happened(cloud, cloudwatch, letters):
    nobody = "arn:aws:sns:eu-west-1:000000000000:nobody"
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[letters.topic, nobody])
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[letters.topic, nobody], AlarmDescription="Busy")
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test", StateReasonData='{"a": 1}')
    cloud.settle()

    def history(**filters):
        return cloudwatch.describe_alarm_history(AlarmName="busy", ScanBy="TimestampAscending", **filters)

    items = history()["AlarmHistoryItems"]
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items] == [
        ("ConfigurationUpdate", 'Alarm "busy" created'),
        ("ConfigurationUpdate", 'Alarm "busy" updated'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {letters.topic}"),
        ("Action", f"Failed to execute action {nobody}"),
    ]
    [change] = history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert json.loads(change["HistoryData"]) == {
        "version": "1.0",
        "oldState": {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
        "newState": {"stateValue": "ALARM", "stateReason": "test", "stateReasonData": {"a": 1}},
    }
    first = history(MaxRecords=2)
    assert [item["HistorySummary"] for item in history(MaxRecords=9, NextToken=first["NextToken"])["AlarmHistoryItems"]]
    cloud.clock.advance(31 * DAY)
    assert history()["AlarmHistoryItems"] == []


def test_rules_on_the_event_bus_hear_of_changes(aws, cloud, cloudwatch, letters):
    events = aws("events")
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    queue = "arn:aws:sqs:eu-west-1:000000000000:operators"
    events.put_targets(Rule="alarms", Targets=[{"Id": "queue", "Arn": queue}])
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloud.settle()
    [event] = letters.take()
    assert event["resources"] == [ARN]
    detail = event["detail"]
    assert (detail["alarmName"], detail["state"]["value"], detail["state"]["reason"]) == ("busy", "ALARM", "test")
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert detail["configuration"]["metrics"] == [
        {
            "id": "m1",
            "metricStat": {
                "metric": {"namespace": NAMESPACE, "name": "Orders", "dimensions": {}}, "period": 60, "stat": "Sum"
            },
            "returnData": True,
        }
    ]  # fmt: skip
