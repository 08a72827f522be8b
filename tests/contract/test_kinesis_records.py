"""Kinesis records: put, numbered, read from any place, kept for as long as the stream says."""

import hashlib

import pytest

from tests.contract.kinesis_streams import (
    ACCOUNT,
    ARN,
    data,
    iterator,
    make_stream,
    many,
    open_shards,
    put,
    read,
    refusal,
    shards,
    wait,
)

FIRST = "shardId-000000000000"
MEGABYTE = 2**20
EITHER = (
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON"
    " or LATEST and no StartingSequenceNumber. Request specified "
)


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


# What is refused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Data": b"x" * (MEGABYTE + 1), "PartitionKey": "a"}, "at 'data' failed"),
        ({"Data": b"x" * MEGABYTE, "PartitionKey": "a"}, "Member must have length less than or equal to 1048576"),
        ({"Data": b"x"}, "Value null at 'partitionKey'"),
        ({"Data": b"x", "PartitionKey": ""}, "Member must have length greater than or equal to 1"),
        ({"Data": b"x", "PartitionKey": "a" * 257}, "Member must have length less than or equal to 256"),
        ({"PartitionKey": "a"}, "Value null at 'data'"),
        ({"Data": b"x", "PartitionKey": "a", "ExplicitHashKey": "01"}, "at 'explicitHashKey'"),
    ],
)
def test_a_record_must_make_sense(kinesis, given, words):
    make_stream(kinesis)
    code, message = refusal(kinesis.put_record, StreamName="events", **given)
    assert code == "ValidationException" and words in message
    code, message = refusal(
        kinesis.put_records, StreamName="events", Records=[{"Data": b"", "PartitionKey": "a"}, given]
    )
    assert code == "ValidationException" and "ecords.2.member" in message
    assert data(kinesis) == []


def test_a_hash_key_has_128_bits(kinesis):
    make_stream(kinesis)
    asked = {"StreamName": "events", "Data": b"", "PartitionKey": "a", "ExplicitHashKey": str(2**128)}
    assert refusal(kinesis.put_record, **asked) == (
        "InvalidArgumentException",
        "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was"
        f" {2**128}",
    )  # fmt: skip


def test_a_batch_has_500_records_and_ten_megabytes(kinesis):
    make_stream(kinesis)
    code, message = refusal(kinesis.put_records, StreamName="events", Records=many(501))
    assert (
        code == "ValidationException"
        and "at 'records' failed to satisfy constraint: Member must have length" in message
    )
    code, message = refusal(kinesis.put_records, StreamName="events", Records=many(10, MEGABYTE - 3) + many(1))
    assert (code, message) == ("InvalidArgumentException", "Records size exceeds 10 MB limit")
    assert refusal(kinesis.put_records, StreamName="events", Records=[])[0] == "ValidationException"


@pytest.mark.parametrize("number", ["1", "2", "9" * 57, "49537279973004700513262647557344055618854783026326405121"])
def test_an_order_is_given_by_a_number(kinesis, number):
    make_stream(kinesis)
    asked = {"StreamName": "events", "Data": b"", "PartitionKey": "a", "SequenceNumberForOrdering": number}
    code, message = refusal(kinesis.put_record, **asked)
    assert code == "InvalidArgumentException"
    words = f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream events under account {ACCOUNT}"
    assert message == f"{words} is invalid."


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("AT_SEQUENCE_NUMBER", {}, f"{EITHER}AT_SEQUENCE_NUMBER and no StartingSequenceNumber."),
        ("AFTER_SEQUENCE_NUMBER", {}, f"{EITHER}AFTER_SEQUENCE_NUMBER and no StartingSequenceNumber."),
        ("LATEST", {"StartingSequenceNumber": "5"}, f"{EITHER}LATEST and also a StartingSequenceNumber."),
        ("TRIM_HORIZON", {"StartingSequenceNumber": "5"}, f"{EITHER}TRIM_HORIZON and also a StartingSequenceNumber."),
        ("AT_TIMESTAMP", {}, "Must specify timestamp parameter for iterator of type AT_TIMESTAMP"),
        ("AT_TIMESTAMP", {"Timestamp": 4e9}, "The timestampInMillis parameter cannot be greater than"),
        (
            "AT_SEQUENCE_NUMBER", {"StartingSequenceNumber": "5"},
            f"StartingSequenceNumber 5 used in GetShardIterator on shard {FIRST} in stream events under account"
            f" {ACCOUNT} is invalid.",
        ),
    ],
)  # fmt: skip
def test_an_iterator_begins_somewhere(kinesis, kind, more, words):
    make_stream(kinesis)
    asked = {"StreamName": "events", "ShardId": FIRST, "ShardIteratorType": kind, **more}
    code, message = refusal(kinesis.get_shard_iterator, **asked)
    assert code == "InvalidArgumentException" and message.startswith(words)


def test_a_kind_of_iterator_is_one_of_five(kinesis):
    make_stream(kinesis)
    asked = {"StreamName": "events", "ShardId": FIRST, "ShardIteratorType": "FIRST"}
    code, message = refusal(kinesis.get_shard_iterator, **asked)
    assert code == "ValidationException" and "enum value set" in message


def test_a_number_belongs_to_its_shard_and_stream(kinesis, cloud):
    make_stream(kinesis, shards=2)
    numbers = [shard["SequenceNumberRange"]["StartingSequenceNumber"] for shard in shards(kinesis)]
    asked = {"StreamName": "events", "ShardIteratorType": "AT_SEQUENCE_NUMBER", "ShardId": FIRST}
    assert refusal(kinesis.get_shard_iterator, **asked, StartingSequenceNumber=numbers[1]) == (
        "InvalidArgumentException",
        "Invalid StartingSequenceNumber. It encodes shardId-000000000001, while it was used in a call to a shard with"
        f" {FIRST}",
    )
    cloud.clock.advance(10)
    make_stream(kinesis, "others")
    code, message = refusal(
        kinesis.get_shard_iterator, **asked | {"StreamName": "others"}, StartingSequenceNumber=numbers[0]
    )
    assert code == "InvalidArgumentException" and message.endswith("because it did not come from this stream.")


@pytest.mark.parametrize("token", ["nonsense", "AAAAAAAAAAE=", "AAAAAAAAAAFbXQ=="])
def test_an_iterator_must_be_one(kinesis, token):
    assert refusal(kinesis.get_records, ShardIterator=token) == ("InvalidArgumentException", "Invalid ShardIterator.")


def test_an_iterator_may_come_in_quotes(kinesis):
    make_stream(kinesis)
    put(kinesis, "a")
    found = kinesis.get_records(ShardIterator=f'"{iterator(kinesis)}"')["Records"]
    assert [record["Data"] for record in found] == [b"a"]


def test_an_iterator_expires_after_five_minutes(kinesis, cloud):
    make_stream(kinesis)
    token = iterator(kinesis)
    cloud.clock.advance(299)
    following = kinesis.get_records(ShardIterator=token)["NextShardIterator"]
    cloud.clock.advance(2)
    code, message = refusal(kinesis.get_records, ShardIterator=token)
    assert code == "ExpiredIteratorException"
    assert message.startswith("Iterator expired. The iterator was created at time ")
    assert message.endswith("which is further in the future than the tolerated delay of 300000 milliseconds.")
    kinesis.get_records(ShardIterator=following)


def test_an_iterator_ends_with_its_stream(kinesis, cloud):
    make_stream(kinesis)
    token = iterator(kinesis)
    kinesis.delete_stream(StreamName="events")
    cloud.settle()
    make_stream(kinesis)
    assert refusal(kinesis.get_records, ShardIterator=token) == (
        "ResourceNotFoundException", f"Shard {FIRST} in stream events under account {ACCOUNT} does not exist",
    )  # fmt: skip


def test_a_dry_run_does_nothing(kinesis):
    make_stream(kinesis)
    record = {"Data": b"", "PartitionKey": "a"}
    assert refusal(kinesis.put_record, StreamName="events", DryRun=True, **record)[0] == "DryRunOperationException"
    code, _ = refusal(kinesis.put_records, StreamName="events", DryRun=True, Records=[record])
    assert code == "DryRunOperationException"
    asked = {"StreamName": "events", "ShardId": FIRST, "ShardIteratorType": "LATEST", "DryRun": True}
    assert refusal(kinesis.get_shard_iterator, **asked)[0] == "DryRunOperationException"
    token = iterator(kinesis)
    assert refusal(kinesis.get_records, ShardIterator=token, DryRun=True)[0] == "DryRunOperationException"
    assert data(kinesis) == []


# What is done


def test_a_record_comes_back(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    answer = kinesis.put_record(StreamName="events", Data=b"\x00\xff", PartitionKey="ключ")
    assert answer["ShardId"] == FIRST and len(answer["SequenceNumber"]) == 56 and "EncryptionType" not in answer
    told = read(kinesis)
    [record] = told["Records"]
    assert record.pop("ApproximateArrivalTimestamp").timestamp() == round(cloud.clock.now(), 3)
    assert record == {"Data": b"\x00\xff", "PartitionKey": "ключ", "SequenceNumber": answer["SequenceNumber"]}
    assert told["MillisBehindLatest"] == 0 and "ChildShards" not in told


def test_numbers_grow(kinesis):
    make_stream(kinesis)
    numbers = put(kinesis, "a", "b")
    last = kinesis.put_record(
        StreamName="events", Data=b"", PartitionKey="a", SequenceNumberForOrdering=numbers[-1]
    )["SequenceNumber"]  # fmt: skip
    assert [int(number) for number in [*numbers, last]] == sorted(int(number) for number in [*numbers, last])
    start = shards(kinesis)[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert int(start) < int(numbers[0])


def test_the_hash_of_the_partition_key_finds_the_shard(kinesis):
    make_stream(kinesis, shards=5)
    ranges = {
        shard["ShardId"]: (int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in shards(kinesis)
    }
    keys = [f"key{number}" for number in range(100)]
    records = [{"Data": key.encode(), "PartitionKey": key} for key in keys]
    answer = kinesis.put_records(StreamName="events", Records=records)
    assert answer["FailedRecordCount"] == 0
    for key, result in zip(keys, answer["Records"], strict=True):
        value = int(hashlib.md5(key.encode()).hexdigest(), 16)
        assert ranges[result["ShardId"]][0] <= value <= ranges[result["ShardId"]][1]
        again = kinesis.put_record(StreamName="events", Data=b"", PartitionKey=key)
        assert again["ShardId"] == result["ShardId"]


def test_an_explicit_hash_key_goes_before(kinesis):
    make_stream(kinesis, shards=2)
    for value, shard in ((0, 0), (2**127 - 1, 0), (2**127, 1), (2**128 - 1, 1)):
        record = {"Data": b"", "PartitionKey": "same", "ExplicitHashKey": str(value)}
        assert kinesis.put_record(StreamName="events", **record)["ShardId"][-1] == str(shard)
        assert kinesis.put_records(StreamName="events", Records=[record] * 3)["Records"][2]["ShardId"][-1] == str(shard)


def test_reading_begins_at_any_place(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    numbers = put(kinesis, "a", "b")
    cloud.clock.advance(10)
    later = cloud.clock.now()
    numbers += put(kinesis, "c", "d")
    assert data(kinesis) == [b"a", b"b", b"c", b"d"]
    assert data(kinesis, FIRST, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]) == [b"b", b"c", b"d"]
    assert data(kinesis, FIRST, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]) == [b"c", b"d"]
    assert data(kinesis, FIRST, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[3]) == []
    cloud.clock.advance(1)
    start = shards(kinesis)[0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert len(data(kinesis, FIRST, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=start)) == 4
    assert data(kinesis, FIRST, "AT_TIMESTAMP", Timestamp=later) == [b"c", b"d"]
    assert len(data(kinesis, FIRST, "AT_TIMESTAMP", Timestamp=1)) == 4
    assert data(kinesis, FIRST, "AT_TIMESTAMP", Timestamp=cloud.clock.now() + 1) == []
    token = iterator(kinesis, kind="LATEST")
    put(kinesis, "e")
    cloud.clock.advance(1)
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=token)["Records"]] == [b"e"]


def test_a_shard_is_found_by_its_number_too(kinesis):
    make_stream(kinesis)
    put(kinesis, "a")
    for name in ("0", "shardId-0", "anything-000000"):
        assert data(kinesis, name) == [b"a"]


def test_reading_goes_on_where_it_ended(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    put(kinesis, "a")
    cloud.clock.advance(2)
    put(kinesis, "b", "c")
    cloud.clock.advance(3)
    page = kinesis.get_records(ShardIterator=iterator(kinesis), Limit=1)
    assert ([record["Data"] for record in page["Records"]], page["MillisBehindLatest"]) == ([b"a"], 5000)
    rest = kinesis.get_records(ShardIterator=page["NextShardIterator"])
    assert ([record["Data"] for record in rest["Records"]], rest["MillisBehindLatest"]) == ([b"b", b"c"], 0)
    assert kinesis.get_records(ShardIterator=rest["NextShardIterator"])["Records"] == []


def test_a_read_returns_ten_megabytes_at_most(kinesis, cloud):
    make_stream(kinesis, shards=0)
    for _ in range(3):
        answer = kinesis.put_records(StreamName="events", Records=many(4, MEGABYTE - 3))
        assert answer["FailedRecordCount"] == 0
    shard = answer["Records"][0]["ShardId"]
    page = read(kinesis, shard)
    assert len(page["Records"]) == 10 and page["MillisBehindLatest"] >= 0
    cloud.clock.advance(6)
    assert len(kinesis.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 2


def test_records_may_be_larger_if_the_stream_says_so(kinesis, cloud):
    make_stream(kinesis, MaxRecordSizeInKiB=2048)
    large = {"StreamName": "events", "Data": b"x" * (2 * MEGABYTE - 1), "PartitionKey": "a"}
    kinesis.put_record(**large)
    kinesis.update_max_record_size(StreamARN=ARN + "events", MaxRecordSizeInKiB=1024)
    wait(kinesis)
    cloud.clock.advance(10)
    assert refusal(kinesis.put_record, **large)[0] == "ValidationException"
    code, message = refusal(kinesis.update_max_record_size, StreamARN=ARN + "events", MaxRecordSizeInKiB=10_241)
    assert code == "ValidationException" and "less than or equal to 10240" in message


def test_a_stream_on_demand_may_distribute_records_itself(kinesis):
    make_stream(kinesis, shards=0, RecordDistributionStrategy="AUTO")
    answer = kinesis.put_records(StreamName="events", Records=[{"Data": b"", "PartitionKey": "same"}] * 100)
    assert len({result["ShardId"] for result in answer["Records"]}) == 4
    assert "SequenceNumber" in kinesis.put_record(StreamName="events", Data=b"")
    kinesis.update_stream_record_distribution_strategy(
        StreamARN=ARN + "events", RecordDistributionStrategy="USER_PARTITION_KEY"
    )  # fmt: skip
    assert refusal(kinesis.put_record, StreamName="events", Data=b"")[0] == "ValidationException"


# What happens next


def test_a_closed_shard_is_read_to_its_end_and_names_its_children(kinesis, cloud):
    make_stream(kinesis)
    put(kinesis, "a", "b")
    token = iterator(kinesis)
    kinesis.split_shard(StreamName="events", ShardToSplit=FIRST, NewStartingHashKey="1000")
    wait(kinesis)
    put(kinesis, "c")
    page = kinesis.get_records(ShardIterator=token, Limit=1)
    assert "ChildShards" not in page
    end = kinesis.get_records(ShardIterator=page["NextShardIterator"])
    assert [record["Data"] for record in end["Records"]] == [b"b"] and "NextShardIterator" not in end
    assert end["ChildShards"] == [
        {key: shard[key] for key in ("ShardId", "HashKeyRange")} | {"ParentShards": [FIRST]}
        for shard in open_shards(kinesis)
    ]
    assert data(kinesis, "shardId-000000000002") == [b"c"]
    merged = ("shardId-000000000001", "shardId-000000000002")
    kinesis.merge_shards(StreamName="events", ShardToMerge=merged[0], AdjacentShardToMerge=merged[1])
    wait(kinesis)
    [child] = read(kinesis, merged[1])["ChildShards"]
    assert (child["ShardId"], child["ParentShards"]) == ("shardId-000000000003", list(merged))


def test_records_are_kept_for_a_day(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    put(kinesis, "a")
    cloud.clock.advance(50_000)
    numbers = put(kinesis, "b")
    cloud.clock.advance(36_399)
    assert data(kinesis) == [b"a", b"b"]
    cloud.clock.advance(1)
    assert data(kinesis) == [b"b"]
    cloud.clock.advance(50_000)
    assert data(kinesis) == []
    cloud.clock.advance(4000)
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM kinesis_record").fetchone()) == (0,)
    assert int(put(kinesis, "c")[0]) >> 80 > int(numbers[0]) >> 80  # counting goes on
    assert data(kinesis) == [b"c"]


def test_a_longer_retention_brings_nothing_back(kinesis, cloud):
    make_stream(kinesis)
    put(kinesis, "a")
    cloud.clock.advance(80_000)
    put(kinesis, "b")
    cloud.clock.advance(7000)
    kinesis.increase_stream_retention_period(StreamName="events", RetentionPeriodHours=8760)
    assert data(kinesis) == [b"b"]
    cloud.clock.advance(300 * 86_400)
    assert data(kinesis) == [b"b"]
    kinesis.decrease_stream_retention_period(StreamName="events", RetentionPeriodHours=24)
    assert data(kinesis) == []
