"""S3: server access logs."""

import json
import re

import pytest

from tests.contract.events_box import other_account
from tests.contract.s3_box import refused

SOURCE, TARGET, ACCOUNT = "shop", "shop-logs", "000000000000"
FIELDS = re.compile(r'"[^"]*"|\[[^\]]*\]|\S+')
DELIVERED_S = 61


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    for bucket in (SOURCE, TARGET):
        client.create_bucket(Bucket=bucket)
    return client


@pytest.fixture
def logging(s3):
    """A bucket whose log goes into another, which lets the log delivery service in."""
    let_in(s3)
    enable(s3)
    return s3


def let_in(s3, **condition):
    statement = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
                 "Resource": f"arn:aws:s3:::{TARGET}/*", **condition}  # fmt: skip
    s3.put_bucket_policy(Bucket=TARGET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def enable(s3, target=TARGET, prefix="log/", **more):
    enabled = {"TargetBucket": target, "TargetPrefix": prefix, **more}
    s3.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus={"LoggingEnabled": enabled})


def log_keys(cloud, s3):
    cloud.clock.advance(DELIVERED_S)
    return [each["Key"] for each in s3.list_objects_v2(Bucket=TARGET).get("Contents", ())]


def log_lines(cloud, s3):
    """The fields of all lines that were delivered."""
    bodies = [s3.get_object(Bucket=TARGET, Key=key)["Body"].read().decode() for key in log_keys(cloud, s3)]
    return [FIELDS.findall(line) for body in bodies for line in body.splitlines()]


def line_of(cloud, s3, operation):
    return next(line for line in log_lines(cloud, s3) if line[6] == operation)


# What is refused


def test_a_target_that_is_not_there_is_refused(s3):
    error = refused(enable, s3, target="nowhere-at-all")
    assert (error["Code"], error["Status"]) == ("InvalidTargetBucketForLogging", 400)
    assert error["Message"] == "The target bucket for logging does not exist"
    assert error["TargetBucket"] == "nowhere-at-all"


def test_the_target_must_be_in_the_same_region(aws, s3):
    aws("s3", region="eu-west-1").create_bucket(
        Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    error = refused(enable, s3, target="far")
    assert (error["Code"], error["Status"]) == ("CrossLocationLoggingProhibitted", 403)
    assert error["TargetBucketLocation"] == "eu-west-1"


def test_the_target_must_be_of_the_same_owner(cloud, aws, s3):
    other_account(cloud, aws)("s3", region="us-east-1").create_bucket(Bucket="of-others")
    error = refused(enable, s3, target="of-others")
    assert error["Message"] == "The owner for the bucket to be logged and the target bucket must be the same."


def test_where_acls_count_the_log_delivery_group_must_be_let_in(s3):
    s3.create_bucket(Bucket="old-logs", ObjectOwnership="ObjectWriter")
    error = refused(enable, s3, target="old-logs")
    assert error["Code"] == "InvalidTargetBucketForLogging"
    assert error["Message"].startswith("You must give the log-delivery group WRITE and READ_ACP permissions")
    s3.put_bucket_acl(Bucket="old-logs", ACL="log-delivery-write")
    enable(s3, target="old-logs")


@pytest.mark.parametrize(
    "wrong",
    [
        {"TargetGrants": [{"Grantee": {"Type": "CanonicalUser", "ID": "0" * 64}, "Permission": "DANCE"}]},
        {"TargetObjectKeyFormat": {"SimplePrefix": {}, "PartitionedPrefix": {"PartitionDateSource": "EventTime"}}},
        {"TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "NoTime"}}},
    ],
)
def test_what_is_no_logging_status_is_malformed(s3, wrong):
    assert refused(enable, s3, **wrong)["Code"] == "MalformedXML"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=SOURCE)


# What is done


def test_logging_is_shown_as_it_was_put_and_can_be_taken_back(s3):
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": "0" * 64}, "Permission": "READ"}
    partitioned = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    enable(s3, TargetGrants=[grant], TargetObjectKeyFormat=partitioned)
    kept = s3.get_bucket_logging(Bucket=SOURCE)["LoggingEnabled"]
    assert (kept["TargetBucket"], kept["TargetPrefix"], kept["TargetGrants"]) == (TARGET, "log/", [grant])
    assert kept["TargetObjectKeyFormat"] == partitioned
    s3.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=SOURCE)


def test_requests_are_written_as_aws_writes_them(cloud, logging):
    put = logging.put_object(Bucket=SOURCE, Key="a cat.txt", Body=b"12345")
    line = line_of(cloud, logging, "REST.PUT.OBJECT")
    me = logging.list_buckets()["Owner"]["ID"]
    assert line[:2] == [me, SOURCE]
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]", line[2])
    assert line[3:6] == ["127.0.0.1", me, put["ResponseMetadata"]["RequestId"]]
    assert line[7:11] == ["a%20cat.txt", f'"PUT /{SOURCE}/a%20cat.txt HTTP/1.1"', "200", "-"]
    assert line[12] == "5"
    assert "Boto3" in line[16]
    assert len(line) == 27


def test_refusals_are_written_too(cloud, aws, logging):
    refused(logging.get_object, Bucket=SOURCE, Key="none")
    user = aws("iam")
    user.create_user(UserName="eve")
    keys = user.create_access_key(UserName="eve")["AccessKey"]
    eve = aws("s3", region="us-east-1", aws_access_key_id=keys["AccessKeyId"],
              aws_secret_access_key=keys["SecretAccessKey"])  # fmt: skip
    refused(eve.list_objects_v2, Bucket=SOURCE, Prefix="x")
    lines = {line[6]: line for line in log_lines(cloud, logging)}
    assert lines["REST.GET.OBJECT"][9:11] == ["404", "NoSuchKey"]
    assert lines["REST.GET.BUCKET"][9:11] == ["403", "AccessDenied"]
    assert lines["REST.GET.BUCKET"][4] == f"arn:aws:iam::{ACCOUNT}:user/eve"
    assert lines["REST.GET.BUCKET"][8].startswith(f'"GET /{SOURCE}?list-type=2')
    assert "prefix=x" in lines["REST.GET.BUCKET"][8]


def test_what_is_read_is_measured(cloud, logging):
    logging.put_object(Bucket=SOURCE, Key="a", Body=b"1234567890")
    logging.get_object(Bucket=SOURCE, Key="a", Range="bytes=0-3")
    line = line_of(cloud, logging, "REST.GET.OBJECT")
    assert line[9:13] == ["206", "-", "4", "10"]


def test_each_object_that_was_deleted_with_others_has_a_line(cloud, logging):
    logging.delete_objects(Bucket=SOURCE, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    lines = log_lines(cloud, logging)
    assert [line[7] for line in lines if line[6] == "BATCH.DELETE.OBJECT"] == ["a", "b"]
    assert any(line[6] == "REST.POST.MULTI_OBJECT_DELETE" for line in lines)


def test_the_source_of_a_copy_is_written_into_its_own_log(cloud, logging):
    logging.put_object(Bucket=SOURCE, Key="a", Body=b"1")
    logging.create_bucket(Bucket="elsewhere")
    logging.copy_object(Bucket="elsewhere", Key="b", CopySource=f"{SOURCE}/a")
    assert line_of(cloud, logging, "REST.COPY.OBJECT_GET")[7] == "a"


@pytest.mark.parametrize(
    ("ask", "params", "operation"),
    [
        ("get_bucket_versioning", {}, "REST.GET.VERSIONING"),
        ("get_public_access_block", {}, "REST.GET.PUBLIC_ACCESS_BLOCK"),
        ("get_bucket_logging", {}, "REST.GET.LOGGING_STATUS"),
        ("create_multipart_upload", {"Key": "k"}, "REST.POST.UPLOADS"),
        ("head_bucket", {}, "REST.HEAD.BUCKET"),
    ],
)
def test_operations_have_the_names_of_aws(cloud, logging, ask, params, operation):
    getattr(logging, ask)(Bucket=SOURCE, **params)
    assert line_of(cloud, logging, operation)


# What happens next


def test_the_keys_of_logs_begin_with_the_prefix_and_the_time(cloud, logging):
    cloud.clock.freeze()
    logging.head_bucket(Bucket=SOURCE)
    (key,) = log_keys(cloud, logging)
    assert re.fullmatch(r"log/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", key)


def test_logs_can_be_parted_by_account_region_bucket_and_day(cloud, s3):
    let_in(s3)
    enable(s3, TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    s3.head_bucket(Bucket=SOURCE)
    (key,) = log_keys(cloud, s3)
    day = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\d-00-00-00-[0-9A-F]{16}"
    assert re.fullmatch(f"log/{ACCOUNT}/us-east-1/{SOURCE}/{day}", key)


def test_logs_that_the_target_does_not_let_in_are_lost(cloud, s3):
    enable(s3)
    s3.head_bucket(Bucket=SOURCE)
    assert log_keys(cloud, s3) == []


def test_the_target_may_look_at_whose_logs_they_are(cloud, s3):
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{SOURCE}"}}
    let_in(s3, Condition=condition)
    enable(s3)
    s3.head_bucket(Bucket=SOURCE)
    assert len(log_keys(cloud, s3)) == 1


def test_target_grants_are_the_acl_of_the_logs(cloud, s3):
    s3.put_bucket_ownership_controls(
        Bucket=TARGET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    let_in(s3)
    enable(s3, TargetGrants=[{"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "READ"}])
    s3.head_bucket(Bucket=SOURCE)
    (key,) = log_keys(cloud, s3)
    grants = s3.get_object_acl(Bucket=TARGET, Key=key)["Grants"]
    assert {"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "READ"} in grants


def test_what_was_written_before_logging_ends_is_still_delivered(cloud, logging):
    logging.head_bucket(Bucket=SOURCE)
    cloud.settle()
    logging.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus={})
    logging.put_object(Bucket=SOURCE, Key="unseen", Body=b"")
    operations = [line[6] for line in log_lines(cloud, logging)]
    assert "REST.HEAD.BUCKET" in operations
    assert "REST.PUT.OBJECT" not in operations


def test_a_bucket_made_anew_has_no_log(cloud, logging):
    logging.delete_bucket(Bucket=SOURCE)
    logging.create_bucket(Bucket=SOURCE)
    logging.head_bucket(Bucket=SOURCE)
    assert "LoggingEnabled" not in logging.get_bucket_logging(Bucket=SOURCE)
    assert log_keys(cloud, logging) == []
