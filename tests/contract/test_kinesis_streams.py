"""Kinesis streams: made, described, listed, resharded, set and deleted."""

import pytest

from tests.contract.kinesis_streams import ACCOUNT, ARN, make_stream, put, read, refusal, summary, wait

MOST_HASH = 2**128 - 1
GONE = ("ResourceNotFoundException", f"Stream gone under account {ACCOUNT} not found.")


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


# What is refused


def test_a_name_is_used_once(kinesis):
    make_stream(kinesis)
    code, message = refusal(kinesis.create_stream, StreamName="events", ShardCount=1)
    assert (code, message) == ("ResourceInUseException", f"Stream events under account {ACCOUNT} already exists.")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({}, "ValidationException", "Value null at 'streamName'"),
        ({"StreamName": ""}, "ValidationException", "Member must have length greater than or equal to 1"),
        ({"StreamName": "a b", "ShardCount": 1}, "ValidationException", r"[a-zA-Z0-9_.-]+"),
        ({"StreamName": "a", "ShardCount": 0}, "ValidationException", "greater than or equal to 1"),
        ({"StreamName": "a", "ShardCount": 20_001}, "LimitExceededException", "Limit: 20000"),
        (
            {"StreamName": "a", "StreamModeDetails": {"StreamMode": "PROVISIONED"}},
            "InvalidArgumentException", "ShardCount must be set",
        ),
        (
            {"StreamName": "a", "ShardCount": 1, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
            "InvalidArgumentException", "ShardCount cannot be set while creating stream in On-Demand StreamMode",
        ),
        ({"StreamName": "a", "MaxRecordSizeInKiB": 1}, "ValidationException", "greater than or equal to 1024"),
        (
            {"StreamName": "a", "ShardCount": 1, "RecordDistributionStrategy": "AUTO"},
            "InvalidArgumentException", "AUTO",
        ),
        ({"StreamName": "a", "WarmThroughputMiBps": 10}, "ValidationException", "MinimumThroughputBillingCommitment"),
        ({"StreamName": "a", "Tags": {"a": "b!"}}, "InvalidArgumentException", "invalid characters"),
    ],
)  # fmt: skip
def test_a_stream_must_make_sense(kinesis, given, code, words):
    found, message = refusal(kinesis.create_stream, **given)
    assert found == code and words in message
    assert kinesis.list_streams()["StreamNames"] == []


def test_fifty_streams_on_demand_are_the_most(kinesis):
    for number in range(50):
        kinesis.create_stream(StreamName=f"stream{number}")
    assert refusal(kinesis.create_stream, StreamName="another")[0] == "LimitExceededException"


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("describe_stream", {}),
        ("describe_stream_summary", {}),
        ("delete_stream", {}),
        ("list_shards", {}),
        ("put_record", {"Data": b"", "PartitionKey": "a"}),
        ("put_records", {"Records": [{"Data": b"", "PartitionKey": "a"}]}),
        ("split_shard", {"ShardToSplit": "0", "NewStartingHashKey": "9"}),
        ("merge_shards", {"ShardToMerge": "0", "AdjacentShardToMerge": "1"}),
        ("update_shard_count", {"TargetShardCount": 1, "ScalingType": "UNIFORM_SCALING"}),
        ("increase_stream_retention_period", {"RetentionPeriodHours": 48}),
        ("add_tags_to_stream", {"Tags": {"a": "b"}}),
        ("list_tags_for_stream", {}),
        ("enable_enhanced_monitoring", {"ShardLevelMetrics": ["ALL"]}),
        ("start_stream_encryption", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
    ],
)
def test_a_stream_that_is_not_there_is_told_by_name_and_by_arn(kinesis, operation, more):
    assert refusal(getattr(kinesis, operation), StreamName="gone", **more) == GONE
    assert refusal(getattr(kinesis, operation), StreamARN=ARN + "gone", **more) == GONE


def test_a_stream_must_be_named(kinesis):
    assert refusal(kinesis.describe_stream)[0] == "InvalidArgumentException"
    make_stream(kinesis)
    make_stream(kinesis, "others")
    assert refusal(kinesis.describe_stream, StreamName="events", StreamARN=ARN + "others")[0] == (
        "InvalidArgumentException"
    )


def test_a_stream_of_another_region_is_not_found(kinesis, aws):
    arn = make_stream(kinesis)
    elsewhere = aws("kinesis", "us-east-1")
    assert refusal(elsewhere.describe_stream, StreamARN=arn)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("change", "hours", "words"),
    [
        ("increase", 20, "Minimum allowed retention period is 24 hours. Requested retention period (20 hours) is too"),
        ("increase", 9999, "Maximum allowed retention period is 8760 hours. Requested retention period (9999 hours)"),
        ("decrease", 20, "Minimum allowed retention period is 24 hours. Requested retention period (20 hours) is too"),
        (
            "increase", 25,
            "Requested retention period (25 hours) for stream events can not be shorter than existing retention period"
            " (30 hours). Use DecreaseRetentionPeriod API.",
        ),
        (
            "decrease", 31,
            "Requested retention period (31 hours) for stream events can not be longer than existing retention period"
            " (30 hours). Use IncreaseRetentionPeriod API.",
        ),
    ],
)  # fmt: skip
def test_a_retention_period_must_make_sense(kinesis, change, hours, words):
    make_stream(kinesis)
    kinesis.increase_stream_retention_period(StreamName="events", RetentionPeriodHours=30)
    wait(kinesis)
    call = getattr(kinesis, f"{change}_stream_retention_period")
    code, message = refusal(call, StreamName="events", RetentionPeriodHours=hours)
    assert code == "InvalidArgumentException" and message.startswith(words)


def test_a_channel_is_refused(kinesis):
    code, message = refusal(kinesis.delete_channel, ChannelARN=f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:channel/a")
    assert code == "NotSupported" and "DeleteChannel" in message


# What is done


def test_a_stream_is_described(kinesis):
    arn = make_stream(kinesis, shards=2, Tags={"team": "a"})
    told = kinesis.describe_stream(StreamName="events")["StreamDescription"]
    created = told.pop("StreamCreationTimestamp")
    found = told.pop("Shards")
    assert told == {
        "StreamName": "events",
        "StreamARN": arn,
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert [shard["ShardId"] for shard in found] == ["shardId-000000000000", "shardId-000000000001"]
    assert [shard["HashKeyRange"] for shard in found] == [
        {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        {"StartingHashKey": str(2**127), "EndingHashKey": str(MOST_HASH)},
    ]
    first, second = (int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) for shard in found)
    assert len(str(first)) == 56 and second - first == 22300745198530623141535718272648361505980432
    assert (first >> 148) - (2 << 36) == int(created.timestamp())
    assert kinesis.list_tags_for_stream(StreamName="events")["Tags"] == [{"Key": "team", "Value": "a"}]


def test_a_summary_counts(kinesis):
    make_stream(kinesis, shards=3)
    told = summary(kinesis)
    assert (told["OpenShardCount"], told["ConsumerCount"], told["MaxRecordSizeInKiB"]) == (3, 0, 1024)
    assert "RecordDistributionStrategy" not in told


def test_a_stream_on_demand_has_four_shards(kinesis):
    make_stream(kinesis, shards=0)
    told = summary(kinesis)
    assert (told["OpenShardCount"], told["StreamModeDetails"]) == (4, {"StreamMode": "ON_DEMAND"})
    assert told["RecordDistributionStrategy"] == "USER_PARTITION_KEY"
    make_stream(kinesis, "more", shards=0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert kinesis.describe_limits()["OnDemandStreamCount"] == 2


def test_streams_are_listed_in_pages(kinesis):
    for name in ("b", "a", "c"):
        make_stream(kinesis, name)
    page = kinesis.list_streams(Limit=2)
    assert (page["StreamNames"], page["HasMoreStreams"]) == (["a", "b"], True)
    told = page["StreamSummaries"][0]
    assert (told["StreamARN"], told["StreamStatus"]) == (ARN + "a", "ACTIVE")
    assert told["StreamModeDetails"] == {"StreamMode": "PROVISIONED"} and "StreamCreationTimestamp" in told
    rest = kinesis.list_streams(NextToken=page["NextToken"])
    assert (rest["StreamNames"], rest["HasMoreStreams"], "NextToken" in rest) == (["c"], False, False)
    assert kinesis.list_streams(ExclusiveStartStreamName="a")["StreamNames"] == ["b", "c"]
    names = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
    assert [name for page in names for name in page["StreamNames"]] == ["a", "b", "c"]


def test_the_mode_of_a_stream_changes_twice_a_day(kinesis, cloud):
    arn = make_stream(kinesis, shards=3)
    modes = ["ON_DEMAND", "PROVISIONED"]
    for mode in modes:
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": mode})
        wait(kinesis)
        told = summary(kinesis)
        assert (told["StreamModeDetails"]["StreamMode"], told["OpenShardCount"]) == (mode, 3)
    asked = {"StreamARN": arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    assert refusal(kinesis.update_stream_mode, **asked)[0] == "LimitExceededException"
    cloud.clock.advance(86_401)
    kinesis.update_stream_mode(**asked)


def test_metrics_by_shard_are_enabled_and_disabled(kinesis):
    make_stream(kinesis)
    first = ["IncomingBytes", "OutgoingBytes"]
    answer = kinesis.enable_enhanced_monitoring(StreamName="events", ShardLevelMetrics=first)
    assert (answer["CurrentShardLevelMetrics"], answer["DesiredShardLevelMetrics"]) == ([], first)
    wait(kinesis)
    answer = kinesis.enable_enhanced_monitoring(StreamName="events", ShardLevelMetrics=["ALL"])
    assert answer["CurrentShardLevelMetrics"] == first and len(answer["DesiredShardLevelMetrics"]) == 7
    wait(kinesis)
    kinesis.disable_enhanced_monitoring(StreamName="events", ShardLevelMetrics=["OutgoingBytes"])
    wait(kinesis)
    assert "OutgoingBytes" not in summary(kinesis)["EnhancedMonitoring"][0]["ShardLevelMetrics"]
    answer = kinesis.disable_enhanced_monitoring(StreamName="events", ShardLevelMetrics=["ALL"])
    assert answer["DesiredShardLevelMetrics"] == []


def test_limits_count_open_shards(kinesis, aws):
    make_stream(kinesis, shards=3)
    limits = kinesis.describe_limits()
    assert (limits["ShardLimit"], limits["OpenShardCount"], limits["OnDemandStreamCount"]) == (20_000, 3, 0)
    assert limits["OnDemandStreamCountLimit"] == 50
    assert aws("kinesis", "eu-north-1").describe_limits()["ShardLimit"] == 6000


def test_a_commitment_lasts_for_a_day(kinesis, cloud):
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"] == {"Status": "DISABLED"}
    wanted = {"Status": "ENABLED"}
    told = kinesis.update_account_settings(MinimumThroughputBillingCommitment=wanted)
    assert told["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED"
    make_stream(kinesis, shards=0, WarmThroughputMiBps=100)
    assert summary(kinesis)["WarmThroughput"] == {"TargetMiBps": 100, "CurrentMiBps": 100}
    answer = kinesis.update_stream_warm_throughput(StreamName="events", WarmThroughputMiBps=50)
    assert answer["WarmThroughput"]["TargetMiBps"] == 50
    told = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": "DISABLED"})
    assert told["MinimumThroughputBillingCommitment"]["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    cloud.clock.advance(86_401)
    told = kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]
    assert told["Status"] == "DISABLED" and told["EndedAt"] > told["StartedAt"]


def test_tags_by_either_set_of_operations(kinesis):
    arn = make_stream(kinesis)
    kinesis.add_tags_to_stream(StreamName="events", Tags={"a": "1", "b": "2", "c": "3"})
    kinesis.tag_resource(ResourceARN=arn, Tags={"b": "4"})
    told = kinesis.list_tags_for_stream(StreamName="events", Limit=2)
    assert told["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "4"}] and told["HasMoreTags"]
    rest = kinesis.list_tags_for_stream(StreamName="events", ExclusiveStartTagKey="b")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "c", "Value": "3"}], False)
    kinesis.remove_tags_from_stream(StreamARN=arn, TagKeys=["a", "unknown"])
    kinesis.untag_resource(ResourceARN=arn, TagKeys=["c"])
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "4"}]
    tags = {f"key{number}": "" for number in range(50)}
    assert refusal(kinesis.add_tags_to_stream, StreamName="events", Tags=tags)[0] == "LimitExceededException"
    assert len(kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]) == 1
    code, _ = refusal(kinesis.list_tags_for_resource, ResourceARN=ARN + "gone")
    assert code == "ResourceNotFoundException"


# What happens next


def test_a_stream_is_made_and_deleted_with_the_next_tick(kinesis, cloud):
    def states():
        streams = cloud.run(
            lambda: list(cloud.cloud.store.read("SELECT body FROM record WHERE kind = 'kinesis.streams'"))
        )
        return [body for (body,) in streams]

    make_stream(kinesis)
    put(kinesis, "a")
    kinesis.delete_stream(StreamName="events")
    cloud.settle()
    assert states() == [] and kinesis.list_streams()["StreamNames"] == []
    rows = "SELECT count(*) FROM kinesis_record", "SELECT count(*) FROM kinesis_shard", "SELECT count(*) FROM tag"
    assert cloud.run(lambda: [cloud.cloud.store.read(row).fetchone()[0] for row in rows]) == [0, 0, 0]
    make_stream(kinesis)
    assert read(kinesis)["Records"] == []
