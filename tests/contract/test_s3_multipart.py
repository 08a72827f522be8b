"""Uploads in parts: begun, filled, completed or aborted, and what is made of them."""

import base64
import hashlib
import zlib
from datetime import timedelta

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MEBIBYTE = 1024 * 1024
FIRST, LAST = b"a" * (5 * MEBIBYTE), b"the end"


@pytest.fixture
def s3(aws):
    """A client that adds no checksums of its own, and the bucket `box`."""
    plain = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    client = aws("s3", "us-east-1", plain)
    client.create_bucket(Bucket="box")
    return client


@pytest.fixture
def blobs(cloud):
    """How many blobs there are."""
    return lambda: cloud.run(lambda: cloud.cloud.store.read("SELECT count(*) FROM blob").fetchone()[0])


class Uploading:
    """An upload under way."""

    def __init__(self, s3, **params):
        self.s3 = s3
        self.begun = s3.create_multipart_upload(Bucket="box", Key="key", **params)
        self.named = {"Bucket": "box", "Key": "key", "UploadId": self.begun["UploadId"]}

    def put(self, number: int, content: bytes, **params) -> dict:
        put = self.s3.upload_part(**self.named, PartNumber=number, Body=content, **params)
        checksums = {name: value for name, value in put.items() if name.startswith("Checksum") and "Type" not in name}
        return {"PartNumber": number, "ETag": put["ETag"]} | checksums

    def complete(self, *parts: dict, **params) -> dict:
        listed = [{name: value for name, value in part.items() if name != "ChecksumCRC64NVME"} for part in parts]
        return self.s3.complete_multipart_upload(**self.named, MultipartUpload={"Parts": listed}, **params)


@pytest.fixture
def upload(s3):
    return Uploading(s3)


def refused(call, *args, **params) -> dict:
    """The error with which a call is refused, its HTTP status among it."""
    with pytest.raises(ClientError) as refusal:
        call(*args, **params)
    response = refusal.value.response
    return response["Error"] | {"Status": response["ResponseMetadata"]["HTTPStatusCode"]}


def said(error: dict) -> tuple[str, int]:
    return error["Code"], error["Status"]


def etag_of(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


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
    page = s3.get_object_attributes(**wanted, MaxParts=2)["ObjectParts"]
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
