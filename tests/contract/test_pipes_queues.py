"""EventBridge Pipes: from queues to every kind of target."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, REGION, messages, queue, role, rule
from tests.contract.kinesis_streams import data, make_stream
from tests.contract.lambda_code import made
from tests.contract.pipes_box import (
    ARN,
    BODY,
    LAMBDA,
    SOURCE,
    TARGET,
    arrived,
    left,
    make,
    may,
    pipes,
    send,
    source,
    url,
)

__all__ = ["may", "pipes", "source", "url"]  # fixtures
# Answers that the bodies `late` were not processed, and fails for one that is `fail`.
JUDGE = """
def handler(event, context):
    print("EVENT " + repr([record["body"] for record in event]))
    if any(record["body"] == "fail" for record in event):
        raise ValueError("as it was asked to")
    return {"batchItemFailures": [
        {"itemIdentifier": record["messageId"]} for record in event if record["body"] == "late"
    ]}
"""


def template(text, **more):
    return {"TargetParameters": {"InputTemplate": text, **more}}


# What is refused


def test_what_the_role_may_not_do_is_not_done(cloud, aws, pipes, source, url):
    reader = role(aws, "reader", "pipes.amazonaws.com", ("sqs:*", SOURCE))
    make(cloud, pipes, reader)
    send(cloud, aws, source, "kept")
    assert (left(aws, url), left(aws, source)) == ((0, 0), (0, 1))
    cloud.clock.advance(30)
    assert left(aws, source) == (0, 1)  # received again, refused again


def test_a_template_that_does_not_become_json(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may, **template('{"n": <$.body.a> <$.body.b>}'))
    send(cloud, aws, source, {"a": 1, "b": 2})
    assert (left(aws, url), left(aws, source)) == ((0, 0), (0, 1))


# What is done


def test_messages_go_to_a_queue(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may)
    attribute = {"kind": {"DataType": "String", "StringValue": "order"}}
    send(cloud, aws, source, "plain", MessageAttributes=attribute)
    (event,) = arrived(aws, url)
    assert (event["body"], event["eventSource"], event["eventSourceARN"]) == ("plain", "aws:sqs", SOURCE)
    assert event["messageAttributes"]["kind"]["stringValue"] == "order"
    assert event["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "md5OfBody", "awsRegion"} <= event.keys()
    assert left(aws, source) == (0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"n": <$.body.n>, "text": "<$.body.s>!"}', {"n": [1, 2], "text": "x!"}),
        ('{"all": <$.body>}', {"all": {"n": [1, 2], "s": "x"}}),
        ('{"last": <$.body.n[1]>, "none": "<$.body.no>"}', {"last": 2, "none": ""}),
        ('"Hello, <$.body.s>"', "Hello, x"),
        ("<$.body.n>", [1, 2]),
        (
            '{"pipe": <aws.pipes.pipe-name>, "arn": "<aws.pipes.pipe-arn>", "from": <aws.pipes.source-arn>}',
            {"pipe": "p", "arn": ARN + "p", "from": SOURCE},
        ),
        ('{"to": <aws.pipes.target-arn>}', {"to": TARGET}),
        ('{"at": <aws.pipes.event.ingestion-time>}', {"at": "2026-01-01T00:00:00.000Z"}),
        ("static", "static"),
    ],
)
def test_templates(cloud, aws, pipes, may, source, url, text, expected):
    cloud.clock.freeze()
    cloud.clock.set(1767225600)
    make(cloud, pipes, may, **template(text))
    send(cloud, aws, source, {"n": [1, 2], "s": "x"})
    assert arrived(aws, url) == [expected]


def test_templates_of_the_whole_event(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may, **template('{"raw": <aws.pipes.event>, "open": <aws.pipes.event.json>}'))
    send(cloud, aws, source, {"n": 1})
    (told,) = arrived(aws, url)
    assert (told["raw"]["body"], told["open"]["body"]) == ('{"n": 1}', {"n": 1})


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ([{"body": {"n": [{"numeric": [">", 1]}]}}], [{"n": 2}]),
        ([{"body": ["plain"]}], ["plain"]),
        ([{"body": ["plain"]}, {"body": {"n": [1]}}], [{"n": 1}, "plain"]),
        ([{"attributes": {"ApproximateReceiveCount": ["1"]}}], [{"n": 1}, {"n": 2}, "plain"]),
        ([{"attributes": {"ApproximateReceiveCount": ["7"]}}], []),
    ],
)
def test_filters(cloud, aws, pipes, may, source, url, patterns, expected):
    filters = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    make(cloud, pipes, may, SourceParameters={"FilterCriteria": filters}, TargetParameters=BODY)
    send(cloud, aws, source, {"n": 1}, {"n": 2}, "plain")
    assert [told["it"] for told in arrived(aws, url)] == expected
    assert left(aws, source) == (0, 0)  # what is filtered out is deleted


def test_messages_go_to_a_fifo_queue(cloud, aws, pipes, may, source):
    to = aws("sqs").create_queue(QueueName="to.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    settings = {"SqsQueueParameters": {"MessageGroupId": "$.body.g", "MessageDeduplicationId": "$.messageId"}}
    make(cloud, pipes, may, target=TARGET + ".fifo", TargetParameters={**BODY, **settings})
    send(cloud, aws, source, {"g": "a"}, {"g": "b"})
    found = messages(aws, to)
    assert {message["Attributes"]["MessageGroupId"] for message in found} == {"a", "b"}


def test_messages_go_to_a_topic(cloud, aws, pipes, may, source):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    to, to_arn = queue(aws, "heard", "sns.amazonaws.com")
    options = {"Attributes": {"RawMessageDelivery": "true"}}
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=to_arn, **options)
    make(cloud, pipes, may, target=topic, TargetParameters=BODY)
    send(cloud, aws, source, *[{"n": n} for n in range(12)])
    assert sorted(told["it"]["n"] for told in arrived(aws, to)) == list(range(12))


def test_messages_go_to_a_stream(cloud, aws, pipes, may, source):
    kinesis = aws("kinesis")
    arn = make_stream(kinesis)
    settings = {"KinesisStreamParameters": {"PartitionKey": "$.body.key"}}
    make(cloud, pipes, may, target=arn, TargetParameters={**BODY, **settings})
    send(cloud, aws, source, {"key": "k1"}, {"key": "k2"})
    assert [json.loads(one)["it"]["key"] for one in data(kinesis)] == ["k1", "k2"]


def test_messages_go_to_a_bus(cloud, aws, pipes, may, source):
    events = aws("events")
    bus = events.create_event_bus(Name="b")["EventBusArn"]
    to, to_arn = queue(aws, "heard")
    rule(events, to_arn, pattern=json.dumps({"source": [{"prefix": ""}]}), bus="b")
    make(cloud, pipes, may, target=bus, TargetParameters=BODY)
    send(cloud, aws, source, {"n": 1})
    (event,) = arrived(aws, to)
    assert (event["source"], event["detail-type"], event["detail"]) == (
        "Pipe p",
        "Event from aws:sqs",
        {"it": {"n": 1}},
    )
    settings = {
        "Source": "$.body.from", "DetailType": "Order", "Resources": ["$.eventSourceARN"], "Time": "$.body.at",
    }  # fmt: skip
    pipes.update_pipe(Name="p", RoleArn=may, TargetParameters={"EventBridgeEventBusParameters": settings})
    cloud.settle()
    send(cloud, aws, source, {"from": "shop", "at": "2026-01-02T03:04:05Z"})
    (event,) = arrived(aws, to)
    assert (event["source"], event["detail-type"], event["resources"]) == ("shop", "Order", [SOURCE])
    assert event["time"] == "2026-01-02T03:04:05Z"


def test_messages_go_to_a_log_group(cloud, aws, pipes, may, source):
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    settings = {"LogStreamName": "$.body.stream", "Timestamp": "$.body.at"}
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    make(cloud, pipes, may, target=group, TargetParameters={**BODY, "CloudWatchLogsParameters": settings})
    now = int(cloud.clock.now() * 1000)
    send(cloud, aws, source, {"stream": "s", "at": now}, {"stream": "s", "at": now - 5})
    found = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)["events"]
    assert [event["timestamp"] for event in found] == [now - 5, now]
    assert json.loads(found[0]["message"]) == {"it": {"stream": "s", "at": now - 5}}
    send(cloud, aws, source, '{"stream": "s", "at": 1e999}', {"stream": "s", "at": "NaN"})
    assert len(logs.get_log_events(logGroupName="g", logStreamName="s")["events"]) == 2
    assert cloud.run(cloud.cloud.jobs.given_up) == []
    aws("sqs").purge_queue(QueueUrl=source)
    pipes.update_pipe(Name="p", RoleArn=may, TargetParameters={"CloudWatchLogsParameters": {}})
    cloud.settle()
    send(cloud, aws, source, "plain")
    assert len(logs.describe_log_streams(logGroupName="g")["logStreams"]) == 2


def seen(aws, cloud, name="judge"):
    cloud.settle()
    found = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="EVENT")["events"]
    return [event["message"].strip().removeprefix("EVENT ") for event in found]


@pytest.fixture
def judge(aws):
    worker = role(aws, "worker", "lambda.amazonaws.com", ("logs:*", "*"))
    made(aws, "judge", JUDGE, worker)
    return LAMBDA + "judge"


def test_messages_go_to_a_function(cloud, aws, pipes, may, source, judge):
    make(cloud, pipes, may, target=judge)
    send(cloud, aws, source, "a", "late", "b")
    assert seen(aws, cloud) == [repr(["a", "late", "b"])]
    assert left(aws, source) == (0, 1)
    cloud.clock.advance(30)
    assert seen(aws, cloud)[1:] == [repr(["late"])]


def test_a_function_that_is_not_waited_for(cloud, aws, pipes, may, source, judge):
    settings = {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    make(cloud, pipes, may, target=judge, TargetParameters=settings)
    send(cloud, aws, source, "fail")
    assert seen(aws, cloud)[0] == repr(["fail"])
    assert left(aws, source) == (0, 0)


# What happens next


def test_messages_gather_in_a_window(cloud, aws, pipes, may, source, judge):
    cloud.clock.freeze()
    settings = {"SqsQueueParameters": {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 10}}
    make(cloud, pipes, may, target=judge, SourceParameters=settings)
    send(cloud, aws, source, "a", "b")
    assert aws("logs").describe_log_groups()["logGroups"] == []
    cloud.clock.advance(9)
    send(cloud, aws, source, "c")
    cloud.clock.advance(1)
    assert seen(aws, cloud) == [repr(["a", "b", "c"])]
    send(cloud, aws, source, *[str(number) for number in range(20)])
    assert seen(aws, cloud)[1:] == [repr([str(number) for number in range(20)])]


def test_a_message_that_fails_too_often_goes_where_its_queue_says(cloud, aws, pipes, may, source, judge):
    letters = aws("sqs").create_queue(QueueName="letters")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters", "maxReceiveCount": 2}
    aws("sqs").set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": json.dumps(policy)})
    make(cloud, pipes, may, target=judge)
    send(cloud, aws, source, "fail")
    cloud.clock.advance(90)
    assert arrived(aws, letters) == ["fail"]
    assert seen(aws, cloud) == [repr(["fail"])] * 2


def test_a_pipe_that_is_stopped_takes_nothing(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may)
    pipes.stop_pipe(Name="p")
    cloud.settle()
    send(cloud, aws, source, "a")
    assert left(aws, source) == (1, 0)
    pipes.start_pipe(Name="p")
    cloud.settle()
    assert [event["body"] for event in arrived(aws, url)] == ["a"]


def test_a_queue_that_goes_stops_the_pipe(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may)
    aws("sqs").delete_queue(QueueUrl=source)
    cloud.clock.advance(120)
    found = pipes.describe_pipe(Name="p")
    assert (found["DesiredState"], found["CurrentState"]) == ("RUNNING", "STOPPED")
    assert found["StateReason"].startswith("Queue not found.")


def test_a_role_that_loses_its_permission_is_shown_until_it_has_it_again(cloud, aws, pipes, source, url):
    reader = role(aws, "reader", "pipes.amazonaws.com", ("sqs:*", "*"))
    make(cloud, pipes, reader)
    aws("iam").delete_role_policy(RoleName="reader", PolicyName="may")
    send(cloud, aws, source, "a")
    found = pipes.describe_pipe(Name="p")
    assert found["CurrentState"] == "RUNNING" and "is not authorized to perform: sqs:" in found["StateReason"]
    allowed = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws("iam").put_role_policy(RoleName="reader", PolicyName="may", PolicyDocument=document)
    cloud.clock.advance(15)
    assert [event["body"] for event in arrived(aws, url)] == ["a"]
    assert pipes.describe_pipe(Name="p")["StateReason"] == "USER_INITIATED"


def test_what_goes_through_is_measured(cloud, aws, pipes, may, source, url):
    make(cloud, pipes, may)
    send(cloud, aws, source, "a", "b")
    cloud.clock.advance(60)
    found = aws("cloudwatch").list_metrics(Namespace="AWS/EventBridge/Pipes")["Metrics"]
    assert {metric["MetricName"] for metric in found} == {"EventCount", "EventSize"}
    assert found[0]["Dimensions"] == [{"Name": "PipeName", "Value": "p"}]


def test_the_calls_of_a_pipe_are_those_of_its_role(cloud, aws, pipes, may, source):
    kinesis = aws("kinesis")
    arn = make_stream(kinesis)
    writer = role(aws, "writer", "pipes.amazonaws.com", ("sqs:*", SOURCE), ("kinesis:PutRecords", arn))
    settings = {"KinesisStreamParameters": {"PartitionKey": "k"}}
    make(cloud, pipes, writer, target=arn, TargetParameters=settings)
    send(cloud, aws, source, "a")
    assert json.loads(data(kinesis)[0])["body"] == "a"
