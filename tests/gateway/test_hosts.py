"""Hosts that name a bucket, a service or a site: what is signed stays as sent, what is meant is found."""

import json

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from tests.gateway import raw

VIRTUAL = [
    "hosted.s3.eu-west-1.amazonaws.com",
    "hosted.s3.localhost:4566",
    "hosted.localhost",
    "hosted.s3.amazonaws.com",
]


@pytest.fixture
def bucket(aws):
    client = aws("s3")
    client.create_bucket(Bucket="hosted", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_object(Bucket="hosted", Key="a/b c", Body=b"hello")


def get(cloud, host, path, service="s3", **options):
    headers = raw.signed("GET", f"http://{host}{path}", service, **options)
    return raw.ask(cloud.url, raw.request("GET", path, headers))


@pytest.mark.parametrize("host", VIRTUAL)
def test_a_bucket_in_the_host_is_the_bucket(cloud, bucket, host):
    assert get(cloud, host, "/a/b%20c").body == b"hello"
    assert "<Key>a/b c</Key>" in get(cloud, host, "/?list-type=2").text
    assert "<Code>NoSuchKey</Code>" in get(cloud, host, "/hosted/a/b%20c").text


@pytest.mark.parametrize("host", VIRTUAL)
def test_a_presigned_url_may_have_the_bucket_in_its_host(cloud, bucket, host):
    drawn = AWSRequest("GET", f"http://{host}/a/b%20c", {"Host": host})
    S3SigV4QueryAuth(raw.TEST, "s3", "eu-west-1", expires=60).add_auth(drawn)
    path = drawn.url.partition(host)[2]
    assert raw.ask(cloud.url, raw.request("GET", path, {"Host": host})).body == b"hello"


def test_boto3_may_address_buckets_by_host(cloud, aws, bucket):
    client = aws("s3", endpoint_url=cloud.url.replace("127.0.0.1", "localhost"))
    assert client.get_object(Bucket="hosted", Key="a/b c")["Body"].read() == b"hello"


def test_a_service_is_found_by_the_name_it_has_at_aws(cloud):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = raw.signed(
        "POST",
        "https://sts.eu-west-1.amazonaws.com/",
        "sts",
        {"Content-Type": "application/x-www-form-urlencoded"},
        body,
    )
    assert "<Account>" in raw.ask(cloud.url, raw.request("POST", "/", headers, body)).text


def test_an_anonymous_request_goes_by_the_host(cloud, bucket):
    for host, code in (("hosted.s3.amazonaws.com", "AccessDenied"), ("lambda.eu-west-1.amazonaws.com", "Missing Auth")):
        reply = raw.ask(cloud.url, raw.request("GET", "/2015-03-31/functions/", {"Host": host}))
        assert (reply.status, code in reply.text) == (403, True)


def test_an_api_that_is_not_there_is_forbidden(cloud):
    host = {"Host": "nobody.execute-api.eu-west-1.amazonaws.com"}
    reply = raw.ask(cloud.url, raw.request("GET", "/prod/pets", host))
    assert (reply.status, json.loads(reply.text)) == (403, {"message": "Forbidden"})


def test_a_website_is_served_to_anybody_who_asks_by_its_name(cloud, aws, bucket):
    client = aws("s3")
    client.put_bucket_website(Bucket="hosted", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    reply = raw.ask(cloud.url, raw.request("GET", "/", {"Host": "hosted.s3-website-eu-west-1.amazonaws.com"}))
    assert (
        reply.status == 403 and "AccessDenied" in reply.text and reply.headers["content-type"].startswith("text/html")
    )


def test_a_preflight_is_answered_by_the_bucket(cloud, aws, bucket):
    rule = {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://app.example"], "AllowedHeaders": ["*"]}
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    preflight = raw.request("OPTIONS", "/hosted/key", {"Host": "localhost", **asked})
    assert raw.ask(cloud.url, preflight).status == 403
    aws("s3").put_bucket_cors(Bucket="hosted", CORSConfiguration={"CORSRules": [rule]})
    reply = raw.ask(cloud.url, preflight)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, "https://app.example")


def test_the_answer_to_a_browser_says_whether_its_page_may_read_it(cloud, aws, bucket):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://app.example"]}
    aws("s3").put_bucket_cors(Bucket="hosted", CORSConfiguration={"CORSRules": [rule]})
    for path, status in (("/hosted/a/b%20c", 200), ("/hosted/x", 404)):
        for origin, allowed in (("https://app.example", "https://app.example"), ("https://other.example", None)):
            headers = raw.signed("GET", cloud.url + path, "s3") | {"Origin": origin}
            reply = raw.ask(cloud.url, raw.request("GET", path, headers))
            assert (reply.status, reply.headers.get("access-control-allow-origin")) == (status, allowed)


def test_what_a_service_does_not_know_is_said_in_its_words(cloud):
    told = raw.send_signed(cloud.url, "PATCH", "/bucket/key", "s3")
    assert (told.status, "<Code>MethodNotAllowed</Code>" in told.text) == (405, True)
    told = raw.send_signed(cloud.url, "POST", "/", "ssm", b"{}", headers={"X-Amz-Target": "AmazonSSM.Fly"})
    assert (told.status, "UnknownOperationException" in told.text) == (400, True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    told = raw.send_signed(cloud.url, "POST", "/", "sts", b"Action=Fly&Version=2011-06-15", headers=form)
    assert (told.status, "<Code>InvalidAction</Code>" in told.text) == (400, True)
    told = raw.send_signed(cloud.url, "GET", "/fly", "lambda")
    assert (told.status, told.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")


def test_what_glasshouse_does_not_have_is_refused_by_name(cloud):
    told = raw.send_signed(cloud.url, "POST", "/", "gamelift", b"{}", headers={"X-Amz-Target": "GameLift.ListFleets"})
    assert (told.status, "NotSupported" in told.text, "gamelift" in told.text) == (501, True, True)
    told = raw.send_signed(cloud.url, "GET", "/", "nosuchthing")
    assert (told.status, "nosuchthing" in told.text) == (501, True)
