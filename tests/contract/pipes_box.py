"""What tests of EventBridge Pipes need: a source, a target, a role that may do everything, and pipes between them."""

import json

import pytest

from tests.contract.events_box import ACCOUNT, REGION, messages, role

ARN = f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/"
SOURCE, TARGET = f"arn:aws:sqs:{REGION}:{ACCOUNT}:from", f"arn:aws:sqs:{REGION}:{ACCOUNT}:to"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
BODY = {"InputTemplate": '{"it": <$.body>}'}


@pytest.fixture
def pipes(aws):
    return aws("pipes")


@pytest.fixture
def may(aws):
    """The role of pipes that may do anything."""
    return role(aws, "pipe", "pipes.amazonaws.com", ("*", "*"))


@pytest.fixture
def source(aws):
    """The URL of the queue at which pipes begin."""
    return aws("sqs").create_queue(QueueName="from")["QueueUrl"]


@pytest.fixture
def url(aws):
    """The URL of the queue at which they end."""
    return aws("sqs").create_queue(QueueName="to")["QueueUrl"]


def make(cloud, pipes, may, name="p", begin=SOURCE, target=TARGET, state="RUNNING", **more) -> str:
    """A pipe that has become what it should; its ARN."""
    arn = pipes.create_pipe(Name=name, Source=begin, Target=target, RoleArn=may, **more)["Arn"]
    cloud.settle()
    found = pipes.describe_pipe(Name=name)
    assert found["CurrentState"] == state, found["StateReason"]
    return arn


def send(cloud, aws, url, *bodies, **more):
    """Put messages into a queue, texts or documents, and wait until they have gone through."""
    sqs = aws("sqs")
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    for start in range(0, len(texts), 10):
        entries = [{"Id": str(i), "MessageBody": text, **more} for i, text in enumerate(texts[start : start + 10])]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    cloud.settle()


def arrived(aws, url) -> list:
    """What is in a queue, taken out: documents, or texts."""
    return [_document(message["Body"]) for message in messages(aws, url)]


def left(aws, url) -> tuple[int, int]:
    """How many messages are visible in a queue, and how many hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def _document(text: str):
    try:
        return json.loads(text)
    except ValueError:
        return text
