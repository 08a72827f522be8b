"""EventBridge: events that are put, what targets get of them, and what happens when a target does not take them."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.access import Credential, root
from glasshouse.core.errors import InternalFailure
from glasshouse.services.sqs.service import Sqs
from tests.contract.events_box import ACCOUNT, PATTERN, REGION, bodies, entry, messages, put, queue, role, rule

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
THERE = "111111111111"


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def seen(aws):
    """The URL and ARN of a queue."""
    return queue(aws)


def attributes(message) -> dict[str, str]:
    return {name: it["StringValue"] for name, it in message["MessageAttributes"].items()}


def other_account(cloud, aws):
    """Clients of root in another account."""

    def keep():
        with cloud.cloud.store.transaction():
            cloud.cloud.credentials.put(Credential("AKIATHERE", "secret", root(THERE)))

    cloud.run(keep)
    keys = {"aws_access_key_id": "AKIATHERE", "aws_secret_access_key": "secret"}
    return lambda service, **options: aws(service, **keys, **options)


# What is refused


@pytest.mark.parametrize(
    ("missing", "given"),
    [
        ("Source", {}),
        ("DetailType", {"Source": "shop"}),
        ("Detail", {"Source": "shop", "DetailType": "t"}),
    ],
)
def test_an_entry_that_lacks_something_fails_alone(cloud, events, missing, given):
    result = events.put_events(Entries=[given, entry()])
    reason = f"Parameter {missing} is not valid. Reason: {missing} is a required argument."
    assert result["FailedEntryCount"] == 1
    assert result["Entries"][0] == {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    assert set(result["Entries"][1]) == {"EventId"}


@pytest.mark.parametrize("detail", ["detail", "[1]", '"text"', "{", "1"])
def test_a_detail_is_an_object(events, detail):
    result = events.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": detail}])
    assert result["Entries"] == [{"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}]


def test_sources_of_aws_are_for_its_services(events):
    result = events.put_events(Entries=[entry(source="aws.ec2")])
    assert result["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_requests_that_are_too_large(events):
    with pytest.raises(ClientError, match="Total size of the entries in the request is over the limit"):
        events.put_events(Entries=[entry({"text": "x" * 600_000})] * 2)
    with pytest.raises(ClientError, match="Member must have length less than or equal to 10"):
        events.put_events(Entries=[entry()] * 11)
    assert events.put_events(Entries=[entry({"text": "x" * 1_000_000})])["FailedEntryCount"] == 0


@pytest.mark.parametrize("event", ["{}", "text", "[]", '{"id": "1"}'])
def test_what_is_no_event_is_not_tested(events, event):
    with pytest.raises(ClientError, match=r"Parameter Event is not valid\."):
        events.test_event_pattern(EventPattern=PATTERN, Event=event)


def test_a_queue_that_lets_nobody_in_gets_nothing(cloud, aws, events):
    url = aws("sqs").create_queue(QueueName="closed")["QueueUrl"]
    rule(events, f"arn:aws:sqs:{REGION}:{ACCOUNT}:closed")
    put(cloud, events, entry())
    assert messages(aws, url) == []


def test_another_account_needs_the_permission_of_the_bus(cloud, aws, events, seen):
    there = other_account(cloud, aws)
    events.create_event_bus(Name="shared")
    rule(events, seen[1], bus="shared")
    bus = ARN + "event-bus/shared"
    theirs = there("events")
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.put_events(Entries=[entry(EventBusName=bus)])
    rule(theirs, bus)
    put(cloud, theirs, entry())
    assert bodies(aws, seen[0]) == []
    events.put_permission(EventBusName="shared", Action="events:PutEvents", Principal=THERE, StatementId="them")
    put(cloud, theirs, entry({"n": 1}, EventBusName=bus), entry({"n": 2}))
    assert [(it["account"], it["detail"]["n"]) for it in bodies(aws, seen[0])] == [(THERE, 1), (THERE, 2)]


# What is done


def test_a_matching_event_reaches_its_target(cloud, aws, events, seen):
    rule(events, seen[1])
    time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    given = entry({"id": 7, "who": "Zoë"}, Time=time, Resources=["arn:x"])
    first, _, third = put(cloud, events, given, entry(source="other"), entry())
    found, other = bodies(aws, seen[0])
    expected = {
        "version": "0", "id": first["EventId"], "detail-type": "Order Placed", "source": "shop", "account": ACCOUNT,
        "time": "2026-01-02T03:04:05Z", "region": REGION, "resources": ["arn:x"], "detail": {"id": 7, "who": "Zoë"},
    }  # fmt: skip
    assert list(found.items()) == list(expected.items())
    assert (other["id"], other["resources"]) == (third["EventId"], [])


def test_patterns_are_tested(events):
    event = {
        "id": "1", "account": ACCOUNT, "source": "shop", "time": "2026-01-01T00:00:00Z", "region": REGION,
        "resources": [], "detail-type": "t", "detail": {"n": 5},
    }  # fmt: skip
    for pattern, result in (({"detail": {"n": [{"numeric": ["<", 6]}]}}, True), ({"source": ["store"]}, False)):
        tested = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        assert tested["Result"] is result
    with pytest.raises(ClientError, match="Unrecognized match type x"):
        events.test_event_pattern(EventPattern='{"a": [{"x": 1}]}', Event=json.dumps(event))


TEMPLATE = '{"who": <who>, "text": "order <id> of <who>", "all": <all>, "none": <none>}'
PATHS = {"who": "$.detail.who", "id": "$.detail.id", "all": "$.detail", "none": "$.detail.none"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"Input": '{"constant": [1, 2]}'}, '{"constant": [1, 2]}'),
        ({"InputPath": "$.detail"}, '{"id":7,"who":"Zoë"}'),
        ({"InputPath": "$.detail.who"}, '"Zoë"'),
        ({"InputPath": "$.resources[0]"}, '"arn:x"'),
        (
            {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": TEMPLATE}},
            '{"who": "Zoë", "text": "order 7 of Zoë", "all": {"id":7,"who":"Zoë"}, "none": ""}',
        ),
        (
            {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": '"<id> by <who>: <none> <all>"'}},
            '"7 by Zoë:  {id:7,who:Zoë}"',
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<aws.events.rule-name> <aws.events.rule-arn>"'}},
            f'"r {ARN}rule/r"',
        ),
    ],
    ids=["input", "path", "path to a text", "path to an element", "JSON template", "text template", "variables"],
)
def test_a_target_gets_what_it_asked_for(cloud, aws, events, seen, options, expected):
    rule(events, seen[1], **options)
    put(cloud, events, entry({"id": 7, "who": "Zoë"}, Resources=["arn:x"]))
    assert [message["Body"] for message in messages(aws, seen[0])] == [expected]


def test_a_template_may_tell_the_whole_event(cloud, aws, events, seen):
    template = '{"event": <aws.events.event>, "json": <aws.events.event.json>, "at": <aws.events.event.ingestion-time>}'
    rule(events, seen[1], InputTransformer={"InputTemplate": template})
    put(cloud, events, entry({"id": 7}))
    (found,) = bodies(aws, seen[0])
    assert found["json"]["detail"] == {"id": 7}
    named = {key: value for key, value in found["json"].items() if key not in ("detail", "detail-type")}
    assert found["event"] == named | {"detailType": "Order Placed"}
    assert datetime.fromisoformat(found["at"])


def test_fifo_queues_need_a_group(cloud, aws, events):
    url, arn = queue(aws, "q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    rule(events, arn, SqsParameters={"MessageGroupId": "g"})
    put(cloud, events, entry(TraceHeader="Root=1-5759e988-bd862e3fe1be46a994272793"))
    (message,) = messages(aws, url)
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=1-")


def test_topics_are_targets(cloud, aws, events, seen):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    allowed = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": ARN + "rule/r"}},
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    url, arn = queue(aws, "subscribed", principal="sns.amazonaws.com")
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    rule(events, topic, InputPath="$.detail")
    rule(events, topic, name="not-this-rule", InputPath="$.detail")
    put(cloud, events, entry({"id": 1}))
    assert bodies(aws, url) == [{"id": 1}]


def test_log_groups_are_targets(cloud, aws, events):
    cloud.clock.set(datetime(2026, 2, 3, 5, tzinfo=UTC).timestamp())
    logs = aws("logs")
    logs.create_log_group(logGroupName="/aws/events/shop")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/shop"
    rule(events, group)
    template = '{"timestamp": "2026-02-03T04:05:06Z", "message": "order <id>"}'
    transformer = {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": template}
    events.put_targets(Rule="r", Targets=[{"Id": "u", "Arn": group + ":*", "InputTransformer": transformer}])
    put(cloud, events, entry())
    assert logs.describe_log_streams(logGroupName="/aws/events/shop")["logStreams"] == []
    allowed = {
        "Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group + ":*",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    logs.put_resource_policy(policyName="events", policyDocument=document)
    put(cloud, events, entry({"id": 9}))
    found = logs.filter_log_events(logGroupName="/aws/events/shop")["events"]
    texts = {event["message"]: event["timestamp"] for event in found}
    assert texts["order 9"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp() * 1000
    (other,) = texts.keys() - {"order 9"}
    assert json.loads(other)["detail"] == {"id": 9}


def test_events_go_from_bus_to_bus_and_stay_what_they_are(cloud, aws, events, seen):
    elsewhere = aws("events", "eu-central-1")
    elsewhere.create_event_bus(Name="far")
    far = f"arn:aws:events:eu-central-1:{ACCOUNT}:event-bus/far"
    events.create_event_bus(Name="near")
    rule(events, ARN + "event-bus/near")
    rule(events, far, bus="near")
    rule(elsewhere, seen[1], bus="far")
    (result,) = put(cloud, events, entry())
    (found,) = bodies(aws, seen[0])
    assert (found["id"], found["region"], found["account"]) == (result["EventId"], REGION, ACCOUNT)


def test_a_role_carries_events_to_another_bus(cloud, aws, events, seen):
    events.create_event_bus(Name="b")
    rule(events, seen[1], bus="b")
    bus = ARN + "event-bus/b"
    may_not = role(aws, "may-not")
    rule(events, bus, name="without", RoleArn=may_not)
    put(cloud, events, entry())
    assert bodies(aws, seen[0]) == []
    may = role(aws, "may", "events.amazonaws.com", ("events:PutEvents", bus))
    rule(events, bus, name="with", RoleArn=may)
    put(cloud, events, entry())
    assert len(bodies(aws, seen[0])) == 1


def test_a_role_is_used_for_any_target(cloud, aws, events):
    url = aws("sqs").create_queue(QueueName="closed")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:closed"
    may = role(aws, "may", "events.amazonaws.com", ("sqs:SendMessage", arn))
    rule(events, arn, RoleArn=may)
    put(cloud, events, entry())
    assert len(messages(aws, url)) == 1


def test_events_for_a_bus_that_is_not_there_are_lost(events):
    result = events.put_events(Entries=[entry(EventBusName="gone")])
    assert (result["FailedEntryCount"], set(result["Entries"][0])) == (0, {"EventId"})


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
