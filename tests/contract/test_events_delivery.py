"""EventBridge: events that are put, what targets get of them, and what happens when a target does not take them."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from tests.contract.events_box import (
    ACCOUNT,
    ARN,
    PATTERN,
    REGION,
    THERE,
    bodies,
    entry,
    messages,
    other_account,
    put,
    queue,
    role,
    rule,
)


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def seen(aws):
    """The URL and ARN of a queue."""
    return queue(aws)


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


def test_more_than_ten_events_at_once(events):
    one = {"Source": "a", "DetailType": "b", "Detail": "{}"}
    printed = (
        "PutEventsRequestEntry(time=null, source=a, resources=null, detailType=b, detail={}, eventBusName=null,"
        " traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
    )
    message = (
        f"1 validation error detected: Value '[{', '.join([printed] * 11)}]' at 'entries' failed to satisfy constraint:"
        " Member must have length less than or equal to 10"
    )
    with pytest.raises(ClientError) as caught:
        events.put_events(Entries=[one] * 11)
    assert caught.value.response["Error"]["Message"] == message


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
    cloud.clock.advance(60)
    never = {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"timestamp": 1e999, "message": "odd <id>"}'}
    events.put_targets(Rule="r", Targets=[{"Id": "u", "Arn": group, "InputTransformer": never}])
    put(cloud, events, entry({"id": 10}))
    messages = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/events/shop")["events"]]
    assert "odd 10" in messages


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
    assert (found["region"], found["account"]) == (REGION, ACCOUNT)
    assert found["id"] != result["EventId"]  # another region gives it another id


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
