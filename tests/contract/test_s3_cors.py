"""S3: CORS."""

import pytest

from tests.contract.s3_box import refused
from tests.contract.s3_browser import BUCKET, browser, error_of, open_to_all

ORIGIN = "https://app.example.com"


@pytest.fixture
def s3(aws):
    client = aws("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def web(endpoint):
    return browser(endpoint)


# What is refused


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}, "InvalidRequest",
         "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.*.com"]}, "InvalidRequest",
         'AllowedOrigin "http://*.*.com" can not have more than one wildcard.'),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["*"]}, "InvalidRequest",
         'ExposeHeader "*" contains wildcard. We currently do not support wildcard for ExposeHeader.'),
        ({"AllowedMethods": ["GET"]}, "MalformedXML", None),
    ],
)  # fmt: skip
def test_a_cors_rule_that_makes_no_sense_is_refused(s3, rule, code, message):
    error = refused(s3.put_bucket_cors, Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    assert error["Code"] == code
    assert message is None or error["Message"] == message


def test_a_hundred_cors_rules_are_the_most(s3):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    for rules in ([], [rule] * 101):
        error = refused(s3.put_bucket_cors, Bucket=BUCKET, CORSConfiguration={"CORSRules": rules})
        assert error["Code"] == "MalformedXML"


def allow(s3, **rule):
    rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [ORIGIN], "MaxAgeSeconds": 3000, **rule}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    return rule


def test_a_preflight_without_an_origin_or_a_bucket_is_refused(web, s3):
    status, _, body = web("OPTIONS", f"/{BUCKET}/a")
    assert (status, error_of(body)["Code"]) == (400, "BadRequest")
    assert error_of(body)["Message"] == "Insufficient information. Origin request header needed."
    status, _, body = web("OPTIONS", "/nowhere/a", Origin=ORIGIN, Access_Control_Request_Method="GET")
    assert (status, error_of(body)["Message"]) == (403, "CORSResponse: Bucket not found")
    status, _, body = web("OPTIONS", f"/{BUCKET}/a", Origin=ORIGIN, Access_Control_Request_Method="PUT")
    error = error_of(body)
    assert (status, error["Message"]) == (403, "CORSResponse: CORS is not enabled for this bucket.")
    assert (error["Method"], error["ResourceType"]) == ("PUT", "BUCKET")


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://evil.example.com", "GET", ""),
        (ORIGIN, "DELETE", ""),
        (ORIGIN, "GET", "x-secret"),
        ("https://app.example.com.evil.org", "GET", ""),
    ],
)
def test_a_preflight_that_no_rule_allows_is_forbidden(web, s3, origin, method, headers):
    allow(s3, AllowedHeaders=["x-amz-*"])
    asked = {"Access_Control_Request_Headers": headers} if headers else {}
    status, answered, body = web(
        "OPTIONS", f"/{BUCKET}/a", Origin=origin, Access_Control_Request_Method=method, **asked
    )
    assert (status, error_of(body)["Code"], error_of(body)["ResourceType"]) == (403, "AccessForbidden", "OBJECT")
    assert "access-control-allow-origin" not in answered


# What is done


def test_the_rules_are_kept_until_they_are_deleted(s3):
    rule = allow(s3)
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]
    s3.delete_bucket_cors(Bucket=BUCKET)
    s3.delete_bucket_cors(Bucket=BUCKET)
    assert refused(s3.get_bucket_cors, Bucket=BUCKET)["Code"] == "NoSuchCORSConfiguration"


def test_a_preflight_is_answered_with_what_the_rule_allows(web, s3):
    allow(s3, AllowedHeaders=["x-AMZ-*"], ExposeHeaders=["ETag", "x-amz-request-id"])
    status, headers, body = web(
        "OPTIONS", f"/{BUCKET}/a", Origin=ORIGIN, Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="X-Amz-Date, x-amz-acl",
    )  # fmt: skip
    assert (status, body) == (200, b"")
    assert {name: value for name, value in headers.items() if name.startswith("access-control")} == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-date, x-amz-acl",
        "access-control-expose-headers": "ETag, x-amz-request-id",
        "access-control-max-age": "3000",
        "access-control-allow-credentials": "true",
    }
    assert headers["vary"] == "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def test_a_bucket_in_the_host_name_is_asked_the_same_way(web, s3):
    allow(s3)
    host = f"{BUCKET}.s3.us-east-1.amazonaws.com"
    status, headers, _ = web("OPTIONS", "/a", Host=host, Origin=ORIGIN, Access_Control_Request_Method="GET")
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN)


@pytest.mark.parametrize(
    ("allowed", "origin", "shown"),
    [("*", "http://anywhere", "*"), ("https://*.example.com", ORIGIN, ORIGIN), ("http://*", "https://secure", None)],
)
def test_an_origin_may_have_a_wildcard(web, s3, allowed, origin, shown):
    allow(s3, AllowedOrigins=[allowed])
    _, headers, _ = web("OPTIONS", f"/{BUCKET}", Origin=origin, Access_Control_Request_Method="GET")
    assert headers.get("access-control-allow-origin") == shown
    assert ("access-control-allow-credentials" in headers) is (shown not in (None, "*"))


# What happens next


def test_a_page_may_see_the_answer_to_what_it_asked(web, s3):
    open_to_all(s3)
    allow(s3)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"text")
    status, headers, body = web("GET", f"/{BUCKET}/a", Origin=ORIGIN)
    assert (status, body, headers["access-control-allow-origin"]) == (200, b"text", ORIGIN)
    _, headers, _ = web("GET", f"/{BUCKET}/a", Origin="https://evil.example.com")
    assert "access-control-allow-origin" not in headers
    status, headers, _ = web("GET", f"/{BUCKET}/missing", Origin=ORIGIN)
    assert (status // 100, headers["access-control-allow-origin"]) == (4, ORIGIN)
    _, headers, _ = web("GET", f"/{BUCKET}/a")
    assert "access-control-allow-origin" not in headers
