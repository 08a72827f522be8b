"""SQS, dead letters: what is refused, what is done, what happens next."""

import json
from base64 import b64decode, b64encode

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:sqs:eu-west-1:000000000000:"


@pytest.fixture
def sqs(aws, cloud):
    cloud.clock.freeze()
    return aws("sqs")


@pytest.fixture
def grave(sqs):
    return sqs.create_queue(QueueName="grave")["QueueUrl"]


@pytest.fixture
def queue(sqs, grave):
    return with_grave(sqs, "queue")


def with_grave(sqs, name, count=1, grave="grave", **attributes):
    policy = json.dumps({"deadLetterTargetArn": ARN + grave, "maxReceiveCount": count})
    return sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy, **attributes})["QueueUrl"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def receive(sqs, queue, **more):
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **more).get("Messages", [])


def bodies(messages):
    return sorted(message["Body"] for message in messages)


def bury(sqs, queue, *messages):
    """Send messages and receive them once too often."""
    for body in messages:
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    while receive(sqs, queue, VisibilityTimeout=0):
        pass


def tasks(sqs, **more):
    return sqs.list_message_move_tasks(SourceArn=f"{ARN}grave", **more)["Results"]


def start(sqs, **more):
    return sqs.start_message_move_task(SourceArn=f"{ARN}grave", **more)["TaskHandle"]


def count(sqs, queue):
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name])


# What is refused


def test_only_dead_letter_queues_are_sources_of_a_move(sqs, queue):
    code, message = refusal(sqs.start_message_move_task, SourceArn=f"{ARN}queue")
    assert (code, message) == ("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    code, message = refusal(sqs.start_message_move_task, SourceArn=f"{ARN}absent")
    assert code == "ResourceNotFoundException"
    assert message == "The resource that you specified for the SourceArn parameter doesn't exist."
    code, message = refusal(sqs.start_message_move_task, SourceArn="no arn")
    assert code == "InvalidParameterValue"
    assert message.startswith("You must use this format to specify the SourceArn: arn:<partition>")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"DestinationArn": f"{ARN}absent"},
            "The resource that you specified for the DestinationArn parameter doesn't",
        ),
        ({"DestinationArn": "x"}, "You must use this format to specify the DestinationArn"),
        ({"DestinationArn": f"{ARN}grave"}, "Source queue arn and destination queue arn cannot be the same."),
        ({"DestinationArn": f"{ARN}q.fifo"}, "The source queue and destination queue must be of the same queue type."),
        ({"MaxNumberOfMessagesPerSecond": 0}, "Value for parameter MaxNumberOfMessagesPerSecond is invalid."),
        ({"MaxNumberOfMessagesPerSecond": 501}, "Value for parameter MaxNumberOfMessagesPerSecond is invalid."),
    ],
)
def test_a_move_needs_a_destination_and_a_rate(sqs, queue, change, message):
    sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    assert refusal(start, sqs=sqs, **change)[1].startswith(message)
    assert tasks(sqs) == []


def test_one_task_at_a_time(sqs, queue):
    bury(sqs, queue, "a", "b")
    start(sqs, MaxNumberOfMessagesPerSecond=1)
    _, message = refusal(start, sqs=sqs)
    assert message.startswith("There is already a task running. Only one active task is allowed")


def test_a_task_handle_must_be_one(sqs, queue):
    def handle(source):
        return b64encode(json.dumps({"taskId": "t", "sourceArn": source}).encode()).decode()

    for text in ("foobared", "Zm9v", b64encode(b"[]").decode()):
        code, message = refusal(sqs.cancel_message_move_task, TaskHandle=text)
        assert (code, message) == ("InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
    code, _ = refusal(sqs.cancel_message_move_task, TaskHandle=handle(f"{ARN}absent"))
    assert code == "ResourceNotFoundException"
    code, message = refusal(sqs.cancel_message_move_task, TaskHandle=handle(f"{ARN}grave"))
    assert (code, message) == ("ResourceNotFoundException", "Task does not exist.")


# What is done


def test_a_message_received_too_often_becomes_a_dead_letter(sqs, grave):
    queue = with_grave(sqs, "patient", count=2)
    sent = sqs.send_message(QueueUrl=queue, MessageBody="m")
    for times in ("1", "2"):
        (message,) = receive(sqs, queue, VisibilityTimeout=0, AttributeNames=["All"])
        assert message["Attributes"]["ApproximateReceiveCount"] == times
    assert (count(sqs, queue), count(sqs, grave)) == (1, 0)
    assert receive(sqs, queue) == []
    assert (count(sqs, queue), count(sqs, grave)) == (0, 1)
    (dead,) = receive(sqs, grave, AttributeNames=["All"])
    assert dead["MessageId"] == sent["MessageId"]
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}patient"
    assert dead["Attributes"]["ApproximateReceiveCount"] == "3"
    assert dead["Attributes"]["SentTimestamp"] == message["Attributes"]["SentTimestamp"]


def test_dead_letters_make_room_for_the_living(sqs, queue):
    bury(sqs, queue)
    for number in range(12):
        sqs.send_message(QueueUrl=queue, MessageBody=f"{number:02}")
    receive(sqs, queue, VisibilityTimeout=0)
    assert bodies(receive(sqs, queue)) == ["10", "11"]


def test_a_handle_from_before_the_burial_does_not_reach_the_dead(sqs, queue, grave):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    (message,) = receive(sqs, queue, VisibilityTimeout=0)
    assert receive(sqs, queue) == []
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert bodies(receive(sqs, grave)) == ["m"]


def test_without_its_dead_letter_queue_a_message_stays(sqs, queue, grave):
    sqs.delete_queue(QueueUrl=grave)
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    for _ in range(3):
        assert bodies(receive(sqs, queue, VisibilityTimeout=0)) == ["m"]


def test_dead_letters_of_a_fifo_queue_keep_their_order(sqs):
    grave = sqs.create_queue(QueueName="grave.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    queue = with_grave(sqs, "queue.fifo", grave="grave.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in "abcd":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0, MaxNumberOfMessages=2)
    assert [message["Body"] for message in receive(sqs, queue)] == ["c", "d"]
    assert [message["Body"] for message in receive(sqs, grave)] == ["a", "b"]


# What happens next


def test_dead_letters_go_back_to_where_they_came_from(sqs, queue, grave, cloud):
    other = with_grave(sqs, "other")
    bury(sqs, queue, "a", "b")
    bury(sqs, other, "c")
    cloud.clock.advance(1000)
    handle = start(sqs)
    assert json.loads(b64decode(handle))["sourceArn"] == f"{ARN}grave"
    cloud.clock.advance(1)
    (task,) = tasks(sqs)
    assert task.pop("StartedTimestamp") == int((cloud.clock.now() - 1) * 1000)
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": f"{ARN}grave",
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
    }
    assert count(sqs, grave) == 0
    (message,) = receive(sqs, other, AttributeNames=["All"])
    assert message["Body"] == "c"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert int(message["Attributes"]["SentTimestamp"]) >= int((cloud.clock.now() - 1) * 1000)
    assert bodies(receive(sqs, queue)) == ["a", "b"]


def test_dead_letters_go_elsewhere_at_a_rate(sqs, queue, grave, cloud):
    target = sqs.create_queue(QueueName="target")["QueueUrl"]
    bury(sqs, queue, *"abcde")
    handle = start(sqs, DestinationArn=f"{ARN}target", MaxNumberOfMessagesPerSecond=2)
    cloud.clock.advance(0.5)
    assert (count(sqs, grave), count(sqs, target)) == (3, 2)
    (task,) = tasks(sqs)
    assert (task["Status"], task["TaskHandle"], task["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 2)
    cloud.clock.advance(2)
    assert tasks(sqs)[0]["Status"] == "COMPLETED"
    assert bodies(receive(sqs, target)) == list("abcde")


def test_a_cancelled_task_moves_no_more(sqs, queue, grave, cloud):
    bury(sqs, queue, "a", "b", "c")
    handle = start(sqs, MaxNumberOfMessagesPerSecond=1)
    cloud.clock.advance(0.5)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 1
    cloud.clock.advance(10)
    assert (count(sqs, grave), count(sqs, queue)) == (2, 1)
    (task,) = tasks(sqs)
    assert task["Status"] == "CANCELLED"
    assert "TaskHandle" not in task
    assert refusal(sqs.cancel_message_move_task, TaskHandle=handle)[0] == "InvalidParameterValue"


def test_a_task_fails_when_its_destination_goes_away(sqs, queue, grave, cloud):
    target = sqs.create_queue(QueueName="target")["QueueUrl"]
    bury(sqs, queue, "a", "b", "c")
    start(sqs, DestinationArn=f"{ARN}target", MaxNumberOfMessagesPerSecond=1)
    cloud.clock.advance(0.5)
    sqs.delete_queue(QueueUrl=target)
    cloud.clock.advance(1)
    (task,) = tasks(sqs)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")
    assert count(sqs, grave) == 2


def test_a_message_sent_to_a_dead_letter_queue_has_nowhere_to_go_back_to(sqs, queue, grave, cloud):
    sqs.send_message(QueueUrl=grave, MessageBody="direct")
    start(sqs)
    cloud.clock.advance(1)
    (task,) = tasks(sqs)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    start(sqs, DestinationArn=f"{ARN}queue")
    cloud.clock.advance(1)
    assert bodies(receive(sqs, queue)) == ["direct"]
    assert [task["Status"] for task in tasks(sqs, MaxResults=10)] == ["COMPLETED", "FAILED"]


def test_ten_tasks_are_remembered(sqs, queue, cloud):
    for _ in range(12):
        start(sqs)
        cloud.clock.advance(1)
    started = [task["StartedTimestamp"] for task in tasks(sqs, MaxResults=10)]
    assert len(started) == 10
    assert started == sorted(started, reverse=True)
    assert refusal(tasks, sqs=sqs, MaxResults=11)[0] == "InvalidParameterValue"
