"""DynamoDB: the order of partitions, which is that of DynamoDB itself."""

import pytest

from tests.contract.dynamodb_tables import make_table


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


def put(dynamodb, *values, **more):
    for value in values:
        dynamodb.put_item(TableName="things", Item={"p": value, **more})


def partitions(answer):
    return [next(iter(item["p"].values())) for item in answer["Items"]]


def as_before(store):
    """Put the rows of tables where they lay before partitions had DynamoDB's order."""
    with store.transaction():
        store.write("UPDATE dynamodb_item SET hash = x'00000000' || substr(hash, 5)")
        store.write("UPDATE dynamodb_entry SET hash = x'00000000' || substr(hash, 5), item_hash = x'00' || item_hash")
        store.write("UPDATE record SET body = replace(body, '\"scattered\":true', '\"scattered\":false')")
    store.records.forget()


# What is done


def test_a_scan_goes_in_the_order_of_the_real_one(dynamodb):
    make_table(dynamodb, sort="s")
    put(dynamodb, {"S": "B"}, {"S": "A"}, s={"S": "2"})
    put(dynamodb, {"S": "A"}, s={"S": "10"})
    scanned = dynamodb.scan(TableName="things")["Items"]
    assert [(item["p"]["S"], item["s"]["S"]) for item in scanned] == [("A", "10"), ("A", "2"), ("B", "2")]


def test_partitions_of_numbers_have_an_order_of_their_own(dynamodb):
    make_table(dynamodb, kind="N")
    put(dynamodb, *({"N": number} for number in ("0", "1", "-1", "1.5", "-120", "0.01", "38")))
    assert partitions(dynamodb.scan(TableName="things")) == ["-1", "0.01", "38", "-120", "1.5", "1", "0"]


def test_each_segment_has_its_part_of_the_order(dynamodb):
    make_table(dynamodb)
    put(dynamodb, *({"S": letter} for letter in "abcdefgh"))
    whole = partitions(dynamodb.scan(TableName="things"))
    for total in (2, 3, 5000):
        parts = [
            partitions(dynamodb.scan(TableName="things", Segment=number, TotalSegments=total))
            for number in (range(total) if total < 10 else (0, 1202, 3004, 4999))
        ]
        joined = [name for part in parts for name in part]
        assert joined == [name for name in whole if name in joined]
        assert total > 10 or joined == whole


# What happens next


def test_a_table_from_before_is_put_into_that_order_when_it_is_used(aws, cloud, dynamodb):
    index = {"IndexName": "index", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}
    make_table(dynamodb, GlobalSecondaryIndexes=[{**index, "Projection": {"ProjectionType": "ALL"}}])
    put(dynamodb, *({"S": letter} for letter in "abcdefgh"))
    whole = partitions(dynamodb.scan(TableName="things"))
    cloud.run(lambda: as_before(cloud.cloud.store))
    assert dynamodb.get_item(TableName="things", Key={"p": {"S": "a"}})["Item"] == {"p": {"S": "a"}}
    put(dynamodb, {"S": "b"})
    for more in ({}, {"IndexName": "index"}):
        assert partitions(dynamodb.scan(TableName="things", **more)) == whole
    assert dynamodb.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"][0]["ItemCount"] == 8
