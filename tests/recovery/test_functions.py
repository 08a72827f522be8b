"""kill -9 while functions run: no event that was accepted is lost, and nothing of the functions is left."""

import io
import json
import os
import select
import zipfile
from pathlib import Path

import pytest

from tests.recovery.process import KillableCloud

EVENTS, PATIENCE = 12, 60
CODE = """
import boto3, time
sqs = boto3.client("sqs")

def handler(event, context):
    time.sleep(0.3)
    sqs.send_message(QueueUrl=event["queue"], MessageBody=str(event["number"]))
"""


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it
    it.end()


def test_events_that_were_accepted_are_handled_after_a_kill(cloud):
    cloud.start()
    queue = cloud.client("sqs").create_queue(QueueName="handled")["QueueUrl"]
    make_function(cloud)
    for number in range(EVENTS):
        send(cloud, queue, number)
    await_messages(cloud, 1)  # some are under way now, others have not begun
    watched = [os.pidfd_open(pid) for pid in descendants(cloud.pid)]
    assert watched
    cloud.kill()
    await_ends(watched)
    cloud.start()
    seen = await_messages(cloud, EVENTS)
    assert seen == {str(number) for number in range(EVENTS)}


def test_a_function_runs_although_the_cloud_was_killed_when_it_had_just_begun_to_make_its_surroundings(cloud):
    cloud.start()
    make_function(cloud)
    cloud.kill()
    (cloud.data / "functions" / "support-python").mkdir(parents=True)  # and nothing within
    cloud.start()
    queue = cloud.client("sqs").create_queue(QueueName="handled")["QueueUrl"]
    payload = json.dumps({"queue": queue, "number": 1})
    assert "FunctionError" not in cloud.client("lambda").invoke(FunctionName="worker", Payload=payload)


def descendants(pid: int) -> list[int]:
    """The processes that one has started, and those that these have."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def await_ends(watched: list[int]):
    """Until all of these processes are gone."""
    for process in watched:
        ready, _, _ = select.select([process], [], [], 20)
        assert ready, "a function outlived its cloud"
        os.close(process)


def make_function(cloud: KillableCloud):
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="queues", PolicyDocument=policy(allowed))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        package.writestr("app.py", CODE)
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="worker", Runtime="python3.11", Handler="app.handler", Role=role, Timeout=60,
        Code={"ZipFile": written.getvalue()},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="worker")


def policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def send(cloud: KillableCloud, queue: str, number: int):
    payload = json.dumps({"queue": queue, "number": number})
    answer = cloud.client("lambda").invoke(FunctionName="worker", InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202


def await_messages(cloud: KillableCloud, count: int) -> set[str]:
    """Wait for so many different messages; they come again and again, since none is deleted."""
    sqs = cloud.client("sqs")
    queue = sqs.get_queue_url(QueueName="handled")["QueueUrl"]
    seen: set[str] = set()
    for _ in range(PATIENCE):
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20, VisibilityTimeout=1)
        seen |= {message["Body"] for message in answer.get("Messages", ())}
        if len(seen) >= count:
            return seen
    raise AssertionError(f"only {len(seen)} of {count} events were handled")
