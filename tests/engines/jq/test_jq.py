"""Queries in the language of jq: names and values out of records."""

import json
import subprocess
import sys
from base64 import b64encode

import pytest

from glasshouse.engines.jq import InvalidQuery, check, extracted, keys

# What is refused


@pytest.mark.parametrize("query", ["{id: .customer", "{id: no_such_function}", ")", "{id: .a} | }"])
def test_what_jq_does_not_understand_is_refused(query):
    with pytest.raises(InvalidQuery):
        check(query)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"no json", "Non JSON record provided"),
        (b'{"a": 1}{"a": 2}', "Non JSON record provided"),
        (b"\xff\xfe", "Non JSON record provided"),
        (b'{"b": 1}', "partitionKeys values must not be null or empty"),
        (b'{"a": ""}', "partitionKeys values must not be null or empty"),
        (b'{"a": {"b": 1}}', "partitionKeys values must not be null or empty"),
        (b"[1]", "Cannot index array with"),
    ],
)
def test_a_record_without_a_value_says_why(record, reason):
    [found] = extracted("{a: .a}", [record])
    assert isinstance(found, str)
    assert reason in found


def test_a_query_that_makes_no_object_has_no_values():
    assert extracted(".a", [b'{"a": "x"}']) == ["partitionKeys values must not be null or empty"]
    assert extracted("empty", [b"{}"]) == ["partitionKeys values must not be null or empty"]


# What is done


def test_each_record_has_its_values_as_texts():
    query = '{id: .customer, year: .time | strftime("%Y"), kind: (.kind // "none"), sure: .sure, half: .half}'
    record = {"customer": 7, "time": 1565382027, "sure": True, "half": 0.5}
    expected = {"id": "7", "year": "2019", "kind": "none", "sure": "true", "half": "0.5"}
    assert extracted(query, [json.dumps(record).encode(), b"[]"])[0] == expected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("{id:.customer}", ["id"]),
        ('{ "a b" : .x , year: .t|strftime("%Y, :"), device:.type.device }', ["a b", "year", "device"]),
        ("{a: {b: .c, d: .e} | .b, f: [.g, .h][0], i}", ["a", "f", "i"]),
        ("{a: (if .x then .y else .z end), b: .c[0:2]}", ["a", "b"]),
        (".a", []),
        ("{(.name): .value, b: 1}", ["b"]),
    ],
)
def test_a_query_tells_the_names_that_it_spells(query, names):
    assert keys(query) == names


# What happens next


def test_it_runs_as_a_process_of_its_own(tmp_path):
    asked = {"query": "{id: .id}", "records": [b64encode(b'{"id": "a"}').decode(), b64encode(b"x").decode()]}
    (tmp_path / "in").write_text(json.dumps(asked))
    subprocess.run([sys.executable, "-m", "glasshouse.engines.jq", "in", "out"], cwd=tmp_path, check=True, env={})
    assert json.loads((tmp_path / "out").read_text()) == [{"id": "a"}, "Non JSON record provided"]
