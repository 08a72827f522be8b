"""Uploads in parts: begun, filled, completed or aborted, and what is made of them."""

import hashlib
from datetime import timedelta

import pytest
from boto3.s3.transfer import TransferConfig

from tests.contract.s3_box import Uploading, refused, said, with_a_box

MEBIBYTE = 1024 * 1024
FIRST, LAST = b"a" * (5 * MEBIBYTE), b"the end"


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


@pytest.fixture
def upload(s3):
    return Uploading(s3)


@pytest.fixture
def blobs(cloud):
    """How many blobs there are."""
    return lambda: cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM blob").fetchone()[0])


def etag_of(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


# What is refused


def test_an_upload_that_does_not_exist_is_not_found(s3, upload):
    missing = upload.named | {"UploadId": "invented"}
    part = {"PartNumber": 1, "Body": b"x"}
    parts = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}}
    for error in (
        refused(s3.upload_part, **missing, **part),
        refused(s3.list_parts, **missing),
        refused(s3.abort_multipart_upload, **missing),
        refused(s3.complete_multipart_upload, **missing, **parts),
        refused(s3.upload_part, **upload.named | {"Key": "other"}, **part),
    ):
        assert said(error) == ("NoSuchUpload", 404)
        assert error["Message"].startswith("The specified upload does not exist.")
    assert error["UploadId"] == upload.named["UploadId"]


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_parts_are_numbered_from_1_to_10000(upload, number):
    error = refused(upload.put, number, b"x")
    assert said(error) == ("InvalidArgument", 400)
    assert error["Message"] == "Part number must be an integer between 1 and 10000, inclusive"
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("partNumber", str(number))


def test_every_part_but_the_last_has_five_mebibytes(upload):
    first, last = upload.put(1, b"small"), upload.put(2, LAST)
    error = refused(upload.complete, first, last)
    assert said(error) == ("EntityTooSmall", 400)
    assert error["Message"] == "Your proposed upload is smaller than the minimum allowed size"
    assert (error["ProposedSize"], error["MinSizeAllowed"], error["PartNumber"]) == ("5", "5242880", "1")
    assert error["ETag"] == first["ETag"].strip('"')


def test_parts_are_listed_in_their_order(upload):
    first, last = upload.put(1, FIRST), upload.put(2, LAST)
    for parts in ((last, first), (first, first)):
        assert said(refused(upload.complete, *parts)) == ("InvalidPartOrder", 400)


@pytest.mark.parametrize("wrong", [{"PartNumber": 2}, {"ETag": '"wrong"'}])
def test_a_part_that_was_not_uploaded_is_not_found(upload, wrong):
    error = refused(upload.complete, upload.put(1, FIRST) | wrong)
    assert said(error) == ("InvalidPart", 400)
    assert error["PartNumber"] == str(wrong.get("PartNumber", 1))


def test_an_upload_without_parts_is_malformed(upload):
    assert said(refused(upload.complete)) == ("MalformedXML", 400)


def test_a_size_that_is_not_the_sum_is_refused(upload):
    error = refused(upload.complete, upload.put(1, LAST), MpuObjectSize=8)
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"].endswith("header value 8 does not match what was computed: 7")


def test_an_upload_that_should_make_a_new_object_finds_one(s3, upload):
    part = upload.put(1, LAST)
    s3.put_object(Bucket="box", Key="key", Body=b"first")
    error = refused(upload.complete, part, IfNoneMatch="*")
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, "If-None-Match")


def test_an_upload_that_should_make_a_new_object_began_with_another(s3):
    s3.put_object(Bucket="box", Key="key", Body=b"first")
    upload = Uploading(s3)
    part = upload.put(1, LAST)
    s3.delete_object(Bucket="box", Key="key")
    assert said(refused(upload.complete, part, IfNoneMatch="*")) == ("ConditionalRequestConflict", 409)


def test_an_upload_that_should_replace_an_object_finds_another(s3, cloud):
    seen = s3.put_object(Bucket="box", Key="key", Body=b"first")["ETag"]
    upload = Uploading(s3)
    part = upload.put(1, LAST)
    assert said(refused(upload.complete, part, IfMatch='"other"')) == ("PreconditionFailed", 412)
    cloud.clock.advance(10)
    s3.put_object(Bucket="box", Key="key", Body=b"first")
    assert said(refused(upload.complete, part, IfMatch=seen)) == ("ConditionalRequestConflict", 409)


# What is done


def test_an_object_is_made_of_its_parts(s3, upload):
    first, last = upload.put(1, FIRST), upload.put(2, LAST)
    made = upload.complete(first, last)
    assert made["ETag"] == etag_of(FIRST, LAST)
    assert (made["Bucket"], made["Key"], made["ChecksumType"]) == ("box", "key", "FULL_OBJECT")
    assert made["Location"].endswith("/box/key")
    got = s3.get_object(Bucket="box", Key="key")
    assert got["ContentLength"] == len(FIRST + LAST)
    assert got["Body"].read() == FIRST + LAST
    assert "PartsCount" not in got


def test_what_was_said_when_it_began_is_said_of_the_object(s3):
    upload = Uploading(s3, ContentType="text/plain", Metadata={"a": "1"}, StorageClass="STANDARD_IA", Tagging="a=1&b=2")
    upload.complete(upload.put(1, LAST))
    head = s3.head_object(Bucket="box", Key="key")
    assert (head["ContentType"], head["Metadata"], head["StorageClass"]) == ("text/plain", {"a": "1"}, "STANDARD_IA")
    assert s3.get_object(Bucket="box", Key="key")["TagCount"] == 2


def test_parts_may_have_gaps_between_their_numbers_and_come_in_any_order(s3, upload):
    last, first = upload.put(9999, LAST), upload.put(7, FIRST)
    upload.complete(first, last)
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == FIRST + LAST


def test_a_part_that_is_uploaded_again_replaces_the_first(s3, upload, blobs):
    upload.put(1, FIRST)
    part = upload.put(1, LAST)
    assert blobs() == 1
    upload.complete(part)
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == LAST


def test_parts_that_are_not_chosen_are_dropped(s3, upload, blobs):
    upload.put(1, FIRST)
    part = upload.put(2, LAST)
    upload.complete(part)
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == LAST
    assert blobs() == 1


@pytest.mark.parametrize(
    ("start", "end"), [(0, 3), (5 * MEBIBYTE - 2, 5 * MEBIBYTE + 2), (5 * MEBIBYTE, 5 * MEBIBYTE + 6)]
)
def test_a_range_may_lie_across_parts(s3, upload, start, end):
    upload.complete(upload.put(1, FIRST), upload.put(2, LAST))
    got = s3.get_object(Bucket="box", Key="key", Range=f"bytes={start}-{end}")
    assert got["Body"].read() == (FIRST + LAST)[start : end + 1]


def test_a_part_of_an_object_is_got_by_its_number(s3, upload):
    upload.complete(upload.put(3, FIRST), upload.put(5, LAST))
    got = s3.get_object(Bucket="box", Key="key", PartNumber=5, ChecksumMode="ENABLED")
    assert got["Body"].read() == LAST
    assert (got["PartsCount"], got["ContentRange"]) == (2, f"bytes {len(FIRST)}-{len(FIRST) + 6}/{len(FIRST) + 7}")
    head = s3.head_object(Bucket="box", Key="key", PartNumber=3)
    assert (head["ContentLength"], head["ResponseMetadata"]["HTTPStatusCode"]) == (len(FIRST), 206)
    error = refused(s3.get_object, Bucket="box", Key="key", PartNumber=4)
    assert (*said(error), error["ActualPartCount"]) == ("InvalidPartNumber", 416, "2")


# What happens next


def test_completing_again_answers_the_same(s3, upload):
    parts = upload.put(1, FIRST), upload.put(2, LAST)
    first, again = upload.complete(*parts), upload.complete(*parts)
    assert first["ETag"] == again["ETag"]
    assert said(refused(upload.put, 3, LAST)) == ("NoSuchUpload", 404)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="box")


def test_after_days_a_completed_upload_is_forgotten(s3, upload, cloud):
    part = upload.put(1, LAST)
    upload.complete(part)
    cloud.clock.advance(timedelta(days=2).total_seconds())
    later = Uploading(s3)
    later.complete(later.put(1, b"later"))
    assert said(refused(upload.complete, part)) == ("NoSuchUpload", 404)
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == b"later"


def test_an_aborted_upload_leaves_nothing(s3, upload, blobs):
    upload.put(1, FIRST)
    s3.abort_multipart_upload(**upload.named)
    assert said(refused(upload.put, 2, LAST)) == ("NoSuchUpload", 404)
    assert said(refused(s3.abort_multipart_upload, **upload.named)) == ("NoSuchUpload", 404)
    assert refused(s3.head_object, Bucket="box", Key="key")["Status"] == 404
    assert blobs() == 0


def test_an_object_is_not_there_until_its_upload_is_completed(s3, upload):
    upload.put(1, FIRST)
    assert refused(s3.head_object, Bucket="box", Key="key")["Status"] == 404
    assert s3.list_objects_v2(Bucket="box")["KeyCount"] == 0


def test_an_object_bears_the_date_at_which_its_upload_began(s3, cloud):
    cloud.clock.freeze()
    began = cloud.clock.now()
    upload = Uploading(s3)
    cloud.clock.advance(3600)
    upload.complete(upload.put(1, LAST))
    assert s3.head_object(Bucket="box", Key="key")["LastModified"].timestamp() == int(began)


def test_in_a_versioned_bucket_an_upload_makes_a_version(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    before = s3.put_object(Bucket="box", Key="key", Body=b"before")["VersionId"]
    upload = Uploading(s3)
    made = upload.complete(upload.put(1, LAST))
    assert [each["VersionId"] for each in s3.list_object_versions(Bucket="box")["Versions"]] == [
        made["VersionId"],
        before,
    ]


def test_the_transfer_manager_uploads_downloads_and_copies_in_parts(aws, tmp_path):
    s3 = aws("s3", "us-east-1")
    s3.create_bucket(Bucket="box")
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * (4 * 1024 * 17))
    config = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
    s3.upload_file(str(source), "box", "big", Config=config)
    assert s3.head_object(Bucket="box", Key="big")["ETag"].endswith('-4"')
    s3.copy({"Bucket": "box", "Key": "big"}, "box", "copy", Config=config)
    s3.download_file("box", "copy", str(target), Config=config)
    assert target.read_bytes() == source.read_bytes()
