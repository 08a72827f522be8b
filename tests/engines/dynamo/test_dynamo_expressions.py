"""Expressions: golden cases of what they mean and how they are refused, and any text at all."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.dynamo import Invalid, Names, condition, key_clauses, projection, update
from glasshouse.engines.dynamo.key_conditions import KeyAttribute, Keys, range_of
from glasshouse.engines.dynamo.partiql import parse_statement

GOLDEN = Path(__file__).with_name("golden")
CONDITIONS = json.loads((GOLDEN / "conditions.json").read_text())
UPDATES = json.loads((GOLDEN / "updates.json").read_text())
KEYS = Keys([KeyAttribute("p", "S")], [KeyAttribute("s", "N")])


def asked_of_keys(text, names):
    clauses, unfit = key_clauses(text, names)
    if unfit is not None:
        raise unfit
    return range_of(clauses, KEYS)


def names_of(golden) -> Names:
    return Names(golden["names"], deepcopy(golden["values"]))


@pytest.mark.parametrize(("text", "holds"), CONDITIONS["cases"])
def test_a_condition_holds_of_an_item_or_does_not(text, holds):
    assert condition(text, names_of(CONDITIONS), "ConditionExpression")(CONDITIONS["item"]) is holds


@pytest.mark.parametrize(("text", "message"), CONDITIONS["refused"])
def test_a_wrong_condition_is_refused_in_dynamodbs_words(text, message):
    with pytest.raises(Invalid) as refused:
        condition(text, names_of(CONDITIONS), "FilterExpression")
    assert str(refused.value) == f"Invalid FilterExpression: {message}"


@pytest.mark.parametrize(("item", "text", "result"), UPDATES["cases"])
def test_an_update_makes_another_item_and_leaves_the_old_one(item, text, result):
    before = deepcopy(item)
    assert update(text, names_of(UPDATES))(item) == result
    assert item == before


@pytest.mark.parametrize(("text", "message"), UPDATES["refused"])
def test_a_wrong_update_is_refused_in_dynamodbs_words(text, message):
    with pytest.raises(Invalid) as refused:
        update(text, names_of(UPDATES))
    assert str(refused.value) == f"Invalid UpdateExpression: {message}"


@pytest.mark.parametrize(("item", "text", "message"), UPDATES["failing"])
def test_an_update_that_does_not_fit_the_item_is_refused(item, text, message):
    changes = update(text, names_of(UPDATES))
    with pytest.raises(Invalid) as refused:
        changes(item)
    assert str(refused.value) == message


def test_a_projection_keeps_the_structure_around_what_it_takes():
    item = {
        "a": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
        "m": {"M": {"x": {"S": "1"}, "y": {"S": "2"}}},
        "z": {"S": "z"},
    }
    taken = projection("a[2], a[0], m.#y, nothing.there", Names({"#y": "y"}, None))(item)
    assert taken == {"a": {"L": [{"N": "0"}, {"N": "2"}]}, "m": {"M": {"y": {"S": "2"}}}}


def test_paths_of_a_projection_lie_apart():
    with pytest.raises(Invalid, match="Two document paths overlap"):
        projection("a.b, a", Names(None, None))


def test_placeholders_that_no_expression_uses_are_refused():
    names = Names({"#a": "a", "#b": "b"}, {":v": {"S": "v"}, ":w": {"S": "w"}})
    condition("#a = :v", names, "ConditionExpression")
    with pytest.raises(Invalid) as refused:
        names.check_all_used()
    assert str(refused.value) == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s = :n", "Query condition missed key schema element: p"),
        ("p > :s", "Query key condition not supported"),
        ("p = :n", "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("p = :s AND q = :s", "Query condition missed key schema element: s"),
        ("p = :s OR s = :n", "Invalid operator used in KeyConditionExpression: OR"),
        ("p = :s AND p = :s", "KeyConditionExpressions must only contain one condition per key"),
        ("p = :s AND s BETWEEN size(p) AND :s", "KeyConditionExpressions cannot contain nested operations"),
        ("p = :s AND :s BETWEEN s AND :n", "Invalid condition in KeyConditionExpression: BETWEEN operator must have the"
         " key attribute as its first operand"),
        ("p = s", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        ("attribute_exists(p)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        ("attribute_type(p, :n)", "Invalid KeyConditionExpression: Incorrect operand type for operator or function;"
         " operator or function: attribute_type, operand type: N"),
        ("p = :s AND begins_with(s, :n)", "Invalid KeyConditionExpression: Incorrect operand type for operator or"
         " function; operator or function: begins_with, operand type: N"),
    ],
)  # fmt: skip
def test_key_conditions_are_about_one_partition_and_a_range(text, message):
    with pytest.raises(Invalid) as refused:
        asked_of_keys(text, Names(None, {":s": {"S": "x"}, ":n": {"N": "1"}}))
    assert str(refused.value) == message


WORDS = """a b #n :v :w 1 [ ] ( ) . , = <> < <= + - AND OR NOT BETWEEN IN SET REMOVE ADD DELETE size contains
    begins_with attribute_exists if_not_exists list_append"""
words = st.sampled_from(WORDS.split())
texts = st.one_of(st.text(max_size=60), st.lists(words, max_size=25).map(" ".join))


@given(texts)
def test_any_text_is_an_expression_or_refused(text):
    item = {"a": {"L": [{"S": "x"}]}, "b": {"N": "1"}}
    for read in (
        lambda names: condition(text, names, "FilterExpression"),
        lambda names: projection(text, names),
        lambda names: update(text, names),
        lambda names: asked_of_keys(text, names),
    ):
        try:
            made = read(Names({"#n": "n"}, {":v": {"N": "1"}, ":w": {"SS": ["x"]}}))
            if callable(made):
                made(item)
        except Invalid as refused:
            assert str(refused)


@pytest.mark.parametrize(
    "text", ["(" * 2000 + "a = :v", "NOT " * 1000 + "a = :v", "size(" * 700 + "a", " AND ".join(["a = :v"] * 370)]
)
def test_long_and_deep_expressions_do_not_exhaust_the_stack(text):
    names = Names(None, {":v": {"N": "1"}})
    try:
        assert condition(text, names, "FilterExpression")({"a": {"N": "1"}})
    except Invalid as refused:
        assert "nested too deeply" in str(refused)


STATEMENT_WORDS = """SELECT INSERT UPDATE DELETE FROM INTO VALUE SET REMOVE WHERE AND OR NOT IN BETWEEN IS MISSING
    NULL ? , * = < <> ( ) [ ] { } << >> : . ; 'a' "b" a b 1 2.5 - begins_with set_add list_append RETURNING ALL OLD
    ORDER BY DESC"""
statement_words = st.sampled_from(STATEMENT_WORDS.split())
statements = st.one_of(st.text(max_size=60), st.lists(statement_words, max_size=25).map(" ".join))


@given(statements)
def test_any_text_is_a_statement_or_refused(text):
    try:
        said = parse_statement(text, [{"S": "x"}])
    except Invalid as refused:
        assert str(refused)
    else:
        assert said.kind in ("SELECT", "INSERT", "UPDATE", "DELETE")
