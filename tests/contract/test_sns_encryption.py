"""SNS, encryption with KMS: what is refused, what is done, what happens next."""

import json

import pytest

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, Receiver, bodies, refusal, subscribed, texts

SECRET = "what nobody may read"


@pytest.fixture
def sns(aws, cloud):
    cloud.clock.freeze()
    return aws("sns")


@pytest.fixture
def key(aws):
    return aws("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def topic(sns, key):
    return sns.create_topic(Name="news", Attributes={"KmsMasterKeyId": key})["TopicArn"]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


def waiting(cloud):
    """What is on its way, as it lies in the store."""
    return cloud.run(lambda: cloud.cloud.store.read("SELECT work FROM sns_delivery").fetchall())


# What is refused


def test_a_key_that_is_not_there(sns):
    topic = sns.create_topic(Name="news", Attributes={"KmsMasterKeyId": "alias/absent"})["TopicArn"]
    assert refusal(sns.publish, TopicArn=topic, Message="m")[0] == "KMSNotFound"


def test_a_disabled_key(sns, topic, key, aws):
    aws("kms").disable_key(KeyId=key)
    assert refusal(sns.publish, TopicArn=topic, Message="m")[0] == "KMSDisabled"


def test_a_key_on_its_way_out(sns, topic, key, aws):
    aws("kms").schedule_key_deletion(KeyId=key)
    assert refusal(sns.publish, TopicArn=topic, Message="m")[0] == "KMSInvalidState"


# What is done


def test_what_waits_is_encrypted_where_it_lies(sns, topic, receiver, cloud):
    subscribed(sns, receiver, topic)
    receiver.answers = [500]
    sns.publish(TopicArn=topic, Message=SECRET)
    receiver.next()
    cloud.settle()
    ((sealed,),) = waiting(cloud)
    assert SECRET.encode() not in sealed
    cloud.clock.advance(20)
    assert receiver.next().document["Message"] == SECRET


def test_without_a_key_it_lies_open(sns, receiver, cloud):
    topic = sns.create_topic(Name="open")["TopicArn"]
    subscribed(sns, receiver, topic)
    receiver.answers = [500]
    sns.publish(TopicArn=topic, Message=SECRET)
    receiver.next()
    cloud.settle()
    ((plain,),) = waiting(cloud)
    assert SECRET.encode() in plain


def test_the_managed_key_needs_no_making(sns, aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]
    topic = sns.create_topic(Name="news", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox")
    sns.publish(TopicArn=topic, Message="m")
    assert texts(sqs, url) == ["m"]


def test_a_key_can_be_taken_away(sns, topic, key, aws):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="")
    aws("kms").disable_key(KeyId=key)
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


# What happens next


def test_an_archive_is_encrypted_and_replayed(sns, key, aws, cloud):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="inbox.fifo", Attributes={"FifoQueue": "true", "Policy": queue_policy()})[
        "QueueUrl"
    ]
    topic = sns.create_topic(
        Name="news.fifo",
        Attributes={"FifoTopic": "true", "KmsMasterKeyId": key, "ArchivePolicy": '{"MessageRetentionPeriod":"1"}'},
    )["TopicArn"]
    sns.publish(TopicArn=topic, Message=SECRET, MessageGroupId="g", MessageDeduplicationId="d")
    ((sealed,),) = cloud.run(lambda: cloud.cloud.store.read("SELECT note FROM sns_archive").fetchall())
    assert SECRET.encode() not in sealed
    policy = json.dumps({"PointType": "Timestamp", "StartingPoint": "2020-01-01T00:00:00Z"})
    attributes = {"RawMessageDelivery": "true", "ReplayPolicy": policy}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox.fifo", Attributes=attributes)
    cloud.settle()
    assert bodies(sqs, url) == [SECRET]


def test_a_queue_whose_key_is_of_no_use_keeps_nothing_from_the_others(sns, key, aws, cloud):
    sqs, topic = aws("sqs"), sns.create_topic(Name="open")["TopicArn"]
    urls = {}
    for name, more in (("a", {}), ("b", {"KmsMasterKeyId": key}), ("c", {})):
        attributes = {"Policy": queue_policy(), **more}
        urls[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + name)
    aws("kms").disable_key(KeyId=key)
    sns.publish(TopicArn=topic, Message="m")
    cloud.settle()
    aws("kms").enable_key(KeyId=key)
    assert {name: texts(sqs, url) for name, url in urls.items()} == {"a": ["m"], "b": [], "c": ["m"]}
