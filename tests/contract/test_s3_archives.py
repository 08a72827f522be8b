"""S3: storage classes, and restoring what was archived."""

from datetime import UTC, datetime

import pytest

from tests.contract.s3_box import refused

HOUR_S, DAY_S = 3600, 24 * 3600
MORNING = datetime(2030, 1, 15, 10, 30, tzinfo=UTC).timestamp()


@pytest.fixture
def s3(aws, cloud):
    cloud.clock.freeze()
    cloud.clock.set(MORNING)
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="attic")
    return client


def put(s3, key="a", body=b"1", **params):
    return s3.put_object(Bucket="attic", Key=key, Body=body, **params)


def midnight(day: int) -> float:
    """Of a day of that January."""
    return datetime(2030, 1, day, tzinfo=UTC).timestamp()


def restore(s3, days=2, tier="Standard", **params):
    request = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    return s3.restore_object(Bucket="attic", Key="a", RestoreRequest=request, **params)


def test_an_unknown_storage_class_is_refused(s3):
    error = refused(put, s3=s3, StorageClass="FREEZER")
    assert (error["Code"], error["StorageClassRequested"]) == ("InvalidStorageClass", "FREEZER")


def test_an_archived_object_cannot_be_read(s3):
    put(s3, StorageClass="GLACIER")
    error = refused(s3.get_object, Bucket="attic", Key="a")
    assert (error["Code"], error["Status"], error["StorageClass"]) == ("InvalidObjectState", 403, "GLACIER")
    assert error["Message"] == "The operation is not valid for the object's storage class"
    source = {"Bucket": "attic", "Key": "a"}
    assert refused(s3.copy_object, Bucket="attic", Key="b", CopySource=source)["Code"] in (
        "InvalidObjectState", "ObjectNotInActiveTierError",
    )  # fmt: skip
    assert s3.head_object(Bucket="attic", Key="a")["StorageClass"] == "GLACIER"


def test_only_what_is_archived_can_be_restored(s3):
    put(s3)
    error = refused(restore, s3=s3)
    assert (error["Code"], error["StorageClass"]) == ("InvalidObjectState", "STANDARD")
    assert error["Message"] == "Restore is not allowed for the object's current storage class"


def test_a_restore_needs_days_and_a_tier_that_exists(s3):
    put(s3, StorageClass="DEEP_ARCHIVE")
    error = refused(s3.restore_object, Bucket="attic", Key="a", RestoreRequest={})
    assert error["Code"] == "MalformedXML"
    assert refused(restore, s3=s3, tier="Instant")["Code"] == "MalformedXML"
    assert refused(restore, s3=s3, days=0)["Code"] == "InvalidArgument"
    error = refused(restore, s3=s3, tier="Expedited")
    assert error["Message"] == "Retrieval option is not supported by this storage class"


@pytest.mark.parametrize(
    ("archive", "tier", "hours"),
    [
        ("GLACIER", "Standard", 5),
        ("GLACIER", "Bulk", 12),
        ("DEEP_ARCHIVE", "Standard", 12),
        ("DEEP_ARCHIVE", "Bulk", 48),
    ],
)
def test_a_restored_copy_can_be_read_after_some_hours(s3, cloud, archive, tier, hours):
    put(s3, StorageClass=archive)
    assert restore(s3, tier=tier)["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(Bucket="attic", Key="a")["Restore"] == 'ongoing-request="true"'
    error = refused(restore, s3=s3)
    assert (error["Code"], error["Status"]) == ("RestoreAlreadyInProgress", 409)
    cloud.clock.advance(hours * HOUR_S - 1)
    assert refused(s3.get_object, Bucket="attic", Key="a")["Code"] == "InvalidObjectState"
    cloud.clock.advance(1)
    answer = s3.get_object(Bucket="attic", Key="a")
    assert answer["Body"].read() == b"1"
    assert answer["StorageClass"] == archive
    assert answer["Restore"].startswith('ongoing-request="false", expiry-date="')


def test_a_restored_copy_goes_at_the_midnight_after_its_days(s3, cloud):
    put(s3, StorageClass="GLACIER")
    restore(s3, days=2, tier="Expedited")
    cloud.clock.advance(300)
    restored = s3.head_object(Bucket="attic", Key="a")["Restore"]
    assert restored == 'ongoing-request="false", expiry-date="Fri, 18 Jan 2030 00:00:00 GMT"'
    cloud.clock.set(midnight(18) - 1)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"1"
    cloud.clock.set(midnight(18))
    assert refused(s3.get_object, Bucket="attic", Key="a")["Code"] == "InvalidObjectState"


def test_listings_tell_of_restores_if_they_are_asked(s3, cloud):
    put(s3, StorageClass="GLACIER")
    restore(s3, days=2, tier="Expedited")

    def listed(**params):
        return s3.list_objects_v2(Bucket="attic", **params)["Contents"][0].get("RestoreStatus")

    assert listed() is None
    assert listed(OptionalObjectAttributes=["RestoreStatus"]) == {"IsRestoreInProgress": True}
    cloud.clock.advance(300)
    told = listed(OptionalObjectAttributes=["RestoreStatus"])
    assert (told["IsRestoreInProgress"], told["RestoreExpiryDate"].timestamp()) == (False, midnight(18))


def test_a_restore_can_be_prolonged(s3, cloud):
    put(s3, StorageClass="GLACIER")
    restore(s3, days=1, tier="Expedited")
    cloud.clock.advance(300)
    assert restore(s3, days=5)["ResponseMetadata"]["HTTPStatusCode"] == 200
    cloud.clock.advance(4 * DAY_S)
    assert s3.get_object(Bucket="attic", Key="a")["Body"].read() == b"1"


def test_what_is_archived_is_not_copied(s3):
    s3.put_object(Bucket="attic", Key="cold", Body=b"1", StorageClass="GLACIER")
    error = refused(s3.copy_object, Bucket="attic", Key="copy", CopySource="attic/cold")
    assert error["Code"] == "InvalidObjectState"
    assert error["Message"] == "Operation is not valid for the source object's storage class"
