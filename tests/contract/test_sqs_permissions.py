"""SQS, permissions and old clients: what is refused, what is done, what happens next."""

import json
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from glasshouse.core.access import Credential, root


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="queue")["QueueUrl"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def policy(sqs, queue):
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    return json.loads(found["Attributes"]["Policy"]) if "Attributes" in found else None


def allow(sqs, queue, label="one", accounts=("111122223333",), actions=("ReceiveMessage",)):
    sqs.add_permission(QueueUrl=queue, Label=label, AWSAccountIds=list(accounts), Actions=list(actions))


# What is refused


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (
            {"actions": ["CreateQueue"]},
            "InvalidParameterValue",
            "Only the queue owner is allowed to invoke",
        ),
        ({"actions": []}, "MissingParameter", "Actions"),
        ({"accounts": []}, "InvalidParameterValue", "Unable to verify."),
        ({"accounts": ["123"]}, "InvalidParameterValue", "Value 123 for parameter PrincipalId is invalid."),
        ({"label": "not allowed"}, "InvalidParameterValue", "Label"),
        ({"actions": ["SendMessage"] * 8}, "OverLimit", "8 Actions were found, maximum allowed is 7."),
    ],
)
def test_a_permission_must_make_sense(sqs, queue, change, code, words):
    with pytest.raises(ClientError) as refused:
        allow(sqs, queue, **change)
    assert refused.value.response["Error"]["Code"] == code
    assert words in refused.value.response["Error"]["Message"]
    assert policy(sqs, queue) is None


def test_labels_are_unique_and_must_exist_to_go(sqs, queue):
    allow(sqs, queue)
    with pytest.raises(ClientError, match=r"Value one for parameter Label is invalid. Reason: Already exists."):
        allow(sqs, queue)
    code, message = refusal(sqs.remove_permission, QueueUrl=queue, Label="two")
    assert code == "InvalidParameterValue"
    assert message == "Value two for parameter Label is invalid. Reason: can't find label."


def test_a_policy_has_at_most_twenty_statements(sqs, queue):
    for number in range(20):
        allow(sqs, queue, label=f"label{number}")
    with pytest.raises(ClientError, match="21 Statements were found, maximum allowed is 20"):
        allow(sqs, queue, label="label20")
    assert len(policy(sqs, queue)["Statement"]) == 20


# What is done


def test_permissions_become_statements_of_the_policy(sqs, queue):
    allow(sqs, queue, accounts=["111122223333", "444455556666"])
    allow(sqs, queue, label="two", actions=["SendMessage", "DeleteMessage"])
    arn = "arn:aws:sqs:eu-west-1:000000000000:queue"
    found = policy(sqs, queue)
    assert (found["Version"], found["Id"]) == ("2008-10-17", f"{arn}/SQSDefaultPolicy")
    assert found["Statement"][0] == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"]},
        "Action": "SQS:ReceiveMessage",
        "Resource": arn,
    }
    assert found["Statement"][1]["Action"] == ["SQS:SendMessage", "SQS:DeleteMessage"]
    assert found["Statement"][1]["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}


def test_the_last_permission_takes_the_policy_with_it(sqs, queue):
    allow(sqs, queue)
    allow(sqs, queue, label="two")
    sqs.remove_permission(QueueUrl=queue, Label="one")
    assert [statement["Sid"] for statement in policy(sqs, queue)["Statement"]] == ["two"]
    sqs.remove_permission(QueueUrl=queue, Label="two")
    assert policy(sqs, queue) is None


# Old clients: the query protocol


@pytest.fixture
def ask(endpoint):
    """Send a form, as clients did before SQS spoke JSON, and get (status, text)."""

    def send(url, **form):
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", url, headers, urlencode({"Version": "2012-11-05", **form}))
        SigV4Auth(Credentials("test", "test"), "sqs", "eu-west-1").add_auth(request)
        response = URLLib3Session().send(request.prepare())
        return response.status_code, response.text

    return send


def test_a_form_sends_and_receives(queue, ask):
    status, text = ask(queue, Action="SendMessage", QueueUrl=queue, MessageBody="a & b")
    assert status == 200
    assert "<MD5OfMessageBody>" in text
    status, text = ask(queue, Action="ReceiveMessage", QueueUrl=queue, **{"AttributeName.1": "All"})
    assert status == 200
    assert "<Body>a &amp; b</Body>" in text
    assert "<Attribute><Name>SenderId</Name><Value>000000000000</Value></Attribute>" in text


def test_a_form_gets_the_older_codes(queue, ask):
    status, text = ask(queue, Action="ReceiveMessage", QueueUrl=f"{queue}-absent")
    assert status == 400
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text
    assert "<Message>The specified queue does not exist for this wsdl version.</Message>" in text
    status, text = ask(queue, Action="PurgeQueue", QueueUrl=queue)
    status, text = ask(queue, Action="PurgeQueue", QueueUrl=queue)
    assert status == 403
    assert "<Code>AWS.SimpleQueueService.PurgeQueueInProgress</Code>" in text


def test_a_form_may_name_the_queue_by_its_path_alone(queue, ask):
    status, text = ask(queue, Action="SendMessage", MessageBody="by path")
    assert status == 200, text
    assert "<MessageId>" in text


# Other accounts


@pytest.fixture
def other(aws, cloud):
    """A client in the name of another account."""
    credential = Credential("AKIAOTHER", "secret", root("111122223333"))
    cloud.run(lambda: put(cloud.cloud, credential))
    return aws("sqs", aws_access_key_id="AKIAOTHER", aws_secret_access_key="secret")


def put(cloud, credential):
    with cloud.store.transaction():
        cloud.credentials.put(credential)


def test_another_account_may_nothing(sqs, queue, other):
    for call in (other.receive_message, other.get_queue_attributes, other.delete_queue, other.purge_queue):
        assert refusal(call, QueueUrl=queue)[0] == "AccessDenied"
    assert refusal(other.send_message, QueueUrl=queue, MessageBody="m")[0] == "AccessDenied"
    found = refusal(other.get_queue_url, QueueName="queue", QueueOwnerAWSAccountId="000000000000")
    assert found[0] == "AccessDenied"


def test_another_account_finds_a_queue_that_it_may_find(sqs, queue, other):
    allow(sqs, queue, actions=("GetQueueUrl",))
    assert other.get_queue_url(QueueName="queue", QueueOwnerAWSAccountId="000000000000")["QueueUrl"] == queue


def test_a_permission_opens_a_queue_to_another_account(sqs, queue, other):
    allow(sqs, queue, actions=("ReceiveMessage",))
    sqs.send_message(QueueUrl=queue, MessageBody="for you")
    assert other.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "for you"
    assert refusal(other.send_message, QueueUrl=queue, MessageBody="m")[0] == "AccessDenied"
    sqs.remove_permission(QueueUrl=queue, Label="one")
    assert refusal(other.receive_message, QueueUrl=queue)[0] == "AccessDenied"
