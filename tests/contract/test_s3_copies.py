"""Copies, with what they take over and what they say anew."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.s3_box import HELLO, MD5, Uploading, base64_of, body, refused, said, with_a_box


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


# What is refused


def test_an_object_is_not_copied_to_itself_unchanged(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.copy_object, Bucket="box", Key="key", CopySource="box/key")
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"].startswith("This copy request is illegal because it is trying to copy an object to itself")


@pytest.mark.parametrize("source", ["box", "/", "box/", "/box"])
def test_a_copy_source_names_bucket_and_key(s3, source):
    assert said(refused(s3.copy_object, Bucket="box", Key="copy", CopySource=source)) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"CopySourceIfMatch": '"other"'}, "x-amz-copy-source-If-Match"),
        ({"CopySourceIfNoneMatch": f'"{MD5}"'}, "x-amz-copy-source-If-None-Match"),
        ({"CopySourceIfUnmodifiedSince": datetime(2020, 1, 1, tzinfo=UTC)}, "x-amz-copy-source-If-Unmodified-Since"),
        ({"CopySourceIfModifiedSince": datetime.now(UTC) + timedelta(days=1)}, "x-amz-copy-source-If-Modified-Since"),
    ],
)
def test_a_copy_whose_condition_fails_is_refused(s3, params, condition):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.copy_object, Bucket="box", Key="copy", CopySource="box/key", **params)
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, condition)


@pytest.mark.parametrize("directive", ["MetadataDirective", "TaggingDirective"])
def test_directives_of_copies_have_two_words(s3, directive):
    s3.put_object(Bucket="box", Key="key")
    error = refused(s3.copy_object, Bucket="box", Key="copy", CopySource="box/key", **{directive: "GUESS"})
    assert error["Status"] == 400


# What is done


def test_an_object_is_copied_with_what_is_known_of_it(s3):
    s3.put_object(Bucket="box", Key="a/key", Body=HELLO, ContentType="text/plain", CacheControl="no-cache",
                  Metadata={"colour": "blue"}, Tagging="team=red", WebsiteRedirectLocation="/x",
                  StorageClass="STANDARD_IA", ChecksumAlgorithm="SHA256")  # fmt: skip
    copied = s3.copy_object(Bucket="box", Key="copy", CopySource="/box/a/key")
    assert copied["CopyObjectResult"]["ETag"] == f'"{MD5}"'
    assert "ChecksumSHA256" in copied["CopyObjectResult"]
    got = s3.get_object(Bucket="box", Key="copy")
    assert body(got) == HELLO
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == ("text/plain", "no-cache", {"colour": "blue"})
    assert got["TagCount"] == 1
    assert "WebsiteRedirectLocation" not in got
    assert "StorageClass" not in got


def test_a_copy_may_say_something_else_of_itself(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, ContentType="text/plain", Metadata={"a": "1"}, Tagging="a=1")
    s3.copy_object(Bucket="box", Key="key", CopySource="box/key", MetadataDirective="REPLACE", Metadata={"b": "2"},
                   TaggingDirective="REPLACE", Tagging="b=2&c=3", ChecksumAlgorithm="SHA1")  # fmt: skip
    got = s3.get_object(Bucket="box", Key="key", ChecksumMode="ENABLED")
    assert body(got) == HELLO
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("binary/octet-stream", {"b": "2"}, 2)
    assert got["ChecksumSHA1"] == base64.b64encode(hashlib.sha1(HELLO).digest()).decode()


def test_the_encryption_of_a_bucket_or_of_a_copy_changes_an_object_that_is_copied_to_itself(aws, s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, ServerSideEncryption="aws:kms")
    copied = s3.copy_object(Bucket="box", Key="key", CopySource="box/key")
    assert copied["ServerSideEncryption"] == "AES256"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    s3.put_bucket_encryption(Bucket="box", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert "BucketKeyEnabled" not in s3.copy_object(Bucket="box", Key="key", CopySource="box/key")
    s3.delete_bucket_encryption(Bucket="box")
    assert refused(s3.copy_object, Bucket="box", Key="key", CopySource="box/key")["Code"] == "InvalidRequest"


def test_a_copy_is_conditional_on_what_it_replaces(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/key", IfNoneMatch="*")
    error = refused(s3.copy_object, Bucket="box", Key="copy", CopySource="box/key", IfNoneMatch="*")
    assert said(error) == ("PreconditionFailed", 412)


# What happens next


def test_what_was_copied_outlives_its_source(s3, cloud):
    content = HELLO * 10_000
    s3.put_object(Bucket="box", Key="key", Body=content)
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/key")
    s3.delete_object(Bucket="box", Key="key")
    assert body(s3.get_object(Bucket="box", Key="copy")) == content
    s3.delete_object(Bucket="box", Key="copy")
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM blob").fetchone()) == (0,)


def test_a_copy_of_many_bytes_has_the_checksums_of_the_whole(s3, cloud):
    part = bytes(range(256)) * (40 * 1024)
    upload = Uploading(s3, ChecksumAlgorithm="SHA256")
    upload.complete(*[upload.put(number, part, ChecksumAlgorithm="SHA256") for number in range(1, 5)])
    copied = s3.copy_object(Bucket="box", Key="copy", CopySource="box/key")["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(part * 4).hexdigest()}"'
    assert copied["ChecksumSHA256"] == base64_of(hashlib.sha256(part * 4).digest())
    assert body(s3.get_object(Bucket="box", Key="copy")) == part * 4
    again = Uploading(s3)
    named = again.named | {"CopySource": "box/key", "CopySourceRange": f"bytes=1-{4 * len(part) - 1}"}
    ranged = s3.upload_part_copy(**named, PartNumber=1)["CopyPartResult"]
    assert ranged["ETag"] == f'"{hashlib.md5((part * 4)[1:]).hexdigest()}"'
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM s3_measured").fetchone()) == (0,)


def test_a_plus_in_the_name_of_a_source_is_a_blank(s3):
    s3.put_object(Bucket="box", Key="a b", Body=b"blank")
    s3.put_object(Bucket="box", Key="a+b", Body=b"plus")

    def unquoted(params, **_):
        params["headers"]["x-amz-copy-source"] = "box/a+b"

    s3.meta.events.register("before-call.s3.CopyObject", unquoted)
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/any")
    assert body(s3.get_object(Bucket="box", Key="copy")) == b"blank"


def test_a_source_without_a_key_is_none(s3):
    error = refused(s3.copy_object, Bucket="box", Key="copy", CopySource="nothing")
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "Invalid copy source object key")
    assert error["ArgumentValue"] == "x-amz-copy-source"


def test_versions_that_are_called_null_are_told_of_the_copy_only(s3):
    s3.put_object(Bucket="box", Key="a", Body=b"1")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    copied = s3.copy_object(Bucket="box", Key="copy", CopySource="box/a")
    assert copied["VersionId"] == "null"
    assert "CopySourceVersionId" not in copied
    assert "VersionId" not in s3.put_object(Bucket="box", Key="a", Body=b"2")
