"""What a shard of a Kinesis stream carries in a second, and what is measured of it."""

import pytest

from glasshouse.core.access import root
from glasshouse.core.call import Call
from tests.contract.kinesis_streams import ACCOUNT, iterator, make_stream, many, put, read, refusal, wait

FIRST = "shardId-000000000000"
MEGABYTE = 2**20


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")


def metrics(cloud):
    """The sums of the metrics of Kinesis, by name and the dimensions beyond the stream's name."""

    def found():
        cloud.cloud.metrics.flush()
        query = (
            "SELECT m.name, m.dimensions, sum(d.total) FROM metric m JOIN metric_data d ON d.metric = m.id"
            " WHERE m.namespace = 'AWS/Kinesis' GROUP BY m.id"
        )
        return cloud.cloud.store.read(query).fetchall()

    rows = cloud.run(found)
    return {name if "Shard" not in dimensions else f"{name} of shard": total for name, dimensions, total in rows}


# What is refused


def test_a_shard_takes_a_thousand_records_a_second(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    for _ in range(2):
        assert kinesis.put_records(StreamName="events", Records=many(500))["FailedRecordCount"] == 0
    answer = kinesis.put_records(StreamName="events", Records=many(2))
    assert answer["FailedRecordCount"] == 2
    words = f"Rate exceeded for shard {FIRST} in stream events under account {ACCOUNT}."
    refused = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": words}
    assert answer["Records"] == [refused] * 2
    assert refusal(kinesis.put_record, StreamName="events", Data=b"", PartitionKey="a") == tuple(refused.values())
    cloud.clock.advance(1)
    put(kinesis, "a")
    assert metrics(cloud)["WriteProvisionedThroughputExceeded"] == 3
    assert (metrics(cloud)["PutRecords.ThrottledRecords"], metrics(cloud)["IncomingRecords"]) == (2, 1001)


def test_a_shard_takes_a_megabyte_a_second(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    records = many(3, MEGABYTE // 2 - 3)
    answer = kinesis.put_records(StreamName="events", Records=records)
    assert answer["FailedRecordCount"] == 1 and "ErrorCode" in answer["Records"][2]
    cloud.clock.advance(1)
    assert kinesis.put_records(StreamName="events", Records=records[:2])["FailedRecordCount"] == 0
    make_stream(kinesis, "on-demand", shards=0)
    assert kinesis.put_records(StreamName="on-demand", Records=records)["FailedRecordCount"] == 0


def test_a_shard_is_read_five_times_a_second(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    token = iterator(kinesis)
    for _ in range(5):
        kinesis.get_records(ShardIterator=token)
    assert refusal(kinesis.get_records, ShardIterator=token) == (
        "ProvisionedThroughputExceededException", f"Rate exceeded for Shard - {ACCOUNT}/events/{FIRST}",
    )  # fmt: skip
    cloud.clock.advance(1)
    kinesis.get_records(ShardIterator=token)
    assert metrics(cloud)["ReadProvisionedThroughputExceeded"] == 1


def test_ten_megabytes_read_are_paid_for_with_five_seconds(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis, MaxRecordSizeInKiB=10_240)
    kinesis.put_record(StreamName="events", Data=b"x" * (10 * MEGABYTE - 3), PartitionKey="key")
    token = iterator(kinesis)
    kinesis.get_records(ShardIterator=token)
    cloud.clock.advance(4)
    assert refusal(kinesis.get_records, ShardIterator=token)[0] == "ProvisionedThroughputExceededException"
    cloud.clock.advance(1)
    kinesis.get_records(ShardIterator=token)


# What is done


def test_metrics_tell_of_streams_and_of_shards(kinesis, cloud):
    make_stream(kinesis)
    kinesis.enable_enhanced_monitoring(StreamName="events", ShardLevelMetrics=["IncomingRecords", "OutgoingBytes"])
    wait(kinesis)
    put(kinesis, "abc")
    kinesis.put_records(StreamName="events", Records=many(2))
    read(kinesis)
    found = metrics(cloud)
    assert (found["IncomingRecords"], found["IncomingRecords of shard"], found["IncomingBytes"]) == (3, 3, 14)
    assert (found["PutRecord.Success"], found["PutRecord.Bytes"], found["PutRecords.SuccessfulRecords"]) == (1, 6, 2)
    assert (found["GetRecords.Records"], found["GetRecords.Bytes"], found["OutgoingBytes of shard"]) == (3, 14, 14)
    assert "OutgoingRecords of shard" not in found


# What happens next


def test_the_clouds_own_services_are_not_held_back(kinesis, cloud):
    cloud.clock.freeze()
    make_stream(kinesis)
    assert kinesis.put_records(StreamName="events", Records=many(500))["FailedRecordCount"] == 0

    token = iterator(kinesis)
    call = Call("kinesis", "GetRecords", {"ShardIterator": token}, ACCOUNT, "eu-west-1", root(ACCOUNT))
    counts = cloud.run(lambda: [len(cloud.cloud.perform(call)["Records"]) for _ in range(10)])
    assert counts == [500] * 10
