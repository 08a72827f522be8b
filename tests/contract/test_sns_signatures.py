"""SNS, signatures: every kind of message verifies as AWS's guide says, by somebody who knows the cloud's CA alone."""

import json
from functools import partial
from hashlib import md5

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from glasshouse.core.call import Call
from glasshouse.services.sns import signing
from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, Receiver, bodies, refusal, subscribed, visit
from tests.contract.sns_signatures import SIGNED, certificate
from tests.contract.sns_signatures import verify as verified

SERVICE = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:*", "Resource": "*"}
OWNER = SERVICE | {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
KEY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [SERVICE, OWNER]})


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def inbox(sns, sqs, topic):
    return inbox_of(sns, sqs, topic, "inbox")


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def verify(endpoint):
    return partial(verified, endpoint)


def inbox_of(sns, sqs, topic, name, **attributes) -> str:
    """A queue that is subscribed to a topic."""
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": queue_policy(), **attributes})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + name)
    return url


def documents(sqs, url) -> list[dict]:
    return [json.loads(body) for body in bodies(sqs, url)]


def set_version(sns, topic, version):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)


# What is refused


def test_there_is_no_third_version(sns, topic):
    found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="3")
    assert found[0] == "InvalidParameter"


def test_a_certificate_that_was_never_issued_is_not_found(endpoint):
    with pytest.raises(OSError, match="404"):
        visit(f"{endpoint}/SimpleNotificationService-{'0' * 32}.pem")


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_changed_message_does_not_verify(sns, topic, receiver, verify, version, name):
    set_version(sns, topic, version)
    subscribed(sns, receiver, topic)
    sns.publish(TopicArn=topic, Message="m", Subject="s")
    document = receiver.next().document
    verify(document)
    with pytest.raises(InvalidSignature):
        verify(document | {name: document[name] + "x"})


# What is done


@pytest.mark.parametrize("version", ["1", "2"])
def test_every_kind_of_message_verifies(sns, topic, receiver, verify, version):
    set_version(sns, topic, version)
    arn = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url, ReturnSubscriptionArn=True)
    asked = receiver.next().document
    sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])
    sns.publish(TopicArn=topic, Message="öhne\nBetreff")
    sns.publish(TopicArn=topic, Message="m", Subject="with a subject")
    sns.unsubscribe(SubscriptionArn=arn["SubscriptionArn"])
    documents = [asked] + [receiver.next().document for _ in range(3)]
    assert {document["Type"] for document in documents} == SIGNED.keys()
    for document in documents:
        assert document["SignatureVersion"] == version
        verify(document)
        with pytest.raises(InvalidSignature):
            verify(document, version="2" if version == "1" else "1")


def test_the_certificate_comes_from_the_authority_of_the_cloud(sns, topic, receiver, endpoint, cloud):
    subscribed(sns, receiver, topic)
    sns.publish(TopicArn=topic, Message="m")
    leaf = certificate(endpoint, receiver.next().document)
    authority = x509.load_pem_x509_certificate(cloud.run(lambda: cloud.cloud.authority().pem))
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "sns.amazonaws.com" in names.get_values_for_type(x509.DNSName)
    key = leaf.public_key()
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("text", ["m", "öhne\nBetreff", '{\n  "Signature" : "' + " " * 344 + '"\n}'])
def test_what_queues_get_verifies_too(sns, sqs, topic, inbox, verify, version, text):
    set_version(sns, topic, version)
    sns.publish(TopicArn=topic, Message=text)
    (document,) = documents(sqs, inbox)
    assert document["Message"] == text
    verify(document, version)


def test_all_queues_get_the_same_signature(sns, sqs, topic, verify):
    urls = [inbox_of(sns, sqs, topic, name) for name in ("a", "b")]
    sns.publish(TopicArn=topic, Message="m", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
    one, other = (documents(sqs, url)[0] for url in urls)
    assert one.pop("UnsubscribeURL") != other.pop("UnsubscribeURL")
    assert one == other
    verify(one)


def test_queues_and_endpoints_on_the_web_get_the_same_signature(sns, sqs, topic, inbox, receiver):
    subscribed(sns, receiver, topic)
    sns.publish(TopicArn=topic, Message="m")
    assert receiver.next().document["Signature"] == documents(sqs, inbox)[0]["Signature"]


def test_a_notification_counts_as_long_as_it_is_received(sns, sqs, topic, inbox):
    text = 'a "text" of some length\n' * 20
    sns.publish(TopicArn=topic, Message=text)
    (received,) = bodies(sqs, inbox)
    for limit, expected in ((len(received) - 1, []), (len(received), [text])):
        sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"MaximumMessageSize": str(limit)})
        sns.publish(TopicArn=topic, Message=text)
        assert [document["Message"] for document in documents(sqs, inbox)] == expected


# What happens next


def test_a_notification_is_the_same_each_time_it_is_received(sns, sqs, topic, inbox, verify):
    sns.publish(TopicArn=topic, Message="m")
    first, second = (sqs.receive_message(QueueUrl=inbox, VisibilityTimeout=0)["Messages"][0] for _ in range(2))
    assert first["Body"] == second["Body"]
    assert first["MD5OfBody"] == second["MD5OfBody"] == md5(first["Body"].encode()).hexdigest()
    verify(json.loads(first["Body"]))


def test_a_notification_in_an_encrypted_queue_verifies(sns, sqs, aws, topic, verify):
    key = aws("kms").create_key(Policy=KEY_POLICY)["KeyMetadata"]["Arn"]
    url = inbox_of(sns, sqs, topic, "sealed", KmsMasterKeyId=key)
    sns.publish(TopicArn=topic, Message="m")
    (document,) = documents(sqs, url)
    verify(document)


def test_a_notification_that_became_a_dead_letter_and_was_moved_back_verifies(sns, sqs, topic, verify, cloud):
    sqs.create_queue(QueueName="grave")
    redrive = json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave", "maxReceiveCount": 1})
    url = inbox_of(sns, sqs, topic, "inbox", RedrivePolicy=redrive, VisibilityTimeout="0")
    sns.publish(TopicArn=topic, Message="m")
    grave = sqs.get_queue_url(QueueName="grave")["QueueUrl"]
    (alive,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (buried,) = sqs.receive_message(QueueUrl=grave, VisibilityTimeout=0)["Messages"]
    sqs.start_message_move_task(SourceArn=QUEUE_ARN + "grave")
    cloud.settle()
    (risen,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert alive["Body"] == buried["Body"] == risen["Body"]
    verify(json.loads(risen["Body"]))


def test_what_no_queue_would_take_verifies_in_the_dead_letter_queue_of_its_subscription(sns, sqs, topic, verify):
    url = inbox_of(sns, sqs, topic, "inbox")
    arn = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    grave = sqs.create_queue(QueueName="grave", Attributes={"Policy": queue_policy()})["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": QUEUE_ARN + "grave"})
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RedrivePolicy", AttributeValue=redrive)
    sqs.delete_queue(QueueUrl=url)
    sns.publish(TopicArn=topic, Message="m")
    (document,) = documents(sqs, grave)
    verify(document)


def test_a_notification_verifies_by_the_version_and_the_key_it_was_published_with(
    sns, sqs, topic, inbox, verify, cloud
):
    sns.publish(TopicArn=topic, Message="old")
    signing._new_key.cache_clear()
    cloud.run(lambda: let_the_key_end(cloud.cloud))
    set_version(sns, topic, "2")
    sns.publish(TopicArn=topic, Message="new")
    sns.delete_topic(TopicArn=topic)
    old, new = documents(sqs, inbox)
    assert (old["Message"], new["Message"]) == ("old", "new")
    assert old["SigningCertURL"] != new["SigningCertURL"]
    verify(old, "1")
    verify(new, "2")


def test_a_topic_can_change_its_version(sns, topic, receiver, verify):
    subscribed(sns, receiver, topic)
    versions = []
    for version in ("2", "1"):
        set_version(sns, topic, version)
        sns.publish(TopicArn=topic, Message="m")
        document = receiver.next().document
        verify(document)
        versions.append(document["SignatureVersion"])
    assert versions == ["2", "1"]


def test_one_key_signs_for_all_topics(sns, topic, receiver):
    other = sns.create_topic(Name="other")["TopicArn"]
    urls = set()
    for one in (topic, other):
        subscribed(sns, receiver, one)
        sns.publish(TopicArn=one, Message="m")
        urls.add(receiver.next().document["SigningCertURL"])
    assert len(urls) == 1


def test_a_new_certificate_comes_before_the_old_one_ends_and_the_old_one_stays(sns, topic, receiver, verify, cloud):
    subscribed(sns, receiver, topic)
    sns.publish(TopicArn=topic, Message="old")
    old = receiver.next().document
    cloud.run(lambda: let_the_key_end(cloud.cloud))
    sns.publish(TopicArn=topic, Message="new")
    new = receiver.next().document
    assert new["SigningCertURL"] != old["SigningCertURL"]
    verify(old)
    verify(new)


def test_what_an_earlier_build_left_in_a_queue_is_signed_too(sns, sqs, topic, inbox, verify, cloud):
    """It left whole documents, with blanks for the signature."""
    sns.publish(TopicArn=topic, Message=" " * 344)
    (whole,) = bodies(sqs, inbox)
    sns.publish(TopicArn=topic, Message=" " * 344)
    unsigned = whole.replace(json.loads(whole)["Signature"], " " * 344)
    cloud.run(lambda: left(cloud.cloud.store, unsigned))
    assert bodies(sqs, inbox) == [whole]
    verify(json.loads(whole))


def left(store, body):
    with store.transaction():
        store.write("UPDATE sqs_message SET body = ?, completion = 'sns._signed'", (body,))


def let_the_key_end(cloud):
    """Within a week."""
    call = Call("sns", "", {}, cloud.account, "eu-west-1", cloud.root())
    keys = cloud.service_class("sns")(cloud, call).current_keys
    key = keys.get("current")
    key.expires = cloud.clock.real() + 7 * 24 * 3600
    with cloud.store.transaction():
        keys.put(key)
