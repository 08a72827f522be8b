"""DynamoDB: provisioned throughput throttles, and what tables do is told to CloudWatch."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_metrics import at
from tests.contract.dynamodb_tables import index, make_table, refusal

OF_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning"
    " level with the UpdateTable API."
)
BURST_S, MINUTE, HOUR = 300, 60, 3600


def provisioned(read: int, write: int) -> dict:
    return {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write},
    }


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def noon(cloud):
    """The clock stands still, at a full hour."""
    cloud.clock.freeze()
    moment = int((cloud.clock.now() // HOUR + 1) * HOUR)
    cloud.clock.set(moment)
    return moment


def fill(dynamodb, kilobytes: int, name: str = "things", key: str = "a"):
    """Use up write units."""
    dynamodb.put_item(TableName=name, Item={"p": {"S": key}, "filling": {"B": bytes(kilobytes * 1024 - 20)}})


def use_up_writes(dynamodb, units: int = BURST_S):
    fill(dynamodb, units)


# What is refused


def test_writes_beyond_the_burst_are_throttled(cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(10, 1))
    use_up_writes(dynamodb)
    with pytest.raises(ClientError) as throttled:
        fill(dynamodb, 1)
    response = throttled.value.response
    assert (response["Error"]["Code"], response["Error"]["Message"]) == (
        "ProvisionedThroughputExceededException",
        OF_TABLE,
    )
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things"
    assert response["ThrottlingReasons"] == [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": arn}]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("ask", ["get_item", "query", "scan", "batch_get_item", "execute_statement"])
def test_reads_beyond_the_burst_are_throttled(cloud, dynamodb, noon, ask):
    make_table(dynamodb, **provisioned(1, 1000))
    fill(dynamodb, 300)
    key = {"p": {"S": "a"}}
    condition = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    requests = {
        "get_item": {"TableName": "things", "Key": key, "ConsistentRead": True},
        "query": {"TableName": "things", **condition},
        "scan": {"TableName": "things"},
        "batch_get_item": {"RequestItems": {"things": {"Keys": [key]}}},
        "execute_statement": {"Statement": "SELECT * FROM things WHERE p = 'a'"},
    }
    for _ in range(4):
        dynamodb.get_item(TableName="things", Key=key, ConsistentRead=True)  # 75 units each
    assert refusal(getattr(dynamodb, ask), **requests[ask]) == ("ProvisionedThroughputExceededException", OF_TABLE)


def test_an_index_without_capacity_holds_writes_back(cloud, dynamodb, noon):
    by_name = {**index("by-name", "name"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    make_table(dynamodb, attributes=[("name", "S")], GlobalSecondaryIndexes=[by_name], **provisioned(1000, 1000))
    item = {"p": {"S": "a"}, "name": {"S": "x"}, "filling": {"B": bytes(BURST_S * 1024)}}
    dynamodb.put_item(TableName="things", Item=item)
    code, message = refusal(dynamodb.put_item, TableName="things", Item={"p": {"S": "b"}, "name": {"S": "y"}})
    assert code == "ProvisionedThroughputExceededException"
    assert message.startswith("The level of configured provisioned throughput for one or more global secondary indexes")
    assert dynamodb.scan(TableName="things")["Count"] == 1
    dynamodb.put_item(TableName="things", Item={"p": {"S": "outside of the index"}})


def test_a_transaction_that_is_throttled_is_cancelled(cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(10, 1))
    use_up_writes(dynamodb)
    put = {"Put": {"TableName": "things", "Item": {"p": {"S": "b"}}}}
    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(TransactItems=[put])
    assert cancelled.value.response["Error"]["Code"] == "TransactionCanceledException"
    [reason] = cancelled.value.response["CancellationReasons"]
    assert (reason["Code"], reason["Message"]) == ("ProvisionedThroughputExceeded", OF_TABLE)


def test_a_maximum_on_demand_throttles_too(cloud, dynamodb, noon):
    make_table(dynamodb, OnDemandThroughput={"MaxWriteRequestUnits": 1, "MaxReadRequestUnits": -1})
    use_up_writes(dynamodb)
    code, message = refusal(dynamodb.put_item, TableName="things", Item={"p": {"S": "b"}})
    assert (code, message) == (
        "ThrottlingException",
        "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    )
    dynamodb.get_item(TableName="things", Key={"p": {"S": "a"}})


# What is done


def test_a_batch_tells_what_was_throttled(cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(1, 1))
    use_up_writes(dynamodb, BURST_S - 2)
    requests = [{"PutRequest": {"Item": {"p": {"S": f"key {number}"}}}} for number in range(5)]
    told = dynamodb.batch_write_item(RequestItems={"things": requests})
    assert told["UnprocessedItems"] == {"things": requests[2:]}
    assert refusal(dynamodb.batch_write_item, RequestItems={"things": requests})[0] == (
        "ProvisionedThroughputExceededException"
    )
    keys = [{"p": {"S": "a"}}, *({"p": {"S": f"key {number}"}} for number in range(2))]
    for _ in range(7):
        dynamodb.get_item(TableName="things", Key=keys[0])
    told = dynamodb.batch_get_item(RequestItems={"things": {"Keys": keys}})
    assert [len(told["Responses"]["things"]), told["UnprocessedKeys"]["things"]["Keys"]] == [1, keys[1:]]


def test_on_demand_nothing_is_throttled(cloud, dynamodb, noon):
    make_table(dynamodb)
    for _ in range(5):
        use_up_writes(dynamodb)


def test_tables_tell_what_they_consume(aws, cloud, dynamodb, noon):
    by_name = {**index("by-name", "name"), "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}}
    make_table(dynamodb, attributes=[("name", "S")], GlobalSecondaryIndexes=[by_name], **provisioned(7, 8))
    dynamodb.put_item(TableName="things", Item={"p": {"S": "a"}, "name": {"S": "x"}, "big": {"B": bytes(2000)}})
    dynamodb.get_item(TableName="things", Key={"p": {"S": "a"}})
    dynamodb.scan(TableName="things")
    refusal(dynamodb.get_item, TableName="things", Key={"wrong": {"S": "a"}})
    refusal(
        dynamodb.put_item, TableName="things", Item={"p": {"S": "a"}}, ConditionExpression="attribute_not_exists(p)"
    )
    table, of_index = {"TableName": "things"}, {"TableName": "things", "GlobalSecondaryIndexName": "by-name"}

    def total(name, dimensions):
        answer = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/DynamoDB", MetricName=name, StartTime=at(noon - 60), EndTime=at(noon + 60), Period=60,
            Statistics=["Sum", "SampleCount"],
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )  # fmt: skip
        return [point["Sum"] for point in answer["Datapoints"]]

    assert total("ConsumedWriteCapacityUnits", table) == [2]
    assert total("ConsumedWriteCapacityUnits", of_index) == [2]
    assert total("ConsumedReadCapacityUnits", table) == [1]
    assert (total("ProvisionedReadCapacityUnits", table), total("ProvisionedWriteCapacityUnits", table)) == ([7], [8])
    assert total("ProvisionedWriteCapacityUnits", of_index) == [6]
    assert total("ReturnedItemCount", {**table, "Operation": "Scan"}) == [1]
    assert total("UserErrors", {}) == [1]
    assert total("ConditionalCheckFailedRequests", table) == [1]
    [metric] = aws("cloudwatch").list_metrics(
        Namespace="AWS/DynamoDB", MetricName="SuccessfulRequestLatency",
        Dimensions=[{"Name": "Operation", "Value": "GetItem"}],
    )["Metrics"]  # fmt: skip
    assert metric["Dimensions"] == [
        {"Name": "Operation", "Value": "GetItem"},
        {"Name": "TableName", "Value": "things"},
    ]


def test_throttling_is_told_too(aws, cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(10, 1))
    use_up_writes(dynamodb)
    refusal(dynamodb.put_item, TableName="things", Item={"p": {"S": "b"}})
    metrics = aws("cloudwatch").list_metrics(Namespace="AWS/DynamoDB")["Metrics"]
    names = {(metric["MetricName"], len(metric["Dimensions"])) for metric in metrics}
    assert {("ThrottledRequests", 2), ("WriteThrottleEvents", 1)} <= names


# What happens next


def test_capacity_comes_back_with_time_up_to_five_minutes_of_it(cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(10, 1))
    use_up_writes(dynamodb)
    cloud.clock.advance(10)
    use_up_writes(dynamodb, 10)
    assert refusal(fill, dynamodb=dynamodb, kilobytes=1)[0] == "ProvisionedThroughputExceededException"
    cloud.clock.advance(HOUR)
    use_up_writes(dynamodb)
    assert refusal(fill, dynamodb=dynamodb, kilobytes=1)[0] == "ProvisionedThroughputExceededException"


def test_more_capacity_lets_more_in(cloud, dynamodb, noon):
    make_table(dynamodb, **provisioned(10, 1))
    use_up_writes(dynamodb, 301)
    cloud.clock.advance(1)
    assert refusal(fill, dynamodb=dynamodb, kilobytes=1)[0] == "ProvisionedThroughputExceededException"
    dynamodb.update_table(TableName="things", **provisioned(10, 100))
    cloud.clock.advance(1)
    use_up_writes(dynamodb, 100)
