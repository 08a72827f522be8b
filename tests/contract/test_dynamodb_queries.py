"""DynamoDB: queries and scans, of tables and of indexes."""

import pytest

from tests.contract.dynamodb_tables import MISMATCH, ONE, WRONG, index, make_table, refusal

SCALAR = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
NUMBERS = ["-100", "-2.5", "-1", "0", "0.5", "3", "20", "1000"]


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(
        client, sort="s", sort_kind="N", attributes={"g": "S", "l": "S"},
        GlobalSecondaryIndexes=[index("by-group", "g", "s"), index("keys", "g", projection="KEYS_ONLY")],
        LocalSecondaryIndexes=[index("local", "p", "l", "INCLUDE", NonKeyAttributes=["x"])],
    )  # fmt: skip
    for number in reversed(NUMBERS):
        group = {"g": {"S": "even"}} if float(number) % 2 == 0 else {}
        local = {"l": {"S": number}} if float(number) > 0 else {}
        item = {"p": {"S": "a"}, "s": {"N": number}, "x": {"S": "x" + number}, "y": {"S": "y"}, **group, **local}
        client.put_item(TableName="things", Item=item)
    client.put_item(TableName="things", Item={"p": {"S": "b"}, "s": {"N": "1"}})
    return client


def query(dynamodb, condition="p = :p", values=None, **more):
    values = {":p": {"S": "a"}, **{name: {"N": value} for name, value in (values or {}).items()}}
    params = {"TableName": "things", "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    return dynamodb.query(**{**params, **more})


def sorts(answer):
    return [item["s"]["N"] for item in answer["Items"]]


# What is refused


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"KeyConditionExpression": "s = :p"}, "Query condition missed key schema element: p"),
        ({"KeyConditionExpression": "p > :p"}, "Query key condition not supported"),
        ({"IndexName": "nothing"}, "The table does not have the specified index: nothing"),
        ({"IndexName": "by-group", "ConsistentRead": True},
         "Consistent reads are not supported on global secondary indexes"),
        ({"FilterExpression": "s > :p"},
         "Filter Expression can only contain non-primary key attributes: Primary key attribute: s"),
        ({"Select": "SPECIFIC_ATTRIBUTES"},
         ONE + "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"),
        ({"Select": "ALL_PROJECTED_ATTRIBUTES"},
         ONE + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"),
        ({"ExclusiveStartKey": {"p": {"S": "a"}}}, "The provided starting key is invalid"),
        ({"ExclusiveStartKey": {"p": {"S": "b"}, "s": {"N": "1"}}},
         "The provided starting key is outside query boundaries based on provided conditions"),
        ({"ExclusiveStartKey": {"p": {"S": "a"}, "s": {"S": "1"}}}, MISMATCH),
        ({"ExclusiveStartKey": {"p": {}}, "TableName": "none"},
         "The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the"
         " supported datatypes"),
        ({"KeyConditionExpression": "p = :p AND s < size(p)"},
         "KeyConditionExpressions cannot contain nested operations"),
        ({"KeyConditionExpression": "s = :p AND p = q", "TableName": "none"},
         "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        ({"KeyConditionExpression": "p <> :p", "FilterExpression": ""},
         "Invalid FilterExpression: The expression can not be empty;"),
        ({"KeyConditionExpression": "begins_with(p, :p)", "ExpressionAttributeValues": {":p": {"N": "1"}}},
         "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function:"
         " begins_with, operand type: N"),
        ({"ProjectionExpression": "x, s.t"}, SCALAR + "Key: s"),
        ({"FilterExpression": "l[0] = :p"}, SCALAR + "IndexKey: l"),
        ({"IndexName": "keys", "Select": "ALL_ATTRIBUTES", "KeyConditionExpression": "g = :p"},
         WRONG + "Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection"
                 " type is not ALL"),
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(dynamodb, more, message):
    assert refusal(query, dynamodb=dynamodb, **more) == ("ValidationException", message)


def test_a_query_starts_where_it_reads(dynamodb):
    start = {"p": {"S": "a"}, "s": {"N": "1"}}
    more = {"condition": "p = :p AND s > :s", "values": {":s": "5"}, "ExclusiveStartKey": start}
    told = refusal(query, dynamodb=dynamodb, **more)
    assert told == ("ValidationException", "The provided starting key does not match the range key predicate")


def test_a_scan_tells_of_a_starting_key_that_it_is_none(dynamodb):
    told = refusal(dynamodb.scan, TableName="things", ExclusiveStartKey={"p": {"S": "a"}})
    assert told == ("ValidationException", "The provided starting key is invalid: " + MISMATCH)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        ({"p": ("BETWEEN", [{"S": "b"}, {"S": "a"}])},
         "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"),
        ({"p": ("IN", [{"S": "b"}, {"N": "1"}])},
         WRONG + "AttributeValues inside AttributeValueList must be of same type"),
        ({"p": ("CONTAINS", [{"SS": ["a"]}])},
         WRONG + "ComparisonOperator CONTAINS is not valid for SS AttributeValue type"),
        ({"p": ("NE", [{"S": "a"}])}, "Attempted conditional constraint is not an indexable operation"),
    ],
)  # fmt: skip
def test_old_conditions_that_make_no_sense_are_refused(dynamodb, conditions, message):
    asked = {name: {"ComparisonOperator": of, "AttributeValueList": those} for name, (of, those) in conditions.items()}
    assert refusal(dynamodb.query, TableName="things", KeyConditions=asked) == ("ValidationException", message)


def test_segments_need_their_total(dynamodb):
    assert "TotalSegments parameter is required" in refusal(dynamodb.scan, TableName="things", Segment=0)[1]
    message = refusal(dynamodb.scan, TableName="things", Segment=2, TotalSegments=2)[1]
    assert message.endswith("Segment: 2 is not less than TotalSegments: 2")


# What is done


def test_key_conditions_go_with_an_expression_that_filters(dynamodb):
    told = dynamodb.query(
        TableName="things", KeyConditions={"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        FilterExpression="x = :x", ExpressionAttributeValues={":x": {"S": "x3"}},
    )  # fmt: skip
    assert sorts(told) == ["3"]


def test_items_come_in_the_order_of_their_numbers(dynamodb):
    assert sorts(query(dynamodb)) == NUMBERS
    assert sorts(query(dynamodb, ScanIndexForward=False)) == NUMBERS[::-1]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("p = :p AND s = :low", ["-1"]),
        ("p = :p AND s < :low", ["-100", "-2.5"]),
        ("p = :p AND s <= :low", ["-100", "-2.5", "-1"]),
        ("p = :p AND s > :low", ["0", "0.5", "3", "20", "1000"]),
        ("s >= :low AND p = :p", ["-1", "0", "0.5", "3", "20", "1000"]),
        ("(p = :p) and (s between :low and :high)", ["-1", "0", "0.5", "3"]),
        ("p = :p AND :low < s", ["0", "0.5", "3", "20", "1000"]),
    ],
)
def test_a_query_takes_a_range_of_a_partition(dynamodb, condition, expected):
    values = {":low": "-1", ":high": "3"} if ":high" in condition else {":low": "-1"}
    assert sorts(query(dynamodb, condition, values)) == expected


def test_strings_are_found_by_how_they_begin(aws):
    dynamodb = aws("dynamodb")
    make_table(dynamodb, sort="s")
    for name in ("a", "ab", "abc", "b", "aé", "a\U0001f600"):
        dynamodb.put_item(TableName="things", Item={"p": {"S": "p"}, "s": {"S": name}})
    found = dynamodb.query(
        TableName="things", KeyConditionExpression="p = :p AND begins_with(s, :a)",
        ExpressionAttributeValues={":p": {"S": "p"}, ":a": {"S": "a"}},
    )  # fmt: skip
    assert [item["s"]["S"] for item in found["Items"]] == ["a", "ab", "abc", "aé", "a\U0001f600"]


def test_a_filter_hides_what_it_counts_as_scanned(dynamodb):
    answer = query(dynamodb, values={":x": "1"}, FilterExpression="attribute_exists(g) OR x = :x")
    assert (sorts(answer), answer["Count"], answer["ScannedCount"]) == (["-100", "0", "20", "1000"], 4, 8)


def test_counts_and_projections_are_told_instead_of_items(dynamodb):
    counted = query(dynamodb, Select="COUNT")
    assert (counted["Count"], "Items" in counted) == (8, False)
    assert query(dynamodb, ProjectionExpression="x", Limit=1)["Items"] == [{"x": {"S": "x-100"}}]


def test_an_index_has_the_items_that_have_its_keys(dynamodb):
    even = {":p": {"S": "even"}}
    answer = query(dynamodb, "g = :p", IndexName="by-group", ExpressionAttributeValues=even)
    assert sorts(answer) == ["-100", "0", "20", "1000"]
    assert answer["Items"][0]["y"] == {"S": "y"}
    keys = query(dynamodb, "g = :p", IndexName="keys", ExpressionAttributeValues=even)
    assert all(set(item) == {"p", "s", "g"} for item in keys["Items"])
    assert dynamodb.scan(TableName="things", IndexName="by-group")["Count"] == 4


def test_a_local_index_fetches_what_it_does_not_hold(dynamodb):
    held = query(dynamodb, IndexName="local")["Items"]
    assert [item["l"]["S"] for item in held] == ["0.5", "1000", "20", "3"]
    assert set(held[0]) == {"p", "s", "l", "x"}
    fetched = query(dynamodb, IndexName="local", Select="ALL_ATTRIBUTES", ConsistentRead=True)["Items"]
    assert fetched[0]["y"] == {"S": "y"}


def test_key_conditions_of_old_still_work(dynamodb):
    answer = dynamodb.query(
        TableName="things",
        KeyConditions={
            "p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
            "s": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "3"}]},
        },
        QueryFilter={"x": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "0"}]}},
    )
    assert sorts(answer) == ["20", "1000"]


def test_consumed_capacity_is_that_of_what_was_looked_at(dynamodb):
    answer = query(dynamodb, "g = :p", IndexName="keys", ExpressionAttributeValues={":p": {"S": "even"}},
                   ReturnConsumedCapacity="INDEXES")  # fmt: skip
    consumed = answer["ConsumedCapacity"]
    assert consumed["GlobalSecondaryIndexes"] == {"keys": {"CapacityUnits": 0.5}}
    assert (consumed["CapacityUnits"], consumed["Table"]["CapacityUnits"]) == (0.5, 0.0)


# What happens next


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("where", [{}, {"IndexName": "local"}])
def test_pages_join_to_the_whole(dynamodb, forward, where):
    whole = query(dynamodb, ScanIndexForward=forward, **where)["Items"]
    items, start = [], {}
    while True:
        page = query(dynamodb, Limit=3, ScanIndexForward=forward, **where, **start)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert items == whole


def test_segments_of_a_scan_share_the_table_out(aws):
    dynamodb = aws("dynamodb")
    make_table(dynamodb)
    for number in range(40):
        dynamodb.put_item(TableName="things", Item={"p": {"S": f"item{number}"}})
    found = [
        item["p"]["S"]
        for segment in range(4)
        for page in dynamodb.get_paginator("scan").paginate(
            TableName="things", Segment=segment, TotalSegments=4, PaginationConfig={"PageSize": 7}
        )
        for item in page["Items"]
    ]
    assert sorted(found) == sorted(f"item{number}" for number in range(40))
    first = dynamodb.scan(TableName="things", Segment=0, TotalSegments=4)["Count"]
    assert 0 < first < 40


def test_a_page_ends_at_a_megabyte(aws):
    dynamodb = aws("dynamodb")
    make_table(dynamodb, sort="s")
    for number in range(5):
        item = {"p": {"S": "a"}, "s": {"S": str(number)}, "x": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName="things", Item=item)
    first = dynamodb.query(
        TableName="things", KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "a"}},
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert first["Count"] == 4
    assert first["LastEvaluatedKey"] == {"p": {"S": "a"}, "s": {"S": "3"}}
    assert first["ConsumedCapacity"]["CapacityUnits"] == 146.5


def test_an_entry_moves_and_goes_with_its_item(dynamodb):
    key = {"p": {"S": "a"}, "s": {"N": "20"}}
    dynamodb.update_item(
        TableName="things", Key=key, UpdateExpression="SET g = :odd", ExpressionAttributeValues={":odd": {"S": "odd"}}
    )
    odd = query(dynamodb, "g = :p", IndexName="by-group", ExpressionAttributeValues={":p": {"S": "odd"}})
    assert sorts(odd) == ["20"]
    dynamodb.update_item(TableName="things", Key=key, UpdateExpression="REMOVE g")
    assert dynamodb.scan(TableName="things", IndexName="by-group")["Count"] == 3
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "a"}, "s": {"N": "0"}})
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert {one["IndexName"]: one["ItemCount"] for one in table["GlobalSecondaryIndexes"]} == {"by-group": 2, "keys": 2}
