"""SNS, filter policies: which messages reach a subscriber. The patterns themselves have their own tests."""

import json

import pytest

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, refusal, texts


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


def subscribe(sns, topic, policy, scope="MessageAttributes"):
    attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox", Attributes=attributes)


def attribute(kind, value):
    return {"DataType": kind, "StringValue": value}


def reaches(sns, sqs, topic, queue, message="m", **attributes):
    sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)
    return texts(sqs, queue) == [message]


# What is refused


@pytest.mark.parametrize(
    "policy",
    [
        {"a": [{"numeric": ["<", "five"]}]},
        {"a": [{"sounds-like": "b"}]},
        {"a": [{"prefix": 5}]},
        {"a": []},
        {"a": [{"exists": "yes"}]},
        {"a": [{"cidr": "300.0.0.0/8"}]},
        {"a": [{"wildcard": "a**b"}]},
        ["a"],
    ],
)
def test_a_filter_must_be_one(sns, topic, queue, policy):
    found = refusal(subscribe, sns=sns, topic=topic, policy=policy)
    assert found[0] == "InvalidParameter"
    assert "FilterPolicy: " in found[1]


def test_a_filter_has_at_most_150_combinations(sns, topic, queue):
    subscribe(sns, topic, {"a": list(map(str, range(15))), "b": list(map(str, range(10)))})
    found = refusal(
        sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "other",
        Attributes={"FilterPolicy": json.dumps({"a": list(map(str, range(16))), "b": list(map(str, range(10)))})},
    )  # fmt: skip
    assert found[1].endswith("FilterPolicy: Filter policy is too complex")


# What is done


@pytest.mark.parametrize(
    ("policy", "attributes", "wanted"),
    [
        ({"a": ["x"]}, {"a": attribute("String", "x")}, True),
        ({"a": ["x"]}, {"a": attribute("String", "y")}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": attribute("String", "x")}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": attribute("String", "x"), "b": attribute("String", "y")}, True),
        ({"a": [5]}, {"a": attribute("Number", "5.0")}, True),
        ({"a": ["5"]}, {"a": attribute("Number", "5")}, False),
        ({"a": [{"numeric": [">", 0, "<=", 10]}]}, {"a": attribute("Number", "10")}, True),
        ({"a": [{"numeric": [">", 0, "<=", 10]}]}, {"a": attribute("Number", "10.5")}, False),
        ({"a": ["x"]}, {"a": attribute("String.Array", '["w", "x"]')}, True),
        ({"a": [True]}, {"a": attribute("String.Array", "[true, null]")}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": attribute("String", "y")}, True),
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": attribute("String", "xy")}, False),
        ({"a": [{"prefix": "x"}]}, {"a": attribute("String", "xy")}, True),
        ({"a": [{"suffix": "y"}]}, {"a": attribute("String", "xy")}, True),
        ({"a": [{"equals-ignore-case": "X"}]}, {"a": attribute("String", "x")}, True),
        ({"a": [{"wildcard": "a*c"}]}, {"a": attribute("String", "abbc")}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": attribute("String", "10.0.0.7")}, True),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": True}]}, {"a": attribute("String", "any")}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": attribute("String", "y")}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": attribute("String", "x")}, False),
    ],
)
def test_attributes_are_filtered(sns, sqs, topic, queue, policy, attributes, wanted):
    subscribe(sns, topic, policy)
    assert reaches(sns, sqs, topic, queue, **attributes) == wanted


@pytest.mark.parametrize(
    ("policy", "body", "wanted"),
    [
        ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a": {"b": "y"}}, False),
        ({"a": {"b": ["x"]}}, {"a": [{"b": "y"}, {"b": "x"}]}, True),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [{"numeric": ["=", 1]}]}, {"a": 1.0}, True),
        ({"a": [{"exists": False}]}, {"b": 1}, True),
    ],
)
def test_bodies_are_filtered(sns, sqs, topic, queue, policy, body, wanted):
    subscribe(sns, topic, policy, "MessageBody")
    assert reaches(sns, sqs, topic, queue, json.dumps(body)) == wanted


@pytest.mark.parametrize("body", ["plain text", "[1]", '"a"', "{"])
def test_a_body_that_is_no_object_is_not_wanted(sns, sqs, topic, queue, body):
    subscribe(sns, topic, {"a": [{"exists": False}]}, "MessageBody")
    assert not reaches(sns, sqs, topic, queue, body)


def test_each_subscriber_gets_what_it_wants(sns, sqs, topic):
    urls = {}
    for colour in ("red", "blue"):
        urls[colour] = sqs.create_queue(QueueName=colour, Attributes={"Policy": queue_policy()})["QueueUrl"]
        policy = {"FilterPolicy": json.dumps({"colour": [colour]})}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + colour, Attributes=policy)
    for colour in ("red", "blue", "green"):
        attributes = {"colour": attribute("String", colour)}
        sns.publish(TopicArn=topic, Message=colour, MessageAttributes=attributes)
    assert {colour: texts(sqs, url) for colour, url in urls.items()} == {"red": ["red"], "blue": ["blue"]}


def test_the_text_of_the_protocol_is_what_is_filtered(sns, sqs, topic, queue):
    subscribe(sns, topic, {"a": [1]}, "MessageBody")
    message = json.dumps({"default": '{"a":2}', "sqs": '{"a":1}'})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert texts(sqs, queue) == ['{"a":1}']


# What happens next


def test_a_filter_can_be_changed_and_taken_away(sns, sqs, topic, queue):
    arn = subscribe(sns, topic, {"a": ["x"]})["SubscriptionArn"]
    other = {"a": attribute("String", "y")}
    assert not reaches(sns, sqs, topic, queue, **other)
    change = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy"}
    sns.set_subscription_attributes(**change, AttributeValue='{"a":["y"]}')
    assert reaches(sns, sqs, topic, queue, **other)
    sns.set_subscription_attributes(**change, AttributeValue="{}")
    assert reaches(sns, sqs, topic, queue)
