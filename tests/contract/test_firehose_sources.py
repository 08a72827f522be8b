"""A Kinesis data stream as the source."""

import json
from base64 import b64decode
from hashlib import md5

import pytest

from tests.contract.firehose_box import FUNCTION, Box, refusal
from tests.contract.kinesis_streams import ARN as KINESIS_ARN
from tests.contract.kinesis_streams import make_stream
from tests.contract.lambda_code import made
from tests.contract.test_firehose_processing import FAST, MIRROR

HINTS = {"SizeInMBs": 1, "IntervalInSeconds": 60}


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def fed(box, kinesis, cloud):
    """Makes a stream that is fed by a Kinesis stream called `source`."""

    def make(name="events", role=None, **settings):
        source = {"KinesisStreamARN": f"{KINESIS_ARN}source", "RoleARN": role or box.role}
        type_and_source = {
            "DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": source,
        }  # fmt: skip
        box.make(name, source=type_and_source, **{"BufferingHints": HINTS, **settings})
        cloud.settle()

    return make


def put(kinesis, *data, key="k"):
    records = [{"Data": one, "PartitionKey": key} for one in data]
    return kinesis.put_records(StreamName="source", Records=records)["Records"]


# What is refused


def test_nobody_else_puts_records(box, kinesis, fed):
    make_stream(kinesis, "source")
    fed()
    assert refusal(box.put, b"x") == (
        "InvalidArgumentException",
        "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
    )
    code, message = refusal(box.firehose.start_delivery_stream_encryption, DeliveryStreamName="events")
    assert code == "InvalidArgumentException" and "only allowed for direct put delivery streams" in message


# What is done


def test_records_are_read_from_now_on(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    put(kinesis, b"before")
    cloud.clock.advance(1)
    fed()
    put(kinesis, b"one", b"two")
    put(kinesis, b"three")
    cloud.clock.advance(61)
    assert box.bodies() == [b"onetwothree"]


def test_the_source_is_shown(box, kinesis, fed):
    make_stream(kinesis, "source")
    fed()
    shown = box.describe()
    source = shown["Source"]["KinesisStreamSourceDescription"]
    assert source.pop("DeliveryStartTimestamp") == shown["CreateTimestamp"]
    assert source == {"KinesisStreamARN": f"{KINESIS_ARN}source", "RoleARN": box.role}
    assert shown["DeliveryStreamType"] == "KinesisStreamAsSource"
    listed = box.firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert listed["DeliveryStreamNames"] == ["events"]


def test_all_shards_are_read_each_in_its_order(box, kinesis, fed, cloud):
    make_stream(kinesis, "source", shards=4)
    fed()
    for number in range(10):
        for key in "abcdefgh":
            put(kinesis, f"{key}{number} ".encode(), key=key)
    cloud.clock.advance(61)
    found = b"".join(box.bodies()).decode().split()
    assert len(found) == 80
    for key in "abcdefgh":
        assert [one for one in found if one[0] == key] == [f"{key}{number}" for number in range(10)]


def test_a_function_learns_where_a_record_was_read(box, aws, kinesis, fed, cloud):
    made(aws, "mirror", MIRROR)
    make_stream(kinesis, "source")
    parameters = {"LambdaArn": f"{FUNCTION}mirror", **FAST}
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    fed(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]})
    [written] = put(kinesis, b"one", key="mine")
    cloud.clock.advance(80)
    cloud.settle()
    event = json.loads(box.bodies()[0])
    assert event["sourceKinesisStreamArn"] == f"{KINESIS_ARN}source"
    [record] = event["records"]
    assert b64decode(record["data"]) == b"one" and record["recordId"] == written["SequenceNumber"] + "000000"
    metadata = record["kinesisRecordMetadata"]
    assert metadata == {
        "sequenceNumber": written["SequenceNumber"], "subsequenceNumber": "", "partitionKey": "mine",
        "shardId": "shardId-000000000000", "approximateArrivalTimestamp": record["approximateArrivalTimestamp"],
    }  # fmt: skip


def aggregate(*records):
    """As the Kinesis Producer Library writes several records into one: (partition key, data) of each."""

    def field(number, value):
        return bytes([number << 3 | 2, len(value)]) + value

    body = b"".join(field(1, key.encode()) for key, _ in records)
    for index, (_, data) in enumerate(records):
        body += field(3, bytes([1 << 3, index]) + field(3, data))
    return b"\xf3\x89\x9a\xc2" + body + md5(body).digest()


def test_aggregated_records_are_taken_apart(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    listed = [{"Type": "AppendDelimiterToRecord"}]
    fed(ProcessingConfiguration={"Enabled": True, "Processors": listed})
    whole = aggregate(("a", b"one"), ("b", b"two"))
    put(kinesis, whole, whole[:-1] + b"?", b"three")
    cloud.clock.advance(61)
    assert box.bodies() == [b"one\ntwo\n" + whole[:-1] + b"?\nthree\n"]


def test_a_function_learns_of_the_records_within(box, aws, kinesis, fed, cloud):
    made(aws, "mirror", MIRROR)
    make_stream(kinesis, "source")
    parameters = {"LambdaArn": f"{FUNCTION}mirror", **FAST}
    listed = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    fed(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": listed}]})
    put(kinesis, aggregate(("a", b"one"), ("b", b"two")))
    cloud.clock.advance(80)
    cloud.settle()
    event, _ = json.JSONDecoder().raw_decode(box.bodies()[0].decode())
    metadata = [record["kinesisRecordMetadata"] for record in event["records"]]
    assert [(one["partitionKey"], one["subsequenceNumber"]) for one in metadata] == [("a", "0"), ("b", "1")]
    assert [record["recordId"][-6:] for record in event["records"]] == ["000000", "000001"]


def test_two_streams_read_the_same_source(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    fed("first", Prefix="first/")
    fed("second", Prefix="second/")
    put(kinesis, b"one")
    cloud.clock.advance(61)
    assert box.bodies() == [b"one", b"one"]


def test_the_buffer_fills_as_with_puts(box, kinesis, fed, cloud):
    make_stream(kinesis, "source", shards=3)
    fed(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    for _ in range(3):
        put(kinesis, b"x" * 500_000)
        cloud.clock.advance(1)
    cloud.settle()
    assert [len(body) for body in box.bodies()] == [1_500_000]


# What happens next


def test_a_source_that_is_split_is_read_in_order(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    fed()
    put(kinesis, b"1 ", key="a")
    kinesis.update_shard_count(StreamName="source", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    cloud.settle()
    for number in range(2, 6):
        put(kinesis, b"%d " % number, key="a")
    cloud.clock.advance(61)
    assert b"".join(box.bodies()) == b"1 2 3 4 5 "


def test_a_source_that_comes_late_is_read(box, kinesis, fed, cloud):
    fed()
    cloud.clock.advance(30)
    make_stream(kinesis, "source")
    put(kinesis, b"one")
    cloud.clock.advance(100)
    assert box.bodies() == [b"one"]


def test_what_a_role_may_not_read_yet_is_read_later(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    role = box.new_role("reader", "logs:*")
    fed(role=role, CloudWatchLoggingOptions=box.log())
    put(kinesis, b"one")
    cloud.clock.advance(35)
    assert {told["errorCode"] for told in box.logged()} == {"Kinesis.AccessDenied"}
    box.grant("reader", "kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords")
    cloud.clock.advance(80)
    assert box.bodies() == [b"one"]


def test_a_stream_that_is_made_anew_begins_anew(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    fed()
    put(kinesis, b"one")
    box.firehose.delete_delivery_stream(DeliveryStreamName="events")
    cloud.clock.advance(100)
    assert box.names() == []
    fed()
    put(kinesis, b"two")
    cloud.clock.advance(61)
    assert box.bodies() == [b"two"]


def test_records_that_have_expired_are_passed_over(box, kinesis, fed, cloud):
    make_stream(kinesis, "source")
    role = box.new_role("reader", "kinesis:*")
    fed(role=role)
    put(kinesis, b"one")
    cloud.clock.advance(61)
    box.grant("reader", "logs:*")
    put(kinesis, b"two")
    cloud.clock.set(cloud.clock.now() + 90_000)
    put(kinesis, b"three")
    box.grant("reader", "kinesis:*")
    cloud.clock.advance(200)
    assert sorted(box.bodies()) == [b"one", b"three"]
