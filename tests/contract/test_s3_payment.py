"""S3: requester pays, and transfer acceleration."""

import json

import pytest

from tests.contract.events_box import THERE, other_account
from tests.contract.s3_box import refused

BUCKET = "toll"


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    return client


@pytest.fixture
def stranger(cloud, aws, s3):
    """Root of another account, which the bucket's policy lets read, write and list."""
    who = {"AWS": f"arn:aws:iam::{THERE}:root"}
    on_objects = {"Effect": "Allow", "Principal": who, "Action": ["s3:GetObject", "s3:PutObject"],
                  "Resource": f"arn:aws:s3:::{BUCKET}/*"}  # fmt: skip
    on_bucket = {"Effect": "Allow", "Principal": who, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    policy = {"Version": "2012-10-17", "Statement": [on_objects, on_bucket]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    return other_account(cloud, aws)("s3", region="us-east-1")


def pays(s3, payer):
    s3.put_bucket_request_payment(Bucket=BUCKET, RequestPaymentConfiguration={"Payer": payer})


# What is refused


def test_nobody_else_can_be_made_to_pay(s3):
    assert refused(pays, s3, "SomebodyElse")["Code"] == "MalformedXML"
    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "BucketOwner"


def test_who_does_not_say_that_they_pay_is_refused(s3, stranger):
    pays(s3, "Requester")
    for ask, params in ((stranger.get_object, {"Key": "a"}), (stranger.put_object, {"Key": "b", "Body": b"1"}),
                        (stranger.list_objects_v2, {})):  # fmt: skip
        error = refused(ask, Bucket=BUCKET, **params)
        assert (error["Code"], error["Status"]) == ("AccessDenied", 403)
    assert refused(stranger.head_object, Bucket=BUCKET, Key="a")["Status"] == 403


def test_acceleration_is_on_or_suspended_and_not_for_names_with_periods(s3):
    configuration = {"Status": "Fast"}
    error = refused(s3.put_bucket_accelerate_configuration, Bucket=BUCKET, AccelerateConfiguration=configuration)
    assert error["Code"] == "MalformedXML"
    s3.create_bucket(Bucket="a.dotted.name")
    configuration = {"Status": "Enabled"}
    error = refused(
        s3.put_bucket_accelerate_configuration, Bucket="a.dotted.name", AccelerateConfiguration=configuration
    )
    assert error["Code"] == "InvalidRequest"
    assert "periods (.)" in error["Message"]


# What is done


def test_the_payer_is_kept(s3):
    pays(s3, "Requester")
    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "Requester"
    pays(s3, "BucketOwner")
    assert s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"] == "BucketOwner"


def test_who_pays_is_told_so(s3, stranger):
    pays(s3, "Requester")
    for ask, params in ((stranger.get_object, {"Key": "a"}), (stranger.put_object, {"Key": "b", "Body": b"1"}),
                        (stranger.list_objects_v2, {}), (stranger.head_object, {"Key": "a"})):  # fmt: skip
        assert ask(Bucket=BUCKET, RequestPayer="requester", **params)["RequestCharged"] == "requester"


def test_acceleration_is_kept(s3):
    def accelerate(status):
        s3.put_bucket_accelerate_configuration(Bucket=BUCKET, AccelerateConfiguration={"Status": status})
        return s3.get_bucket_accelerate_configuration(Bucket=BUCKET).get("Status")

    assert accelerate("Suspended") is None
    assert accelerate("Enabled") == "Enabled"
    assert accelerate("Suspended") == "Suspended"


# What happens next


def test_the_owner_pays_without_a_word(s3):
    pays(s3, "Requester")
    assert "RequestCharged" not in s3.get_object(Bucket=BUCKET, Key="a")
    assert s3.get_object(Bucket=BUCKET, Key="a", RequestPayer="requester")["ContentLength"] == 1


def test_a_copy_from_such_a_bucket_is_paid_for(s3, stranger):
    pays(s3, "Requester")
    stranger.create_bucket(Bucket="mine")
    copy = {"Bucket": "mine", "Key": "a", "CopySource": f"{BUCKET}/a"}
    assert refused(stranger.copy_object, **copy)["Code"] == "AccessDenied"
    stranger.copy_object(**copy, RequestPayer="requester")
