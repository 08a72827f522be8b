"""S3: the settings of buckets: encryption, tags, and what is not there."""

import json

import pytest

from tests.contract.s3_box import refused

NO_BLOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="shelf")
    return client


# Encryption


def test_a_new_bucket_encrypts_with_the_keys_of_s3(s3):
    rules = s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([{"BucketKeyEnabled": True}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}] * 2, "MalformedXML"),
        (
            [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}],
            "InvalidArgument",
        ),
    ],
)
def test_an_encryption_that_s3_does_not_have_is_refused(s3, rules, code):
    configuration = {"Rules": rules}
    error = refused(s3.put_bucket_encryption, Bucket="shelf", ServerSideEncryptionConfiguration=configuration)
    assert error["Code"] == code


def test_deleting_the_encryption_brings_the_default_back(s3):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="shelf", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    s3.delete_bucket_encryption(Bucket="shelf")
    kept = s3.get_bucket_encryption(Bucket="shelf")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert kept["BucketKeyEnabled"] is False


def test_an_object_cannot_ask_for_an_encryption_that_does_not_exist(s3):
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", ServerSideEncryption="rot13")
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-server-side-encryption")
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", SSEKMSKeyId="k")
    assert error["Code"] == "InvalidArgument"


# Tags


def tags(**pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs.items()]}


def test_a_bucket_without_tags_says_so(s3):
    error = refused(s3.get_bucket_tagging, Bucket="shelf")
    assert (error["Code"], error["BucketName"], error["Status"]) == ("NoSuchTagSet", "shelf", 404)


def test_the_tags_of_a_bucket_are_replaced_as_a_whole(s3):
    answer = s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(team="red", stage=""))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket="shelf")["TagSet"] == tags(stage="", team="red")["TagSet"]
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(only="one"))
    assert s3.get_bucket_tagging(Bucket="shelf")["TagSet"] == tags(only="one")["TagSet"]
    s3.delete_bucket_tagging(Bucket="shelf")
    assert refused(s3.get_bucket_tagging, Bucket="shelf")["Code"] == "NoSuchTagSet"


@pytest.mark.parametrize(
    ("tag_set", "message"),
    [
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("k" * 129, "1")], "The TagKey you have provided is invalid"),
        ([("", "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
        ([("a", "v" * 257)], "The TagValue you have provided is invalid"),
        ([("aws:a", "1")], "System tags cannot be added/updated by requester"),
    ],
)
def test_what_cannot_be_a_tag_is_refused(s3, tag_set, message):
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tag_set]}
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging=tagging)
    assert (error["Code"], error["Message"]) == ("InvalidTag", message)


def test_a_bucket_has_fifty_tags_at_most_and_an_object_ten(s3):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1")
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(**{f"k{n}": "v" for n in range(50)}))
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging=tags(**{f"k{n}": "v" for n in range(51)}))
    assert error["Message"] == "Bucket tag count cannot be greater than 50"
    s3.put_object_tagging(Bucket="shelf", Key="a", Tagging=tags(**{f"k{n}": "v" for n in range(10)}))
    eleven = tags(**{f"k{n}": "v" for n in range(11)})
    error = refused(s3.put_object_tagging, Bucket="shelf", Key="a", Tagging=eleven)
    assert (error["Code"], error["Message"]) == ("BadRequest", "Object tags cannot be greater than 10")


def test_an_object_is_tagged_by_the_header_that_made_it(s3):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1", Tagging="b=2&a=x%20y&c")
    assert s3.get_object_tagging(Bucket="shelf", Key="a")["TagSet"] == tags(a="x y", b="2", c="")["TagSet"]
    assert s3.get_object(Bucket="shelf", Key="a")["TagCount"] == 3
    s3.delete_object_tagging(Bucket="shelf", Key="a")
    assert s3.get_object_tagging(Bucket="shelf", Key="a")["TagSet"] == []
    assert "TagCount" not in s3.get_object(Bucket="shelf", Key="a")


@pytest.mark.parametrize("header", ["a=1&a=2", "a=1,b=2=3", "TagSet=[{Key=a,Value=b}]"])
def test_a_tagging_header_that_is_no_query_string_is_refused(s3, header):
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", Tagging=header)
    assert (error["Code"], error["ArgumentValue"]) == ("InvalidArgument", header)


def test_tags_belong_to_a_version_and_a_delete_marker_has_none(s3):
    s3.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="shelf", Key="a", Body=b"1", Tagging="v=1")["VersionId"]
    second = s3.put_object(Bucket="shelf", Key="a", Body=b"2", Tagging="v=2")["VersionId"]
    answer = s3.put_object_tagging(Bucket="shelf", Key="a", Tagging=tags(v="two"))
    assert answer["VersionId"] == second
    assert s3.get_object_tagging(Bucket="shelf", Key="a", VersionId=first)["TagSet"] == tags(v="1")["TagSet"]
    s3.delete_object(Bucket="shelf", Key="a")
    error = refused(s3.get_object_tagging, Bucket="shelf", Key="a")
    assert (error["Code"], error["Method"], error["ResourceType"]) == ("MethodNotAllowed", "GET", "DeleteMarker")


def test_the_tags_of_what_is_not_there_cannot_be_asked_for(s3):
    assert refused(s3.get_object_tagging, Bucket="shelf", Key="nothing")["Code"] == "NoSuchKey"
    assert refused(s3.put_bucket_tagging, Bucket="nowhere", Tagging=tags(a="1"))["Code"] == "NoSuchBucket"


def test_a_tag_set_that_lacks_a_value_is_malformed(s3):
    error = refused(s3.put_bucket_tagging, Bucket="shelf", Tagging={"TagSet": [{"Key": "a"}]})
    assert error["Code"] == "MalformedXML"


# What a bucket has not


def test_a_bucket_answers_truly_for_what_it_does_not_have(s3):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="shelf")
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket="shelf")
    assert s3.get_bucket_request_payment(Bucket="shelf")["Payer"] == "BucketOwner"
    assert s3.list_bucket_metrics_configurations(Bucket="shelf")["IsTruncated"] is False
    for listing in ("analytics", "inventory", "intelligent_tiering"):
        answer = getattr(s3, f"list_bucket_{listing}_configurations")(Bucket="shelf")
        assert answer["IsTruncated"] is False


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("get_bucket_cors", {}, "NoSuchCORSConfiguration"),
        ("get_bucket_lifecycle_configuration", {}, "NoSuchLifecycleConfiguration"),
        ("get_bucket_replication", {}, "ReplicationConfigurationNotFoundError"),
        ("get_bucket_website", {}, "NoSuchWebsiteConfiguration"),
        ("get_object_lock_configuration", {}, "ObjectLockConfigurationNotFoundError"),
        ("get_bucket_metrics_configuration", {"Id": "m"}, "NoSuchConfiguration"),
        ("get_bucket_inventory_configuration", {"Id": "m"}, "NoSuchConfiguration"),
    ],
)
def test_a_setting_that_was_never_made_is_not_found(s3, method, params, code):
    error = refused(getattr(s3, method), Bucket="shelf", **params)
    assert (error["Code"], error["Status"]) == (code, 404)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("put_bucket_analytics_configuration", {"Id": "m", "AnalyticsConfiguration": {"Id": "m"}}),
    ],
)
def test_a_setting_that_would_do_nothing_is_refused_in_words(s3, method, params):
    error = refused(getattr(s3, method), Bucket="shelf", **params)
    assert (error["Code"], error["Status"]) == ("NotSupported", 501)
    assert "not supported by Glasshouse" in error["Message"]


# What happens next


def test_a_bucket_made_anew_has_none_of_the_old_settings(s3):
    s3.put_bucket_tagging(Bucket="shelf", Tagging=tags(a="1"))
    s3.put_public_access_block(Bucket="shelf", PublicAccessBlockConfiguration=NO_BLOCKS)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::shelf"}
    s3.put_bucket_policy(Bucket="shelf", Policy=json.dumps({"Statement": [statement]}))
    s3.delete_bucket(Bucket="shelf")
    s3.create_bucket(Bucket="shelf")
    assert refused(s3.get_bucket_tagging, Bucket="shelf")["Code"] == "NoSuchTagSet"
    assert refused(s3.get_bucket_policy, Bucket="shelf")["Code"] == "NoSuchBucketPolicy"
    assert s3.get_public_access_block(Bucket="shelf")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True


def test_settings_are_only_for_the_expected_owner(s3):
    error = refused(s3.get_bucket_acl, Bucket="shelf", ExpectedBucketOwner="999999999999")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    s3.get_bucket_acl(Bucket="shelf", ExpectedBucketOwner="000000000000")
