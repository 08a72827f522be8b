"""SNS, signatures: every kind of message verifies as AWS's guide says, by somebody who knows the cloud's CA alone."""

import json
import re
from base64 import b64decode

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import QUEUE_ARN, Receiver, bodies, refusal, subscribed, visit

CERTIFICATE_URL = re.compile(
    r"https://sns\.eu-west-1\.amazonaws\.com(/SimpleNotificationService-[0-9a-f]{32}\.pem)", re.ASCII
)
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
ALGORITHMS = {"1": hashes.SHA1, "2": hashes.SHA256}


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
def verify(endpoint):
    def verify(document: dict, version: str | None = None):
        """Raises InvalidSignature."""
        names = [name for name in SIGNED[document["Type"]] if name in document]
        text = "".join(f"{name}\n{document[name]}\n" for name in names)
        key = certificate(endpoint, document).public_key()
        assert isinstance(key, RSAPublicKey)
        algorithm = ALGORITHMS[version or document["SignatureVersion"]]()
        key.verify(b64decode(document["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)

    return verify


def certificate(endpoint, document) -> x509.Certificate:
    found = CERTIFICATE_URL.fullmatch(document["SigningCertURL"])
    assert found
    return x509.load_pem_x509_certificate(visit(endpoint + found[1]).encode())


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


def test_what_queues_get_verifies_too(sns, aws, topic, verify):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN + "inbox")
    set_version(sns, topic, "2")
    sns.publish(TopicArn=topic, Message="m")
    (body,) = bodies(sqs, url)
    verify(json.loads(body))


# What happens next


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
    in_a_week = cloud.cloud.clock.real() + 7 * 24 * 3600
    cloud.run(lambda: let_the_key_end(cloud.cloud.store, in_a_week))
    sns.publish(TopicArn=topic, Message="new")
    new = receiver.next().document
    assert new["SigningCertURL"] != old["SigningCertURL"]
    verify(old)
    verify(new)


def let_the_key_end(store, moment):
    with store.transaction():
        store.write(
            "UPDATE record SET body = json_set(body, '$.expires', ?) WHERE kind = 'sns.signing_keys'", (moment,)
        )
