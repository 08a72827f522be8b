"""SNS, subscriptions: what is refused, what is done, what happens next."""

import json

import pytest

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import ARN, QUEUE_ARN, refusal, texts, visit

DAY_S = 24 * 3600


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
def fifo(sns):
    return sns.create_topic(Name="news.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]


@pytest.fixture
def subscription(sns, topic, queue):
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox")["SubscriptionArn"]


def shown(sns, subscription):
    return sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def set_attribute(sns, subscription, name, value):
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)


def wrong_attribute(sns, subscription, name, value):
    return refusal(
        sns.set_subscription_attributes, SubscriptionArn=subscription, AttributeName=name, AttributeValue=value
    )


# What is refused


@pytest.mark.parametrize(
    ("protocol", "place", "message"),
    [
        ("pigeon", "loft", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"),
        ("sqs", "inbox", "Invalid parameter: SQS endpoint ARN"),
        ("sqs", "arn:aws:sns:eu-west-1:000000000000:inbox", "Invalid parameter: SQS endpoint ARN"),
        ("sms", "call me", "Invalid SMS endpoint: call me"),
        ("http", "https://example.com", "Invalid parameter: Endpoint must match the specified protocol"),
        ("https", "http://example.com", "Invalid parameter: Endpoint must match the specified protocol"),
        ("email", "nobody", "Invalid parameter: Email address"),
        ("email-json", "a@b,c@d", "Invalid parameter: Email address"),
        ("application", "device", "Invalid parameter: Application endpoint arn invalid:device"),
        ("sqs", "", "Invalid parameter: Endpoint"),
    ],
)
def test_an_endpoint_must_fit_its_protocol(sns, topic, protocol, place, message):
    found = refusal(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=place)
    assert found == ("InvalidParameter", message)


def test_a_fifo_queue_hears_fifo_topics_only(sns, topic):
    found = refusal(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox.fifo")
    assert found[1] == (
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS"
        " topics"
    )


def test_fifo_topics_have_queues_for_subscribers(sns, fifo):
    found = refusal(sns.subscribe, TopicArn=fifo, Protocol="http", Endpoint="http://example.com")
    assert found[0] == "InvalidParameter"


def test_a_fifo_topic_has_at_most_a_hundred_subscribers(sns, fifo):
    for number in range(100):
        sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=f"{QUEUE_ARN}q{number}")
    found = refusal(sns.subscribe, TopicArn=fifo, Protocol="sqs", Endpoint=QUEUE_ARN + "one-more")
    assert found[0] == "SubscriptionLimitExceeded"


@pytest.mark.parametrize("protocol", ["lambda", "firehose"])
def test_a_protocol_whose_service_is_not_there_is_refused_in_words(sns, topic, protocol, cloud):
    if protocol in cloud.cloud.services.names():
        endpoint = f"arn:aws:{protocol}:eu-west-1:000000000000:function:f"
        assert sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)["SubscriptionArn"].startswith(topic)
    else:
        endpoint = f"arn:aws:{protocol}:eu-west-1:000000000000:x"
        assert "not supported" in refusal(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)[1]


def test_one_endpoint_has_one_subscription_with_one_set_of_attributes(sns, topic, subscription):
    again = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN + "inbox"}
    assert sns.subscribe(**again)["SubscriptionArn"] == subscription
    found = refusal(sns.subscribe, **again, Attributes={"RawMessageDelivery": "true"})
    text = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    assert found == ("InvalidParameter", text)


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("nonsense", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        (ARN + "news", "Invalid parameter: SubscriptionId"),
    ],
)
def test_a_subscription_arn_is_judged_by_its_form(sns, topic, arn, message):
    assert refusal(sns.unsubscribe, SubscriptionArn=arn) == ("InvalidParameter", message)
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=arn) == ("InvalidParameter", message)


def test_an_unknown_subscription_has_no_attributes(sns, topic):
    unknown = f"{topic}:11111111-2222-3333-4444-555555555555"
    missing = ("NotFound", "Subscription does not exist")
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=unknown) == missing
    assert wrong_attribute(sns, unknown, "RawMessageDelivery", "true") == missing


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Nonsense", "1", "AttributeName"),
        ("RawMessageDelivery", "maybe", "RawMessageDelivery: Invalid value [maybe]. Must be true or false."),
        (
            "FilterPolicyScope",
            "Envelope",
            "FilterPolicyScope: Invalid value [Envelope]. Please use either MessageBody or MessageAttributes",
        ),
        ("RedrivePolicy", '{"deadLetterTargetArn":"dlq"}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
        (
            "FilterPolicy",
            '{"a":{"b":["c"]}}',
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
    ],
)
def test_attributes_must_have_proper_values(sns, subscription, name, value, message):
    assert wrong_attribute(sns, subscription, name, value) == ("InvalidParameter", f"Invalid parameter: {message}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FilterPolicy", "{"),
        ("FilterPolicy", '{"a":"b"}'),
        ("FilterPolicy", '{"a":[{"numeric":["<"]}]}'),
        ("FilterPolicy", json.dumps({f"key{number}": ["x"] for number in range(6)})),
        ("FilterPolicy", json.dumps({f"key{number}": [str(value) for value in range(6)] for number in range(3)})),
        ("DeliveryPolicy", '{"healthyRetryPolicy":{"minDelayTarget":0}}'),
        ("DeliveryPolicy", '{"throttlePolicy":{"maxReceivesPerSecond":0}}'),
        ("DeliveryPolicy", '{"requestPolicy":{"headerContentType":"image/png"}}'),
        ("DeliveryPolicy", '{"http":{}}'),
        ("RedrivePolicy", "{"),
        ("ReplayPolicy", '{"PointType":"Timestamp","StartingPoint":"2024-01-01T00:00:00.000Z"}'),
    ],
)
def test_policies_must_be_well_formed(sns, subscription, name, value):
    code, message = wrong_attribute(sns, subscription, name, value)
    assert code == "InvalidParameter"
    assert message.startswith(f"Invalid parameter: {name}: ")


def test_attributes_are_judged_when_subscribing_too(sns, topic):
    new = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN + "inbox"}
    found = refusal(sns.subscribe, **new, Attributes={"RawMessageDelivery": "maybe"})
    text = "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [maybe]. Must be true or false."
    assert found == ("InvalidParameter", text)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_raw_delivery_is_not_for_every_protocol(sns, topic):
    phone = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+491701234567")["SubscriptionArn"]
    assert wrong_attribute(sns, phone, "RawMessageDelivery", "true") == (
        "InvalidParameter",
        "Invalid parameter: RawMessageDelivery: Delivery protocol [sms] does not support raw message delivery.",
    )


def test_a_topic_has_at_most_two_hundred_filter_policies(sns, topic):
    policy = {"FilterPolicy": '{"a":["b"]}'}
    for number in range(200):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{QUEUE_ARN}q{number}", Attributes=policy)
    extra = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE_ARN + "extra"}
    assert refusal(sns.subscribe, **extra, Attributes=policy)[0] == "FilterPolicyLimitExceeded"
    assert wrong_attribute(sns, sns.subscribe(**extra)["SubscriptionArn"], "FilterPolicy", '{"a":["b"]}')[0] == (
        "FilterPolicyLimitExceeded"
    )


@pytest.mark.parametrize(("token", "message"), [("nonsense", "Invalid token"), ("0" * 224, "Invalid parameter: Token")])
def test_a_token_must_be_one_that_was_sent(sns, topic, token, message):
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token=token) == ("InvalidParameter", message)


# What is done


def test_a_queue_is_subscribed_at_once(sns, topic, subscription):
    assert subscription.startswith(f"{topic}:")
    assert shown(sns, subscription) == {
        "SubscriptionArn": subscription,
        "TopicArn": topic,
        "Owner": "000000000000",
        "Protocol": "sqs",
        "Endpoint": QUEUE_ARN + "inbox",
        "SubscriptionPrincipal": "arn:aws:iam::000000000000:root",
        "ConfirmationWasAuthenticated": "true",
        "PendingConfirmation": "false",
        "RawMessageDelivery": "false",
    }


def test_subscriptions_are_listed_and_counted(sns, topic, subscription):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {one["SubscriptionArn"] for one in listed} == {subscription, "PendingConfirmation"}
    assert {one["Protocol"] for one in sns.list_subscriptions()["Subscriptions"]} == {"sqs", "email"}
    counted = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsConfirmed"], counted["SubscriptionsPending"]) == ("1", "1")


def test_somebody_to_be_asked_is_pending(sns, topic):
    arguments = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}
    assert sns.subscribe(**arguments)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**arguments, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert arn.startswith(topic)
    assert shown(sns, arn)["PendingConfirmation"] == "true"
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RawMessageDelivery", "true"),
        ("FilterPolicy", '{"a":["b",{"prefix":"c"}]}'),
        ("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:grave"}'),
        ("SubscriptionRoleArn", "arn:aws:iam::000000000000:role/r"),
    ],
)
def test_an_attribute_that_was_set_is_shown(sns, subscription, name, value):
    set_attribute(sns, subscription, name, value)
    assert shown(sns, subscription)[name] == value


def test_the_scope_of_a_filter_is_shown_with_the_filter(sns, subscription):
    set_attribute(sns, subscription, "FilterPolicyScope", "MessageBody")
    assert "FilterPolicyScope" not in shown(sns, subscription)
    set_attribute(sns, subscription, "FilterPolicy", '{"a":{"b":["c"]}}')
    assert shown(sns, subscription)["FilterPolicyScope"] == "MessageBody"
    assert "nested" in wrong_attribute(sns, subscription, "FilterPolicyScope", "MessageAttributes")[1]


@pytest.mark.parametrize("nothing", ["", "{}"])
def test_an_empty_filter_is_none(sns, subscription, nothing):
    set_attribute(sns, subscription, "FilterPolicy", '{"a":["b"]}')
    set_attribute(sns, subscription, "FilterPolicy", nothing)
    assert not {"FilterPolicy", "FilterPolicyScope"} & shown(sns, subscription).keys()


def test_an_http_subscription_shows_the_delivery_policy_in_effect(sns, topic):
    policy = json.dumps({"healthyRetryPolicy": {"numRetries": 5}})
    arn = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/", ReturnSubscriptionArn=True,
        Attributes={"DeliveryPolicy": policy},
    )["SubscriptionArn"]  # fmt: skip
    effective = json.loads(shown(sns, arn)["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"]["numRetries"] == 5
    assert effective["requestPolicy"] == {"headerContentType": "text/plain; charset=UTF-8"}


# What happens next


def test_who_has_unsubscribed_hears_nothing_more(sns, sqs, topic, queue, subscription):
    sns.publish(TopicArn=topic, Message="first")
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.publish(TopicArn=topic, Message="second")
    assert texts(sqs, queue) == ["first"]
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=subscription)[0] == "NotFound"
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


def test_to_unsubscribe_twice_does_no_harm(sns, topic, subscription):
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


def test_a_link_ends_a_subscription(sns, sqs, topic, queue, subscription):
    sns.publish(TopicArn=topic, Message="m")
    body = sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    assert "UnsubscribeResponse" in visit(json.loads(body)["UnsubscribeURL"])
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_what_nobody_confirms_is_deleted_after_three_days(sns, topic, cloud):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    cloud.clock.advance(3 * DAY_S - 60)
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    cloud.clock.advance(120)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_subscriptions_are_listed_in_pages_of_a_hundred(sns, topic):
    for number in range(101):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{QUEUE_ARN}q{number}")
    for ask in (sns.list_subscriptions, lambda **more: sns.list_subscriptions_by_topic(TopicArn=topic, **more)):
        first = ask()
        second = ask(NextToken=first["NextToken"])
        endpoints = {one["Endpoint"] for one in first["Subscriptions"] + second["Subscriptions"]}
        assert (len(first["Subscriptions"]), len(second["Subscriptions"]), len(endpoints)) == (100, 1, 101)


def test_a_queue_of_another_account_must_agree(sns, topic):
    arn = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:111111111111:theirs",
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]  # fmt: skip
    assert shown(sns, arn)["PendingConfirmation"] == "true"
