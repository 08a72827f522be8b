"""Kinesis asked in CBOR, as the Java SDKs ask: application/x-amz-cbor-1.1."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from glasshouse.protocol import cbor, eventstream
from tests.contract.kinesis_streams import ARN, make_stream, put

TYPE = "application/x-amz-cbor-1.1"


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


@pytest.fixture
def ask(endpoint):
    """`ask("PutRecord", {...})` is (status, headers, the decoded body) of a request in CBOR."""

    def asked(operation, params, stream=False):
        body = params if isinstance(params, bytes) else cbor.encode(params)
        headers = {"Content-Type": TYPE, "X-Amz-Target": f"Kinesis_20131202.{operation}"}
        request = AWSRequest("POST", endpoint, headers, body)
        SigV4Auth(Credentials("test", "test"), "kinesis", "eu-west-1").add_auth(request)
        request.stream_output = stream
        prepared = request.prepare()
        prepared.stream_output = stream
        answer = URLLib3Session().send(prepared)
        if stream:
            return answer.status_code, answer.headers, answer.raw
        return answer.status_code, answer.headers, cbor.decode(answer.content) if answer.content else None

    return asked


# What is refused


def test_an_error_is_in_cbor_too(ask):
    status, headers, body = ask("DescribeStream", {"StreamName": "gone"})
    assert (status, headers["content-type"]) == (400, TYPE)
    words = "Stream gone under account 000000000000 not found."
    assert body == {"__type": "ResourceNotFoundException", "message": words}


@pytest.mark.parametrize("body", [b"\xff", b"{}", cbor.encode({"StreamName": 5})])
def test_what_is_no_cbor_is_told(ask, body):
    status, headers, body = ask("DescribeStream", body)
    assert (status, headers["content-type"], body["__type"]) == (400, TYPE, "SerializationException")


def test_an_operation_that_does_not_exist_is_told(ask):
    status, _, body = ask("DoNothing", {})
    assert (status, body["__type"]) == (400, "UnknownOperationException")


# What is done


def test_records_are_bytes_and_times_milliseconds(kinesis, ask):
    make_stream(kinesis)
    status, headers, body = ask("PutRecord", {"StreamName": "events", "Data": b"\x00\xff", "PartitionKey": "a"})
    assert (status, headers["content-type"], body["ShardId"]) == (200, TYPE, "shardId-000000000000")
    _, _, body = ask("DescribeStreamSummary", {"StreamName": "events"})
    created = body["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    told = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    assert created == cbor.Time(round(told.timestamp() * 1000))
    asked = {"StreamName": "events", "ShardId": "0", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": created}
    _, _, body = ask("GetShardIterator", asked)
    _, _, body = ask("GetRecords", {"ShardIterator": body["ShardIterator"], "Limit": 5})
    [record] = body["Records"]
    assert (record["Data"], record["PartitionKey"], body["MillisBehindLatest"]) == (b"\x00\xff", "a", 0)
    asked["Timestamp"] = created.seconds  # without a tag
    assert "ShardIterator" in ask("GetShardIterator", asked)[2]


def test_a_batch_goes_in_and_comes_out(kinesis, ask):
    make_stream(kinesis)
    records = [{"Data": str(number).encode(), "PartitionKey": "a"} for number in range(500)]
    _, _, body = ask("PutRecords", {"StreamName": "events", "Records": records})
    assert body["FailedRecordCount"] == 0 and len(body["Records"]) == 500
    asked = {"StreamName": "events", "ShardId": "0", "ShardIteratorType": "TRIM_HORIZON"}
    _, _, body = ask("GetRecords", {"ShardIterator": ask("GetShardIterator", asked)[2]["ShardIterator"]})
    assert [record["Data"] for record in body["Records"]] == [record["Data"] for record in records]


def test_an_answer_without_members_is_empty(ask):
    assert ask("CreateStream", {"StreamName": "events", "ShardCount": 1})[0] == 200


# What happens next


def test_events_are_in_cbor_too(kinesis, ask, cloud):
    make_stream(kinesis)
    put(kinesis, "a")
    made = kinesis.register_stream_consumer(StreamARN=ARN + "events", ConsumerName="reader")
    cloud.settle()
    arn = made["Consumer"]["ConsumerARN"]
    asked = {"ConsumerARN": arn, "ShardId": "0", "StartingPosition": {"Type": "TRIM_HORIZON"}}
    status, headers, raw = ask("SubscribeToShard", asked, stream=True)
    assert (status, headers["content-type"]) == (200, "application/vnd.amazon.eventstream")
    frames, received = [], b""
    while len(frames) < 2:
        received += raw.read1(65536)
        frame, end = eventstream.decode_one(received)
        if frame:
            frames.append(frame)
            received = received[end:]
    raw.close()
    assert frames[0].headers[":event-type"] == "initial-response"
    assert frames[1].headers[":content-type"] == TYPE
    assert cbor.decode(frames[1].payload)["Records"][0]["Data"] == b"a"
    assert json.loads(json.dumps(frames[1].headers)) == frames[1].headers
