"""What somebody else wrote is read strictly."""

import pytest

from glasshouse.core import documents


@pytest.mark.parametrize(
    "text", ['{"a": [1, 1.5, null, "é"]}', '{"a": [1, 1.5, null, "é"]}'.encode(), bytearray(b"[]")]
)
def test_what_is_json_is_read(text):
    assert documents.read(text) == ([] if text == b"[]" else {"a": [1, 1.5, None, "é"]})


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "-Infinity", b"\xff", "1" * 5000, "nul", '{"a":1} x'])
def test_what_is_none_is_refused(text):
    with pytest.raises(ValueError):
        documents.read(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("depth", [201, 900, 100_000])
def test_what_is_nested_too_deeply_is_refused(opening, closing, depth):
    with pytest.raises(ValueError, match="nested too deeply"):
        documents.read(opening * depth + "1" + closing * depth)


def test_what_is_broad_is_not_deep():
    assert len(documents.read("[" + ",".join(["[[]]"] * 5000) + "]")) == 5000
    assert documents.read("[" * 200 + "]" * 200)


def test_halves_of_surrogate_pairs_are_replaced():
    assert documents.read(r'{"a\ud800": ["\ude00", "\ud83d\ude00", 1], "b": "\\ud800"}') == {
        "a\ufffd": ["\ufffd", "\U0001f600", 1],
        "b": "\\ud800",
    }
