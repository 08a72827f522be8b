"""Objects: putting, getting and deleting them, and what is kept of them."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.s3_box import HELLO, MD5, body, refused, said, with_a_box


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


@pytest.fixture
def versioned(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    return s3


# What is refused


def test_a_key_that_does_not_exist_is_not_found(s3):
    error = refused(s3.get_object, Bucket="box", Key="nothing/here")
    assert said(error) == ("NoSuchKey", 404)
    assert (error["Message"], error["Key"]) == ("The specified key does not exist.", "nothing/here")
    assert refused(s3.head_object, Bucket="box", Key="nothing/here")["Code"] == "404"


def test_a_bucket_that_does_not_exist_takes_no_objects(s3):
    error = refused(s3.put_object, Bucket="nowhere", Key="key", Body=HELLO)
    assert (*said(error), error["BucketName"]) == ("NoSuchBucket", 404, "nowhere")


def test_a_key_has_at_most_1024_bytes(s3):
    s3.put_object(Bucket="box", Key="ü" * 512)
    error = refused(s3.put_object, Bucket="box", Key="ü" * 512 + "x")
    assert said(error) == ("KeyTooLongError", 400)
    assert (error["Message"], error["Size"], error["MaxSizeAllowed"]) == ("Your key is too long", "1025", "1024")


def test_metadata_has_at_most_two_kilobytes(s3):
    s3.put_object(Bucket="box", Key="key", Metadata={"name": "x" * 2044})
    error = refused(s3.put_object, Bucket="box", Key="key", Metadata={"name": "x" * 2045})
    assert said(error) == ("MetadataTooLarge", 400)
    assert (error["Size"], error["MaxSizeAllowed"]) == ("2049", "2048")


def test_too_many_or_no_deletions_at_once_are_malformed(s3):
    none = refused(s3.delete_objects, Bucket="box", Delete={"Objects": []})
    many = refused(s3.delete_objects, Bucket="box", Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})
    assert said(none) == said(many) == ("MalformedXML", 400)


def test_a_redirect_leads_to_a_path_or_a_url(s3):
    error = refused(s3.put_object, Bucket="box", Key="key", WebsiteRedirectLocation="nowhere")
    assert said(error) == ("InvalidRedirectLocation", 400)


def test_a_storage_class_that_does_not_exist_is_refused(s3):
    assert said(refused(s3.put_object, Bucket="box", Key="key", StorageClass="SHELF")) == ("InvalidStorageClass", 400)


def test_attributes_have_names(s3):
    s3.put_object(Bucket="box", Key="key")
    error = refused(s3.get_object_attributes, Bucket="box", Key="key", ObjectAttributes=["Colour"])
    assert (*said(error), error["Message"]) == ("InvalidArgument", 400, "Invalid attribute name specified.")


# What is done


def test_an_object_is_put_and_got(s3):
    put = s3.put_object(Bucket="box", Key="key", Body=HELLO)
    assert put["ETag"] == f'"{MD5}"'
    assert put["ServerSideEncryption"] == "AES256"
    assert "VersionId" not in put
    got = s3.get_object(Bucket="box", Key="key")
    assert body(got) == HELLO
    assert got["ETag"] == f'"{MD5}"'
    assert got["ContentType"] == "binary/octet-stream"
    assert got["AcceptRanges"] == "bytes"
    assert abs(got["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_object_may_be_empty(s3):
    assert s3.put_object(Bucket="box", Key="empty")["ETag"] == '"d41d8cd98f00b204e9800998ecf8427e"'
    got = s3.get_object(Bucket="box", Key="empty")
    assert (body(got), got["ContentLength"]) == (b"", 0)
    assert s3.get_object(Bucket="box", Key="empty", Range="bytes=-5")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(s3.get_object, Bucket="box", Key="empty", Range="bytes=0-")["Status"] == 416


@pytest.mark.parametrize("size", [32 * 1024, 32 * 1024 + 1, 3_000_000])
def test_an_object_of_any_size_comes_back_the_same(s3, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    assert s3.put_object(Bucket="box", Key="key", Body=content)["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert body(s3.get_object(Bucket="box", Key="key")) == content
    assert body(s3.get_object(Bucket="box", Key="key", Range=f"bytes=1-{size - 2}")) == content[1:-1]


def test_an_object_is_looked_at_without_its_bytes(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    head = s3.head_object(Bucket="box", Key="key")
    assert (head["ContentLength"], head["ETag"]) == (12, f'"{MD5}"')
    partial = s3.head_object(Bucket="box", Key="key", Range="bytes=2-4")
    assert partial["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (partial["ContentLength"], partial["ContentRange"]) == (3, "bytes 2-4/12")


@pytest.mark.parametrize(
    "key",
    [
        "a b+c", "ümläut/Ω/日本", "..", "../up", "a/../b", "./here", "//double//", "/leading", "trailing/",
        "%41", "a%2Fb",
        "q?x=y", "h#ash", "a&b=c;d", "quo\"te'", "back\\slash", "*(~!$)", "tab\there", "line\nbreak", "nul\0byte",
        "\U0001f980",
    ],
)  # fmt: skip
def test_a_key_may_be_almost_any_text(s3, key):
    s3.put_object(Bucket="box", Key=key, Body=HELLO)
    assert body(s3.get_object(Bucket="box", Key=key)) == HELLO
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="box")["Contents"]] == [key]
    s3.copy_object(Bucket="box", Key="copy of " + key, CopySource={"Bucket": "box", "Key": key})
    if "\0" in key:  # which no XML can say
        s3.delete_object(Bucket="box", Key="copy of " + key)
    else:
        s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "copy of " + key}]})
    s3.delete_object(Bucket="box", Key=key)
    assert s3.list_objects_v2(Bucket="box")["KeyCount"] == 0


def test_what_a_client_says_of_an_object_is_kept(s3):
    # boto3 itself sends only moments there.
    s3.meta.events.register(
        "before-call.s3.PutObject", lambda params, **_: params["headers"].update(Expires="some day")
    )
    s3.put_object(
        Bucket="box", Key="key", Body=HELLO, ContentType="text/plain; charset=utf-8", CacheControl="no-cache",
        ContentDisposition='attachment; filename="x"', ContentEncoding="aws-chunked,gzip", ContentLanguage="de",
        WebsiteRedirectLocation="/other", Metadata={"Colour": "blue", "empty": ""},
    )  # fmt: skip
    head = s3.head_object(Bucket="box", Key="key")
    assert head["ContentType"] == "text/plain; charset=utf-8"
    assert head["CacheControl"] == "no-cache"
    assert head["ContentDisposition"] == 'attachment; filename="x"'
    assert head["ContentEncoding"] == "gzip"
    assert head["ContentLanguage"] == "de"
    assert head["ExpiresString"] == "some day"
    assert head["WebsiteRedirectLocation"] == "/other"
    assert head["Metadata"] == {"colour": "blue", "empty": ""}


def test_metadata_beyond_ascii_is_shown_as_an_encoded_word(s3):
    word = "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="
    s3.put_object(Bucket="box", Key="key", Metadata={"name": word})
    assert s3.head_object(Bucket="box", Key="key")["Metadata"]["name"] == word


def test_the_reader_may_choose_the_headers_of_the_answer(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, ContentType="text/plain", CacheControl="no-cache")
    got = s3.get_object(
        Bucket="box", Key="key", ResponseContentType="text/html", ResponseCacheControl="max-age=1",
        ResponseContentDisposition="inline", ResponseContentEncoding="br", ResponseContentLanguage="en",
        ResponseExpires="Wed, 21 Oct 2015 07:28:00 GMT",
    )  # fmt: skip
    assert (got["ContentType"], got["CacheControl"], got["ContentDisposition"]) == ("text/html", "max-age=1", "inline")
    assert (got["ContentEncoding"], got["ContentLanguage"]) == ("br", "en")
    assert got["ResponseMetadata"]["HTTPHeaders"]["expires"] == "Wed, 21 Oct 2015 07:28:00 GMT"


def test_an_object_is_deleted_whether_it_was_there_or_not(s3):
    s3.put_object(Bucket="box", Key="key")
    for _ in range(2):
        assert s3.delete_object(Bucket="box", Key="key")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.head_object, Bucket="box", Key="key")["Status"] == 404


def test_many_objects_are_deleted_at_once(s3):
    for key in ("a", "b", "ü & <c>"):
        s3.put_object(Bucket="box", Key=key)
    wanted = [{"Key": key} for key in ("a", "ü & <c>", "absent")]
    answer = s3.delete_objects(Bucket="box", Delete={"Objects": wanted})
    assert answer["Deleted"] == wanted
    assert "Errors" not in answer
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="box")["Contents"]] == ["b"]
    quiet = s3.delete_objects(Bucket="box", Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert s3.list_objects_v2(Bucket="box")["KeyCount"] == 0


def test_of_many_deletions_some_may_fail(versioned):
    versioned.put_object(Bucket="box", Key="key")
    answer = versioned.delete_objects(
        Bucket="box",
        Delete={"Objects": [{"Key": "key", "VersionId": "nonsense"}, {"Key": "key"}, {"Key": "new", "ETag": "x"}]},
    )
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [
        ("key", "NoSuchVersion"),
        ("new", "NoSuchKey"),
    ]
    [deleted] = answer["Deleted"]
    assert deleted["DeleteMarker"] is True
    assert len(deleted["DeleteMarkerVersionId"]) == 32


def test_the_attributes_of_an_object_are_told(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, ChecksumAlgorithm="SHA256")
    answer = s3.get_object_attributes(
        Bucket="box", Key="key", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    )
    assert answer["ETag"] == MD5
    assert answer["Checksum"]["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(HELLO).digest()).decode()
    assert (answer["StorageClass"], answer["ObjectSize"]) == ("STANDARD", 12)
    assert "ObjectParts" not in answer
    assert "LastModified" in answer
    assert "ObjectSize" not in s3.get_object_attributes(Bucket="box", Key="key", ObjectAttributes=["ETag"])


# What happens next


def test_an_object_that_is_put_again_replaces_the_first(s3, cloud):
    for content in (HELLO * 10_000, b"short", HELLO * 20_000):
        s3.put_object(Bucket="box", Key="key", Body=content)
        assert body(s3.get_object(Bucket="box", Key="key")) == content
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM blob").fetchone()) == (1,)


def test_the_clock_of_the_cloud_dates_objects(s3, cloud):
    cloud.clock.freeze()
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    before = s3.head_object(Bucket="box", Key="key")["LastModified"]
    cloud.clock.advance(3600)
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    assert s3.head_object(Bucket="box", Key="key")["LastModified"] - before == timedelta(hours=1)
    assert s3.list_objects_v2(Bucket="box")["Contents"][0]["LastModified"] - before == timedelta(hours=1)


def test_attributes_must_be_asked_for(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object_attributes, Bucket="box", Key="key")
    assert said(error) == ("InvalidRequest", 400)
    assert "is either missing or empty" in error["Message"]
