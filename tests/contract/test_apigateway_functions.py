"""REST APIs in front of functions: what these are called with, and how their answers are read."""

import json

import pytest

from tests.contract.http_apis import Caller
from tests.contract.lambda_code import ACCOUNT, execution_role, made
from tests.contract.rest_apis import JSON, REGION, RestApi, patch

# Answers with what the body says, else with the event.
ANSWERING = """
import json, time

def handler(event, context):
    if event.get("body") == "sleep":
        time.sleep(20)
    if event.get("body") == "raise":
        raise ValueError("as it was asked to")
    if event.get("body") and event["path"] == "/answer":
        return json.loads(event["body"])
    return {"statusCode": 200, "body": json.dumps(event)}
"""
# Of integrations that are no proxies: fails with the message that it is given.
PLAIN = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError(event["fail"])
    return {"got": event}
"""
INTERNAL = {"message": "Internal server error"}


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def permit(aws, api, path="*", name="answering"):
    aws("lambda").add_permission(
        FunctionName=name, StatementId="gateway", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/{path}",
    )  # fmt: skip


def proxied(aws, api, path="/{proxy+}", permitted="*", deployed=True, **settings):
    """A proxy of a function that answers with the event, or with the body."""
    arn = made(aws, "answering", ANSWERING)["FunctionArn"]
    api.function(arn, path, **settings)
    if permitted:
        permit(aws, api, permitted)
    if deployed:
        api.deploy(variables={"a": "1"})


@pytest.fixture
def shared(aws, api):
    proxied(aws, api)
    return api.id


def plain(aws, api, **settings):
    """A function that is no proxy; 404 is answered to what was not found."""
    arn = made(aws, "plain", PLAIN)["FunctionArn"]
    api.function(arn, "/plain", "POST", type="AWS", **settings)
    api.respond("/plain", "POST")
    permit(aws, api, name="plain")


# What is refused


def test_a_function_that_does_not_permit_it_is_not_called(aws, api, ask):
    proxied(aws, api, permitted="*/GET/other")
    answer = ask(api.id, "/dev/pets")
    assert (answer.status, answer.document) == (500, INTERNAL)


def test_functions_are_called_by_post(aws, api, ask):
    proxied(aws, api, integrationHttpMethod="GET")
    assert ask(api.id, "/dev/pets").status == 500


def test_an_answer_of_another_form_is_a_bad_gateway(shared, ask):
    for answer in (
        "text", [1], None, {"statusCode": 200, "wrong": 1}, {"statusCode": "many"}, {"statusCode": 1000},
        {"statusCode": 200, "body": {"a": 1}}, {"statusCode": 200, "headers": {"a": {}}}, {"statusCode": True},
        {"statusCode": 200, "multiValueHeaders": {"a": "1"}},
    ):  # fmt: skip
        got = ask(shared, "/dev/answer", "POST", body=json.dumps(answer).encode())
        assert (got.status, got.document) == (502, INTERNAL), answer


def test_a_function_that_fails_is_a_bad_gateway(aws, api, ask):
    proxied(aws, api)
    got = ask(api.id, "/dev/answer", "POST", body=b"raise")
    assert (got.status, got.document) == (502, INTERNAL)
    assert got.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_function_that_is_too_slow_is_not_waited_for(aws, api, ask):
    proxied(aws, api, timeoutInMillis=300)
    got = ask(api.id, "/dev/pets", "POST", body=b"sleep")
    assert (got.status, got.document) == (504, {"message": "Endpoint request timed out"})


def test_a_function_that_is_not_there_cannot_answer(api, ask):
    api.function(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nothing", "/pets")
    api.deploy()
    assert ask(api.id, "/dev/pets").status == 500


# What is done


def test_a_function_is_told_everything(aws, api, ask):
    proxied(aws, api, "/pets/{id}/{proxy+}")
    headers = {"X-One": "1", "user-agent": "me", "content-type": JSON, "authorization": "secret"}
    answer = ask(api.id, "/dev/pets/7/a/b%20c?q=1&q=2&empty=", "POST", headers, b'{"a": 1}')
    event = answer.document
    host = f"{api.id}.execute-api.{REGION}.amazonaws.com"
    assert (event["resource"], event["path"], event["httpMethod"]) == (
        "/pets/{id}/{proxy+}", "/pets/7/a/b%20c", "POST",
    )  # fmt: skip
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["queryStringParameters"] == {"q": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"], "empty": [""]}
    assert event["pathParameters"] == {"id": "7", "proxy": "a/b%20c"}
    assert event["stageVariables"] == {"a": "1"}
    seen = event["headers"]
    assert {seen[name] for name in ("X-One", "User-Agent", "Authorization", "Host")} == {"1", "me", "secret", host}
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert event["multiValueHeaders"]["X-One"] == ["1"]
    context = event["requestContext"]
    identity = context.pop("identity")
    assert (identity["sourceIp"], identity["userAgent"], identity["userArn"]) == ("127.0.0.1", "me", None)
    stage = api.client.get_stage(restApiId=api.id, stageName="dev")
    assert context | {"requestTime": "", "requestTimeEpoch": 0, "extendedRequestId": ""} == {
        "resourceId": api.resource("/pets/{id}/{proxy+}"), "resourcePath": "/pets/{id}/{proxy+}", "httpMethod": "POST",
        "extendedRequestId": "", "requestTime": "", "path": "/dev/pets/7/a/b%20c", "accountId": ACCOUNT,
        "protocol": "HTTP/1.1", "stage": "dev", "domainPrefix": api.id, "requestTimeEpoch": 0,
        "requestId": answer.headers["x-amzn-requestid"], "domainName": host,
        "deploymentId": stage["deploymentId"], "apiId": api.id,
    }  # fmt: skip


def test_what_there_is_not_is_null(aws, api, ask):
    proxied(aws, api, "/pets", deployed=False)
    api.deploy()
    event = ask(api.id, "/dev/pets").document
    nothing = (
        "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body",
    )  # fmt: skip
    assert [event[name] for name in nothing] == [None] * 5


def test_answers_go_back_as_functions_say_them(shared, ask):
    for answer, status, headers, body in [
        ({}, 200, {"content-type": JSON}, b""),
        ({"statusCode": "201", "body": "made"}, 201, {}, b"made"),
        ({"headers": {"X-A": "1", "x-bool": True, "Content-Type": "a/b"}}, 200, {"x-a": "1", "x-bool": "true",
         "content-type": "a/b"}, b""),
        ({"statusCode": 200, "headers": None, "multiValueHeaders": None, "body": None}, 200, {}, b""),
        ({"headers": {"x-a": "one"}, "multiValueHeaders": {"x-a": ["two"]}}, 200, {"x-a": "two"}, b""),
        ({"body": "AP8=", "isBase64Encoded": True}, 200, {}, b"AP8="),
        ({"headers": {"Date": "today"}}, 200, {"x-amzn-remapped-date": "today"}, b""),
    ]:  # fmt: skip
        got = ask(shared, "/dev/answer", "POST", body=json.dumps(answer).encode())
        assert (got.status, got.body) == (status, body)
        assert {name: got.headers.get(name) for name in headers} == headers


def test_cookies_are_set_apart(shared, ask):
    answer = {"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}
    got = ask(shared, "/dev/answer", "POST", body=json.dumps(answer).encode())
    assert [value for name, value in got.all_headers if name == "set-cookie"] == ["a=1", "b=2"]


def test_binary_bodies_come_and_go_in_base64(aws, api, ask):
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch("add", "/binaryMediaTypes/image~1*"))
    proxied(aws, api)
    event = ask(api.id, "/dev/pets", "POST", {"content-type": "image/png"}, b"\x00\xff").document
    assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)
    answer = json.dumps({"body": "AP8=", "isBase64Encoded": True}).encode()
    assert ask(api.id, "/dev/answer", "POST", {"accept": "image/png, */*"}, answer).body == b"\x00\xff"
    assert ask(api.id, "/dev/answer", "POST", {"accept": "text/html, image/png"}, answer).body == b"AP8="


def test_a_function_is_called_in_the_name_of_a_role(aws, api, ask):
    role = execution_role(aws, "caller", "lambda:InvokeFunction", service="apigateway.amazonaws.com")
    proxied(aws, api, permitted=None, credentials=role)
    assert ask(api.id, "/dev/pets").status == 200
    aws("iam").delete_role_policy(RoleName="caller", PolicyName="granted")
    assert ask(api.id, "/dev/pets").status == 500


def test_a_function_gets_a_body_of_the_apis_making(aws, api, ask):
    template = '{"name": "$input.path(\'$.name\')", "stage": "$context.stage"}'
    plain(aws, api, requestTemplates={JSON: template})
    answer = '{"name": "$input.path(\'$.got.name\')", "at": "$input.path(\'$.got.stage\')"}'
    add = patch("add", "/responseTemplates/application~1json", answer)
    api.client.update_integration_response(**api.place("/plain", "POST"), statusCode="200", patchOperations=add)
    api.deploy()
    assert ask(api.id, "/dev/plain", "POST", body=b'{"name": "Rex"}').document == {"name": "Rex", "at": "dev"}


def test_the_answer_to_a_failure_is_chosen_by_its_message(aws, api, ask):
    plain(aws, api)
    api.respond("/plain", "POST", "404", selectionPattern="not found.*", responseTemplates={
        JSON: '{"sorry": "$input.path(\'$.errorMessage\')"}',
    })  # fmt: skip
    api.deploy()
    got = ask(api.id, "/dev/plain", "POST", body=b'{"fail": "not found: Rex"}')
    assert (got.status, got.document) == (404, {"sorry": "not found: Rex"})
    # What no pattern matches is answered as what has not failed.
    other = ask(api.id, "/dev/plain", "POST", body=b'{"fail": "else"}')
    assert (other.status, other.document["errorType"]) == (200, "ValueError")


def test_a_function_may_be_left_to_itself(aws, api, ask, cloud):
    plain(aws, api, requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"})
    api.deploy()
    got = ask(api.id, "/dev/plain", "POST", body=b"{}")
    assert (got.status, got.body) == (200, b"")
    cloud.settle()


# What happens next


def test_a_stage_variable_chooses_the_function(aws, api, ask):
    made(aws, "answering", ANSWERING)
    api.function(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:${{stageVariables.name}}", "/pets")
    permit(aws, api)
    api.deploy(variables={"name": "answering"})
    api.deploy("other", variables={"name": "nothing"})
    assert (ask(api.id, "/dev/pets").status, ask(api.id, "/other/pets").status) == (200, 500)


def test_a_permission_may_be_for_one_method_and_path_only(aws, api, ask):
    proxied(aws, api, "/pets", permitted="*/GET/pets")
    assert (ask(api.id, "/dev/pets").status, ask(api.id, "/dev/pets", "POST").status) == (200, 500)


def test_a_method_is_tried_out(aws, api):
    proxied(aws, api, "/pets/{id}", deployed=False)
    tried = api.client.test_invoke_method(
        **api.place("/pets/{id}", "GET"), pathWithQueryString="/pets/7?a=1", headers={"X-One": "1"}
    )
    event = json.loads(tried["body"])
    assert (tried["status"], event["pathParameters"], event["headers"]) == (200, {"id": "7"}, {"X-One": "1"})
    assert (event["requestContext"]["stage"], event["requestContext"]["domainName"]) == (
        "test-invoke-stage", "testPrefix.testDomainName",
    )  # fmt: skip
    called = f"functions/arn:aws:lambda:{REGION}:{ACCOUNT}:function:answering/invocations"
    assert f"Sending request to https://lambda.{REGION}.amazonaws.com/2015-03-31/{called}" in tried["log"]
    assert tried["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert "Received response. Status: 200, Integration latency: " in tried["log"]
