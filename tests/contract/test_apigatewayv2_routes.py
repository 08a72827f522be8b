"""API Gateway v2: the routes, integrations, authorizers and models of an API."""

import json

import pytest

from tests.contract.http_apis import apis, proxied, refusal

__all__ = ["apis"]  # fixtures
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:f"
URL = "https://backend.example.com/x"


@pytest.fixture
def api(apis):
    return apis.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# What is refused


@pytest.mark.parametrize("key", ["GET", "GET pets", "FETCH /pets", "GET /{proxy+}/x", "GET //x", "GET /a b", "/pets"])
def test_route_keys_that_are_none(apis, api, key):
    code, message = refusal(apis.create_route, ApiId=api, RouteKey=key)
    assert code == "BadRequestException"
    assert message.startswith("The provided route key is not formatted properly for HTTP protocol.")


def test_routes_that_do_not_go_together(apis, api):
    apis.create_route(ApiId=api, RouteKey="GET /pets/{id}/toys")
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /pets/{id}/toys") == (
        "ConflictException",
        "Route with key GET /pets/{id}/toys already exists for this API",
    )
    assert refusal(apis.create_route, ApiId=api, RouteKey="ANY /pets/{name}") == (
        "ConflictException",
        'The provided route key "ANY /pets/{name}" has a conflicting variable on the same hierarchical level as'
        ' "GET /pets/{id}/toys"',
    )
    apis.create_route(ApiId=api, RouteKey="POST /pets/{name}")


def test_routes_need_what_they_name(apis, api):
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /", Target="integrations/none") == (
        "BadRequestException",
        "Invalid target specified: integrations/none",
    )
    valid = "Invalid authorizer ID specified. Setting the authorization type to"
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /", AuthorizationType="JWT", AuthorizerId="x") == (
        "BadRequestException",
        f"{valid} JWT requires a valid JWT authorizer.",
    )
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /", AuthorizationType="CUSTOM") == (
        "BadRequestException",
        f"{valid} CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
    )
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /", AuthorizationScopes=["a"]) == (
        "BadRequestException",
        "Invalid Route authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS and"
        " JWT authorization types",
    )
    assert refusal(apis.create_route, ApiId=api, RouteKey="GET /", ApiKeyRequired=True)[0] == "BadRequestException"
    assert apis.get_routes(ApiId=api)["Items"] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"IntegrationType": "PROXY"}, "Invalid integration type specified"),
        ({"IntegrationType": "HTTP_PROXY"}, "Invalid HTTP endpoint specified for URI"),
        ({"IntegrationType": "HTTP_PROXY", "IntegrationUri": URL}, "IntegrationMethod is a required parameter"),
        ({"IntegrationType": "AWS_PROXY", "IntegrationUri": URL}, "Invalid function ARN or invalid uri"),
        ({"IntegrationType": "MOCK", "TimeoutInMillis": 30_001}, "TimeoutInMillis should be between 50 and 30000"),
        ({"IntegrationType": "MOCK", "PayloadFormatVersion": "3.0"}, "Invalid payload format version specified"),
        ({"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "S3-Get"}, "Invalid integration subtype specified"),
    ],
)
def test_integrations_that_lead_nowhere(apis, api, settings, message):
    code, told = refusal(apis.create_integration, ApiId=api, **settings)
    assert code == "BadRequestException" and told.startswith(message)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"append:header.authorization": "x"}, "Operations on header authorization are restricted"),
        ({"append:header.x-amz-date": "x"}, "Operations on header x-amz-date are restricted"),
        ({"append:cookie.a": "x"}, "Invalid Request Actioned Parameter Key: append:cookie.a"),
        ({"append:header.a": "$request.cookie.a"}, "Invalid mapping expression specified: $request.cookie.a"),
    ],
)
def test_parameters_that_cannot_be_mapped(apis, api, parameters, error):
    given = {"IntegrationType": "HTTP_PROXY", "IntegrationUri": URL, "IntegrationMethod": "ANY"}
    assert refusal(apis.create_integration, ApiId=api, RequestParameters=parameters, **given) == (
        "BadRequestException",
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]",
    )
    if "Response" not in error and "restricted" in error:
        code, _ = refusal(apis.create_integration, ApiId=api, ResponseParameters={"200": parameters}, **given)
        assert code == "BadRequestException"


def test_first_class_integrations_name_a_role_and_what_is_needed(apis, api):
    given = {"ApiId": api, "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"}
    assert refusal(apis.create_integration, **given)[1].startswith("CredentialsArn is a required parameter")
    given |= {"CredentialsArn": "arn:aws:iam::000000000000:role/r"}
    message = refusal(apis.create_integration, **given, RequestParameters={"QueueUrl": "q"})[1]
    assert message == "RequestParameters of SQS-SendMessage integration must contain MessageBody"
    full = {"QueueUrl": "q", "MessageBody": "$request.body", "MessageAttributes": '{"a": {}}'}
    assert refusal(apis.create_integration, **given, RequestParameters=full)[1] == (
        "Invalid selection expression specified: Validation Result: warnings : [], errors : [Invalid source:"
        ' {"a": {}} specified for destination: MessageAttributes]'
    )
    code, message = refusal(
        apis.create_integration, **given | {"IntegrationSubtype": "AppConfig-GetConfiguration"}
    )  # fmt: skip
    assert (code, "not supported by Glasshouse" in message) == ("NotSupported", True)


def test_vpc_links_are_refused_in_words(apis, api):
    code, message = refusal(
        apis.create_integration, ApiId=api, IntegrationType="HTTP_PROXY", ConnectionType="VPC_LINK", ConnectionId="x"
    )
    assert (code, "VPC links" in message) == ("NotSupported", True)
    assert refusal(apis.create_vpc_link, Name="l", SubnetIds=["subnet-1"])[0] == "NotSupported"


def test_an_integration_in_use_stays(apis, api):
    integration = proxied(apis, api, "GET /", URL)
    route = apis.get_routes(ApiId=api)["Items"][0]["RouteId"]
    assert refusal(apis.delete_integration, ApiId=api, IntegrationId=integration) == (
        "ConflictException",
        f"Cannot delete Integration because it is referenced by the following Routes with Ids: [{route}]",
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"AuthorizerType": "TOKEN"}, "Invalid authorizer type specified. Must be one of [REQUEST, JWT]"),
        (
            {"AuthorizerType": "REQUEST", "AuthorizerUri": FUNCTION},
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer",
        ),
        ({"AuthorizerType": "JWT"}, "Issuer is a required parameter for JWT authorizer"),
        (
            {"AuthorizerType": "JWT", "JwtConfiguration": {"Issuer": "me"}},
            "Invalid issuer: me. Issuer must have a valid discovery endpoint ended with"
            " '/.well-known/openid-configuration'",
        ),
        (
            {"AuthorizerType": "REQUEST", "AuthorizerPayloadFormatVersion": "2.0", "IdentitySource": ["header.x"]},
            "Invalid identity source specified: header.x",
        ),
    ],
)
def test_authorizers_that_cannot_tell(apis, api, settings, message):
    given = {"Name": "a", "IdentitySource": ["$request.header.Authorization"], **settings}
    assert refusal(apis.create_authorizer, ApiId=api, **given) == ("BadRequestException", message)


# What is done


def test_a_quick_create_makes_all_that_is_needed(apis):
    api = apis.create_api(Name="quick", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
    integration = apis.get_integrations(ApiId=api)["Items"][0]
    assert integration == {
        "ApiGatewayManaged": True, "ConnectionType": "INTERNET", "IntegrationId": integration["IntegrationId"],
        "IntegrationMethod": "POST", "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION,
        "PayloadFormatVersion": "2.0", "TimeoutInMillis": 30_000,
    }  # fmt: skip
    route = apis.get_routes(ApiId=api)["Items"][0]
    assert route == {
        "ApiGatewayManaged": True, "ApiKeyRequired": False, "AuthorizationType": "NONE", "RouteId": route["RouteId"],
        "RouteKey": "$default", "Target": f"integrations/{integration['IntegrationId']}",
    }  # fmt: skip
    stage = apis.get_stages(ApiId=api)["Items"][0]
    assert (stage["StageName"], stage["AutoDeploy"], stage["ApiGatewayManaged"]) == ("$default", True, True)
    deployment = stage["DeploymentId"]
    assert stage["LastDeploymentStatusMessage"] == f"Successfully deployed stage with deployment ID '{deployment}'"
    apis.update_api(ApiId=api, Target=URL, RouteKey="GET /x")
    changed = apis.get_integrations(ApiId=api)["Items"][0]
    assert (changed["IntegrationType"], changed["IntegrationUri"]) == ("HTTP_PROXY", URL)
    assert changed["IntegrationId"] == integration["IntegrationId"]
    assert apis.get_routes(ApiId=api)["Items"][0]["RouteKey"] == "GET /x"


def test_lists_come_in_pages(apis, api):
    for number in range(5):
        apis.create_route(ApiId=api, RouteKey=f"GET /r{number}")
    first = apis.get_routes(ApiId=api, MaxResults="2")
    found = first["Items"]
    token = first["NextToken"]
    while token:
        page = apis.get_routes(ApiId=api, MaxResults="2", NextToken=token)
        found, token = found + page["Items"], page.get("NextToken")
    assert sorted(route["RouteKey"] for route in found) == [f"GET /r{number}" for number in range(5)]
    assert refusal(apis.get_routes, ApiId=api, NextToken="?")[0] == "BadRequestException"
    assert refusal(apis.get_routes, ApiId=api, MaxResults="many")[0] == "BadRequestException"


def test_routes_and_what_they_answer(apis, api):
    made = apis.create_route(
        ApiId=api, RouteKey="GET /pets", OperationName="pets",
        RequestParameters={"route.request.header.a": {"Required": True}},
    )  # fmt: skip
    route = {"ApiId": api, "RouteId": made["RouteId"]}
    assert without_metadata(made) == without_metadata(apis.get_route(**route))
    changed = apis.update_route(**route, RouteKey="POST /pets", AuthorizationType="AWS_IAM")
    assert (changed["RouteKey"], changed["AuthorizationType"]) == ("POST /pets", "AWS_IAM")
    apis.delete_route_request_parameter(**route, RequestParameterKey="route.request.header.a")
    assert apis.get_route(**route)["RequestParameters"] == {}
    response = apis.create_route_response(**route, RouteResponseKey="$default", ModelSelectionExpression="m")
    place = {**route, "RouteResponseId": response["RouteResponseId"]}
    assert apis.get_route_response(**place)["RouteResponseKey"] == "$default"
    apis.update_route_response(**place, ResponseModels={"a": "b"})
    assert apis.get_route_responses(**route)["Items"][0]["ResponseModels"] == {"a": "b"}
    apis.delete_route_response(**place)
    apis.delete_route(**route)
    assert apis.get_routes(ApiId=api)["Items"] == []


def test_integrations_change_by_what_is_given(apis, api):
    made = apis.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationUri=URL, IntegrationMethod="ANY", Description="d",
        RequestParameters={"append:header.header1": "$context.requestId", "remove:querystring.q": "''"},
        ResponseParameters={"500": {"overwrite:statuscode": "403"}}, TimeoutInMillis=5000,
    )  # fmt: skip
    place = {"ApiId": api, "IntegrationId": made["IntegrationId"]}
    assert made["RequestParameters"]["remove:querystring.q"] == "''"
    changed = apis.update_integration(
        **place, IntegrationMethod="GET", ResponseParameters={"404": {"append:header.error": "$stageVariables.e"}},
        RequestParameters={"append:header.header1": "$context.accountId", "remove:querystring.q": ""},
    )  # fmt: skip
    assert changed["RequestParameters"] == {"append:header.header1": "$context.accountId"}
    assert set(changed["ResponseParameters"]) == {"404", "500"}
    assert (changed["IntegrationMethod"], changed["Description"], changed["TimeoutInMillis"]) == ("GET", "d", 5000)
    assert without_metadata(apis.get_integration(**place)) == without_metadata(changed)
    response = apis.create_integration_response(**place, IntegrationResponseKey="/200/", ResponseTemplates={"a": "b"})
    one = {**place, "IntegrationResponseId": response["IntegrationResponseId"]}
    apis.update_integration_response(**one, ContentHandlingStrategy="CONVERT_TO_TEXT")
    assert apis.get_integration_response(**one)["ContentHandlingStrategy"] == "CONVERT_TO_TEXT"
    assert len(apis.get_integration_responses(**place)["Items"]) == 1
    apis.delete_integration_response(**one)
    apis.delete_integration(**place)
    assert apis.get_integrations(ApiId=api)["Items"] == []


def test_authorizers_and_models(apis, api):
    issuer = {"Issuer": "https://issuer.example.com", "Audience": ["me"]}
    made = apis.create_authorizer(
        ApiId=api, Name="tokens", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
        JwtConfiguration=issuer,
    )  # fmt: skip
    assert without_metadata(made) == {
        "AuthorizerId": made["AuthorizerId"], "AuthorizerType": "JWT", "Name": "tokens", "JwtConfiguration": issuer,
        "IdentitySource": ["$request.header.Authorization"],
    }  # fmt: skip
    place = {"ApiId": api, "AuthorizerId": made["AuthorizerId"]}
    assert apis.update_authorizer(**place, Name="other")["Name"] == "other"
    function = apis.create_authorizer(
        ApiId=api, Name="function", AuthorizerType="REQUEST", IdentitySource=[], AuthorizerUri=FUNCTION,
        AuthorizerPayloadFormatVersion="2.0",
    )  # fmt: skip
    assert (function["AuthorizerResultTtlInSeconds"], function["EnableSimpleResponses"]) == (0, False)
    assert {one["Name"] for one in apis.get_authorizers(ApiId=api)["Items"]} == {"other", "function"}
    apis.delete_authorizer(**place)
    schema = json.dumps({"type": "object", "properties": {"name": {"type": "string"}}})
    model = apis.create_model(ApiId=api, Name="pet", Schema=schema, ContentType="application/json")
    one = {"ApiId": api, "ModelId": model["ModelId"]}
    assert '"name" : "foo"' in apis.get_model_template(**one)["Value"]
    assert apis.update_model(**one, Description="d")["Description"] == "d"
    assert apis.get_model(**one)["Schema"] == schema
    assert refusal(apis.create_model, ApiId=api, Name="pet", Schema="{}")[0] == "ConflictException"
    assert len(apis.get_models(ApiId=api)["Items"]) == 1
    apis.delete_model(**one)
    assert refusal(apis.get_model, **one)[0] == "NotFoundException"


# What happens next


def test_a_route_that_goes_takes_its_settings_along(apis, api):
    route = apis.create_route(ApiId=api, RouteKey="GET /pets")["RouteId"]
    apis.create_stage(ApiId=api, StageName="dev", RouteSettings={"GET /pets": {"DetailedMetricsEnabled": True}})
    apis.delete_route(ApiId=api, RouteId=route)
    assert apis.get_stage(ApiId=api, StageName="dev")["RouteSettings"] == {}
