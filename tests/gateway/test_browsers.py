"""Pages of other sites, whose wishes a browser carries here: what they may not do with a key that everybody knows."""

from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from glasshouse.gateway.browsers import is_foreign
from tests.gateway import raw
from tests.gateway.test_forms import TYPE, written

FOREIGN = {"Origin": "https://evil.example"}
ACTION = "Action=CreateQueue&Version=2012-11-05&QueueName=planted"


def presigned(cloud, method, path, service, credentials=raw.TEST):
    drawn = AWSRequest(method, cloud.url + path, {"Host": urlsplit(cloud.url).netloc})
    SigV4QueryAuth(credentials, service, "eu-west-1", expires=60).add_auth(drawn)
    parts = urlsplit(drawn.url)
    return f"{parts.path}?{parts.query}"


def sent(cloud, method, path, headers, body=b""):
    return raw.ask(cloud.url, raw.request(method, path, {"Host": urlsplit(cloud.url).netloc, **headers}, body), method)


@pytest.fixture
def bucket(aws):
    aws("s3").create_bucket(Bucket="paged", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_object(Bucket="paged", Key="key", Body=b"hello")


# What is refused


@pytest.mark.parametrize(
    "headers", [FOREIGN, {"Origin": "null"}, {"Origin": "http://["}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_foreign_page_cannot_act_as_root(cloud, aws, headers):
    reply = sent(cloud, "GET", presigned(cloud, "GET", f"/?{ACTION}", "sqs"), headers)
    assert (reply.status, "AccessDenied" in reply.text) == (403, True)
    assert "QueueUrls" not in aws("sqs").list_queues()


def test_a_foreign_page_cannot_upload_a_form(cloud, aws, bucket):
    fields = list(aws("s3").generate_presigned_post("paged", "planted")["fields"].items())
    reply = sent(cloud, "POST", "/paged", {"Content-Type": TYPE, **FOREIGN}, written(fields))
    assert (reply.status, "<Code>AccessDenied</Code>" in reply.text) == (403, True)
    assert aws("s3").list_objects_v2(Bucket="paged")["KeyCount"] == 1
    assert list((cloud.cloud.directory / "incoming").iterdir()) == []


# What is done


def test_a_foreign_page_may_link_to_an_object(cloud, aws, bucket):
    url = urlsplit(aws("s3").generate_presigned_url("get_object", {"Bucket": "paged", "Key": "key"}))
    for headers in (FOREIGN, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}):
        assert sent(cloud, "GET", f"{url.path}?{url.query}", headers).body == b"hello"


def test_a_bucket_may_open_itself_to_a_page(cloud, aws, bucket):
    rule = {"AllowedMethods": ["POST"], "AllowedOrigins": ["https://evil.example"]}
    aws("s3").put_bucket_cors(Bucket="paged", CORSConfiguration={"CORSRules": [rule]})
    fields = list(aws("s3").generate_presigned_post("paged", "invited")["fields"].items())
    assert sent(cloud, "POST", "/paged", {"Content-Type": TYPE, **FOREIGN}, written(fields)).status == 204


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8080", "http://app.localhost:3000"])
def test_a_page_from_this_machine_is_no_stranger(cloud, origin):
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    assert sent(cloud, "GET", presigned(cloud, "GET", f"/?{ACTION}", "sqs"), headers).status == 200
    assert not is_foreign({"origin": origin})


def test_a_key_with_a_secret_is_its_holders_affair(cloud, aws):
    given = aws("sts").get_session_token()["Credentials"]
    secret = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert sent(cloud, "GET", presigned(cloud, "GET", f"/?{ACTION}", "sqs", secret), FOREIGN).status == 200
