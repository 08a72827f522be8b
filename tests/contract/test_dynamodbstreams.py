"""DynamoDB Streams: what happened to items, in order, for a day."""

import pytest

from tests.contract.dynamodb_tables import make_table, refusal, wait_until_active

KEY = {"p": {"S": "a"}}


def stream_of(dynamodb, view="NEW_AND_OLD_IMAGES"):
    make_table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    return dynamodb.describe_table(TableName="things")["Table"]["LatestStreamArn"]


def iterator(streams, arn, kind="TRIM_HORIZON", **more):
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **more)[
        "ShardIterator"
    ]


def put(dynamodb, value, name="a"):
    dynamodb.put_item(TableName="things", Item={"p": {"S": name}, "v": {"N": str(value)}})


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def streams(aws):
    return aws("dynamodbstreams")


# What is refused


def test_a_stream_that_is_not_there_is_told(streams):
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things/stream/2026-01-01T00:00:00.000"
    assert refusal(streams.describe_stream, StreamArn=arn)[0] == "ResourceNotFoundException"
    assert streams.list_streams()["Streams"] == []


def test_an_iterator_must_be_one(streams, dynamodb):
    stream_of(dynamodb)
    assert refusal(streams.get_records, ShardIterator="nonsense")[0] == "ValidationException"


def test_an_iterator_expires_after_fifteen_minutes(streams, dynamodb, cloud):
    place = iterator(streams, stream_of(dynamodb))
    cloud.clock.advance(901)
    assert refusal(streams.get_records, ShardIterator=place)[0] == "ExpiredIteratorException"


# What is done


def test_every_change_is_told_in_order(streams, dynamodb):
    arn = stream_of(dynamodb)
    put(dynamodb, 1)
    put(dynamodb, 2)
    put(dynamodb, 2)  # changes nothing
    dynamodb.delete_item(TableName="things", Key=KEY)
    dynamodb.delete_item(TableName="things", Key=KEY)
    records = streams.get_records(ShardIterator=iterator(streams, arn))["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert [record["dynamodb"]["Keys"] for record in records] == [KEY] * 3
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(numbers)
    modified = records[1]["dynamodb"]
    assert (modified["OldImage"]["v"], modified["NewImage"]["v"]) == ({"N": "1"}, {"N": "2"})
    assert (modified["SizeBytes"], modified["StreamViewType"]) == (12, "NEW_AND_OLD_IMAGES")


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)  # fmt: skip
def test_a_stream_tells_as_much_as_its_view(streams, dynamodb, view, images):
    arn = stream_of(dynamodb, view)
    put(dynamodb, 1)
    put(dynamodb, 2)
    record = streams.get_records(ShardIterator=iterator(streams, arn))["Records"][1]["dynamodb"]
    assert {name for name in record if name.endswith("Image")} == images


def test_iterators_begin_where_they_are_told(streams, dynamodb):
    arn = stream_of(dynamodb)
    for number in range(3):
        put(dynamodb, number)
    latest = iterator(streams, arn, "LATEST")
    put(dynamodb, 3)
    records = streams.get_records(ShardIterator=iterator(streams, arn))["Records"]
    second = records[1]["dynamodb"]["SequenceNumber"]

    def values(place):
        found = streams.get_records(ShardIterator=place)["Records"]
        return [record["dynamodb"]["NewImage"]["v"]["N"] for record in found]

    assert values(latest) == ["3"]
    assert values(iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=second)) == ["1", "2", "3"]
    assert values(iterator(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=second)) == ["2", "3"]


def test_batches_and_transactions_are_told_too(streams, dynamodb):
    arn = stream_of(dynamodb)
    dynamodb.batch_write_item(RequestItems={"things": [{"PutRequest": {"Item": KEY}}]})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": {"p": {"S": "b"}}}}])
    assert len(streams.get_records(ShardIterator=iterator(streams, arn))["Records"]) == 2


# What happens next


def test_reading_goes_on_from_where_it_stopped(streams, dynamodb):
    place = iterator(streams, stream_of(dynamodb))
    for number in range(5):
        put(dynamodb, number)
    seen = []
    while len(seen) < 5:
        page = streams.get_records(ShardIterator=place, Limit=2)
        seen += [record["dynamodb"]["NewImage"]["v"]["N"] for record in page["Records"]]
        place = page["NextShardIterator"]
    assert seen == ["0", "1", "2", "3", "4"]
    assert streams.get_records(ShardIterator=place)["Records"] == []


def test_records_are_there_for_a_day(streams, dynamodb, cloud):
    arn = stream_of(dynamodb)
    put(dynamodb, 1)
    cloud.clock.advance(80_000)
    put(dynamodb, 2)
    assert len(streams.get_records(ShardIterator=iterator(streams, arn))["Records"]) == 2
    cloud.clock.advance(10_000)
    assert len(streams.get_records(ShardIterator=iterator(streams, arn))["Records"]) == 1


def test_a_stream_that_was_disabled_ends(streams, dynamodb):
    arn = stream_of(dynamodb)
    put(dynamodb, 1)
    dynamodb.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    wait_until_active(dynamodb)
    put(dynamodb, 2)
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert (len(page["Records"]), "NextShardIterator" in page) == (1, False)
    described = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in described["Shards"][0]["SequenceNumberRange"]


def test_items_that_expire_are_told_as_deleted_by_the_service(streams, dynamodb, cloud):
    arn = stream_of(dynamodb)
    end = {"N": str(int(cloud.clock.now()) + 60)}
    dynamodb.put_item(TableName="things", Item={**KEY, "end": end})
    dynamodb.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "end"})
    cloud.clock.advance(180)
    last = streams.get_records(ShardIterator=iterator(streams, arn))["Records"][-1]
    assert (last["eventName"], last["userIdentity"]["PrincipalId"]) == ("REMOVE", "dynamodb.amazonaws.com")
