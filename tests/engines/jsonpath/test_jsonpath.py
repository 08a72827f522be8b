"""Paths through a document, with what they lead to."""

import json
from contextlib import suppress
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.jsonpath import InvalidPath, Path, compiled

GOLDEN = json.loads((File(__file__).parent / "golden.json").read_text())


@pytest.mark.parametrize(("text", "values"), GOLDEN["definite"].items())
def test_a_definite_path_leads_to_one_place_or_none(text, values):
    path = Path(text)
    assert path.is_definite
    assert path.values(GOLDEN["document"]) == values


@pytest.mark.parametrize(("text", "values"), GOLDEN["indefinite"].items())
def test_an_indefinite_path_leads_to_many(text, values):
    path = Path(text)
    assert not path.is_definite
    assert path.values(GOLDEN["document"]) == values


@pytest.mark.parametrize("text", GOLDEN["refused"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(InvalidPath):
        Path(text)


def test_the_first_value_or_another():
    assert compiled("$.a").first({"a": 1}) == 1
    assert compiled("$.a").first({}, "none") == "none"
    assert compiled("$.a").first([], "none") == "none"
    assert compiled("$.a") is compiled("$.a")


@given(st.text("$.[]()*?@'\"ab01:,<>=!&| "))
def test_no_text_does_anything_but_lead_somewhere_or_be_refused(text):
    with suppress(InvalidPath):
        Path("$" + text).values(GOLDEN["document"])


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_every_key_can_be_asked_for_in_brackets(document):
    assert Path("$").values(document) == [document]
    for key, value in document.items() if isinstance(document, dict) else ():
        quoted = key.replace("\\", "\\\\").replace("'", "\\'")
        assert Path(f"$['{quoted}']").values(document) == [value]


def test_an_indefinite_path_is_read_as_a_list():
    document = {"pets": [{"name": "Rex"}, {"name": "Tom"}]}
    assert Path("$.pets[0].name").read(document) == "Rex"
    assert Path("$.pets[*].name").read(document) == ["Rex", "Tom"]
    assert Path("$.cats").read(document, "none") == "none"
    assert Path("$..cats").read(document) == []
