"""Asynchronous invocations: retries by the cloud's clock, destinations and dead letters."""

import json
import re

import pytest

from tests.contract.lambda_code import execution_role, refused, updated, zipped
from tests.contract.lambda_running import LOGS, failed, invoked, logged, runnable

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:worker"
FAILING = "def handler(event, context):\n    raise ValueError(f'no {event}')\n"
GROUP = "/aws/lambda/worker"


def queue(aws, name: str) -> tuple[str, str]:
    """The URL and the ARN of a new queue."""
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:eu-west-1:000000000000:{name}"


def received(aws, url: str) -> dict | None:
    """A message that lies in a queue."""
    answer = aws("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])
    return answer.get("Messages", [None])[0]


def sent(aws, name: str, event, **options) -> str:
    """Invoke a function and do not wait; returns the id of the request."""
    answer = aws("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event), **options)
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    assert "ExecutedVersion" not in answer
    return answer["ResponseMetadata"]["RequestId"]


def starts(aws) -> list[str]:
    return [re.split(r" ", message)[2] for message in logged(aws, GROUP) if message.startswith("START")]


# What is refused


def test_an_event_for_a_version_that_is_not_there_is_refused(aws):
    name = runnable(aws)
    code, _ = refused(aws("lambda").invoke, FunctionName=name, InvocationType="Event", Qualifier="9")
    assert code == "ResourceNotFoundException"


def test_a_destination_that_the_role_may_not_reach_is_told_nothing(aws, cloud):
    name = runnable(aws, actions=(*LOGS, "sqs:SendMessage"))
    url, arn = queue(aws, "told")
    destination = {"OnSuccess": {"Destination": arn}}
    aws("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)
    aws("iam").delete_role_policy(RoleName="worker-role", PolicyName="granted")
    sent(aws, name, 1)
    cloud.settle()
    assert received(aws, url) is None


# What is done


def test_an_event_is_handled_after_the_answer(aws, cloud):
    name = runnable(aws, "def handler(event, context):\n    print('got', event)\n")
    id = sent(aws, name, {"a": 1})
    cloud.settle()
    assert starts(aws) == [id]
    assert "got {'a': 1}\n" in logged(aws, GROUP)


def test_the_old_operation_does_the_same(aws, cloud):
    name = runnable(aws, "def handler(event, context):\n    print('got', event)\n")
    answer = aws("lambda").invoke_async(FunctionName=name, InvokeArgs=b'"old"')
    assert answer["Status"] == 202
    cloud.settle()
    assert "got old\n" in logged(aws, GROUP)


def test_a_failing_event_is_tried_again_after_one_and_two_minutes(aws, cloud):
    cloud.clock.freeze()
    name = runnable(aws, FAILING)
    id = sent(aws, name, "x")
    cloud.settle()
    counts = [len(starts(aws))]
    for seconds in (59, 1, 119, 1, 7200):
        cloud.clock.advance(seconds)
        counts.append(len(starts(aws)))
    assert counts == [1, 1, 2, 2, 3, 3]
    assert starts(aws) == [id] * 3


@pytest.mark.parametrize("attempts", [0, 1])
def test_fewer_retries_may_be_asked_for(aws, cloud, attempts):
    name = runnable(aws, FAILING)
    aws("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=attempts)
    sent(aws, name, "x")
    cloud.settle()
    cloud.clock.advance(3600)
    assert len(starts(aws)) == attempts + 1


def test_success_is_told_to_a_queue(aws, cloud):
    name = runnable(
        aws, "def handler(event, context):\n    return {'got': event}\n", actions=(*LOGS, "sqs:SendMessage")
    )
    url, arn = queue(aws, "told")
    destination = {"OnSuccess": {"Destination": arn}}
    aws("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)
    id = sent(aws, name, {"a": 1})
    cloud.settle()
    record = json.loads(received(aws, url)["Body"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": id, "functionArn": f"{ARN}:$LATEST", "condition": "Success", "approximateInvokeCount": 1,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"got": {"a": 1}},
    }  # fmt: skip


def test_failure_is_told_with_the_error(aws, cloud):
    name = runnable(aws, FAILING, actions=(*LOGS, "sqs:SendMessage"))
    url, arn = queue(aws, "told")
    destination = {"OnFailure": {"Destination": arn}}
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig=destination, MaximumRetryAttempts=1
    )
    sent(aws, name, "x")
    cloud.settle()
    cloud.clock.advance(60)
    record = json.loads(received(aws, url)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"
    }  # fmt: skip
    assert record["responsePayload"]["errorMessage"] == "no x"


def test_a_version_has_settings_of_its_own(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, actions=(*LOGS, "sqs:SendMessage"))
    url, arn = queue(aws, "told")
    version = client.publish_version(FunctionName=name)["Version"]
    cloud.settle()
    client.put_function_event_invoke_config(
        FunctionName=name, Qualifier=version, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    sent(aws, name, "latest")
    sent(aws, name, "version", Qualifier=version)
    cloud.settle()
    record = json.loads(received(aws, url)["Body"])
    assert record["requestPayload"] == "version" and record["requestContext"]["functionArn"] == f"{ARN}:1"
    assert received(aws, url) is None


def test_destinations_may_be_topics_and_functions(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, actions=(*LOGS, "sns:Publish", "lambda:InvokeFunction"))
    topic = aws("sns").create_topic(Name="told")["TopicArn"]
    url, arn = queue(aws, "subscribed")
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}]}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    runnable(aws, "def handler(event, context):\n    print('told', event['requestPayload'])\n", name="listener")
    for destination in (topic, f"{ARN.removesuffix('worker')}listener"):
        told = {"OnSuccess": {"Destination": destination}}
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=told)
        sent(aws, name, destination)
        cloud.settle()
    message = json.loads(json.loads(received(aws, url)["Body"])["Message"])
    assert message["requestPayload"] == topic
    assert any(line.startswith("told arn:aws:lambda") for line in logged(aws, "/aws/lambda/listener"))


def test_failures_may_be_kept_in_a_bucket(aws, cloud):
    aws("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    name = runnable(aws, FAILING, actions=(*LOGS, "s3:PutObject", "s3:ListBucket"))
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::kept"}}
    )
    sent(aws, name, 1)
    cloud.settle()
    (stored,) = aws("s3").list_objects_v2(Bucket="kept")["Contents"]
    day, moment = r"\d{4}/\d\d/\d\d", r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
    assert re.fullmatch(rf"aws/lambda/async/worker/{day}/{moment}-[0-9a-f-]{{36}}", stored["Key"])
    record = json.loads(aws("s3").get_object(Bucket="kept", Key=stored["Key"])["Body"].read())
    assert record["responsePayload"]["errorMessage"] == "no 1"


def test_a_bus_is_told_in_an_event_of_lambda(aws, cloud):
    name = runnable(aws, FAILING, actions=(*LOGS, "events:PutEvents"))
    events = aws("events")
    bus = events.create_event_bus(Name="told")["EventBusArn"]
    pattern = json.dumps({"source": ["lambda"]})
    rule = events.put_rule(Name="all", EventBusName="told", EventPattern=pattern)["RuleArn"]
    url, arn = queue(aws, "heard")
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
               "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="all", EventBusName="told", Targets=[{"Id": "1", "Arn": arn}])
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": bus}}
    )
    sent(aws, name, 1)
    cloud.settle()
    event = json.loads(received(aws, url)["Body"])
    assert event["source"] == "lambda" and event["resources"] == [f"{ARN}:$LATEST", bus]
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["detail"]["responsePayload"]["errorMessage"] == "no 1"


def test_a_dead_letter_queue_gets_the_event_itself(aws, cloud):
    role = execution_role(aws, "worker-role", *LOGS, "sqs:SendMessage")
    url, arn = queue(aws, "dead")
    name = runnable(aws, FAILING, role=role, DeadLetterConfig={"TargetArn": arn})
    id = sent(aws, name, {"a": 1})
    cloud.settle()
    cloud.clock.advance(180)
    message = received(aws, url)
    assert json.loads(message["Body"]) == {"a": 1}
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert attributes == {"RequestID": id, "ErrorCode": "200", "ErrorMessage": "no {'a': 1}"}
    assert message["MessageAttributes"]["ErrorCode"]["DataType"] == "Number"


# What happens next


def test_throttled_events_wait_until_there_is_room(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, "def handler(event, context):\n    print('got', event)\n")
    invoked(aws, name)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    sent(aws, name, "late")
    cloud.settle()
    cloud.clock.advance(600)
    assert "got late\n" not in logged(aws, GROUP)
    client.delete_function_concurrency(FunctionName=name)
    cloud.clock.advance(300)
    assert "got late\n" in logged(aws, GROUP)


def test_throttled_events_grow_too_old(aws, cloud):
    client = aws("lambda")
    role = execution_role(aws, "worker-role", *LOGS, "sqs:SendMessage")
    told, told_arn = queue(aws, "told")
    dead, dead_arn = queue(aws, "dead")
    name = runnable(aws, role=role, DeadLetterConfig={"TargetArn": dead_arn})
    client.put_function_event_invoke_config(
        FunctionName=name, MaximumEventAgeInSeconds=600, DestinationConfig={"OnFailure": {"Destination": told_arn}}
    )
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    sent(aws, name, "old")
    cloud.settle()
    cloud.clock.advance(300)
    assert received(aws, told) is None
    cloud.clock.advance(300)
    record = json.loads(received(aws, told)["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0 and "responsePayload" not in record
    assert received(aws, dead)["MessageAttributes"]["ErrorCode"]["StringValue"] == "429"


def test_events_of_a_deleted_function_are_forgotten(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, FAILING)
    sent(aws, name, "x")
    cloud.settle()
    client.delete_function(FunctionName=name)
    cloud.clock.advance(3600)
    assert len(starts(aws)) == 1
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT COUNT(*) FROM lambda_event").fetchone()) == (0,)
    assert cloud.run(cloud.cloud.jobs.given_up) == []


def test_a_retry_runs_the_code_of_its_time(aws, cloud):
    client = aws("lambda")
    name = runnable(aws, FAILING)
    sent(aws, name, "x")
    cloud.settle()
    client.update_function_code(FunctionName=name, ZipFile=zipped("def handler(e, c):\n    print('mended', e)\n"))
    updated(client, name)
    cloud.clock.advance(60)
    assert "mended x\n" in logged(aws, GROUP)
    assert failed(aws, runnable(aws, FAILING, name="other"), 1)["errorMessage"] == "no 1"


def test_many_events_are_all_handled(aws, cloud):
    name = runnable(aws, "def handler(event, context):\n    print('got', event)\n")
    ids = {sent(aws, name, number) for number in range(30)}
    cloud.settle()
    assert set(starts(aws)) == ids
