"""DynamoDB: Kinesis streams as destinations of what changes in a table."""

import json

import pytest

from tests.contract.dynamodb_tables import make_table, refusal

ARN = "arn:aws:kinesis:eu-west-1:000000000000:stream/changes"
CANNOT = "Table is not in a valid state to {what} Kinesis Streaming Destination: {why}"


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def kinesis(aws, cloud):
    client = aws("kinesis")
    client.create_stream(StreamName="changes", ShardCount=1)
    cloud.settle()
    return client


def records(kinesis) -> list[dict]:
    shard = kinesis.list_shards(StreamName="changes")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="changes", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    return [json.loads(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def status(dynamodb) -> list[str]:
    found = dynamodb.describe_kinesis_streaming_destination(TableName="things")["KinesisDataStreamDestinations"]
    return [one["DestinationStatus"] for one in found]


# What is refused


def test_a_stream_must_be_there(dynamodb):
    make_table(dynamodb)
    assert refusal(dynamodb.enable_kinesis_streaming_destination, TableName="things", StreamArn=ARN) == (
        "ValidationException",
        "User does not have a permission to use kinesis stream",
    )
    assert refusal(dynamodb.enable_kinesis_streaming_destination, TableName="none", StreamArn=ARN) == (
        "ResourceNotFoundException",
        "Requested resource not found: Table: none not found",
    )


def test_a_destination_is_enabled_once_and_disabled_once(cloud, dynamodb, kinesis):
    make_table(dynamodb)
    why = "DisableKinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
    assert refusal(dynamodb.disable_kinesis_streaming_destination, TableName="things", StreamArn=ARN) == (
        "ValidationException",
        CANNOT.format(what="disable", why=why),
    )
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    why = "EnableKinesisStreamingDestination must be DISABLED to perform ENABLE operation."
    assert refusal(dynamodb.enable_kinesis_streaming_destination, TableName="things", StreamArn=ARN) == (
        "ValidationException",
        CANNOT.format(what="enable", why=why),
    )


def test_a_precision_is_changed_to_another_one(cloud, dynamodb, kinesis):
    table = make_table(dynamodb)
    same = {"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    asked = {"TableName": "things", "StreamArn": ARN, "UpdateKinesisStreamingConfiguration": same}
    why = f"No streaming destination with streamArn: {ARN} found for table with tableName: things"
    assert refusal(dynamodb.update_kinesis_streaming_destination, **asked) == (
        "ValidationException",
        CANNOT.format(what="enable", why=why),
    )
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    cloud.settle()
    assert refusal(dynamodb.update_kinesis_streaming_destination, **asked) == (
        "ValidationException",
        "Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId:"
        f" {table['TableId']}, kinesisStreamArn: {ARN}",
    )


# What is done


def test_a_destination_is_enabled_updated_and_disabled(cloud, dynamodb, kinesis):
    make_table(dynamodb)
    told = dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    assert (told["TableName"], told["StreamArn"], told["DestinationStatus"]) == ("things", ARN, "ENABLING")
    cloud.settle()
    assert status(dynamodb) == ["ACTIVE"]
    told = dynamodb.update_kinesis_streaming_destination(
        TableName="things", StreamArn=ARN,
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )  # fmt: skip
    assert told["DestinationStatus"] == "UPDATING"
    cloud.settle()
    told = dynamodb.disable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    assert told["DestinationStatus"] == "DISABLING"
    cloud.settle()
    assert status(dynamodb) == ["DISABLED"]


# What happens next


def test_changes_become_records_of_the_stream(cloud, dynamodb, kinesis):
    make_table(dynamodb)
    dynamodb.put_item(TableName="things", Item={"p": {"S": "before"}})
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    cloud.settle()
    key = {"p": {"S": "a"}}
    dynamodb.put_item(TableName="things", Item={**key, "b": {"B": b"\x00"}})
    dynamodb.put_item(TableName="things", Item={**key, "b": {"B": b"\x00"}})
    dynamodb.update_item(
        TableName="things", Key=key, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}}
    )
    dynamodb.batch_write_item(RequestItems={"things": [{"DeleteRequest": {"Key": key}}]})
    cloud.settle()
    told = records(kinesis)
    assert [record["eventName"] for record in told] == ["INSERT", "MODIFY", "REMOVE"]
    first, second, third = (record["dynamodb"] for record in told)
    assert (first["Keys"], first["NewImage"]) == (key, {**key, "b": {"B": "AA=="}})
    assert (second["OldImage"], second["NewImage"]["n"]) == (first["NewImage"], {"N": "1"})
    assert ("NewImage" in third, third["OldImage"]) == (False, second["NewImage"])
    assert told[0] == {
        "awsRegion": "eu-west-1", "eventID": told[0]["eventID"], "eventName": "INSERT", "userIdentity": None,
        "recordFormat": "application/json", "tableName": "things", "dynamodb": first, "eventSource": "aws:dynamodb",
    }  # fmt: skip
    assert len(str(first["ApproximateCreationDateTime"])) == 13


def test_items_that_expire_are_told_as_the_services_doing(cloud, dynamodb, kinesis):
    make_table(dynamodb)
    dynamodb.enable_kinesis_streaming_destination(
        TableName="things", StreamArn=ARN,
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )  # fmt: skip
    dynamodb.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    cloud.settle()
    moment = str(int(cloud.clock.now()) + 60)
    dynamodb.put_item(TableName="things", Item={"p": {"S": "a"}, "expires": {"N": moment}})
    cloud.clock.advance(180)
    last = records(kinesis)[-1]
    assert last["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert last["dynamodb"]["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    assert len(str(last["dynamodb"]["ApproximateCreationDateTime"])) == 16


def test_a_disabled_destination_is_told_nothing_more(cloud, dynamodb, kinesis):
    make_table(dynamodb)
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    cloud.settle()
    dynamodb.disable_kinesis_streaming_destination(TableName="things", StreamArn=ARN)
    dynamodb.put_item(TableName="things", Item={"p": {"S": "a"}})
    cloud.settle()
    assert records(kinesis) == []
