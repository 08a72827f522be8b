"""Parts: their checksums, those that are copied, and listings of parts and uploads."""

import hashlib
import zlib

import pytest

from tests.contract.s3_box import Uploading, base64_of, refused, said, with_a_box

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


# What is refused


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"ChecksumType": "COMPOSITE"}, "can only be used with the x-amz-checksum-algorithm header"),
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
            "FULL_OBJECT checksum type cannot be used with",
        ),
        (
            {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
            "COMPOSITE checksum type cannot be used with",
        ),
        ({"ChecksumAlgorithm": "SUM"}, "Checksum algorithm provided is unsupported"),
        ({"ChecksumAlgorithm": "CRC32", "ChecksumType": "HALF"}, "x-amz-checksum-type header is invalid"),
    ],
)
def test_checksums_that_cannot_be_made_of_parts_are_refused(s3, params, words):
    error = refused(s3.create_multipart_upload, Bucket="box", Key="key", **params)
    assert said(error) == ("InvalidRequest", 400)
    assert words in error["Message"]


def test_a_part_has_the_checksum_that_was_agreed(s3):
    upload = Uploading(s3, ChecksumAlgorithm="SHA256")
    error = refused(upload.put, 1, LAST, ChecksumAlgorithm="CRC32")
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"] == (
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    )
    assert refused(upload.put, 1, LAST)["Message"].endswith("actual checksum Type: null")


def test_a_part_with_a_wrong_checksum_is_refused(upload):
    assert said(refused(upload.put, 1, LAST, ContentMD5=base64_of(hashlib.md5(b"x").digest()))) == ("BadDigest", 400)
    assert said(refused(upload.put, 1, LAST, ChecksumCRC32=base64_of(b"1234"))) == ("BadDigest", 400)
    assert "Parts" not in upload.s3.list_parts(**upload.named)


def test_the_checksums_of_all_parts_are_repeated_at_the_end(s3):
    upload = Uploading(s3, ChecksumAlgorithm="SHA256")
    part = upload.put(1, LAST, ChecksumAlgorithm="SHA256")
    missing = refused(upload.complete, {"PartNumber": 1, "ETag": part["ETag"]})
    assert said(missing) == ("InvalidRequest", 400)
    assert missing["Message"].endswith("It was missing for part 1 in the request.")
    wrong = refused(upload.complete, part | {"ChecksumSHA256": base64_of(bytes(32))})
    assert said(wrong) == ("InvalidPart", 400)


def test_a_wrong_checksum_of_the_whole_is_refused(s3):
    upload = Uploading(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = upload.put(1, LAST, ChecksumAlgorithm="CRC32")
    assert said(refused(upload.complete, part, ChecksumCRC32=base64_of(b"1234"))) == ("BadDigest", 400)
    assert said(refused(upload.complete, part, ChecksumType="COMPOSITE")) == ("InvalidRequest", 400)
    right = base64_of(zlib.crc32(LAST).to_bytes(4, "big"))
    assert upload.complete(part, ChecksumCRC32=right, ChecksumType="FULL_OBJECT")["ChecksumCRC32"] == right


@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=-2", "0-1", "bytes=0-7", "bytes=3-2", "bytes=7-7"])
def test_a_range_to_be_copied_is_exact(s3, upload, wanted):
    s3.put_object(Bucket="box", Key="source", Body=LAST)
    error = refused(s3.upload_part_copy, **upload.named, PartNumber=1, CopySource="box/source", CopySourceRange=wanted)
    assert said(error) == ("InvalidArgument", 400)
    assert error["ArgumentName"] == "x-amz-copy-source-range"


# What is done


def test_a_part_is_copied_from_an_object(s3, upload):
    s3.put_object(Bucket="box", Key="source", Body=FIRST + b"tail")
    copied = s3.upload_part_copy(
        **upload.named, PartNumber=1, CopySource="box/source", CopySourceRange=f"bytes=0-{len(FIRST) - 1}"
    )["CopyPartResult"]
    assert copied["ETag"] == f'"{hashlib.md5(FIRST).hexdigest()}"'
    whole = s3.upload_part_copy(**upload.named, PartNumber=2, CopySource="box/source")["CopyPartResult"]
    s3.delete_object(Bucket="box", Key="source")
    upload.complete({"PartNumber": 1, "ETag": copied["ETag"]}, {"PartNumber": 2, "ETag": whole["ETag"]})
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == FIRST + FIRST + b"tail"


def test_a_part_is_copied_from_an_object_made_of_parts(s3, upload):
    upload.complete(upload.put(1, FIRST), upload.put(2, LAST))
    again = Uploading(s3)
    across = s3.upload_part_copy(
        **again.named, PartNumber=1, CopySource="box/key",
        CopySourceRange=f"bytes={len(FIRST) - 3}-{len(FIRST) + 2}",
    )["CopyPartResult"]  # fmt: skip
    again.complete({"PartNumber": 1, "ETag": across["ETag"]})
    assert s3.get_object(Bucket="box", Key="key")["Body"].read() == b"aaathe"


@pytest.mark.parametrize(("algorithm", "function"), [("SHA256", hashlib.sha256), ("SHA1", hashlib.sha1)])
def test_a_composite_checksum_is_one_of_checksums(s3, algorithm, function):
    upload = Uploading(s3, ChecksumAlgorithm=algorithm)
    assert upload.begun["ChecksumType"] == "COMPOSITE"
    parts = [upload.put(1, FIRST, ChecksumAlgorithm=algorithm), upload.put(2, LAST, ChecksumAlgorithm=algorithm)]
    name, raw = f"Checksum{algorithm}", function(FIRST).digest() + function(LAST).digest()
    made = upload.complete(*parts)
    assert (made[name], made["ChecksumType"]) == (f"{base64_of(function(raw).digest())}-2", "COMPOSITE")
    head = s3.head_object(Bucket="box", Key="key", ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (made[name], "COMPOSITE")
    part = s3.head_object(Bucket="box", Key="key", ChecksumMode="ENABLED", PartNumber=2)
    assert part[name] == base64_of(function(LAST).digest())


def test_a_checksum_of_the_whole_is_made_of_the_parts_without_reading_them(s3):
    upload = Uploading(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    made = upload.complete(
        upload.put(1, FIRST, ChecksumAlgorithm="CRC32"), upload.put(2, LAST, ChecksumAlgorithm="CRC32")
    )
    assert made["ChecksumCRC32"] == base64_of(zlib.crc32(FIRST + LAST).to_bytes(4, "big"))


def test_attributes_tell_of_the_parts(s3):
    upload = Uploading(s3, ChecksumAlgorithm="SHA256")
    upload.complete(*[upload.put(n, FIRST, ChecksumAlgorithm="SHA256") for n in (1, 2, 3)])
    wanted = {"Bucket": "box", "Key": "key", "ObjectAttributes": ["ObjectParts", "Checksum"]}
    shown = s3.get_object_attributes(**wanted, MaxParts=2)
    page = shown["ObjectParts"]
    of_parts = hashlib.sha256(hashlib.sha256(FIRST).digest() * 3).digest()
    assert shown["Checksum"] == {"ChecksumSHA256": base64_of(of_parts), "ChecksumType": "COMPOSITE"}
    assert (page["TotalPartsCount"], page["IsTruncated"], page["NextPartNumberMarker"]) == (3, True, 2)
    assert [part["PartNumber"] for part in page["Parts"]] == [1, 2]
    assert page["Parts"][0]["ChecksumSHA256"] == base64_of(hashlib.sha256(FIRST).digest())
    rest = s3.get_object_attributes(**wanted, MaxParts=2, PartNumberMarker=2)["ObjectParts"]
    assert [part["Size"] for part in rest["Parts"]] == [len(FIRST)]
    assert rest["IsTruncated"] is False


def test_parts_are_listed_by_page(s3, upload):
    for number in (1, 2, 5):
        upload.put(number, LAST)
    page = s3.list_parts(**upload.named, MaxParts=2)
    assert [part["PartNumber"] for part in page["Parts"]] == [1, 2]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 2, 2)
    assert page["Parts"][0]["ETag"] == f'"{hashlib.md5(LAST).hexdigest()}"'
    assert page["Parts"][0]["Size"] == 7
    assert page["StorageClass"] == "STANDARD"
    assert page["Initiator"]["ID"] == page["Owner"]["ID"]
    rest = s3.list_parts(**upload.named, MaxParts=2, PartNumberMarker=2)
    assert [part["PartNumber"] for part in rest["Parts"]] == [5]
    assert rest["IsTruncated"] is False


def test_uploads_under_way_are_listed_by_key_and_age(s3):
    begun = [(key, s3.create_multipart_upload(Bucket="box", Key=key)["UploadId"]) for key in "bab"]
    expected = [begun[1], begun[0], begun[2]]
    every = s3.list_multipart_uploads(Bucket="box")
    assert [(each["Key"], each["UploadId"]) for each in every["Uploads"]] == expected
    seen, marker = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket="box", MaxUploads=1, **marker)
        seen += [(each["Key"], each["UploadId"]) for each in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert seen == expected
    assert [each["Key"] for each in s3.list_multipart_uploads(Bucket="box", KeyMarker="a")["Uploads"]] == ["b", "b"]


def test_uploads_under_way_are_rolled_up_by_delimiter(s3):
    for key in ("a/1", "a/2", "b", "c/1", "d"):
        s3.create_multipart_upload(Bucket="box", Key=key)
    listed = s3.list_multipart_uploads(Bucket="box", Delimiter="/")
    assert [each["Key"] for each in listed["Uploads"]] == ["b", "d"]
    assert [each["Prefix"] for each in listed["CommonPrefixes"]] == ["a/", "c/"]
    assert [each["Key"] for each in s3.list_multipart_uploads(Bucket="box", Prefix="a/")["Uploads"]] == ["a/1", "a/2"]


def test_an_object_made_of_parts_is_copied_as_one(s3, upload, blobs):
    upload.complete(upload.put(1, FIRST), upload.put(2, LAST))
    copied = s3.copy_object(Bucket="box", Key="copy", CopySource="box/key")["CopyObjectResult"]
    assert copied["ETag"] == f'"{hashlib.md5(FIRST + LAST).hexdigest()}"'
    s3.delete_object(Bucket="box", Key="key")
    got = s3.get_object(Bucket="box", Key="copy", PartNumber=1)
    assert got["Body"].read() == FIRST + LAST
    assert "PartsCount" not in got
    s3.delete_object(Bucket="box", Key="copy")
    assert blobs() == 0


def test_parts_without_checksums_of_their_own_are_only_counted(s3, upload):
    upload.complete(upload.put(1, LAST))
    shown = s3.get_object_attributes(Bucket="box", Key="key", ObjectAttributes=["ObjectParts"])["ObjectParts"]
    assert shown == {"TotalPartsCount": 1}


def test_a_range_behind_the_end_of_the_source_is_no_part(s3, upload):
    s3.put_object(Bucket="box", Key="source", Body=b"0123456789")
    for wanted, code in (("bytes=11-12", "InvalidRequest"), ("bytes=5-11", "InvalidArgument")):
        error = refused(
            s3.upload_part_copy, **upload.named, PartNumber=1, CopySource="box/source", CopySourceRange=wanted
        )
        assert error["Code"] == code


def test_an_upload_is_completed_with_parts(s3, upload):
    error = refused(s3.complete_multipart_upload, **upload.named)
    assert (error["Code"], error["Message"]) == ("InvalidRequest", "You must specify at least one part")
    assert (
        refused(s3.complete_multipart_upload, **upload.named, MultipartUpload={"Parts": []})["Code"] == "MalformedXML"
    )


def test_every_page_of_uploads_tells_its_last_one(s3):
    empty = s3.list_multipart_uploads(Bucket="box")
    assert (empty["NextKeyMarker"], empty["NextUploadIdMarker"]) == ("", "")
    id = s3.create_multipart_upload(Bucket="box", Key="a")["UploadId"]
    page = s3.list_multipart_uploads(Bucket="box")
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextUploadIdMarker"]) == (False, "a", id)
