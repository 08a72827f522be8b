"""S3: request metrics and inventories, of which a bucket has many configurations."""

import csv
import gzip
import hashlib
import json
import re

import pytest

from tests.contract.s3_box import refused

BUCKET, TO, DAY_S = "stock", "lists", 24 * 3600


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def listed(s3):
    """A bucket that S3 may put inventories into."""
    s3.create_bucket(Bucket=TO)
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "s3:PutObject",
                 "Resource": f"arn:aws:s3:::{TO}/*"}  # fmt: skip
    s3.put_bucket_policy(Bucket=TO, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return s3


def count(s3, id="all", **filtered):
    s3.put_bucket_metrics_configuration(Bucket=BUCKET, Id=id, MetricsConfiguration={"Id": id, **filtered})


def inventory(id="daily", versions="Current", frequency="Daily", destination=None, **more):
    wanted = {"Bucket": f"arn:aws:s3:::{TO}", "Format": "CSV", "Prefix": "inv", **(destination or {})}
    return {"Id": id, "IsEnabled": True, "IncludedObjectVersions": versions, "Schedule": {"Frequency": frequency},
            "Destination": {"S3BucketDestination": wanted}, **more}  # fmt: skip


def take(s3, **described):
    configuration = inventory(**described)
    s3.put_bucket_inventory_configuration(Bucket=BUCKET, Id=configuration["Id"], InventoryConfiguration=configuration)


def delivered(cloud, s3, days=1):
    cloud.clock.advance(days * DAY_S)
    return [each["Key"] for each in s3.list_objects_v2(Bucket=TO).get("Contents", ())]


def read(s3, key):
    return s3.get_object(Bucket=TO, Key=key)["Body"].read()


def rows(s3, keys):
    """The columns' names, and the rows of an inventory that was delivered."""
    manifest = json.loads(read(s3, next(key for key in keys if key.endswith("manifest.json"))))
    text = "".join(gzip.decompress(read(s3, file["key"])).decode() for file in manifest["files"])
    names = manifest["fileSchema"].split(", ")
    return [dict(zip(names, row, strict=True)) for row in csv.reader(text.splitlines())]


def sums(cloud, aws, name, id="all"):
    cloud.settle()
    dimensions = [{"Name": "BucketName", "Value": BUCKET}, {"Name": "FilterId", "Value": id}]
    now = cloud.clock.now()
    found = aws("cloudwatch", region="us-east-1").get_metric_statistics(
        Namespace="AWS/S3", MetricName=name, Dimensions=dimensions, StartTime=now - 3600, EndTime=now + 3600,
        Period=86400, Statistics=["Sum"],
    )  # fmt: skip
    return sum(point["Sum"] for point in found["Datapoints"])


# What is refused


@pytest.mark.parametrize("wrong", [{}, {"Prefix": "a", "Tag": {"Key": "k", "Value": "v"}}, {"And": {"Prefix": "a"}}])
def test_a_filter_says_one_thing_or_several_together(s3, wrong):
    assert refused(count, s3, Filter=wrong)["Code"] == "MalformedXML"


def test_an_id_is_the_same_wherever_it_is_told(s3):
    wrong = {"Id": "other"}
    error = refused(s3.put_bucket_metrics_configuration, Bucket=BUCKET, Id="all", MetricsConfiguration=wrong)
    assert error["Code"] == "IdMismatch"


def test_what_is_not_there_cannot_be_deleted(s3):
    for kind in ("metrics", "inventory"):
        error = refused(getattr(s3, f"delete_bucket_{kind}_configuration"), Bucket=BUCKET, Id="none")
        assert (error["Code"], error["Status"]) == ("NoSuchConfiguration", 404)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"destination": {"Format": "Parquet"}}, "NotSupported"),
        ({"destination": {"Format": "XLS"}}, "MalformedXML"),
        ({"destination": {"Bucket": "lists"}}, "InvalidS3DestinationBucket"),
        ({"frequency": "Hourly"}, "MalformedXML"),
        ({"versions": "Some"}, "MalformedXML"),
        ({"OptionalFields": ["Colour"]}, "MalformedXML"),
    ],
)
def test_an_inventory_that_cannot_be_taken_is_refused(s3, wrong, code):
    assert refused(take, s3, **wrong)["Code"] == code


# What is done


def test_configurations_are_kept_listed_and_deleted(s3):
    count(s3, "b", Filter={"Prefix": "x/"})
    count(s3, "a")
    take(s3)
    found = s3.list_bucket_metrics_configurations(Bucket=BUCKET)
    assert [each["Id"] for each in found["MetricsConfigurationList"]] == ["a", "b"]
    assert found["IsTruncated"] is False
    kept = s3.get_bucket_metrics_configuration(Bucket=BUCKET, Id="b")["MetricsConfiguration"]
    assert kept == {"Id": "b", "Filter": {"Prefix": "x/"}}
    assert s3.get_bucket_inventory_configuration(Bucket=BUCKET, Id="daily")["InventoryConfiguration"] == inventory()
    assert len(s3.list_bucket_inventory_configurations(Bucket=BUCKET)["InventoryConfigurationList"]) == 1
    s3.delete_bucket_metrics_configuration(Bucket=BUCKET, Id="a")
    s3.delete_bucket_inventory_configuration(Bucket=BUCKET, Id="daily")
    assert refused(s3.get_bucket_metrics_configuration, Bucket=BUCKET, Id="a")["Code"] == "NoSuchConfiguration"
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=BUCKET)


def test_configurations_are_listed_a_hundred_at_a_time(s3):
    for number in range(101):
        count(s3, f"m{number:03}")
    first = s3.list_bucket_metrics_configurations(Bucket=BUCKET)
    assert (len(first["MetricsConfigurationList"]), first["IsTruncated"]) == (100, True)
    token = first["NextContinuationToken"]
    second = s3.list_bucket_metrics_configurations(Bucket=BUCKET, ContinuationToken=token)
    assert [each["Id"] for each in second["MetricsConfigurationList"]] == ["m100"]


def test_requests_are_counted(cloud, aws, s3):
    count(s3)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"12345")
    s3.get_object(Bucket=BUCKET, Key="a")
    refused(s3.get_object, Bucket=BUCKET, Key="none")
    s3.list_objects_v2(Bucket=BUCKET)
    assert sums(cloud, aws, "GetRequests") == 2
    assert sums(cloud, aws, "ListRequests") == 1
    assert sums(cloud, aws, "4xxErrors") == 1
    assert sums(cloud, aws, "BytesUploaded") == 5
    assert sums(cloud, aws, "BytesDownloaded") == 5


def test_a_filter_counts_requests_to_its_objects_only(cloud, aws, s3):
    count(s3, "in", Filter={"Prefix": "in/"})
    count(s3, "red", Filter={"Tag": {"Key": "colour", "Value": "red"}})
    s3.put_object(Bucket=BUCKET, Key="in/a", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"1", Tagging="colour=red")
    s3.list_objects_v2(Bucket=BUCKET)
    assert sums(cloud, aws, "AllRequests", "in") == 1
    assert sums(cloud, aws, "PutRequests", "red") == 1


def test_an_inventory_lists_the_objects_of_a_bucket(cloud, listed):
    listed.put_object(Bucket=BUCKET, Key="a b", Body=b"12345")
    made = listed.head_object(Bucket=BUCKET, Key="a b")
    take(listed, OptionalFields=["ETag", "Size", "StorageClass", "EncryptionStatus"])
    keys = delivered(cloud, listed)
    (row,) = rows(listed, keys)
    assert row == {"Bucket": BUCKET, "Key": "a%20b", "Size": "5", "ETag": made["ETag"].strip('"'),
                   "StorageClass": "STANDARD", "EncryptionStatus": "SSE-S3"}  # fmt: skip
    folder = rf"inv/{BUCKET}/daily/"
    assert re.fullmatch(rf"{folder}data/[0-9a-f-]{{36}}\.csv\.gz", keys[2])
    assert re.fullmatch(rf"{folder}hive/dt=[\d-]{{16}}/symlink\.txt", keys[-1])
    manifest = next(key for key in keys if key.endswith("manifest.json"))
    assert re.fullmatch(rf"{folder}\d{{4}}-\d\d-\d\dT\d\d-\d\dZ/manifest\.json", manifest)
    checksum = read(listed, manifest.replace(".json", ".checksum")).decode()
    assert checksum == hashlib.md5(read(listed, manifest)).hexdigest()


def test_an_inventory_can_list_all_versions_below_a_prefix(cloud, listed):
    listed.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in ("in/a", "in/a", "out/b"):
        listed.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    listed.delete_object(Bucket=BUCKET, Key="in/a")
    take(listed, versions="All", Filter={"Prefix": "in/"})
    found = rows(listed, delivered(cloud, listed))
    told = [(row["Key"], row["IsLatest"], row["IsDeleteMarker"]) for row in found]
    assert told == [("in/a", "true", "true"), ("in/a", "false", "false"), ("in/a", "false", "false")]


# What happens next


def test_inventories_come_again_each_day_or_each_week(cloud, listed):
    take(listed)
    take(listed, id="weekly", frequency="Weekly")
    keys = delivered(cloud, listed, days=14)
    manifests = [key for key in keys if key.endswith("manifest.json")]
    assert sum("/daily/" in key for key in manifests) == 14
    assert sum("/weekly/" in key for key in manifests) == 2


def test_an_inventory_that_is_off_or_not_let_in_is_not_delivered(cloud, s3):
    s3.create_bucket(Bucket=TO)
    take(s3)
    assert delivered(cloud, s3) == []


def test_after_its_configuration_is_deleted_nothing_is_counted(cloud, aws, s3):
    count(s3)
    s3.delete_bucket_metrics_configuration(Bucket=BUCKET, Id="all")
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert sums(cloud, aws, "BytesUploaded") == 0
