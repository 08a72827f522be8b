"""Lambda: function URLs, and what a browser or a program gets by them."""

import json
import urllib.request
from base64 import b64encode
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.contract.lambda_code import ACCOUNT, PREFIX, REGION, made, refused, zipped

MISSING = "ResourceNotFoundException"
EVERYBODY = {
    "FunctionName": "site", "StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "Principal": "*",
    "FunctionUrlAuthType": "NONE",
}  # fmt: skip
# Answers with the event, or as the query string asks it to.
SITE = """
import json

def handler(event, context):
    asked = event.get("queryStringParameters", {}).get("answer")
    if asked == "boom":
        raise ValueError("boom")
    return json.loads(asked) if asked else event
"""
STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const metadata = {statusCode: 201, headers: {"content-type": "text/plain"}, cookies: ["c=1"]};
  stream = awslambda.HttpResponseStream.from(stream, metadata);
  stream.write("one, ");
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.end("two");
});
"""


@pytest.fixture
def functions(aws):
    """A client, and the function `site`."""
    made(aws, "site", SITE)
    return aws("lambda")


@pytest.fixture
def url(functions) -> str:
    """The URL of the function, open to everybody."""
    functions.add_permission(**EVERYBODY)
    return functions.create_function_url_config(FunctionName="site", AuthType="NONE")["FunctionUrl"]


def fetch(url: str, method: str = "GET", body: bytes | None = None, **headers: str):
    """(status, headers, body) of an answer."""
    asked = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    asked.get_method = lambda: method
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def answering(url: str, value) -> str:
    return f"{url}?answer={urllib.request.quote(json.dumps(value))}"


# What is refused


def test_urls_that_are_not_there(functions, url, cloud):
    for call in (functions.get_function_url_config, functions.delete_function_url_config):
        assert refused(call, FunctionName="ghost") == (MISSING, "The resource you requested does not exist.")
        assert refused(call, FunctionName="site", Qualifier="live")[0] == MISSING
    gone = (MISSING, "Function does not exist")
    assert refused(functions.create_function_url_config, FunctionName="ghost", AuthType="NONE") == gone
    assert refused(functions.create_function_url_config, FunctionName="site", Qualifier="live", AuthType="NONE") == gone
    assert refused(functions.update_function_url_config, FunctionName="ghost") == gone
    assert refused(functions.list_function_url_configs, FunctionName="ghost") == gone
    assert fetch(f"{cloud.url}/_aws/lambda-url/{'x' * 32}/")[0] == 404


def test_urls_that_cannot_be(functions, url):
    create = functions.create_function_url_config
    code, message = refused(create, FunctionName="site", AuthType="NONE")
    assert code == "ResourceConflictException"
    assert message.startswith(f"Failed to create function url config for [functionArn = {PREFIX}site].")
    assert refused(create, FunctionName="site", AuthType="SOME")[0] == "ValidationException"
    for qualifier in ("1", "$LATEST"):
        assert refused(create, FunctionName="site", Qualifier=qualifier, AuthType="NONE")[0] == "ValidationException"


def test_nobody_enters_without_a_permission(functions):
    url = functions.create_function_url_config(FunctionName="site", AuthType="NONE")["FunctionUrl"]
    status, headers, body = fetch(url)
    assert status == 403 and json.loads(body)["Message"].startswith("Forbidden")
    assert headers["x-amzn-ErrorType"] == "AccessDeniedException"
    functions.add_permission(**{**EVERYBODY, "FunctionUrlAuthType": "AWS_IAM"})
    assert fetch(url)[0] == 403


# What is done


def test_a_url_is_shown_as_it_was_made(functions):
    cors = {"AllowOrigins": ["https://app.example"], "AllowMethods": ["GET"], "MaxAge": 60}
    answer = functions.create_function_url_config(
        FunctionName="site", AuthType="AWS_IAM", Cors=cors, InvokeMode="RESPONSE_STREAM"
    )
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 201 and answer.pop("CreationTime").endswith("Z")
    assert answer == {
        "FunctionUrl": answer["FunctionUrl"], "FunctionArn": f"{PREFIX}site", "AuthType": "AWS_IAM", "Cors": cors,
        "InvokeMode": "RESPONSE_STREAM",
    }  # fmt: skip
    changed = functions.update_function_url_config(FunctionName="site", AuthType="NONE", InvokeMode="BUFFERED")
    assert (changed["AuthType"], changed["InvokeMode"], changed["Cors"]) == ("NONE", "BUFFERED", cors)
    shown = functions.get_function_url_config(FunctionName=f"{PREFIX}site")
    assert {**shown, "ResponseMetadata": 0} == {**changed, "ResponseMetadata": 0}
    functions.publish_version(FunctionName="site")
    functions.create_alias(FunctionName="site", Name="live", FunctionVersion="1")
    unsaid = functions.create_function_url_config(FunctionName="site", Qualifier="live", AuthType="NONE")
    assert "InvokeMode" not in unsaid
    assert functions.get_function_url_config(FunctionName="site:live")["InvokeMode"] == "BUFFERED"
    listed = functions.list_function_url_configs(FunctionName="site")["FunctionUrlConfigs"]
    assert [one["FunctionArn"] for one in listed] == [f"{PREFIX}site", f"{PREFIX}site:live"]
    functions.delete_function_url_config(FunctionName="site")
    assert len(functions.list_function_url_configs(FunctionName="site")["FunctionUrlConfigs"]) == 1


def test_by_its_name_on_aws_the_url_is_served_too(functions, url, cloud):
    id = urlsplit(url).path.strip("/").rpartition("/")[2]
    status, _, body = fetch(f"{cloud.url}/path", Host=f"{id}.lambda-url.{REGION}.on.aws")
    assert status == 200 and json.loads(body)["rawPath"] == "/path"
    assert fetch(f"{cloud.url}/path", Host=f"{id}.lambda-url.{REGION}.localhost:4566")[0] == 200
    assert json.loads(fetch(f"{url}a%2Fb%F/c%20d?x=%2F")[2])["rawPath"] == "/a%2Fb%F/c%20d"


def test_a_visit_is_told_to_the_function(url):
    visited = f"{url}some/where%20else?b=2&a=1&b=3&empty="
    status, headers, body = fetch(visited, "POST", b'{"x": 1}', Content_Type="application/json", Cookie="c=1; d=2")
    assert (status, headers["content-type"]) == (200, "application/json") and headers["x-amzn-RequestId"]
    event = json.loads(body)
    context = event.pop("requestContext")
    assert event.pop("headers")["content-type"] == "application/json"
    assert event == {
        "version": "2.0", "routeKey": "$default", "rawPath": "/some/where%20else",
        "rawQueryString": "b=2&a=1&b=3&empty=",
        "queryStringParameters": {"b": "2,3", "a": "1", "empty": ""}, "cookies": ["c=1", "d=2"], "body": '{"x": 1}',
        "isBase64Encoded": False,
    }  # fmt: skip
    assert context.pop("time").endswith(" +0000") and context.pop("timeEpoch") > 10**12
    assert context.pop("requestId") == headers["x-amzn-RequestId"]
    assert context.pop("http")["path"] == "/some/where else"
    id = context["apiId"]
    assert context == {
        "accountId": "anonymous", "apiId": id, "domainName": f"{id}.lambda-url.{REGION}.on.aws", "domainPrefix": id,
        "routeKey": "$default", "stage": "$default",
    }  # fmt: skip


def test_bytes_are_told_in_base64(url):
    event = json.loads(fetch(url, "PUT", b"\0\xff", Content_Type="application/octet-stream")[2])
    assert (event["body"], event["isBase64Encoded"]) == (b64encode(b"\0\xff").decode(), True)


@pytest.mark.parametrize(
    ("value", "status", "kind", "body"),
    [
        ({"hello": "you"}, 200, "application/json", b'{"hello":"you"}'),
        ("plain text", 200, "application/json", b"plain text"),
        (["a", 3, True], 200, "application/json", b'["a",3,true]'),
        ({"statusCode": 201, "body": "made"}, 201, "application/json", b"made"),
        ({"statusCode": 404}, 404, "application/json", b""),
        ({"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>"}, 200, "text/html", b"<p>"),
        ({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}, 200, "application/json", b"\0\xff"),
        ({"statusCode": "many"}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 101}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 10**9}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 200, "headers": [1]}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 200, "cookies": 5}, 502, "application/json", b"Internal Server Error"),
    ],
)
def test_what_the_function_returns_is_answered(url, value, status, kind, body):
    answer = fetch(answering(url, value))
    assert (answer[0], answer[1]["content-type"], answer[2]) == (status, kind, body)


def test_an_answer_may_set_cookies(url):
    value = {"statusCode": 302, "headers": {"location": "/x", "x-flag": True}, "cookies": ["a=1; Secure", "b=2"]}
    request = urllib.request.Request(answering(url, value))

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    with pytest.raises(HTTPError) as answer:
        urllib.request.build_opener(Stay).open(request)
    assert answer.value.headers.get_all("set-cookie") == ["a=1; Secure", "b=2"]
    assert (answer.value.headers["location"], answer.value.headers["x-flag"]) == ("/x", "true")


def test_what_a_function_streams_is_passed_on(functions, aws):
    code = {"ZipFile": zipped(STREAM, "index.mjs")}
    made(aws, "stream", Runtime="nodejs22.x", Handler="index.handler", Code=code)
    functions.add_permission(**{**EVERYBODY, "FunctionName": "stream"})
    configured = functions.create_function_url_config(
        FunctionName="stream", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    status, headers, body = fetch(configured["FunctionUrl"])
    assert (status, body, headers["transfer-encoding"]) == (201, b"one, two", "chunked")
    assert (headers["content-type"], headers["set-cookie"]) == ("text/plain", "c=1")


def test_a_function_that_fails_is_a_bad_gateway(url):
    assert fetch(f"{url}?answer=boom")[::2] == (502, b"Internal Server Error")


# What happens next


def test_a_signature_is_asked_for_and_told_of(functions, aws):
    url = functions.create_function_url_config(FunctionName="site", AuthType="AWS_IAM")["FunctionUrl"]
    assert fetch(url)[0] == 403
    iam = aws("iam")
    iam.create_user(UserName="visitor")
    key = iam.create_access_key(UserName="visitor")["AccessKey"]

    def signed() -> tuple:
        request = AWSRequest("GET", url)
        SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "lambda", REGION).add_auth(request)
        return fetch(url, **dict(request.headers.items()))

    assert signed()[0] == 403
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": f"{PREFIX}site",
             "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="visitor", PolicyName="visit", PolicyDocument=policy)
    status, _, body = signed()
    context = json.loads(body)["requestContext"]
    assert (status, context["accountId"]) == (200, ACCOUNT)
    assert context["authorizer"]["iam"]["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/visitor"


def test_pages_of_other_sites_see_what_they_are_allowed_to(functions, url):
    app = "https://app.example"
    assert "access-control-allow-origin" not in fetch(url, Origin=app)[1]
    cors = {
        "AllowOrigins": [app], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["x-key"], "ExposeHeaders": ["x-seen"],
        "MaxAge": 60, "AllowCredentials": True,
    }  # fmt: skip
    functions.update_function_url_config(FunctionName="site", Cors=cors)
    status, headers, body = fetch(url, "OPTIONS", Origin=app, Access_Control_Request_Method="PUT")
    assert (status, body) == (200, b"")
    assert headers["access-control-allow-methods"] == "GET,PUT" and headers["access-control-max-age"] == "60"
    assert headers["access-control-allow-origin"] == app and headers["access-control-allow-headers"] == "x-key"
    seen = fetch(url, Origin=app)[1]
    assert seen["access-control-expose-headers"] == "x-seen" and seen["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in fetch(url, Origin="https://other.example")[1]
    functions.update_function_url_config(FunctionName="site", Cors={"AllowOrigins": ["*"]})
    assert fetch(url, Origin=app)[1]["access-control-allow-origin"] == "*"
    functions.update_function_url_config(FunctionName="site", Cors={"AllowOrigins": ["*"], "AllowCredentials": True})
    assert fetch(url, Origin=app)[1]["access-control-allow-origin"] == app


def test_the_url_of_a_deleted_alias_is_closed(functions):
    functions.publish_version(FunctionName="site")
    functions.create_alias(FunctionName="site", Name="live", FunctionVersion="1")
    functions.add_permission(**EVERYBODY, Qualifier="live")
    answer = functions.create_function_url_config(FunctionName="site", Qualifier="live", AuthType="NONE")
    assert fetch(answer["FunctionUrl"])[0] == 200
    functions.delete_alias(FunctionName="site", Name="live")
    status, _, body = fetch(answer["FunctionUrl"])
    assert (status, json.loads(body)) == (403, {"Message": None})
    assert functions.get_function_url_config(FunctionName="site:live")["FunctionArn"] == f"{PREFIX}site:live"


def test_a_deleted_url_leads_nowhere(functions, url):
    assert fetch(url)[0] == 200
    functions.delete_function_url_config(FunctionName="site")
    assert fetch(url)[::2] == (404, b'{"Message": null}')
