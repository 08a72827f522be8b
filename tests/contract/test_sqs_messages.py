"""SQS, messages: what is refused, what is done, what happens next."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


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


def send(sqs, queue, body="m", **more):
    return sqs.send_message(QueueUrl=queue, MessageBody=body, **more)


def receive(sqs, queue, **more):
    return sqs.receive_message(QueueUrl=queue, **more).get("Messages", [])


def bodies(sqs, queue, **more):
    return [message["Body"] for message in receive(sqs, queue, MaxNumberOfMessages=10, **more)]


def text(value, data_type="String"):
    return {"DataType": data_type, "StringValue": value}


def counts(sqs, queue):
    names = ("", "NotVisible", "Delayed")
    wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"]
    return tuple(int(found[name]) for name in wanted)


# What is refused


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"MessageBody": ""}, "MissingParameter", "The request must contain the parameter MessageBody."),
        ({"MessageBody": "\x00"}, "InvalidMessageContents", "Invalid characters found. Valid unicode characters are"),
        ({"MessageBody": "\ufffe"}, "InvalidMessageContents", "Invalid characters found. Valid unicode characters are"),
        ({"DelaySeconds": 901}, "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid."),
        ({"DelaySeconds": -1}, "InvalidParameterValue", "Value -1 for parameter DelaySeconds is invalid."),
        ({"MessageDeduplicationId": "d"}, "InvalidParameterValue", "The request include parameter MessageDedupl"),
        ({"MessageGroupId": "a b"}, "InvalidParameterValue", "Value a b for parameter MessageGroupId is invalid."),
    ],
)
def test_a_message_must_be_sendable(sqs, queue, change, code, message):
    found = refusal(sqs.send_message, **{"QueueUrl": queue, "MessageBody": "m", **change})
    assert found[0] == code
    assert found[1].startswith(message)
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"a": text("x", "Number")}, "Can't cast the value of message (user) attribute 'a' to a number."),
        ({"a": text("")}, "Message (user) attribute 'a' must contain a non-empty value of type 'String'."),
        ({"": text("x")}, "The request must contain non-empty message (user) attribute names."),
        ({"a": {}}, "The message (user) attribute 'a' must contain a non-empty message attribute value."),
        ({"a": text("x", "Text")}, "The type of message (user) attribute 'a' is invalid."),
        ({"AWS.a": text("x")}, "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'."),
        ({"amazon.a": text("x")}, "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'."),
        ({"a b": text("x")}, "Message (user) attributes name can only contain"),
        ({"a" * 257: text("x")}, "Message (user) attribute name must be shorter than 256 bytes."),
        ({"a": text("x", "String." + "a" * 250)}, "Message (user) attribute type must be shorter than 256 bytes."),
        ({f"a{n}": text("x") for n in range(11)}, "Number of message attributes [11] exceeds the allowed maximum"),
        ({"a": {"DataType": "String", "StringListValues": ["x"]}}, "Message attribute list values in SendMessage"),
        ({"a": text("\x01")}, "Invalid characters found."),
    ],
)
def test_message_attributes_have_rules(sqs, queue, attributes, message):
    assert refusal(send, sqs=sqs, queue=queue, MessageAttributes=attributes)[1].startswith(message)
    assert counts(sqs, queue) == (0, 0, 0)


def test_the_trace_header_is_the_only_system_attribute(sqs, queue):
    _, message = refusal(send, sqs=sqs, queue=queue, MessageSystemAttributes={"Other": text("x")})
    assert message == "Message system attribute name 'Other' is invalid."
    trace = {"AWSTraceHeader": text("1", "Number")}
    assert refusal(send, sqs=sqs, queue=queue, MessageSystemAttributes=trace)[0] == "InvalidParameterValue"


def test_a_message_has_a_greatest_size(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MaximumMessageSize": "1024"})
    send(sqs, queue, "é" * 512)
    expected = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    assert refusal(send, sqs=sqs, queue=queue, body="é" * 512 + "a") == ("InvalidParameterValue", expected)
    attributes = {"name": text("v" * 10)}
    assert refusal(send, sqs=sqs, queue=queue, body="a" * 1005, MessageAttributes=attributes)[1] == expected
    send(sqs, queue, "a" * 1004, MessageAttributes=attributes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MaxNumberOfMessages": 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between"),
        ({"MaxNumberOfMessages": 0}, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between"),
        ({"WaitTimeSeconds": 21}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20"),
        ({"VisibilityTimeout": 43201}, "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0"),
        ({"ReceiveRequestAttemptId": "a"}, "The request include parameter ReceiveRequestAttemptId which is not valid"),
    ],
)
def test_receiving_has_limits(sqs, queue, change, message):
    code, found = refusal(sqs.receive_message, QueueUrl=queue, **change)
    assert code == "InvalidParameterValue"
    assert found.startswith(message)


def test_a_receipt_handle_must_be_one(sqs, queue):
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    send(sqs, other)
    foreign = receive(sqs, other)[0]["ReceiptHandle"]
    for handle in ("nonsense", "AQEB", foreign, foreign[:-2] + "AA"):
        code, message = refusal(sqs.delete_message, QueueUrl=queue, ReceiptHandle=handle)
        assert code == "ReceiptHandleIsInvalid"
        assert message == f'The input receipt handle "{handle}" is not a valid receipt handle.'
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle="nonsense", VisibilityTimeout=1)


def test_a_visibility_timeout_ends_after_twelve_hours_in_all(sqs, queue, cloud):
    send(sqs, queue)
    handle = receive(sqs, queue, VisibilityTimeout=43200)[0]["ReceiptHandle"]
    cloud.clock.advance(3600)
    reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    for timeout in (43201, 39601):
        found = refusal(sqs.change_message_visibility, QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=timeout)
        assert found[1] == f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: {reason}"
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=39600)


def test_what_is_gone_or_given_back_cannot_be_hidden(sqs, queue):
    send(sqs, queue)
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    change = {"QueueUrl": queue, "ReceiptHandle": handle, "VisibilityTimeout": 0}
    sqs.change_message_visibility(**change)
    with pytest.raises(sqs.exceptions.MessageNotInflight):
        sqs.change_message_visibility(**change)
    assert refusal(sqs.change_message_visibility, **change)[0] == "AWS.SimpleQueueService.MessageNotInflight"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    reason = "Message does not exist or is not available for visibility timeout change."
    expected = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: {reason}"
    assert refusal(sqs.change_message_visibility, **change) == ("InvalidParameterValue", expected)


# What is done


def test_a_message_arrives_as_it_was_sent(sqs, queue, cloud):
    body = 'tab\t, line\n, "quotes", <tags>, é, 漢字, \U0001f600'
    now = str(int(cloud.clock.now() * 1000))
    sent = send(sqs, queue, body)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    assert "SequenceNumber" not in sent
    (message,) = receive(sqs, queue, MessageSystemAttributeNames=["All"])
    assert message["Body"] == body
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["Attributes"] == {
        "SenderId": "000000000000",
        "SentTimestamp": now,
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": now,
    }


def test_only_what_was_asked_for_is_told(sqs, queue):
    send(sqs, queue, MessageSystemAttributes={"AWSTraceHeader": text("Root=1-2-3")}, MessageAttributes={"a": text("x")})
    (message,) = receive(sqs, queue, VisibilityTimeout=0)
    assert message.keys() == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}
    (message,) = receive(sqs, queue, VisibilityTimeout=0, AttributeNames=["SenderId", "Policy"])
    assert message["Attributes"] == {"SenderId": "000000000000"}
    (message,) = receive(sqs, queue, VisibilityTimeout=0, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-2-3"}
    assert refusal(receive, sqs=sqs, queue=queue, AttributeNames=["Colour"])[0] == "InvalidAttributeName"


def test_sums_of_attributes_are_those_that_aws_computes(sqs, queue):
    # Observed on AWS: https://github.com/localstack/localstack, tests/aws/services/sqs/test_sqs.snapshot.json
    binary = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    sent = send(sqs, queue, MessageAttributes={"attr1": {"DataType": "Binary", "BinaryValue": binary}})
    assert sent["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"
    (message,) = receive(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"]["attr1"] == {"DataType": "Binary", "BinaryValue": binary}
    sent = send(
        sqs, queue,
        MessageAttributes={"UserId": text("1234567890123456789012", "Number.bigint")},
        MessageSystemAttributes={"AWSTraceHeader": text("some-trace-id")},
    )  # fmt: skip
    assert sent["MD5OfMessageAttributes"] == "797ab158d73dcb5242dedc4412c8e855"
    assert sent["MD5OfMessageSystemAttributes"] == "fdce4f2818803f2f73becc09a54792c0"


@pytest.mark.parametrize(
    ("names", "found", "digest"),
    [
        ([], set(), None),
        (["All"], {"General", "Hello", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"),
        ([".*"], {"General", "Hello", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"),
        (["Foo"], set(), None),
        (["General", "Hello"], {"General", "Hello"}, "fca026605781cb4126a1e9044df24232"),
        (["Hello", "Foo"], {"Hello"}, "a311262e065454b75da111d535b8dacd"),
        (["Hel.*"], {"Hello", "Help.Me"}, "83fee93c1bcd8b9a5a923ffacdc636c7"),
        (["AWS.", ".foo"], set(), None),
    ],
)
def test_attributes_are_chosen_by_name_and_prefix(sqs, queue, names, found, digest):
    values = {"General": text("Kenobi"), "Hello": text("There"), "Help.Me": text("Me")}
    send(sqs, queue, "msg", MessageAttributes=values)
    (message,) = receive(sqs, queue, MessageAttributeNames=names)
    assert message.get("MessageAttributes", {}) == {name: values[name] for name in found}
    assert message.get("MD5OfMessageAttributes") == digest


def test_messages_come_in_the_order_in_which_they_were_sent(sqs, queue):
    for number in range(12):
        send(sqs, queue, str(number))
    assert bodies(sqs, queue) == [str(number) for number in range(10)]
    assert bodies(sqs, queue) == ["10", "11"]
    assert bodies(sqs, queue) == []


def test_a_standard_queue_keeps_the_tenant_of_a_message(sqs, queue):
    send(sqs, queue, MessageGroupId="tenant")
    send(sqs, queue, MessageGroupId="tenant")
    first, second = receive(sqs, queue, MaxNumberOfMessages=10, AttributeNames=["All"])
    assert first["Attributes"]["MessageGroupId"] == second["Attributes"]["MessageGroupId"] == "tenant"
    assert "SequenceNumber" not in first["Attributes"]


# What happens next


def test_a_message_comes_back_when_nobody_deletes_it(sqs, queue, cloud):
    send(sqs, queue)
    first = receive(sqs, queue, AttributeNames=["All"])[0]
    assert counts(sqs, queue) == (0, 1, 0)
    cloud.clock.advance(29.9)
    assert receive(sqs, queue) == []
    cloud.clock.advance(0.1)
    second = receive(sqs, queue, AttributeNames=["All"])[0]
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    stamp = "ApproximateFirstReceiveTimestamp"
    assert second["Attributes"][stamp] == first["Attributes"][stamp]


def test_a_deleted_message_is_gone_for_good(sqs, queue, cloud):
    send(sqs, queue)
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    cloud.clock.advance(60)
    assert receive(sqs, queue) == []
    assert counts(sqs, queue) == (0, 0, 0)


def test_older_and_expired_receipt_handles_are_still_good(sqs, queue, cloud):
    send(sqs, queue)
    older = receive(sqs, queue, VisibilityTimeout=0)[0]["ReceiptHandle"]
    latest = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=older, VisibilityTimeout=0)
    assert counts(sqs, queue) == (1, 0, 0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=older)
    assert counts(sqs, queue) == (0, 0, 0)
    send(sqs, queue)
    latest = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.clock.advance(30)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=latest)
    assert counts(sqs, queue) == (0, 0, 0)


def test_a_timeout_is_changed_for_one_receipt(sqs, queue, cloud):
    send(sqs, queue)
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=100)
    cloud.clock.advance(99)
    assert receive(sqs, queue) == []
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert len(receive(sqs, queue)) == 1
    cloud.clock.advance(30)
    assert len(receive(sqs, queue)) == 1


def test_an_expired_timeout_can_be_changed_while_nobody_else_has_the_message(sqs, queue, cloud):
    send(sqs, queue)
    handle = receive(sqs, queue, VisibilityTimeout=1)[0]["ReceiptHandle"]
    cloud.clock.advance(2)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=10)
    assert receive(sqs, queue) == []


def test_delays_are_the_queues_unless_the_message_has_its_own(sqs, queue, cloud):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "10"})
    send(sqs, queue, "queue")
    send(sqs, queue, "own", DelaySeconds=5)
    send(sqs, queue, "none", DelaySeconds=0)
    assert counts(sqs, queue) == (1, 0, 2)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "0"})
    assert bodies(sqs, queue) == ["none"]
    cloud.clock.advance(5)
    assert bodies(sqs, queue) == ["own"]
    cloud.clock.advance(5)
    assert bodies(sqs, queue) == ["queue"]


def test_messages_expire_by_the_clock(sqs, queue, cloud):
    send(sqs, queue, "old")
    cloud.clock.advance(345_599)
    send(sqs, queue, "new")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    cloud.clock.advance(1)
    assert counts(sqs, queue) == (1, 0, 0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert bodies(sqs, queue) == ["new"]
    cloud.clock.advance(345_600 + 3600)
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM sqs_message").fetchone()) == (0,)


def test_a_shorter_retention_also_counts_for_what_is_there(sqs, queue, cloud):
    send(sqs, queue)
    cloud.clock.advance(61)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    assert receive(sqs, queue) == []


def test_a_long_poll_gets_the_message_that_is_sent_meanwhile(sqs, queue, aws):
    with ThreadPoolExecutor(1) as other:
        polled = other.submit(receive, aws("sqs"), queue, WaitTimeSeconds=20)
        while not polled.done():
            send(sqs, queue, "at last")
        assert polled.result()[0]["Body"] == "at last"


def test_a_long_poll_sees_the_end_of_a_timeout_on_a_moved_clock(sqs, queue, aws, cloud):
    send(sqs, queue)
    receive(sqs, queue, VisibilityTimeout=1000)
    with ThreadPoolExecutor(1) as other:
        polled = other.submit(receive, aws("sqs"), queue, WaitTimeSeconds=20)
        while not polled.done():
            cloud.clock.advance(100)
        assert len(polled.result()) == 1


def test_a_long_poll_that_waits_in_vain_answers_empty(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"ReceiveMessageWaitTimeSeconds": "1"})
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0)


def test_a_long_poll_ends_with_its_queue(sqs, queue, aws):
    with ThreadPoolExecutor(1) as other:
        polled = other.submit(refusal, aws("sqs").receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=queue, MessageBody="never mind", DelaySeconds=900)
        sqs.delete_queue(QueueUrl=queue)
        assert polled.result()[0] == "AWS.SimpleQueueService.NonExistentQueue"
