"""Values: how numbers are printed, what is refused, what things weigh, and encoded keys that sort alike."""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.dynamo import Invalid, measure
from glasshouse.engines.dynamo.keys import after_prefix, encoded, partition, segment
from glasshouse.engines.dynamo.numbers import add, normalized
from glasshouse.engines.dynamo.values import ordered, same

GOLDEN = json.loads((Path(__file__).with_name("golden") / "values.json").read_text())
digits = st.text("0123456789", min_size=1, max_size=38)
numbers = st.builds(
    lambda sign, number, exponent: f"{sign}{number}e{exponent}",
    st.sampled_from(["", "-"]),
    digits,
    st.integers(-130, 88),
).map(lambda text: {"N": normalized(text)})
strings = st.text().map(lambda text: {"S": text})
binaries = st.binary().map(lambda content: {"B": content})


@pytest.mark.parametrize(("text", "printed"), GOLDEN["numbers"])
def test_numbers_are_printed_without_exponents_and_superfluous_zeros(text, printed):
    assert normalized(text) == printed


@pytest.mark.parametrize(("value", "message"), GOLDEN["refused"])
def test_what_is_no_value_is_refused_in_dynamodbs_words(value, message):
    with pytest.raises(Invalid) as refused:
        measure(deepcopy(value))
    assert str(refused.value) == message


@pytest.mark.parametrize(("value", "size"), GOLDEN["sizes"])
def test_values_weigh_what_dynamodb_counts(value, size):
    assert measure(deepcopy(value)) == size


@given(st.one_of(st.tuples(numbers, numbers), st.tuples(strings, strings), st.tuples(binaries, binaries)))
def test_encoded_keys_sort_as_their_values_do(pair):
    left, right = pair
    assert (encoded(left) < encoded(right)) == (ordered(left) < ordered(right))
    assert (encoded(left) == encoded(right)) == same(left, right)


@given(st.binary(), st.binary())
def test_what_begins_with_a_prefix_lies_between_it_and_what_follows(prefix, whole):
    end = after_prefix(prefix)
    assert whole.startswith(prefix) == (prefix <= whole and (end is None or whole < end))


@given(strings, st.integers(1, 50))
def test_a_partition_lies_in_exactly_one_segment(value, total):
    bounds = [segment(number, total) for number in range(total)]
    place = partition(value)
    assert sum(begin <= place and (end is None or place < end) for begin, end in bounds) == 1


@given(numbers)
def test_a_printed_number_stays_as_it_is(value):
    assert normalized(value["N"]) == value["N"]
    assert add(value["N"], "0") == value["N"]
    assert Decimal(value["N"]) == ordered(value)


def test_sums_that_need_more_than_38_digits_are_refused():
    with pytest.raises(Invalid, match="38 significant digits"):
        add("1" + "0" * 38, "1")


def test_sets_are_equal_in_any_order_also_within_documents():
    assert same({"L": [{"SS": ["a", "b"]}]}, {"L": [{"SS": ["b", "a"]}]})
    assert not same({"SS": ["a"]}, {"SS": ["a", "b"]})
    assert not same({"N": "1"}, {"S": "1"})


def test_nesting_ends_at_32_levels():
    value = {"S": "x"}
    for _ in range(32):
        value = {"L": [value]}
    measure(value)
    with pytest.raises(Invalid, match="Nesting Levels have exceeded supported limits"):
        measure({"L": [value]})
