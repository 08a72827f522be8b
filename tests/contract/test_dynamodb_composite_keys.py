"""DynamoDB: global indexes whose keys are of several attributes."""

import pytest

from tests.contract.dynamodb_tables import index, make_table, refusal

KINDS = {"sport": "S", "region": "S", "year": "N", "round": "S", "prize": "N"}
PARTITION = ("sport", "region")
SORT = ("year", "round", "prize")
MATCHES = [
    (2023, "final", 10), (2023, "final", 9), (2023, "semi", 4), (2024, "final", -1), (2024, "final", 2),
    (2024, "semi\0", 1), (2024, "semi", 1), (-5, "final", 3),
]  # fmt: skip


def schema(partition, sort):
    kinds = [(name, "HASH") for name in partition] + [(name, "RANGE") for name in sort]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    matches = {**index("matches", "sport"), "KeySchema": schema(PARTITION, SORT)}
    make_table(client, attributes=KINDS, GlobalSecondaryIndexes=[matches])
    for number, (year, of, prize) in enumerate(MATCHES):
        place = {"sport": {"S": "chess"}, "region": {"S": "eu"}}
        rest = {"year": {"N": str(year)}, "round": {"S": of}, "prize": {"N": str(prize)}}
        client.put_item(TableName="things", Item={"p": {"S": str(number)}, **place, **rest})
    client.put_item(TableName="things", Item={"p": {"S": "other"}, **place, **rest, "region": {"S": "us"}})
    client.put_item(TableName="things", Item={"p": {"S": "lacking"}, **place, "year": rest["year"]})
    return client


def query(dynamodb, condition="", values=None, **more):
    said = " AND ".join(filter(None, ["sport = :sport AND #region = :region", condition]))
    names = {f"#{name}": name for name in KINDS if f"#{name}" in said}
    given = {":sport": {"S": "chess"}, ":region": {"S": "eu"}, **(values or {})}
    return dynamodb.query(
        TableName="things", IndexName="matches", KeyConditionExpression=said, ExpressionAttributeNames=names,
        ExpressionAttributeValues=given, **more,
    )  # fmt: skip


def found(answer):
    return [(int(one["year"]["N"]), one["round"]["S"], int(one["prize"]["N"])) for one in answer["Items"]]


# What is refused


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("#round = :s", "Query condition missed key schema element: year"),
        ("#year > :n AND #round = :s", "Query key condition not supported"),
        ("#year = :n AND #round = :s AND prize = :n AND p = :s", "Query key condition not supported"),
        ("#year = :s",
         "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    ],
)  # fmt: skip
def test_conditions_name_all_of_the_partition_and_the_sort_key_from_its_left(dynamodb, condition, message):
    values = {name: {name[1].upper(): "1"} for name in (":s", ":n") if name in condition}
    assert refusal(query, dynamodb=dynamodb, condition=condition, values=values) == ("ValidationException", message)


def test_a_part_of_the_partition_is_none(dynamodb):
    told = refusal(
        dynamodb.query, TableName="things", IndexName="matches", KeyConditionExpression="sport = :s",
        ExpressionAttributeValues={":s": {"S": "chess"}},
    )  # fmt: skip
    assert told == ("ValidationException", "Query condition missed key schema element: region")


@pytest.mark.parametrize(
    ("partition", "sort", "word"),
    [("abcde", "", "HASH"), ("a", "bcdef", "RANGE")],
)
def test_a_key_has_four_attributes_of_a_kind_at_most(dynamodb, partition, sort, word):
    one = {**index("one", "a"), "KeySchema": schema(partition, sort)}
    defined = [{"AttributeName": name, "AttributeType": "S"} for name in partition + sort]
    told = refusal(
        dynamodb.update_table, TableName="things", AttributeDefinitions=defined,
        GlobalSecondaryIndexUpdates=[{"Create": one}],
    )  # fmt: skip
    assert told == ("ValidationException", f"Invalid KeySchema: There can be no more than 4 {word} key elements")


def test_local_indexes_have_keys_of_two_attributes(dynamodb):
    local = {**index("one", "p"), "KeySchema": schema("p", "ab")}
    code, message = refusal(make_table, dynamodb=dynamodb, name="more", sort="a", attributes={"b": "S"},
                            LocalSecondaryIndexes=[local])  # fmt: skip
    assert (code, message.endswith("more than one range key for index: one")) == ("ValidationException", True)


# What is done


def test_the_key_is_told_as_it_was_given(dynamodb):
    [told] = dynamodb.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"]
    assert told["KeySchema"] == schema(PARTITION, SORT)
    assert told["ItemCount"] == len(MATCHES) + 1


@pytest.mark.parametrize("forward", [True, False])
def test_items_are_in_the_order_of_all_attributes(dynamodb, forward):
    assert found(query(dynamodb, ScanIndexForward=forward)) == sorted(MATCHES, reverse=not forward)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("#year = :y", lambda year, of, prize: year == 2024),
        ("#year > :y", lambda year, of, prize: year > 2024),
        ("#year >= :y", lambda year, of, prize: year >= 2024),
        ("#year < :y", lambda year, of, prize: year < 2024),
        ("#year <= :y", lambda year, of, prize: year <= 2024),
        ("#year BETWEEN :n AND :y", lambda year, of, prize: 1 <= year <= 2024),
        ("#year = :y AND #round = :r", lambda year, of, prize: (year, of) == (2024, "semi")),
        ("#year = :y AND #round < :r", lambda year, of, prize: year == 2024 and of < "semi"),
        ("#year = :y AND #round > :r", lambda year, of, prize: year == 2024 and of > "semi"),
        ("#year = :y AND begins_with(#round, :r)", lambda year, of, prize: year == 2024 and of.startswith("semi")),
        ("#year = :y AND #round = :r AND prize = :n", lambda *match: match == (2024, "semi", 1)),
        ("#year = :y AND #round = :r AND prize > :n", lambda *match: False),
    ],
)  # fmt: skip
def test_a_range_is_of_the_last_attribute_that_is_asked_for(dynamodb, condition, holds):
    values = {":y": {"N": "2024"}, ":r": {"S": "semi"}, ":n": {"N": "1"}}
    used = {name: value for name, value in values.items() if name in condition}
    assert found(query(dynamodb, condition, used)) == sorted(match for match in MATCHES if holds(*match))


def test_key_conditions_may_name_them_all(dynamodb):
    asked = {"sport": {"S": "chess"}, "region": {"S": "eu"}, "year": {"N": "2024"}, "round": {"S": "final"}}
    conditions = {name: {"ComparisonOperator": "EQ", "AttributeValueList": [value]} for name, value in asked.items()}
    conditions["prize"] = {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}
    told = dynamodb.query(TableName="things", IndexName="matches", KeyConditions=conditions)
    assert found(told) == [(2024, "final", 2)]


def test_a_statement_reads_by_such_a_key(dynamodb):
    told = dynamodb.execute_statement(
        Statement='SELECT * FROM things.matches WHERE sport = ? AND "region" = ? AND "year" = ?',
        Parameters=[{"S": "chess"}, {"S": "eu"}, {"N": "2023"}],
    )
    assert found(told) == sorted(match for match in MATCHES if match[0] == 2023)


# What happens next


def test_pages_go_on_where_the_last_one_ended(dynamodb):
    read, start = [], {}
    while True:
        page = query(dynamodb, Limit=3, **start)
        read += found(page)
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"p", *PARTITION, *SORT}
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert read == sorted(MATCHES)


def test_an_item_moves_when_an_attribute_of_the_key_changes(dynamodb):
    dynamodb.update_item(
        TableName="things", Key={"p": {"S": "0"}}, UpdateExpression="SET prize = :n REMOVE sport",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )  # fmt: skip
    assert found(query(dynamodb)) == sorted(MATCHES[1:])


def test_an_index_that_is_added_holds_what_is_there(dynamodb):
    one = {**index("prizes", "sport"), "KeySchema": schema(["sport", "year"], ["prize"])}
    dynamodb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Create": one}], AttributeDefinitions=[
        {"AttributeName": name, "AttributeType": KINDS[name]} for name in ("sport", "year", "prize")
    ])  # fmt: skip
    dynamodb.get_waiter("table_exists").wait(TableName="things")
    told = dynamodb.scan(TableName="things", IndexName="prizes", Limit=5)
    rest = dynamodb.scan(TableName="things", IndexName="prizes", ExclusiveStartKey=told["LastEvaluatedKey"])
    assert sorted(found(told) + found(rest)) == sorted([*MATCHES, MATCHES[-1]])
