"""SNS, topics: what is refused, what is done, what happens next."""

import json

import pytest

from tests.contract.sns_receiver import ARN, refusal

UNKNOWN = ARN + "unknown"


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


def attributes(sns, topic):
    return sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def set_attribute(sns, topic, name, value):
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)


# What is refused


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 257, "a.fifo", "ä"])
def test_a_topic_needs_a_proper_name(sns, name):
    assert refusal(sns.create_topic, Name=name) == ("InvalidParameter", "Invalid parameter: Topic Name")


def test_a_fifo_topic_needs_the_suffix(sns):
    found = refusal(sns.create_topic, Name="a", Attributes={"FifoTopic": "true"})
    assert found == ("InvalidParameter", "Invalid parameter: Topic Name")


def test_a_topic_exists_once_with_one_set_of_attributes(sns):
    sns.create_topic(Name="news", Attributes={"DisplayName": "News"})
    found = refusal(sns.create_topic, Name="news", Attributes={"DisplayName": "Other"})
    text = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    assert found == ("InvalidParameter", text)


def test_a_topic_exists_once_with_one_set_of_tags(sns):
    sns.create_topic(Name="news", Tags=[{"Key": "a", "Value": "1"}])
    found = refusal(sns.create_topic, Name="news", Tags=[{"Key": "a", "Value": "2"}])
    assert found == ("InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")


def test_a_tag_key_is_given_once(sns):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    found = refusal(sns.create_topic, Name="news", Tags=tags)
    assert found == ("InvalidParameter", "Invalid parameter: Duplicated keys are not allowed.")


def test_an_unknown_topic_is_not_found(sns):
    missing = ("NotFound", "Topic does not exist")
    assert refusal(sns.get_topic_attributes, TopicArn=UNKNOWN) == missing
    assert refusal(sns.publish, TopicArn=UNKNOWN, Message="m") == missing
    assert refusal(sns.list_subscriptions_by_topic, TopicArn=UNKNOWN) == missing
    found = refusal(sns.set_topic_attributes, TopicArn=UNKNOWN, AttributeName="DisplayName", AttributeValue="x")
    assert found == missing


def test_an_arn_is_judged_by_its_form(sns):
    text = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"
    assert refusal(sns.get_topic_attributes, TopicArn="news") == ("InvalidParameter", text)
    foreign = "arn:aws:sns:us-west-2:000000000000:news"
    assert refusal(sns.get_topic_attributes, TopicArn=foreign) == ("InvalidParameter", "Invalid parameter: TopicArn")


@pytest.mark.parametrize("name", ["Nonsense", "FifoTopic", "TopicArn", "Owner", "SubscriptionsPending"])
def test_only_known_attributes_can_be_set(sns, topic, name):
    found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue="1")
    assert found == ("InvalidParameter", "Invalid parameter: AttributeName")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SignatureVersion", "3"),
        ("SignatureVersion", ""),
        ("ContentBasedDeduplication", "true"),
        ("ArchivePolicy", '{"MessageRetentionPeriod":"1"}'),
        ("DisplayName", "x" * 101),
        ("DisplayName", "a\nb"),
        ("TracingConfig", "On"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("HTTPSuccessFeedbackSampleRate", "101"),
        ("Policy", "{"),
        ("Policy", '{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"SNS:Publish"}]}'),
        ("DeliveryPolicy", '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}'),
        ("DeliveryPolicy", '{"http":{"defaultHealthyRetryPolicy":{"backoffFunction":"wild"}}}'),
        ("DeliveryPolicy", '{"smtp":{}}'),
        ("DeliveryPolicy", "[]"),
    ],
)
def test_attributes_must_have_proper_values(sns, topic, name, value):
    found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert found[0] == "InvalidParameter"
    assert found[1].startswith("Invalid parameter: ")


def test_a_policy_speaks_of_sns_alone(sns, topic):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert found == ("InvalidParameter", "Invalid parameter: Policy statement action out of service scope!")


def test_tags_are_for_topics_that_exist(sns):
    missing = ("ResourceNotFound", "Resource does not exist")
    assert refusal(sns.list_tags_for_resource, ResourceArn=UNKNOWN) == missing
    assert refusal(sns.tag_resource, ResourceArn=UNKNOWN, Tags=[{"Key": "a", "Value": "1"}]) == missing
    assert refusal(sns.untag_resource, ResourceArn=UNKNOWN, TagKeys=["a"]) == missing


def test_a_topic_has_at_most_fifty_tags(sns, topic):
    tags = [{"Key": str(number), "Value": "v"} for number in range(51)]
    assert refusal(sns.tag_resource, ResourceArn=topic, Tags=tags)[0] == "TagLimitExceeded"
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == []


def test_data_protection_and_tracing_are_refused_in_words(sns, topic):
    assert "not supported" in refusal(sns.put_data_protection_policy, ResourceArn=topic, DataProtectionPolicy="{}")[1]
    assert "not supported" in refusal(sns.create_topic, Name="b", DataProtectionPolicy="{}")[1]
    found = refusal(sns.set_topic_attributes, TopicArn=topic, AttributeName="TracingConfig", AttributeValue="Active")
    assert "X-Ray" in found[1]


# What is done


def test_a_topic_is_made_once(sns, topic):
    assert topic == ARN + "news"
    assert sns.create_topic(Name="news")["TopicArn"] == topic
    assert [found["TopicArn"] for found in sns.list_topics()["Topics"]] == [topic]


def test_a_new_topic_shows_its_attributes(sns, topic):
    shown = attributes(sns, topic)
    assert shown["Owner"] == "000000000000"
    assert shown["DisplayName"] == ""
    assert shown["SubscriptionsConfirmed"] == shown["SubscriptionsPending"] == shown["SubscriptionsDeleted"] == "0"
    assert json.loads(shown["Policy"])["Statement"][0]["Sid"] == "__default_statement_ID"
    assert json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    assert not {"SignatureVersion", "DeliveryPolicy", "KmsMasterKeyId", "FifoTopic"} & shown.keys()


def test_a_fifo_topic_shows_that_it_is_one(sns):
    given = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    shown = attributes(sns, sns.create_topic(Name="a.fifo", Attributes=given)["TopicArn"])
    assert shown.items() >= given.items()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DisplayName", "The news"),
        ("SignatureVersion", "2"),
        ("TracingConfig", "PassThrough"),
        ("MaximumMessageSize", "1048576"),
        ("SQSSuccessFeedbackRoleArn", "arn:aws:iam::000000000000:role/logs"),
        ("HTTPSuccessFeedbackSampleRate", "50"),
    ],
)
def test_an_attribute_that_was_set_is_shown(sns, topic, name, value):
    set_attribute(sns, topic, name, value)
    assert attributes(sns, topic)[name] == value


def test_a_delivery_policy_is_in_effect(sns, topic):
    retries = {"minDelayTarget": 1, "maxDelayTarget": 5, "numRetries": 4, "backoffFunction": "geometric"}
    set_attribute(sns, topic, "DeliveryPolicy", json.dumps({"http": {"defaultHealthyRetryPolicy": retries}}))
    effective = json.loads(attributes(sns, topic)["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert effective.items() >= retries.items()
    set_attribute(sns, topic, "DeliveryPolicy", "")
    assert "DeliveryPolicy" not in attributes(sns, topic)


def test_tags_come_and_go(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "3"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["b"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_a_topic_may_be_made_again_with_fewer_words(sns):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    topic = sns.create_topic(Name="news", Attributes={"DisplayName": "News"}, Tags=tags)["TopicArn"]
    assert sns.create_topic(Name="news", Attributes={"DisplayName": "News"}, Tags=tags[:1])["TopicArn"] == topic


# What happens next


def test_topics_are_listed_in_pages_of_a_hundred(sns):
    names = {sns.create_topic(Name=f"topic-{number}")["TopicArn"] for number in range(101)}
    first = sns.list_topics()
    second = sns.list_topics(NextToken=first["NextToken"])
    assert (len(first["Topics"]), len(second["Topics"])) == (100, 1)
    assert {topic["TopicArn"] for topic in first["Topics"] + second["Topics"]} == names
    assert refusal(sns.list_topics, NextToken="?")[0] == "InvalidParameter"


def test_a_deleted_topic_is_gone_and_may_be_deleted_again(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}])
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+491701234567")
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert refusal(sns.get_topic_attributes, TopicArn=topic)[0] == "NotFound"
    sns.create_topic(Name="news")
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == []
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_regions_are_apart(sns, topic, aws):
    elsewhere = aws("sns", region="us-west-2")
    assert elsewhere.list_topics()["Topics"] == []
    assert elsewhere.create_topic(Name="news")["TopicArn"] == "arn:aws:sns:us-west-2:000000000000:news"


def test_attributes_given_at_creation_are_judged_alike(sns):
    found = refusal(sns.create_topic, Name="a", Attributes={"SignatureVersion": "3"})
    assert found[0] == "InvalidParameter"
    assert found[1].startswith("Invalid parameter: Attributes Reason: SignatureVersion")
    assert refusal(sns.create_topic, Name="a", Attributes={"Nonsense": "1"})[0] == "InvalidParameter"
    assert sns.list_topics()["Topics"] == []
