"""Versions and delete markers: what deleting means."""

import pytest

from tests.contract.s3_box import HELLO, body, refused, said, with_a_box


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


@pytest.fixture
def versioned(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    return s3


# What is refused


@pytest.mark.parametrize(
    ("version_id", "message"),
    [("", "Version id cannot be the empty string"), ("nonsense", "Invalid version id specified")],
)
def test_what_is_no_version_id_is_refused(s3, version_id, message):
    s3.put_object(Bucket="box", Key="key")
    for call in (s3.get_object, s3.delete_object):
        error = refused(call, Bucket="box", Key="key", VersionId=version_id)
        assert (*said(error), error["Message"]) == ("InvalidArgument", 400, message)
        assert error["ArgumentName"] == "versionId"


def test_a_version_that_does_not_exist_is_not_found(versioned):
    gone = {"Bucket": "box", "Key": "key", "VersionId": versioned.put_object(Bucket="box", Key="key")["VersionId"]}
    versioned.delete_object(**gone)
    error = refused(versioned.get_object, **gone)
    assert (*said(error), error["VersionId"]) == ("NoSuchVersion", 404, gone["VersionId"])
    versioned.delete_object(**gone)


def test_an_id_that_s3_never_gave_is_invalid(versioned):
    named = {"Bucket": "box", "Key": "key", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}
    for call in (versioned.get_object, versioned.delete_object):
        assert said(refused(call, **named)) == ("InvalidArgument", 400)
    wanted = {"Objects": [{"Key": "key", "VersionId": named["VersionId"]}]}
    (failed,) = versioned.delete_objects(Bucket="box", Delete=wanted)["Errors"]
    assert (failed["Code"], failed["VersionId"]) == ("NoSuchVersion", named["VersionId"])


def test_a_delete_marker_cannot_be_read(versioned):
    versioned.put_object(Bucket="box", Key="key", Body=HELLO)
    marker = versioned.delete_object(Bucket="box", Key="key")["VersionId"]
    error = refused(versioned.get_object, Bucket="box", Key="key")
    assert said(error) == ("NoSuchKey", 404)
    assert error["Headers"]["x-amz-delete-marker"] == "true"
    assert error["Headers"]["x-amz-version-id"] == marker
    error = refused(versioned.get_object, Bucket="box", Key="key", VersionId=marker)
    assert (*said(error), error["ResourceType"]) == ("MethodNotAllowed", 405, "DeleteMarker")
    assert error["Headers"]["x-amz-delete-marker"] == "true"
    assert error["Headers"]["allow"] == "DELETE"


# What happens next


def test_every_version_is_kept_once_versioning_is_on(s3):
    s3.put_object(Bucket="box", Key="key", Body=b"before")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    assert first != second
    assert s3.get_object(Bucket="box", Key="key")["VersionId"] == second
    for version_id, content in (("null", b"before"), (first, b"first"), (second, b"second")):
        got = s3.get_object(Bucket="box", Key="key", VersionId=version_id)
        assert (body(got), got["VersionId"]) == (content, version_id)


def test_deleting_hides_and_deleting_the_marker_brings_back(versioned):
    kept = versioned.put_object(Bucket="box", Key="key", Body=HELLO)["VersionId"]
    deleted = versioned.delete_object(Bucket="box", Key="key")
    assert deleted["DeleteMarker"] is True
    assert refused(versioned.get_object, Bucket="box", Key="key")["Code"] == "NoSuchKey"
    assert body(versioned.get_object(Bucket="box", Key="key", VersionId=kept)) == HELLO
    again = versioned.delete_object(Bucket="box", Key="key", VersionId=deleted["VersionId"])
    assert (again["DeleteMarker"], again["VersionId"]) == (True, deleted["VersionId"])
    assert body(versioned.get_object(Bucket="box", Key="key")) == HELLO


def test_deleting_the_current_version_brings_the_one_before_back(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    second = versioned.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    third = versioned.put_object(Bucket="box", Key="key", Body=b"third")["VersionId"]
    assert versioned.delete_object(Bucket="box", Key="key", VersionId=second)["VersionId"] == second
    assert versioned.get_object(Bucket="box", Key="key")["VersionId"] == third
    versioned.delete_object(Bucket="box", Key="key", VersionId=third)
    assert versioned.get_object(Bucket="box", Key="key")["VersionId"] == first
    versioned.delete_object(Bucket="box", Key="key", VersionId=first)
    assert refused(versioned.get_object, Bucket="box", Key="key")["Code"] == "NoSuchKey"
    assert versioned.delete_object(Bucket="box", Key="key", VersionId=first)["VersionId"] == first


def test_while_versioning_is_suspended_only_the_null_version_changes(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    versioned.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in versioned.put_object(Bucket="box", Key="key", Body=b"null one")
    versioned.put_object(Bucket="box", Key="key", Body=b"null two")
    got = versioned.get_object(Bucket="box", Key="key")
    assert (body(got), got["VersionId"]) == (b"null two", "null")
    deleted = versioned.delete_object(Bucket="box", Key="key")
    assert (deleted["DeleteMarker"], deleted["VersionId"]) == (True, "null")
    listed = versioned.list_object_versions(Bucket="box")
    assert [each["VersionId"] for each in listed["Versions"]] == [first]
    assert [each["VersionId"] for each in listed["DeleteMarkers"]] == ["null"]
    versioned.put_object(Bucket="box", Key="key", Body=b"null three")
    assert "DeleteMarkers" not in versioned.list_object_versions(Bucket="box")
    assert body(versioned.get_object(Bucket="box", Key="key", VersionId=first)) == b"first"


def test_a_null_version_that_is_not_the_current_one_is_replaced_too(s3):
    s3.put_object(Bucket="box", Key="key", Body=b"null one")
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    second = s3.put_object(Bucket="box", Key="key", Body=b"second")["VersionId"]
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket="box", Key="key", Body=b"null two")
    versions = s3.list_object_versions(Bucket="box")["Versions"]
    assert [(each["VersionId"], each["IsLatest"]) for each in versions] == [("null", True), (second, False)]


def test_an_old_version_is_copied_back(versioned):
    first = versioned.put_object(Bucket="box", Key="key", Body=b"first")["VersionId"]
    versioned.put_object(Bucket="box", Key="key", Body=b"second")
    source = {"Bucket": "box", "Key": "key", "VersionId": first}
    copied = versioned.copy_object(Bucket="box", Key="key", CopySource=source)
    assert copied["CopySourceVersionId"] == first
    assert body(versioned.get_object(Bucket="box", Key="key")) == b"first"
    marker = versioned.delete_object(Bucket="box", Key="key")["VersionId"]
    error = refused(
        versioned.copy_object, Bucket="box", Key="x", CopySource={"Bucket": "box", "Key": "key", "VersionId": marker}
    )
    assert said(error) == ("InvalidRequest", 400)
    assert said(refused(versioned.copy_object, Bucket="box", Key="x", CopySource="box/key")) == ("NoSuchKey", 404)
