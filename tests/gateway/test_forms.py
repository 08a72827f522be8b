"""Uploads from a browser's form: taken apart as they come, and signed by their policy."""

import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.core.errors import ServiceError
from glasshouse.gateway.forms import FormReader
from tests.gateway import raw

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
CONTENT = b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n\x00\xff" * 5000


def written(fields, content=CONTENT, boundary=BOUNDARY, file_name="a.txt", end=True):
    out = b""
    for name, value in fields:
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if content is not None:
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'.encode()
        out += b"Content-Type: text/plain\r\n\r\n" + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode() if end else out


def post(cloud, fields, bucket="formed", **options):
    body = written(fields, **options)
    return raw.ask(cloud.url, raw.request("POST", f"/{bucket}", {"Host": "localhost", "Content-Type": TYPE}, body))


@pytest.fixture
def presigned(aws):
    def fields(version="s3v4", **options):
        client = aws("s3", config=Config(signature_version=version), **options)
        return list(client.generate_presigned_post("formed", "key-${filename}")["fields"].items())

    aws("s3").create_bucket(Bucket="formed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return fields


# What is refused


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_policy_that_is_not_signed_with_the_secret_is_refused(cloud, aws, presigned, version):
    for fields in (presigned(version, aws_secret_access_key="wrong"), presigned(version)):
        changed = [(name, value + "AA" if name == "policy" else value) for name, value in fields]
        reply = post(cloud, changed)
        assert (reply.status, "<Code>SignatureDoesNotMatch</Code>" in reply.text) == (403, True)
    reply = post(cloud, presigned(version, aws_access_key_id="AKIAIOSFODNN7EXAMPLE"))
    assert (reply.status, "<Code>InvalidAccessKeyId</Code>" in reply.text) == (403, True)
    assert "Contents" not in aws("s3").list_objects_v2(Bucket="formed")


def test_a_policy_with_half_a_signature_is_refused(cloud, presigned):
    for version, name in (("s3v4", "x-amz-date"), ("s3v4", "x-amz-signature"), ("s3", "signature")):
        reply = post(cloud, [field for field in presigned(version) if field[0] != name])
        assert (reply.status, f"<ArgumentName>{name}</ArgumentName>" in reply.text) == (400, True)


def test_a_form_without_a_policy_is_sent_by_nobody(cloud, presigned):
    reply = post(cloud, [("key", "a")])
    assert (reply.status, "<Code>AccessDenied</Code>" in reply.text) == (403, True)


def test_a_form_that_is_not_well_formed_is_refused(cloud, presigned):
    fields = presigned()
    for options in ({"end": False}, {"boundary": "other"}):
        reply = post(cloud, fields, **options)
        assert (reply.status, "<Code>MalformedPOSTRequest</Code>" in reply.text) == (400, True)
    assert "POST requires exactly one file upload per request" in post(cloud, fields, content=None).text
    reply = post(cloud, [("x-ignore-a", "x" * 21000), *fields])
    assert "<Code>MaxPostPreDataLengthExceededError</Code>" in reply.text
    headers = {"Host": "localhost", "Content-Type": "multipart/form-data"}
    reply = raw.ask(cloud.url, raw.request("POST", "/formed", headers, written(fields)))
    assert "<Code>MalformedPOSTRequest</Code>" in reply.text
    assert list((cloud.cloud.directory / "incoming").iterdir()) == []


# What is done


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_signed_form_uploads_its_file(cloud, aws, presigned, version):
    reply = post(cloud, presigned(version))
    assert reply.status == 204, reply.text
    assert aws("s3").get_object(Bucket="formed", Key="key-a.txt")["Body"].read() == CONTENT


def test_a_form_may_be_sent_to_the_bucket_as_host(cloud, aws, presigned):
    headers = {"Host": "formed.s3.eu-west-1.amazonaws.com", "Content-Type": TYPE}
    assert raw.ask(cloud.url, raw.request("POST", "/", headers, written(presigned()))).status == 204
    assert aws("s3").head_object(Bucket="formed", Key="key-a.txt")["ContentLength"] == len(CONTENT)


# The forms themselves


FIELD = st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\n'), min_size=1, max_size=10)


@given(
    fields=st.lists(st.tuples(FIELD.filter(lambda name: name.lower() != "file"), FIELD), max_size=4),
    content=st.binary(max_size=300),
    data=st.data(),
)
def test_forms_may_be_cut_anywhere(fields, content, data):
    body = b"preamble\r\n" * data.draw(st.integers(0, 1)) + written(fields, content, file_name="ü.txt")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    taken = bytearray()
    reader = FormReader(TYPE, lambda seen: taken.extend)
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        reader.feed(body[start:end])
    reader.finish()
    assert bytes(taken) == content
    assert reader.fields == [*fields, ("file", "ü.txt")]


@given(st.lists(st.sampled_from([b"--" + BOUNDARY.encode(), b"\r\n", b"--", b"x", b"name=", b"\r\n\r\n", b";", b'"'])))
def test_bytes_that_are_no_form_are_refused_and_nothing_else(pieces):
    reader = FormReader(TYPE, lambda seen: lambda piece: None)
    try:
        reader.feed(b"".join(pieces))
        reader.finish()
    except ServiceError as refused:
        assert refused.status < 500
