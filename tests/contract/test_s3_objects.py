"""Objects: putting, getting, copying and deleting them; conditions, ranges, checksums and versions."""

import base64
import hashlib
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

HELLO = b"hello, world"
MD5 = hashlib.md5(HELLO).hexdigest()


@pytest.fixture
def s3(aws):
    """A client that adds no checksums of its own, and the bucket `box`."""
    plain = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    client = aws("s3", "us-east-1", plain)
    client.create_bucket(Bucket="box")
    return client


@pytest.fixture
def versioned(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    return s3


def refused(call, **params) -> dict:
    """The error with which a call is refused, its HTTP status and headers among it."""
    with pytest.raises(ClientError) as refusal:
        call(**params)
    response = refusal.value.response
    meta = response["ResponseMetadata"]
    return response["Error"] | {"Status": meta["HTTPStatusCode"], "Headers": meta["HTTPHeaders"]}


def said(error: dict) -> tuple[str, int]:
    return error["Code"], error["Status"]


def body(answer: dict) -> bytes:
    return answer["Body"].read()


def crc32(content: bytes) -> str:
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


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


def test_one_checksum_is_enough(s3):
    sha1 = base64.b64encode(hashlib.sha1(HELLO).digest()).decode()
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, ChecksumCRC32=crc32(HELLO), ChecksumSHA1=sha1)
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"].startswith("Expecting a single x-amz-checksum- header.")


@pytest.mark.parametrize("wanted", ["bytes=12-", "bytes=12-20", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_behind_the_end_cannot_be_satisfied(s3, wanted):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", Range=wanted)
    assert said(error) == ("InvalidRange", 416)
    assert (error["RangeRequested"], error["ActualObjectSize"]) == (wanted, "12")
    assert error["Headers"]["content-range"] == "bytes */12"


def test_a_range_and_a_part_are_not_asked_for_together(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", Range="bytes=0-1", PartNumber=1)
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"] == "Cannot specify both Range header and partNumber query parameter"


def test_an_object_that_was_put_at_once_has_one_part(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    whole = s3.get_object(Bucket="box", Key="key", PartNumber=1)
    assert body(whole) == HELLO
    assert whole["ContentRange"] == "bytes 0-11/12"
    assert said(refused(s3.get_object, Bucket="box", Key="key", PartNumber=2)) == ("InvalidPartNumber", 416)
    assert said(refused(s3.get_object, Bucket="box", Key="key", PartNumber=10_001)) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"IfMatch": '"another"'}, "If-Match"),
        ({"IfUnmodifiedSince": datetime(2020, 1, 1, tzinfo=UTC)}, "If-Unmodified-Since"),
        ({"IfMatch": '"another"', "IfNoneMatch": f'"{MD5}"'}, "If-Match"),
    ],
)
def test_a_read_whose_condition_fails_is_refused(s3, params, condition):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", **params)
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, condition)
    assert error["Message"] == "At least one of the pre-conditions you specified did not hold"
    assert refused(s3.head_object, Bucket="box", Key="key", **params)["Status"] == 412


@pytest.mark.parametrize(
    "params",
    [
        {"IfNoneMatch": f'"{MD5}"'},
        {"IfNoneMatch": f'"another", W/"{MD5}"'},
        {"IfNoneMatch": "*"},
        {"IfModifiedSince": datetime.now(UTC) + timedelta(days=1)},
        {"IfNoneMatch": f'"{MD5}"', "IfModifiedSince": datetime(2020, 1, 1, tzinfo=UTC)},
        {"IfMatch": f'"{MD5}"', "IfNoneMatch": f'"{MD5}"'},
    ],
)
def test_what_the_reader_has_already_is_not_sent_again(s3, params):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, CacheControl="max-age=60")
    error = refused(s3.get_object, Bucket="box", Key="key", **params)
    assert error["Status"] == 304
    assert error["Headers"]["etag"] == f'"{MD5}"'
    assert error["Headers"]["cache-control"] == "max-age=60"
    assert "last-modified" in error["Headers"]


def test_an_object_is_not_put_over_another_if_it_should_be_new(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, IfNoneMatch="*")
    error = refused(s3.put_object, Bucket="box", Key="key", Body=b"late", IfNoneMatch="*")
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, "If-None-Match")
    assert body(s3.get_object(Bucket="box", Key="key")) == HELLO


def test_an_object_is_put_over_another_only_if_it_is_the_one_that_was_seen(s3):
    assert said(refused(s3.put_object, Bucket="box", Key="key", Body=b"new", IfMatch='"any"')) == ("NoSuchKey", 404)
    seen = s3.put_object(Bucket="box", Key="key", Body=HELLO)["ETag"]
    s3.put_object(Bucket="box", Key="key", Body=b"new", IfMatch=seen)
    error = refused(s3.put_object, Bucket="box", Key="key", Body=b"late", IfMatch=seen)
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, "If-Match")


@pytest.mark.parametrize("params", [{"IfNoneMatch": '"tag"'}, {"IfMatch": "*"}, {"IfMatch": '"a"', "IfNoneMatch": "*"}])
def test_conditions_that_s3_does_not_know_on_writes_are_not_implemented(s3, params):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, **params)
    assert said(error) == ("NotImplemented", 501)
    assert error["Message"] == "A header you provided implies functionality that is not implemented"


def test_an_object_is_deleted_only_if_it_is_the_one_that_was_seen(s3):
    assert said(refused(s3.delete_object, Bucket="box", Key="key", IfMatch="*")) == ("NoSuchKey", 404)
    seen = s3.put_object(Bucket="box", Key="key", Body=HELLO)["ETag"]
    assert said(refused(s3.delete_object, Bucket="box", Key="key", IfMatch='"other"')) == ("PreconditionFailed", 412)
    s3.delete_object(Bucket="box", Key="key", IfMatch=seen)
    assert refused(s3.head_object, Bucket="box", Key="key")["Status"] == 404


@pytest.mark.parametrize(
    ("version_id", "message"),
    [("", "Version id cannot be the empty string"), ("nonsense", "Invalid version id specified")],
)
def test_what_is_no_version_id_is_refused(s3, version_id, message):
    s3.put_object(Bucket="box", Key="key")
    for call in (s3.get_object, s3.delete_object):
        error = refused(call, Bucket="box", Key="key", VersionId=version_id)
        assert (*said(error), error["Message"]) == ("InvalidArgument", 400, message)
        assert error["ArgumentName"] == "versionId"


def test_a_version_that_does_not_exist_is_not_found(versioned):
    versioned.put_object(Bucket="box", Key="key")
    error = refused(versioned.get_object, Bucket="box", Key="key", VersionId="x" * 32)
    assert (*said(error), error["VersionId"]) == ("NoSuchVersion", 404, "x" * 32)


def test_a_delete_marker_cannot_be_read(versioned):
    versioned.put_object(Bucket="box", Key="key", Body=HELLO)
    marker = versioned.delete_object(Bucket="box", Key="key")["VersionId"]
    error = refused(versioned.get_object, Bucket="box", Key="key")
    assert said(error) == ("NoSuchKey", 404)
    assert error["Headers"]["x-amz-delete-marker"] == "true"
    assert error["Headers"]["x-amz-version-id"] == marker
    error = refused(versioned.get_object, Bucket="box", Key="key", VersionId=marker)
    assert (*said(error), error["ResourceType"]) == ("MethodNotAllowed", 405, "DeleteMarker")
    assert error["Headers"]["x-amz-delete-marker"] == "true"
    assert error["Headers"]["allow"] == "DELETE"


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


def test_too_many_or_no_deletions_at_once_are_malformed(s3):
    none = refused(s3.delete_objects, Bucket="box", Delete={"Objects": []})
    many = refused(s3.delete_objects, Bucket="box", Delete={"Objects": [{"Key": str(n)} for n in range(1001)]})
    assert said(none) == said(many) == ("MalformedXML", 400)


def test_the_customers_own_keys_are_refused_in_words(s3):
    error = refused(s3.put_object, Bucket="box", Key="key", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    assert said(error) == ("NotSupported", 501)
    assert "SSECustomerAlgorithm" in error["Message"]


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
    )  # fmt: skip
    assert (got["ContentType"], got["CacheControl"], got["ContentDisposition"]) == ("text/html", "max-age=1", "inline")
    assert (got["ContentEncoding"], got["ContentLanguage"]) == ("br", "en")


@pytest.mark.parametrize(
    ("wanted", "content", "told"),
    [
        ("bytes=0-4", b"hello", "bytes 0-4/12"),
        ("bytes=7-", b"world", "bytes 7-11/12"),
        ("bytes=-5", b"world", "bytes 7-11/12"),
        ("bytes=-99", HELLO, "bytes 0-11/12"),
        ("bytes=11-99", b"d", "bytes 11-11/12"),
        ("bytes=0-0", b"h", "bytes 0-0/12"),
    ],
)
def test_a_range_of_an_object_is_got(s3, wanted, content, told):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    got = s3.get_object(Bucket="box", Key="key", Range=wanted)
    assert (body(got), got["ContentRange"], got["ContentLength"]) == (content, told, len(content))
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("wanted", ["bytes=0-1,3-4", "bytes=4-2", "bytes=-", "bytes=a-b", "lines=0-1", "0-1"])
def test_what_is_no_single_range_gets_the_whole_object(s3, wanted):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    got = s3.get_object(Bucket="box", Key="key", Range=wanted)
    assert body(got) == HELLO
    assert "ContentRange" not in got


def test_conditions_that_hold_let_a_read_through(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    for params in (
        {"IfMatch": f'"{MD5}"'},
        {"IfMatch": MD5},
        {"IfMatch": "*"},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": past},
        {"IfUnmodifiedSince": future},
        {"IfMatch": f'"{MD5}"', "IfUnmodifiedSince": past},
        {"IfNoneMatch": '"other"', "IfModifiedSince": future},
    ):
        assert body(s3.get_object(Bucket="box", Key="key", **params)) == HELLO, params


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


def test_a_copy_is_conditional_on_what_it_replaces(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/key", IfNoneMatch="*")
    error = refused(s3.copy_object, Bucket="box", Key="copy", CopySource="box/key", IfNoneMatch="*")
    assert said(error) == ("PreconditionFailed", 412)


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
        ("key", "InvalidArgument"),
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


def test_what_was_copied_outlives_its_source(s3, cloud):
    content = HELLO * 10_000
    s3.put_object(Bucket="box", Key="key", Body=content)
    s3.copy_object(Bucket="box", Key="copy", CopySource="box/key")
    s3.delete_object(Bucket="box", Key="key")
    assert body(s3.get_object(Bucket="box", Key="copy")) == content
    s3.delete_object(Bucket="box", Key="copy")
    assert cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM blob").fetchone()) == (0,)


def test_every_version_is_kept_once_versioning_is_on(s3):
    s3.put_object(Bucket="box", Key="key", Body=b"before")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    assert first != second
    assert s3.get_object(Bucket="box", Key="key")["VersionId"] == second
    for version_id, content in (("null", b"before"), (first, b"first"), (second, b"second")):
        got = s3.get_object(Bucket="box", Key="key", VersionId=version_id)
        assert (body(got), got["VersionId"]) == (content, version_id)


def test_deleting_hides_and_deleting_the_marker_brings_back(versioned):
    kept = versioned.put_object(Bucket="box", Key="key", Body=HELLO)["VersionId"]
    deleted = versioned.delete_object(Bucket="box", Key="key")
    assert deleted["DeleteMarker"] is True
    assert refused(versioned.get_object, Bucket="box", Key="key")["Code"] == "NoSuchKey"
    assert body(versioned.get_object(Bucket="box", Key="key", VersionId=kept)) == HELLO
    again = versioned.delete_object(Bucket="box", Key="key", VersionId=deleted["VersionId"])
    assert (again["DeleteMarker"], again["VersionId"]) == (True, deleted["VersionId"])
    assert body(versioned.get_object(Bucket="box", Key="key")) == HELLO


def test_deleting_the_current_version_brings_the_one_before_back(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    second = versioned.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    third = versioned.put_object(Bucket="box", Key="key", Body=b"third")["VersionId"]
    assert versioned.delete_object(Bucket="box", Key="key", VersionId=second)["VersionId"] == second
    assert versioned.get_object(Bucket="box", Key="key")["VersionId"] == third
    versioned.delete_object(Bucket="box", Key="key", VersionId=third)
    assert versioned.get_object(Bucket="box", Key="key")["VersionId"] == first
    versioned.delete_object(Bucket="box", Key="key", VersionId=first)
    assert refused(versioned.get_object, Bucket="box", Key="key")["Code"] == "NoSuchKey"
    assert versioned.delete_object(Bucket="box", Key="key", VersionId=first)["VersionId"] == first


def test_while_versioning_is_suspended_only_the_null_version_changes(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    versioned.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in versioned.put_object(Bucket="box", Key="key", Body=b"null one")
    versioned.put_object(Bucket="box", Key="key", Body=b"null two")
    got = versioned.get_object(Bucket="box", Key="key")
    assert (body(got), got["VersionId"]) == (b"null two", "null")
    deleted = versioned.delete_object(Bucket="box", Key="key")
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    listed = versioned.list_object_versions(Bucket="box")
    assert [each["VersionId"] for each in listed["Versions"]] == [first]
    assert [each["VersionId"] for each in listed["DeleteMarkers"]] == ["null"]
    versioned.put_object(Bucket="box", Key="key", Body=b"null three")
    assert "DeleteMarkers" not in versioned.list_object_versions(Bucket="box")
    assert body(versioned.get_object(Bucket="box", Key="key", VersionId=first)) == b"first"


def test_a_null_version_that_is_not_the_current_one_is_replaced_too(s3):
    s3.put_object(Bucket="box", Key="key", Body=b"null one")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    second = s3.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket="box", Key="key", Body=b"null two")
    versions = s3.list_object_versions(Bucket="box")["Versions"]
    assert [(each["VersionId"], each["IsLatest"]) for each in versions] == [("null", True), (second, False)]


def test_an_old_version_is_copied_back(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    versioned.put_object(Bucket="box", Key="key", Body=b"second")
    source = {"Bucket": "box", "Key": "key", "VersionId": first}
    copied = versioned.copy_object(Bucket="box", Key="key", CopySource=source)
    assert copied["CopySourceVersionId"] == first
    assert body(versioned.get_object(Bucket="box", Key="key")) == b"first"
    marker = versioned.delete_object(Bucket="box", Key="key")["VersionId"]
    error = refused(
        versioned.copy_object, Bucket="box", Key="x", CopySource={"Bucket": "box", "Key": "key", "VersionId": marker}
    )
    assert said(error) == ("InvalidRequest", 400)
    assert said(refused(versioned.copy_object, Bucket="box", Key="x", CopySource="box/key")) == ("NoSuchKey", 404)


def test_the_clock_of_the_cloud_dates_objects(s3, cloud):
    cloud.clock.freeze()
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    before = s3.head_object(Bucket="box", Key="key")["LastModified"]
    cloud.clock.advance(3600)
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    assert s3.head_object(Bucket="box", Key="key")["LastModified"] - before == timedelta(hours=1)
    assert s3.list_objects_v2(Bucket="box")["Contents"][0]["LastModified"] - before == timedelta(hours=1)


def test_an_object_put_without_conditions_by_a_modern_client_round_trips(aws):
    modern = aws("s3", "us-east-1")
    modern.create_bucket(Bucket="modern")
    put = modern.put_object(Bucket="modern", Key="key", Body=HELLO)
    assert put["ChecksumCRC32"] == crc32(HELLO)
    assert body(modern.get_object(Bucket="modern", Key="key")) == HELLO
