"""Buckets: making, finding and deleting them, their region and versioning."""

import pytest
from botocore import xform_name

from tests.contract.s3_box import refused


@pytest.fixture
def s3(aws):
    return aws("s3", "us-east-1")


def located(region: str) -> dict:
    return {"LocationConstraint": region}


# What is refused


@pytest.mark.parametrize(
    "name",
    [
        "ab", "a" * 64, "Upper", "under_score", "-start", "end-", "two..dots", "192.168.0.1", "xn--abc", "sthree-abc",
        "amzn-s3-demo-bucket", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--table-s3", "abc-an",
    ],
)  # fmt: skip
def test_a_bucket_may_not_have_every_name(s3, name):
    error = refused(s3.create_bucket, Bucket=name)
    assert (error["Code"], error["Status"]) == ("InvalidBucketName", 400)
    assert error["Message"] == "The specified bucket is not valid."
    assert error["BucketName"] == name


@pytest.mark.parametrize(
    ("region", "constraint", "code"),
    [
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("us-east-1", "the-moon", "InvalidLocationConstraint"),
        ("eu-west-1", "us-west-2", "IllegalLocationConstraintException"),
        ("eu-west-1", "us-east-1", "IllegalLocationConstraintException"),
    ],
)
def test_a_bucket_is_made_where_the_endpoint_allows(aws, region, constraint, code):
    error = refused(aws("s3", region).create_bucket, Bucket="here", CreateBucketConfiguration=located(constraint))
    assert error["Code"] == code
    assert error["Status"] == 400


def test_outside_the_first_region_a_location_must_be_stated(aws):
    error = refused(aws("s3", "eu-west-1").create_bucket, Bucket="here")
    assert error["Code"] == "IllegalLocationConstraintException"
    assert error["Message"] == (
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
    )


def test_a_bucket_of_ones_own_outside_the_first_region_is_not_made_twice(aws):
    s3 = aws("s3", "eu-west-1")
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration=located("eu-west-1"))
    error = refused(s3.create_bucket, Bucket="mine", CreateBucketConfiguration=located("eu-west-1"))
    assert (error["Code"], error["Status"], error["BucketName"]) == ("BucketAlreadyOwnedByYou", 409, "mine")


def test_directory_buckets_are_refused_in_words(s3):
    error = refused(
        s3.create_bucket, Bucket="fast",
        CreateBucketConfiguration={"Location": {"Type": "AvailabilityZone", "Name": "use1-az5"}},
    )  # fmt: skip
    assert (error["Code"], error["Status"]) == ("NotSupported", 501)
    assert "directory buckets" in error["Message"]


def test_an_object_ownership_that_does_not_exist_is_refused(s3):
    error = refused(s3.create_bucket, Bucket="owned", ObjectOwnership="Nobody")
    assert error["Code"] == "InvalidArgument"


@pytest.mark.parametrize("operation", ["GetBucketLocation", "GetBucketVersioning", "DeleteBucket", "ListObjectsV2"])
def test_a_bucket_that_does_not_exist_is_not_found(s3, operation):
    error = refused(getattr(s3, xform_name(operation)), Bucket="nowhere")
    assert (error["Code"], error["Status"]) == ("NoSuchBucket", 404)
    assert error["Message"] == "The specified bucket does not exist"
    assert error["BucketName"] == "nowhere"


def test_head_bucket_says_404_without_a_body(s3):
    assert refused(s3.head_bucket, Bucket="nowhere")["Code"] == "404"


def test_a_bucket_of_somebody_else_than_expected_is_refused(s3):
    s3.create_bucket(Bucket="mine")
    error = refused(s3.get_bucket_location, Bucket="mine", ExpectedBucketOwner="999999999999")
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert s3.get_bucket_location(Bucket="mine", ExpectedBucketOwner="000000000000")


def test_a_bucket_with_objects_is_not_deleted(s3):
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="key")
    error = refused(s3.delete_bucket, Bucket="full")
    assert (error["Code"], error["Status"]) == ("BucketNotEmpty", 409)
    assert error["Message"] == "The bucket you tried to delete is not empty"


def test_a_bucket_with_old_versions_is_not_deleted(s3):
    s3.create_bucket(Bucket="full")
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="full", Key="key")
    s3.delete_object(Bucket="full", Key="key")
    assert "KeyCount" in s3.list_objects_v2(Bucket="full")
    error = refused(s3.delete_bucket, Bucket="full")
    assert (
        error["Message"] == "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
    )


def test_versioning_takes_two_words_only(s3):
    s3.create_bucket(Bucket="versions")
    for configuration, code in (
        ({"Status": "Perhaps"}, "MalformedXML"),
        ({}, "IllegalVersioningConfigurationException"),
        ({"Status": "Enabled", "MFADelete": "Enabled"}, "NotSupported"),
    ):
        assert (
            refused(s3.put_bucket_versioning, Bucket="versions", VersioningConfiguration=configuration)["Code"] == code
        )
    assert "Status" not in s3.get_bucket_versioning(Bucket="versions")


def test_a_bucket_with_object_lock_keeps_its_versions(s3):
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    assert s3.get_bucket_versioning(Bucket="locked")["Status"] == "Enabled"
    error = refused(s3.put_bucket_versioning, Bucket="locked", VersioningConfiguration={"Status": "Suspended"})
    assert (error["Code"], error["Status"]) == ("InvalidBucketState", 409)


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_page_of_buckets_has_bounds(s3, number):
    assert refused(s3.list_buckets, MaxBuckets=number)["Code"] == "InvalidArgument"


def test_a_page_of_buckets_wants_a_token_that_was_given(s3):
    assert refused(s3.list_buckets, ContinuationToken="invented")["Code"] == "InvalidArgument"


# What is done


def test_a_bucket_is_made_and_found(s3):
    made = s3.create_bucket(Bucket="made")
    assert made["Location"] == "/made"
    assert made["BucketArn"] == "arn:aws:s3:::made"
    head = s3.head_bucket(Bucket="made")
    assert head["BucketRegion"] == "us-east-1"
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"
    assert s3.get_bucket_location(Bucket="made")["LocationConstraint"] is None


def test_a_bucket_is_made_elsewhere(s3):
    made = s3.create_bucket(Bucket="away", CreateBucketConfiguration=located("eu-central-1"))
    assert made["Location"] == "http://away.s3.amazonaws.com/"
    assert s3.get_bucket_location(Bucket="away")["LocationConstraint"] == "eu-central-1"


def test_the_first_location_in_europe_has_an_old_name(s3):
    s3.create_bucket(Bucket="old", CreateBucketConfiguration=located("EU"))
    assert s3.head_bucket(Bucket="old")["BucketRegion"] == "eu-west-1"


def test_in_the_first_region_the_owner_may_make_a_bucket_again(s3):
    s3.create_bucket(Bucket="again")
    s3.put_object(Bucket="again", Key="kept")
    s3.create_bucket(Bucket="again")
    assert s3.list_objects_v2(Bucket="again")["KeyCount"] == 1


def test_a_name_in_the_accounts_own_namespace_tells_account_and_region(s3):
    name = "mine-000000000000-us-east-1-an"
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional")
    assert s3.head_bucket(Bucket=name)
    assert refused(s3.create_bucket, Bucket="mine", BucketNamespace="account-regional")["Code"] == "InvalidBucketName"


def test_buckets_are_listed_by_name_and_page(aws):
    s3 = aws("s3", "us-east-1")
    for name in ("cedar", "ash", "birch"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket="beech", CreateBucketConfiguration=located("eu-west-1"))
    every = s3.list_buckets()
    assert [bucket["Name"] for bucket in every["Buckets"]] == ["ash", "beech", "birch", "cedar"]
    assert len(every["Owner"]["ID"]) == 64
    first = s3.list_buckets(MaxBuckets=3)
    assert [bucket["Name"] for bucket in first["Buckets"]] == ["ash", "beech", "birch"]
    second = s3.list_buckets(MaxBuckets=3, ContinuationToken=first["ContinuationToken"])
    assert [bucket["Name"] for bucket in second["Buckets"]] == ["cedar"]
    assert "ContinuationToken" not in second


def test_buckets_are_listed_by_prefix_and_region(s3):
    s3.create_bucket(Bucket="log-a")
    s3.create_bucket(Bucket="log-b", CreateBucketConfiguration=located("eu-west-1"))
    s3.create_bucket(Bucket="data")
    assert [bucket["Name"] for bucket in s3.list_buckets(Prefix="log-")["Buckets"]] == ["log-a", "log-b"]
    [only] = s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]
    assert (only["Name"], only["BucketRegion"], only["BucketArn"]) == ("log-b", "eu-west-1", "arn:aws:s3:::log-b")


def test_versioning_is_off_then_on_then_suspended(s3):
    s3.create_bucket(Bucket="versions")
    assert "Status" not in s3.get_bucket_versioning(Bucket="versions")
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket="versions")["Status"] == status


# What happens next


def test_a_bucket_that_is_deleted_is_gone(s3):
    s3.create_bucket(Bucket="brief")
    s3.delete_bucket(Bucket="brief")
    assert refused(s3.head_bucket, Bucket="brief")["Code"] == "404"
    assert s3.list_buckets()["Buckets"] == []


def test_a_name_is_free_again_after_its_bucket_and_nothing_of_it_remains(s3):
    s3.create_bucket(Bucket="brief")
    upload = s3.create_multipart_upload(Bucket="brief", Key="begun")["UploadId"]
    s3.upload_part(Bucket="brief", Key="begun", UploadId=upload, PartNumber=1, Body=b"part")
    s3.delete_bucket(Bucket="brief")
    s3.create_bucket(Bucket="brief")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="brief")


def test_a_bucket_can_be_reached_from_every_region(aws):
    aws("s3", "eu-west-1").create_bucket(Bucket="far", CreateBucketConfiguration=located("eu-west-1"))
    aws("s3", "ap-south-1").put_object(Bucket="far", Key="key", Body=b"from afar")
    assert aws("s3", "us-east-1").get_object(Bucket="far", Key="key")["Body"].read() == b"from afar"


def test_listings_and_heads_tell_the_region_of_a_bucket(s3):
    s3.create_bucket(Bucket="somewhere")
    for answer in (s3.list_objects(Bucket="somewhere"), s3.list_objects_v2(Bucket="somewhere"),
                   s3.head_bucket(Bucket="somewhere")):  # fmt: skip
        assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"


def test_an_empty_configuration_is_none(s3):
    assert refused(s3.create_bucket, Bucket="somewhere", CreateBucketConfiguration={})["Code"] == "MalformedXML"
