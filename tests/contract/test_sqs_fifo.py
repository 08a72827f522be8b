"""SQS, FIFO queues: what is refused, what is done, what happens next."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(aws, cloud):
    cloud.clock.freeze()
    return aws("sqs")


@pytest.fixture
def queue(sqs):
    return fifo(sqs, "queue.fifo")


def fifo(sqs, name, **attributes):
    return sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", **attributes})["QueueUrl"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def send(sqs, queue, body, group="g", id=None):
    return sqs.send_message(
        QueueUrl=queue, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=id or f"{group}-{body}"
    )


def receive(sqs, queue, most=10, **more):
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most, **more).get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


def delete(sqs, queue, *messages):
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def release(sqs, queue, message, timeout=0):
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=timeout)


# What is refused


def test_a_message_needs_a_group_and_an_identity(sqs, queue):
    missing = ("MissingParameter", "The request must contain the parameter MessageGroupId.")
    assert refusal(sqs.send_message, QueueUrl=queue, MessageBody="m", MessageDeduplicationId="d") == missing
    code, message = refusal(sqs.send_message, QueueUrl=queue, MessageBody="m", MessageGroupId="g")
    assert code == "InvalidParameterValue"
    expected = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
    assert message == f"{expected} explicitly"
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        for value in ("a b", "a" * 129, "é"):
            ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d", name: value}
            code, message = refusal(sqs.send_message, QueueUrl=queue, MessageBody="m", **ids)
            assert message.startswith(f"Value {value} for parameter {name} is invalid. Reason: {name} can only include")
    assert receive(sqs, queue) == []


def test_a_message_has_no_delay_of_its_own(sqs, queue):
    ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    code, message = refusal(sqs.send_message, QueueUrl=queue, MessageBody="m", DelaySeconds=2, **ids)
    reason = "The request include parameter that is not valid for this queue type."
    assert (code, message) == (
        "InvalidParameterValue",
        f"Value 2 for parameter DelaySeconds is invalid. Reason: {reason}",
    )
    sqs.send_message(QueueUrl=queue, MessageBody="m", DelaySeconds=0, **ids)
    assert bodies(receive(sqs, queue)) == ["m"]


def test_an_expired_receipt_handle_does_nothing(sqs, queue, cloud):
    send(sqs, queue, "m")
    (message,) = receive(sqs, queue, VisibilityTimeout=1)
    cloud.clock.advance(1)
    handle = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
    expected = (
        f"Value {message['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: The receipt handle has"
    )
    code, text = refusal(sqs.delete_message, **handle)
    assert (code, text) == ("InvalidParameterValue", f"{expected} expired.")
    assert refusal(sqs.change_message_visibility, VisibilityTimeout=1, **handle)[1] == f"{expected} expired."
    (again,) = receive(sqs, queue)
    delete(sqs, queue, again, again)


# What is done


def test_a_message_tells_its_group_identity_and_number(sqs, queue):
    sent = send(sqs, queue, "m", "group", "identity")
    (message,) = receive(sqs, queue, AttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == "group"
    assert message["Attributes"]["MessageDeduplicationId"] == "identity"
    assert message["Attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    assert len(sent["SequenceNumber"]) == 20


def test_numbers_grow_even_if_everything_was_deleted_meanwhile(sqs, queue):
    numbers = []
    for body in "abc":
        numbers.append(int(send(sqs, queue, body)["SequenceNumber"]))
        delete(sqs, queue, *receive(sqs, queue))
    assert numbers == sorted(set(numbers))


def test_what_was_sent_twice_within_five_minutes_arrives_once(sqs, queue, cloud):
    first = send(sqs, queue, "one", id="same")
    cloud.clock.advance(299)
    delete(sqs, queue, *receive(sqs, queue))
    second = send(sqs, queue, "two", id="same")
    assert second["MessageId"] == first["MessageId"]
    assert second["SequenceNumber"] == first["SequenceNumber"]
    assert second["MD5OfMessageBody"] != first["MD5OfMessageBody"]
    assert receive(sqs, queue) == []
    cloud.clock.advance(1)
    assert send(sqs, queue, "three", id="same")["MessageId"] != first["MessageId"]
    assert bodies(receive(sqs, queue)) == ["three"]


def test_the_content_can_be_the_identity(sqs):
    url = fifo(sqs, "content.fifo", ContentBasedDeduplication="true")
    for attribute in ("one", "two"):
        attributes = {"a": {"DataType": "String", "StringValue": attribute}}
        sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="g", MessageAttributes=attributes)
    explicit = "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5"  # SHA-256 of "same"
    send(sqs, url, "other", id=explicit)
    send(sqs, url, "same", id="explicit")
    assert bodies(receive(sqs, url)) == ["same", "same"]


@pytest.mark.parametrize(("scope", "count"), [("queue", 1), ("messageGroup", 2)])
def test_identities_hold_in_the_queue_or_in_a_group(sqs, scope, count):
    url = fifo(sqs, "scoped.fifo", DeduplicationScope=scope)
    send(sqs, url, "a", "g1", "same")
    send(sqs, url, "b", "g2", "same")
    assert len(receive(sqs, url)) == count


def test_a_receive_takes_much_of_one_group_and_then_of_the_next(sqs, queue):
    for body in "abc":
        send(sqs, queue, body, "one")
        send(sqs, queue, body.upper(), "two")
    assert bodies(receive(sqs, queue, 4)) == ["a", "b", "c", "A"]
    assert receive(sqs, queue) == []


# What happens next


def test_a_group_waits_while_some_of_it_is_in_flight(sqs, queue, cloud):
    for body in "abc":
        send(sqs, queue, body)
    send(sqs, queue, "x", "other")
    first, second = receive(sqs, queue, 2)
    assert bodies([first, second]) == ["a", "b"]
    assert bodies(receive(sqs, queue)) == ["x"]
    delete(sqs, queue, first)
    assert receive(sqs, queue) == []
    delete(sqs, queue, second)
    assert bodies(receive(sqs, queue)) == ["c"]


def test_order_is_kept_when_messages_come_back(sqs, queue, cloud):
    for body in "abc":
        send(sqs, queue, body)
    a, b = receive(sqs, queue, 2)
    release(sqs, queue, b)
    assert receive(sqs, queue) == []
    cloud.clock.advance(30)
    assert bodies(receive(sqs, queue)) == ["a", "b", "c"]
    assert refusal(sqs.delete_message, QueueUrl=queue, ReceiptHandle=a["ReceiptHandle"])[0] == "InvalidParameterValue"


def test_a_longer_timeout_blocks_the_group_for_longer(sqs, queue, cloud):
    for body in "ab":
        send(sqs, queue, body)
    (a,) = receive(sqs, queue, 1)
    release(sqs, queue, a, timeout=100)
    cloud.clock.advance(99)
    assert receive(sqs, queue) == []
    cloud.clock.advance(1)
    assert bodies(receive(sqs, queue)) == ["a", "b"]


def test_the_delay_of_the_queue_counts_for_what_is_there(sqs, queue, cloud):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "100"})
    send(sqs, queue, "a")
    assert receive(sqs, queue) == []
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "10"})
    cloud.clock.advance(10)
    assert bodies(receive(sqs, queue)) == ["a"]


def test_a_receive_can_be_asked_again(sqs, queue, cloud):
    for body in "abc":
        send(sqs, queue, body)
    attempt = {"ReceiveRequestAttemptId": "attempt"}
    first = receive(sqs, queue, 2, **attempt)
    cloud.clock.advance(20)
    again = receive(sqs, queue, 2, **attempt)
    assert [message["ReceiptHandle"] for message in again] == [message["ReceiptHandle"] for message in first]
    cloud.clock.advance(20)
    assert receive(sqs, queue) == []
    delete(sqs, queue, *first)
    assert bodies(receive(sqs, queue, 2, **attempt)) == ["c"]


def test_expired_messages_leave_their_group(sqs, queue, cloud):
    send(sqs, queue, "old")
    cloud.clock.advance(345_600)
    send(sqs, queue, "new")
    cloud.clock.advance(1)
    found = receive(sqs, queue) + receive(sqs, queue)
    assert bodies(found) == ["new"]


def test_a_purged_queue_has_forgotten_what_was_sent(sqs, queue):
    send(sqs, queue, "a", id="same")
    sqs.purge_queue(QueueUrl=queue)
    send(sqs, queue, "b", id="same")
    send(sqs, queue, "c")
    assert bodies(receive(sqs, queue)) == ["b", "c"]


def test_a_message_that_is_given_back_is_received_though_the_next_one_is_in_flight(sqs, queue):
    for body in ("a", "b"):
        send(sqs, queue, body)
    first, _ = receive(sqs, queue)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(receive(sqs, queue)) == ["a"]
