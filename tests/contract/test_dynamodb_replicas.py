"""DynamoDB: global tables, whose replicas in several regions are alike."""

import pytest

from tests.contract.dynamodb_tables import index, make_table, refusal, wait_until_active

HOME, AWAY, FAR = "eu-west-1", "us-east-1", "ap-south-1"


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def away(aws):
    return aws("dynamodb", AWAY)


@pytest.fixture
def far(aws):
    return aws("dynamodb", FAR)


def replicate(dynamodb, *regions: str, kind: str = "Create", **more):
    updates = [{kind: {"RegionName": region, **more}} for region in regions]
    dynamodb.update_table(TableName="things", ReplicaUpdates=updates)
    wait_until_active(dynamodb)


def regions(dynamodb) -> list[str]:
    table = dynamodb.describe_table(TableName="things")["Table"]
    return sorted(replica["RegionName"] for replica in table.get("Replicas", []))


def put(dynamodb, key: str, **more):
    dynamodb.put_item(TableName="things", Item={"p": {"S": key}, **more})


def keys(dynamodb) -> list[str]:
    return sorted(item["p"]["S"] for item in dynamodb.scan(TableName="things")["Items"])


# What is refused


def test_the_own_region_is_no_replica(dynamodb):
    make_table(dynamodb)
    assert refusal(dynamodb.update_table, TableName="things", ReplicaUpdates=[{"Create": {"RegionName": HOME}}]) == (
        "ValidationException",
        "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or"
        " UpdateTable as required.",
    )


def test_a_table_that_is_there_does_not_become_a_replica(dynamodb, away):
    make_table(dynamodb)
    make_table(away)
    assert refusal(dynamodb.update_table, TableName="things", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}]) == (
        "ValidationException",
        "Failed to create a the new replica of table with name: 'things' because one or more replicas already existed"
        " as tables.",
    )


def test_only_replicas_are_taken_off(dynamodb):
    make_table(dynamodb)
    assert refusal(dynamodb.update_table, TableName="things", ReplicaUpdates=[{"Delete": {"RegionName": AWAY}}]) == (
        "ValidationException",
        "Update global table operation failed because one or more replicas were not part of the global table.",
    )


def test_replicas_need_a_stream_with_both_images(dynamodb):
    make_table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    code, message = refusal(
        dynamodb.update_table, TableName="things", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}]
    )
    assert (code, "NEW_AND_OLD_IMAGES" in message) == ("ValidationException", True)


def test_the_older_version_is_refused(dynamodb):
    make_table(dynamodb)
    code, _ = refusal(dynamodb.create_global_table, GlobalTableName="things", ReplicationGroup=[{"RegionName": AWAY}])
    assert code == "NotSupported"


# What is done


def test_replicas_are_created_and_told_everywhere(cloud, dynamodb, away, far):
    make_table(dynamodb, GlobalSecondaryIndexes=[index("by-q", "q")], attributes=[("q", "S")])
    replicate(dynamodb, AWAY)
    replicate(dynamodb, FAR)
    assert (regions(dynamodb), regions(away), regions(far)) == (
        [FAR, AWAY],
        [FAR, HOME],
        [HOME, AWAY],
    )
    table = away.describe_table(TableName="things")["Table"]
    assert table["TableArn"] == f"arn:aws:dynamodb:{AWAY}:000000000000:table/things"
    assert (table["GlobalTableVersion"], table["TableStatus"]) == ("2019.11.21", "ACTIVE")
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["by-q"]
    replica = next(
        one for one in dynamodb.describe_table(TableName="things")["Table"]["Replicas"] if one["RegionName"] == AWAY
    )
    assert replica["ReplicaStatus"] == "ACTIVE"


def test_a_replica_reads_as_fast_as_it_is_told(dynamodb, away):
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    make_table(dynamodb, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    replicate(dynamodb, AWAY, ProvisionedThroughputOverride={"ReadCapacityUnits": 9})
    found = away.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]
    assert (found["ReadCapacityUnits"], found["WriteCapacityUnits"]) == (9, 5)
    replicate(dynamodb, AWAY, kind="Update", ProvisionedThroughputOverride={"ReadCapacityUnits": 11})
    [replica] = dynamodb.describe_table(TableName="things")["Table"]["Replicas"]
    assert replica["ProvisionedThroughputOverride"] == {"ReadCapacityUnits": 11}


# What happens next


def test_what_was_there_and_what_is_written_anywhere_is_everywhere(cloud, dynamodb, away, far):
    make_table(dynamodb, GlobalSecondaryIndexes=[index("by-q", "q")], attributes=[("q", "S")])
    put(dynamodb, "before", q={"S": "x"})
    replicate(dynamodb, AWAY, FAR)
    put(away, "from away", q={"S": "x"})
    far.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": {"p": {"S": "from far"}}}}])
    assert keys(dynamodb) == keys(away) == keys(far) == ["before", "from away", "from far"]
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "before"}})
    assert keys(far) == ["from away", "from far"]
    found = far.query(
        TableName="things", IndexName="by-q", KeyConditionExpression="q = :q",
        ExpressionAttributeValues={":q": {"S": "x"}},
    )  # fmt: skip
    assert found["Count"] == 1
    assert away.describe_table(TableName="things")["Table"]["ItemCount"] == 2


def test_each_replica_has_a_stream_of_all_changes(aws, dynamodb, away):
    make_table(dynamodb)
    replicate(dynamodb, AWAY)
    put(dynamodb, "a")
    streams = aws("dynamodbstreams", AWAY)
    arn = away.describe_table(TableName="things")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    [record] = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert record["dynamodb"]["NewImage"] == {"p": {"S": "a"}}


def test_indexes_and_expiry_are_set_for_all(cloud, dynamodb, away):
    make_table(dynamodb)
    put(dynamodb, "a", q={"S": "x"})
    replicate(dynamodb, AWAY)
    dynamodb.update_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "q", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-q", "q")}],
    )
    cloud.settle()
    assert away.scan(TableName="things", IndexName="by-q")["Count"] == 1
    away.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    put(dynamodb, "expires", e={"N": str(int(cloud.clock.now()) + 30)})
    cloud.clock.advance(120)
    assert keys(dynamodb) == keys(away) == ["a"]
    dynamodb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-q"}}])
    cloud.settle()
    assert "GlobalSecondaryIndexes" not in away.describe_table(TableName="things")["Table"]


def test_a_replica_that_goes_takes_nothing_with_it(cloud, dynamodb, away, far):
    make_table(dynamodb)
    replicate(dynamodb, AWAY, FAR)
    put(dynamodb, "a")
    replicate(dynamodb, AWAY, kind="Delete")
    cloud.settle()
    assert refusal(away.describe_table, TableName="things")[0] == "ResourceNotFoundException"
    assert (regions(dynamodb), regions(far)) == ([FAR], [HOME])
    dynamodb.delete_table(TableName="things")
    cloud.settle()
    assert (regions(far), keys(far)) == ([], ["a"])
