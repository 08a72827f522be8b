"""Conditional reads and writes, ranges, and the parts of what has none."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.s3_box import HELLO, MD5, body, refused, said, with_a_box


@pytest.fixture
def s3(aws):
    return with_a_box(aws)


# What is refused


@pytest.mark.parametrize("wanted", ["bytes=12-", "bytes=12-20", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_behind_the_end_cannot_be_satisfied(s3, wanted):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", Range=wanted)
    assert said(error) == ("InvalidRange", 416)
    assert (error["RangeRequested"], error["ActualObjectSize"]) == (wanted, "12")
    assert error["Headers"]["content-range"] == "bytes */12"


def test_a_range_and_a_part_are_not_asked_for_together(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", Range="bytes=0-1", PartNumber=1)
    assert said(error) == ("InvalidRequest", 400)
    assert error["Message"] == "Cannot specify both Range header and partNumber query parameter"


def test_an_object_that_was_put_at_once_has_one_part(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    whole = s3.get_object(Bucket="box", Key="key", PartNumber=1)
    assert body(whole) == HELLO
    assert whole["ContentRange"] == "bytes 0-11/12"
    assert said(refused(s3.get_object, Bucket="box", Key="key", PartNumber=2)) == ("InvalidPartNumber", 416)
    assert said(refused(s3.get_object, Bucket="box", Key="key", PartNumber=10_001)) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"IfMatch": '"another"'}, "If-Match"),
        ({"IfUnmodifiedSince": datetime(2020, 1, 1, tzinfo=UTC)}, "If-Unmodified-Since"),
        ({"IfMatch": '"another"', "IfNoneMatch": f'"{MD5}"'}, "If-Match"),
    ],
)
def test_a_read_whose_condition_fails_is_refused(s3, params, condition):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    error = refused(s3.get_object, Bucket="box", Key="key", **params)
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, condition)
    assert error["Message"] == "At least one of the pre-conditions you specified did not hold"
    assert refused(s3.head_object, Bucket="box", Key="key", **params)["Status"] == 412


@pytest.mark.parametrize(
    "params",
    [
        {"IfNoneMatch": f'"{MD5}"'},
        {"IfNoneMatch": f'"another", W/"{MD5}"'},
        {"IfNoneMatch": "*"},
        {"IfModifiedSince": datetime.now(UTC) + timedelta(days=1)},
        {"IfNoneMatch": f'"{MD5}"', "IfModifiedSince": datetime(2020, 1, 1, tzinfo=UTC)},
        {"IfMatch": f'"{MD5}"', "IfNoneMatch": f'"{MD5}"'},
    ],
)
def test_what_the_reader_has_already_is_not_sent_again(s3, params):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, CacheControl="max-age=60")
    error = refused(s3.get_object, Bucket="box", Key="key", **params)
    assert error["Status"] == 304
    assert error["Headers"]["etag"] == f'"{MD5}"'
    assert error["Headers"]["cache-control"] == "max-age=60"
    assert "last-modified" in error["Headers"]


def test_an_object_is_not_put_over_another_if_it_should_be_new(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO, IfNoneMatch="*")
    error = refused(s3.put_object, Bucket="box", Key="key", Body=b"late", IfNoneMatch="*")
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, "If-None-Match")
    assert body(s3.get_object(Bucket="box", Key="key")) == HELLO


def test_an_object_is_put_over_another_only_if_it_is_the_one_that_was_seen(s3):
    assert said(refused(s3.put_object, Bucket="box", Key="key", Body=b"new", IfMatch='"any"')) == ("NoSuchKey", 404)
    seen = s3.put_object(Bucket="box", Key="key", Body=HELLO)["ETag"]
    s3.put_object(Bucket="box", Key="key", Body=b"new", IfMatch=seen)
    error = refused(s3.put_object, Bucket="box", Key="key", Body=b"late", IfMatch=seen)
    assert (*said(error), error["Condition"]) == ("PreconditionFailed", 412, "If-Match")


@pytest.mark.parametrize("params", [{"IfNoneMatch": '"tag"'}, {"IfMatch": "*"}, {"IfMatch": '"a"', "IfNoneMatch": "*"}])
def test_conditions_that_s3_does_not_know_on_writes_are_not_implemented(s3, params):
    error = refused(s3.put_object, Bucket="box", Key="key", Body=HELLO, **params)
    assert said(error) == ("NotImplemented", 501)
    assert error["Message"] == "A header you provided implies functionality that is not implemented"


def test_an_object_is_deleted_only_if_it_is_the_one_that_was_seen(s3):
    assert said(refused(s3.delete_object, Bucket="box", Key="key", IfMatch="*")) == ("NoSuchKey", 404)
    seen = s3.put_object(Bucket="box", Key="key", Body=HELLO)["ETag"]
    assert said(refused(s3.delete_object, Bucket="box", Key="key", IfMatch='"other"')) == ("PreconditionFailed", 412)
    s3.delete_object(Bucket="box", Key="key", IfMatch=seen)
    assert refused(s3.head_object, Bucket="box", Key="key")["Status"] == 404


# What is done


@pytest.mark.parametrize(
    ("wanted", "content", "told"),
    [
        ("bytes=0-4", b"hello", "bytes 0-4/12"),
        ("bytes=7-", b"world", "bytes 7-11/12"),
        ("bytes=-5", b"world", "bytes 7-11/12"),
        ("bytes=-99", HELLO, "bytes 0-11/12"),
        ("bytes=11-99", b"d", "bytes 11-11/12"),
        ("bytes=0-0", b"h", "bytes 0-0/12"),
    ],
)
def test_a_range_of_an_object_is_got(s3, wanted, content, told):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    got = s3.get_object(Bucket="box", Key="key", Range=wanted)
    assert (body(got), got["ContentRange"], got["ContentLength"]) == (content, told, len(content))
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("wanted", ["bytes=0-1,3-4", "bytes=4-2", "bytes=-", "bytes=a-b", "lines=0-1", "0-1"])
def test_what_is_no_single_range_gets_the_whole_object(s3, wanted):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    got = s3.get_object(Bucket="box", Key="key", Range=wanted)
    assert body(got) == HELLO
    assert "ContentRange" not in got


def test_conditions_that_hold_let_a_read_through(s3):
    s3.put_object(Bucket="box", Key="key", Body=HELLO)
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    for params in (
        {"IfMatch": f'"{MD5}"'},
        {"IfMatch": MD5},
        {"IfMatch": "*"},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": past},
        {"IfUnmodifiedSince": future},
        {"IfMatch": f'"{MD5}"', "IfUnmodifiedSince": past},
        {"IfNoneMatch": '"other"', "IfModifiedSince": future},
    ):
        assert body(s3.get_object(Bucket="box", Key="key", **params)) == HELLO, params
