"""S3: intelligent tiering."""

import pytest

from tests.contract.s3_box import refused

BUCKET, DAY_S, HOUR_S = "attic", 24 * 3600, 3600
LARGE = b"x" * 128 * 1024
TIERED = {"StorageClass": "INTELLIGENT_TIERING"}


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


def configuration(id="cold", status="Enabled", archive=90, deep=None, **more):
    tierings = [{"Days": archive, "AccessTier": "ARCHIVE_ACCESS"}] if archive else []
    tierings += [{"Days": deep, "AccessTier": "DEEP_ARCHIVE_ACCESS"}] if deep else []
    return {"Id": id, "Status": status, "Tierings": tierings, **more}


def tier(s3, **described):
    wanted = configuration(**described)
    s3.put_bucket_intelligent_tiering_configuration(
        Bucket=BUCKET, Id=wanted["Id"], IntelligentTieringConfiguration=wanted
    )


def put(s3, key="a", body=LARGE, **params):
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, **{**TIERED, **params})


def archived(s3, key="a"):
    return s3.head_object(Bucket=BUCKET, Key=key).get("ArchiveStatus")


def pass_days(cloud, days):
    cloud.clock.advance(days * DAY_S)


# What is refused


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"archive": 89}, "InvalidArgument"),
        ({"deep": 179}, "InvalidArgument"),
        ({"deep": 731}, "InvalidArgument"),
        ({"archive": None}, "MalformedXML"),
        ({"status": "Perhaps"}, "MalformedXML"),
    ],
)
def test_tiers_have_their_least_days(s3, wrong, code):
    assert refused(tier, s3, **wrong)["Code"] == code


def test_an_id_is_the_same_wherever_it_is_told(s3):
    ask = s3.put_bucket_intelligent_tiering_configuration
    error = refused(ask, Bucket=BUCKET, Id="other", IntelligentTieringConfiguration=configuration())
    assert error["Code"] == "MalformedXML"


def test_what_is_in_no_archive_tier_is_not_restored(s3):
    put(s3)
    error = refused(s3.restore_object, Bucket=BUCKET, Key="a", RestoreRequest={})
    assert (error["Code"], error["Status"]) == ("InvalidObjectState", 403)


# What is done


def test_configurations_are_kept_listed_and_deleted(s3):
    tier(s3, Filter={"Prefix": "old/"})
    kept = s3.get_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="cold")
    assert kept["IntelligentTieringConfiguration"] == configuration(Filter={"Prefix": "old/"})
    listed = s3.list_bucket_intelligent_tiering_configurations(Bucket=BUCKET)
    assert [each["Id"] for each in listed["IntelligentTieringConfigurationList"]] == ["cold"]
    s3.delete_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="cold")
    error = refused(s3.get_bucket_intelligent_tiering_configuration, Bucket=BUCKET, Id="cold")
    assert (error["Code"], error["Status"]) == ("NoSuchConfiguration", 404)


def test_what_nobody_reads_goes_to_the_archive_and_deeper(cloud, s3):
    tier(s3, deep=180)
    put(s3)
    pass_days(cloud, 89)
    assert archived(s3) is None
    pass_days(cloud, 2)
    assert archived(s3) == "ARCHIVE_ACCESS"
    error = refused(s3.get_object, Bucket=BUCKET, Key="a")
    assert (error["Code"], error["AccessTier"]) == ("InvalidObjectState", "ARCHIVE_ACCESS")
    pass_days(cloud, 90)
    assert archived(s3) == "DEEP_ARCHIVE_ACCESS"


def test_what_is_read_stays(cloud, s3):
    tier(s3)
    put(s3)
    pass_days(cloud, 60)
    s3.get_object(Bucket=BUCKET, Key="a")["Body"].read()
    pass_days(cloud, 60)
    assert archived(s3) is None


def test_only_what_a_filter_takes_and_what_is_large_enough_goes(cloud, s3):
    tier(s3, Filter={"Prefix": "old/"})
    put(s3, "old/large")
    put(s3, "old/small", b"1")
    put(s3, "old/standard", StorageClass="STANDARD")
    put(s3, "new/large")
    pass_days(cloud, 91)
    states = {key: archived(s3, key) for key in ("old/large", "old/small", "old/standard", "new/large")}
    assert [key for key, state in states.items() if state] == ["old/large"]


# What happens next


def test_an_archived_object_is_restored_for_good(cloud, s3):
    tier(s3)
    put(s3)
    pass_days(cloud, 91)
    assert refused(s3.restore_object, Bucket=BUCKET, Key="a", RestoreRequest={"Days": 1})["Code"] == "MalformedXML"
    request = {"GlacierJobParameters": {"Tier": "Standard"}}
    answer = s3.restore_object(Bucket=BUCKET, Key="a", RestoreRequest=request)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(Bucket=BUCKET, Key="a")["Restore"] == 'ongoing-request="true"'
    cloud.clock.advance(5 * HOUR_S)
    assert archived(s3) is None
    assert len(s3.get_object(Bucket=BUCKET, Key="a")["Body"].read()) == len(LARGE)


def test_a_new_object_in_the_place_of_an_archived_one_is_read_at_once(cloud, s3):
    tier(s3)
    put(s3)
    pass_days(cloud, 91)
    put(s3)
    assert archived(s3) is None
    s3.get_object(Bucket=BUCKET, Key="a")


def test_without_the_configuration_nothing_goes(cloud, s3):
    tier(s3)
    tier(s3, id="off", status="Disabled")
    put(s3)
    s3.delete_bucket_intelligent_tiering_configuration(Bucket=BUCKET, Id="cold")
    pass_days(cloud, 91)
    assert archived(s3) is None
