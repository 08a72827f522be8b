"""The reader of JSON with positions: it reads what json reads, and tells where things stand and what is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.engines.policy.document import Document, Step

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def plain(node):
    if node.kind == "object":
        return {member.name: plain(member.value) for member in node.members}
    if node.kind == "array":
        return [plain(item) for item in node.items]
    return node.value


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_what_json_writes_is_read(value, ascii_only, indent):
    document = Document(json.dumps(value, ensure_ascii=ascii_only, indent=indent))
    assert document.root is not None
    assert (plain(document.root), document.problems) == (value, [])


def nodes(node):
    yield node
    for child in [*node.items, *(member.value for member in node.members), *(member.key for member in node.members)]:
        yield from nodes(child)


@given(JSON)
def test_every_node_stands_where_it_says(value):
    document = Document(json.dumps(value, indent=1))
    assert document.root is not None
    for node in nodes(document.root):
        assert plain(node) == json.loads(document.text[node.start : node.end])


@given(st.text(), st.data())
def test_every_part_of_a_string_stands_where_it_says(text, data):
    document = Document(json.dumps(text))
    assert document.root is not None
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, len(text) - start))
    first, last = document.inside(document.root, start, length)
    assert json.loads(f'"{document.text[first:last]}"') == text[start : start + length]


def test_lines_count_from_one_and_columns_from_zero():
    document = Document('{\r\n  "a": [1,\n\ttrue]\r}')
    position = document.position(document.text.index("true"))
    assert (position.line, position.column, position.offset) == (3, 1, 15)
    last = document.position(document.text.index("}"))
    assert (last.line, last.column) == (4, 0)


def test_a_path_leads_to_a_value_and_to_a_key():
    document = Document('{"Statement": [{"Sid": "x"}]}')
    assert document.root is not None
    statement = document.root.members[0].value.items[0]
    assert statement.members[0].value.path == (Step("value", "Statement"), Step("index", 0), Step("value", "Sid"))
    assert statement.members[0].key.path == (Step("value", "Statement"), Step("index", 0), Step("key", "Sid"))


PROBLEMS = [
    ("", 0, "a value is expected", False),
    ("{", 1, "ends", False),
    ('{"a" 1}', 5, "colon", False),
    ('{"a": 1 "b": 2}', 8, "comma", False),
    ("{a: 1}", 1, "key", False),
    ('{"a": 01}', 7, "comma", False),
    ('{"a": tru}', 6, "value", False),
    ('{"a": "b', 6, "not closed", False),
    ("{} {}", 3, "follow", False),
    ("[" * 100, 65, "deeply", False),
    ('{"a": 1,}', 7, "trailing comma", True),
    ("[1, 2, ]", 5, "trailing comma", True),
    ('{"a": 1, "a": 2}', 9, "duplicate key", True),
    (r'{"a": "\d"}', 7, "escape", True),
    (r'{"a": "\u12g4"}', 7, "hexadecimal", True),
    ('{"a": "x\ty"}', 8, "control character", True),
]


@pytest.mark.parametrize(("text", "offset", "words", "goes_on"), PROBLEMS)
def test_a_problem_is_told_with_its_place(text, offset, words, goes_on):
    document = Document(text)
    assert len(document.problems) == 1
    assert document.problems[0].offset == offset
    assert words in document.problems[0].message
    assert (document.root is not None) is goes_on


@given(st.text(alphabet='{}[]",:\\u01dat \n-.e+'))
def test_whatever_is_no_json_has_a_problem(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
        assert Document(text).problems
    else:
        document = Document(text)
        assert document.root is not None
        assert any("duplicate" in problem.message for problem in document.problems) or plain(document.root) == value
