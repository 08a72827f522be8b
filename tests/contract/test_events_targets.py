"""EventBridge and its scheduler and pipes: functions, streams, delivery streams and REST APIs as
targets."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, ARN, REGION, attributes, entry, messages, put, queue, role, rule
from tests.contract.firehose_box import Box
from tests.contract.http_endpoint import Endpoint
from tests.contract.lambda_code import execution_role, made
from tests.contract.lambda_witness import LOGGING, seen, witness
from tests.contract.rest_apis import RestApi
from tests.contract.test_events_rules import refused

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:witness"
DELIVERY = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/events"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"

SAYS = "def handler(event, context):\n    print('EVENT ' + event['body'])\n    return {'statusCode': 200}\n"


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


def test_the_form_of_targets_is_looked_at_before_their_rule(events):
    fifo = {"Id": "t", "Arn": QUEUE + ".fifo"}
    message = "Parameter(s) SqsParameters must be specified for target: t."
    refused(events.put_targets, "ValidationException", message, Rule="none", Targets=[fifo])
    message = "Parameter here is not valid. Reason: Provided Arn is not in correct format."
    topics = [{"Id": "a", "Arn": "arn:aws:s3:::bucket"}, {"Id": "b", "Arn": "here"}]
    refused(events.put_targets, "ValidationException", message, Rule="none", Targets=topics)
    refused(events.put_targets, "ResourceNotFoundException", Rule="none", Targets=[{"Id": "t", "Arn": QUEUE}])


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


@pytest.fixture
def server():
    with Endpoint() as it:
        yield it


@pytest.fixture
def api(aws, server):
    """A REST API that passes POST /orders/{id} on, to those who have signed their requests."""
    rest, path = RestApi(aws("apigateway")), "/orders/{id}"
    signed = {"authorizationType": "AWS_IAM", "requestParameters": {"method.request.path.id": True}}
    mapped = {"integration.request.path.id": "method.request.path.id"}
    rest.http(server.url + path, path, "POST", method=signed, requestParameters=mapped)
    rest.deploy()
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{rest.id}/dev/POST/orders/*"


def test_an_api_that_does_not_let_the_role_in_is_not_called(cloud, aws, events, api, server):
    url, grave = queue(aws, "grave")
    may = role(aws, "may", "events.amazonaws.com")
    rule(events, api, RoleArn=may, HttpParameters={"PathParameterValues": ["1"]}, DeadLetterConfig={"Arn": grave})
    put(cloud, events, entry())
    assert server.asked == []
    (letter,) = messages(aws, url)
    assert attributes(letter)["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert "HTTP status code 403" in attributes(letter)["ERROR_MESSAGE"]


def test_an_api_that_is_not_there_cannot_be_called(cloud, aws, events):
    url, grave = queue(aws, "grave")
    rule(events, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:ghost/dev/POST/", DeadLetterConfig={"Arn": grave})
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


def test_an_api_is_called_with_the_event(cloud, aws, events, api, server):
    may = role(aws, "may", "events.amazonaws.com", ("execute-api:Invoke", "*"))
    parameters = {
        "PathParameterValues": ["$.detail.id"], "HeaderParameters": {"x-one": "1"},
        "QueryStringParameters": {"from": "$.source"},
    }  # fmt: skip
    rule(events, api, RoleArn=may, HttpParameters=parameters, InputPath="$.detail")
    put(cloud, events, entry({"id": "7"}))
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.document) == ("POST", "/orders/7?from=shop", {"id": "7"})
    assert (asked.headers["x-one"], asked.headers["content-type"]) == ("1", "application/json")


def test_an_api_before_a_function_is_called(cloud, aws, events):
    made(aws, "echo", SAYS, execution_role(aws, "echo-role", *LOGGING))
    api = RestApi(aws("apigateway"))
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:echo"
    aws("lambda").add_permission(
        FunctionName="echo", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    api.function(arn, "/orders")
    api.deploy()
    rule(events, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/POST/orders", InputPath="$.detail")
    put(cloud, events, entry({"id": 1}))
    assert seen(aws, cloud, "echo") == [{"id": 1}]


def test_a_pipe_asks_an_api_and_gives_another_what_comes_of_it(cloud, aws, api, server):
    server.answer = lambda asked: (200, {}, json.dumps({"id": asked.document.get("id", 0) + 1}))
    url = aws("sqs").create_queue(QueueName="from")["QueueUrl"]
    may = role(aws, "may", "pipes.amazonaws.com", ("sqs:*", "*"), ("execute-api:Invoke", "*"))
    aws("pipes").create_pipe(
        Name="p", Source=f"arn:aws:sqs:{REGION}:{ACCOUNT}:from", Enrichment=api, Target=api, RoleArn=may,
        EnrichmentParameters={"InputTemplate": "<$.body>", "HttpParameters": {"PathParameterValues": ["a"]}},
        TargetParameters={"HttpParameters": {"PathParameterValues": ["$.id"]}},
    )  # fmt: skip
    aws("sqs").send_message(QueueUrl=url, MessageBody='{"id": 1}')
    cloud.settle()
    assert [(asked.path, asked.document) for asked in server.asked] == [
        ("/orders/a", {"id": 1}), ("/orders/2", {"id": 2}),
    ]  # fmt: skip


# What happens next


def test_an_api_that_fails_is_called_again(cloud, aws, events, api, server):
    answers = [(500, {}, ""), (200, {}, "")]
    server.answer = lambda asked: answers[len(server.asked) - 1]
    may = role(aws, "may", "events.amazonaws.com", ("execute-api:Invoke", "*"))
    cloud.clock.freeze()
    rule(events, api, RoleArn=may, HttpParameters={"PathParameterValues": ["1"]})
    put(cloud, events, entry())
    assert len(server.asked) == 1
    cloud.clock.advance(1)
    assert len(server.asked) == 2


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
