"""SNS, FIFO topics: what is refused, what is done, what happens next; their archives, too."""

import json
from datetime import UTC, datetime

import pytest

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, bodies, refusal

DAY_S = 24 * 3600


@pytest.fixture
def sns(aws, cloud):
    cloud.clock.freeze()
    return aws("sns")


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]


@pytest.fixture
def queue(sqs):
    return make_queue(sqs, "inbox.fifo")


def make_queue(sqs, name):
    return sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", "Policy": queue_policy()})["QueueUrl"]


def subscribe(sns, topic, queue="inbox.fifo", **attributes):
    given = {"RawMessageDelivery": "true", **attributes}
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + queue, Attributes=given)[
        "SubscriptionArn"
    ]


def publish(sns, topic, message, group="g", **more):
    return sns.publish(TopicArn=topic, Message=message, MessageGroupId=group, **more)


def set_attribute(sns, topic, name, value):
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)


def archive(sns, topic, days=1):
    set_attribute(sns, topic, "ArchivePolicy", json.dumps({"MessageRetentionPeriod": str(days)}))
    set_attribute(sns, topic, "ContentBasedDeduplication", "true")


def point(moment):
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def replay(start, **more):
    return json.dumps({"PointType": "Timestamp", "StartingPoint": point(start), **more})


def attributes(sns, subscription):
    return sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


# What is refused


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "The MessageGroupId parameter is required for FIFO topics"),
        (
            {"MessageGroupId": "g"},
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
            " explicitly",
        ),
        (
            {"MessageGroupId": "a b"},
            "MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128"
            " in length",
        ),
    ],
)
def test_a_message_needs_its_ids(sns, topic, more, reason):
    found = refusal(sns.publish, TopicArn=topic, Message="m", **more)
    assert found == ("InvalidParameter", f"Invalid parameter: {reason}")


def test_an_archive_is_kept_up_to_a_year(sns, topic):
    for policy in ('{"MessageRetentionPeriod":"366"}', '{"MessageRetentionPeriod":"0"}', '{"Days":"1"}', "x"):
        found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue=policy)
        assert found[0] == "InvalidParameter"


def test_a_topic_with_an_archive_is_not_deleted(sns, topic):
    archive(sns, topic)
    assert refusal(sns.delete_topic, TopicArn=topic)[0] == "InvalidState"
    set_attribute(sns, topic, "ArchivePolicy", "{}")
    sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == []


def test_only_an_archive_can_be_replayed(sns, topic, queue):
    arn = subscribe(sns, topic)
    found = refusal(
        sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName="ReplayPolicy", AttributeValue=replay(0)
    )
    assert found == ("InvalidParameter", "Invalid parameter: ReplayPolicy: The topic has no archive.")


# What is done


def test_messages_arrive_in_order_with_their_ids(sns, sqs, topic, queue):
    subscribe(sns, topic)
    answers = [publish(sns, topic, str(number), MessageDeduplicationId=f"d{number}") for number in range(5)]
    numbers = [answer["SequenceNumber"] for answer in answers]
    assert numbers == sorted(numbers)
    assert {len(number) for number in numbers} == {20}
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])["Messages"]
    assert [message["Body"] for message in got] == ["0", "1", "2", "3", "4"]
    assert got[0]["Attributes"]["MessageGroupId"] == "g"
    assert got[0]["Attributes"]["MessageDeduplicationId"] == "d0"


def test_a_notification_has_its_number_and_no_signature(sns, sqs, topic, queue):
    subscribe(sns, topic, RawMessageDelivery="false")
    number = publish(sns, topic, "m", MessageDeduplicationId="d")["SequenceNumber"]
    (body,) = bodies(sqs, queue)
    document = json.loads(body)
    assert document["SequenceNumber"] == number
    assert list(document) == [
        "Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL",
    ]  # fmt: skip


def test_a_standard_queue_may_listen(sns, sqs, topic):
    url = sqs.create_queue(QueueName="plain", Attributes={"Policy": queue_policy()})["QueueUrl"]
    subscribe(sns, topic, "plain")
    publish(sns, topic, "m", MessageDeduplicationId="d")
    assert bodies(sqs, url) == ["m"]


def test_the_same_message_is_taken_once_in_five_minutes(sns, sqs, topic, queue, cloud):
    subscribe(sns, topic)
    first = publish(sns, topic, "one", MessageDeduplicationId="d")
    second = publish(sns, topic, "two", group="other", MessageDeduplicationId="d")
    assert [first[name] for name in ("MessageId", "SequenceNumber")] == [
        second[name] for name in ("MessageId", "SequenceNumber")
    ]
    cloud.clock.advance(301)
    third = publish(sns, topic, "three", MessageDeduplicationId="d")
    assert third["MessageId"] != first["MessageId"]
    assert bodies(sqs, queue) == ["one", "three"]


def test_the_content_can_tell_messages_apart(sns, sqs, topic, queue):
    subscribe(sns, topic)
    set_attribute(sns, topic, "ContentBasedDeduplication", "true")
    for message in ("a", "b", "a"):
        publish(sns, topic, message)
    assert bodies(sqs, queue) == ["a", "b"]


def test_groups_may_have_deduplication_of_their_own(sns, sqs, topic, queue):
    subscribe(sns, topic)
    set_attribute(sns, topic, "FifoThroughputScope", "MessageGroup")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DeduplicationScope": "messageGroup"})
    for group in ("a", "b", "a"):
        publish(sns, topic, group, group=group, MessageDeduplicationId="d")
    assert sorted(bodies(sqs, queue)) == ["a", "b"]


def test_batches_are_in_order_too(sns, sqs, topic, queue):
    subscribe(sns, topic)
    entries = [
        {"Id": str(number), "Message": str(number), "MessageGroupId": "g", "MessageDeduplicationId": str(number)}
        for number in range(10)
    ]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    numbers = [done["SequenceNumber"] for done in answer["Successful"]]
    assert numbers == sorted(numbers)
    assert bodies(sqs, queue) == [str(number) for number in range(10)]


# What happens next


def test_what_was_published_can_be_replayed(sns, sqs, topic, queue, cloud):
    archive(sns, topic)
    start = cloud.clock.now()
    ids = [publish(sns, topic, str(number))["MessageId"] for number in range(3)]
    arn = subscribe(sns, topic, RawMessageDelivery="false", ReplayPolicy=replay(start))
    cloud.settle()
    documents = [json.loads(body) for body in bodies(sqs, queue)]
    assert [document["MessageId"] for document in documents] == ids
    assert {document["Replayed"] for document in documents} == {"true"}
    assert attributes(sns, arn)["ReplayStatus"] == "Completed"


def test_a_long_archive_is_replayed_in_order(sns, sqs, topic, queue, cloud):
    archive(sns, topic)
    start = cloud.clock.now()
    for number in range(25):
        entries = [{"Id": str(one), "Message": str(number * 10 + one), "MessageGroupId": "g"} for one in range(10)]
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    subscribe(sns, topic, ReplayPolicy=replay(start))
    cloud.settle()
    assert bodies(sqs, queue) == [str(number) for number in range(250)]


def test_a_replay_begins_and_ends_where_it_is_told(sns, sqs, topic, queue, cloud):
    archive(sns, topic)
    moments = []
    for number in range(4):
        moments.append(cloud.clock.now())
        publish(sns, topic, str(number))
        cloud.clock.advance(60)
    subscribe(sns, topic, ReplayPolicy=replay(moments[1] - 1, EndingPoint=point(moments[2] + 1)))
    cloud.settle()
    assert bodies(sqs, queue) == ["1", "2"]
    publish(sns, topic, "later")
    assert bodies(sqs, queue) == []


def test_after_a_replay_without_end_new_messages_follow(sns, sqs, topic, queue, cloud):
    archive(sns, topic)
    start = cloud.clock.now()
    publish(sns, topic, "old")
    arn = subscribe(sns, topic)
    publish(sns, topic, "seen")
    assert bodies(sqs, queue) == ["seen"]
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="ReplayPolicy", AttributeValue=replay(start))
    cloud.settle()
    publish(sns, topic, "new")
    cloud.settle()
    # The queue has its own memory of five minutes, in which it knows "seen".
    assert bodies(sqs, queue) == ["old", "new"]


def test_an_archive_forgets_by_the_clock(sns, sqs, topic, queue, cloud):
    archive(sns, topic, days=1)
    start = cloud.clock.now()
    publish(sns, topic, "old")
    cloud.clock.advance(DAY_S / 2)
    publish(sns, topic, "new")
    cloud.clock.advance(DAY_S / 2 + 3601)
    beginning = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["BeginningArchiveTime"]
    assert beginning == point(cloud.clock.now() - DAY_S)
    subscribe(sns, topic, ReplayPolicy=replay(start))
    cloud.settle()
    assert bodies(sqs, queue) == ["new"]


def test_the_end_of_an_archive_is_the_end_of_what_it_held(sns, sqs, topic, queue, cloud):
    archive(sns, topic)
    start = cloud.clock.now()
    publish(sns, topic, "old")
    set_attribute(sns, topic, "ArchivePolicy", "{}")
    cloud.clock.advance(400)
    archive(sns, topic)
    publish(sns, topic, "new")
    subscribe(sns, topic, ReplayPolicy=replay(start))
    cloud.settle()
    assert bodies(sqs, queue) == ["new"]


def test_what_cannot_be_delivered_keeps_its_group(sns, sqs, topic, cloud):
    grave = make_queue(sqs, "grave.fifo")
    policy = json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave.fifo"})
    subscribe(sns, topic, "nowhere.fifo", RedrivePolicy=policy)
    publish(sns, topic, "m", MessageDeduplicationId="d")
    (message,) = sqs.receive_message(QueueUrl=grave, MessageSystemAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("m", "g")


def test_dead_letters_of_a_fifo_topic_stay_in_order(sns, topic):
    policy = json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave"})
    found = refusal(
        sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox.fifo",
        Attributes={"RedrivePolicy": policy},
    )  # fmt: skip
    assert found[1].endswith("must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
