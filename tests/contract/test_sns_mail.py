"""SNS by mail: letters go into the cloud's mailbox. What is refused, what is done, what happens next."""

import json
import re
from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from tests.contract.sns_receiver import visit

DAY_S = 24 * 3600


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def mailbox(cloud):
    """The letters that somebody got, as a mail reader shows them."""

    def letters(recipient: str) -> list[EmailMessage]:
        kept = cloud.run(lambda: cloud.cloud.mail.letters(recipient))
        return [message_from_string(letter.content, EmailMessage, policy=policy.default) for letter in kept]

    return letters


def subscribe(sns, topic, protocol="email", address="ann@example.com"):
    return sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]


def text(letter: EmailMessage) -> str:
    return letter.get_content().replace("\r\n", "\n")


def link(letter: EmailMessage) -> str:
    found = re.search(r"http://\S+", text(letter))
    assert found
    return found[0]


def pending(sns, arn):
    return sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"]


# What is refused


def test_nobody_gets_letters_without_having_agreed(sns, topic, mailbox):
    subscribe(sns, topic)
    sns.publish(TopicArn=topic, Message="m")
    assert [letter["subject"] for letter in mailbox("ann@example.com")] == [
        "AWS Notification - Subscription Confirmation"
    ]


def test_a_link_that_was_used_is_used_up(sns, topic, mailbox):
    subscribe(sns, topic)
    (letter,) = mailbox("ann@example.com")
    visit(link(letter))
    with pytest.raises(OSError, match="400"):
        visit(link(letter))


# What is done


def test_somebody_is_asked_by_mail(sns, topic, mailbox):
    arn = subscribe(sns, topic)
    (letter,) = mailbox("ann@example.com")
    assert letter["from"] == "AWS Notifications <no-reply@sns.amazonaws.com>"
    assert topic in text(letter)
    assert pending(sns, arn) == "true"
    visit(link(letter))
    assert pending(sns, arn) == "false"


def test_a_message_is_a_letter(sns, topic, mailbox):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="The news")
    subscribe(sns, topic)
    visit(link(mailbox("ann@example.com")[0]))
    sns.publish(TopicArn=topic, Message="Schöne Grüße\nund mehr", Subject="Greetings")
    letter = mailbox("ann@example.com")[1]
    assert letter["subject"] == "Greetings"
    assert letter["from"] == "The news <no-reply@sns.amazonaws.com>"
    assert text(letter).startswith("Schöne Grüße\nund mehr\n")


def test_without_a_subject_there_is_the_usual_one(sns, topic, mailbox):
    subscribe(sns, topic)
    visit(link(mailbox("ann@example.com")[0]))
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "d", "email": "by mail"}), MessageStructure="json")
    letter = mailbox("ann@example.com")[1]
    assert letter["subject"] == "AWS Notification Message"
    assert text(letter).startswith("by mail\n")


def test_email_json_has_the_whole_document(sns, topic, mailbox):
    subscribe(sns, topic, "email-json")
    asked = json.loads(text(mailbox("ann@example.com")[0]))
    assert asked["Type"] == "SubscriptionConfirmation"
    visit(asked["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="m", Subject="s")
    document = json.loads(text(mailbox("ann@example.com")[1]))
    assert (document["Type"], document["Message"]) == ("Notification", "m")
    assert document["Signature"]


def test_letters_are_files_that_a_mail_reader_opens(sns, topic, cloud):
    subscribe(sns, topic)
    (path,) = cloud.cloud.mail.directory.glob("*.eml")
    letter = message_from_string(path.read_text(), EmailMessage, policy=policy.default)
    assert letter["to"] == "ann@example.com"


# What happens next


def test_a_letter_has_a_link_that_ends_it(sns, topic, mailbox):
    subscribe(sns, topic)
    visit(link(mailbox("ann@example.com")[0]))
    sns.publish(TopicArn=topic, Message="m")
    visit(link(mailbox("ann@example.com")[1]))
    assert sns.list_subscriptions()["Subscriptions"] == []
    farewell = mailbox("ann@example.com")[2]
    assert farewell["subject"] == "AWS Notification - Unsubscribe Confirmation"
    visit(link(farewell))
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


def test_an_owner_who_ends_it_is_not_told_by_mail(sns, topic, mailbox):
    arn = subscribe(sns, topic)
    visit(link(mailbox("ann@example.com")[0]))
    sns.unsubscribe(SubscriptionArn=arn)
    assert len(mailbox("ann@example.com")) == 1
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_an_old_link_confirms_nothing(sns, topic, mailbox, cloud):
    subscribe(sns, topic)
    cloud.clock.advance(4 * DAY_S)
    with pytest.raises(OSError, match="400"):
        visit(link(mailbox("ann@example.com")[0]))
