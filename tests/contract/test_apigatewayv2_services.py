"""First-class integrations of HTTP APIs: requests become messages, records and events."""

import json

import pytest

from tests.contract.http_apis import apis, ask, integrated, refusal, served

__all__ = ["apis", "ask"]  # fixtures


@pytest.fixture
def role(aws):
    """A role that API Gateway may take on, and that may do everything with queues, streams and buses."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName="gateway", AssumeRolePolicyDocument=json.dumps(_policy(trust)))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["sqs:*", "kinesis:*", "events:*"], "Resource": "*"}
    iam.put_role_policy(RoleName="gateway", PolicyName="p", PolicyDocument=json.dumps(_policy(allowed)))
    return arn


def _policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


# What is refused


def test_a_role_that_may_not_or_is_not_there(aws, apis, ask, role):
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    api = served(apis)
    sending = {
        "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage", "CredentialsArn": role,
        "RequestParameters": {"QueueUrl": queue, "MessageBody": "$request.body.text"},
    }  # fmt: skip
    integrated(apis, api, "POST /send", **sending)
    integrated(apis, api, "POST /absent", **sending | {"CredentialsArn": role + "x"})
    aws("iam").delete_role_policy(RoleName="gateway", PolicyName="p")
    for path in ("/send", "/absent"):
        reply = ask(api, path, "POST", body=b'{"text": "a"}')
        assert reply.status == 403 and b"is not authorized to perform" in reply.body
    assert "Messages" not in aws("sqs").receive_message(QueueUrl=queue)
    assert ask(api, "/send", "POST", body=b"{}").document == {"message": "Bad Request"}


def test_services_that_cannot_be_asked(apis):
    api = served(apis)
    settings = {"ApiId": api, "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "1.0"}
    code, message = refusal(
        apis.create_integration, **settings, IntegrationSubtype="AppConfig-GetConfiguration", CredentialsArn="x"
    )
    assert code == "NotSupported" and "AppConfig" in message


# What is done


def test_messages_are_sent_received_and_deleted(aws, apis, ask, role):
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    api = served(apis)

    def first_class(key, subtype, **parameters):
        integrated(
            apis, api, key, IntegrationType="AWS_PROXY", IntegrationSubtype=f"SQS-{subtype}", CredentialsArn=role,
            PayloadFormatVersion="1.0", RequestParameters={"QueueUrl": queue, **parameters},
        )  # fmt: skip

    first_class("POST /", "SendMessage", MessageBody="$request.body", DelaySeconds="0")
    first_class("GET /", "ReceiveMessage", MaxNumberOfMessages="$request.querystring.most", AttributeNames="All")
    first_class("DELETE /", "DeleteMessage", ReceiptHandle="$request.header.receipt")
    first_class("POST /purge", "PurgeQueue")
    sent = ask(api, "/", "POST", body=b"hello <world>")
    assert (sent.status, sent.headers["content-type"]) == (200, "text/xml")
    assert b"<SendMessageResult><MD5OfMessageBody>" in sent.body
    received = ask(api, "/?most=3").body.decode()
    assert "<Body>hello &lt;world&gt;</Body>" in received and "<Attribute><Name>SenderId</Name>" in received
    handle = received.partition("<ReceiptHandle>")[2].partition("<")[0]
    assert ask(api, "/", "DELETE", {"receipt": handle}).status == 200
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"][
        "ApproximateNumberOfMessagesNotVisible"
    ] == "0"  # fmt: skip
    assert ask(api, "/purge", "POST").status == 200
    wrong = ask(api, "/", "DELETE", {"receipt": "x"})
    assert wrong.status >= 400 and b"<Code>ReceiptHandleIsInvalid</Code>" in wrong.body


def test_requests_become_records(aws, apis, ask, role):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="clicks")
    api = served(apis)
    integrated(
        apis, api, "POST /{key}", IntegrationType="AWS_PROXY", IntegrationSubtype="Kinesis-PutRecord",
        CredentialsArn=role, PayloadFormatVersion="1.0",
        RequestParameters={
            "StreamName": "clicks", "Data": "$request.body", "PartitionKey": "$request.path.key",
        },
    )  # fmt: skip
    reply = ask(api, "/a", "POST", body=b"clicked")
    assert reply.status == 200 and reply.document["ShardId"] == "shardId-000000000000"
    start = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=start)["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b"clicked", "a")
    assert record["SequenceNumber"] == reply.document["SequenceNumber"]


# What happens next


def test_requests_become_events_that_rules_hear_of(aws, apis, ask, role, cloud):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    letting_in = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn,
    }  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(_policy(letting_in))})
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "queue", "Arn": arn}])
    api = served(apis)
    integrated(
        apis, api, "POST /orders", IntegrationType="AWS_PROXY", IntegrationSubtype="EventBridge-PutEvents",
        CredentialsArn=role, PayloadFormatVersion="1.0",
        RequestParameters={
            "Source": "shop", "DetailType": "$request.body.kind", "Detail": "$request.body.order",
            "Resources": "${request.header.about}",
        },
    )  # fmt: skip
    body = json.dumps({"kind": "Ordered", "order": {"number": 7}}).encode()
    reply = ask(api, "/orders", "POST", {"about": "arn:a,arn:b"}, body)
    assert reply.status == 200 and reply.document["FailedEntryCount"] == 0
    cloud.settle()
    event = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert event["id"] == reply.document["Entries"][0]["EventId"]
    assert (event["detail-type"], event["detail"]) == ("Ordered", {"number": 7})
    assert event["resources"] == ["arn:a", "arn:b"]
