"""The patterns of the models: understood as Java does, and never a way to keep the cloud busy."""

import pytest

from glasshouse.protocol import model
from glasshouse.protocol.backtracking import LONG, longest_text
from glasshouse.protocol.patterns import compile_pattern
from tests.protocol import client

SURROGATES = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"
UNDERSTOOD = {
    r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*": ("Größe 1", "a!"),
    SURROGATES: ("a😀\n", "\x00"),
    r"\p{Alpha}+": ("abc", "ab1"),
    r"[a-z]+": ("abc", "abc1"),
    r"^[a-z]+$": ("abc", "Abc"),
    r"^arn:aws": ("arn:aws:x", "x:arn:aws"),
    r"\S": ("  a", "  "),
    r"(?<name>a)b": ("ab", "a"),
    r"\P{M}+": ("abc", "a\u0301"),
    r"[\P{M}\p{M}]+": ("a\u0301", ""),
    r"[^\p{Cc}]+": ("a b", "a\tb"),
    r"\P{C}*": ("a😀", "a\u200b"),
    r"[\w-.]+": ("a-b.", "a b"),
    r"\w-[a-z]": ("1-a", "1a"),
    r"[\x{10000}-\x{10ffff}]": ("😀", "a"),
}


@pytest.mark.parametrize("pattern", UNDERSTOOD)
def test_java_patterns_are_understood(pattern):
    good, bad = UNDERSTOOD[pattern]
    holds = compile_pattern(pattern)
    assert holds(good) and not holds(bad)


@pytest.mark.parametrize("pattern", [r"[a-z&&[^b]]", r"[[a]b]", r"(", r"\p{IsGreek}", r"a\p{L"])
def test_a_pattern_that_python_cannot_read_is_not_checked(pattern):
    assert compile_pattern(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["(a+)*", "(-?[a-z]+)*", "^(?:[a-z]|[a-z]+)*$", "(?:[a-z]+|b)+", "(.*,?)*", "([ \t]+[ -~]+)*", "(-*[a-z-])*"],
)
def test_a_pattern_that_could_take_ages_is_not_checked(pattern):
    assert longest_text(pattern) == 0 and compile_pattern(pattern) is None


@pytest.mark.parametrize(
    "pattern", [r"([a-z]+\.)*", r"(/[a-z0-9]+)*", r"((?!-)[a-z0-9-]{0,62}[a-z0-9]\.)+", "[a-z]*[0-9]*"]
)
def test_a_loop_whose_rounds_are_told_apart_is_checked(pattern):
    assert longest_text(pattern) is None


def test_overlapping_repetitions_are_tried_on_short_texts_only():
    assert longest_text(".*:.*:.*") == LONG
    holds = compile_pattern(".*:.*:.*")
    assert not holds("a" * LONG) and holds("a" * (LONG + 1))


def test_hardly_any_pattern_of_the_models_is_not_checked():
    patterns = set()
    for name in client.SERVICES.split():
        shapes = model.service(name).shapes
        patterns |= {shapes[shape].traits["pattern"] for shape in shapes if "pattern" in shapes[shape].traits}
    unread = [pattern for pattern in patterns if compile_pattern(pattern) is None]
    assert len(patterns) > 500 and len(unread) < len(patterns) / 100, unread
