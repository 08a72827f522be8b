"""DynamoDB: batches, and transactions that do all or nothing."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_tables import MISMATCH, WRONG, index, make_table, refusal


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(client)
    return client


def put(name, **more):
    return {"Put": {"TableName": "things", "Item": {"p": {"S": name}}, **more}}


def names(dynamodb):
    return sorted(item["p"]["S"] for item in dynamodb.scan(TableName="things")["Items"])


# What is refused


def test_a_batch_is_refused_whole_when_part_of_it_is_wrong(dynamodb):
    twice = [{"PutRequest": {"Item": {"p": {"S": "a"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "a"}}}}]
    told = refusal(dynamodb.batch_write_item, RequestItems={"things": twice})
    assert told == ("ValidationException", "Provided list of item keys contains duplicates")
    wrong = [{"PutRequest": {"Item": {"p": {"S": "a"}}}}, {"PutRequest": {"Item": {"q": {"S": "b"}}}}]
    told = refusal(dynamodb.batch_write_item, RequestItems={"things": wrong})
    assert told == ("ValidationException", MISMATCH)
    assert names(dynamodb) == []


def test_a_batch_has_at_most_25_writes_and_100_reads(dynamodb):
    make_table(dynamodb, "others")
    puts = [{"PutRequest": {"Item": {"p": {"S": str(number)}}}} for number in range(13)]
    told = refusal(dynamodb.batch_write_item, RequestItems={"things": puts, "others": puts})
    assert told == ("ValidationException", "Too many items requested for the BatchWriteItem call")
    keys = [{"p": {"S": str(number)}} for number in range(51)]
    told = refusal(dynamodb.batch_get_item, RequestItems={"things": {"Keys": keys}, "others": {"Keys": keys}})
    assert told == ("ValidationException", "Too many items requested for the BatchGetItem call")
    same = [{"p": {"S": "a"}}] * 2
    told = refusal(dynamodb.batch_get_item, RequestItems={"things": {"Keys": same}})
    assert told == ("ValidationException", "Provided list of item keys contains duplicates")


def test_what_a_batch_asks_for_is_checked_by_itself(dynamodb):
    keys = {"Keys": [{"p": {"S": str(number)}} for number in range(101)]}
    told = refusal(dynamodb.batch_get_item, RequestItems={"things": keys})
    assert told[1] == (
        "1 validation error detected: Value at 'RequestItems.things.member.Keys' failed to satisfy constraint: Member"
        " must have length less than or equal to 100"
    )
    puts = [{"PutRequest": {"Item": {"p": {"S": str(number)}}}} for number in range(26)]
    told = refusal(dynamodb.batch_write_item, RequestItems={"things": puts})
    assert (
        "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have"
        in told[1]
    )
    for call, name in ((dynamodb.batch_get_item, "BatchGetItem"), (dynamodb.batch_write_item, "BatchWriteItem")):
        assert refusal(call, RequestItems={})[1] == f"The requestItems parameter is required for {name}"
    make_table(dynamodb, "others")
    one = [{"p": {"S": "a"}}]
    mixed = {
        "things": {"Keys": one, "ProjectionExpression": "p"},
        "others": {"Keys": one, "AttributesToGet": ["p"]},
    }
    assert "{AttributesToGet} Expression parameters: {ProjectionExpression}" in refusal(
        dynamodb.batch_get_item, RequestItems=mixed
    )[1]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"Put": {"Item": {"p": {"N": "5"}}}}, WRONG + "Type mismatch for key p expected: S actual: N"),
        ({"Delete": {"Key": {"p": {"N": "5"}}}}, MISMATCH),
        ({"Put": {"Item": {"p": {"S": "a"}, "g": {"N": "5"}}}},
         WRONG + "Type mismatch for Index Key g Expected: S Actual: N IndexName: a-index"),
        ({"Update": {"Key": {"p": {"S": "a"}}, "UpdateExpression": "SET g = :v",
                     "ExpressionAttributeValues": {":v": {"N": "5"}}}},
         WRONG + "Type mismatch for Index Key g Expected: S Actual: N IndexName: a-index"),
    ],
)  # fmt: skip
def test_a_key_of_another_type_cancels_a_transaction(dynamodb, action, message):
    indexes = [index("b-index", "g"), index("a-index", "g")]
    make_table(dynamodb, "indexed", attributes={"g": "S"}, GlobalSecondaryIndexes=indexes)
    [(kind, asked)] = action.items()
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[{kind: {"TableName": "indexed", **asked}}, put("other")])
    assert refused.value.response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": message}, {"Code": "None"}
    ]  # fmt: skip
    assert names(dynamodb) == []


def test_an_empty_key_refuses_a_whole_transaction(dynamodb):
    make_table(dynamodb, "indexed", attributes={"g": "S"}, GlobalSecondaryIndexes=[index("by-g", "g")])
    change = {"UpdateExpression": "SET g = :v", "ExpressionAttributeValues": {":v": {"S": ""}}}
    told = refusal(dynamodb.transact_write_items, TransactItems=[
        {"Update": {"TableName": "indexed", "Key": {"p": {"S": "a"}}, **change}}
    ])  # fmt: skip
    assert told == (
        "ValidationException",
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key"
        " to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string"
        " value.",
    )
    told = refusal(dynamodb.transact_write_items, TransactItems=[put("")])
    assert (told[0], "cannot contain an empty string value. Key: p" in told[1]) == ("ValidationException", True)


def test_a_transaction_moves_at_most_four_megabytes(dynamodb):
    large = [
        {"Put": {"TableName": "things", "Item": {"p": {"S": str(n)}, "x": {"S": "x" * 350_000}}}} for n in range(13)
    ]
    told = refusal(dynamodb.transact_write_items, TransactItems=large)
    assert told == ("ValidationException", "Transaction request has exceeded the maximum aggregate size of 4 MB")
    assert names(dynamodb) == []


def test_a_transaction_has_one_action_for_an_item(dynamodb):
    told = refusal(dynamodb.transact_write_items, TransactItems=[put("a"), put("a")])
    assert told == (
        "ValidationException", "Transaction request cannot include multiple operations on one item"
    )  # fmt: skip


# What is done


def test_batches_write_and_get_items_of_several_tables(dynamodb):
    make_table(dynamodb, "others")
    dynamodb.put_item(TableName="things", Item={"p": {"S": "old"}})
    answer = dynamodb.batch_write_item(
        RequestItems={
            "things": [{"PutRequest": {"Item": {"p": {"S": "a"}, "x": {"N": "1"}}}},
                       {"DeleteRequest": {"Key": {"p": {"S": "old"}}}}],
            "others": [{"PutRequest": {"Item": {"p": {"S": "b"}}}}],
        },
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert answer["UnprocessedItems"] == {}
    assert {told["TableName"]: told["CapacityUnits"] for told in answer["ConsumedCapacity"]} == {
        "things": 2.0, "others": 1.0
    }  # fmt: skip
    got = dynamodb.batch_get_item(
        RequestItems={
            "things": {"Keys": [{"p": {"S": "a"}}, {"p": {"S": "old"}}], "ProjectionExpression": "x"},
            "others": {"Keys": [{"p": {"S": "b"}}]},
        }
    )
    assert got["Responses"] == {"things": [{"x": {"N": "1"}}], "others": [{"p": {"S": "b"}}]}
    assert got["UnprocessedKeys"] == {}


def test_a_transaction_does_everything(dynamodb):
    dynamodb.put_item(TableName="things", Item={"p": {"S": "account"}, "sum": {"N": "10"}})
    dynamodb.put_item(TableName="things", Item={"p": {"S": "old"}})
    dynamodb.transact_write_items(
        TransactItems=[
            put("new"),
            {"Delete": {"TableName": "things", "Key": {"p": {"S": "old"}}}},
            {"Update": {"TableName": "things", "Key": {"p": {"S": "account"}}, "UpdateExpression": "SET #s = #s - :n",
                        "ConditionExpression": "#s >= :n", "ExpressionAttributeNames": {"#s": "sum"},
                        "ExpressionAttributeValues": {":n": {"N": "4"}}}},
            {"ConditionCheck": {"TableName": "things", "Key": {"p": {"S": "none"}},
                                "ConditionExpression": "attribute_not_exists(p)"}},
        ]
    )  # fmt: skip
    assert names(dynamodb) == ["account", "new"]
    got = dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": "things", "Key": {"p": {"S": name}}}} for name in ("account", "old")]
    )
    assert got["Responses"] == [{"Item": {"p": {"S": "account"}, "sum": {"N": "6"}}}, {}]


def test_a_transaction_that_fails_does_nothing_and_says_why(dynamodb):
    dynamodb.put_item(TableName="things", Item={"p": {"S": "a"}, "x": {"S": "text"}})
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                put("b"),
                put("a", ConditionExpression="attribute_not_exists(p)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
                {"Update": {"TableName": "things", "Key": {"p": {"S": "c"}}, "UpdateExpression": "SET x = y"}},
            ]
        )
    error = refused.value.response
    assert error["Error"]["Code"] == "TransactionCanceledException"
    assert error["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons"
        " [None, ConditionalCheckFailed, ValidationError]"
    )
    assert error["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
         "Item": {"p": {"S": "a"}, "x": {"S": "text"}}},
        {"Code": "ValidationError",
         "Message": "The provided expression refers to an attribute that does not exist in the item"},
    ]  # fmt: skip
    assert names(dynamodb) == ["a"]


# What happens next


def test_what_does_not_fit_into_an_answer_is_left_unprocessed(dynamodb):
    for number in range(45):
        dynamodb.put_item(TableName="things", Item={"p": {"S": f"{number:02d}"}, "x": {"S": "x" * 400_000}})
    keys = [{"p": {"S": f"{number:02d}"}} for number in range(45)]
    first = dynamodb.batch_get_item(RequestItems={"things": {"Keys": keys, "ProjectionExpression": "p"}})
    left = first["UnprocessedKeys"]["things"]
    assert len(first["Responses"]["things"]) + len(left["Keys"]) == 45
    assert 0 < len(left["Keys"]) < 10
    rest = dynamodb.batch_get_item(RequestItems=first["UnprocessedKeys"])
    assert [item["p"]["S"] for item in rest["Responses"]["things"]][-1] == "44"


def test_a_token_makes_a_transaction_happen_once_in_ten_minutes(dynamodb, cloud):
    count = [{"Update": {"TableName": "things", "Key": {"p": {"S": "a"}}, "UpdateExpression": "ADD n :one",
                         "ExpressionAttributeValues": {":one": {"N": "1"}}}}]  # fmt: skip
    once = {"TransactItems": count, "ClientRequestToken": "token"}
    dynamodb.transact_write_items(**once)
    dynamodb.transact_write_items(**once)
    code, _ = refusal(dynamodb.transact_write_items, TransactItems=[put("b")], ClientRequestToken="token")
    assert code == "IdempotentParameterMismatchException"
    assert dynamodb.get_item(TableName="things", Key={"p": {"S": "a"}})["Item"]["n"] == {"N": "1"}
    cloud.clock.advance(601)
    dynamodb.transact_write_items(**once)
    assert dynamodb.get_item(TableName="things", Key={"p": {"S": "a"}})["Item"]["n"] == {"N": "2"}
