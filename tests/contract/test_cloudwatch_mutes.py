"""CloudWatch: mute rules, times in which alarms do nothing about their states."""

import json
from datetime import UTC, datetime

import pytest

from tests.contract.cloudwatch_alarms import ALARM, Letters, state
from tests.contract.cloudwatch_metrics import at, cloudwatch, noon
from tests.contract.firehose_box import ACCOUNT, refusal

__all__ = ["cloudwatch", "noon"]  # fixtures
ARN = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm-mute-rule:night"
HOUR = 3600
EVERY_HOUR = {"Expression": "cron(30 * * * *)", "Duration": "PT15M"}


@pytest.fixture
def letters(aws, cloudwatch):
    """What the topic hears to which the alarm `busy` speaks."""
    letters = Letters(aws)
    actions = {"AlarmActions": [letters.topic], "OKActions": [letters.topic]}
    cloudwatch.put_metric_alarm(**ALARM, **actions, TreatMissingData="ignore")
    return letters


def mute(cloudwatch, schedule, name="night", alarms=("busy",), **more):
    cloudwatch.put_alarm_mute_rule(
        Name=name, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": list(alarms)}, **more
    )


def get(cloudwatch, name="night"):
    return cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)


def once(moment, duration="PT1H", **more):
    return {"Expression": at(moment).strftime("at(%Y-%m-%dT%H:%M)"), "Duration": duration, **more}


def ring(cloudwatch, cloud, to="ALARM"):
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue=to, StateReason="test")
    cloud.settle()


def heard(letters):
    """The states of which the topic was told since the last time."""
    found = letters.sqs.receive_message(QueueUrl=letters.queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        letters.sqs.delete_message(QueueUrl=letters.queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(json.loads(message["Body"])["Message"])["NewStateValue"] for message in found]


# What is refused


@pytest.mark.parametrize(
    ("schedule", "more"),
    [
        ({**EVERY_HOUR, "Expression": "cron(30 * * * ? *)"}, {}), ({**EVERY_HOUR, "Expression": "rate(1 day)"}, {}),
        ({**EVERY_HOUR, "Expression": "cron(75 * * * *)"}, {}), ({**EVERY_HOUR, "Duration": "PT30S"}, {}),
        ({**EVERY_HOUR, "Duration": "P16D"}, {}), ({**EVERY_HOUR, "Duration": "PT"}, {}),
        ({**EVERY_HOUR, "Timezone": "Mars/Olympus"}, {}), (EVERY_HOUR, {"alarms": ["none"]}),
        (EVERY_HOUR, {"StartDate": at(2e9), "ExpireDate": at(1.9e9)}),
    ],
)  # fmt: skip
def test_rules_that_are_none(cloudwatch, letters, schedule, more):
    assert refusal(mute, cloudwatch, schedule, **more)[0] == "ValidationError"
    assert cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


def test_a_rule_that_is_not_there(cloudwatch):
    assert refusal(get, cloudwatch)[0] == "ResourceNotFoundException"
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="night")


# What is done


def test_rules_are_told_with_their_status(cloudwatch, letters, noon):
    mute(cloudwatch, once(noon), Description="Repairs", Tags=[{"Key": "team", "Value": "a"}])
    mute(cloudwatch, EVERY_HOUR, "hourly", alarms=[], ExpireDate=at(noon + HOUR))
    mute(cloudwatch, once(noon - 2 * HOUR), "past")
    told = get(cloudwatch)
    assert told["Rule"]["Schedule"] == once(noon) and told["MuteTargets"] == {"AlarmNames": ["busy"]}
    assert (told["AlarmMuteRuleArn"], told["Description"], told["MuteType"]) == (ARN, "Repairs", "ONE_TIME")
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "a"}]
    listed = cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"]
    assert [(one["Status"], one["MuteType"]) for one in listed] == [
        ("SCHEDULED", "RECURRING"), ("ACTIVE", "ONE_TIME"), ("EXPIRED", "ONE_TIME"),
    ]  # fmt: skip
    active = cloudwatch.list_alarm_mute_rules(AlarmName="busy", Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert [one["AlarmMuteRuleArn"] for one in active] == [ARN]


@pytest.mark.parametrize(
    ("expression", "zone", "moment"),
    [
        ("cron(0 2 * * 0)", "UTC", "2028-01-02T02:00"), ("cron(0 2 * * SUN)", "Asia/Tokyo", "2028-01-01T17:00"),
        ("cron(0 2 1 * *)", "UTC", "2028-01-01T02:00"), ("cron(0 2 * * MON-WED)", "UTC", "2028-01-03T02:00"),
    ],
)  # fmt: skip
def test_days_are_counted_as_cron_counts_them(cloudwatch, letters, cloud, expression, zone, moment):
    first = datetime.fromisoformat(f"{moment}+00:00").timestamp()
    cloud.clock.freeze()
    cloud.clock.set(datetime(2027, 12, 31, 12, tzinfo=UTC).timestamp())  # a Friday
    mute(cloudwatch, {"Expression": expression, "Duration": "PT1H", "Timezone": zone})
    for moment, status in ((first - 1, "SCHEDULED"), (first, "ACTIVE"), (first + HOUR, "SCHEDULED")):
        cloud.clock.set(moment)
        assert get(cloudwatch)["Status"] == status


# What happens next


def test_an_alarm_acts_when_it_is_muted_no_longer(cloudwatch, letters, cloud, noon):
    mute(cloudwatch, EVERY_HOUR)
    ring(cloudwatch, cloud, "OK")
    assert heard(letters) == ["OK"]
    cloud.clock.advance(30 * 60)
    assert get(cloudwatch)["Status"] == "ACTIVE"
    ring(cloudwatch, cloud)
    assert (state(cloudwatch), heard(letters)) == ("ALARM", [])
    cloud.clock.advance(14 * 60)
    assert heard(letters) == []
    cloud.clock.advance(60)
    assert (get(cloudwatch)["Status"], heard(letters)) == ("SCHEDULED", ["ALARM"])
    cloud.clock.advance(HOUR)
    assert heard(letters) == []


def test_what_is_over_when_a_mute_ends_is_not_told(cloudwatch, letters, cloud, noon):
    mute(cloudwatch, once(noon))
    ring(cloudwatch, cloud)
    ring(cloudwatch, cloud, "OK")
    cloud.clock.advance(2 * HOUR)
    assert heard(letters) == []
    assert get(cloudwatch)["Status"] == "EXPIRED"


def test_a_rule_that_goes_mutes_nothing_any_more(cloudwatch, letters, cloud, noon):
    mute(cloudwatch, once(noon))
    mute(cloudwatch, once(noon), "other")
    ring(cloudwatch, cloud)
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="night")
    cloud.settle()
    assert heard(letters) == []
    mute(cloudwatch, once(noon), "other", alarms=[])
    cloud.settle()
    assert heard(letters) == ["ALARM"]
    [item] = [
        one
        for one in cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
        if "muted" in one["HistorySummary"]
    ]
    assert item["AlarmName"] == "busy"


def test_a_rule_mutes_from_its_start_until_it_expires(cloudwatch, letters, cloud, noon):
    mute(cloudwatch, once(noon), StartDate=at(noon + 600), ExpireDate=at(noon + 1800))
    assert get(cloudwatch)["Status"] == "SCHEDULED"
    cloud.clock.advance(600)
    ring(cloudwatch, cloud)
    assert (get(cloudwatch)["Status"], heard(letters)) == ("ACTIVE", [])
    cloud.clock.advance(1200)
    assert (get(cloudwatch)["Status"], heard(letters)) == ("EXPIRED", ["ALARM"])
