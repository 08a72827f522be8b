"""SNS, publishing: what is refused, what is done, what happens next."""

import itertools
import json

import pytest

from glasshouse.core.errors import InternalFailure
from glasshouse.services.sns.delivery_policy import managed_delay
from glasshouse.services.sqs.service import Sqs
from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, bodies, refusal, texts

KILOBYTE = 1024


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]


@pytest.fixture
def subscription(sns, topic, queue):
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox")["SubscriptionArn"]


def make_raw(sns, subscription):
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )


def string(value):
    return {"DataType": "String", "StringValue": value}


# What is refused


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "m", "Subject": ""}, "Subject"),
        ({"Message": "m", "Subject": "x" * 101}, "Subject"),
        ({"Message": "m", "Subject": "a\x7f"}, "Subject"),
        ({"Message": "m", "Subject": "two\nlines"}, "Subject"),
        ({"Message": "m", "MessageStructure": "xml"}, "MessageStructure"),
        (
            {"Message": "m", "MessageStructure": "json"},
            "Message Structure - JSON message body failed to parse",
        ),
        (
            {"Message": '{"sqs":"m"}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": '{"default":{"a":1}}', "MessageStructure": "json"},
            "Message Structure - No default entry in JSON message body",
        ),
        (
            {"Message": "m", "MessageDeduplicationId": "1"},
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for"
            " this topic type",
        ),
        ({"Message": "x" * (256 * KILOBYTE + 1)}, "Message too long"),
        ({"Message": "x" * 256 * KILOBYTE, "MessageAttributes": {"a": string("b")}}, "Message too long"),
    ],
)
def test_a_message_must_be_proper(sns, topic, message, reason):
    assert refusal(sns.publish, TopicArn=topic, **message) == ("InvalidParameter", f"Invalid parameter: {reason}")


@pytest.mark.parametrize(
    ("name", "attribute", "message"),
    [
        (
            "a",
            {"DataType": "Text", "StringValue": "x"},
            "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is"
            " Binary, Number, and String.",
        ),
        (
            "a",
            {"DataType": "String"},
            "The message attribute 'a' must contain non-empty message attribute value for message attribute type"
            " 'String'.",
        ),
        (
            "a",
            {"DataType": "Binary", "StringValue": "x"},
            "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
        ),
        ("a", {"DataType": "Number", "StringValue": "x"}, "Could not cast message attribute 'a' value to number."),
        (".a", string("x"), "Invalid message attribute name starting with character '.' was found."),
        ("a.", string("x"), "Invalid message attribute name ending with character '.' was found."),
        ("a..b", string("x"), "Message attribute name can not have successive '.' character."),
        (
            "a$",
            string("x"),
            "Invalid non-alphanumeric character '#x24' was found in the message attribute name. Can only include"
            " alphanumeric characters, hyphens, underscores, or dots.",
        ),
    ],
)
def test_message_attributes_must_be_proper(sns, topic, name, attribute, message):
    found = refusal(sns.publish, TopicArn=topic, Message="m", MessageAttributes={name: attribute})
    assert found == ("ParameterValueInvalid", message)


def test_a_message_has_one_target(sns, topic):
    text = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    assert refusal(sns.publish, Message="m") == ("InvalidParameter", text)
    assert refusal(sns.publish, Message="m", TopicArn=topic, PhoneNumber="+491701234567")[0] == "InvalidParameter"


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([{"Id": str(number), "Message": "m"} for number in range(11)], "TooManyEntriesInBatchRequest"),
        ([{"Id": "1", "Message": "m"}, {"Id": "1", "Message": "m"}], "BatchEntryIdsNotDistinct"),
        ([{"Id": "a b", "Message": "m"}], "InvalidBatchEntryId"),
        ([{"Id": str(number), "Message": "x" * 129 * KILOBYTE} for number in range(2)], "BatchRequestTooLong"),
        ([{"Id": "1", "Message": ""}], "InvalidParameter"),
    ],
)
def test_a_batch_must_be_proper(sns, topic, entries, code):
    assert refusal(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)[0] == code


# What is done


def test_a_queue_gets_a_notification(sns, sqs, topic, queue, subscription):
    attributes = {
        "kind": string("greeting"),
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        "count": {"DataType": "Number.int", "StringValue": "7"},
    }
    answer = sns.publish(TopicArn=topic, Message="hällo", Subject="Übung", MessageAttributes=attributes)
    (body,) = bodies(sqs, queue)
    document = json.loads(body)
    assert list(document) == [
        "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature",
        "SigningCertURL", "UnsubscribeURL", "MessageAttributes",
    ]  # fmt: skip
    assert document["Type"] == "Notification"
    assert document["MessageId"] == answer["MessageId"]
    assert (document["TopicArn"], document["Subject"], document["Message"]) == (topic, "Übung", "hällo")
    assert document["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "greeting"},
        "bytes": {"Type": "Binary", "Value": "AAE="},
        "count": {"Type": "Number.int", "Value": "7"},
    }
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')


def test_raw_delivery_leaves_the_message_as_it_is(sns, sqs, topic, queue, subscription):
    make_raw(sns, subscription)
    attributes = {"kind": string("greeting"), "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}}
    sns.publish(TopicArn=topic, Message="hello", Subject="gone", MessageAttributes=attributes)
    (message,) = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "hello"
    assert message["MessageAttributes"] == attributes


def test_a_message_may_say_something_else_by_each_protocol(sns, sqs, topic, queue, subscription):
    message = json.dumps({"default": "for all", "sqs": "for queues", "http": 5})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    sns.publish(TopicArn=topic, Message='{"default":"for all"}', MessageStructure="json")
    assert sorted(texts(sqs, queue)) == ["for all", "for queues"]


def test_a_batch_is_published_message_by_message(sns, sqs, topic, queue, subscription):
    entries = [{"Id": f"m{number}", "Message": f"text {number}"} for number in range(10)]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [done["Id"] for done in answer["Successful"]] == [entry["Id"] for entry in entries]
    assert len({done["MessageId"] for done in answer["Successful"]}) == 10
    assert answer["Failed"] == []
    assert sorted(texts(sqs, queue)) == [f"text {number}" for number in range(10)]


def test_a_topic_can_be_the_target(sns, sqs, topic, queue, subscription):
    sns.publish(TargetArn=topic, Message="m")
    assert texts(sqs, queue) == ["m"]


def test_a_message_of_a_fair_queue_keeps_its_group(sns, sqs, topic, queue, subscription):
    make_raw(sns, subscription)
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="tenant-1")
    (message,) = sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "tenant-1"


def test_larger_messages_can_be_allowed(sns, sqs, topic, queue, subscription):
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue=str(KILOBYTE * KILOBYTE)
    )
    make_raw(sns, subscription)
    sns.publish(TopicArn=topic, Message="x" * 1000 * KILOBYTE)
    assert [len(body) for body in bodies(sqs, queue)] == [1000 * KILOBYTE]


def test_larger_messages_are_not_for_every_protocol(sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+491701234567")
    found = refusal(
        sns.set_topic_attributes, TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="1048576"
    )
    assert found[0] == "InvalidParameter"


# What happens next


def test_every_subscriber_gets_the_message_with_one_signature(sns, sqs, topic):
    urls = []
    for number in range(5):
        urls.append(sqs.create_queue(QueueName=f"q{number}", Attributes={"Policy": queue_policy()})["QueueUrl"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{QUEUE_ARN}q{number}")
    message_id = sns.publish(TopicArn=topic, Message="to all")["MessageId"]
    documents = [json.loads(body) for url in urls for body in bodies(sqs, url)]
    assert [document["MessageId"] for document in documents] == [message_id] * 5
    assert len({document["Signature"] for document in documents}) == 1
    assert len({document["UnsubscribeURL"] for document in documents}) == 5


def test_a_queue_of_another_region_is_reached(sns, topic, aws):
    far = aws("sqs", region="us-west-2")
    url = far.create_queue(QueueName="far", Attributes={"Policy": queue_policy()})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-west-2:000000000000:far")
    sns.publish(TopicArn=topic, Message="m")
    assert texts(far, url) == ["m"]


def test_what_cannot_be_delivered_goes_to_the_dead_letters(sns, sqs, topic):
    grave = sqs.create_queue(QueueName="grave", Attributes={"Policy": queue_policy()})["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=QUEUE_ARN + "nowhere",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave"})},
    )
    message_id = sns.publish(TopicArn=topic, Message="lost")["MessageId"]
    (body,) = bodies(sqs, grave)
    assert json.loads(body)["MessageId"] == message_id


def test_without_dead_letters_it_is_lost_and_nobody_is_told(sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "nowhere")
    assert sns.publish(TopicArn=topic, Message="lost")["MessageId"]


def test_deliveries_are_told_to_the_logs(sns, sqs, topic, queue, subscription, aws, cloud):
    role = "arn:aws:iam::000000000000:role/logs"
    for name in ("SQSSuccessFeedbackRoleArn", "SQSFailureFeedbackRoleArn"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=role)
    message_id = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "nowhere")
    sns.publish(TopicArn=topic, Message="n")
    cloud.settle()
    logs, group = aws("logs"), "sns/eu-west-1/000000000000/news"
    entries = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert message_id in [entry["notification"]["messageId"] for entry in entries]
    assert {entry["status"] for entry in entries} == {"SUCCESS"}
    assert {entry["notification"]["topicArn"] for entry in entries} == {topic}
    (failed,) = logs.filter_log_events(logGroupName=group + "/Failure")["events"]
    failure = json.loads(failed["message"])
    assert failure["status"] == "FAILURE"
    assert failure["delivery"]["destination"] == QUEUE_ARN + "nowhere"


def test_a_queue_that_fails_for_the_moment_is_tried_again(sns, sqs, topic, queue, subscription, cloud, monkeypatch):
    """As AWS tries endpoints that it manages: three times at once, twice after a second, ten times with growing
    pauses, then every twenty seconds."""
    cloud.clock.freeze()
    start, attempts, inner = cloud.clock.now(), [], Sqs._queue

    def failing(self, url):
        if self.call.operation == "SendMessage" and len(attempts) < 17:
            attempts.append(self.now - start)
            raise InternalFailure
        return inner(self, url)

    monkeypatch.setattr(Sqs, "_queue", failing)
    sns.publish(TopicArn=topic, Message="late")
    cloud.clock.advance(120)
    assert attempts[:6] == [0, 0, 0, 0, 1, 2]
    pauses = [later - earlier for earlier, later in itertools.pairwise(attempts[5:])]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 20
    assert texts(sqs, queue) == ["late"]


def test_endpoints_that_aws_manages_are_tried_for_23_days():
    delays = [managed_delay(attempt) for attempt in range(100_015)]
    assert None not in delays
    assert managed_delay(100_015) is None
    assert sum(delays) > 23 * 24 * 3600
