"""Services that act: by the policy of what they reach, by a role that trusts them, or in the name of their caller."""

import json

import pytest
from botocore.exceptions import ClientError

from glasshouse.core.call import Call
from glasshouse.core.errors import ServiceError
from glasshouse.testing import cloud as open_cloud
from tests.contract.open_policies import queue_policy

ACCOUNT, REGION = "000000000000", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def inbox(sqs):
    return sqs.create_queue(QueueName="inbox")["QueueUrl"]


@pytest.fixture
def topic(aws, inbox):
    """A topic with the queue as its subscriber, which has no policy yet."""
    sns = aws("sns")
    arn = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")
    return arn


def allow(sqs, inbox, **statement):
    complete = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", **statement}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [complete]})
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": policy})


def arrived(aws, sqs, inbox) -> bool:
    aws("sns").publish(TopicArn=TOPIC, Message="hello")
    return bool(sqs.receive_message(QueueUrl=inbox).get("Messages"))


def acting(cloud, service, action, region=REGION):
    """What `action(self.aws)` returns within a service, as a job of it would."""

    def run():
        principal = cloud.cloud.root()
        call = Call(service, "Job", {}, ACCOUNT, region, principal)
        return action(cloud.cloud.service_class(service)(cloud.cloud, call).aws)

    return cloud.run(run)


def role(aws, name, trusted, *grants):
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    if grants:
        document = {"Version": "2012-10-17", "Statement": list(grants)}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return made["Role"]["Arn"]


# What is refused


def test_a_topic_reaches_no_queue_that_does_not_let_it_in(aws, sqs, inbox, topic):
    assert not arrived(aws, sqs, inbox)


def test_a_queue_may_let_in_one_topic_only(aws, sqs, inbox, topic):
    other = {"ArnEquals": {"aws:SourceArn": f"{TOPIC}-of-yesterday"}}
    allow(sqs, inbox, Principal={"Service": "sns.amazonaws.com"}, Condition=other)
    assert not arrived(aws, sqs, inbox)


def test_a_bucket_does_not_announce_itself_where_it_may_not(aws, sqs, inbox):
    s3 = aws("s3")
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    target = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox", "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(
            Bucket="photos", NotificationConfiguration={"QueueConfigurations": [target]}
        )
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket="photos")


def test_a_role_that_trusts_another_service_is_not_assumed(aws, cloud):
    arn = role(aws, "r", "lambda.amazonaws.com")
    with pytest.raises(ServiceError, match="sts:AssumeRole"):
        acting(cloud, "logs", lambda services: services.as_role(arn))
    with pytest.raises(ServiceError, match="sts:AssumeRole"):
        acting(cloud, "logs", lambda services: services.as_role(f"arn:aws:iam::{ACCOUNT}:role/nobody"))


def test_a_role_does_what_it_may_and_nothing_else(aws, cloud, sqs, inbox):
    arn = role(aws, "r", "logs.amazonaws.com", {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
    sent = acting(cloud, "logs", lambda it: it.as_role(arn).sqs.send_message(QueueUrl=inbox, MessageBody="one"))
    assert sent["MessageId"]
    with pytest.raises(ServiceError, match=r"assumed-role/r/logs-session is not authorized to perform: sqs:"):
        acting(cloud, "logs", lambda it: it.as_role(arn).sqs.receive_message(QueueUrl=inbox))


# What is done


def test_a_queue_lets_in_the_service_for_a_source(aws, sqs, inbox, topic):
    condition = {"ArnEquals": {"aws:SourceArn": TOPIC}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    allow(sqs, inbox, Principal={"Service": "sns.amazonaws.com"}, Condition=condition)
    assert arrived(aws, sqs, inbox)


def test_everybody_includes_services(aws, sqs, inbox, topic):
    allow(sqs, inbox, Principal="*", Condition={"ArnEquals": {"aws:SourceArn": TOPIC}})
    assert arrived(aws, sqs, inbox)


def test_a_service_answers_to_its_name_in_the_region(aws, sqs, inbox, topic):
    allow(sqs, inbox, Principal={"Service": f"sns.{REGION}.amazonaws.com"})
    assert arrived(aws, sqs, inbox)


def test_a_deny_holds_for_services_too(aws, sqs, inbox, topic):
    document = json.loads(queue_policy())
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    condition = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    document["Statement"].append({**deny, "Condition": condition})
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": json.dumps(document)})
    assert not arrived(aws, sqs, inbox)


@pytest.mark.parametrize(("service", "may"), [("s3", True), ("sqs", False)])
def test_a_key_may_be_for_use_by_one_service(aws, service, may):
    iam, kms, s3 = aws("iam"), aws("kms"), aws("s3")
    s3.create_bucket(Bucket="sealed", CreateBucketConfiguration={"LocationConstraint": REGION})
    key = kms.create_key()["KeyMetadata"]["Arn"]
    iam.create_user(UserName="ann")
    condition = {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key, "Condition": condition},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    put = {"Bucket": "sealed", "Key": "k", "Body": b"x", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("kms", **keys).generate_data_key(KeyId=key, KeySpec="AES_256")  # not through any service
    if may:
        aws("s3", **keys).put_object(**put)
        assert aws("s3", **keys).get_object(Bucket="sealed", Key="k")["Body"].read() == b"x"
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            aws("s3", **keys).put_object(**put)


def test_in_an_open_cloud_nobody_needs_a_policy():
    with open_cloud(auth="open", region=REGION) as aws:
        sns, sqs = aws.client("sns"), aws.client("sqs")
        url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")
        sns.publish(TopicArn=topic, Message="hello")
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


# What happens next


def test_what_a_role_may_changes_at_once(aws, cloud, inbox):
    arn = role(aws, "r", "logs.amazonaws.com", {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
    send = lambda it: it.as_role(arn).sqs.send_message(QueueUrl=inbox, MessageBody="one")  # noqa: E731
    assert acting(cloud, "logs", send)["MessageId"]
    aws("iam").delete_role_policy(RoleName="r", PolicyName="p")
    with pytest.raises(ServiceError, match="not authorized"):
        acting(cloud, "logs", send)


def test_what_was_allowed_once_is_asked_anew_of_everybody_else(cloud, sqs, inbox):
    condition = {"StringEquals": {"aws:SourceArn": TOPIC}}
    allow(sqs, inbox, Principal={"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, Condition=condition)
    for _ in range(2):
        assert may_send(cloud, inbox, TOPIC)
        assert not may_send(cloud, inbox, f"{TOPIC}-of-yesterday")
        assert not may_send(cloud, inbox, TOPIC, "s3")
        assert may_send(cloud, inbox, TOPIC, "events")
        assert not may_send(cloud, inbox, TOPIC, region="us-east-1")
    allow(sqs, inbox, Principal={"Service": "s3.amazonaws.com"}, Condition=condition)
    assert not may_send(cloud, inbox, TOPIC)
    assert may_send(cloud, inbox, TOPIC, "s3")


def test_what_a_policy_allows_until_a_moment_ends_then(cloud, sqs, inbox):
    moment = cloud.cloud.clock.now() + 3600
    condition = {"NumericLessThan": {"aws:EpochTime": str(int(moment))}, "ArnEquals": {"aws:SourceArn": TOPIC}}
    allow(sqs, inbox, Principal={"Service": "sns.amazonaws.com"}, Condition=condition)
    assert may_send(cloud, inbox, TOPIC)
    cloud.clock.advance(3600)
    assert not may_send(cloud, inbox, TOPIC)


def may_send(cloud, inbox, source, service="sns", **place) -> bool:
    """Whether the queue lets in a service for a source."""
    params = {"QueueUrl": inbox, "MessageBody": "m"}
    return acting(cloud, service, lambda it: it(**place).as_service(source).may("sqs", "send_message", **params))
