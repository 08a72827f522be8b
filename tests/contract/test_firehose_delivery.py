"""Delivery to S3: buffers and their ends, names, compression, encryption, backup and errors."""

import gzip
import io
import re
import zipfile
from datetime import UTC, datetime

import pytest
from cramjam import snappy

from tests.contract.firehose_box import ARN, FAR_AWAY, REGION, Box, refusal

MB = 1024 * 1024
SUFFIX = r"events-1-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MOMENT = datetime(2026, 7, 13, 14, 5, 9, tzinfo=UTC).timestamp()


@pytest.fixture
def box(aws, cloud):
    return Box(aws, cloud)


@pytest.fixture
def clock(cloud):
    cloud.clock.freeze()
    cloud.clock.set(MOMENT)
    return cloud.clock


# What is refused


def test_a_batch_has_four_megabytes_at_the_most(box):
    box.make()
    data = [b"x" * 1_000_000] * 4 + [b"x" * 194_305]
    assert refusal(box.put, *data) == ("InvalidArgumentException", "Records size exceeds 4 MB limit")
    assert box.put(*data[:4], data[4][:-1])["FailedPutCount"] == 0


def test_a_record_and_a_batch_have_their_limits(box):
    box.make()
    code, message = refusal(box.put, b"x" * 1_024_001)
    assert code == "ValidationException" and "less than or equal to 1024000" in message
    assert refusal(box.put)[0] == "ValidationException"
    assert refusal(box.put, *[b"x"] * 501)[0] == "ValidationException"


# What is done


def test_every_record_gets_an_id_of_its_own(box):
    box.make()
    answer = box.put(*[b"x"] * 500)
    ids = [one["RecordId"] for one in answer["RequestResponses"]]
    assert answer["FailedPutCount"] == 0 and answer["Encrypted"] is False
    assert len(set(ids)) == 500 and {len(one) for one in ids} == {224}
    single = box.firehose.put_record(DeliveryStreamName="events", Record={"Data": b"x"})
    assert single["RecordId"] not in ids and single["Encrypted"] is False


def test_records_are_laid_one_after_another_into_an_object(box, cloud):
    box.make()
    box.put(b"one", b"two\n", b"")
    box.put(b"\x00\xff")
    cloud.clock.advance(299)
    assert box.names() == []
    cloud.clock.advance(2)
    assert box.bodies() == [b"onetwo\n\x00\xff"]
    head = box.s3.head_object(Bucket="lake", Key=box.names()[0])
    assert head["ContentType"] == "application/octet-stream" and "ContentEncoding" not in head


def test_a_buffer_ends_with_the_record_that_fills_it(box, cloud):
    box.make(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
    box.put(*[b"x" * 400_000] * 4)
    cloud.settle()
    assert [len(body) for body in box.bodies()] == [1_200_000]
    box.put(*[b"y" * 400_000] * 5)
    cloud.settle()
    assert sorted(len(body) for body in box.bodies()) == [1_200_000] * 3


def test_without_buffering_records_arrive_at_once(box, cloud):
    box.make(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    box.put(b"one")
    cloud.settle()
    box.put(b"two")
    cloud.settle()
    assert sorted(box.bodies()) == [b"one", b"two"]


def test_the_time_of_a_buffer_runs_from_its_first_record(box, cloud, clock):
    box.make(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    clock.advance(100)
    box.put(b"one")
    clock.advance(59)
    box.put(b"two")
    assert box.names() == []
    clock.advance(1)
    assert box.bodies() == [b"onetwo"]
    box.put(b"three")
    clock.advance(59)
    assert len(box.names()) == 1
    clock.advance(1)
    assert sorted(box.bodies()) == [b"onetwo", b"three"]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, f"2026/07/13/14/{SUFFIX}"),
        ({"Prefix": "legacy"}, f"legacy2026/07/13/14/{SUFFIX}"),
        ({"Prefix": "data/", "CustomTimeZone": "Asia/Calcutta"}, f"data/2026/07/13/19/{SUFFIX}"),
        (
            {"Prefix": "y=!{timestamp:yyyy}/!{firehose:random-string}/", "ErrorOutputPrefix": "errors/"},
            f"y=2026/[a-zA-Z0-9]{{11}}/{SUFFIX}",
        ),
        ({"FileExtension": ".json"}, rf"2026/07/13/14/{SUFFIX}\.json"),
        ({"CompressionFormat": "GZIP"}, rf"2026/07/13/14/{SUFFIX}\.gz"),
        ({"CompressionFormat": "GZIP", "FileExtension": ".json.gz"}, rf"2026/07/13/14/{SUFFIX}\.json\.gz"),
        ({"CompressionFormat": "GZIP", "FileExtension": ""}, rf"2026/07/13/14/{SUFFIX}\.gz"),
    ],
)
def test_an_object_is_named_after_its_oldest_record(box, clock, settings, name):
    box.make(**settings)
    box.put(b"one")
    clock.advance(3600)
    [key] = box.names()
    assert re.fullmatch(name, key)
    assert ("14-05-09" in key) != ("CustomTimeZone" in settings)


def test_the_name_tells_the_version_of_the_stream(box, cloud):
    box.make()
    box.put(b"one")
    box.update(Prefix="later/")
    cloud.clock.advance(301)
    assert re.fullmatch(r"later/\d{4}/\d\d/\d\d/\d\d/events-2-.*", box.names()[0])


def unzipped(body):
    archive = zipfile.ZipFile(io.BytesIO(body))
    [entry] = archive.namelist()
    assert re.fullmatch(r"[0-9a-f-]{36}", entry)
    return archive.read(entry)


def blocks(body, sizes):
    """Blocks of Snappy, each after its length, and with Hadoop after its size too."""
    whole = b""
    while body:
        size = int.from_bytes(body[:4]) if sizes else None
        body = body[4:] if sizes else body
        length = int.from_bytes(body[:4])
        block = bytes(snappy.decompress_raw(body[4 : 4 + length]))
        assert size in (None, len(block))
        whole, body = whole + block, body[4 + length :]
    return whole


def unsnapped(body):
    assert body[:16] == b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
    return blocks(body[16:], sizes=False)


@pytest.mark.parametrize(
    ("kind", "extension", "encoding", "opened"),
    [
        ("GZIP", ".gz", "gzip", gzip.decompress),
        ("ZIP", ".zip", "zip", unzipped),
        ("Snappy", ".snappy", "snappy-java", unsnapped),
        ("HADOOP_SNAPPY", ".snappy", "hadoop-snappy", lambda body: blocks(body, sizes=True)),
    ],
)
def test_objects_are_compressed(box, cloud, kind, extension, encoding, opened):
    box.make(CompressionFormat=kind)
    data = [b"%d," % number * 10_000 for number in range(30)]
    box.put(*data)
    cloud.clock.advance(301)
    [key] = box.names()
    found = box.s3.get_object(Bucket="lake", Key=key)
    body = found["Body"].read()
    assert key.endswith(extension) and found["ContentEncoding"] == encoding
    assert opened(body) == b"".join(data) and len(body) < sum(map(len, data)) / 2


def test_a_delimiter_is_appended_to_each_record(box, cloud):
    box.processed(("AppendDelimiterToRecord", {}))
    box.processed(("AppendDelimiterToRecord", {"Delimiter": "\\n--\\n"}), name="others")
    box.put(b"one", b"two")
    cloud.clock.advance(301)
    assert box.bodies() == [b"one\ntwo\n"]
    box.put(b"three", name="others")
    cloud.clock.advance(301)
    assert b"three\n--\n" in box.bodies()


def test_source_records_go_into_the_backup_too(box, cloud):
    box.s3.create_bucket(Bucket="copy", CreateBucketConfiguration={"LocationConstraint": REGION})
    backup = {
        "RoleARN": box.role, "BucketARN": "arn:aws:s3:::copy", "Prefix": "source/", "CompressionFormat": "GZIP",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
    }  # fmt: skip
    box.processed(("AppendDelimiterToRecord", {}), S3BackupMode="Enabled", S3BackupConfiguration=backup)
    box.put(b"one", b"two")
    cloud.clock.advance(61)
    [key] = box.names("copy")
    assert key.startswith("source/20") and key.endswith(".gz")
    assert gzip.decompress(box.read(key, "copy")) == b"onetwo"
    assert box.names() == []
    cloud.clock.advance(300)
    assert box.bodies() == [b"one\ntwo\n"]


def test_objects_are_encrypted_with_a_key_of_the_destination(box, aws, cloud):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    box.make(EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": key}})
    box.put(b"one")
    cloud.clock.advance(301)
    head = box.s3.head_object(Bucket="lake", Key=box.names()[0])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_bucket_may_lie_in_another_region(box, aws, cloud):
    aws("s3", region="us-east-1").create_bucket(Bucket="far")
    box.make(BucketARN="arn:aws:s3:::far")
    box.put(b"one")
    cloud.clock.advance(301)
    found = aws("s3", region="us-east-1").list_objects_v2(Bucket="far")["Contents"]
    assert len(found) == 1


def test_a_large_buffer_arrives_whole(box, cloud):
    box.make(BufferingHints={"SizeInMBs": 20, "IntervalInSeconds": 60})
    lines = [b"%07d" % number + b"x" * 199_993 for number in range(100)]
    for start in range(0, 100, 20):
        box.put(*lines[start : start + 20])
    cloud.clock.advance(61)
    assert box.bodies() == [b"".join(lines)]


def test_what_happens_is_measured(box, aws, cloud):
    box.make()
    box.put(b"one", b"three")
    box.firehose.put_record(DeliveryStreamName="events", Record={"Data": b"x"})
    cloud.clock.advance(301)
    cloud.settle()
    expected = {
        "IncomingBytes": 9.0, "IncomingRecords": 3.0, "PutRecordBatch.Bytes": 8.0, "PutRecordBatch.Records": 2.0,
        "PutRecordBatch.Requests": 1.0, "PutRecord.Bytes": 1.0, "PutRecord.Requests": 1.0, "DeliveryToS3.Bytes": 9.0,
        "DeliveryToS3.Records": 3.0, "DeliveryToS3.Success": 1.0, "DeliveryToS3.ObjectCount": 1.0,
    }  # fmt: skip
    now = cloud.clock.now()
    found = {}
    for name in expected:
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Firehose", MetricName=name, Statistics=["Sum"], Period=86_400, StartTime=now - 90_000,
            EndTime=now + 60, Dimensions=[{"Name": "DeliveryStreamName", "Value": "events"}],
        )["Datapoints"]  # fmt: skip
        found[name] = sum(point["Sum"] for point in points)
    assert found == expected


# What happens next


def test_a_bucket_that_refuses_gets_its_objects_later(box, cloud):
    role = box.new_role("weak", "logs:*")
    box.make(RoleARN=role, CloudWatchLoggingOptions=box.log(), BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    box.put(b"one")
    cloud.clock.advance(61)
    assert box.names() == []
    [told] = box.logged()
    assert told == {
        "deliveryStreamARN": f"{ARN}events", "destination": "arn:aws:s3:::lake", "deliveryStreamVersionId": 1,
        "errorCode": "S3.AccessDenied", "message": told["message"],
    }  # fmt: skip
    assert told["message"].startswith("Access was denied. Ensure that the trust policy for the provided IAM role")
    cloud.clock.advance(5 + 10 + 20)
    assert len(box.logged()) == 4
    box.grant("weak", "s3:PutObject")
    cloud.clock.advance(40)
    assert box.bodies() == [b"one"]


def test_a_role_must_trust_the_service(box, cloud):
    role = box.new_role("stranger", "s3:*", service="lambda.amazonaws.com")
    box.make(RoleARN=role)
    box.put(b"one")
    cloud.clock.advance(400)
    assert box.names() == []


def test_after_a_day_the_records_are_lost(box, cloud):
    box.make(BucketARN="arn:aws:s3:::nowhere", CloudWatchLoggingOptions=box.log())
    box.put(b"one")
    cloud.clock.advance(301)
    assert {told["errorCode"] for told in box.logged()} == {"S3.NoSuchBucket"}
    cloud.clock.set(cloud.clock.now() + 86_400)
    cloud.clock.advance(130)
    told = len(box.logged())
    box.s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": REGION})
    cloud.clock.advance(1000)
    assert box.names("nowhere") == [] and len(box.logged()) == told


def test_two_buffers_that_wait_know_nothing_of_each_other(box, cloud):
    box.make(BucketARN="arn:aws:s3:::nowhere", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    box.put(b"one")
    cloud.clock.advance(61)
    box.put(b"two")
    cloud.clock.advance(61)
    box.s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": REGION})
    cloud.clock.advance(600)
    assert sorted(box.bodies("nowhere")) == [b"one", b"two"]


def test_records_wait_over_an_update(box, cloud):
    box.make(BufferingHints=FAR_AWAY)
    box.put(b"one")
    box.update(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})
    box.put(b"two")
    cloud.clock.advance(901)
    assert box.bodies() == [b"onetwo"]
