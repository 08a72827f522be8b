"""kill -9 at any moment: what Kinesis or Firehose has acknowledged is there afterwards, and is delivered."""

import json
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glasshouse.cli.admin import Admin
from tests.contract.http_endpoint import Endpoint
from tests.recovery.process import REGION, KillableCloud

ACCOUNT = "000000000000"
HINTS = {"SizeInMBs": 1, "IntervalInSeconds": 60}


@pytest.fixture
def cloud(tmp_path):
    it = KillableCloud(tmp_path)
    yield it.start()
    it.end()


def advance(cloud, seconds):
    Admin(cloud.url).post("clock", action="advance", seconds=seconds)


def prepare(cloud) -> dict:
    """A bucket, and what a destination says of it."""
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="deliverer", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["s3:PutObject", "kinesis:*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="deliverer", PolicyName="p", PolicyDocument=policy)
    cloud.client("s3").create_bucket(Bucket="lake")
    return {"RoleARN": role, "BucketARN": "arn:aws:s3:::lake", "BufferingHints": HINTS}


def put_until_killed(client, name: str, acknowledged: list[str]):
    """Numbered lines, noted once they are acknowledged, until nobody answers any more."""
    try:
        for number in range(100_000):
            lines = [f"{name}-{number}-{part}" for part in range(10)]
            records = [{"Data": f"{line}\n".encode() + b" " * 500} for line in lines]
            client.put_record_batch(DeliveryStreamName="events", Records=records)
            acknowledged += lines
    except (BotoCoreError, ClientError):
        return


def delivered(cloud) -> list[str]:
    s3 = cloud.client("s3")
    found = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="lake"):
        for each in page.get("Contents", []):
            body = s3.get_object(Bucket="lake", Key=each["Key"])["Body"].read().decode()
            found += [line.strip() for line in body.splitlines() if line.strip()]
    return found


def test_acknowledged_records_are_delivered_once_over_kills(cloud):
    settings = prepare(cloud)
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="events", ExtendedS3DestinationConfiguration=settings
    )
    acknowledged: list[str] = []
    for turn in range(2):
        client = cloud.client("firehose")
        writers = [
            threading.Thread(target=put_until_killed, args=(client, f"{turn}{name}", acknowledged)) for name in "ab"
        ]
        for writer in writers:
            writer.start()
        enough = len(acknowledged) + 2500  # more than one buffer, so that deliveries are under way
        while len(acknowledged) < enough:
            writers[0].join(0.01)
        cloud.kill()
        for writer in writers:
            writer.join()
        cloud.start()
    advance(cloud, 130)
    found = delivered(cloud)
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))


def test_records_read_from_a_stream_are_delivered_once_over_a_kill(cloud):
    settings = prepare(cloud)
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName="source", ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName="source", WaiterConfig={"Delay": 0})
    source = {"KinesisStreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/source", "RoleARN": settings["RoleARN"]}
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="events", DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration=source, ExtendedS3DestinationConfiguration=settings,
    )  # fmt: skip
    advance(cloud, 1)
    written = []
    for number in range(20):
        lines = [f"{number}-{part}" for part in range(20)]
        records = [{"Data": f"{line}\n".encode(), "PartitionKey": line} for line in lines]
        assert kinesis.put_records(StreamName="source", Records=records)["FailedRecordCount"] == 0
        written += lines
    cloud.kill()

    cloud.start()
    advance(cloud, 130)
    assert sorted(delivered(cloud)) == sorted(written)


def test_a_request_that_was_not_answered_is_made_in_the_next_process(cloud):
    settings = prepare(cloud)
    with Endpoint(lambda asked: (503, {}, "")) as endpoint:
        destination = {
            "EndpointConfiguration": {"Url": endpoint.url}, "S3Configuration": settings, "BufferingHints": HINTS,
            "RetryOptions": {"DurationInSeconds": 7200},
        }  # fmt: skip
        firehose = cloud.client("firehose")
        firehose.create_delivery_stream(DeliveryStreamName="events", HttpEndpointDestinationConfiguration=destination)
        Admin(cloud.url).post("clock", action="freeze")
        firehose.put_record(DeliveryStreamName="events", Record={"Data": b"one"})
        advance(cloud, 60)
        assert len(endpoint.asked) == 1
        cloud.kill()

        cloud.start()
        endpoint.answer = lambda asked: (
            200,
            {},
            json.dumps({"requestId": asked.document["requestId"], "timestamp": 1}),
        )
        advance(cloud, 10)
        first, last = endpoint.asked[0], endpoint.asked[-1]
        assert len(endpoint.asked) == 2
        assert last.document["records"] == first.document["records"]
        assert last.document["requestId"] == first.document["requestId"]
