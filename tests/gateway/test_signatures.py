"""Signatures of version 4, in the header and in the query: who is let in, and how the others are told."""

import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glasshouse.gateway.sigv4 import KeyedHash
from tests.gateway import raw

WRONG = Credentials("test", "wrong")
NOBODY = Credentials("AKIAIOSFODNN7EXAMPLE", "nobody")
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARAMETERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.DescribeParameters"}


def who(url, **options):
    return raw.send_signed(url, "POST", "/", "sts", IDENTITY, headers=FORM, **options)


def parameters(url, **options):
    return raw.send_signed(url, "POST", "/", "ssm", b"{}", headers=PARAMETERS, **options)


def buckets(url, **options):
    return raw.send_signed(url, "GET", "/", "s3", **options)


def functions(url, **options):
    return raw.send_signed(url, "GET", "/2015-03-31/functions/", "lambda", **options)


def instances(url, **options):
    body = b"Action=DescribeInstances&Version=2016-11-15"
    return raw.send_signed(url, "POST", "/", "ec2", body, headers=FORM, **options)


# What is refused


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (who, 403, "<Code>InvalidClientTokenId</Code>"),
        (parameters, 400, "UnrecognizedClientException"),
        (buckets, 403, "<Code>InvalidAccessKeyId</Code>"),
        (functions, 403, "The security token included in the request is invalid."),
        (instances, 401, "<Code>AuthFailure</Code>"),
    ],
)
def test_an_unknown_key_is_refused_in_the_words_of_the_service(cloud, ask, status, code):
    reply = ask(cloud.url, credentials=NOBODY)
    assert (reply.status, code in reply.text) == (status, True), reply.text


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (who, 403, "<Code>SignatureDoesNotMatch</Code>"),
        (parameters, 400, "InvalidSignatureException"),
        (buckets, 403, "<Code>SignatureDoesNotMatch</Code>"),
        (functions, 403, "The request signature we calculated does not match"),
        (instances, 401, "<Code>AuthFailure</Code>"),
    ],
)
def test_a_wrong_secret_is_refused_in_the_words_of_the_service(cloud, ask, status, code):
    reply = ask(cloud.url, credentials=WRONG)
    assert (reply.status, code in reply.text) == (status, True), reply.text


@pytest.mark.parametrize(
    ("ask", "minutes", "text"),
    [
        (who, -16, "Signature expired: "),
        (who, 16, "Signature not yet current: "),
        (parameters, -16, "Signature expired: "),
        (buckets, -16, "<Code>RequestTimeTooSkewed</Code>"),
        (instances, -16, "<Code>RequestExpired</Code>"),
    ],
)
def test_a_request_signed_at_another_time_is_refused(cloud, ask, minutes, text):
    reply = ask(cloud.url, at=datetime.now(UTC) + timedelta(minutes=minutes))
    assert reply.status in (400, 403) and text in reply.text


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_a_quarter_of_an_hour_off_is_forgiven(cloud, minutes):
    assert who(cloud.url, at=datetime.now(UTC) + timedelta(minutes=minutes)).status == 200


def test_a_request_without_a_signature_is_refused_where_there_is_nothing_public(cloud):
    reply = raw.ask(cloud.url, raw.request("POST", "/", {"Host": "x", **FORM}, IDENTITY))
    assert (reply.status, "MissingAuthenticationToken" in reply.text) == (403, True)
    reply = raw.ask(cloud.url, raw.request("POST", "/", {"Host": "x", **PARAMETERS}, b"{}"))
    assert (reply.status, json.loads(reply.body)["__type"]) == (400, "MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", "exactly 5 slash-delimited"),
        ("AWS4-HMAC-SHA256 Credential=a/20200101/eu-west-1/sts/aws4_request", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/20200101/eu-west-1/sts/x, SignedHeaders=h, Signature=c", "valid terminator"),
        ("AWS4-HMAC-SHA256 Credential=a/20200101/EU%20/sts/aws4_request, SignedHeaders=h, Signature=c", "valid region"),
        (
            "AWS4-HMAC-SHA256 Credential=a/20200101/eu-west-1/sts/aws4_request, SignedHeaders=h, Signature=c",
            "X-Amz-Date",
        ),
        ("Basic dGVzdDp0ZXN0", "requires 'AWS4-HMAC-SHA256'"),
        ("AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=c", "SigV4A"),
    ],
)
def test_half_a_signature_is_refused_and_told_what_it_lacks(cloud, header, told):
    reply = raw.ask(cloud.url, raw.request("POST", "/", {"Host": "x", "Authorization": header, **FORM}, IDENTITY))
    assert reply.status in (400, 403, 501) and told in reply.text


def test_a_date_other_than_that_of_the_scope_is_refused(cloud):
    headers = raw.signed("POST", cloud.url + "/", "sts", FORM, IDENTITY)
    headers["X-Amz-Date"] = "20200101T000000Z"
    reply = raw.ask(cloud.url, raw.request("POST", "/", headers, IDENTITY))
    assert reply.status == 403 and "Date in Credential scope does not match" in reply.text


def test_another_body_than_the_one_signed_is_refused(cloud):
    headers = raw.signed("POST", cloud.url + "/", "sts", FORM, IDENTITY)
    reply = raw.ask(cloud.url, raw.request("POST", "/", headers, IDENTITY.replace(b"Caller", b"coller")))
    assert reply.status == 403 and "SignatureDoesNotMatch" in reply.text


@pytest.mark.parametrize("change", ["header", "query", "path", "method"])
def test_another_request_than_the_one_signed_is_refused(cloud, change):
    headers = raw.signed("GET", cloud.url + "/a/b?versionId=1", "s3", {"x-amz-expected-bucket-owner": "1"})
    method, path = "GET", "/a/b?versionId=1"
    if change == "header":
        headers["x-amz-expected-bucket-owner"] = "2"
    method = "DELETE" if change == "method" else method
    path = {"query": "/a/b?versionId=2", "path": "/a/c?versionId=1"}.get(change, path)
    reply = raw.ask(cloud.url, raw.request(method, path, headers))
    assert reply.status == 403 and "<Code>SignatureDoesNotMatch</Code>" in reply.text
    assert "<StringToSign>" in reply.text and "<CanonicalRequest>" in reply.text


def test_a_header_of_amazons_outside_of_the_signature_is_refused(cloud):
    headers = raw.signed("GET", cloud.url + "/", "s3") | {"x-amz-acl": "public-read"}
    reply = raw.ask(cloud.url, raw.request("GET", "/", headers))
    assert reply.status == 403 and "<HeadersNotSigned>x-amz-acl</HeadersNotSigned>" in reply.text


def test_a_host_outside_of_the_signature_is_refused(cloud):
    headers = raw.signed("GET", cloud.url + "/", "s3")
    headers["Authorization"] = headers["Authorization"].replace("SignedHeaders=host;", "SignedHeaders=")
    reply = raw.ask(cloud.url, raw.request("GET", "/", headers))
    assert reply.status == 403 and "must be a 'SignedHeader'" in reply.text


def test_s3_wants_to_know_what_was_signed_of_the_body(cloud):
    headers = raw.signed("GET", cloud.url + "/", "s3")
    del headers["X-Amz-Content-SHA256"]
    reply = raw.ask(cloud.url, raw.request("GET", "/", headers))
    assert (reply.status, "Missing required header for this request: x-amz-content-sha256" in reply.text) == (400, True)


# What is done


def test_the_right_secret_is_let_in_by_each_family(cloud):
    assert (who(cloud.url).status, parameters(cloud.url).status, buckets(cloud.url).status) == (200, 200, 200)
    assert functions(cloud.url).status == 501 or functions(cloud.url).status == 200


def test_names_and_values_of_any_kind_are_signed_alike(cloud, aws):
    cloud_url = cloud.url
    boto = aws("s3")
    boto.create_bucket(Bucket="odd", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        key=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
        value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    )
    def write_and_read(key, value):
        if key.strip("./") == "" or "/../" in f"/{key}/" or "/./" in f"/{key}/":
            return  # what botocore's own URL library changes on its way out
        boto.put_object(Bucket="odd", Key=key, Body=b"x", Metadata={"m": value.strip()}, ContentType="a/b")
        assert (
            boto.get_object(Bucket="odd", Key=key, IfMatch='"9dd4e461268c8034f5c8564e155c67a6"')["Body"].read() == b"x"
        )
        url = boto.generate_presigned_url("get_object", {"Bucket": "odd", "Key": key})
        parts = urlsplit(url)
        assert (
            raw.ask(cloud_url, raw.request("GET", f"{parts.path}?{parts.query}", {"Host": parts.netloc})).status == 200
        )

    write_and_read()


def test_spaces_in_a_signed_header_are_folded(cloud):
    headers = raw.signed("GET", cloud.url + "/", "s3", {"x-amz-meta-note": "one two"})
    headers["x-amz-meta-note"] = "  one    two "
    assert raw.ask(cloud.url, raw.request("GET", "/", headers)).status == 200


def test_query_parameters_may_come_more_than_once_and_in_any_order(cloud):
    for path in ("/?b=2&a=1&b=1", "/?a&c=&b", "/?x=%7E%20+&a=%2f"):
        reply = raw.send_signed(cloud.url, "GET", path, "s3")
        assert reply.status == 200, (path, reply.text)


def test_a_path_with_dots_is_normalized_but_in_s3(cloud, aws):
    reply = raw.send_signed(cloud.url, "GET", "/2015-03-31/./x/../functions/", "lambda")
    assert "does not match" not in reply.text
    reply = raw.send_signed(cloud.url, "GET", "/bucket/../other/./key", "s3")
    assert "NoSuchBucket" in reply.text


def test_a_session_is_let_in_with_its_token_only(cloud, aws):
    given = aws("sts").get_session_token()["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    with_token = aws("sts", aws_session_token=given["SessionToken"], **keys)
    assert with_token.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    for token in (None, given["SessionToken"][:-1], given["SessionToken"] + "x"):
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            aws("sts", aws_session_token=token, **keys).get_caller_identity()
        with pytest.raises(ClientError, match="InvalidToken"):
            aws("s3", aws_session_token=token, **keys).list_buckets()


def test_a_session_ends_by_the_clouds_clock(cloud, aws):
    given = aws("sts").get_session_token(DurationSeconds=900)["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    options = {"aws_session_token": given["SessionToken"], **keys}
    cloud.clock.advance(901)
    for service, ask, code in (
        ("sts", "get_caller_identity", "ExpiredToken"),
        ("ssm", "describe_parameters", "ExpiredTokenException"),
        ("s3", "list_buckets", "ExpiredToken"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(aws(service, **options), ask)()
        assert refused.value.response["Error"]["Code"] == code


# What is presigned


def presigned(url, service, expires, signer=SigV4QueryAuth, at=None):
    drawn = AWSRequest("GET", url, {"Host": urlsplit(url).netloc})
    raw.sign_at(signer(raw.TEST, service, "eu-west-1", expires=expires), drawn, at or datetime.now(UTC))
    parts = urlsplit(drawn.url)
    return f"{parts.path}?{parts.query}", {"Host": parts.netloc}


def test_a_presigned_request_of_a_query_service_is_let_in(cloud):
    path, headers = presigned(cloud.url + "/?Action=GetCallerIdentity&Version=2011-06-15", "sts", 60)
    assert "<Account>000000000000</Account>" in raw.ask(cloud.url, raw.request("GET", path, headers)).text


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_of_s3_is_let_in_whatever_the_clouds_clock_says(cloud, aws, version):
    boto = aws("s3", config=Config(signature_version=version))
    boto.create_bucket(Bucket="shared", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto.put_object(Bucket="shared", Key="a b/ü+=&", Body=b"hello")
    url = urlsplit(boto.generate_presigned_url("get_object", {"Bucket": "shared", "Key": "a b/ü+=&"}, ExpiresIn=60))
    cloud.clock.advance(1e6)
    reply = raw.ask(cloud.url, raw.request("GET", f"{url.path}?{url.query}", {"Host": url.netloc}))
    assert (reply.status, reply.body) == (200, b"hello")


def test_a_presigned_url_that_has_expired_is_refused(cloud, aws):
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    path, headers = presigned(cloud.url + "/b/k", "s3", 3599, S3SigV4QueryAuth, an_hour_ago)
    old = urlsplit(aws("s3").generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=-1))
    for asked in (path, f"{old.path}?{old.query}"):
        reply = raw.ask(cloud.url, raw.request("GET", asked, headers))
        assert reply.status == 403 and "<Message>Request has expired</Message>" in reply.text
        assert "<Expires>" in reply.text and "<ServerTime>" in reply.text
    path, headers = presigned(cloud.url + "/b/k", "s3", 3660, S3SigV4QueryAuth, an_hour_ago)
    assert "NoSuchBucket" in raw.ask(cloud.url, raw.request("GET", path, headers)).text


def test_a_presigned_url_of_tomorrow_is_refused(cloud):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    path, headers = presigned(cloud.url + "/b/k", "s3", 60, S3SigV4QueryAuth, tomorrow)
    reply = raw.ask(cloud.url, raw.request("GET", path, headers))
    assert reply.status == 403 and "<Message>Request is not yet valid</Message>" in reply.text


def test_a_presigned_url_cannot_be_changed(cloud):
    path, headers = presigned(cloud.url + "/bucket/key", "s3", 60, signer=S3SigV4QueryAuth)
    for changed in (path.replace("key", "other"), path.replace("Expires=60", "Expires=600"), path + "&versionId=1"):
        reply = raw.ask(cloud.url, raw.request("GET", changed, headers))
        assert reply.status == 403 and "SignatureDoesNotMatch" in reply.text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("X-Amz-Expires=60", "X-Amz-Expires=604801", "must be less than a week"),
        ("X-Amz-Expires=60", "X-Amz-Expires=-1", "should be a number"),
        ("&X-Amz-Expires=60", "", "requires the X-Amz-Algorithm"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=x", "requires the X-Amz-Algorithm"),
    ],
)
def test_a_presigned_url_that_is_malformed_is_refused(cloud, old, new, told):
    path, headers = presigned(cloud.url + "/bucket/key", "s3", 60, signer=S3SigV4QueryAuth)
    reply = raw.ask(cloud.url, raw.request("GET", path.replace(old, new), headers))
    assert (reply.status, "<Code>AuthorizationQueryParametersError</Code>" in reply.text) == (400, True)
    assert told in reply.text


def test_headers_that_were_presigned_into_the_query_count(cloud, aws):
    aws("s3").create_bucket(Bucket="hoist", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    url = f"{cloud.url}/hoist/key?x-amz-meta-color={quote('blue')}"
    drawn = AWSRequest("PUT", url, {"Host": urlsplit(url).netloc})
    S3SigV4QueryAuth(raw.TEST, "s3", "eu-west-1", expires=60).add_auth(drawn)
    parts = urlsplit(drawn.url)
    data = raw.request("PUT", f"{parts.path}?{parts.query}", {"Host": parts.netloc}, b"hello")
    assert raw.ask(cloud.url, data).status == 200
    assert aws("s3").head_object(Bucket="hoist", Key="key")["Metadata"] == {"color": "blue"}


# What is signed in the old way


def test_the_old_signature_is_let_in_and_a_wrong_one_is_not(cloud, aws):
    assert "Buckets" in aws("s3", config=Config(signature_version="s3")).list_buckets()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        aws("s3", config=Config(signature_version="s3"), aws_secret_access_key="x").list_buckets()


def test_an_old_presigned_url_cannot_be_changed(cloud, aws):
    url = aws("s3", config=Config(signature_version="s3")).generate_presigned_url(
        "get_object", {"Bucket": "b", "Key": "k", "VersionId": "1"}
    )
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}"
    assert "NoSuchBucket" in raw.ask(cloud.url, raw.request("GET", path, {"Host": parts.netloc})).text
    for old, new in (("/b/k", "/b/x"), ("versionId=1", "versionId=2"), ("Expires=1", "Expires=2")):
        reply = raw.ask(cloud.url, raw.request("GET", path.replace(old, new), {"Host": parts.netloc}))
        assert reply.status == 403 and "SignatureDoesNotMatch" in reply.text


# What an open cloud believes


def test_an_open_cloud_believes_every_key():
    from glasshouse.app import LiveCloud, Settings

    live = LiveCloud(Settings(port=0, auth="open", account="111122223333"))
    try:
        for key, account in (("anything", "111122223333"), ("444455556666", "444455556666")):
            client = boto3.client(
                "sts", "eu-west-1", endpoint_url=live.url, aws_access_key_id=key, aws_secret_access_key="?"
            )
            assert client.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:root"
        assert who(live.url, credentials=Credentials("x", "y")).status == 200
    finally:
        live.stop()


def test_an_open_cloud_listens_on_loopback_only():
    from glasshouse.app import Settings

    with pytest.raises(ValueError, match="loopback only"):
        Settings(host="0.0.0.0", auth="open")


@given(st.binary(max_size=64), st.lists(st.text(st.characters(max_codepoint=255)), min_size=2, max_size=2))
def test_a_keyed_hash_is_the_one_of_the_standard_library(key, texts):
    keyed = KeyedHash(key)
    for text in texts:
        assert keyed.sign(text) == hmac.digest(key, text.encode("latin-1"), "sha256").hex()
