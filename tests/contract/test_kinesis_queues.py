"""Queues over a Kinesis stream: each record once, and again when nobody acknowledges it."""

import pytest

from tests.contract.kinesis_streams import ARN, data, make_stream, put, refusal, summary

QUEUE = "arn:aws:kinesis:eu-west-1:000000000000:queue/"


@pytest.fixture
def kinesis(aws):
    it = aws("kinesis")
    make_stream(it, shards=0)
    return it


def make_queue(kinesis, kind="LATEST", name="work", attributes=None, **more):
    """An active queue; its ARN."""
    configuration = {"StreamARN": ARN + "events", "StartingPosition": {"Type": kind, **more}}
    given = {"QueueAttributes": attributes} if attributes else {}
    made = kinesis.create_queue(QueueName=name, StreamConfigurationList=[configuration], **given)["QueueDescription"]
    while kinesis.describe_queue(QueueARN=made["QueueARN"])["QueueDescription"]["QueueStatus"] != "ACTIVE":
        pass
    return made["QueueARN"]


def receive(kinesis, queue, dead=False, **more):
    call = kinesis.receive_dead_letter_queue_records if dead else kinesis.receive_queue_records
    return call(QueueARN=queue, **{"WaitTimeSeconds": 1, **more})["QueueRecords"]


def texts(records):
    return sorted(record["Data"].decode() for record in records)


def handles(records, **more):
    return [{"ReceiptHandle": record["ReceiptHandle"], **more} for record in records]


# What is refused


def test_a_queue_needs_a_stream_on_demand(kinesis):
    make_stream(kinesis, "provisioned")
    asked = {"QueueName": "work", "StreamConfigurationList": [{"StreamARN": ARN + "provisioned"}]}
    assert refusal(kinesis.create_queue, **asked)[0] == "ValidationException"
    asked["StreamConfigurationList"] = [{"StreamARN": ARN + "gone"}]
    assert refusal(kinesis.create_queue, **asked)[0] == "ResourceNotFoundException"
    asked["StreamConfigurationList"] = [{"StreamARN": ARN + "events"}] * 2
    assert refusal(kinesis.create_queue, **asked)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("attributes", "position"),
    [
        ({"DeadLetterConfiguration": {"TargetType": "BUILT_IN"}}, {"Type": "LATEST"}),
        ({"DeadLetterConfiguration": {"TargetType": "NONE", "MaxReceiveCount": 3}}, {"Type": "LATEST"}),
        ({}, {"Type": "AT_TIMESTAMP"}),
        ({}, {"Type": "LATEST", "Timestamp": 1}),
        ({"VisibilityTimeoutSeconds": 43_201}, {"Type": "LATEST"}),
    ],
)
def test_a_queue_must_make_sense(kinesis, attributes, position):
    configuration = [{"StreamARN": ARN + "events", "StartingPosition": position}]
    asked = {"QueueName": "work", "StreamConfigurationList": configuration, "QueueAttributes": attributes}
    assert refusal(kinesis.create_queue, **asked)[0] in ("ValidationException", "InvalidArgumentException")
    assert kinesis.list_queues()["QueueSummaries"] == []


def test_a_name_is_used_once(kinesis):
    make_queue(kinesis)
    asked = {"QueueName": "work", "StreamConfigurationList": [{"StreamARN": ARN + "events"}]}
    assert refusal(kinesis.create_queue, **asked)[0] == "ResourceInUseException"


def test_a_stream_with_queues_is_kept(kinesis, cloud):
    queue = make_queue(kinesis)
    assert refusal(kinesis.delete_stream, StreamName="events")[0] == "ResourceInUseException"
    asked = {"StreamARN": ARN + "events", "StreamModeDetails": {"StreamMode": "PROVISIONED"}}
    assert refusal(kinesis.update_stream_mode, **asked)[0] == "ResourceInUseException"
    kinesis.delete_queue(QueueARN=queue)
    cloud.settle()
    assert refusal(kinesis.describe_queue, QueueARN=queue)[0] == "ResourceNotFoundException"
    kinesis.delete_stream(StreamName="events")


def test_a_receipt_is_good_until_the_next_one(kinesis, cloud):
    queue = make_queue(kinesis)
    put(kinesis, "a")
    first = receive(kinesis, queue)
    cloud.clock.advance(31)
    receive(kinesis, queue)
    answer = kinesis.acknowledge_queue_records(
        QueueARN=queue, Entries=[*handles(first), {"ReceiptHandle": "nonsense"}, {"ReceiptHandle": "1-1"}]
    )
    codes = [failed["ErrorCode"] for failed in answer["Failed"]]
    assert (answer["Successful"], codes) == (
        [], ["InvalidArgumentException", "InvalidArgumentException", "ResourceNotFoundException"],
    )  # fmt: skip


# What is done


def test_a_queue_is_described(kinesis):
    configuration = [{"StreamARN": ARN + "events"}]
    made = kinesis.create_queue(QueueName="work", StreamConfigurationList=configuration, Tags={"a": "b"})
    told = made["QueueDescription"]
    assert told["QueueARN"].startswith(QUEUE) and told["QueueStatus"] == "CREATING"
    assert told["StreamConfigurationList"] == [
        {"StreamARN": ARN + "events", "StartingPosition": {"Type": "LATEST"}}
    ]  # fmt: skip
    assert told["QueueAttributes"] == {
        "VisibilityTimeoutSeconds": 30,
        "DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 6},
    }
    assert kinesis.list_tags_for_resource(ResourceARN=told["QueueARN"])["Tags"] == [{"Key": "a", "Value": "b"}]
    told = kinesis.describe_queue(QueueARN=told["QueueARN"])["QueueDescription"]
    assert told["QueueStatus"] == "ACTIVE" and "Timestamp" in told["StreamConfigurationList"][0]["StartingPosition"]
    assert (summary(kinesis)["QueueCount"], summary(kinesis)["ConsumerCount"]) == (1, 0)


def test_a_queue_is_changed(kinesis):
    queue = make_queue(kinesis)
    attributes = {"VisibilityTimeoutSeconds": 5, "DeadLetterConfiguration": {"TargetType": "NONE"}}
    told = kinesis.update_queue(QueueARN=queue, QueueAttributes=attributes)["QueueDescription"]
    assert (told["QueueStatus"], told["QueueAttributes"]) == ("UPDATING", attributes)


def test_queues_are_listed(kinesis):
    make_stream(kinesis, "others", shards=0)
    names = ["a", "b", "c"]
    for name in names:
        make_queue(kinesis, name=name)
    told = kinesis.list_queues(MaxResults=2)
    rest = kinesis.list_queues(NextToken=told["NextToken"])
    found = told["QueueSummaries"] + rest["QueueSummaries"]
    assert sorted(it["QueueName"] for it in found) == names
    assert found[0]["Streams"][0]["StreamARN"] == ARN + "events"
    asked = [{"StreamARN": ARN + "others"}]
    assert kinesis.list_queues(StreamFilter=asked)["QueueSummaries"] == []


def test_a_record_is_delivered_with_all_it_has(kinesis, cloud):
    cloud.clock.freeze()
    queue = make_queue(kinesis)
    put(kinesis, "a")
    [record] = receive(kinesis, queue)
    assert (record["Data"], record["PartitionKey"], record["ReceiveCount"]) == (b"a", "key", 1)
    assert record["FirstReceiveTimestamp"] == record["ApproximateArrivalTimestamp"]
    cloud.clock.advance(30)
    [again] = receive(kinesis, queue)
    assert (again["RecordId"], again["ReceiveCount"]) == (record["RecordId"], 2)
    assert again["ReceiptHandle"] != record["ReceiptHandle"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("TRIM_HORIZON", ["a", "b"]), ("LATEST", ["b"]), ("AT_TIMESTAMP", ["b"])]
)
def test_a_queue_begins_where_it_says(kinesis, cloud, kind, expected):
    put(kinesis, "a")
    cloud.clock.advance(10)
    more = {"Timestamp": cloud.clock.now() - 5} if kind == "AT_TIMESTAMP" else {}
    queue = make_queue(kinesis, kind, **more)
    put(kinesis, "b")
    assert texts(receive(kinesis, queue)) == expected


def test_an_acknowledged_record_does_not_come_again(kinesis, cloud):
    queue, other = make_queue(kinesis), make_queue(kinesis, name="other")
    put(kinesis, "a", "b", "c")
    records = receive(kinesis, queue, Limit=2)
    answer = kinesis.acknowledge_queue_records(QueueARN=queue, Entries=handles(records))
    assert (len(answer["Successful"]), answer["Failed"]) == (2, [])
    cloud.clock.advance(100)
    assert texts(receive(kinesis, queue)) == ["c"]
    assert texts(receive(kinesis, other)) == ["a", "b", "c"]


# What happens next


def test_a_record_that_waits_comes_as_soon_as_it_is_there(kinesis, cloud):
    queue = make_queue(kinesis)
    assert receive(kinesis, queue) == []
    put(kinesis, "a")
    [record] = receive(kinesis, queue, WaitTimeSeconds=20, VisibilityTimeoutSeconds=0)
    assert record["Data"] == b"a" and receive(kinesis, queue)[0]["ReceiveCount"] == 2


def test_visibility_is_changed(kinesis, cloud):
    queue = make_queue(kinesis)
    put(kinesis, "a")
    records = receive(kinesis, queue)
    entries = handles(records, VisibilityTimeoutSeconds=100)
    assert len(kinesis.update_queue_records_visibility(QueueARN=queue, Entries=entries)["Successful"]) == 1
    cloud.clock.advance(90)
    assert receive(kinesis, queue) == []
    cloud.clock.advance(11)
    records = receive(kinesis, queue)
    kinesis.update_queue_records_visibility(QueueARN=queue, Entries=handles(records, VisibilityTimeoutSeconds=0))
    assert len(receive(kinesis, queue)) == 1


def test_a_record_that_nobody_can_process_becomes_a_dead_letter(kinesis, cloud):
    dead_letters = {"TargetType": "BUILT_IN", "MaxReceiveCount": 2}
    queue = make_queue(kinesis, attributes={"DeadLetterConfiguration": dead_letters})
    put(kinesis, "a", "b", "c")
    for _ in range(2):
        assert texts(receive(kinesis, queue)) == ["a", "b", "c"]
        cloud.clock.advance(31)
    assert receive(kinesis, queue) == []
    dead = receive(kinesis, queue, dead=True)
    assert texts(dead) == ["a", "b", "c"]
    first, second, third = handles(dead)
    kinesis.acknowledge_dead_letter_queue_records(QueueARN=queue, Entries=[first])
    kinesis.restore_dead_letter_queue_records(QueueARN=queue, Entries=[second])
    hidden = {**third, "VisibilityTimeoutSeconds": 0}
    kinesis.update_dead_letter_queue_records_visibility(QueueARN=queue, Entries=[hidden])
    assert len(receive(kinesis, queue, dead=True)) == 1
    [restored] = receive(kinesis, queue)
    assert restored["ReceiveCount"] == 1
    answer = kinesis.acknowledge_dead_letter_queue_records(QueueARN=queue, Entries=handles([restored]))
    assert answer["Failed"][0]["ErrorCode"] == "ResourceNotFoundException"


def test_a_queue_delivers_nothing_that_has_expired(kinesis, cloud):
    queue = make_queue(kinesis, attributes={"DeadLetterConfiguration": {"TargetType": "NONE"}})
    put(kinesis, "a")
    assert len(receive(kinesis, queue)) == 1
    cloud.clock.advance(86_401)
    put(kinesis, "b")
    assert texts(receive(kinesis, queue)) == ["b"]
    assert data(kinesis, "0") + data(kinesis, "1") + data(kinesis, "2") + data(kinesis, "3") == [b"b"]
