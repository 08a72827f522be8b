"""Prefixes: what an expression stands for, and what is none."""

from datetime import UTC, datetime
from itertools import count
from string import ascii_letters
from zoneinfo import ZoneInfo

import pytest

from glasshouse.engines.prefixes import InvalidPattern, InvalidPrefix, Prefix, Setting, formatted

MOMENT = datetime(2018, 8, 27, 10, 5, 9, 123456, UTC)

# What is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a/!{timestamp}/", "Invalid expression usage"),
        ("a/!{timestamp:yyyy", "Invalid expression usage"),
        ("a/!{", "Invalid expression usage"),
        ("!{time:yyyy}", "Namespace to the left of colon (time) is an invalid keyword!"),
        ("!{firehose:random}", "Invalid conversion character used in the value of the expression in {field}"),
        ("!{timestamp:yyyy/PP}", "Invalid conversion character used in the value of the expression in {field}"),
        ("!{timestamp:yyyy'T}", "Invalid conversion character used in the value of the expression in {field}"),
    ],
)
def test_what_is_no_expression_is_refused(text, message):
    with pytest.raises(InvalidPrefix) as refusal:
        Prefix.parse(text)
    assert str(refusal.value) == message


def test_the_letters_that_are_no_fields_are_refused():
    def is_field(letter):
        try:
            formatted(letter, MOMENT)
        except InvalidPattern:
            return False
        return True

    assert {letter for letter in ascii_letters if not is_field(letter)} == set("CIJPRTUVbfijloprt")


@pytest.mark.parametrize("pattern", ["HHH", "ddd", "MMMMMM", "EEEEEE", "[yyyy]", "#", "xxxxxx"])
def test_too_many_letters_and_reserved_signs_are_refused(pattern):
    with pytest.raises(InvalidPattern):
        formatted(pattern, MOMENT)


# What is done


@pytest.mark.parametrize(
    ("text", "evaluated"),
    [
        ("", ""),
        ("plain/", "plain/"),
        ("year=!{timestamp:yyyy}/month=!{timestamp:MM}/", "year=2018/month=08/"),
        ("!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/", "processing-failed/2018/08/27/10/"),
        ("!{timestamp:'year='yyyy'/hour='HH}/", "year=2018/hour=10/"),
        ("c=!{partitionKeyFromQuery:id}/!{partitionKeyFromLambda:id}", "c=42/x"),
    ],
)
def test_expressions_are_replaced(text, evaluated):
    keys = {("partitionKeyFromQuery", "id"): "42", ("partitionKeyFromLambda", "id"): "x"}
    setting = Setting(MOMENT, error_type="processing-failed", keys=keys)
    assert Prefix.parse(text).evaluate(setting) == evaluated


def test_each_random_string_is_another_one():
    numbers = count()
    setting = Setting(MOMENT, random=lambda: str(next(numbers)))
    assert Prefix.parse("!{firehose:random-string}-!{firehose:random-string}").evaluate(setting) == "0-1"


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2018-08-27T10:05:09.123"), ("y yy yyyy yyyyy uuuu", "2018 18 2018 02018 2018"),
        ("M MM MMM MMMM MMMMM L", "8 08 Aug August A 8"), ("d dd D DDD", "27 27 239 239"),
        ("E EEE EEEE EEEEE e c", "Mon Mon Monday M 2 2"), ("Q QQ QQQ QQQQ", "3 03 Q3 3rd quarter"),
        ("H h K k a", "10 10 10 10 AM"), ("m s S SSSSSSSSS n", "5 9 1 123456000 123456000"),
        ("A N", "36309123 36309123456000"), ("G GGGG GGGGG", "AD Anno Domini A"),
        ("X XX x xxx Z ZZZZZ O", "Z Z +00 +00:00 +0000 Z GMT"), ("z v", "UTC UTC"), ("w W F g", "35 5 4 58357"),
        ("''yyyy'' 'o''clock'", "'2018' o'clock"), ("B", "in the morning"),
    ],
)  # fmt: skip
def test_patterns_are_those_of_java(pattern, written):
    assert formatted(pattern, MOMENT) == written


def test_a_zone_shifts_what_is_written():
    there = MOMENT.astimezone(ZoneInfo("Asia/Calcutta"))
    assert formatted("HH:mm xxx Z O X", there) == "15:35 +05:30 +0530 GMT+05:30 +0530"


@pytest.mark.parametrize(
    ("day", "written"),
    [((2018, 12, 29), "2018 52"), ((2018, 12, 30), "2019 1"), ((2019, 1, 1), "2019 1"), ((2017, 1, 1), "2017 1")],
)
def test_weeks_begin_on_sundays_and_the_first_is_that_of_new_year(day, written):
    assert formatted("YYYY w", datetime(*day)) == written


# What happens next


def test_a_prefix_says_what_it_contains():
    prefix = Prefix.parse("!{timestamp:yyyy}/!{partitionKeyFromQuery:id}/")
    assert prefix.has("timestamp")
    assert prefix.has("partitionKeyFromQuery", "id")
    assert not prefix.has("partitionKeyFromLambda")
    assert [one.value for one in prefix.expressions] == ["yyyy", "id"]
