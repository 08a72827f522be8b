"""kill -9 amid what flows through pipes, several times over: everything that was taken at their beginning comes out at
their end, at least once."""

import json
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glasshouse.cli.admin import Admin
from tests.contract.sns_receiver import bodies
from tests.recovery.process import REGION, KillableCloud

QUEUE_ARN = f"arn:aws:sqs:{REGION}:000000000000:"
STREAM_ARN = f"arn:aws:kinesis:{REGION}:000000000000:stream/source"
ROUNDS, AT_ONCE = 3, 10


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def pipe(cloud, source: str, text: str, **settings):
    """From there to a queue, as a role that may do anything."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    document = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}, "Version": "2012-10-17"})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    cloud.client("sqs").create_queue(QueueName="target")
    cloud.client("pipes").create_pipe(
        Name="p", Source=source, Target=QUEUE_ARN + "target", RoleArn=role, SourceParameters=settings,
        TargetParameters={"InputTemplate": text},
    )  # fmt: skip


class Sender(threading.Thread):
    """Sends numbers without pause until the cloud is gone."""

    def __init__(self, send, first: int):
        super().__init__()
        self._send, self._first = send, first
        self.answered: set[int] = set()
        self.enough = threading.Event()
        self.start()

    def run(self):
        for first in range(self._first, self._first + 100_000, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            try:
                self._send(numbers)
            except (BotoCoreError, ClientError):
                return
            self.answered.update(numbers)
            if len(self.answered) >= 5 * AT_ONCE:
                self.enough.set()


def survives(cloud, sender):
    """What was sent through over some kills, and what has arrived."""
    answered = set()
    for number in range(ROUNDS):
        sending = Sender(sender(), number * 1_000_000)
        assert sending.enough.wait(60)
        cloud.kill()
        sending.join()
        answered |= sending.answered
        cloud.start()
    Admin(cloud.url).post("clock", action="advance", seconds=120)
    sqs = cloud.client("sqs")
    texts = bodies(sqs, sqs.get_queue_url(QueueName="target")["QueueUrl"])
    assert answered <= {json.loads(text)["n"] for text in texts}


def test_no_message_is_lost_over_kills(cloud):
    cloud.client("sqs").create_queue(QueueName="source")
    pipe(cloud, QUEUE_ARN + "source", '{"n": <$.body>}')

    def sender():
        sqs = cloud.client("sqs")
        url = sqs.get_queue_url(QueueName="source")["QueueUrl"]
        return lambda numbers: sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": str(number)} for number in numbers]
        )

    survives(cloud, sender)


def test_no_record_is_lost_over_kills(cloud):
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="source", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="source", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    settings = {"StartingPosition": "TRIM_HORIZON"}
    pipe(cloud, STREAM_ARN, '{"n": <$.data>}', KinesisStreamParameters=settings)

    def sender():
        client = cloud.client("kinesis")
        return lambda numbers: client.put_records(
            StreamName="source", Records=[{"Data": str(number).encode(), "PartitionKey": "k"} for number in numbers]
        )

    survives(cloud, sender)
