"""SQS, batches: what is refused, what is done, what happens next."""

import pytest
from botocore.exceptions import ClientError

ID_RULE = (
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters"
    " long."
)


@pytest.fixture
def sqs(aws, cloud):
    cloud.clock.freeze()
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="queue")["QueueUrl"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def entries(*bodies, **more):
    return [{"Id": f"id-{n}", "MessageBody": body, **more} for n, body in enumerate(bodies, 1)]


def receive(sqs, queue, **more):
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **more).get("Messages", [])


BATCHES = [
    ("send_message_batch", "SendMessageBatchRequestEntry", {"MessageBody": "m"}),
    ("delete_message_batch", "DeleteMessageBatchRequestEntry", {"ReceiptHandle": "h"}),
    (
        "change_message_visibility_batch",
        "ChangeMessageVisibilityBatchRequestEntry",
        {"ReceiptHandle": "h", "VisibilityTimeout": 1},
    ),
]


# What is refused


@pytest.mark.parametrize(("method", "kind", "content"), BATCHES)
def test_a_batch_has_one_to_ten_entries_with_ids_of_their_own(sqs, queue, method, kind, content):
    def refused(*ids):
        return refusal(getattr(sqs, method), QueueUrl=queue, Entries=[{"Id": id, **content} for id in ids])

    prefix = "AWS.SimpleQueueService"
    assert refused() == (f"{prefix}.EmptyBatchRequest", f"There should be at least one {kind} in the request.")
    many = f"{prefix}.TooManyEntriesInBatchRequest"
    assert refused(*map(str, range(11))) == (many, "Maximum number of entries per request are 10. You have sent 11.")
    assert refused("a", "b", "a") == (f"{prefix}.BatchEntryIdsNotDistinct", "Id a repeated.")
    for id in ("", "a b", "a" * 81, "invalid:id", "é"):
        assert refused("a", id) == (f"{prefix}.InvalidBatchEntryId", ID_RULE)
    missing = refusal(getattr(sqs, method), QueueUrl=queue, Entries=[{"Id": "a", **content}, content])
    assert missing == ("MissingParameter", f"The request must contain the parameter {kind}.2.Id.")


def test_a_batch_is_refused_that_is_too_long_together(sqs, queue):
    half = "a" * 524_288
    code, message = refusal(sqs.send_message_batch, QueueUrl=queue, Entries=entries(half, half + "a"))
    assert code == "AWS.SimpleQueueService.BatchRequestTooLong"
    assert message == "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
    assert receive(sqs, queue) == []
    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries(half, half))["Successful"]) == 2


def test_a_bad_entry_fails_the_whole_batch_of_a_fifo_queue(sqs):
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    code, message = refusal(sqs.send_message_batch, QueueUrl=url, Entries=entries("a"))
    assert (code, message) == ("InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
    good = {"Id": "good", "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    code, message = refusal(sqs.send_message_batch, QueueUrl=url, Entries=[good, *entries("a", MessageGroupId="g")])
    assert code == "InvalidParameterValue"
    assert message.startswith("The queue should either have ContentBasedDeduplication enabled")
    assert receive(sqs, url) == []


# What is done


def test_good_entries_succeed_beside_bad_ones(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MaximumMessageSize": "1024"})
    batch = entries("good", "a" * 1025, "", "\x00", "late")
    batch[4]["DelaySeconds"] = 901
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=batch)
    assert [entry["Id"] for entry in answer["Successful"]] == ["id-1"]
    assert answer["Successful"][0]["MD5OfMessageBody"] == "755f85c2723bb39381c7379a604160d8"
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
        ("id-2", "InvalidParameterValue", True),
        ("id-3", "MissingParameter", True),
        ("id-4", "InvalidMessageContents", True),
        ("id-5", "InvalidParameterValue", True),
    ]
    expected = "The request must contain the parameter SendMessageBatchRequestEntry.3.MessageBody."
    assert answer["Failed"][1]["Message"] == expected
    assert [message["Body"] for message in receive(sqs, queue)] == ["good"]


def test_ten_messages_are_sent_received_and_deleted_at_once(sqs, queue):
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries(*map(str, range(10))))
    assert "Failed" not in answer
    messages = receive(sqs, queue)
    assert [message["Body"] for message in messages] == [str(number) for number in range(10)]
    handles = [{"Id": f"h{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
    assert len(sqs.delete_message_batch(QueueUrl=queue, Entries=handles)["Successful"]) == 10
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert set(counts.values()) == {"0"}


def test_handles_that_are_none_fail_alone(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    good = receive(sqs, queue)[0]["ReceiptHandle"]
    batch = [
        {"Id": "good", "ReceiptHandle": good},
        {"Id": "bad", "ReceiptHandle": "dummy"},
        {"Id": "none", "ReceiptHandle": " "},
    ]
    changes = [{**entry, "VisibilityTimeout": 0} for entry in batch]
    for _ in range(2):
        answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=changes)
        codes = {entry["Id"]: entry["Code"] for entry in answer["Failed"]}
        assert codes.pop("bad") == "ReceiptHandleIsInvalid"
        assert codes.pop("none") == "MissingParameter"
    assert codes == {"good": "AWS.SimpleQueueService.MessageNotInflight"}
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=batch)
    assert answer["Successful"] == [{"Id": "good"}]
    assert [entry["Message"] for entry in answer["Failed"]] == [
        'The input receipt handle "dummy" is not a valid receipt handle.',
        "The request must contain the parameter ReceiptHandle.",
    ]


# What happens next


def test_each_message_of_a_batch_has_its_own_delay_and_timeout(sqs, queue, cloud):
    batch = entries("a", "b", "c")
    batch[1]["DelaySeconds"] = 10
    sqs.send_message_batch(QueueUrl=queue, Entries=batch)
    first = receive(sqs, queue)
    assert [message["Body"] for message in first] == ["a", "c"]
    changes = [
        {"Id": "a", "ReceiptHandle": first[0]["ReceiptHandle"], "VisibilityTimeout": 5},
        {"Id": "c", "ReceiptHandle": first[1]["ReceiptHandle"], "VisibilityTimeout": 50},
    ]
    assert len(sqs.change_message_visibility_batch(QueueUrl=queue, Entries=changes)["Successful"]) == 2
    cloud.clock.advance(10)
    assert [message["Body"] for message in receive(sqs, queue)] == ["a", "b"]
    cloud.clock.advance(40)
    assert [message["Body"] for message in receive(sqs, queue)][-1] == "c"
