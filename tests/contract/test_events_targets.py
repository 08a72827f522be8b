"""EventBridge and its scheduler and pipes: functions, streams and delivery streams as targets."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, ARN, REGION, attributes, entry, messages, put, queue, role, rule
from tests.contract.firehose_box import Box
from tests.contract.lambda_witness import seen, witness

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:witness"
DELIVERY = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/events"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def stream(aws, cloud):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    cloud.settle()
    return kinesis


def let_in(aws, source=ARN + "rule/r"):
    aws("lambda").add_permission(
        FunctionName="witness", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
        SourceArn=source,
    )  # fmt: skip


def records(kinesis) -> list[dict]:
    shard = kinesis.list_shards(StreamName="s")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]


# What is refused


def test_a_function_that_does_not_let_the_rule_in_is_not_called(cloud, aws, events):
    witness(aws)
    let_in(aws, ARN + "rule/other")
    url, grave = queue(aws, "grave")
    rule(events, FUNCTION, DeadLetterConfig={"Arn": grave})
    put(cloud, events, entry())
    assert seen(aws, cloud) == []
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_function_that_is_not_there_cannot_be_called(cloud, aws, events):
    url, grave = queue(aws, "grave")
    rule(events, FUNCTION, DeadLetterConfig={"Arn": grave})
    put(cloud, events, entry())
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "NO_RESOURCE"


# What is done


def test_a_function_is_called_with_the_event(cloud, aws, events):
    witness(aws)
    let_in(aws)
    rule(events, FUNCTION)
    (result,) = put(cloud, events, entry({"id": 5}))
    (event,) = seen(aws, cloud)
    assert (event["id"], event["source"], event["detail"]) == (result["EventId"], "shop", {"id": 5})


def test_a_function_is_called_by_a_schedule(cloud, aws):
    witness(aws)
    may = role(aws, "may", "scheduler.amazonaws.com", ("lambda:InvokeFunction", FUNCTION))
    target = {"Arn": FUNCTION, "RoleArn": may, "Input": json.dumps({"good": "morning"})}
    aws("scheduler").create_schedule(
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    assert seen(aws, cloud) == [{"good": "morning"}]


@pytest.mark.parametrize(
    ("options", "key"), [({}, None), ({"KinesisParameters": {"PartitionKeyPath": "$.detail.who"}}, "eve")]
)
def test_a_stream_takes_the_event(cloud, aws, events, stream, options, key):
    may = role(aws, "may", "events.amazonaws.com", ("kinesis:PutRecord", STREAM))
    rule(events, STREAM, RoleArn=may, **options)
    (result,) = put(cloud, events, entry({"who": "eve"}))
    (record,) = records(stream)
    assert json.loads(record["Data"])["detail"] == {"who": "eve"}
    assert record["PartitionKey"] == (key or result["EventId"])


@pytest.fixture
def lake(aws, cloud):
    """A delivery stream that delivers at once."""
    box = Box(aws, cloud)
    box.make(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    return box


def test_a_delivery_stream_takes_the_event(cloud, aws, events, lake):
    may = role(aws, "may", "events.amazonaws.com", ("firehose:PutRecord", DELIVERY))
    rule(events, DELIVERY, RoleArn=may)
    put(cloud, events, entry({"id": 5}))
    (body,) = lake.bodies()
    assert json.loads(body)["detail"] == {"id": 5}


def test_a_delivery_stream_takes_what_a_schedule_puts(cloud, aws, lake):
    may = role(aws, "may", "scheduler.amazonaws.com", ("firehose:PutRecord", DELIVERY))
    target = {"Arn": DELIVERY, "RoleArn": may, "Input": "tick"}
    aws("scheduler").create_schedule(
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    cloud.settle()
    assert lake.bodies() == [b"tick"]


def test_a_delivery_stream_takes_what_a_pipe_carries(cloud, aws, lake):
    url = aws("sqs").create_queue(QueueName="from")["QueueUrl"]
    may = role(aws, "may", "pipes.amazonaws.com", ("sqs:*", "*"), ("firehose:PutRecordBatch", DELIVERY))
    aws("pipes").create_pipe(
        Name="p", Source=f"arn:aws:sqs:{REGION}:{ACCOUNT}:from", Target=DELIVERY, RoleArn=may,
        TargetParameters={"InputTemplate": "<$.body.n>"},
    )  # fmt: skip
    aws("sqs").send_message(QueueUrl=url, MessageBody='{"n": 7}')
    cloud.settle()
    assert lake.bodies() == [b"7"]


# What happens next


def test_without_a_partition_key_nothing_is_put(cloud, aws, events, stream):
    url, grave = queue(aws, "grave")
    may = role(aws, "may", "events.amazonaws.com", ("kinesis:PutRecord", STREAM))
    rule(
        events, STREAM, RoleArn=may, KinesisParameters={"PartitionKeyPath": "$.detail.who"},
        DeadLetterConfig={"Arn": grave},
    )  # fmt: skip
    put(cloud, events, entry({"id": 1}))
    assert records(stream) == []
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "INVALID_PARAMETER"


def test_a_schedule_puts_records(cloud, aws, stream):
    may = role(aws, "may", "scheduler.amazonaws.com", ("kinesis:PutRecord", STREAM))
    target = {"Arn": STREAM, "RoleArn": may, "Input": "tick", "KinesisParameters": {"PartitionKey": "k"}}
    cloud.clock.freeze()
    aws("scheduler").create_schedule(
        Name="s", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    cloud.clock.advance(2 * 3600)
    assert [(record["PartitionKey"], record["Data"]) for record in records(stream)] == [("k", b"tick")] * 3
