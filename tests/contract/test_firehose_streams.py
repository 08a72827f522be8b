"""Delivery streams: made, described, listed, updated, tagged and deleted."""

import pytest

from tests.contract.firehose_box import ACCOUNT, ARN, FUNCTION, REGION, Box, refusal

INVALID = "InvalidArgumentException"
GONE = ("ResourceNotFoundException", f"Firehose gone under account {ACCOUNT} not found.")
ERRORS = "errors/!{firehose:error-output-type}/"


@pytest.fixture
def box(aws):
    return Box(aws)


@pytest.fixture
def firehose(box):
    return box.firehose


# What is refused


def test_a_name_is_used_once(box, firehose):
    box.make()
    code, message = refusal(box.make)
    assert (code, message) == ("ResourceInUseException", f"Firehose events under accountId {ACCOUNT} already exists")


def test_exactly_one_destination_is_wanted(box, firehose):
    words = "Exactly one destination configuration is supported for a Firehose"
    assert refusal(firehose.create_delivery_stream, DeliveryStreamName="a") == (INVALID, words)
    both = {"S3DestinationConfiguration": box.settings(), "ExtendedS3DestinationConfiguration": box.settings()}
    assert refusal(firehose.create_delivery_stream, DeliveryStreamName="a", **both) == (INVALID, words)
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []


def test_the_conversion_of_formats_is_refused_in_words(box):
    for conversion in ({"Enabled": True}, {}):
        code, message = refusal(box.make, DataFormatConversionConfiguration=conversion)
        assert code == "NotSupported" and "there is no Glue Data Catalog" in message


def test_other_destinations_and_sources_are_refused_by_name(box, firehose):
    splunk = {
        "HECEndpoint": "https://localhost:8088", "HECEndpointType": "Raw", "S3Configuration": box.settings(),
    }  # fmt: skip
    code, message = refusal(
        firehose.create_delivery_stream, DeliveryStreamName="a", SplunkDestinationConfiguration=splunk
    )
    assert code == "NotSupported" and "SplunkDestinationConfiguration" in message
    code, message = refusal(box.make, source={"DeliveryStreamType": "MSKAsSource"})
    assert code == "NotSupported" and "MSKAsSource" in message


def test_a_source_belongs_to_its_type(box):
    source = {"KinesisStreamARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "RoleARN": box.role}
    assert refusal(box.make, source={"KinesisStreamSourceConfiguration": source}) == (
        INVALID,
        "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type.",
    )
    assert refusal(box.make, source={"DeliveryStreamType": "KinesisStreamAsSource"}) == (
        INVALID,
        "KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.",
    )


def test_what_is_not_there_is_not_found(box, firehose):
    gone = {"DeliveryStreamName": "gone"}
    assert refusal(firehose.describe_delivery_stream, **gone) == GONE
    assert refusal(firehose.delete_delivery_stream, **gone) == GONE
    assert refusal(firehose.put_record, **gone, Record={"Data": b""}) == GONE
    assert refusal(firehose.put_record_batch, **gone, Records=[{"Data": b""}]) == GONE
    assert refusal(firehose.list_tags_for_delivery_stream, **gone) == GONE
    assert refusal(firehose.tag_delivery_stream, **gone, Tags=[{"Key": "a"}]) == GONE
    assert refusal(firehose.untag_delivery_stream, **gone, TagKeys=["a"]) == GONE
    assert refusal(firehose.start_delivery_stream_encryption, **gone) == GONE
    assert refusal(firehose.stop_delivery_stream_encryption, **gone) == GONE
    update = {"CurrentDeliveryStreamVersionId": "1", "DestinationId": "destinationId-000000000001"}
    assert refusal(firehose.update_destination, **gone, **update, S3DestinationUpdate={}) == GONE


def test_an_update_must_know_what_it_changes(box, firehose):
    box.make()
    known = {"DeliveryStreamName": "events", "ExtendedS3DestinationUpdate": {"Prefix": "a/"}}
    of_another = {"CurrentDeliveryStreamVersionId": "2", "DestinationId": "destinationId-000000000001"}
    assert refusal(firehose.update_destination, **known, **of_another) == (
        "ConcurrentModificationException",
        "Cannot update firehose: events since the current version id: 1 and specified version id: 2 do not match",
    )
    elsewhere = {"CurrentDeliveryStreamVersionId": "1", "DestinationId": "destinationId-000000000002"}
    assert refusal(firehose.update_destination, **known, **elsewhere)[0] == INVALID
    assert "Prefix" not in box.destination()


def test_an_update_must_make_sense_with_what_is_there(box):
    box.make(S3BackupMode="Enabled", S3BackupConfiguration=box.settings())
    assert refusal(box.update, Prefix="!{timestamp:yyyy}/")[0] == INVALID
    assert refusal(box.update, S3BackupMode="Disabled") == (
        INVALID, "S3 backup cannot be disabled once it has been enabled.",
    )  # fmt: skip
    assert refusal(
        box.update, DynamicPartitioningConfiguration={"Enabled": True}, Prefix="!{partitionKeyFromLambda:a}/",
        ErrorOutputPrefix=ERRORS, BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 60},
    )[0] == INVALID  # fmt: skip
    assert box.describe()["VersionId"] == "1"


def test_a_stream_has_fifty_tags_at_the_most(box, firehose):
    box.make()
    tags = [{"Key": str(number), "Value": ""} for number in range(50)]
    firehose.tag_delivery_stream(DeliveryStreamName="events", Tags=tags)
    more = {"DeliveryStreamName": "events", "Tags": [{"Key": "more"}]}
    assert refusal(firehose.tag_delivery_stream, **more)[0] == "LimitExceededException"
    assert not firehose.list_tags_for_delivery_stream(DeliveryStreamName="events", Limit=50)["HasMoreTags"]


# What is done


def test_a_stream_shows_what_was_said_and_what_was_filled_in(box):
    arn = box.make(Prefix="data/", CustomTimeZone="Asia/Tokyo", FileExtension=".json")
    assert arn == ARN + "events"
    shown = box.describe()
    assert {name: shown[name] for name in ("DeliveryStreamName", "DeliveryStreamARN", "DeliveryStreamStatus")} == {
        "DeliveryStreamName": "events", "DeliveryStreamARN": arn, "DeliveryStreamStatus": "ACTIVE",
    }  # fmt: skip
    assert shown["DeliveryStreamType"] == "DirectPut" and shown["VersionId"] == "1"
    assert shown["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    assert not shown["HasMoreDestinations"] and "Source" not in shown and "LastUpdateTimestamp" not in shown
    [destination] = shown["Destinations"]
    assert destination["DestinationId"] == "destinationId-000000000001"
    plain = {
        "RoleARN": box.role, "BucketARN": "arn:aws:s3:::lake", "Prefix": "data/",
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300}, "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }  # fmt: skip
    assert destination["S3DestinationDescription"] == plain
    assert destination["ExtendedS3DestinationDescription"] == plain | {
        "ProcessingConfiguration": {"Enabled": False, "Processors": []}, "S3BackupMode": "Disabled",
        "CustomTimeZone": "Asia/Tokyo", "FileExtension": ".json",
    }  # fmt: skip


def test_the_older_way_to_name_a_bucket_is_the_same(box, firehose):
    firehose.create_delivery_stream(DeliveryStreamName="events", S3DestinationConfiguration=box.settings(Prefix="a/"))
    assert box.destination()["Prefix"] == "a/"


def test_a_function_as_processor_is_shown_complete(box):
    box.processed(("Lambda", {"NumberOfRetries": "1", "LambdaArn": f"{FUNCTION}f"}))
    [processor] = box.destination()["ProcessingConfiguration"]["Processors"]
    assert [(one["ParameterName"], one["ParameterValue"]) for one in processor["Parameters"]] == [
        ("LambdaArn", f"{FUNCTION}f"), ("NumberOfRetries", "1"), ("RoleArn", box.role), ("BufferSizeInMBs", "1"),
        ("BufferIntervalInSeconds", "60"),
    ]  # fmt: skip


def test_dynamic_partitions_have_larger_buffers(box):
    box.make(
        Prefix="!{partitionKeyFromLambda:a}/", ErrorOutputPrefix=ERRORS,
        DynamicPartitioningConfiguration={"Enabled": True},
    )  # fmt: skip
    shown = box.destination()
    assert shown["BufferingHints"] == {"SizeInMBs": 128, "IntervalInSeconds": 300}
    assert shown["DynamicPartitioningConfiguration"] == {"Enabled": True, "RetryOptions": {"DurationInSeconds": 300}}


def test_a_conversion_that_is_not_enabled_is_kept(box):
    conversion = {"Enabled": False, "SchemaConfiguration": {"DatabaseName": "d", "TableName": "t"}}
    box.make(DataFormatConversionConfiguration=conversion)
    assert box.destination()["DataFormatConversionConfiguration"] == conversion


def test_a_hint_of_the_throughput_is_shown(box):
    box.make(source={"DirectPutSourceConfiguration": {"ThroughputHintInMBs": 7}})
    assert box.describe()["Source"] == {"DirectPutSourceDescription": {"ThroughputHintInMBs": 7}}


def test_streams_are_listed_by_name_and_type(box, firehose):
    for number in range(12):
        box.make(f"s{number:02d}")
    first = firehose.list_delivery_streams()
    assert (
        first["DeliveryStreamNames"] == [f"s{number:02d}" for number in range(10)] and first["HasMoreDeliveryStreams"]
    )
    rest = firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="s09", DeliveryStreamType="DirectPut")
    assert rest["DeliveryStreamNames"] == ["s10", "s11"] and not rest["HasMoreDeliveryStreams"]
    assert firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")["DeliveryStreamNames"] == []
    assert firehose.list_delivery_streams(Limit=1)["DeliveryStreamNames"] == ["s00"]


def test_destinations_are_listed_after_one_that_is_named(box, firehose):
    box.make()
    shown = firehose.describe_delivery_stream(
        DeliveryStreamName="events", Limit=1, ExclusiveStartDestinationId="destinationId-000000000001"
    )
    assert shown["DeliveryStreamDescription"]["Destinations"] == []


def test_an_update_replaces_what_it_names(box, firehose):
    backup = box.settings(Prefix="backup/", CompressionFormat="GZIP")
    box.make(Prefix="a/", S3BackupMode="Enabled", S3BackupConfiguration=backup)
    box.update(CompressionFormat="ZIP", S3BackupUpdate={"Prefix": "other/"})
    shown = box.describe()
    assert shown["VersionId"] == "2" and shown["LastUpdateTimestamp"]
    destination = box.destination()
    assert (destination["Prefix"], destination["CompressionFormat"]) == ("a/", "ZIP")
    kept = destination["S3BackupDescription"]
    assert (kept["Prefix"], kept["CompressionFormat"]) == ("other/", "GZIP")
    firehose.update_destination(
        DeliveryStreamName="events", CurrentDeliveryStreamVersionId="2", DestinationId="destinationId-000000000001",
        S3DestinationUpdate={"Prefix": "b/"},
    )  # fmt: skip
    assert box.destination()["Prefix"] == "b/" and box.describe()["VersionId"] == "3"


def test_an_update_replaces_processing_as_a_whole(box):
    box.processed(("Lambda", {"LambdaArn": f"{FUNCTION}f"}))
    box.update(ProcessingConfiguration={"Enabled": False})
    assert box.destination()["ProcessingConfiguration"] == {"Enabled": False, "Processors": []}


def test_tags_come_with_a_stream_and_later(box, firehose):
    box.make(source={"Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]})
    firehose.tag_delivery_stream(DeliveryStreamName="events", Tags=[{"Key": "c"}, {"Key": "a", "Value": "3"}])
    page = firehose.list_tags_for_delivery_stream(DeliveryStreamName="events", Limit=2)
    assert page["Tags"] == [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}] and page["HasMoreTags"]
    rest = firehose.list_tags_for_delivery_stream(DeliveryStreamName="events", ExclusiveStartTagKey="b")
    assert rest["Tags"] == [{"Key": "c", "Value": ""}] and not rest["HasMoreTags"]
    firehose.untag_delivery_stream(DeliveryStreamName="events", TagKeys=["a", "none"])
    left = firehose.list_tags_for_delivery_stream(DeliveryStreamName="events")["Tags"]
    assert [tag["Key"] for tag in left] == ["b", "c"]


# What happens next


def test_a_deleted_stream_is_gone_with_what_it_held(box, firehose, cloud):
    box.make(source={"Tags": [{"Key": "a", "Value": "1"}]})
    box.put(b"lost")
    firehose.delete_delivery_stream(DeliveryStreamName="events")
    cloud.settle()
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
    box.make()
    assert firehose.list_tags_for_delivery_stream(DeliveryStreamName="events")["Tags"] == []
    cloud.clock.advance(1000)
    assert box.names() == []


def test_streams_are_apart_by_region(box, aws):
    box.make()
    assert aws("firehose", region="us-east-1").list_delivery_streams()["DeliveryStreamNames"] == []


def test_access_is_a_question_of_the_stream(box, aws):
    box.make()
    iam = aws("iam")
    iam.create_user(UserName="ann")
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "firehose:PutRecord",'
        f' "Resource": "{ARN}events"}}]}}'
    )
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=policy)
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    ann = aws("firehose", **keys)
    assert ann.put_record(DeliveryStreamName="events", Record={"Data": b"x"})["RecordId"]
    code, message = refusal(ann.put_record, DeliveryStreamName="others", Record={"Data": b"x"})
    assert code == "AccessDeniedException" and f"{ARN}others" in message
