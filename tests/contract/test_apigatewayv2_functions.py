"""HTTP APIs and functions: what integrations and authorizers are called with, and how their answers are read."""

import json

import pytest

from tests.contract.http_apis import apis, ask, integrated, served
from tests.contract.lambda_code import execution_role, grant, made

__all__ = ["apis", "ask"]  # fixtures

# Answers with what the query asks for, else with the event.
ANSWERING = """
import json, time

ANSWERS = {
    "text": "Hello from Lambda!",
    "dict": {"message": "hello"},
    "none": None,
    "list": [1, 2],
    "full": {"statusCode": 201, "headers": {"X-Number": 7, "content-type": "text/x"}, "body": "made",
             "cookies": ["a=1", "b=2"]},
    "many": {"statusCode": 200, "multiValueHeaders": {"X-Many": ["1", "2"]}, "body": "many"},
    "binary": {"statusCode": "200", "isBase64Encoded": True, "body": "AP8="},
    "empty": {"statusCode": 204},
    "bad-status": {"statusCode": "many"},
    "bad-body": {"statusCode": 200, "body": {"a": 1}},
    "bad-base64": {"statusCode": 200, "isBase64Encoded": True, "body": "?"},
    "bad-letters": {"statusCode": 200, "isBase64Encoded": True, "body": "\\u00e9"},
    "bad-headers": {"statusCode": 200, "multiValueHeaders": {"x-many": 5}, "cookies": 5},
}

def handler(event, context):
    what = (event.get("queryStringParameters") or {}).get("what")
    if what == "raise":
        raise ValueError("as it was asked to")
    if what == "sleep":
        time.sleep(20)
    if what:
        return ANSWERS[what]
    return {"statusCode": 200, "body": json.dumps(event)}
"""
# Says what its identity source asks for; the event is in the context.
JUDGING = """
import json

def handler(event, context):
    source = event["identitySource"]
    wish = source.split(",")[0] if isinstance(source, str) else source[0]
    seen = {"count": 1, "event": json.dumps(event)}
    arn = event.get("routeArn") or event["methodArn"]
    def policy(effect, resource=arn):
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "context": seen}
    answers = {
        "yes": {"isAuthorized": True, "context": seen}, "no": {"isAuthorized": False}, "odd": {"allowed": True},
        "allow": policy("Allow"), "deny": policy("Deny"), "other": policy("Allow", arn + "x"),
        "nobody": {"policyDocument": {}}, "text": "yes",
    }
    if wish == "raise":
        raise ValueError("no")
    return answers[wish]
"""


def may_be_called(aws, name, api, path="*"):
    aws("lambda").add_permission(
        FunctionName=name, StatementId="gateway", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:eu-west-1:000000000000:{api}/{path}",
    )  # fmt: skip


def answering(aws, apis, version, key="ANY /pets/{id}", permitted=True, **integration):
    """An API in front of the answering function."""
    arn = made(aws, "answering", ANSWERING)["FunctionArn"]
    api = served(apis)
    integrated(
        apis, api, key, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion=version, **integration
    )
    if permitted:
        may_be_called(aws, "answering", api, "*/*/pets/{id}")
    return api


def guarded(aws, apis, version="2.0", **settings):
    """The answering function behind a route that the judging function guards."""
    api = answering(aws, apis, version, "GET /pets/{id}")
    arn = made(aws, "judging", JUDGING)["FunctionArn"]
    given = {
        "AuthorizerType": "REQUEST", "AuthorizerUri": arn, "IdentitySource": ["$request.header.wish"],
        "AuthorizerPayloadFormatVersion": "2.0", **settings,
    }  # fmt: skip
    authorizer = apis.create_authorizer(ApiId=api, Name="judge", **given)["AuthorizerId"]
    may_be_called(aws, "judging", api, f"authorizers/{authorizer}")
    route = apis.get_routes(ApiId=api)["Items"][0]["RouteId"]
    apis.update_route(ApiId=api, RouteId=route, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    return api


# What is refused


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_answers_that_are_none(aws, apis, ask, version):
    api = answering(aws, apis, version)
    wrong = ["raise", "bad-status", "bad-body", "bad-base64", "bad-letters", "bad-headers"]
    wrong += ["text", "dict", "none"] if version == "1.0" else []
    for what in wrong:
        reply = ask(api, f"/pets/1?what={what}")
        assert (what, reply.status, reply.document) == (what, 500, {"message": "Internal Server Error"})


def test_a_function_that_does_not_let_the_api_in(aws, apis, ask):
    api = answering(aws, apis, "2.0", permitted=False)
    assert ask(api, "/pets/1").document == {"message": "Internal Server Error"}
    may_be_called(aws, "answering", api, "*/*/toys")
    assert ask(api, "/pets/1").status == 500


def test_a_function_that_takes_too_long(aws, apis, ask):
    api = answering(aws, apis, "2.0", TimeoutInMillis=100)
    reply = ask(api, "/pets/1?what=sleep")
    assert (reply.status, reply.document) == (503, {"message": "Service Unavailable"})


def test_whom_a_function_does_not_let_in(aws, apis, ask):
    api = guarded(aws, apis, EnableSimpleResponses=True)
    answers = {wish: ask(api, "/pets/1", headers={"wish": wish}) for wish in ("no", "odd", "raise", "text")}
    assert {wish: reply.status for wish, reply in answers.items()} == {"no": 403, "odd": 500, "raise": 500, "text": 500}
    assert answers["no"].document == {"message": "Forbidden"}
    missing = ask(api, "/pets/1")
    assert (missing.status, missing.document) == (401, {"message": "Unauthorized"})


def test_policies_that_do_not_let_in(aws, apis, ask):
    api = guarded(aws, apis)
    wishes = {"deny": 403, "other": 403, "nobody": 500, "yes": 500}
    assert {wish: ask(api, "/pets/1", headers={"wish": wish}).status for wish in wishes} == wishes


# What is done


def test_the_event_of_format_2(aws, apis, ask):
    api = answering(aws, apis, "2.0")
    apis.update_stage(ApiId=api, StageName="$default", StageVariables={"color": "red"})
    headers = {"X-Mine": "1", "cookie": "a=1; b=2", "user-agent": "me", "content-type": "text/plain"}
    reply = ask(api, "/pets/a%20b?x=1&x=2&y=%26", "POST", headers, b"hello")
    event = reply.document
    context = event.pop("requestContext")
    host = f"{api}.execute-api.eu-west-1.amazonaws.com"
    assert event.pop("headers") == {
        "accept-encoding": "identity", "content-length": "5", "content-type": "text/plain", "host": host,
        "user-agent": "me", "x-amzn-trace-id": event_trace(reply), "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-mine": "1",
    }  # fmt: skip
    assert event == {
        "version": "2.0", "routeKey": "ANY /pets/{id}", "rawPath": "/pets/a b", "rawQueryString": "x=1&x=2&y=%26",
        "cookies": ["a=1", "b=2"], "queryStringParameters": {"x": "1,2", "y": "&"}, "body": "hello",
        "pathParameters": {"id": "a b"}, "isBase64Encoded": False, "stageVariables": {"color": "red"},
    }  # fmt: skip
    time, epoch = context.pop("time"), context.pop("timeEpoch")
    assert time.endswith(" +0000") and isinstance(epoch, int)
    assert context == {
        "accountId": "000000000000", "apiId": api, "domainName": host, "domainPrefix": api,
        "http": {
            "method": "POST", "path": "/pets/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "me"
        },
        "requestId": reply.headers["apigw-requestid"], "routeKey": "ANY /pets/{id}", "stage": "$default",
    }  # fmt: skip


def event_trace(reply):
    return json.loads(reply.body)["headers"]["x-amzn-trace-id"]


def test_the_event_of_format_1(aws, apis, ask):
    api = answering(aws, apis, "1.0")
    apis.create_stage(ApiId=api, StageName="dev", AutoDeploy=True)
    reply = ask(api, "/dev/pets/7?x=1&x=2", headers={"user-agent": "me", "x-mine": "1"})
    event = reply.document
    context = event.pop("requestContext")
    assert event["headers"]["User-Agent"] == "me" and event["headers"]["x-mine"] == "1"
    assert event["multiValueHeaders"]["x-mine"] == ["1"]
    del event["headers"], event["multiValueHeaders"]
    assert event == {
        "version": "1.0", "resource": "/pets/{id}", "path": "/dev/pets/7", "httpMethod": "GET",
        "queryStringParameters": {"x": "2"}, "multiValueQueryStringParameters": {"x": ["1", "2"]},
        "pathParameters": {"id": "7"}, "stageVariables": None, "body": None, "isBase64Encoded": False,
    }  # fmt: skip
    assert (context["stage"], context["path"], context["resourcePath"]) == ("dev", "/dev/pets/7", "/pets/{id}")
    assert context["identity"]["sourceIp"] == "127.0.0.1" and context["identity"]["user"] is None


def test_bodies_that_are_no_text_come_in_base64(aws, apis, ask):
    api = answering(aws, apis, "2.0")
    for kind, body, expected in [
        ("application/json", b'{"a": 1}', ('{"a": 1}', False)),
        ("application/x-www-form-urlencoded", b"a=1", ("YT0x", True)),
        ("image/png", b"\x00\xff", ("AP8=", True)),
    ]:
        event = ask(api, "/pets/1", "POST", {"content-type": kind}, body).document
        assert (event["body"], event["isBase64Encoded"]) == expected
    assert "body" not in ask(api, "/pets/1").document


def test_format_2_reads_what_is_no_response_as_a_body(aws, apis, ask):
    api = answering(aws, apis, "2.0")
    plain = {"text": b"Hello from Lambda!", "dict": b'{"message": "hello"}', "list": b"[1, 2]", "none": b"null"}
    for what, body in plain.items():
        reply = ask(api, f"/pets/1?what={what}")
        assert (reply.status, reply.headers["content-type"], reply.body) == (200, "application/json", body)


def test_responses_of_functions(aws, apis, ask):
    api = answering(aws, apis, "2.0")
    full = ask(api, "/pets/1?what=full")
    assert (full.status, full.body, full.headers["x-number"]) == (201, b"made", "7")
    assert full.headers["content-type"] == "text/x"
    assert [value for name, value in full.all_headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ask(api, "/pets/1?what=binary").body == b"\x00\xff"
    empty = ask(api, "/pets/1?what=empty")
    assert (empty.status, empty.body) == (204, b"")


def test_format_1_knows_headers_of_many_values(aws, apis, ask):
    api = answering(aws, apis, "1.0")
    reply = ask(api, "/pets/1?what=many")
    assert [value for name, value in reply.all_headers if name == "x-many"] == ["1", "2"]
    assert reply.headers["content-type"] == "text/plain;charset=UTF-8"


def test_a_function_that_a_stage_names_called_by_a_role(aws, apis, ask):
    role = execution_role(aws, "gateway", service="apigateway.amazonaws.com")
    arn = made(aws, "answering", ANSWERING)["FunctionArn"]
    api = served(apis)
    uri = (
        f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn[:-9]}${{stageVariables.name}}/invocations"
    )
    integrated(
        apis, api, "$default", IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion="2.0",
        CredentialsArn=role,
    )  # fmt: skip
    apis.update_stage(ApiId=api, StageName="$default", StageVariables={"name": "answering"})
    assert ask(api).status == 500
    grant(aws, "gateway", "lambda:InvokeFunction", resource=arn)
    assert ask(api).document["routeKey"] == "$default"


def test_a_function_lets_in_and_tells_more(aws, apis, ask):
    api = guarded(aws, apis, EnableSimpleResponses=True)
    shown = ask(api, "/pets/7?a=1", headers={"wish": "yes"}).document["requestContext"]["authorizer"]["lambda"]
    asked = json.loads(shown["event"])
    assert shown["count"] == 1
    assert asked["routeArn"] == f"arn:aws:execute-api:eu-west-1:000000000000:{api}/$default/GET/pets/7"
    assert (asked["version"], asked["type"], asked["identitySource"]) == ("2.0", "REQUEST", ["yes"])
    assert (asked["routeKey"], asked["pathParameters"]) == ("GET /pets/{id}", {"id": "7"})
    assert "body" not in asked and asked["requestContext"]["apiId"] == api


def test_several_identity_sources_are_all_needed(aws, apis, ask):
    api = guarded(
        aws, apis, "1.0", AuthorizerPayloadFormatVersion="1.0",
        IdentitySource=["$request.header.wish", "$request.querystring.more"],
    )  # fmt: skip
    assert ask(api, "/pets/7", headers={"wish": "allow"}).status == 401
    told = ask(api, "/pets/7?more=x", headers={"wish": "allow"}).document["requestContext"]["authorizer"]
    assert json.loads(told["event"])["authorizationToken"] == "allow,x"


def test_what_a_policy_authorizer_says_reaches_format_1(aws, apis, ask):
    api = guarded(aws, apis, "1.0", AuthorizerPayloadFormatVersion="1.0")
    told = ask(api, "/pets/7", headers={"wish": "allow"}).document["requestContext"]["authorizer"]
    asked = json.loads(told["event"])
    assert (told["principalId"], told["count"]) == ("me", 1)
    assert asked["methodArn"] == f"arn:aws:execute-api:eu-west-1:000000000000:{api}/$default/GET/pets/7"
    assert (asked["authorizationToken"], asked["resource"]) == ("allow", "/pets/{id}")


# What happens next


def test_an_answer_is_remembered_for_its_time(aws, apis, ask, cloud):
    api = guarded(aws, apis, EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=60)

    def ids():
        shown = ask(api, "/pets/7", headers={"wish": "yes"}).document["requestContext"]
        return json.loads(shown["authorizer"]["lambda"]["event"])["requestContext"]["requestId"], shown["requestId"]

    first, own = ids()
    assert first == own
    assert ids()[0] == first
    assert ask(api, "/pets/7", headers={"wish": "no"}).status == 403
    apis.reset_authorizers_cache(ApiId=api, StageName="$default")
    second, own = ids()
    assert second == own != first
    cloud.clock.advance(61)
    third, own = ids()
    assert third == own != second


def test_requests_are_counted(aws, apis, ask, cloud):
    api = answering(aws, apis, "2.0")
    for path in ("/pets/1", "/none", "/pets/1?what=raise"):
        ask(api, path)
    given = {
        "Namespace": "AWS/ApiGateway",
        "StartTime": cloud.clock.now() - 3600,
        "EndTime": cloud.clock.now() + 60,
        "Period": 3600,
    }
    found = {}
    for name in ("Count", "4xx", "5xx"):
        points = aws("cloudwatch").get_metric_statistics(
            **given, MetricName=name, Statistics=["Sum"], Dimensions=[{"Name": "ApiId", "Value": api}]
        )["Datapoints"]
        found[name] = sum(point["Sum"] for point in points)
    assert found == {"Count": 3, "4xx": 1, "5xx": 1}
