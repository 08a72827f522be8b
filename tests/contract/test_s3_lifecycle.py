"""S3: lifecycle rules, carried out by the cloud's clock."""

from datetime import UTC, datetime

import pytest

from tests.contract.s3_box import refused

DAY_S = 24 * 3600
MORNING = datetime(2030, 1, 15, 10, 30, tzinfo=UTC).timestamp()


@pytest.fixture
def s3(aws, cloud):
    cloud.clock.freeze()
    cloud.clock.set(MORNING)
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket="attic")
    return client


@pytest.fixture
def versioned(s3):
    s3.put_bucket_versioning(Bucket="attic", VersioningConfiguration={"Status": "Enabled"})
    return s3


def configure(s3, *rules, **params):
    rules = [{"Status": "Enabled", "Filter": {}, **rule} for rule in rules]
    return s3.put_bucket_lifecycle_configuration(Bucket="attic", LifecycleConfiguration={"Rules": rules}, **params)


def put(s3, key="a", body=b"1", **params):
    return s3.put_object(Bucket="attic", Key=key, Body=body, **params)


def keys(s3):
    return [each["Key"] for each in s3.list_objects_v2(Bucket="attic").get("Contents", [])]


def versions(s3):
    """(key, whether it is a delete marker, whether it is current) of all versions."""
    listing = s3.list_object_versions(Bucket="attic")
    found = [(each["Key"], False, each["IsLatest"]) for each in listing.get("Versions", [])]
    return found + [(each["Key"], True, each["IsLatest"]) for each in listing.get("DeleteMarkers", [])]


def storage_class(s3, key="a", **params):
    return s3.head_object(Bucket="attic", Key=key, **params).get("StorageClass", "STANDARD")


def midnight(day: int) -> float:
    """Of a day of that January."""
    return datetime(2030, 1, day, tzinfo=UTC).timestamp()


# What is refused

EXPIRE = {"Expiration": {"Days": 1}}


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"Filter": None, **EXPIRE}, "MalformedXML", None),
        ({"Status": "enabled", **EXPIRE}, "MalformedXML", None),
        ({"Prefix": "a", **EXPIRE}, "MalformedXML", None),
        ({"Filter": {"Prefix": "a", "ObjectSizeGreaterThan": 1}, **EXPIRE}, "MalformedXML", None),
        ({"Filter": {"And": {"Prefix": "a"}}, **EXPIRE}, "MalformedXML", None),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML", None),
        ({"NoncurrentVersionExpiration": {"NewerNoncurrentVersions": 1}}, "MalformedXML", None),
        ({"Transitions": [{"Days": 40, "StorageClass": "FREEZER"}]}, "MalformedXML", None),
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        ({"ID": "x" * 256, **EXPIRE}, "InvalidArgument", "ID length should not exceed allowed limit of 255"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument", "'Days' for Expiration action must be a positive integer"),
        ({"Expiration": {"Date": datetime(2030, 2, 1, 12, tzinfo=UTC)}}, "InvalidArgument",
         "'Date' must be at midnight GMT"),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "InvalidArgument",
         "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}}, "InvalidArgument",
         "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"),
        ({"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument",
         "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"),
        ({"Transitions": [{"Days": -1, "StorageClass": "GLACIER"}]}, "InvalidArgument",
         "'Days' in Transition action must be nonnegative"),
        ({"Transitions": [{"Days": 5, "StorageClass": "GLACIER"}], "Expiration": {"Days": 5}}, "InvalidArgument",
         "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in the Transition"
         " action"),
        ({"Transitions": [{"Days": 5, "StorageClass": "GLACIER"}, {"Days": 6, "StorageClass": "GLACIER"}]},
         "InvalidRequest",
         "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=)'"),
        ({"Transitions": [{"Days": 5, "StorageClass": "GLACIER"}],
          "Expiration": {"Date": datetime(2030, 2, 1, tzinfo=UTC)}}, "InvalidRequest",
         "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter"
         " '(prefix=)'"),
        ({"Filter": {"Tag": {"Key": "a", "Value": "1"}}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
         "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags."),
        ({"Filter": {"ObjectSizeLessThan": 5}, "Expiration": {"ExpiredObjectDeleteMarker": True}}, "InvalidRequest",
         "ExpiredObjectDeleteMarker cannot be specified with Object Size."),
        ({"Filter": {"And": {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}}, **EXPIRE},
         "InvalidRequest", "Duplicate Tag Keys are not allowed."),
        ({"Filter": {"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}}, **EXPIRE}, "InvalidRequest",
         "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(s3, rule, code, message):
    rule = {name: value for name, value in {"Status": "Enabled", "Filter": {}, **rule}.items() if value is not None}
    configuration = {"Rules": [rule]}
    error = refused(s3.put_bucket_lifecycle_configuration, Bucket="attic", LifecycleConfiguration=configuration)
    assert error["Code"] == code
    assert message is None or error["Message"] == message


def test_rules_are_refused_that_do_not_go_together(s3):
    same = {"ID": "one", "Status": "Enabled", "Filter": {}, **EXPIRE}
    error = refused(
        s3.put_bucket_lifecycle_configuration, Bucket="attic", LifecycleConfiguration={"Rules": [same, same]}
    )
    assert error["Message"] == "Rule ID must be unique. Found same ID for more than one rule"
    old = {"Status": "Enabled", "Prefix": "a", **EXPIRE}
    error = refused(
        s3.put_bucket_lifecycle_configuration, Bucket="attic", LifecycleConfiguration={"Rules": [same, old]}
    )
    assert error["Message"].startswith("Base level prefix cannot be used in Lifecycle V2")
    error = refused(s3.put_bucket_lifecycle_configuration, Bucket="attic", LifecycleConfiguration={"Rules": []})
    assert error["Code"] == "MalformedXML"


# What is done


def test_a_configuration_is_kept_and_its_rules_get_ids(s3):
    transition = {"Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]}
    answer = configure(s3, {"ID": "mine", **EXPIRE}, {"Filter": {"Prefix": "logs/"}, **transition})
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    kept = s3.get_bucket_lifecycle_configuration(Bucket="attic")
    mine, other = kept["Rules"]
    assert mine == {"ID": "mine", "Status": "Enabled", "Filter": {}, **EXPIRE}
    assert other["Transitions"] == transition["Transitions"]
    assert len(other["ID"]) == 48
    s3.delete_bucket_lifecycle(Bucket="attic")
    error = refused(s3.get_bucket_lifecycle_configuration, Bucket="attic")
    assert (error["Code"], error["Status"]) == ("NoSuchLifecycleConfiguration", 404)


def test_an_object_says_when_it_will_expire(s3):
    put(s3, "before")
    configure(s3, {"ID": "soon", "Expiration": {"Days": 3}, "Filter": {"Prefix": "b"}}, {"ID": "later",
        "Expiration": {"Days": 9}})  # fmt: skip
    expected = 'expiry-date="Sat, 19 Jan 2030 00:00:00 GMT", rule-id="soon"'
    assert s3.head_object(Bucket="attic", Key="before")["Expiration"] == expected
    assert put(s3, "bee")["Expiration"] == expected
    assert 'rule-id="later"' in put(s3, "ant")["Expiration"]
    s3.delete_bucket_lifecycle(Bucket="attic")
    assert "Expiration" not in s3.get_object(Bucket="attic", Key="bee")


def test_an_upload_in_parts_says_when_it_will_be_aborted(s3):
    configure(s3, {"ID": "tidy", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    answer = s3.create_multipart_upload(Bucket="attic", Key="a")
    assert (answer["AbortDate"].timestamp(), answer["AbortRuleId"]) == (midnight(18), "tidy")


# What happens next


def test_an_object_goes_at_the_midnight_after_its_days(s3, cloud):
    configure(s3, {"Expiration": {"Days": 3}})
    put(s3)
    cloud.clock.set(midnight(19) - 1)
    assert keys(s3) == ["a"]
    cloud.clock.set(midnight(19))
    assert keys(s3) == []
    put(s3, "later")
    cloud.clock.advance(5 * DAY_S)
    assert keys(s3) == []


def test_days_count_from_when_an_object_was_made_not_from_the_rule(s3, cloud):
    put(s3, "old")
    cloud.clock.advance(10 * DAY_S)
    configure(s3, {"Expiration": {"Days": 3}})
    put(s3, "new")
    cloud.clock.advance(DAY_S)
    assert keys(s3) == ["new"]


def test_a_rule_acts_on_a_date_and_ever_after(s3, cloud):
    configure(s3, {"Expiration": {"Date": datetime(2030, 1, 20, tzinfo=UTC)}})
    put(s3)
    cloud.clock.set(midnight(20) - 1)
    assert keys(s3) == ["a"]
    cloud.clock.set(midnight(20))
    assert keys(s3) == []
    put(s3, "b")
    cloud.clock.set(midnight(21))
    assert keys(s3) == []


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ({"Prefix": "logs/"}, {"logs/1", "logs/big"}),
        ({"Tag": {"Key": "keep", "Value": "no"}}, {"tagged"}),
        ({"ObjectSizeGreaterThan": 10}, {"logs/big"}),
        ({"ObjectSizeLessThan": 10}, {"logs/1", "tagged", "plain"}),
        ({"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 0, "ObjectSizeLessThan": 10}}, {"logs/1"}),
        ({"And": {"Prefix": "t", "Tags": [{"Key": "keep", "Value": "no"}, {"Key": "x", "Value": "y"}]}}, set()),
        ({}, {"logs/1", "logs/big", "tagged", "plain"}),
    ],
)
def test_a_rule_is_only_for_what_its_filter_takes(s3, cloud, wanted, gone):
    put(s3, "logs/1")
    put(s3, "logs/big", b"x" * 11)
    put(s3, "tagged", Tagging="keep=no&other=1")
    put(s3, "plain")
    configure(s3, {"Filter": wanted, "Expiration": {"Days": 1}})
    cloud.clock.advance(2 * DAY_S)
    assert set(keys(s3)) == {"logs/1", "logs/big", "tagged", "plain"} - gone


def test_a_disabled_rule_does_nothing_and_a_deleted_one_neither(s3, cloud):
    put(s3)
    configure(s3, {"Status": "Disabled", "Expiration": {"Days": 1}})
    cloud.clock.advance(3 * DAY_S)
    assert keys(s3) == ["a"]
    configure(s3, {"Expiration": {"Days": 1}})
    s3.delete_bucket_lifecycle(Bucket="attic")
    cloud.clock.advance(3 * DAY_S)
    assert keys(s3) == ["a"]


def test_in_a_versioned_bucket_a_marker_hides_what_expires(versioned, cloud):
    configure(versioned, {"Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}})
    put(versioned)
    cloud.clock.advance(2 * DAY_S)
    assert versions(versioned) == [("a", False, False), ("a", True, True)]
    cloud.clock.advance(9 * DAY_S)
    assert versions(versioned) == [("a", False, False), ("a", True, True)]


def test_older_versions_go_some_days_after_they_were_superseded(versioned, cloud):
    configure(versioned, {"NoncurrentVersionExpiration": {"NoncurrentDays": 2}})
    put(versioned, body=b"1")
    cloud.clock.advance(3 * DAY_S)
    put(versioned, body=b"2")
    cloud.clock.advance(2 * DAY_S)
    assert len(versions(versioned)) == 2
    cloud.clock.advance(DAY_S)
    assert versions(versioned) == [("a", False, True)]
    assert versioned.get_object(Bucket="attic", Key="a")["Body"].read() == b"2"


def test_some_newer_ones_of_the_older_versions_can_be_kept(versioned, cloud):
    for number in range(10):
        put(versioned, body=b"%d" % number)
    put(versioned, "b")
    configure(versioned, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 5}})
    cloud.clock.advance(3 * DAY_S)
    assert sorted(versions(versioned)) == [("a", False, False)] * 5 + [("a", False, True), ("b", False, True)]
    listing = versioned.list_object_versions(Bucket="attic", Prefix="a")["Versions"]
    bodies = [versioned.get_object(Bucket="attic", Key="a", VersionId=each["VersionId"])["Body"] for each in listing]
    assert [body.read() for body in bodies] == [b"9", b"8", b"7", b"6", b"5", b"4"]


def test_a_delete_marker_that_hides_nothing_goes(versioned, cloud):
    first = put(versioned)["VersionId"]
    versioned.delete_object(Bucket="attic", Key="a")
    put(versioned, "b")
    versioned.delete_object(Bucket="attic", Key="b")
    configure(versioned, {"Expiration": {"ExpiredObjectDeleteMarker": True}})
    versioned.delete_object(Bucket="attic", Key="a", VersionId=first)
    cloud.clock.advance(DAY_S)
    assert versions(versioned) == [("b", False, False), ("b", True, True)]


def test_unfinished_uploads_are_aborted(s3, cloud):
    configure(s3, {"Filter": {"Prefix": "up"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    upload = s3.create_multipart_upload(Bucket="attic", Key="up")["UploadId"]
    s3.upload_part(Bucket="attic", Key="up", UploadId=upload, PartNumber=1, Body=b"x")
    s3.create_multipart_upload(Bucket="attic", Key="other")
    cloud.clock.advance(2 * DAY_S)
    left = s3.list_multipart_uploads(Bucket="attic")["Uploads"]
    assert [each["Key"] for each in left] == ["other"]
    assert refused(s3.list_parts, Bucket="attic", Key="up", UploadId=upload)["Code"] == "NoSuchUpload"


def test_a_locked_version_outlives_the_rules(aws, s3, cloud):
    s3.create_bucket(Bucket="vault", ObjectLockEnabledForBucket=True)
    until = datetime.fromtimestamp(MORNING + 9 * DAY_S, UTC)
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    s3.put_object(Bucket="vault", Key="a", Body=b"1", **lock)
    s3.put_object(Bucket="vault", Key="a", Body=b"2")
    rule = {"Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="vault", LifecycleConfiguration={"Rules": [rule]})
    cloud.clock.advance(5 * DAY_S)
    assert len(s3.list_object_versions(Bucket="vault")["Versions"]) == 2
    cloud.clock.advance(6 * DAY_S)
    assert len(s3.list_object_versions(Bucket="vault")["Versions"]) == 1


def test_objects_move_to_colder_classes_step_by_step(s3, cloud):
    steps = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]
    configure(s3, {"Filter": {"ObjectSizeGreaterThan": 0}, "Transitions": steps})
    put(s3)
    cloud.clock.advance(29 * DAY_S)
    assert storage_class(s3) == "STANDARD"
    cloud.clock.advance(2 * DAY_S)
    assert storage_class(s3) == "STANDARD_IA"
    cloud.clock.advance(30 * DAY_S)
    assert storage_class(s3) == "GLACIER"
    cloud.clock.advance(100 * DAY_S)
    assert storage_class(s3) == "GLACIER"


def test_small_objects_stay_unless_a_rule_speaks_of_sizes(s3, cloud):
    put(s3, "small")
    put(s3, "large", b"x" * 128 * 1024)
    configure(s3, {"Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]})
    cloud.clock.advance(2 * DAY_S)
    assert (storage_class(s3, "small"), storage_class(s3, "large")) == ("STANDARD", "GLACIER")
    configure(
        s3, {"Transitions": [{"Days": 0, "StorageClass": "DEEP_ARCHIVE"}]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )  # fmt: skip
    cloud.clock.advance(2 * DAY_S)
    assert (storage_class(s3, "small"), storage_class(s3, "large")) == ("DEEP_ARCHIVE", "DEEP_ARCHIVE")


def test_older_versions_move_too(versioned, cloud):
    first = put(versioned, body=b"x" * 200_000)["VersionId"]
    put(versioned, body=b"y" * 200_000)
    step = {"NoncurrentDays": 1, "StorageClass": "GLACIER_IR"}
    configure(versioned, {"NoncurrentVersionTransitions": [step]})
    cloud.clock.advance(3 * DAY_S)
    assert storage_class(versioned, VersionId=first) == "GLACIER_IR"
    assert storage_class(versioned) == "STANDARD"


def test_a_rule_gets_through_more_objects_than_one_job_takes(s3, cloud):
    """Portions are of five hundred; what is put beyond them must go as well, and what is not meant must stay."""

    def fill():
        service = cloud.cloud.service_class("s3")
        bucket = "attic"
        from glasshouse.core.call import Call

        call = Call("s3", "PutObject", {}, "000000000000", "us-east-1", cloud.cloud.root())
        with cloud.cloud.store.transaction():
            for number in range(1203):
                service(cloud.cloud, call).put_object(bucket=bucket, key=f"k{number:05d}", body=b"x")

    cloud.run(fill)
    put(s3, "other")
    configure(s3, {"Filter": {"Prefix": "k"}, "Expiration": {"Days": 1}})
    cloud.clock.advance(2 * DAY_S)
    assert keys(s3) == ["other"]
