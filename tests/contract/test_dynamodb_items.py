"""DynamoDB: putting, getting, updating and deleting items."""

from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from tests.contract.dynamodb_tables import ONE, WRONG, index, make_table, refusal

KEY = {"p": {"S": "a"}}


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(client)
    return client


# What is refused


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"q": {"S": "a"}}, "One or more parameter values were invalid: Missing the key p in the item"),
        (
            {"p": {"N": "1"}},
            "One or more parameter values were invalid: Type mismatch for key p expected: S actual: N",
        ),
        (
            {"p": {"S": ""}},
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty"
            " string value. Key: p",
        ),
        (
            {"p": {"S": "a"}, "x": {}},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        ({"p": {"S": "a"}, "x": {"N": "one"}}, ONE + "The parameter cannot be converted to a numeric value: one"),
        ({"p": {"S": "a"}, "x": {"SS": []}}, ONE + WRONG + "An string set  may not be empty"),
        ({"p": {"S": "a"}, "x": {"S": "x" * 410_000}}, "Item size has exceeded the maximum allowed size"),
        (
            {"p": {"S": "a" * 2049}},
            WRONG + "Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
    ],
)  # fmt: skip
def test_an_item_that_does_not_fit_is_refused_in_dynamodbs_words(dynamodb, item, message):
    assert refusal(dynamodb.put_item, TableName="things", Item=item) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("a" * 256, "have length less than or equal to 255"),
        ("bad table!", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
    ],
)
def test_what_cannot_be_a_table_is_told_so(dynamodb, name, constraint):
    told = refusal(dynamodb.get_item, TableName=name, Key=KEY)
    assert told[1] == (
        f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must"
        f" {constraint}"
    )


@pytest.mark.parametrize(
    ("number", "size"),
    [("0", 1), ("12", 2), ("1E125", 2), ("0.0000001", 2), ("1.5", 3), ("-42", 3), ("3.14159", 5), ("100.5", 4)],
)
def test_a_number_counts_its_digits_on_both_sides_of_the_point(dynamodb, number, size):
    item = {**KEY, "n": {"N": number}, "x": {"S": "x" * (409_600 - 4 - size)}}
    dynamodb.put_item(TableName="things", Item=item)
    item["x"]["S"] += "x"
    assert refusal(dynamodb.put_item, TableName="things", Item=item)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("expression", "values", "fees"),
    [("SET x = :x", {}, 22), ("SET x = :x REMOVE y", {}, 24), ("SET x = :x, y = :y", {":y": {"S": "y"}}, 41)],
)
def test_an_update_counts_its_actions_rather_than_the_key(dynamodb, expression, values, fees):
    room = 409_600 - fees - 1 - (2 if values else 0)
    for more, code in ((0, None), (1, "ValidationException")):
        given = {**values, ":x": {"S": "x" * (room + more)}}
        told = refusal(dynamodb.update_item, TableName="things", Key=KEY, UpdateExpression=expression,
                       ExpressionAttributeValues=given)  # fmt: skip
        assert told == (code, "Item size to update has exceeded the maximum allowed size" if code else None)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ReturnValues": "ALL_NEW"}, "ReturnValues can only be ALL_OLD or NONE"),
        ({"ConditionExpression": ""}, "Invalid ConditionExpression: The expression can not be empty;"),
        ({"ExpressionAttributeNames": {"#a": "a"}},
         "ExpressionAttributeNames can only be specified when using expressions"),
        ({"ExpressionAttributeValues": {":v": {"S": "x"}}},
         "ExpressionAttributeValues can only be specified when using expressions"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_by_itself_is_told_before_its_table_is_looked_for(aws, params, message):
    told = refusal(aws("dynamodb").delete_item, TableName="nowhere", Key=KEY, **params)
    assert told == ("ValidationException", ONE + message)


@pytest.mark.parametrize("key", [{}, {"q": {"S": "a"}}, {"p": {"N": "1"}}, {"p": {"S": "a"}, "q": {"S": "b"}}])
def test_a_key_of_another_schema_is_refused(dynamodb, key):
    told = refusal(dynamodb.get_item, TableName="things", Key=key)
    assert told == ("ValidationException", "The provided key element does not match the schema")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"UpdateExpression": "SET p = :v"},
         "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key"),
        ({"UpdateExpression": "SET a = :v, b = :w"},
         ONE + "Invalid UpdateExpression: An expression attribute value used in expression is not defined;"
               " attribute value: :w"),
        ({"UpdateExpression": "SET a = :v", "ExpressionAttributeNames": {"#a": "a"}},
         ONE + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"),
        ({"UpdateExpression": "SET name = :v"},
         ONE + "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name"),
        ({}, ONE + "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and"
                   " ConditionExpression are null"),
        ({"UpdateExpression": "SET a = :v", "AttributeUpdates": {"a": {"Value": {"S": "x"}}}},
         ONE + "Can not use both expression and non-expression parameters in the same request: Non-expression"
               " parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}"),
    ],
)  # fmt: skip
def test_an_update_that_makes_no_sense_is_refused(dynamodb, params, message):
    values = {":v": {"S": "x"}}
    told = refusal(dynamodb.update_item, TableName="things", Key=KEY, ExpressionAttributeValues=values, **params)
    assert told == ("ValidationException", message)


def test_a_table_that_is_not_there_is_told(dynamodb):
    told = refusal(dynamodb.get_item, TableName="nothing", Key=KEY)
    assert told == ("ResourceNotFoundException", "Requested resource not found")


def test_an_item_whose_attribute_does_not_fit_an_index_is_refused(aws):
    dynamodb = aws("dynamodb")
    make_table(dynamodb, attributes={"n": "N"}, GlobalSecondaryIndexes=[index("by-n", "n")])
    code, message = refusal(dynamodb.put_item, TableName="things", Item={**KEY, "n": {"S": "x"}})
    assert code == "ValidationException"
    assert message == (
        "One or more parameter values were invalid: Type mismatch for Index Key n Expected: N Actual: S IndexName: by-n"
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("get_item", {"TableName": "none", "Key": {"p": {"NS": []}}}),
        ("delete_item", {"TableName": "none", "Key": {"p": {"NS": []}}}),
        ("update_item", {"TableName": "none", "Key": {"p": {"NS": []}}}),
        ("batch_get_item", {"RequestItems": {"none": {"Keys": [{"p": {"NS": []}}]}}}),
        ("batch_write_item", {"RequestItems": {"none": [{"PutRequest": {"Item": {"p": {"NS": []}}}}]}}),
        ("batch_write_item", {"RequestItems": {"none": [{"DeleteRequest": {"Key": {"p": {"NS": []}}}}]}}),
    ],
)
def test_values_of_keys_are_checked_before_the_table_is_looked_for(dynamodb, operation, params):
    told = refusal(getattr(dynamodb, operation), **params)
    assert told == ("ValidationException", WRONG + "An number set  may not be empty")


# What is done


def test_an_item_comes_back_as_it_was_put(dynamodb):
    item = {
        **KEY, "n": {"N": "-12.5"}, "b": {"B": b"\x00\xff"}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "2"]},
        "bs": {"BS": [b"1"]}, "m": {"M": {"l": {"L": [{"NULL": True}, {"BOOL": False}, {"S": ""}]}}},
    }  # fmt: skip
    dynamodb.put_item(TableName="things", Item=item)
    assert dynamodb.get_item(TableName="things", Key=KEY)["Item"] == item


def test_numbers_are_normalized_with_38_digits_exact(dynamodb):
    exact = "0.12345678901234567890123456789012345678"
    dynamodb.put_item(TableName="things", Item={**KEY, "a": {"N": "0010.500"}, "b": {"N": exact}, "c": {"N": "1e3"}})
    item = dynamodb.get_item(TableName="things", Key=KEY)["Item"]
    assert (item["a"]["N"], item["b"]["N"], item["c"]["N"]) == ("10.5", exact, "1000")


def test_nothing_is_got_where_nothing_is(dynamodb):
    assert "Item" not in dynamodb.get_item(TableName="things", Key=KEY)


def test_a_put_replaces_the_whole_item_and_can_tell_the_old_one(dynamodb):
    dynamodb.put_item(TableName="things", Item={**KEY, "a": {"S": "1"}})
    told = dynamodb.put_item(TableName="things", Item={**KEY, "b": {"S": "2"}}, ReturnValues="ALL_OLD")
    assert told["Attributes"] == {**KEY, "a": {"S": "1"}}
    assert dynamodb.get_item(TableName="things", Key=KEY)["Item"] == {**KEY, "b": {"S": "2"}}


def test_a_condition_that_fails_changes_nothing_and_can_tell_the_item(dynamodb):
    dynamodb.put_item(TableName="things", Item={**KEY, "v": {"N": "1"}})
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(
            TableName="things", Item=KEY, ConditionExpression="attribute_not_exists(p)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"
    assert refused.value.response["Item"] == {**KEY, "v": {"N": "1"}}
    assert dynamodb.get_item(TableName="things", Key=KEY)["Item"]["v"] == {"N": "1"}


def test_an_update_makes_the_item_that_is_not_there(dynamodb):
    told = dynamodb.update_item(
        TableName="things", Key=KEY, UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one ADD tags :t",
        ExpressionAttributeNames={"#n": "count"}, ReturnValues="ALL_NEW",
        ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}, ":t": {"SS": ["x"]}},
    )  # fmt: skip
    assert told["Attributes"] == {**KEY, "count": {"N": "1"}, "tags": {"SS": ["x"]}}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("NONE", None),
        ("ALL_OLD", {**KEY, "a": {"N": "1"}, "m": {"M": {"x": {"S": "1"}, "y": {"S": "2"}}}}),
        ("ALL_NEW", {**KEY, "a": {"N": "2"}, "m": {"M": {"x": {"S": "new"}, "y": {"S": "2"}}}}),
        ("UPDATED_OLD", {"a": {"N": "1"}, "m": {"M": {"x": {"S": "1"}}}}),
        ("UPDATED_NEW", {"a": {"N": "2"}, "m": {"M": {"x": {"S": "new"}}}}),
    ],
)
def test_an_update_returns_what_it_is_asked_for(dynamodb, wanted, told):
    dynamodb.put_item(TableName="things", Item={**KEY, "a": {"N": "1"}, "m": {"M": {"x": {"S": "1"}, "y": {"S": "2"}}}})
    answer = dynamodb.update_item(
        TableName="things", Key=KEY, UpdateExpression="SET a = a + :one, m.x = :new", ReturnValues=wanted,
        ExpressionAttributeValues={":one": {"N": "1"}, ":new": {"S": "new"}},
    )  # fmt: skip
    assert answer.get("Attributes") == told


def test_a_projection_takes_parts_of_an_item(dynamodb):
    dynamodb.put_item(TableName="things", Item={**KEY, "a": {"L": [{"S": "0"}, {"S": "1"}]}, "b": {"S": "b"}})
    part = dynamodb.get_item(TableName="things", Key=KEY, ProjectionExpression="a[1], p")["Item"]
    assert part == {"a": {"L": [{"S": "1"}]}, **KEY}


def test_the_parameters_before_expressions_still_work(dynamodb):
    dynamodb.put_item(TableName="things", Item={**KEY, "n": {"N": "1"}}, Expected={"p": {"Exists": False}})
    dynamodb.update_item(
        TableName="things", Key=KEY,
        AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "4"}}, "s": {"Value": {"S": "x"}}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "2"}]}},
    )  # fmt: skip
    assert dynamodb.get_item(TableName="things", Key=KEY, AttributesToGet=["n", "s"])["Item"] == {
        "n": {"N": "5"}, "s": {"S": "x"}
    }  # fmt: skip
    code, _ = refusal(dynamodb.delete_item, TableName="things", Key=KEY, Expected={"n": {"Value": {"N": "1"}}})
    assert code == "ConditionalCheckFailedException"


def test_capacity_is_computed_from_sizes(dynamodb):
    item = {**KEY, "x": {"S": "x" * 2500}}
    put = dynamodb.put_item(TableName="things", Item=item, ReturnConsumedCapacity="TOTAL")
    assert put["ConsumedCapacity"] == {"TableName": "things", "CapacityUnits": 3.0}
    got = dynamodb.get_item(TableName="things", Key=KEY, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert got["ConsumedCapacity"]["CapacityUnits"] == 1.0
    lazy = dynamodb.get_item(TableName="things", Key=KEY, ReturnConsumedCapacity="INDEXES")
    assert lazy["ConsumedCapacity"] == {"TableName": "things", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}


def test_the_table_resource_of_boto3_speaks_in_python_values(dynamodb, endpoint):
    resource = boto3.resource(
        "dynamodb", "eu-west-1", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
    )
    table = resource.Table("things")
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"p": str(number), "price": Decimal("1.5") * number, "tags": {"x"}})
    found = table.scan(FilterExpression=Attr("price").gte(Decimal("42")) & Attr("tags").contains("x"))["Items"]
    assert sorted(item["price"] for item in found) == [Decimal("42"), Decimal("43.5")]


# What happens next


def test_a_deleted_item_is_gone_and_its_deletion_can_be_repeated(dynamodb):
    dynamodb.put_item(TableName="things", Item={**KEY, "a": {"S": "1"}})
    told = dynamodb.delete_item(TableName="things", Key=KEY, ReturnValues="ALL_OLD")
    assert told["Attributes"]["a"] == {"S": "1"}
    assert "Attributes" not in dynamodb.delete_item(TableName="things", Key=KEY, ReturnValues="ALL_OLD")
    assert "Item" not in dynamodb.get_item(TableName="things", Key=KEY)


def test_the_table_counts_its_items_and_bytes(dynamodb):
    for name in ("a", "b", "b"):
        dynamodb.put_item(TableName="things", Item={"p": {"S": name}, "x": {"S": "12345"}})
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert (table["ItemCount"], table["TableSizeBytes"]) == (2, 16)
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "a"}})
    assert dynamodb.describe_table(TableName="things")["Table"]["ItemCount"] == 1
