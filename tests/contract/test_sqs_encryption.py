"""SQS, encryption with KMS: what is refused, what is done, what happens next."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(aws, cloud):
    cloud.clock.freeze()
    return aws("sqs")


@pytest.fixture
def key(aws):
    return aws("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def queue(sqs, key):
    return sqs.create_queue(QueueName="queue", Attributes={"KmsMasterKeyId": key})["QueueUrl"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def bodies(sqs, queue, **more):
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **more).get("Messages", [])
    return [message["Body"] for message in messages]


def stored(cloud, column="body"):
    return cloud.run(lambda: cloud.cloud.store.read(f"SELECT {column} FROM sqs_message ORDER BY id").fetchall())


# What is refused


def test_a_key_that_is_not_there(sqs):
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": "alias/absent"})["QueueUrl"]
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="m") == "KMS.NotFoundException"
    with pytest.raises(sqs.exceptions.KmsNotFound):
        sqs.send_message(QueueUrl=url, MessageBody="m")
    assert bodies(sqs, url) == []


def test_a_disabled_key_locks_its_messages(sqs, queue, key, aws):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    aws("kms").disable_key(KeyId=key)
    assert refusal(sqs.send_message, QueueUrl=queue, MessageBody="m") == "KMS.DisabledException"
    assert refusal(sqs.receive_message, QueueUrl=queue) == "KMS.DisabledException"
    aws("kms").enable_key(KeyId=key)
    assert bodies(sqs, queue) == ["m"]


# What is done


def test_bodies_are_encrypted_where_they_lie(sqs, queue, cloud):
    secret = "the body that nobody may read"
    sqs.send_message(QueueUrl=queue, MessageBody=secret)
    ((sealed,),) = stored(cloud)
    assert secret.encode() not in sealed
    assert bodies(sqs, queue) == [secret]


def test_the_managed_key_needs_no_making(sqs):
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": "alias/aws/sqs"})["QueueUrl"]
    names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert found == dict(zip(names, ("alias/aws/sqs", "300", "false"), strict=True))
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in "abc"])
    assert bodies(sqs, url) == ["a", "b", "c"]


def test_turning_sse_sqs_on_turns_kms_off(sqs, queue, cloud):
    sqs.send_message(QueueUrl=queue, MessageBody="sealed")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"SqsManagedSseEnabled": "true"})
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert found["SqsManagedSseEnabled"] == "true"
    assert not {"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"} & found.keys()
    sqs.send_message(QueueUrl=queue, MessageBody="open")
    assert bodies(sqs, queue) == ["sealed", "open"]


# What happens next


def test_a_data_key_is_used_for_its_period(sqs, queue, cloud):
    for pause in (0, 299, 1):
        cloud.clock.advance(pause)
        sqs.send_message(QueueUrl=queue, MessageBody=str(pause))
    first, second, third = (key for (key,) in stored(cloud, "key"))
    assert first == second != third
    assert bodies(sqs, queue) == ["0", "299", "1"]


def test_messages_are_read_with_the_key_they_were_sent_with(sqs, queue, aws):
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    other = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": other})
    sqs.send_message(QueueUrl=queue, MessageBody="new")
    assert bodies(sqs, queue) == ["old", "new"]


def test_dead_letters_that_are_moved_back_can_be_read(sqs, queue, key, cloud):
    grave = sqs.create_queue(QueueName="grave", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=grave, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "1"})
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    assert bodies(sqs, queue) == ["m"]
    cloud.clock.advance(1)
    assert bodies(sqs, queue) == []
    assert bodies(sqs, grave, VisibilityTimeout=0) == ["m"]
    sqs.start_message_move_task(SourceArn=arn)
    cloud.settle()
    assert bodies(sqs, queue) == ["m"]


def test_an_attempt_to_receive_gets_the_same_readable_messages_again(sqs, key):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "KmsMasterKeyId": key}
    url = sqs.create_queue(QueueName="q.fifo", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageGroupId="g")
    for _ in range(2):
        assert bodies(sqs, url, ReceiveRequestAttemptId="once") == ["m"]
