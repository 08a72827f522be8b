"""SNS, policies and accounts: what is refused, what is done, what happens next."""

import json

import pytest

from glasshouse.core.access import Credential, root
from tests.contract.open_policies import queue_policy
from tests.contract.sns_receiver import refusal, texts, visit

OTHER = "111122223333"
DENIED = "AuthorizationError"


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def other(aws, cloud):
    """A client of a service in the name of another account."""
    credential = Credential("AKIAOTHER", "secret", root(OTHER))
    cloud.run(lambda: put(cloud.cloud, credential))
    keys = {"aws_access_key_id": "AKIAOTHER", "aws_secret_access_key": "secret"}
    return lambda service: aws(service, **keys)


@pytest.fixture
def user(aws):
    """A client in the name of a user to whom a policy gives some actions on some resource."""
    iam = aws("iam", region="us-east-1")

    def user(actions, resource):
        iam.create_user(UserName="ann")
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return aws("sns", **keys)

    return user


def put(cloud, credential):
    with cloud.store.transaction():
        cloud.credentials.put(credential)


def statements(sns, topic):
    return json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]


def allow(sns, topic, label="one", accounts=(OTHER,), actions=("Publish",)):
    sns.add_permission(TopicArn=topic, Label=label, AWSAccountId=list(accounts), ActionName=list(actions))


# What is refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"actions": ["CreateTopic"]}, "Policy statement action out of service scope!"),
        ({"accounts": ["123"]}, "Policy Error: PrincipalNotFound"),
    ],
)
def test_a_permission_must_make_sense(sns, topic, change, reason):
    found = refusal(allow, sns=sns, topic=topic, **change)
    assert found == ("InvalidParameter", f"Invalid parameter: {reason}")


def test_labels_are_unique(sns, topic):
    allow(sns, topic)
    assert refusal(allow, sns=sns, topic=topic)[1] == "Invalid parameter: Statement already exists"


def test_another_account_may_nothing(sns, topic, other):
    stranger = other("sns")
    assert refusal(stranger.publish, TopicArn=topic, Message="m")[0] == DENIED
    assert refusal(stranger.get_topic_attributes, TopicArn=topic)[0] == DENIED
    assert refusal(stranger.delete_topic, TopicArn=topic)[0] == DENIED
    found = refusal(stranger.subscribe, TopicArn=topic, Protocol="sms", Endpoint="+491701234567")
    assert found[0] == DENIED


def test_another_account_does_not_end_a_subscription(sns, topic, other):
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+491701234567")["SubscriptionArn"]
    assert refusal(other("sns").unsubscribe, SubscriptionArn=arn)[0] == DENIED
    assert refusal(other("sns").get_subscription_attributes, SubscriptionArn=arn)[0] == DENIED
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


def test_nobody_in_particular_may_nothing_else(sns, topic, endpoint):
    with pytest.raises(OSError, match="403"):
        visit(f"{endpoint}/?Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=m")


def test_a_user_may_what_the_policy_says(topic, user):
    ann = user("sns:Publish", topic)
    assert ann.publish(TopicArn=topic, Message="m")["MessageId"]
    code, message = refusal(ann.delete_topic, TopicArn=topic)
    assert code == DENIED
    assert "is not authorized to perform: SNS:DeleteTopic on resource" in message or "sns:DeleteTopic" in message


# What is done


def test_permissions_become_statements_of_the_policy(sns, topic):
    allow(sns, topic, accounts=(OTHER, "444455556666"), actions=("Publish", "Subscribe"))
    allow(sns, topic, label="two")
    assert statements(sns, topic)[1:] == [
        {
            "Sid": "one",
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{OTHER}:root", "arn:aws:iam::444455556666:root"]},
            "Action": ["SNS:Publish", "SNS:Subscribe"],
            "Resource": topic,
        },
        {
            "Sid": "two",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
            "Action": "SNS:Publish",
            "Resource": topic,
        },
    ]
    sns.remove_permission(TopicArn=topic, Label="one")
    sns.remove_permission(TopicArn=topic, Label="unknown")
    assert [statement["Sid"] for statement in statements(sns, topic)] == ["__default_statement_ID", "two"]


def test_a_permission_lets_another_account_publish(sns, topic, other, aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:000000000000:inbox")
    allow(sns, topic)
    other("sns").publish(TopicArn=topic, Message="from afar")
    assert texts(sqs, url) == ["from afar"]
    sns.remove_permission(TopicArn=topic, Label="one")
    assert refusal(other("sns").publish, TopicArn=topic, Message="m")[0] == DENIED


def test_a_policy_can_deny_the_owner(sns, topic):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "SNS:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert refusal(sns.publish, TopicArn=topic, Message="m")[0] == DENIED
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]


def test_a_policy_can_let_everybody_publish(sns, topic, endpoint, aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="inbox", Attributes={"Policy": queue_policy()})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:000000000000:inbox")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "SNS:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    visit(f"{endpoint}/?Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=open")
    assert texts(sqs, url) == ["open"]


# What happens next


def test_a_subscription_belongs_to_who_made_it(sns, topic, other):
    allow(sns, topic, actions=("Subscribe",))
    theirs = other("sqs")
    url = theirs.create_queue(QueueName="theirs", Attributes={"Policy": queue_policy()})["QueueUrl"]
    arn = other("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{OTHER}:theirs"
    )["SubscriptionArn"]  # fmt: skip
    assert [one["Owner"] for one in other("sns").list_subscriptions()["Subscriptions"]] == [OTHER]
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert [one["Owner"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]] == [OTHER]
    sns.publish(TopicArn=topic, Message="m")
    assert texts(theirs, url) == ["m"]
    sns.unsubscribe(SubscriptionArn=arn)
    assert other("sns").list_subscriptions()["Subscriptions"] == []


def test_a_queue_of_somebody_else_is_asked(sns, topic, other):
    theirs = other("sqs")
    url = theirs.create_queue(QueueName="theirs", Attributes={"Policy": queue_policy()})["QueueUrl"]
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{OTHER}:theirs")
    assert answer["SubscriptionArn"] == "pending confirmation"
    sns.publish(TopicArn=topic, Message="too early")
    (asked,) = theirs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    document = json.loads(asked["Body"])
    assert document["Type"] == "SubscriptionConfirmation"
    theirs.delete_message(QueueUrl=url, ReceiptHandle=asked["ReceiptHandle"])
    visit(document["SubscribeURL"])
    sns.publish(TopicArn=topic, Message="now")
    assert texts(theirs, url) == ["now"]
