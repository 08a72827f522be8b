"""CloudWatch: alarms that watch other alarms."""

import json

import pytest
from botocore.exceptions import ClientError

BOTH = ["MetricAlarm", "CompositeAlarm"]


@pytest.fixture
def cloudwatch(aws):
    client = aws("cloudwatch")
    for name in ("north", "south"):
        client.put_metric_alarm(
            AlarmName=name, Namespace="Shop", MetricName="Orders", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=10, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
        )  # fmt: skip
    return client


def change(cloud, cloudwatch, name: str, value: str):
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")
    cloud.settle()


def composite(cloudwatch, name: str = "shops") -> dict:
    [found] = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return found


def acted(cloudwatch, name: str = "shops") -> list[str]:
    items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action", ScanBy="TimestampAscending")[
        "AlarmHistoryItems"
    ]
    return [item["HistorySummary"] for item in items]


# What is refused


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("ALARM(north) AND", "AlarmRule is not valid: unexpected end"),
        ("BROKEN(north)", "AlarmRule is not valid: unexpected BROKEN"),
        ("ALARM(north) ALARM(south)", "AlarmRule is not valid: unexpected ALARM"),
        ("(ALARM(north)", "AlarmRule is not valid: unexpected end"),
        (
            "ALARM(north) OR OK(east)",
            "Could not save the composite alarm as alarms [east] in the alarm rule do not exist",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_refused(cloudwatch, rule, message):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule=rule)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["Error"]["Message"] == message


def test_an_alarm_does_not_watch_itself(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="ALARM(north)")
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(shops)")
    with pytest.raises(ClientError, match="would depend on the alarm itself"):
        cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="ALARM(all)")


def test_a_name_is_of_one_kind_of_alarm(cloudwatch):
    with pytest.raises(ClientError, match="An alarm of the other kind is called north already"):
        cloudwatch.put_composite_alarm(AlarmName="north", AlarmRule="TRUE")


def test_a_suppressor_comes_with_its_periods(cloudwatch):
    suppressor = "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:south"
    with pytest.raises(ClientError, match="must be specified with"):
        cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="TRUE", ActionsSuppressor=suppressor)


# What is done


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("ALARM(north)", "ALARM"),
        ('ALARM("north") AND ALARM("south")', "OK"),
        ("ALARM(north) OR ALARM(south)", "ALARM"),
        ("NOT ALARM(north)", "OK"),
        ("ALARM(north) AND NOT (ALARM(south) OR OK(south))", "ALARM"),
        ("INSUFFICIENT_DATA(arn:aws:cloudwatch:eu-west-1:000000000000:alarm:south)", "ALARM"),
        ("FALSE OR TRUE AND FALSE", "OK"),
    ],
)
def test_rules_are_worked_out(cloud, cloudwatch, rule, state):
    change(cloud, cloudwatch, "north", "ALARM")
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule=rule)
    cloud.settle()
    assert (composite(cloudwatch)["StateValue"], composite(cloudwatch)["AlarmRule"]) == (state, rule)


def test_only_metric_alarms_are_described_unless_others_are_asked_for(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="ALARM(north)")
    found = cloudwatch.describe_alarms()
    assert ([one["AlarmName"] for one in found["MetricAlarms"]], found["CompositeAlarms"]) == (["north", "south"], [])
    assert len(cloudwatch.describe_alarms(AlarmTypes=[*BOTH, "LogAlarm"])["CompositeAlarms"]) == 1


def test_children_and_parents_are_told(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="ALARM(north) OR ALARM(south)")
    children = cloudwatch.describe_alarms(ChildrenOfAlarmName="shops")["MetricAlarms"]
    assert [child["AlarmName"] for child in children] == ["north", "south"]
    [parent] = cloudwatch.describe_alarms(ParentsOfAlarmName="north")["CompositeAlarms"]
    assert parent["AlarmName"] == "shops"


def test_composite_alarms_are_tagged_and_deleted(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="TRUE", Tags=[{"Key": "team", "Value": "shop"}])
    arn = composite(cloudwatch)["AlarmArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    cloudwatch.delete_alarms(AlarmNames=["shops"])
    assert cloudwatch.describe_alarms(AlarmTypes=BOTH)["CompositeAlarms"] == []


# What happens next


def test_a_composite_alarm_follows_its_children(cloud, cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="shops", AlarmRule="ALARM(north) AND ALARM(south)")
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule="ALARM(shops)")
    cloud.settle()
    assert composite(cloudwatch)["StateValue"] == "OK"
    for name in ("north", "south"):
        change(cloud, cloudwatch, name, "ALARM")
    assert composite(cloudwatch)["StateValue"] == "ALARM"
    assert ":alarm:south transitioned to ALARM at " in composite(cloudwatch)["StateReason"]
    [triggering] = json.loads(composite(cloudwatch)["StateReasonData"])["triggeringAlarms"]
    assert triggering["state"]["value"] == "ALARM"
    assert composite(cloudwatch, "all")["StateValue"] == "ALARM"
    change(cloud, cloudwatch, "north", "OK")
    assert composite(cloudwatch, "all")["StateValue"] == "OK"


def test_a_suppressor_holds_actions_back(aws, cloud, cloudwatch):
    topic = aws("sns").create_topic(Name="operators")["TopicArn"]
    cloudwatch.put_composite_alarm(
        AlarmName="shops", AlarmRule="ALARM(north)", AlarmActions=[topic],
        ActionsSuppressor="arn:aws:cloudwatch:eu-west-1:000000000000:alarm:south",
        ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=120,
    )  # fmt: skip
    cloud.clock.freeze()
    cloud.clock.advance(120)
    change(cloud, cloudwatch, "south", "ALARM")
    change(cloud, cloudwatch, "north", "ALARM")
    assert composite(cloudwatch)["ActionsSuppressedBy"] == "Alarm"
    change(cloud, cloudwatch, "south", "OK")
    assert composite(cloudwatch)["ActionsSuppressedBy"] == "ExtensionPeriod"
    cloud.clock.advance(121)
    assert "ActionsSuppressedBy" not in composite(cloudwatch)
    assert acted(cloudwatch)[-1] == f"Successfully executed action {topic}"


def test_actions_wait_for_a_suppressor_that_may_still_come(aws, cloud, cloudwatch):
    topic = aws("sns").create_topic(Name="operators")["TopicArn"]
    cloudwatch.put_composite_alarm(
        AlarmName="shops", AlarmRule="ALARM(north)", AlarmActions=[topic],
        ActionsSuppressor="arn:aws:cloudwatch:eu-west-1:000000000000:alarm:south",
        ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=120,
    )  # fmt: skip
    cloud.clock.freeze()
    cloud.clock.advance(120)
    change(cloud, cloudwatch, "north", "ALARM")
    assert composite(cloudwatch)["ActionsSuppressedBy"] == "WaitPeriod"
    assert f"Successfully executed action {topic}" not in acted(cloudwatch)
    cloud.clock.advance(61)
    assert acted(cloudwatch)[-1] == f"Successfully executed action {topic}"
