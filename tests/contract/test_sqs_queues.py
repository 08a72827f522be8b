"""SQS, queues: what is refused, what is done, what happens next."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(aws, cloud):
    cloud.clock.freeze()
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="queue")["QueueUrl"]


def refusal(call, *arguments, **parameters):
    """(code, message) of the error that a call must raise."""
    with pytest.raises(ClientError) as refused:
        call(*arguments, **parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"]).get("Attributes", {})


def arn_of(sqs, url):
    return attributes(sqs, url, "QueueArn")["QueueArn"]


def with_dead_letters(sqs, url, count=1):
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn_of(sqs, url), "maxReceiveCount": count})}


# What is refused


@pytest.mark.parametrize("name", ["a" * 81, "with space", "slash/ed", "dotted.name", "queue.fifo", "schön"])
def test_a_queue_needs_a_proper_name(sqs, name):
    rule = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    assert refusal(sqs.create_queue, QueueName=name) == ("InvalidParameterValue", rule)
    assert "QueueUrls" not in sqs.list_queues()


def test_a_queue_needs_a_name_at_all(sqs):
    code, message = refusal(sqs.create_queue)
    assert code == "InvalidParameterValue"
    assert message == "Value for parameter QueueName is invalid. Reason: Must specify a queue name."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"), ("DelaySeconds", "-1"), ("DelaySeconds", "1.5"), ("DelaySeconds", ""),
        ("MaximumMessageSize", "1023"), ("MaximumMessageSize", "1048577"), ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"), ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"), ("KmsDataKeyReusePeriodSeconds", "59"), ("SqsManagedSseEnabled", "yes"),
        ("Policy", "{"), ("Policy", "[]"), ("Policy", '{"Statement": []}'),
    ],
)  # fmt: skip
def test_attributes_have_limits(sqs, queue, name, value):
    expected = ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    assert refusal(sqs.create_queue, QueueName="other", Attributes={name: value}) == expected
    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={name: value}) == expected
    assert len(sqs.list_queues()["QueueUrls"]) == 1


def test_attributes_nobody_knows_are_refused(sqs, queue):
    expected = ("InvalidAttributeName", "Unknown Attribute Colour.")
    assert refusal(sqs.create_queue, QueueName="other", Attributes={"Colour": "red"}) == expected
    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Colour": "red"}) == expected
    assert refusal(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Colour"]) == expected
    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"QueueArn": "x"})[0] == "InvalidAttributeName"
    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={})[0] == "MissingParameter"


def test_a_standard_queue_has_no_attributes_of_a_fifo_queue(sqs):
    for name, value, message in [
        ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
        ("ContentBasedDeduplication", "true", "Unknown Attribute ContentBasedDeduplication."),
        ("DeduplicationScope", "queue", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        (
            "FifoThroughputLimit",
            "perQueue",
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
        ),
    ]:
        found = refusal(sqs.create_queue, QueueName="standard", Attributes={name: value})
        assert found == ("InvalidAttributeName", message)
    code, _ = refusal(sqs.create_queue, QueueName="standard", Attributes={"FifoQueue": "true"})
    assert code == "InvalidParameterValue"  # of the name


def test_the_type_of_a_queue_stays(sqs):
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    code, message = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "false"})
    assert code == "InvalidAttributeValue"
    assert message == "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    code, message = refusal(
        sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoThroughputLimit": "perMessageGroupId"}
    )
    assert "allowed only when the value for DeduplicationScope is messageGroup" in message


def test_one_kind_of_encryption_at_a_time(sqs, queue):
    both = {"SqsManagedSseEnabled": "true", "KmsMasterKeyId": "alias/aws/sqs"}
    code, message = refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes=both)
    assert code == "InvalidAttributeName"
    assert message.startswith("You can use one type of server-side encryption (SSE) at one time.")


def test_a_queue_that_is_not_there(sqs):
    expected = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    url = "http://localhost/000000000000/absent"
    assert refusal(sqs.get_queue_url, QueueName="absent") == expected
    assert refusal(sqs.send_message, QueueUrl=url, MessageBody="m") == expected
    assert refusal(sqs.receive_message, QueueUrl=url) == expected
    assert refusal(sqs.delete_queue, QueueUrl=url) == expected
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.purge_queue(QueueUrl=url)
    assert refusal(sqs.purge_queue, QueueUrl="http://localhost/nobody/queue")[0] == "InvalidAddress"
    assert refusal(sqs.purge_queue) == ("MissingParameter", "The request must contain the parameter QueueUrl.")


def test_a_name_is_free_again_a_minute_after_its_queue_was_deleted(sqs, queue, cloud):
    sqs.delete_queue(QueueUrl=queue)
    code, message = refusal(sqs.create_queue, QueueName="queue")
    assert code == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert message.startswith("You must wait 60 seconds after deleting a queue")
    cloud.clock.advance(60)
    assert sqs.create_queue(QueueName="queue")["QueueUrl"] == queue


def test_a_queue_is_not_purged_twice_within_a_minute(sqs, queue, cloud):
    sqs.purge_queue(QueueUrl=queue)
    code, message = refusal(sqs.purge_queue, QueueUrl=queue)
    assert code == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert message == "Only one PurgeQueue operation on queue is allowed every 60 seconds."
    cloud.clock.advance(60)
    sqs.purge_queue(QueueUrl=queue)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({}, "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        ({"maxReceiveCount": 5}, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
        ({"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}, "Invalid value for deadLetterTargetArn."),
        (
            {"deadLetterTargetArn": "arn:aws:sns:eu-west-1:000000000000:t", "maxReceiveCount": 1},
            "Only SQS queues are valid resources for deadLetterTargetArn.",
        ),
        (
            {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:q.fifo", "maxReceiveCount": 1},
            "Dead-letter queue must be same type of queue as the source.",
        ),
        (
            {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:absent", "maxReceiveCount": 1},
            "Dead letter target does not exist.",
        ),
        (
            {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:absent", "maxReceiveCount": 1001},
            "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
        ),
    ],
)
def test_a_redrive_policy_names_a_queue_and_a_count(sqs, queue, policy, reason):
    text = json.dumps(policy)
    code, message = refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": text})
    assert code == "InvalidParameterValue"
    assert message == f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
    assert "RedrivePolicy" not in attributes(sqs, queue)


def test_a_dead_letter_queue_chooses_its_sources(sqs, queue):
    source = sqs.create_queue(QueueName="source")["QueueUrl"]
    allow = {"redrivePermission": "denyAll"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
    wanted = with_dead_letters(sqs, queue)
    assert refusal(sqs.set_queue_attributes, QueueUrl=source, Attributes=wanted)[0] == "InvalidParameterValue"
    allow = {"redrivePermission": "byQueue", "sourceQueueArns": [arn_of(sqs, source)]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": json.dumps(allow)})
    sqs.set_queue_attributes(QueueUrl=source, Attributes=wanted)
    assert json.loads(attributes(sqs, queue)["RedriveAllowPolicy"]) == allow
    assert refusal(sqs.create_queue, QueueName="third", Attributes=wanted)[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("[]", "InvalidAttributeValue"),
        ('{"redrivePermission": "some"}', "InvalidAttributeValue"),
        ('{"redrivePermission": "byQueue"}', "InvalidParameterValue"),
        ('{"redrivePermission": "allowAll", "sourceQueueArns": ["a"]}', "InvalidParameterValue"),
        (json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["a"] * 11}), "InvalidParameterValue"),
    ],
)
def test_a_redrive_allow_policy_has_a_form(sqs, queue, policy, code):
    assert refusal(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedriveAllowPolicy": policy})[0] == code


def test_pages_and_tokens_have_limits(sqs, queue):
    assert refusal(sqs.list_queues, MaxResults=0)[0] == "InvalidParameterValue"
    assert refusal(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"
    assert refusal(sqs.list_queues, NextToken="no token!")[0] == "InvalidParameterValue"


# What is done


def test_a_new_queue_has_the_documented_attributes(sqs, queue, cloud):
    now = str(int(cloud.clock.now()))
    assert attributes(sqs, queue) == {
        "QueueArn": "arn:aws:sqs:eu-west-1:000000000000:queue",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": now,
        "LastModifiedTimestamp": now,
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }
    assert attributes(sqs, queue, "DelaySeconds", "Policy") == {"DelaySeconds": "0"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)


def test_a_fifo_queue_tells_more(sqs):
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    names = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
    assert attributes(sqs, url, *names) == dict(zip(names, ("true", "false", "queue", "perQueue"), strict=True))
    fast = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=fast)
    assert attributes(sqs, url, *fast) == fast


def test_attributes_are_changed_and_the_change_is_dated(sqs, queue, cloud):
    created = int(cloud.clock.now())
    cloud.clock.advance(100)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "69", "MaximumMessageSize": "2048"})
    found = attributes(sqs, queue)
    assert (found["VisibilityTimeout"], found["MaximumMessageSize"]) == ("69", "2048")
    assert (int(found["CreatedTimestamp"]), int(found["LastModifiedTimestamp"])) == (created, created + 100)


def test_creating_a_queue_again_is_fine_if_it_is_the_same(sqs, cloud):
    first = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "2", "VisibilityTimeout": "5"})
    assert sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "2"})["QueueUrl"] == first["QueueUrl"]
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == first["QueueUrl"]
    code, message = refusal(sqs.create_queue, QueueName="q", Attributes={"VisibilityTimeout": "5", "DelaySeconds": "3"})
    assert code == "QueueAlreadyExists"
    assert message == "A queue already exists with the same name and a different value for attribute DelaySeconds"
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "3"})


def test_queues_are_listed_by_prefix_and_in_pages(sqs):
    for name in ("b-2", "a-1", "b-1", "b-3"):
        sqs.create_queue(QueueName=name)
    assert [url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]] == ["a-1", "b-1", "b-2", "b-3"]
    page = sqs.list_queues(QueueNamePrefix="b-", MaxResults=2)
    assert [url.rpartition("/")[2] for url in page["QueueUrls"]] == ["b-1", "b-2"]
    page = sqs.list_queues(QueueNamePrefix="b-", MaxResults=2, NextToken=page["NextToken"])
    assert [url.rpartition("/")[2] for url in page["QueueUrls"]] == ["b-3"]
    assert "NextToken" not in page
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="c")


def test_a_queue_is_found_by_name_and_by_any_host(sqs, queue):
    assert sqs.get_queue_url(QueueName="queue")["QueueUrl"] == queue
    assert sqs.get_queue_url(QueueName="queue", QueueOwnerAWSAccountId="000000000000")["QueueUrl"] == queue
    path = queue.split("/", 3)[3]
    for host in ("https://sqs.eu-west-1.amazonaws.com", "http://localhost:1", "https://queue.amazonaws.com"):
        assert arn_of(sqs, f"{host}/{path}").endswith(":queue")


def test_tags_come_and_go(sqs):
    url = sqs.create_queue(QueueName="q", tags={"env": "test"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"env": "prod", "empty": ""})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"env": "prod", "empty": ""}
    sqs.untag_queue(QueueUrl=url, TagKeys=["env", "absent"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"empty": ""}
    many = {f"key{number}": "v" for number in range(50)}
    assert refusal(sqs.tag_queue, QueueUrl=url, Tags=many)[0] == "InvalidParameterValue"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"empty": ""}


def test_policies_are_set_and_cleared(sqs, queue):
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}}
    )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    assert attributes(sqs, queue, "Policy") == {"Policy": policy}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert attributes(sqs, queue, "Policy") == {}


def test_sources_of_a_dead_letter_queue_are_listed(sqs, queue):
    for name in ("s-2", "s-1", "s-3"):
        sqs.create_queue(QueueName=name, Attributes=with_dead_letters(sqs, queue))
    sqs.create_queue(QueueName="s-0")
    page = sqs.list_dead_letter_source_queues(QueueUrl=queue, MaxResults=2)
    assert [url.rpartition("/")[2] for url in page["queueUrls"]] == ["s-1", "s-2"]
    page = sqs.list_dead_letter_source_queues(QueueUrl=queue, NextToken=page["NextToken"])
    assert [url.rpartition("/")[2] for url in page["queueUrls"]] == ["s-3"]
    sqs.set_queue_attributes(QueueUrl=page["queueUrls"][0], Attributes={"RedrivePolicy": ""})
    assert len(sqs.list_dead_letter_source_queues(QueueUrl=queue)["queueUrls"]) == 2


# What happens next


def test_purging_takes_all_messages_and_leaves_the_queue(sqs, queue):
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    taken = sqs.receive_message(QueueUrl=queue)["Messages"][0]
    sqs.purge_queue(QueueUrl=queue)
    assert attributes(sqs, queue, "ApproximateNumberOfMessages") == {"ApproximateNumberOfMessages": "0"}
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken["ReceiptHandle"])
    sqs.send_message(QueueUrl=queue, MessageBody="c")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "c"


def test_a_new_queue_of_an_old_name_has_nothing_of_the_old(sqs, queue, cloud):
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    sqs.tag_queue(QueueUrl=queue, Tags={"old": "tag"})
    sqs.delete_queue(QueueUrl=queue)
    assert "QueueUrls" not in sqs.list_queues()
    cloud.clock.advance(61)
    sqs.create_queue(QueueName="queue")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)
