"""EventBridge: what happens when a target does not take an event, and what happens by the clock."""

import json
from datetime import UTC, datetime

import pytest

from glasshouse.core.errors import InternalFailure
from glasshouse.services.sqs.service import Sqs
from tests.contract.events_box import (
    ACCOUNT,
    ARN,
    PATTERN,
    REGION,
    THERE,
    attributes,
    bodies,
    entry,
    messages,
    other_account,
    put,
    queue,
    rule,
)


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def seen(aws):
    """The URL and ARN of a queue."""
    return queue(aws)


# What happens next


def test_what_nobody_may_take_is_a_dead_letter_at_once(cloud, aws, events):
    url, arn = queue(aws, "grave")
    aws("sqs").create_queue(QueueName="closed")
    closed = f"arn:aws:sqs:{REGION}:{ACCOUNT}:closed"
    rule(events, closed, DeadLetterConfig={"Arn": arn})
    (result,) = put(cloud, events, entry({"id": 3}))
    (letter,) = messages(aws, url)
    assert json.loads(letter["Body"])["id"] == result["EventId"]
    told = attributes(letter)
    assert "is not authorized to perform: sqs:sendmessage" in told.pop("ERROR_MESSAGE").lower()
    expected = {
        "RULE_ARN": ARN + "rule/r", "TARGET_ARN": closed, "ERROR_CODE": "NO_PERMISSIONS", "RETRY_ATTEMPTS": "0",
    }  # fmt: skip
    assert told == expected


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"}, "NO_RESOURCE"),
        ({"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"}, "NO_RESOURCE"),
        ({"Arn": ARN + "event-bus/gone"}, "NO_RESOURCE"),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/gone"}, "FAILED_TO_ASSUME_ROLE"),
        (
            {"InputTransformer": {"InputTemplate": '{"a": <a><a>}', "InputPathsMap": {"a": "$.id"}}},
            "INVALID_JSON",
        ),
    ],
    ids=["queue", "topic", "bus", "role", "template"],
)
def test_a_dead_letter_says_why(cloud, aws, events, seen, target, code):
    url, arn = queue(aws, "grave")
    events.put_rule(Name="r", EventPattern=PATTERN)
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": seen[1], **target, "DeadLetterConfig": {"Arn": arn}}])
    put(cloud, events, entry())
    (letter,) = messages(aws, url)
    assert (attributes(letter)["ERROR_CODE"], bodies(aws, seen[0])) == (code, [])


@pytest.fixture
def jam(monkeypatch):
    """Makes every queue but the grave fail for the moment, until it is called with False."""
    find, jammed = Sqs._queue, [True]

    def failing(sqs, url):
        if jammed[0] and sqs.call.operation == "SendMessage" and "grave" not in url:
            raise InternalFailure()
        return find(sqs, url)

    monkeypatch.setattr(Sqs, "_queue", failing)
    return lambda on: jammed.__setitem__(0, on)


def test_a_target_that_fails_for_the_moment_is_tried_again(cloud, aws, events, seen, jam):
    cloud.clock.freeze()
    rule(events, seen[1])
    put(cloud, events, entry())
    cloud.clock.advance(3600)
    assert messages(aws, seen[0]) == []
    jam(False)
    cloud.clock.advance(480)
    assert len(messages(aws, seen[0])) == 1
    cloud.clock.advance(86_400)
    assert messages(aws, seen[0]) == []


def test_retries_end_by_their_number(cloud, aws, events, seen, jam):
    url, arn = queue(aws, "grave")
    cloud.clock.freeze()
    rule(events, seen[1], RetryPolicy={"MaximumRetryAttempts": 3}, DeadLetterConfig={"Arn": arn})
    put(cloud, events, entry())
    cloud.clock.advance(6)
    assert messages(aws, url) == []
    cloud.clock.advance(1)
    (letter,) = messages(aws, url)
    told = attributes(letter)
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"]) == ("INTERNAL_ERROR", "3")
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


def test_retries_end_by_their_age(cloud, aws, events, seen, jam):
    url, arn = queue(aws, "grave")
    cloud.clock.freeze()
    rule(events, seen[1], RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": arn})
    put(cloud, events, entry())
    cloud.clock.advance(60)
    (letter,) = messages(aws, url)
    told = attributes(letter)
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == ("MaximumEventAgeInSeconds", "5")


def test_an_event_is_tried_185_times_within_a_day(cloud, aws, events, seen, jam):
    url, arn = queue(aws, "grave")
    cloud.clock.freeze()
    rule(events, seen[1], DeadLetterConfig={"Arn": arn})
    put(cloud, events, entry())
    cloud.clock.advance(86_400)
    (letter,) = messages(aws, url)
    assert attributes(letter)["RETRY_ATTEMPTS"] == "185"


def test_without_retries_a_failure_is_final(cloud, aws, events, seen, jam):
    url, arn = queue(aws, "grave")
    rule(events, seen[1], RetryPolicy={"MaximumRetryAttempts": 0}, DeadLetterConfig={"Arn": arn})
    put(cloud, events, entry())
    (letter,) = messages(aws, url)
    assert attributes(letter)["RETRY_ATTEMPTS"] == "0"


def test_an_event_goes_no_further_than_one_account(cloud, aws, events, seen):
    url, arn = queue(aws, "grave")
    there = other_account(cloud, aws)
    theirs = there("events")
    theirs.put_permission(Action="events:PutEvents", Principal=ACCOUNT, StatementId="them")
    events.put_permission(Action="events:PutEvents", Principal=THERE, StatementId="them")
    events.create_event_bus(Name="b")
    rule(events, f"arn:aws:events:{REGION}:{THERE}:event-bus/default", bus="b")
    rule(theirs, ARN + "event-bus/default", DeadLetterConfig={"Arn": arn})
    third = "222222222222"
    pattern = json.dumps({"account": [THERE]})
    options = {"DeadLetterConfig": {"Arn": arn}}
    rule(events, f"arn:aws:events:{REGION}:{third}:event-bus/default", name="on", pattern=pattern, **options)
    put(cloud, theirs, entry())
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "THIRD_ACCOUNT_HOP_DETECTED"


def test_rules_with_a_schedule_make_events(cloud, aws, events, seen):
    cloud.clock.freeze()
    cloud.clock.set(datetime(2026, 1, 1, 10, 0, tzinfo=UTC).timestamp())
    for name, expression in (("rate", "rate(20 minutes)"), ("cron", "cron(0 12 ? * THU *)")):
        arn = events.put_rule(Name=name, ScheduleExpression=expression)["RuleArn"]
        events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": seen[1]}])
    cloud.clock.advance(2 * 3600)
    found = bodies(aws, seen[0])
    times = [(event["resources"][0].rpartition("/")[2], event["time"][11:16]) for event in found]
    every = [("rate", f"{hour}:{minute}") for hour in (10, 11) for minute in ("20", "40")]
    assert sorted(times) == sorted([*every, ("rate", "11:00"), ("rate", "12:00"), ("cron", "12:00")])
    scheduled = next(event for event in found if event["resources"] == [arn])
    assert (scheduled["source"], scheduled["detail-type"], scheduled["detail"]) == ("aws.events", "Scheduled Event", {})
    events.disable_rule(Name="rate")
    cloud.clock.advance(7 * 86_400)
    assert [event["time"] for event in bodies(aws, seen[0])] == ["2026-01-08T12:00:00Z"]


def test_a_schedule_that_changes_counts_anew(cloud, aws, events, seen):
    cloud.clock.freeze()
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": seen[1], "Input": '"tick"'}])
    cloud.clock.advance(1800)
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)", Description="the same")
    cloud.clock.advance(1800)
    assert len(messages(aws, seen[0])) == 1
    cloud.clock.advance(1800)
    events.put_rule(Name="r", ScheduleExpression="rate(2 hours)")
    cloud.clock.advance(3 * 1800)
    assert messages(aws, seen[0]) == []
    cloud.clock.advance(1800)
    assert len(messages(aws, seen[0])) == 1
    events.remove_targets(Rule="r", Ids=["t"])
    events.delete_rule(Name="r")
    cloud.clock.advance(86_400)
    assert messages(aws, seen[0]) == []


def test_buckets_tell_of_their_objects(cloud, aws, events, seen):
    rule(events, seen[1], pattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": ["orders"]}}}))
    s3 = aws("s3")
    s3.create_bucket(Bucket="orders", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_notification_configuration(
        Bucket="orders", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="orders", Key="k", Body=b"body")
    cloud.settle()
    (found,) = bodies(aws, seen[0])
    assert (found["detail-type"], found["resources"]) == ("Object Created", ["arn:aws:s3:::orders"])
    assert (found["detail"]["object"]["key"], found["detail"]["reason"]) == ("k", "PutObject")


def test_what_happened_is_measured(cloud, aws, events, seen):
    rule(events, seen[1])
    rule(events, f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone", name="lost")
    put(cloud, events, entry())
    cloud.run(cloud.cloud.metrics.flush)
    query = "SELECT name, dimensions, total FROM metric JOIN metric_data ON metric = id WHERE namespace = 'AWS/Events'"
    rows = cloud.run(lambda: cloud.cloud.store.read(query).fetchall())
    counted = {(name, json.loads(dimensions)[0][1]): total for name, dimensions, total in rows}
    assert counted["Invocations", "r"] == counted["TriggeredRules", "r"] == counted["MatchedEvents", "r"] == 1
    assert counted["FailedInvocations", "lost"] == 1
