"""Listing objects and their versions: prefixes, delimiters, pages, encodings."""

import random

import pytest

from tests.contract.s3_box import refused

KEYS = ["a", "a/b", "a/b/c", "a/d", "b", "b/", "c/x/1", "c/x/2", "c/y", "d-1", "d-2", "é", "日本/x"]


@pytest.fixture
def s3(aws):
    client = aws("s3", "us-east-1")
    client.create_bucket(Bucket="box")
    return client


@pytest.fixture
def full(s3):
    for key in KEYS:
        s3.put_object(Bucket="box", Key=key, Body=key.encode())
    return s3


def keys(answer: dict, part: str = "Contents") -> list[str]:
    return [each["Key"] for each in answer.get(part, ())]


def prefixes(answer: dict) -> list[str]:
    return [each["Prefix"] for each in answer.get("CommonPrefixes", ())]


def expected(every: list[str], prefix: str, delimiter: str) -> list[str]:
    """What a listing shows, keys and common prefixes in one order."""
    found = set()
    for key in every:
        if key.startswith(prefix):
            head, separator, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            found.add(prefix + head + separator if separator else key)
    return sorted(found)


# What is refused


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_arguments_of_a_listing_have_bounds(s3, operation):
    call = getattr(s3, operation)
    error = refused(call, Bucket="box", MaxKeys=-1)
    assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "max-keys")
    error = refused(call, Bucket="box", EncodingType="rot13")
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "Invalid Encoding Method specified in Request")


@pytest.mark.parametrize("token", ["", "not a token", "!!!"])
def test_a_token_that_was_not_given_is_refused(s3, token):
    error = refused(s3.list_objects_v2, Bucket="box", ContinuationToken=token)
    assert (error["Code"], error["Message"]) == ("InvalidArgument", "The continuation token provided is incorrect")


def test_a_version_marker_needs_a_key_marker(s3):
    error = refused(s3.list_object_versions, Bucket="box", VersionIdMarker="x" * 32)
    assert error["Message"] == "A version-id marker cannot be specified without a key marker."


# What is done


def test_objects_are_listed_in_the_order_of_their_bytes(full):
    answer = full.list_objects_v2(Bucket="box")
    assert keys(answer) == KEYS
    assert (answer["KeyCount"], answer["IsTruncated"], answer["MaxKeys"]) == (len(KEYS), False, 1000)
    assert (answer["Name"], answer["Prefix"]) == ("box", "")
    assert answer["Contents"][1]["Size"] == 3
    assert answer["Contents"][1]["StorageClass"] == "STANDARD"
    assert "Owner" not in answer["Contents"][1]


def test_the_owner_is_told_on_wish(full):
    answer = full.list_objects_v2(Bucket="box", FetchOwner=True, MaxKeys=1)
    assert len(answer["Contents"][0]["Owner"]["ID"]) == 64
    assert full.list_objects(Bucket="box")["Contents"][0]["Owner"] == answer["Contents"][0]["Owner"]


@pytest.mark.parametrize("prefix", ["", "a", "a/", "c/", "c/x/", "d", "none", "é"])
@pytest.mark.parametrize("delimiter", ["", "/", "-", "x/", "b"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_both_listings_show_every_key_and_prefix_once(full, prefix, delimiter, size):
    shown = expected(KEYS, prefix, delimiter)
    params = {"Bucket": "box", "Prefix": prefix, "Delimiter": delimiter, "MaxKeys": size}
    seen: list[str] = []
    for page in full.get_paginator("list_objects_v2").paginate(**params):
        found = keys(page) + prefixes(page)
        assert len(found) == page["KeyCount"] <= size
        seen += found
    assert sorted(seen) == shown
    seen, marker = [], ""
    while True:
        page = full.list_objects(**params, Marker=marker)
        seen += keys(page) + prefixes(page)
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"] if delimiter else keys(page)[-1]
    assert sorted(seen) == shown
    assert len(seen) == len(shown)


def test_the_next_marker_is_told_only_with_a_delimiter(full):
    assert "NextMarker" not in full.list_objects(Bucket="box", MaxKeys=1)
    assert full.list_objects(Bucket="box", MaxKeys=2, Delimiter="/")["NextMarker"] == "a/"


def test_a_listing_may_begin_behind_a_key(full):
    answer = full.list_objects_v2(Bucket="box", StartAfter="b")
    assert (keys(answer), answer["StartAfter"]) == (KEYS[5:], "b")
    assert keys(full.list_objects(Bucket="box", Marker="b/")) == KEYS[6:]
    assert keys(full.list_objects_v2(Bucket="box", StartAfter="zzz", Prefix="a")) == []
    assert keys(full.list_objects_v2(Bucket="box", StartAfter="A", Prefix="b")) == ["b", "b/"]


def test_a_marker_within_a_common_prefix_hides_the_prefix_in_the_old_listing_only(full):
    assert prefixes(full.list_objects(Bucket="box", Marker="c/x/1", Delimiter="/")) == ["日本/"]
    assert prefixes(full.list_objects_v2(Bucket="box", StartAfter="c/x/1", Delimiter="/")) == ["c/", "日本/"]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_a_page_of_no_keys_is_empty_and_complete(full, operation):
    answer = getattr(full, operation)(Bucket="box", MaxKeys=0)
    assert (answer["MaxKeys"], answer["IsTruncated"]) == (0, False)
    assert "Contents" not in answer


def test_a_page_has_at_most_1000_keys(full):
    assert full.list_objects_v2(Bucket="box", MaxKeys=5000)["MaxKeys"] == 1000


def test_keys_are_encoded_on_wish(full):
    # The client asks for encoded keys by itself and decodes them; those it is told to ask for it leaves alone.
    answer = full.list_objects_v2(Bucket="box", Prefix="日本/", EncodingType="url")
    assert keys(answer) == ["%E6%97%A5%E6%9C%AC/x"]
    assert answer["Prefix"] == "%E6%97%A5%E6%9C%AC/"
    assert answer["EncodingType"] == "url"


def test_versions_are_listed_the_newest_first(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    made = [s3.put_object(Bucket="box", Key="key", Body=str(n).encode())["VersionId"] for n in range(3)]
    marker = s3.delete_object(Bucket="box", Key="key")["VersionId"]
    other = s3.put_object(Bucket="box", Key="other")["VersionId"]
    answer = s3.list_object_versions(Bucket="box")
    assert [each["VersionId"] for each in answer["Versions"]] == [*reversed(made), other]
    assert [each["IsLatest"] for each in answer["Versions"]] == [False, False, False, True]
    [deleted] = answer["DeleteMarkers"]
    assert (deleted["Key"], deleted["VersionId"], deleted["IsLatest"]) == ("key", marker, True)
    assert len(deleted["Owner"]["ID"]) == 64
    assert keys(s3.list_objects_v2(Bucket="box")) == ["other"]


def test_objects_that_never_had_versions_are_null_versions(full):
    answer = full.list_object_versions(Bucket="box", Prefix="a")
    assert [(each["Key"], each["VersionId"]) for each in answer["Versions"]] == [(key, "null") for key in KEYS[:4]]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_versions_miss_none_and_repeat_none(s3, size, delimiter):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    made = []
    for key in ("a", "b/1", "b/2", "c", "b/1", "a", "a", "c"):
        made.append((key, s3.put_object(Bucket="box", Key=key)["VersionId"]))
    made.append(("a", s3.delete_object(Bucket="box", Key="a")["VersionId"]))
    if delimiter:
        made = [(key, version_id) for key, version_id in made if delimiter not in key]
    seen, rolled = [], []
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket="box", Delimiter=delimiter, PaginationConfig={"PageSize": size}
    ):
        entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
        assert len(entries) + len(prefixes(page)) <= size
        seen += [(each["Key"], each["VersionId"]) for each in entries]
        rolled += prefixes(page)
    assert sorted(seen) == sorted(made)
    assert rolled == (["b/"] if delimiter else [])


# What happens next


def test_a_bucket_is_emptied_while_its_versions_are_listed(s3):
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "b", "c"):
        for _ in range(5):
            s3.put_object(Bucket="box", Key=key)
        s3.delete_object(Bucket="box", Key=key)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket="box", PaginationConfig={"PageSize": 4}):
        for each in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket="box", Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket="box")
    assert s3.list_buckets()["Buckets"] == []


def test_a_listing_goes_on_where_it_was_although_keys_come_and_go(full):
    first = full.list_objects_v2(Bucket="box", MaxKeys=4)
    full.delete_object(Bucket="box", Key="b")
    full.put_object(Bucket="box", Key="a/new")
    full.put_object(Bucket="box", Key="bb")
    rest = full.list_objects_v2(Bucket="box", ContinuationToken=first["NextContinuationToken"], StartAfter="zzz")
    assert keys(rest) == ["b/", "bb", *KEYS[6:]]
    assert "StartAfter" not in rest


def test_common_prefixes_of_a_large_bucket_are_found_by_seeking(s3, cloud):
    rows = sorted(f"{folder:03d}/{name:04d}" for folder in range(30) for name in range(300))
    random.Random(7).shuffle(rows)
    insert = (
        "INSERT INTO s3_version (bucket, key, version_id, delete_marker, modified, size, etag, owner, storage_class,"
        " content_type) VALUES ('box', ?, 'null', 0, 0, 0, 'e', '000000000000', 'STANDARD', 'x')"
    )

    def fill():
        with cloud.cloud.store.transaction():
            cloud.cloud.store.write_many(insert, [(key,) for key in rows])

    cloud.run(fill)
    steps = cloud.run(lambda: _count_steps(cloud.cloud.store.sql))
    page = s3.list_objects_v2(Bucket="box", Delimiter="/")
    assert prefixes(page) == [f"{folder:03d}/" for folder in range(30)]
    assert steps() < 30 * 300


def _count_steps(sql):
    """What tells how many steps of its virtual machine SQLite has taken since now."""
    count = [0]

    def tick():
        count[0] += 100

    sql.set_progress_handler(tick, 100)
    return lambda: count[0]


def test_a_number_beyond_all_integers_is_none(s3):
    error = refused(s3.list_objects_v2, Bucket="box", MaxKeys=2**31)
    assert error["Message"] == "Provided max-keys not an integer or within integer range"
    error = refused(s3.list_objects_v2, Bucket="box", MaxKeys=-1)
    assert error["Message"] == "Argument max-keys must be an integer between 0 and 2147483647"
