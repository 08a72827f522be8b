"""What is told of requests: access logs, execution logs, metrics, and methods that are tried out."""

import json

import pytest

from tests.contract.http_apis import Backend, Caller
from tests.contract.lambda_code import execution_role
from tests.contract.rest_apis import ACCOUNT, JSON, REGION, RestApi, patch, patches, refused

GROUP = "requests"
FORMAT = json.dumps(
    {
        "id": "$context.requestId", "ip": "$context.identity.sourceIp", "status": "$context.status",
        "path": "$context.resourcePath", "error": "$context.error.message", "none": "$context.authorizer.principalId",
        "length": "$context.responseLength",
    }
)  # fmt: skip


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


@pytest.fixture
def backend():
    found = Backend()
    yield found
    found.stop()


def logged(aws, api, *actions):
    """The account's role, which may do these things in CloudWatch Logs."""
    role = execution_role(aws, "writer", *(actions or ["logs:*"]), service="apigateway.amazonaws.com")
    api.client.update_account(patchOperations=patches(cloudwatchRoleArn=role))


def with_access_log(aws, api):
    aws("logs").create_log_group(logGroupName=GROUP)
    api.mock("/pets", answer="answer")
    api.deploy()
    target = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
    api.set("dev", accessLogSettings__destinationArn=target, accessLogSettings__format=FORMAT)


def lines(aws, group):
    return [event["message"] for event in aws("logs").filter_log_events(logGroupName=group)["events"]]


def counted(aws, name, **dimensions):
    """The sum of a metric."""
    found = aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway", MetricName=name, StartTime=0, EndTime=4_000_000_000, Period=86_400 * 365,
        Statistics=["Sum"], Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
    )["Datapoints"]  # fmt: skip
    return sum(point["Sum"] for point in found)


# What is refused


def test_only_a_method_that_is_there_is_tried_out(client, api):
    api.mock()
    assert refused(client.test_invoke_method, **{**api.place(), "resourceId": "nothing"}) == (
        "NotFoundException", "Invalid Resource identifier specified",
    )  # fmt: skip
    assert refused(client.test_invoke_method, **api.place(verb="POST")) == (
        "NotFoundException", "Invalid Method identifier specified",
    )  # fmt: skip
    assert refused(client.test_invoke_authorizer, restApiId=api.id, authorizerId="nothing")[0] == "NotFoundException"


def test_a_log_that_cannot_be_written_keeps_nobody_from_an_answer(aws, api, ask):
    with_access_log(aws, api)
    aws("logs").delete_log_group(logGroupName=GROUP)
    assert ask(api.id, "/dev/pets").status == 200


def test_a_role_that_may_not_write_writes_nothing(aws, api, ask):
    logged(aws, api, "logs:CreateLogStream")
    with_access_log(aws, api)
    assert ask(api.id, "/dev/pets").status == 200
    assert lines(aws, GROUP) == []


# What is done


def test_a_method_is_tried_out_as_it_is_now(client, api):
    api.mock("/pets/{id}", answer='{"id": "$input.params(\'id\')", "of": "$stageVariables.of"}')
    tried = client.test_invoke_method(
        **api.place("/pets/{id}"), pathWithQueryString="/pets/7?page=1", headers={"X-Who": "Ann"}, body='{"a": 1}',
        stageVariables={"of": "me"},
    )  # fmt: skip
    assert (tried["status"], json.loads(tried["body"])) == (200, {"id": "7", "of": "me"})
    assert (tried["headers"], tried["multiValueHeaders"]) == ({"Content-Type": JSON}, {"Content-Type": [JSON]})
    told = tried["log"].splitlines()
    request = told[0].removeprefix("Execution log for request ")
    assert [line.partition(" UTC ")[2][7:] for line in told[1:]] == [
        f"Starting execution for request: {request}",
        "HTTP Method: GET, Resource Path: /pets/{id}",
        "Method request path: {id=7}",
        "Method request query string: {page=1}",
        "Method request headers: {X-Who=Ann}",
        'Method request body before transformations: {"a": 1}',
        'Method response body after transformations: {"id": "7", "of": "me"}',
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]
    assert tried["latency"] >= 0


def test_a_method_that_is_set_up_wrong_says_why(client, api, backend):
    api.mock(template="{}")
    api.http(f"{backend.url}/pets", "/pets")
    tried = client.test_invoke_method(**api.place())
    assert (tried["status"], json.loads(tried["body"])) == (500, {"message": "Internal server error"})
    assert "Execution failed due to configuration error: Unable to parse statusCode." in tried["log"]
    assert tried["log"].endswith("Method completed with status: 500\n")
    fetched = client.test_invoke_method(**api.place("/pets"))
    assert json.loads(fetched["body"])["path"] == "/pets"
    assert f"Sending request to {backend.url}/pets" in fetched["log"]


def test_a_method_is_tried_out_without_those_who_guard_it(client, api):
    api.mock("/pets", method={"authorizationType": "AWS_IAM", "apiKeyRequired": True})
    assert client.test_invoke_method(**api.place("/pets"))["status"] == 200


def test_each_request_has_a_line_in_the_access_log(aws, api, ask):
    with_access_log(aws, api)
    served, lost = ask(api.id, "/dev/pets"), ask(api.id, "/dev/cats")
    ids = [answer.headers["x-amzn-requestid"] for answer in (served, lost)]
    known = {"ip": "127.0.0.1", "none": "-"}
    assert [json.loads(line) for line in lines(aws, GROUP)] == [
        {"id": ids[0], "status": "200", "path": "/pets", "error": "-", "length": "6", **known},
        {
            "id": ids[1], "status": "403", "path": "-", "error": "Missing Authentication Token",
            "length": str(len(lost.body)), **known,
        },
    ]  # fmt: skip


def test_the_execution_of_requests_is_logged_where_a_stage_wants_it(aws, api, ask):
    logged(aws, api)
    api.mock("/pets", answer="answer")
    api.deploy()
    api.client.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=patch("replace", "/*/*/logging/loglevel", "INFO")
        + patch("replace", "/*/*/logging/dataTrace", "true"),
    )  # fmt: skip
    request = ask(api.id, "/dev/pets?a=1").headers["x-amzn-requestid"]
    told = lines(aws, f"API-Gateway-Execution-Logs_{api.id}/dev")
    assert {line.partition(") ")[0] for line in told} == {f"({request}"}
    assert f"({request}) Starting execution for request: {request}" in told
    assert f"({request}) Method request query string: {{a=1}}" in told
    assert f"({request}) Method response body after transformations: answer" in told
    assert told[-1] == f"({request}) Method completed with status: 200"


def test_only_what_failed_is_logged_where_that_is_enough(aws, api, ask):
    logged(aws, api)
    api.mock("/pets", answer="answer")
    api.mock("/broken", template="{}")
    api.deploy()
    levels = patch("replace", "/*/*/logging/loglevel", "ERROR")
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=levels)
    ask(api.id, "/dev/pets")
    ask(api.id, "/dev/broken")
    told = lines(aws, f"API-Gateway-Execution-Logs_{api.id}/dev")
    assert next(line for line in told if "Resource Path" in line).endswith("Resource Path: /broken")
    assert not [line for line in told if "/pets" in line or "request headers" in line]


# What happens next


def test_requests_are_counted(aws, api, ask, backend):
    api.mock("/pets")
    api.http(backend.url, "/proxied")
    api.mock("/broken", template="{}")
    api.deploy()
    metrics = patch("replace", "/~1pets/GET/metrics/enabled", "true")
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=metrics)
    for path in ("/pets", "/pets", "/proxied", "/broken", "/none"):
        ask(api.id, f"/dev{path}")
    assert counted(aws, "Count", ApiName="pets") == 5
    assert counted(aws, "4XXError", ApiName="pets", Stage="dev") == 1
    assert counted(aws, "5XXError", ApiName="pets", Stage="dev") == 1
    assert counted(aws, "Count", ApiName="pets", Stage="dev", Resource="/pets", Method="GET") == 2
    assert counted(aws, "Count", ApiName="pets", Stage="dev", Resource="/broken", Method="GET") == 0
