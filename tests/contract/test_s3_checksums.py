"""Checksums: stated, verified, kept and shown."""

import base64
import hashlib
import zlib

import pytest

from tests.contract.s3_box import HELLO, MD5, base64_of, body, refused, said, with_a_box


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


def crc32(content: bytes) -> str:
    return base64_of(zlib.crc32(content).to_bytes(4, "big"))


def md5(content: bytes) -> str:
    return base64_of(hashlib.md5(content).digest())


# What is refused


def test_a_wrong_md5_is_refused(s3):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ContentMD5=md5(b"something else"))
    assert said(error) == ("BadDigest", 400)
    assert error["Message"] == "The Content-MD5 you specified did not match what we received."
    assert refused(s3.head_object, Bucket="box", Key="key")["Code"] == "404"


@pytest.mark.parametrize("stated", ["not base64!", "c2hvcnQ=", "ü"])
def test_what_is_no_md5_is_refused(s3, stated):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ContentMD5=stated.encode().decode("latin-1"))
    assert said(error) == ("InvalidDigest", 400)
    assert error["Message"] == "The Content-MD5 you specified was invalid."


def test_a_wrong_checksum_is_refused(s3):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ChecksumCRC32=crc32(b"something else"))
    assert said(error) == ("BadDigest", 400)
    assert error["Message"] == "The CRC32 you specified did not match the calculated checksum."


def test_what_is_no_checksum_is_refused(s3):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ChecksumSHA256="short")
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"] == "Value for x-amz-checksum-sha256 header is invalid."


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("content-md5", md5(b"else"), "BadDigest"),
        ("content-md5", "short", "InvalidDigest"),
        ("x-amz-checksum-crc32", crc32(b"else"), "BadDigest"),
    ],
)
def test_a_document_that_is_not_what_was_sent_is_refused(s3, name, value, code):
    def spoil(request, **kwargs):
        del request.headers[name]  # of the two that botocore would send otherwise
        request.headers[name] = value

    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    for operation in ("DeleteObjects", "PutBucketVersioning"):
        s3.meta.events.register(f"before-sign.s3.{operation}", spoil)
    error = refused(s3.delete_objects, Bucket="box", Delete={"Objects": [{"Key": "key"}]})
    assert said(error) == (code, 400)
    enabled = {"Status": "Enabled"}
    assert said(refused(s3.put_bucket_versioning, Bucket="box", VersioningConfiguration=enabled)) == (code, 400)
    assert s3.head_object(Bucket="box", Key="key")
    assert "Status" not in s3.get_bucket_versioning(Bucket="box")


def test_one_checksum_is_enough(s3):
    sha1 = base64.b64encode(hashlib.sha1(HELLO).digest()).decode()
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ChecksumCRC32=crc32(HELLO), ChecksumSHA1=sha1)
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"].startswith("Expecting a single x-amz-checksum- header.")


# What is done


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256", "SHA512", "CRC32C", "CRC64NVME", "XXHASH64"])
def test_a_checksum_of_the_clients_choice_is_verified_and_shown(s3, algorithm):
    put = s3.put_object(Bucket="box", Key="key", Body=HELLO, ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    assert put["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket="box", Key="key", ChecksumMode="ENABLED")
    assert body(got) == HELLO
    assert put[name] == got[name] == s3.head_object(Bucket="box", Key="key", ChecksumMode="ENABLED")[name]
    assert name not in s3.head_object(Bucket="box", Key="key")
    [listed] = s3.list_objects_v2(Bucket="box")["Contents"]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


def test_without_a_wish_the_checksum_is_crc64nvme(s3):
    put = s3.put_object(Bucket="box", Key="key", Body=b"123456789")
    assert put["ChecksumCRC64NVME"] == "rosUhgp5mIg="  # the check value of the algorithm: ae8b14860a799888
    assert s3.get_object(Bucket="box", Key="key", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == "rosUhgp5mIg="


def test_a_stated_md5_is_verified(s3):
    assert s3.put_object(Bucket="box", Key="key", Body=HELLO, ContentMD5=md5(HELLO))["ETag"] == f'"{MD5}"'


# What happens next


def test_an_object_put_without_conditions_by_a_modern_client_round_trips(aws):
    modern = aws("s3", "us-east-1")
    modern.create_bucket(Bucket="modern")
    put = modern.put_object(Bucket="modern", Key="key", Body=HELLO)
    assert put["ChecksumCRC32"] == crc32(HELLO)
    assert body(modern.get_object(Bucket="modern", Key="key")) == HELLO


def test_a_range_that_is_all_of_an_object_has_its_checksum(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, ChecksumAlgorithm="CRC32")
    for wanted, told in (("bytes=0-1000", True), ("bytes=-1000", True), ("bytes=1-", False)):
        answer = s3.get_object(Bucket="box", Key="key", Range=wanted, ChecksumMode="ENABLED")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert ("ChecksumCRC32" in answer) is told
