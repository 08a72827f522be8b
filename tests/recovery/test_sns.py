"""kill -9 while a subscriber is down: the retries go on in the next process, by the delivery policy, and then the
dead-letter queue has what was not delivered."""

import json

import pytest

from glasshouse.cli.admin import Admin
from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import Receiver, bodies
from tests.contract.sns_signatures import verify
from tests.recovery.process import REGION, KillableCloud

QUEUE_ARN = f"arn:aws:sqs:{REGION}:000000000000:"
MESSAGES = 20


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def subscribe(sns, receiver, topic):
    """Two attempts at once, two more after 20 seconds each."""
    healthy = {"numRetries": 3, "numNoDelayRetries": 1, "minDelayTarget": 20, "maxDelayTarget": 20}
    attributes = {
        "DeliveryPolicy": json.dumps({"healthyRetryPolicy": healthy}),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave"}),
        "RawMessageDelivery": "true",
    }
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url, Attributes=attributes)
    sns.confirm_subscription(TopicArn=topic, Token=receiver.next().document["Token"])


def advance(cloud, seconds):
    Admin(cloud.url).post("clock", action="advance", seconds=seconds)


def test_no_delivery_is_lost_over_a_kill(cloud):
    sns = cloud.client("sns")
    cloud.client("sqs").create_queue(QueueName="grave", Attributes={"Policy": queue_policy()})
    topic = sns.create_topic(Name="news")["TopicArn"]
    receiver = Receiver()
    subscribe(sns, receiver, topic)
    Admin(cloud.url).post("clock", action="freeze")
    receiver.stop()
    sent = [str(number) for number in range(MESSAGES)]
    for text in sent:
        sns.publish(TopicArn=topic, Message=text)
    cloud.kill()

    cloud.start()
    advance(cloud, 20)
    cloud.kill()

    cloud.start()
    assert bodies(cloud.client("sqs"), cloud.client("sqs").get_queue_url(QueueName="grave")["QueueUrl"]) == []
    advance(cloud, 21)
    sqs = cloud.client("sqs")
    assert sorted(set(bodies(sqs, sqs.get_queue_url(QueueName="grave")["QueueUrl"]))) == sorted(sent)


def test_what_waited_arrives_in_the_next_process(cloud):
    sns = cloud.client("sns")
    cloud.client("sqs").create_queue(QueueName="grave", Attributes={"Policy": queue_policy()})
    topic = sns.create_topic(Name="news")["TopicArn"]
    receiver = Receiver()
    subscribe(sns, receiver, topic)
    Admin(cloud.url).post("clock", action="freeze")
    receiver.stop()
    for number in range(MESSAGES):
        sns.publish(TopicArn=topic, Message=str(number))
    cloud.kill()

    back = Receiver(port=int(receiver.url.split(":")[2].split("/")[0]))
    cloud.start()
    advance(cloud, 60)
    arrived = {back.next().body for _ in range(MESSAGES)}
    assert arrived == {str(number) for number in range(MESSAGES)}
    back.stop()


def test_what_lies_in_a_queue_is_signed_by_the_next_process(cloud):
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox")
    sns.publish(TopicArn=topic, Message="m")
    cloud.kill()

    cloud.start()
    sqs = cloud.client("sqs")
    (body,) = bodies(sqs, sqs.get_queue_url(QueueName="inbox")["QueueUrl"])
    verify(cloud.url, json.loads(body))
