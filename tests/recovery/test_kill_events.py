"""kill -9 amid a stream of events, several times over: every event that was taken reaches its target at least once, and
retries go on in the next process."""

import json
import threading
from collections import Counter

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glasshouse.cli.admin import Admin
from tests.contract.sns_receiver import bodies
from tests.recovery.process import REGION, KillableCloud

QUEUE_ARN = f"arn:aws:sqs:{REGION}:000000000000:"
ROUNDS, AT_ONCE = 6, 10


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def open_queue(cloud, name) -> str:
    """A queue that takes what EventBridge sends; its URL."""
    sqs, arn = cloud.client("sqs"), QUEUE_ARN + name
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    statement = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url


def rule(cloud, **target):
    events = cloud.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "t", **target}])


def entry(number) -> dict:
    return {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"number": number})}


class Putter(threading.Thread):
    """Puts events without pause until the cloud is gone."""

    def __init__(self, cloud, first):
        super().__init__()
        self._events, self._first = cloud.client("events"), first
        self.answered: set[int] = set()
        self.tried: set[int] = set()
        self.enough = threading.Event()
        self.start()

    def run(self):
        for first in range(self._first, self._first + 100_000, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            self.tried.update(numbers)
            try:
                self._events.put_events(Entries=[entry(number) for number in numbers])
            except (BotoCoreError, ClientError):
                return
            self.answered.update(numbers)
            if len(self.answered) >= 5 * AT_ONCE:
                self.enough.set()


def test_no_event_is_lost_over_kills(cloud):
    open_queue(cloud, "seen")
    rule(cloud, Arn=QUEUE_ARN + "seen")
    answered, tried = set(), set()
    for round_ in range(ROUNDS):
        putter = Putter(cloud, round_ * 1_000_000)
        assert putter.enough.wait(60)
        cloud.kill()
        putter.join()
        answered, tried = answered | putter.answered, tried | putter.tried
        cloud.start()
    Admin(cloud.url).post("clock", action="advance", seconds=60)
    sqs = cloud.client("sqs")
    texts = bodies(sqs, sqs.get_queue_url(QueueName="seen")["QueueUrl"])
    found = Counter(json.loads(text)["detail"]["number"] for text in texts)
    assert answered <= set(found) <= tried


def test_retries_go_on_in_the_next_process(cloud):
    open_queue(cloud, "grave")
    secret = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    events, iam = cloud.client("events"), cloud.client("iam")
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=secret)
    arn = events.create_api_destination(
        Name="d", ConnectionArn=connection["ConnectionArn"], InvocationEndpoint="http://127.0.0.1:1/", HttpMethod="POST"
    )["ApiDestinationArn"]
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": arn}
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    retry = {"MaximumRetryAttempts": 3}
    rule(cloud, Arn=arn, RoleArn=role, RetryPolicy=retry, DeadLetterConfig={"Arn": QUEUE_ARN + "grave"})
    Admin(cloud.url).post("clock", action="freeze")
    events.put_events(Entries=[entry(number) for number in range(AT_ONCE)])
    cloud.kill()
    cloud.start()
    Admin(cloud.url).post("clock", action="advance", seconds=1)
    cloud.kill()
    cloud.start()
    Admin(cloud.url).post("clock", action="advance", seconds=60)
    sqs = cloud.client("sqs")
    texts = bodies(sqs, sqs.get_queue_url(QueueName="grave")["QueueUrl"])
    assert {json.loads(text)["detail"]["number"] for text in texts} == set(range(AT_ONCE))
