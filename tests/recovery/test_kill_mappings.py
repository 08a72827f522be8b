"""kill -9 amid streams of messages and changes, several times over: a function sees each that was taken, at least once,
and the changes in their order."""

import json
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glasshouse.cli.admin import Admin
from tests.contract.lambda_witness import LOGGING, records, witness
from tests.recovery.process import REGION, KillableCloud

ROUNDS = 4
QUEUE_ARN = f"arn:aws:sqs:{REGION}:000000000000:work"
READING = (
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "dynamodb:GetRecords",
    "dynamodb:GetShardIterator", "dynamodb:DescribeStream", *LOGGING,
)  # fmt: skip


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def begin(cloud):
    """A queue and a table, and a function that sees what comes into them."""
    cloud.client("sqs").create_queue(QueueName="work", Attributes={"VisibilityTimeout": "3600"})
    table = cloud.client("dynamodb").create_table(
        TableName="items", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )  # fmt: skip
    changes = table["TableDescription"]["LatestStreamArn"]
    functions = cloud.client("lambda")
    for name, source in (("messages", {"EventSourceArn": QUEUE_ARN}),
                         ("changes", {"EventSourceArn": changes, "StartingPosition": "TRIM_HORIZON"})):  # fmt: skip
        witness(cloud.client, *READING, name=name)
        functions.create_event_source_mapping(FunctionName=name, **source)


class Writer(threading.Thread):
    """Sends and puts numbers without pause until the cloud is gone."""

    def __init__(self, cloud, first):
        super().__init__()
        self._sqs, self._dynamodb, self._number = cloud.client("sqs"), cloud.client("dynamodb"), first
        self._queue = self._sqs.get_queue_url(QueueName="work")["QueueUrl"]
        self.sent: list[str] = []
        self.put: list[str] = []
        self.enough = threading.Event()
        self.start()

    def run(self):
        while True:
            self._number += 1
            name = f"{self._number:06d}"
            try:
                self._sqs.send_message(QueueUrl=self._queue, MessageBody=name)
                self.sent.append(name)
                self._dynamodb.put_item(TableName="items", Item={"id": {"S": name}})
                self.put.append(name)
            except (BotoCoreError, ClientError):
                return
            if len(self.put) == 40:
                self.enough.set()


def seen(cloud, name) -> list[str]:
    pages = cloud.client("logs").get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{name}", filterPattern="EVENT"
    )  # fmt: skip
    found = [json.loads(one["message"].removeprefix("EVENT ")) for page in pages for one in page["events"]]
    return [one for batch in records(found) for one in batch]


def test_a_function_sees_whatever_was_taken(cloud):
    begin(cloud)
    sent, put = [], []
    for round_ in range(ROUNDS):
        writer = Writer(cloud, round_ * 10_000)
        assert writer.enough.wait(60)
        cloud.kill()
        writer.join()
        sent, put = sent + writer.sent, put + writer.put
        cloud.start()
    Admin(cloud.url).post("clock", action="advance", seconds=60)
    assert set(sent) <= set(seen(cloud, "messages"))
    changes = seen(cloud, "changes")
    assert set(put) <= set(changes)
    firsts = list(dict.fromkeys(changes))
    assert firsts == sorted(firsts)
