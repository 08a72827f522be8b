"""Templates: what stands in place of a placeholder."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.templates import MISSING, Template

NAME = re.compile(r"<([\w.-]+)>")
VALUES = {
    "text": 'a "b"\n',
    "number": 7,
    "half": 0.5,
    "yes": True,
    "none": None,
    "list": ["x", 1],
    "object": {"k": "v"},
}


def filled(text):
    return Template(text, NAME).filled(lambda name: VALUES.get(name, MISSING))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": <text>}', '{"a": "a \\"b\\"\\n"}'),
        ('{"a": "<text>!"}', '{"a": "a \\"b\\"\\n!"}'),
        ('{"a": <number>, "b": <half>, "c": <yes>, "d": <none>}', '{"a": 7, "b": 0.5, "c": true, "d": null}'),
        ('{"a": "<number> <half> <yes> <none>"}', '{"a": "7 0.5 true null"}'),
        ('{"a": <list>, "b": <object>}', '{"a": ["x",1], "b": {"k":"v"}}'),
        ('"<list> and <object>"', '"[x,1] and {k:v}"'),
        ('{"a": <missing>, "b": "-<missing>-"}', '{"a": "", "b": "--"}'),
        ('{"a": "quoted \\"<number>\\" <list>", "b": <list>}', '{"a": "quoted \\"7\\" [x,1]", "b": ["x",1]}'),
        ("<number> is not < 8 nor > <half>", "7 is not < 8 nor > 0.5"),
        ("", ""),
    ],
)
def test_a_placeholder_is_filled_by_where_it_stands(template, expected):
    assert filled(template) == expected


def test_a_template_knows_its_names():
    assert Template('{"a": <b>, "c": "<d.e> <b>"}', NAME).names == ["b", "d.e"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(values, st.text(max_size=8))
def test_a_filled_template_of_json_is_json(value, text):
    template = Template('{"value": <value>, "text": "it says: <text>"}', NAME)
    found = json.loads(template.filled({"value": value, "text": text}.__getitem__))
    assert found == {"value": value, "text": f"it says: {text}"}
