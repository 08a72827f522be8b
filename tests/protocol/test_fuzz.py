"""Whatever a client sends, it gets AWS's error or a reading of it: the parsers raise nothing but ServiceErrors."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import cbor, eventstream, model, routes, wire
from glasshouse.protocol.http import Request
from glasshouse.protocol.timestamps import read as read_time
from glasshouse.protocol.xml import escape

TRIES = settings(max_examples=60)
BYTES = st.binary(max_size=60)
TEXT = st.text(max_size=8)
NUMBERS = st.integers(-(1 << 70), 1 << 70) | st.floats() | st.just(10**400) | st.just(1e300)
SCALARS = (
    st.none() | st.booleans() | NUMBERS | TEXT | st.sampled_from(["", "-1", "1e999", "NaN", "1_0", "٣", "true", "2020"])
)
PAIRS = [
    ("json", "dynamodb", "PutItem"),
    ("json", "ssm", "PutParameter"),
    ("json", "sqs", "SendMessageBatch"),
    ("json", "glue", "CreateTable"),
    ("rest-json", "lambda", "CreateFunction"),
    ("rest-json", "lambda", "Invoke"),
    ("rest-json", "quicksight", "CreateAnalysis"),
    ("rest-json", "kafka", "CreateCluster"),
    ("rest-xml", "s3", "PutBucketLifecycleConfiguration"),
    ("rest-xml", "s3", "DeleteObjects"),
    ("rest-xml", "s3", "PutObject"),
    ("rest-xml", "cloudfront", "CreateDistribution"),
    ("rest-xml", "route53", "ChangeResourceRecordSets"),
    ("query", "sqs", "SendMessageBatch"),
    ("query", "cloudformation", "CreateStack"),
    ("query", "cloudwatch", "PutMetricData"),
    ("ec2", "ec2", "RunInstances"),
    ("ec2", "ec2", "DescribeInstances"),
    ("smithy-rpc-v2-cbor", "cloudwatch", "PutMetricData"),
    ("smithy-rpc-v2-cbor", "cloudwatch", "DescribeAlarmHistory"),
]


def names(shape, found: set[str]) -> set[str]:
    """The names of all members below a shape."""
    for name, member in shape.members.items() if shape.type_name == "structure" else ():
        if member.wire_name(name) not in found:
            found.add(member.wire_name(name))
            names(member, found)
    for part in {"list": ("member",), "map": ("key", "value")}.get(shape.type_name, ()):
        names(getattr(shape, part), found)
    return found


def keys(operation):
    return st.sampled_from(sorted(names(operation.input_shape, set()))) | TEXT


def trees(operation):
    """Trees of the operation's own names, of whatever types."""
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys(operation), inner, max_size=4),
        max_leaves=8,
    )


def send(protocol: str, operation, request: Request):
    """Read a request, and check what was read."""
    labels = dict.fromkeys(names(operation.input_shape, set()), "label")
    try:
        operation.validate(wire.codec(operation.service_name, protocol).parse(operation, request, labels))
    except ServiceError as refusal:
        assert refusal.status < 500
        wire.codec(operation.service_name, protocol).serialize_error(operation, refusal, "id")


@pytest.mark.parametrize(("protocol", "service", "name"), PAIRS)
def test_any_bytes(protocol, service, name):
    operation = model.operation(service, name)
    TRIES(given(BYTES)(lambda body: send(protocol, operation, Request("POST", "/", body=body))))()


def as_xml(value, tag: str = "a") -> str:
    tag = "".join(filter(str.isalnum, tag)) or "a"
    if isinstance(value, dict):
        return f"<{tag}>{''.join(as_xml(item, name) for name, item in value.items())}</{tag}>"
    if isinstance(value, list):
        return "".join(as_xml(item, tag) for item in value)
    return f"<{tag}>{escape(str(value))}</{tag}>"


def as_form(value, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [part for key, item in value.items() for part in as_form(item, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        middle = [".member", "", ".entry"][len(value) % 3]
        return [part for number, item in enumerate(value, 1) for part in as_form(item, f"{name}{middle}.{number}")]
    return [f"{quote_plus(name.encode('utf-8', 'replace'))}={quote_plus(str(value).encode('utf-8', 'replace'))}"]


@pytest.mark.parametrize(("protocol", "service", "name"), PAIRS)
def test_trees_of_the_wrong_types(protocol, service, name):
    operation = model.operation(service, name)
    payload = operation.input_shape.traits.get("payload")
    body_shape = operation.input_shape.members[payload] if payload else operation.input_shape
    root = body_shape.traits.get("locationName", body_shape.name)

    def try_one(tree):
        written = {
            "rest-xml": lambda: as_xml(tree, root).encode("utf-8", "replace"),
            "query": lambda: "&".join(as_form(tree)).encode(),
            "ec2": lambda: "&".join(as_form(tree)).encode(),
            "smithy-rpc-v2-cbor": lambda: cbor.encode(tree),
        }.get(protocol, lambda: json.dumps(tree).encode())
        send(protocol, operation, Request("POST", "/", body=written()))

    strategy = st.dictionaries(keys(operation), trees(operation), max_size=5)
    TRIES(given(strategy)(try_one))()


@pytest.mark.parametrize(("protocol", "service", "name"), [held for held in PAIRS if held[0].startswith("rest")])
def test_any_query_and_headers(protocol, service, name):
    operation = model.operation(service, name)

    def try_one(query, headers):
        text = "&".join(f"{quote(key)}={quote(str(value).encode('utf-8', 'replace'))}" for key, value in query.items())
        send(
            protocol, operation, Request("PUT", "/", text, {key.lower(): str(value) for key, value in headers.items()})
        )

    pairs = st.dictionaries(keys(operation).filter(lambda key: key.isprintable()), SCALARS, max_size=6)
    TRIES(given(pairs, pairs)(try_one))()


@settings(max_examples=300)
@example("GET", "//", [("uploads", "")])
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "X"]),
    st.text(alphabet="/ab.%20éC3+{}?", max_size=20).map(lambda tail: f"/{tail}") | st.text(max_size=10),
    st.lists(st.tuples(st.sampled_from(["uploads", "list-type", "uploadId", "acl", ""]), TEXT), max_size=4),
)
def test_any_path(method, path, query):
    for service in ("s3", "lambda", "apigateway", "route53"):
        found = routes.match(service, method, path, query, {})
        assert found is None or isinstance(found[1], dict)


@settings(max_examples=300)
@given(BYTES)
def test_any_event_stream(data):
    for given_bytes in (data, eventstream.encode(eventstream.Frame({"a": 1}, data))[: len(data) + 10]):
        try:
            list(eventstream.decode(given_bytes))
        except ServiceError as refusal:
            assert refusal.code == "SerializationException"


@settings(max_examples=300)
@example("2020-02-30T00:00:00Z")
@example("Thu, 99 Foo 20333 99:99:99 GMT")
@example("9" * 400)
@example("0001-01-01T00:00:00+23:59")
@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?") | NUMBERS)
def test_any_time(text):
    try:
        assert isinstance(read_time(text), float)
    except (ValueError, OverflowError):
        return


DEEP = {
    "json": [
        b"[" * 100_000,
        b'{"Item":' * 100_000,
        *(b'{"Item":{"a":' + b'{"L":[' * depth + b"]}" * depth + b"}}" for depth in range(100, 1000, 20)),
    ],
    "rest-xml": [
        b"<a>" * 50_000,
        b"<Delete>" * 20_000 + b"</Delete>" * 20_000,
        b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><Delete><Quiet>&c;</Quiet></Delete>',
        b'<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>',
        '<?xml version="1.0" encoding="UTF-16"?><Delete/>'.encode("utf-16"),
        b"<Delete><Quiet>maybe</Quiet></Delete>",
        b"<Other/>",
        b"\xff\xfe",
        b"<Delete>" + b"<Object>" * 500 + b"</Object>" * 500 + b"</Delete>",
        b"<Delete>&undefined;</Delete>",
    ],
    "query": [b"a." * 50_000 + b"=1", b"Tags.member." + b"9" * 5000 + b".Key=x", b"%ff=%ff", b"a=1&a=2", b"\xff"],
    "smithy-rpc-v2-cbor": [b"\x81" * 100_000, b"\xbf" * 1000, b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", b"\xc2\x5f"],
}


@pytest.mark.parametrize(
    ("protocol", "service", "name"),
    [
        ("json", "dynamodb", "PutItem"),
        ("rest-xml", "s3", "DeleteObjects"),
        ("query", "cloudformation", "CreateStack"),
        ("smithy-rpc-v2-cbor", "cloudwatch", "PutMetricData"),
    ],
)
def test_what_is_deep_hostile_or_cut_off_is_refused(protocol, service, name):
    operation = model.operation(service, name)
    for body in DEEP[protocol]:
        send(protocol, operation, Request("POST", "/", body=body))
