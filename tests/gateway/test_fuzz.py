"""Requests drawn at random, signed and not: whatever comes, nothing fails that was not meant to."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glasshouse.app import LiveCloud, Settings
from tests.gateway import raw

METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
SEGMENT = st.sampled_from(
    ["", "fuzz", "key", "..", ".", "%00", "%2e%2e", "%ff%fe", "%E2%82%AC", "a" * 1100, "+", "%", "%zz", "000000000000",
     "v20180820", "service", "operation", "_glasshouse", "health", "{Bucket}", "$x", ";", "@", "\xc3\xbc"]
)  # fmt: skip
PATH = st.lists(SEGMENT, max_size=4).map(lambda segments: "/" + "/".join(segments))
NAME = st.sampled_from(
    ["acl", "uploads", "uploadId", "partNumber", "list-type", "versionId", "delete", "tagging", "policy", "max-keys",
     "Action", "Version", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "AWSAccessKeyId",
     "Signature", "Expires", "prefix", "encoding-type", "continuation-token", "website", "lifecycle", "x-id"]
)  # fmt: skip
VALUE = st.sampled_from(
    ["", "1", "-1", "0", "x", "%00", "%ff", "true", "2", "99999999999999999999", "url", "CreateQueue", "SendMessage",
     "GetCallerIdentity", "2011-06-15", "2012-11-05", "AssumeRole", "test/20200101/x/s3/aws4_request", "a=b", "{}"]
)  # fmt: skip
QUERY = st.lists(st.tuples(NAME, VALUE), max_size=3).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs))
HEADER = st.sampled_from(
    [
        ("x-amz-copy-source", "fuzz/key"), ("x-amz-copy-source", "%"), ("range", "bytes=0-"), ("range", "bytes=9-1"),
        ("if-match", "x"), ("if-modified-since", "never"), ("content-md5", "x"), ("x-amz-acl", "public-read"),
        ("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-sdk-checksum-algorithm", "NONE"), ("x-amz-tagging", "%zz=1&a"),
        ("x-amz-meta-\xe9", "\xe9"), ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "-5"),
        ("x-amz-object-lock-mode", "x"), ("x-amz-object-lock-retain-until-date", "x"), ("x-amz-storage-class", "x"),
        ("content-type", "application/x-www-form-urlencoded"), ("content-type", "multipart/form-data; boundary=b"),
        ("content-type", "application/json"), ("content-type", "application/cbor"), ("origin", "https://x"),
        ("x-amz-target", "AmazonSSM.PutParameter"), ("x-amz-target", "AmazonSQS.SendMessage"), ("x-amz-target", "."),
        ("x-amz-target", "Logs_20140328.PutLogEvents"), ("x-amz-target", "TrentService.Encrypt"), ("x-amz-date", "x"),
        ("smithy-protocol", "rpc-v2-cbor"), ("x-amz-account-id", "1"), ("access-control-request-method", "PUT"),
        ("expect", "100-continue"), ("date", "x"), ("content-length", "00"), ("x-amz-security-token", "x"),
        ("x-amz-trailer", "x-amz-checksum-crc32"), ("transfer-encoding", "identity"), ("x-amz-mfa", "1"),
    ]
)  # fmt: skip
HOSTS = st.sampled_from(
    [None, "fuzz.s3.amazonaws.com", "fuzz.localhost", "x.s3-website.localhost", "a.execute-api.localhost", "..",
     "sqs.localhost", ".localhost", "[", "d.cloudfront.net", "-" * 70 + ".amazonaws.com", "a.lambda-url.x.on.aws"]
)  # fmt: skip
BODY = st.one_of(
    st.just(b""),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"{", b"[]", b"null", b"{}", b'{"Name":[1]}', b'{"Name":"a","Value":"\\ud800"}', b"[" * 5000, b"\xff\xfe",
            b"<", b"<a/>", b"<Delete><Object><Key/></Object></Delete>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            b"<" + b"a><" * 3000, b"Action=CreateQueue&QueueName=%ff", b"Action=&Version=",
            b"Action=SendMessage&Version=x",
            b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n", b"--b--", b"--b\r\n\r\n",
            b"0\r\n\r\n", b"5;chunk-signature=x\r\nhello\r\n0\r\n\r\n", b"\xa0", b"\xbf\xff", b"\xd9\xd9\xf7",
            b"1e999", b'{"a":1e999}', b'{"Name":"a","Name":"b"}', b'{"Value":"' + b"x" * 70000 + b'"}',
        ]
    ),
)  # fmt: skip
SERVICES = st.sampled_from(
    [None, "s3", "sqs", "ssm", "sts", "logs", "kms", "iam", "lambda", "monitoring", "execute-api"]
)
HASHES = st.sampled_from(
    [None, "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]
)
VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@pytest.fixture(scope="module")
def live():
    cloud = LiveCloud(Settings(port=0))
    for path, body in (("/fuzz", b""), ("/fuzz/key", b"hello"), ("/fuzz?versioning", VERSIONED), ("/fuzz/key", b"x")):
        assert raw.send_signed(cloud.url, "PUT", path, "s3", body, region="us-east-1").status == 200
    yield cloud
    cloud.stop()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(METHODS, PATH, QUERY, st.lists(HEADER, max_size=4), HOSTS, BODY, SERVICES, HASHES)
def test_no_request_fails_by_itself(live, method, path, query, headers, host, body, service, payload):
    """500 would be ours; 501 is said in words."""
    target = f"{path}?{query}" if query else path
    sent = {"Host": host or live.url.removeprefix("http://"), **dict(headers)}
    if payload:
        sent["x-amz-content-sha256"] = payload
    if service:
        sent = _signed(live, method, target, service, sent, body)
    reply = raw.ask(live.url, raw.request(method, target, sent, body), method)
    if reply.status == 100:
        return
    assert reply.status < 500 or reply.status == 501, reply.text
    assert raw.ask(live.url, raw.request("GET", "/_localstack/health", {"Host": "localhost"})).status == 200


def _signed(live, method, target, service, headers, body):
    """Signed as far as botocore will sign such a thing."""
    try:
        signed = raw.signed(method, live.url + target, service, headers, body)
    except (ValueError, UnicodeError):
        return headers
    if "x-amz-content-sha256" in headers:
        signed["X-Amz-Content-SHA256"] = headers["x-amz-content-sha256"]
    return {**headers, **{name: value for name, value in signed.items() if name.lower() not in headers}}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"POST /fuzz HTTP/1.1\r\n", b"Host: x\r\n", b"Content-Length: 5\r\n", b"\r\n", b"hello",
     b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"Connection: close\r\n", b"\x16\x03\x01",
     b"Expect: 100-continue\r\n", b"CONNECT x:443 HTTP/1.1\r\n", b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"\n\n"]
)), max_size=12))  # fmt: skip
def test_no_bytes_end_the_server(live, pieces):
    with raw.Wire(live.url) as wire:
        wire.send(b"".join(pieces))
        wire.socket.shutdown(1)
        answer = b""
        try:
            while chunk := wire.socket.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    assert b"HTTP/1.1 500" not in answer
    assert raw.ask(live.url, raw.request("GET", "/_localstack/health", {"Host": "localhost"})).status == 200


def test_nothing_of_this_was_logged_as_a_failure(live, caplog):
    with caplog.at_level(logging.ERROR):
        raw.ask(live.url, raw.request("GET", "/%00", {"Host": "x"}))
    assert caplog.records == []
