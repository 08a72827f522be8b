"""S3: encryption with keys that the customer brings (SSE-C)."""

import base64
import hashlib

import pytest

from tests.contract.s3_box import body, refused, said, with_a_box

ONE, OTHER = b"1" * 32, b"2" * 32
HEADER = "x-amz-server-side-encryption"


def key(raw=ONE, prefix="", **instead):
    """A key as boto3 takes it, which writes it in base64 and adds its MD5 unless that is there."""
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": raw, **instead}


def md5(raw=ONE):
    return base64.b64encode(hashlib.md5(raw).digest()).decode()


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


@pytest.fixture
def sealed(s3):
    """A client of a bucket with an object that needs a key."""
    s3.put_object(Bucket="box", Key="a", Body=b"secret", **key())
    return s3


# What is refused


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"SSECustomerAlgorithm": "AES256"}, "InvalidArgument", "must provide an appropriate secret key."),
        ({"SSECustomerKey": ONE}, "InvalidArgument", "must provide a valid encryption algorithm."),
        (key(SSECustomerAlgorithm="ROT13"), "InvalidEncryptionAlgorithmError", "Supported value: AES256."),
        (key(b"short"), "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        (
            key(base64.b64encode(ONE).decode(), SSECustomerKeyMD5=md5(OTHER)),
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match",
        ),
        (key(ServerSideEncryption="AES256"), "InvalidArgument", "is incompatible with the encryption method"),
    ],
)
def test_a_key_that_is_not_brought_whole_is_refused(s3, wrong, code, words):
    error = refused(s3.put_object, Bucket="box", Key="a", Body=b"1", **wrong)
    assert (said(error), error["ArgumentName"]) == ((code, 400), HEADER)
    assert words in error["Message"]


def test_without_the_key_nothing_is_read(sealed):
    error = refused(sealed.get_object, Bucket="box", Key="a")
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"].startswith("The object was stored using a form of Server Side Encryption.")
    assert refused(sealed.head_object, Bucket="box", Key="a")["Status"] == 400
    assert said(refused(sealed.get_object, Bucket="box", Key="a", **key(OTHER))) == ("AccessDenied", 403)
    assert refused(sealed.copy_object, Bucket="box", Key="b", CopySource="box/a")["Code"] == "InvalidRequest"
    attributes = {"Bucket": "box", "Key": "a", "ObjectAttributes": ["ETag"]}
    assert refused(sealed.get_object_attributes, **attributes)["Code"] == "InvalidRequest"


def test_a_key_is_no_use_where_none_is_needed(s3):
    s3.put_object(Bucket="box", Key="plain", Body=b"1")
    error = refused(s3.get_object, Bucket="box", Key="plain", **key())
    assert error["Message"] == "The encryption parameters are not applicable to this object."


def test_parts_come_with_the_key_of_their_upload(s3):
    upload = s3.create_multipart_upload(Bucket="box", Key="a", **key())["UploadId"]
    part = {"Bucket": "box", "Key": "a", "UploadId": upload, "PartNumber": 1, "Body": b"1"}
    assert refused(s3.upload_part, **part)["Message"].startswith("The multipart upload initiate requested encryption.")
    error = refused(s3.upload_part, **part, **key(OTHER))
    assert error["Message"] == "The provided encryption parameters did not match the ones used originally."


def test_a_bucket_can_block_such_keys(s3):
    default = {"SSEAlgorithm": "AES256"}
    blocked = {"EncryptionType": ["SSE-C"]}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": False, "BlockedEncryptionTypes": blocked}
    s3.put_bucket_encryption(Bucket="box", ServerSideEncryptionConfiguration={"Rules": [rule]})
    kept = s3.get_bucket_encryption(Bucket="box")["ServerSideEncryptionConfiguration"]["Rules"]
    assert kept == [rule]
    assert said(refused(s3.put_object, Bucket="box", Key="a", Body=b"1", **key())) == ("AccessDenied", 403)
    s3.put_object(Bucket="box", Key="a", Body=b"1")


# What is done


def test_what_was_put_with_a_key_is_read_with_it(s3):
    made = s3.put_object(Bucket="box", Key="a", Body=b"secret", **key())
    assert (made["SSECustomerAlgorithm"], made["SSECustomerKeyMD5"]) == ("AES256", md5())
    assert "ServerSideEncryption" not in made
    assert made["ETag"].strip('"') != hashlib.md5(b"secret").hexdigest()
    got = s3.get_object(Bucket="box", Key="a", **key())
    assert (body(got), got["SSECustomerKeyMD5"]) == (b"secret", md5())
    assert s3.head_object(Bucket="box", Key="a", **key())["SSECustomerAlgorithm"] == "AES256"


def test_copies_go_from_key_to_key(sealed):
    sealed.copy_object(Bucket="box", Key="b", CopySource="box/a", **key(prefix="CopySource"), **key(OTHER))
    assert body(sealed.get_object(Bucket="box", Key="b", **key(OTHER))) == b"secret"
    sealed.copy_object(Bucket="box", Key="open", CopySource="box/a", **key(prefix="CopySource"))
    got = sealed.get_object(Bucket="box", Key="open")
    assert (body(got), got["ServerSideEncryption"]) == (b"secret", "AES256")


def test_an_upload_in_parts_has_one_key(sealed):
    began = sealed.create_multipart_upload(Bucket="box", Key="big", **key())
    assert began["SSECustomerKeyMD5"] == md5()
    named = {"Bucket": "box", "Key": "big", "UploadId": began["UploadId"]}
    first = sealed.upload_part(**named, PartNumber=1, Body=b"x" * 5 * 1024**2, **key())
    copied = sealed.upload_part_copy(
        **named, PartNumber=2, CopySource="box/a", **key(), **key(prefix="CopySource")
    )["CopyPartResult"]  # fmt: skip
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": copied["ETag"]}]
    sealed.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    assert body(sealed.get_object(Bucket="box", Key="big", **key())).endswith(b"xsecret")


# What happens next


def test_an_object_is_given_another_key_by_copying_it_onto_itself(sealed):
    sealed.copy_object(Bucket="box", Key="a", CopySource="box/a", **key(prefix="CopySource"), **key(OTHER))
    assert body(sealed.get_object(Bucket="box", Key="a", **key(OTHER))) == b"secret"
    assert refused(sealed.get_object, Bucket="box", Key="a", **key())["Code"] == "AccessDenied"


def test_listings_need_no_key(sealed):
    assert [each["Key"] for each in sealed.list_objects_v2(Bucket="box")["Contents"]] == ["a"]
    sealed.delete_object(Bucket="box", Key="a")
