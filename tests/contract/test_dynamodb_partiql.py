"""DynamoDB: statements in PartiQL."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.dynamodb_tables import index, make_table, refusal


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(client, sort="s", sort_kind="N", attributes={"g": "S"}, GlobalSecondaryIndexes=[
        index("by-g", "g", projection="KEYS_ONLY")
    ])  # fmt: skip
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
        ("DROP TABLE things", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ('SELECT * FROM ""', "Path component cannot be an empty string"),
        ('SELECT * FROM "things"."by-g"."more"', "A path may contain at most 2 components in the FROM clause"),
        ('SELECT * FROM "things"."by-h"', "The table does not have the specified index"),
        ("SELECT p FROM nowhere WHERE p < true", "operator or function: <, operand type: BOOL"),
        ('SELECT x FROM "things"."by-g" WHERE g = \'a\'', "Global secondary index by-g does not project [x]"),
        ('SELECT p FROM "things"."by-g" WHERE g = \'a\' AND NOT x = 1',
         "Secondary index by-g does not project one or more filter attributes: [x]"),
        ("INSERT INTO \"things\".\"by-g\" VALUE {'p': 'a'}",
         "FROM clause may only contain a single table name in data manipulation statements"),
        ('DELETE FROM "nowhere"."by-g" WHERE p = \'a\'', "This operation is not supported on an index"),
        ("DELETE FROM things WHERE p = 'a' AND s = 1 RETURNING ALL NEW *",
         "RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."),
        ("EXISTS(SELECT * FROM things WHERE p = 'a')", "EXISTS can only be used in ExecuteTransaction write requests."),
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


def test_the_token_of_one_statement_is_not_for_another(dynamodb):
    insert(dynamodb, 1)
    insert(dynamodb, 2)
    page = dynamodb.execute_statement(Statement="SELECT s FROM things WHERE p = 'a'", Limit=1)
    other = {"Statement": "SELECT p FROM things WHERE p = 'a'", "NextToken": page["NextToken"]}
    assert refusal(dynamodb.execute_statement, **other) == ("ValidationException", "NextToken does not match request")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM things WHERE p = 'a' AND s = 1 RETURNING ALL OLD *",
         "RETURNING clause is not supported in ExecuteTransaction."),
        ('SELECT * FROM "things"."by-g" WHERE g = \'a\'', "Reads on indices are not supported within transactions."),
        ("SELECT * FROM things WHERE p = 'a'",
         "Select statements within ExecuteTransaction must specify the primary key in the where clause."),
        ("EXISTS(SELECT * FROM things WHERE p = 'a' AND s = 1)",
         "EXISTS() must contain a single item read with additional condition"),
    ],
)  # fmt: skip
def test_a_transaction_tells_which_statement_makes_no_sense(dynamodb, statement, message):
    told = refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": statement}])
    assert told == ("ValidationException", f"Validation failed in TransactStatements[0]: {message}")


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
    assert run(dynamodb, 'SELECT m.deep, s FROM "things" WHERE p = ? AND s > ?', {"S": "a"}, {"N": "0"}) == [
        {"deep": {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]}, "s": {"N": "1"}}
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


def test_statements_of_a_batch_that_make_no_sense_leave_the_others_alone(dynamodb):
    insert(dynamodb, 1)
    statements = [
        "SLECT * FROM things",
        'SELECT * FROM "things"."by-g" WHERE g = \'x\'',
        "SELECT * FROM nowhere WHERE p = 'a'",
        "SELECT s FROM things WHERE p = 'a' AND s = 1",
    ]
    responses = dynamodb.batch_execute_statement(Statements=[{"Statement": one} for one in statements])["Responses"]
    assert responses[3] == {"TableName": "things", "Item": {"s": {"N": "1"}}}
    assert [response["Error"]["Code"] for response in responses[:3]] == [
        "ValidationError", "ValidationError", "ResourceNotFound"
    ]  # fmt: skip
    assert responses[1]["Error"]["Message"] == (
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
    )
    assert [response.get("TableName") for response in responses[:3]] == [None, None, None]


def test_a_statement_that_ran_in_a_batch_tells_of_its_table(dynamodb):
    insert(dynamodb, 1)
    [response] = dynamodb.batch_execute_statement(Statements=[
        {"Statement": "UPDATE things SET x = 1 WHERE p = 'a' AND s = 1 AND g = 'y'"}
    ])["Responses"]  # fmt: skip
    assert (response["TableName"], response["Error"]["Code"]) == ("things", "ConditionalCheckFailed")


def test_a_transaction_looks_at_what_must_exist(dynamodb):
    insert(dynamodb, 1, "x")
    change = {"Statement": "UPDATE things SET seen = 1 WHERE p = 'a' AND s = 1"}
    other = {"Statement": "INSERT INTO things VALUE {'p': 'b', 's': 1}"}
    for group, outcome in (("y", "TransactionCanceledException"), ("x", None)):
        check = f"EXISTS(SELECT * FROM things WHERE p = 'a' AND s = 1 AND g = '{group}')"
        told = refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": check}, other])
        assert told[0] == outcome
    told = refusal(dynamodb.execute_transaction, TransactStatements=[{"Statement": check}, change])
    assert told[1] == "Transaction request cannot include multiple operations on one item"


def test_a_transaction_under_a_token_happens_once(dynamodb):
    run(dynamodb, "INSERT INTO things VALUE {'p': 'a', 's': 1, 'n': 0}")
    asked = {
        "TransactStatements": [{"Statement": "UPDATE things SET n = n + 1 WHERE p = 'a' AND s = 1"}],
        "ClientRequestToken": "once", "ReturnConsumedCapacity": "TOTAL",
    }  # fmt: skip
    [first], [again] = (dynamodb.execute_transaction(**asked)["ConsumedCapacity"] for _ in range(2))
    assert (first["WriteCapacityUnits"], again["ReadCapacityUnits"]) == (2, 2)
    assert run(dynamodb, "SELECT n FROM things") == [{"n": {"N": "1"}}]


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
