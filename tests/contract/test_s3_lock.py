"""S3: object lock."""

from datetime import UTC, datetime

import pytest

from tests.contract.s3_box import refused

DAY_S = 24 * 3600
LOCKED = "Access Denied because object protected by object lock."


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    client.create_bucket(Bucket="shelf")
    return client


@pytest.fixture
def now(cloud):
    cloud.clock.freeze()
    return int(cloud.clock.now())


def at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def retain(s3, version, mode, until, **more):
    retention = {"Mode": mode, "RetainUntilDate": at(until)}
    return s3.put_object_retention(Bucket="vault", Key="a", VersionId=version, Retention=retention, **more)


def put(s3, **lock):
    return s3.put_object(Bucket="vault", Key="a", Body=b"1", **lock)["VersionId"]


# What is refused


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "MalformedXML"),
        ({"ObjectLockEnabled": "Disabled"}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "X", "Days": 1}}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1, "Years": 1}}},
         "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 0}}},
         "InvalidArgument"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 101}}},
         "InvalidArgument"),
    ],
)  # fmt: skip
def test_a_configuration_that_makes_no_sense_is_refused(s3, configuration, code):
    error = refused(s3.put_object_lock_configuration, Bucket="vault", ObjectLockConfiguration=configuration)
    assert error["Code"] == code


def test_only_a_versioned_bucket_can_be_locked(s3):
    enabled = {"ObjectLockEnabled": "Enabled"}
    error = refused(s3.put_object_lock_configuration, Bucket="shelf", ObjectLockConfiguration=enabled)
    assert (error["Code"], error["Status"]) == ("InvalidBucketState", 409)
    s3.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket="shelf", ObjectLockConfiguration=enabled)
    assert s3.get_object_lock_configuration(Bucket="shelf")["ObjectLockConfiguration"] == enabled
    error = refused(s3.put_bucket_versioning, Bucket="shelf", VersioningConfiguration={"Status": "Suspended"})
    assert error["Code"] == "InvalidBucketState"


def test_a_bucket_without_a_lock_knows_nothing_of_locks(s3, now):
    s3.put_object(Bucket="shelf", Key="a", Body=b"1")
    error = refused(s3.get_object_lock_configuration, Bucket="shelf")
    assert (error["Code"], error["Status"]) == ("ObjectLockConfigurationNotFoundError", 404)
    for call in (s3.get_object_retention, s3.get_object_legal_hold):
        error = refused(call, Bucket="shelf", Key="a")
        assert (error["Code"], error["Message"]) == ("InvalidRequest", "Bucket is missing Object Lock Configuration")
    error = refused(s3.put_object, Bucket="shelf", Key="a", Body=b"1", ObjectLockLegalHoldStatus="ON")
    assert error["Message"] == "Bucket is missing Object Lock Configuration"


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ({"ObjectLockMode": "GOVERNANCE"},
         "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"),
        ({"ObjectLockMode": "LOOSE", "ObjectLockRetainUntilDate": at(4e9)}, "Unknown wormMode directive."),
        ({"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": at(1e9)},
         "The retain until date must be in the future!"),
        ({"ObjectLockLegalHoldStatus": "PERHAPS"}, "Legal Hold must be either of 'ON' or 'OFF'"),
    ],
)  # fmt: skip
def test_an_object_cannot_be_put_with_half_a_lock(s3, lock, message):
    error = refused(s3.put_object, Bucket="vault", Key="a", Body=b"1", **lock)
    assert (error["Code"], error["Message"]) == ("InvalidArgument", message)


@pytest.mark.parametrize("retention", [{"Mode": "GOVERNANCE"}, {"RetainUntilDate": at(4e9)}, {"Mode": "X"}])
def test_half_a_retention_is_malformed(s3, retention):
    put(s3)
    error = refused(s3.put_object_retention, Bucket="vault", Key="a", Retention=retention)
    assert error["Code"] == "MalformedXML"


def test_a_retention_cannot_lie_in_the_past(s3, now):
    version = put(s3)
    error = refused(retain, s3=s3, version=version, mode="GOVERNANCE", until=now - 1)
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "The retain until date must be in the future!")


def test_what_was_never_locked_says_so(s3):
    put(s3)
    for call in (s3.get_object_retention, s3.get_object_legal_hold):
        error = refused(call, Bucket="vault", Key="a")
        assert (error["Code"], error["Status"]) == ("NoSuchObjectLockConfiguration", 404)


def test_a_bypass_is_for_buckets_with_a_lock(s3):
    for bypass in (True, False):
        error = refused(s3.delete_object, Bucket="shelf", Key="a", BypassGovernanceRetention=bypass)
        assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-bypass-governance-retention")


# What is done


def test_a_bucket_made_with_a_lock_is_versioned(s3):
    assert s3.get_bucket_versioning(Bucket="vault")["Status"] == "Enabled"
    configuration = s3.get_object_lock_configuration(Bucket="vault")["ObjectLockConfiguration"]
    assert configuration == {"ObjectLockEnabled": "Enabled"}


def test_the_default_retention_falls_to_every_new_version(s3, now):
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket="vault", ObjectLockConfiguration=configuration)
    assert s3.get_object_lock_configuration(Bucket="vault")["ObjectLockConfiguration"] == configuration
    put(s3)
    held = s3.get_object_retention(Bucket="vault", Key="a")["Retention"]
    assert held["Mode"] == "GOVERNANCE"
    assert abs(held["RetainUntilDate"].timestamp() - (now + 3 * DAY_S)) < 2
    assert s3.head_object(Bucket="vault", Key="a")["ObjectLockMode"] == "GOVERNANCE"
    put(s3, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    held = s3.get_object_retention(Bucket="vault", Key="a")["Retention"]
    assert held == {"Mode": "COMPLIANCE", "RetainUntilDate": at(now + DAY_S)}


def test_a_locked_version_stays_though_a_marker_may_hide_it(s3, now):
    version = put(s3, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    error = refused(s3.delete_object, Bucket="vault", Key="a", VersionId=version)
    assert (error["Code"], error["Message"], error["Status"]) == ("AccessDenied", LOCKED, 403)
    assert s3.delete_object(Bucket="vault", Key="a")["DeleteMarker"] is True
    assert s3.get_object(Bucket="vault", Key="a", VersionId=version)["Body"].read() == b"1"


def test_deleting_many_tells_of_the_locked_ones(s3, now):
    version = put(s3, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    delete = {"Objects": [{"Key": "a", "VersionId": version}, {"Key": "b"}]}
    answer = s3.delete_objects(Bucket="vault", Delete=delete, BypassGovernanceRetention=True)
    assert [(error["Code"], error["Message"]) for error in answer["Errors"]] == [("AccessDenied", LOCKED)]
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["b"]


def test_governance_can_be_bypassed_and_compliance_cannot(s3, now):
    governed = put(s3, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    strict = put(s3, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    bypass = {"Bucket": "vault", "Key": "a", "BypassGovernanceRetention": True}
    s3.delete_object(VersionId=governed, **bypass)
    assert refused(s3.delete_object, VersionId=strict, **bypass)["Message"] == LOCKED


def test_a_retention_can_be_made_longer_but_shorter_only_by_bypass(s3, now):
    version = put(s3, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=at(now + 2 * DAY_S))
    retain(s3, version, "GOVERNANCE", now + 3 * DAY_S)
    error = refused(retain, s3=s3, version=version, mode="GOVERNANCE", until=now + DAY_S)
    assert (error["Code"], error["Message"]) == ("AccessDenied", LOCKED)
    retain(s3, version, "GOVERNANCE", now + DAY_S, BypassGovernanceRetention=True)
    retain(s3, version, "COMPLIANCE", now + DAY_S)
    error = refused(
        retain, s3=s3, version=version, mode="GOVERNANCE", until=now + 2 * DAY_S, BypassGovernanceRetention=True
    )
    assert error["Message"] == LOCKED
    retain(s3, version, "COMPLIANCE", now + 2 * DAY_S)
    assert s3.get_object_retention(Bucket="vault", Key="a")["Retention"]["RetainUntilDate"] == at(now + 2 * DAY_S)


def test_a_governed_retention_can_be_taken_away_by_bypass(s3, now):
    version = put(s3, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    nothing = {"Bucket": "vault", "Key": "a", "VersionId": version, "Retention": {}}
    assert refused(s3.put_object_retention, **nothing)["Message"] == LOCKED
    s3.put_object_retention(BypassGovernanceRetention=True, **nothing)
    s3.delete_object(Bucket="vault", Key="a", VersionId=version)


def test_a_legal_hold_holds_until_it_is_lifted(s3):
    version = put(s3, ObjectLockLegalHoldStatus="ON")
    assert s3.get_object_legal_hold(Bucket="vault", Key="a")["LegalHold"] == {"Status": "ON"}
    bypass = {"Bucket": "vault", "Key": "a", "VersionId": version, "BypassGovernanceRetention": True}
    assert refused(s3.delete_object, **bypass)["Message"] == LOCKED
    error = refused(s3.put_object_legal_hold, Bucket="vault", Key="a", LegalHold={"Status": "MAYBE"})
    assert error["Code"] == "MalformedXML"
    s3.put_object_legal_hold(Bucket="vault", Key="a", LegalHold={"Status": "OFF"})
    s3.delete_object(**bypass)


# What happens next


def test_when_its_time_has_come_a_version_can_go(s3, cloud, now):
    version = put(s3, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=at(now + DAY_S))
    cloud.clock.advance(DAY_S - 60)
    assert refused(s3.delete_object, Bucket="vault", Key="a", VersionId=version)["Message"] == LOCKED
    cloud.clock.advance(61)
    s3.delete_object(Bucket="vault", Key="a", VersionId=version)
    error = refused(s3.get_object, Bucket="vault", Key="a", VersionId=version)
    assert error["Code"] == "NoSuchVersion"


def test_an_upload_in_parts_is_locked_when_it_is_completed(s3, now):
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": at(now + DAY_S)}
    upload = s3.create_multipart_upload(Bucket="vault", Key="a", **lock)["UploadId"]
    part = s3.upload_part(Bucket="vault", Key="a", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="vault", Key="a", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object_retention(Bucket="vault", Key="a")["Retention"]["Mode"] == "GOVERNANCE"


def test_a_lock_configuration_that_is_not_there_is_asked_for(s3):
    s3.create_bucket(Bucket="safe")
    error = refused(s3.put_object_lock_configuration, Bucket="safe")
    assert (error["Code"], error["Status"]) == ("MissingRequestBodyError", 400)
    error = refused(s3.put_object_lock_configuration, Bucket="safe", ObjectLockConfiguration={})
    assert error["Code"] == "MalformedXML"
