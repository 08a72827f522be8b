"""S3: encryption with the keys of KMS."""

import json
from base64 import b64encode

import pytest

from tests.contract.s3_box import refused

KMS = {"ServerSideEncryption": "aws:kms"}


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="safe")
    return client


@pytest.fixture
def kms(aws):
    return aws("kms", region="us-east-1")


@pytest.fixture
def key(kms):
    """The ARN of a customer's key."""
    return kms.create_key(Description="for the safe")["KeyMetadata"]["Arn"]


def by_default(s3, **rule):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **rule.pop("key", {})}, **rule}
    s3.put_bucket_encryption(Bucket="safe", ServerSideEncryptionConfiguration={"Rules": [rule]})


# What is refused


def test_a_key_that_does_not_exist_encrypts_nothing(s3):
    missing = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012"
    error = refused(s3.put_object, Bucket="safe", Key="a", Body=b"1", SSEKMSKeyId=missing, **KMS)
    assert (error["Code"], error["Status"]) == ("KMS.NotFoundException", 400)
    assert refused(s3.get_object, Bucket="safe", Key="a")["Code"] == "NoSuchKey"


def test_a_context_must_be_a_map_of_strings(s3, key):
    context = b64encode(b'{"a": 1}').decode()
    error = refused(
        s3.put_object, Bucket="safe", Key="a", Body=b"1", SSEKMSKeyId=key, SSEKMSEncryptionContext=context, **KMS
    )
    assert error["Code"] == "InvalidArgument"


# What is done


def test_an_object_is_encrypted_with_the_key_that_it_names(s3, kms, key):
    alias = "alias/safe"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    for name in (key, key.rpartition("/")[2], alias):
        answer = s3.put_object(Bucket="safe", Key="a", Body=b"text", SSEKMSKeyId=name, **KMS)
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)
    answer = s3.get_object(Bucket="safe", Key="a")
    assert (answer["Body"].read(), answer["SSEKMSKeyId"]) == (b"text", key)
    assert "1cb251ec0d568de6a929b520c4aed8d1" not in answer["ETag"]  # the MD5 of the text


def test_without_a_name_it_is_the_key_that_aws_manages(s3, kms):
    arn = s3.put_object(Bucket="safe", Key="a", Body=b"text", **KMS)["SSEKMSKeyId"]
    described = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert described["KeyManager"] == "AWS"
    assert s3.get_object(Bucket="safe", Key="a")["Body"].read() == b"text"


def test_a_bucket_encrypts_by_default_with_its_key(s3, key):
    by_default(s3, key={"KMSMasterKeyID": key}, BucketKeyEnabled=True)
    answer = s3.put_object(Bucket="safe", Key="a", Body=b"text")
    assert (answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]) == (key, True)
    answer = s3.put_object(Bucket="safe", Key="b", Body=b"text", ServerSideEncryption="AES256")
    assert answer["ServerSideEncryption"] == "AES256"
    assert "SSEKMSKeyId" not in answer
    s3.copy_object(Bucket="safe", Key="c", CopySource={"Bucket": "safe", "Key": "b"})
    assert s3.head_object(Bucket="safe", Key="c")["SSEKMSKeyId"] == key


def test_an_upload_in_parts_is_encrypted_as_a_whole(s3, key):
    upload = s3.create_multipart_upload(Bucket="safe", Key="a", SSEKMSKeyId=key, **KMS)["UploadId"]
    part = s3.upload_part(Bucket="safe", Key="a", UploadId=upload, PartNumber=1, Body=b"text")
    assert part["SSEKMSKeyId"] == key
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="safe", Key="a", UploadId=upload, MultipartUpload=parts)
    answer = s3.get_object(Bucket="safe", Key="a")
    assert (answer["SSEKMSKeyId"], answer["Body"].read()) == (key, b"text")


# What happens next


def test_while_the_key_is_disabled_nothing_can_be_read_or_written(s3, kms, key):
    s3.put_object(Bucket="safe", Key="a", Body=b"text", SSEKMSKeyId=key, **KMS)
    kms.disable_key(KeyId=key)
    assert refused(s3.get_object, Bucket="safe", Key="a")["Code"] == "KMS.DisabledException"
    source = {"Bucket": "safe", "Key": "a"}
    assert refused(s3.copy_object, Bucket="safe", Key="b", CopySource=source)["Code"] == "KMS.DisabledException"
    error = refused(s3.put_object, Bucket="safe", Key="a", Body=b"1", SSEKMSKeyId=key, **KMS)
    assert error["Code"] == "KMS.DisabledException"
    assert s3.head_object(Bucket="safe", Key="a")["SSEKMSKeyId"] == key
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket="safe", Key="a")["Body"].read() == b"text"


def test_who_may_not_use_the_key_may_not_read_what_it_encrypts(aws, s3, key):
    iam = aws("iam", region="us-east-1")
    iam.create_user(UserName="reader")
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_user_policy(
        UserName="reader", PolicyName="all", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    )
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = aws(
        "s3", region="us-east-1", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
    s3.put_object(Bucket="safe", Key="theirs", Body=b"text", SSEKMSKeyId=key, **KMS)
    s3.put_object(Bucket="safe", Key="everyones", Body=b"text", **KMS)
    assert reader.get_object(Bucket="safe", Key="everyones")["Body"].read() == b"text"
    error = refused(reader.get_object, Bucket="safe", Key="theirs")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert "kms:Decrypt" in error["Message"]
    error = refused(reader.put_object, Bucket="safe", Key="mine", Body=b"1", SSEKMSKeyId=key, **KMS)
    assert "kms:GenerateDataKey" in error["Message"]


def test_an_object_of_another_key_names_it_again_when_it_is_copied(s3, kms, key):
    s3.put_object(Bucket="safe", Key="a", Body=b"text", SSEKMSKeyId=key, **KMS)
    other = kms.create_key()["KeyMetadata"]["Arn"]
    s3.copy_object(Bucket="safe", Key="b", CopySource={"Bucket": "safe", "Key": "a"}, SSEKMSKeyId=other, **KMS)
    assert s3.head_object(Bucket="safe", Key="b")["SSEKMSKeyId"] == other
    kms.disable_key(KeyId=key)
    assert s3.get_object(Bucket="safe", Key="b")["Body"].read() == b"text"
