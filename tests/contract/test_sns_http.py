"""SNS over HTTP: what is refused, what is done, what happens next. The subscribers are real servers."""

import json
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, Receiver, bodies, refusal, subscribed, visit

MINUTE_S, DAY_S = 60, 24 * 3600


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def grave(aws):
    return aws("sqs").create_queue(QueueName="grave", Attributes={"Policy": queue_policy()})["QueueUrl"]


def subscribe(sns, topic, receiver, **more):
    return sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=receiver.url, ReturnSubscriptionArn=True, **more
    )["SubscriptionArn"]  # fmt: skip


def set_attribute(sns, subscription, name, value):
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)


def shown(sns, subscription):
    return sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def redrive():
    return json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave"})


def retries(**more):
    return json.dumps({"healthyRetryPolicy": more})


# What is refused


def test_a_token_confirms_once(sns, topic, receiver):
    subscribe(sns, topic, receiver)
    token = receiver.next().document["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    found = refusal(sns.confirm_subscription, TopicArn=topic, Token=token)
    assert found == ("InvalidParameter", "Invalid parameter: Token")


def test_a_token_confirms_its_subscription_whichever_topic_is_named(sns, topic, receiver):
    subscribe(sns, topic, receiver)
    token = receiver.next().document["Token"]
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token="f" * 224)[1] == "Invalid parameter: Token"
    arn = sns.confirm_subscription(TopicArn=f"{topic}-not", Token=token)["SubscriptionArn"]
    assert arn.rpartition(":")[0] == topic


def test_a_token_is_good_for_two_days(sns, topic, receiver, cloud):
    subscribe(sns, topic, receiver)
    token = receiver.next().document["Token"]
    cloud.clock.advance(2 * DAY_S + 1)
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token=token)[1] == "Invalid parameter: Token"


def test_who_must_sign_cannot_end_a_subscription_by_a_link(sns, topic, receiver):
    arn = subscribe(sns, topic, receiver)
    token = receiver.next().document["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    sns.publish(TopicArn=topic, Message="m")
    link = receiver.next().document["UnsubscribeURL"]
    with pytest.raises(OSError, match="403"):
        visit(link)
    assert shown(sns, arn)["PendingConfirmation"] == "false"
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_a_link_cannot_demand_signatures(sns, topic, receiver):
    subscribe(sns, topic, receiver)
    link = receiver.next().document["SubscribeURL"]
    with pytest.raises(OSError, match="403"):
        visit(f"{link}&AuthenticateOnUnsubscribe=true")


# What is done


def test_an_endpoint_is_asked_first(sns, topic, receiver):
    arn = subscribe(sns, topic, receiver)
    asked = receiver.next()
    assert asked.path == "/inbox"
    assert asked.headers["x-amz-sns-message-type"] == asked.document["Type"] == "SubscriptionConfirmation"
    assert asked.headers["x-amz-sns-message-id"] == asked.document["MessageId"]
    assert asked.headers["x-amz-sns-topic-arn"] == asked.document["TopicArn"] == topic
    assert "x-amz-sns-subscription-arn" not in asked.headers
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"
    assert asked.headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert list(asked.document) == [
        "Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp", "SignatureVersion",
        "Signature", "SigningCertURL",
    ]  # fmt: skip
    assert shown(sns, arn)["PendingConfirmation"] == "true"


def test_the_link_confirms(sns, topic, receiver):
    arn = subscribe(sns, topic, receiver)
    answer = visit(receiver.next().document["SubscribeURL"])
    assert f"<SubscriptionArn>{arn}</SubscriptionArn>" in answer
    found = shown(sns, arn)
    assert (found["PendingConfirmation"], found["ConfirmationWasAuthenticated"]) == ("false", "false")


def test_a_signed_call_confirms(sns, topic, receiver):
    arn = subscribe(sns, topic, receiver)
    answer = sns.confirm_subscription(TopicArn=topic, Token=receiver.next().document["Token"])
    assert answer["SubscriptionArn"] == arn
    assert shown(sns, arn)["ConfirmationWasAuthenticated"] == "true"


def test_who_has_not_confirmed_gets_nothing(sns, topic, receiver, cloud):
    subscribe(sns, topic, receiver)
    receiver.next()
    sns.publish(TopicArn=topic, Message="m")
    cloud.settle()
    assert receiver.count() == 0


def test_who_has_confirmed_gets_notifications(sns, topic, receiver):
    arn = subscribed(sns, receiver, topic)
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    message_id = sns.publish(TopicArn=topic, Message="hello", Subject="s", MessageAttributes=attributes)["MessageId"]
    got = receiver.next()
    assert got.headers["x-amz-sns-message-type"] == "Notification"
    assert got.headers["x-amz-sns-message-id"] == got.document["MessageId"] == message_id
    assert got.headers["x-amz-sns-subscription-arn"] == arn
    assert "x-amz-sns-rawdelivery" not in got.headers
    assert (got.document["Message"], got.document["Subject"]) == ("hello", "s")
    assert got.document["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}


def test_raw_delivery_has_no_envelope(sns, topic, receiver):
    subscribed(sns, receiver, topic, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="just this")
    got = receiver.next()
    assert got.body == "just this"
    assert got.headers["x-amz-sns-rawdelivery"] == "true"


def test_the_content_type_is_the_subscribers_choice(sns, topic, receiver):
    policy = json.dumps({"requestPolicy": {"headerContentType": "application/json"}})
    subscribed(sns, receiver, topic, DeliveryPolicy=policy)
    sns.publish(TopicArn=topic, Message="{}")
    assert receiver.next().headers["content-type"] == "application/json"


def test_subscribing_again_asks_again(sns, topic, receiver):
    first = subscribe(sns, topic, receiver)
    tokens = [receiver.next().document["Token"]]
    second = subscribe(sns, topic, receiver)
    tokens += [receiver.next().document["Token"]]
    assert first == second
    assert tokens[0] != tokens[1]
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token=tokens[0])[1] == "Invalid parameter: Token"
    assert sns.confirm_subscription(TopicArn=topic, Token=tokens[1])["SubscriptionArn"] == first


# What happens next


def test_the_end_of_a_subscription_is_told_and_can_be_undone(sns, topic, receiver):
    arn = subscribed(sns, receiver, topic)
    sns.unsubscribe(SubscriptionArn=arn)
    told = receiver.next()
    assert told.headers["x-amz-sns-message-type"] == told.document["Type"] == "UnsubscribeConfirmation"
    assert told.headers["x-amz-sns-subscription-arn"] == arn
    assert sns.list_subscriptions()["Subscriptions"] == []
    visit(told.document["SubscribeURL"])
    assert shown(sns, arn)["PendingConfirmation"] == "false"
    sns.publish(TopicArn=topic, Message="again")
    assert receiver.next().document["Message"] == "again"


def test_after_three_days_the_end_is_the_end(sns, topic, receiver, cloud):
    sns.unsubscribe(SubscriptionArn=subscribed(sns, receiver, topic))
    token = receiver.next().document["Token"]
    cloud.clock.advance(3 * DAY_S + 1)
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token=token)[1] == "Invalid parameter: Token"


def test_a_failed_delivery_is_tried_again(sns, topic, receiver, cloud):
    subscribed(sns, receiver, topic)
    receiver.answers = [500, 503, 429]
    sns.publish(TopicArn=topic, Message="m")
    first = receiver.next()
    for _ in range(3):
        cloud.clock.advance(21)  # an answer may be noted a moment after it came
    again = [receiver.next() for _ in range(3)]
    assert {delivery.body for delivery in again} == {first.body}
    cloud.clock.advance(MINUTE_S)
    assert receiver.count() == 0


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        ({}, [20, 20, 20]),
        ({"numNoDelayRetries": 2, "numRetries": 2}, [0, 0]),
        ({"minDelayTarget": 5, "numMinDelayRetries": 2, "numRetries": 2}, [5, 5]),
        (
            {
                "minDelayTarget": 10, "maxDelayTarget": 40, "numRetries": 8, "numNoDelayRetries": 1,
                "numMinDelayRetries": 2, "numMaxDelayRetries": 2, "backoffFunction": "linear",
            },
            [0, 10, 10, 20, 30, 40, 40, 40],
        ),
        ({"minDelayTarget": 1, "maxDelayTarget": 8, "numRetries": 3, "backoffFunction": "geometric"}, [2, 4, 8]),
    ],
)  # fmt: skip
def test_retries_follow_the_phases_of_the_delivery_policy(sns, topic, receiver, grave, aws, cloud, policy, delays):
    cloud.clock.freeze()
    subscribed(sns, receiver, topic, DeliveryPolicy=retries(**policy), RedrivePolicy=redrive())
    receiver.answer = 500
    message_id = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    cloud.settle()
    attempts = 1 + delays.count(0)
    assert receiver.count() == attempts
    for delay in [delay for delay in delays if delay]:
        cloud.clock.advance(delay - 1)
        assert receiver.count() == 0
        cloud.clock.advance(1)
        assert receiver.count() == 1
    (body,) = bodies(aws("sqs"), grave)
    assert json.loads(body)["MessageId"] == message_id
    cloud.clock.advance(DAY_S)
    assert receiver.count() == 0


def test_the_policy_of_the_topic_holds_for_its_subscribers(sns, topic, receiver, cloud):
    cloud.clock.freeze()
    policy = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 1}}}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(policy))
    subscribed(sns, receiver, topic)
    receiver.answer = 500
    sns.publish(TopicArn=topic, Message="m")
    cloud.settle()
    assert receiver.count() == 2
    cloud.clock.advance(DAY_S)
    assert receiver.count() == 0


def test_an_endpoint_that_is_down_gets_its_message_when_it_is_back(sns, topic, cloud):
    cloud.clock.freeze()
    receiver = Receiver()
    subscribed(sns, receiver, topic)
    receiver.stop()
    sns.publish(TopicArn=topic, Message="meanwhile")
    cloud.clock.advance(20)
    port = int(receiver.url.split(":")[2].split("/")[0])
    back = Receiver(port=port)
    cloud.clock.advance(20)
    assert back.next().document["Message"] == "meanwhile"
    back.stop()


def test_an_answer_that_blames_the_sender_is_final(sns, topic, receiver, grave, aws, cloud):
    subscribed(sns, receiver, topic, RedrivePolicy=redrive(), RawMessageDelivery="true")
    receiver.answer = 404
    sns.publish(TopicArn=topic, Message="unwanted")
    receiver.next()
    cloud.clock.advance(DAY_S)
    assert receiver.count() == 0
    assert bodies(aws("sqs"), grave) == ["unwanted"]


def test_what_is_on_its_way_is_forgotten_with_its_subscription(sns, topic, receiver, cloud):
    arn = subscribed(sns, receiver, topic)
    receiver.answers = [500]
    sns.publish(TopicArn=topic, Message="m")
    receiver.next()
    sns.delete_topic(TopicArn=topic)
    cloud.clock.advance(DAY_S)
    assert receiver.count() == 0
    assert refusal(sns.get_subscription_attributes, SubscriptionArn=arn)[0] == "NotFound"


def test_an_endpoint_gets_no_more_in_a_second_than_it_takes(sns, topic, receiver, cloud):
    cloud.clock.freeze()
    subscribed(sns, receiver, topic, DeliveryPolicy=json.dumps({"throttlePolicy": {"maxReceivesPerSecond": 2}}))
    for number in range(6):
        sns.publish(TopicArn=topic, Message=str(number))
    cloud.settle()
    counts = [receiver.count()]
    for _ in range(6):
        cloud.clock.advance(0.5)
        counts.append(receiver.count())
    assert counts == [1, 1, 1, 1, 1, 1, 0]


def test_a_password_in_the_url_is_used_when_asked_for(sns, topic):
    receiver = Receiver(challenge=True)
    subscribe_url = receiver.url.replace("http://", "http://me:secret@")
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscribe_url)
    got = receiver.next()
    assert got.headers["authorization"] == "Basic bWU6c2VjcmV0"
    receiver.stop()


@pytest.mark.parametrize("trusted", [True, False])
def test_an_https_endpoint_must_be_trusted(sns, topic, cloud, tmp_path, trusted):
    receiver = Receiver(tls=tls(cloud, tmp_path, trusted))
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=receiver.url)
    if trusted:
        assert receiver.next().document["Type"] == "SubscriptionConfirmation"
    else:
        cloud.clock.advance(MINUTE_S)
        assert receiver.count() == 0
    receiver.stop()


def tls(cloud, directory, trusted):
    """A server's certificate for localhost: of the cloud's own authority, or of nobody's."""
    key = ec.generate_private_key(ec.SECP256R1())
    if trusted:
        pem = cloud.run(lambda: cloud.cloud.authority().issue(["localhost"], key.public_key()))
    else:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
        pem = builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    path = directory / "server.pem"
    path.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_port_that_nobody_listens_on_is_no_reason_to_fail(sns, topic):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    assert sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)["SubscriptionArn"] == "pending confirmation"
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


def test_deliveries_over_http_are_told_to_the_logs(sns, topic, receiver, aws, cloud):
    role = "arn:aws:iam::000000000000:role/logs"
    for name in ("HTTPSuccessFeedbackRoleArn", "HTTPFailureFeedbackRoleArn"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=role)
    subscribed(sns, receiver, topic)
    receiver.answers = [500, 200, 410]
    sns.publish(TopicArn=topic, Message="m")
    receiver.next()
    cloud.clock.advance(21)  # the first answer may be noted a moment after it came
    sns.publish(TopicArn=topic, Message="n")
    cloud.settle()
    logs, group = aws("logs"), "sns/eu-west-1/000000000000/news"
    (good,) = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]
    (bad,) = [json.loads(one["message"]) for one in logs.filter_log_events(logGroupName=group + "/Failure")["events"]]
    assert (good["status"], good["delivery"]["statusCode"], good["delivery"]["attempts"]) == ("SUCCESS", 200, 2)
    assert (bad["status"], bad["delivery"]["statusCode"], bad["delivery"]["attempts"]) == ("FAILURE", 410, 1)
