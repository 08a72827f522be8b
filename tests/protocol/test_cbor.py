"""CBOR: what is read and written, against the appendix of RFC 8949 and botocore."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.core.errors import SerializationException, ServiceError
from glasshouse.protocol import cbor, model, wire
from glasshouse.protocol.http import Request
from tests.protocol.drawing import ANY_TEXT

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 80), 1 << 80)
    | st.floats(allow_nan=False)
    | st.binary(max_size=300)
    | ANY_TEXT
    | st.integers(0, 1 << 32).map(cbor.Time),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=10,
)

# RFC 8949, appendix A
EXAMPLES = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1a000f4240": 1000000,
    "1b000000e8d4a51000": 1000000000000,
    "1bffffffffffffffff": 18446744073709551615,
    "c249010000000000000000": 18446744073709551616,
    "3bffffffffffffffff": -18446744073709551616,
    "c349010000000000000000": -18446744073709551617,
    "20": -1,
    "3863": -100,
    "f90000": 0.0,
    "f93c00": 1.0,
    "fb3ff199999999999a": 1.1,
    "f97bff": 65504.0,
    "fa47c35000": 100000.0,
    "f97c00": math.inf,
    "f4": False,
    "f5": True,
    "f6": None,
    "f7": None,
    "c11a514b67b0": cbor.Time(1363896240),
    "c1fb41d452d9ec200000": cbor.Time(1363896240.5),
    "40": b"",
    "4401020304": b"\x01\x02\x03\x04",
    "60": "",
    "6161": "a",
    "62c3bc": "ü",
    "64f0908591": "𐅑",
    "80": [],
    "83010203": [1, 2, 3],
    "8301820203820405": [1, [2, 3], [4, 5]],
    "a0": {},
    "a26161016162820203": {"a": 1, "b": [2, 3]},
    "5f42010243030405ff": b"\x01\x02\x03\x04\x05",
    "7f657374726561646d696e67ff": "streaming",
    "9fff": [],
    "9f018202039f0405ffff": [1, [2, 3], [4, 5]],
    "bf61610161629f0203ffff": {"a": 1, "b": [2, 3]},
    "826161bf61626163ff": ["a", {"b": "c"}],
}


@pytest.mark.parametrize("hexadecimal", EXAMPLES)
def test_the_examples_of_the_standard_are_read(hexadecimal):
    assert cbor.decode(bytes.fromhex(hexadecimal)) == EXAMPLES[hexadecimal]


@settings(max_examples=200)
@given(VALUES)
def test_what_is_written_is_read_back(value):
    assert cbor.decode(cbor.encode(value)) == value


def test_not_a_number_is_itself():
    assert math.isnan(cbor.decode(cbor.encode(math.nan)))


REFUSED = {
    "": "nothing",
    "18": "an argument that is cut off",
    "61": "text that is cut off",
    "9b7fffffffffffffff": "a huge list",
    "bb7fffffffffffffff01": "a huge map",
    "ff": "a break alone",
    "81ff": "a break in a list",
    "a1ff": "a break for a key",
    "a101": "a map without a value",
    "a10101": "a key that is a number",
    "0001": "two items",
    "1c": "a reserved length",
    "61ff": "text that is not UTF-8",
    "5f6161ff": "text in a byte string",
    "c500": "an unknown tag",
    "c1f5": "a true time",
    "f8ff": "an unknown simple value",
    "1f": "a number of indefinite length",
    "81" * 300 + "00": "too deep",
}


@pytest.mark.parametrize("hexadecimal", REFUSED, ids=REFUSED.values())
def test_what_is_malformed_is_refused(hexadecimal):
    with pytest.raises(ValueError):
        cbor.decode(bytes.fromhex(hexadecimal))


def read(operation: str, body: bytes) -> dict:
    codec = wire.codec("cloudwatch", "smithy-rpc-v2-cbor")
    return codec.parse(model.operation("cloudwatch", operation), Request("POST", "/", body=body))


def test_a_body_of_other_types_than_the_shapes_is_refused():
    for name, value in (("AlarmNames", "text"), ("MaxRecords", "5"), ("StartDate", 5), ("StartDate", cbor.Time(1e300))):
        with pytest.raises(SerializationException):
            read("DescribeAlarmHistory" if name == "StartDate" else "DescribeAlarms", cbor.encode({name: value}))
    with pytest.raises(ServiceError, match="not valid CBOR"):
        read("DescribeAlarms", b"\xff")


def test_numbers_of_any_width_are_a_double():
    for value in (bytes.fromhex("f93c00"), bytes.fromhex("fa3f800000"), bytes.fromhex("01")):
        body = b"\xa1\x69Threshold" + value
        assert read("PutMetricAlarm", body) == {"Threshold": 1.0}


def test_an_operation_without_output_answers_without_a_body():
    codec = wire.codec("cloudwatch", "smithy-rpc-v2-cbor")
    response = codec.serialize(model.operation("cloudwatch", "PutMetricData"), {}, "id")
    assert response.body == b"" and "content-type" not in response.headers
    assert response.headers["smithy-protocol"] == "rpc-v2-cbor"
