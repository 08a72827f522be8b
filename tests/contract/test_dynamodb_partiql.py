"""DynamoDB: statements in PartiQL."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_tables import index, make_table, refusal


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(client, sort="s", sort_kind="N", attributes={"g": "S"}, GlobalSecondaryIndexes=[index("by-g", "g")])
    return client


def run(dynamodb, statement, *parameters, **more):
    given = {"Parameters": list(parameters)} if parameters else {}
    return dynamodb.execute_statement(Statement=statement, **given, **more)["Items"]


def insert(dynamodb, number, group="x"):
    value = f"{{'p': 'a', 's': {number}, 'g': '{group}', 'tags': <<'one'>>, 'm': {{'deep': [1, true, null]}}}}"
    run(dynamodb, f'INSERT INTO "things" VALUE {value}')


# What is refused


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT", "Unexpected token at position 7: end of statement"),
        ("DROP TABLE things", "Unexpected token at position 1: 'DROP'"),
        ("SELECT * FROM things WHERE p = ?", "Number of parameters in request and statement don't match."),
        ("DELETE FROM things WHERE p = 'a'", "does not contain a mandatory equality on all key attributes"),
        ("UPDATE things SET p = 'b' WHERE p = 'a' AND s = 1", "This attribute is part of the key"),
    ],
)  # fmt: skip
def test_a_statement_that_makes_no_sense_is_refused(dynamodb, statement, message):
    code, told = refusal(dynamodb.execute_statement, Statement=statement)
    assert (code, message in told) == ("ValidationException", True)


def test_an_item_cannot_be_inserted_twice(dynamodb):
    insert(dynamodb, 1)
    told = refusal(insert, dynamodb=dynamodb, number=1)
    assert told == ("DuplicateItemException", "Duplicate primary key exists in table")


def test_what_is_not_there_cannot_be_updated(dynamodb):
    told = refusal(dynamodb.execute_statement, Statement="UPDATE things SET x = 1 WHERE p = 'a' AND s = 9")
    assert told[0] == "ConditionalCheckFailedException"


# What is done


def test_items_are_inserted_and_selected(dynamodb):
    insert(dynamodb, 1)
    insert(dynamodb, -2.5, "y")
    [first, second] = run(dynamodb, "SELECT * FROM things WHERE p = 'a'")
    assert (first["s"], second["s"]) == ({"N": "-2.5"}, {"N": "1"})
    assert second["m"] == {"M": {"deep": {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]}}}
    assert run(dynamodb, 'SELECT m.deep[0] FROM "things" WHERE p = ? AND s > ?', {"S": "a"}, {"N": "0"}) == [
        {"m": {"M": {"deep": {"L": [{"N": "1"}]}}}}
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("p = 'a' AND s BETWEEN 2 AND 3", ["2", "3"]),
        ("p = 'a' AND s >= 3 ORDER BY s DESC", ["4", "3"]),
        ("p = 'a' AND (g = 'y' OR s = 1)", ["1", "2", "4"]),
        ("g IN ['y', 'z']", ["2", "4"]),
        ("NOT g = 'y' AND nothing IS MISSING", ["1", "3"]),
        ("contains(tags, 'one') AND size(g) = 1 AND s <> 4", ["1", "2", "3"]),
        ("p = 'a' AND begins_with(g, 'y')", ["2", "4"]),
    ],
)
def test_conditions_choose_items(dynamodb, where, expected):
    for number in range(1, 5):
        insert(dynamodb, number, "y" if number % 2 == 0 else "x")
    assert [item["s"]["N"] for item in run(dynamodb, f"SELECT s FROM things WHERE {where}")] == expected


def test_an_index_is_named_after_its_table(dynamodb):
    insert(dynamodb, 1, "x")
    insert(dynamodb, 2, "y")
    assert len(run(dynamodb, 'SELECT * FROM "things"."by-g" WHERE g = \'y\'')) == 1


def test_updates_change_what_they_name(dynamodb):
    insert(dynamodb, 1)
    statement = """UPDATE things SET n = if_not_exists(n, 1) + 4 SET tags = set_add(tags, <<'two'>>) REMOVE m
                   WHERE p = 'a' AND s = 1 AND g = 'x' RETURNING ALL NEW *"""
    [item] = run(dynamodb, statement.replace("if_not_exists(n, 1) + 4", "5"))
    assert (item["n"], sorted(item["tags"]["SS"]), "m" in item) == ({"N": "5"}, ["one", "two"], False)
    [item] = run(dynamodb, "UPDATE things SET n = n + 2 WHERE p = 'a' AND s = 1 RETURNING MODIFIED OLD *")
    assert item == {"n": {"N": "5"}}


def test_a_delete_can_tell_what_it_deleted(dynamodb):
    insert(dynamodb, 1)
    [item] = run(dynamodb, "DELETE FROM things WHERE p = 'a' AND s = 1 RETURNING ALL OLD *")
    assert item["g"] == {"S": "x"}
    assert run(dynamodb, "SELECT * FROM things") == []


# What happens next


def test_results_come_in_pages(dynamodb):
    for number in range(5):
        insert(dynamodb, number)
    found, token = [], {}
    while True:
        page = dynamodb.execute_statement(Statement="SELECT s FROM things WHERE p = 'a'", Limit=2, **token)
        found += [item["s"]["N"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == ["0", "1", "2", "3", "4"]


def test_a_batch_tells_of_each_statement(dynamodb):
    insert(dynamodb, 1)
    responses = dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": "INSERT INTO things VALUE {'p': 'a', 's': 1}"},
            {"Statement": "INSERT INTO things VALUE {'p': ?, 's': 2}", "Parameters": [{"S": "a"}]},
        ]
    )["Responses"]
    assert [response.get("Error", {}).get("Code") for response in responses] == ["DuplicateItem", None]
    read = dynamodb.batch_execute_statement(
        Statements=[{"Statement": f"SELECT s FROM things WHERE p = 'a' AND s = {number}"} for number in (2, 3)]
    )["Responses"]
    assert [response.get("Item") for response in read] == [{"s": {"N": "2"}}, None]


def test_a_transaction_does_all_or_nothing(dynamodb):
    insert(dynamodb, 1)
    inserts = [{"Statement": f"INSERT INTO things VALUE {{'p': 'a', 's': {number}}}"} for number in (2, 1)]
    with pytest.raises(ClientError) as refused:
        dynamodb.execute_transaction(TransactStatements=inserts)
    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "DuplicateItem"]
    assert len(run(dynamodb, "SELECT * FROM things")) == 1
    dynamodb.execute_transaction(TransactStatements=[
        {"Statement": "UPDATE things SET g = 'z' WHERE p = 'a' AND s = 1"}, inserts[0]
    ])  # fmt: skip
    read = dynamodb.execute_transaction(
        TransactStatements=[{"Statement": f"SELECT * FROM things WHERE p = 'a' AND s = {number}"} for number in (1, 2)]
    )["Responses"]
    assert [response["Item"].get("g") for response in read] == [{"S": "z"}, None]
