"""API Gateway v2, its control plane: what is refused, what is done, what happens next."""

import json

import pytest

from tests.contract.http_apis import apis, integrated, proxied, refusal, served

__all__ = ["apis"]  # fixtures
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:f"
URL = "https://backend.example.com/x"


@pytest.fixture
def api(apis):
    return apis.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# What is refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ProtocolType": "?"}, "Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]"),
        (
            {"CorsConfiguration": {"AllowCredentials": True, "AllowOrigins": ["*"]}},
            "allow-credentials is not supported if 'allow-origin' is *",
        ),
        ({"CorsConfiguration": {"MaxAge": 86_401}}, "MaxAge should be between -1 and 86400"),
        ({"Name": "n" * 129}, "Name should be between 1 and 128 characters long"),
        ({"Target": "ftp://x"}, "Invalid target specified: ftp://x. A target is a function's ARN or a URL"),
        ({"Target": "http://["}, "Invalid target specified: http://[. A target is a function's ARN or a URL"),
        ({"Tags": {"aws:x": "y"}}, "Invalid tag key specified: aws:x"),
    ],
)
def test_apis_that_make_no_sense(apis, settings, message):
    given = {"Name": "n", "ProtocolType": "HTTP", **settings}
    assert refusal(apis.create_api, **given) == ("BadRequestException", message)
    assert apis.get_apis()["Items"] == []


def test_what_is_not_there(apis, api):
    missing = ("NotFoundException", "Invalid API identifier specified 000000000000:none")
    for call in (apis.get_api, apis.delete_api, apis.get_routes, apis.get_stages, apis.get_integrations):
        assert refusal(call, ApiId="none") == missing
    of_api = {"ApiId": api}
    for call, name, kind in [
        (apis.get_route, "RouteId", "Route"),
        (apis.get_integration, "IntegrationId", "Integration"),
        (apis.get_authorizer, "AuthorizerId", "Authorizer"),
        (apis.get_model, "ModelId", "Model"),
        (apis.get_deployment, "DeploymentId", "deployment"),
    ]:
        expected = ("NotFoundException", f"Invalid {kind} identifier specified unknown")
        assert refusal(call, **of_api, **{name: "unknown"}) == expected
    assert refusal(apis.get_stage, **of_api, StageName="x") == (
        "NotFoundException",
        "Invalid stage identifier specified",
    )
    integration = apis.create_integration(ApiId=api, IntegrationType="MOCK")["IntegrationId"]
    place = {"ApiId": api, "IntegrationId": integration, "IntegrationResponseId": "unknown"}
    assert refusal(apis.get_integration_response, **place)[1] == (
        "Invalid IntegrationResponse identifier specified unknown"
    )


def test_a_missing_member_is_named(apis):
    assert refusal(apis.create_api, ProtocolType="HTTP") == ("BadRequestException", "Name is a required parameter")


def test_stages_that_cannot_be(apis, api):
    apis.create_stage(ApiId=api, StageName="dev")
    assert refusal(apis.create_stage, ApiId=api, StageName="dev") == ("ConflictException", "Stage already exists")
    assert refusal(apis.create_stage, ApiId=api, StageName="no way")[0] == "BadRequestException"
    assert refusal(apis.create_stage, ApiId=api, StageName="x", RouteSettings={"GET /none": {}}) == (
        "NotFoundException",
        "Unable to find Route by key GET /none within the provided RouteSettings",
    )
    assert refusal(apis.create_stage, ApiId=api, StageName="x", DefaultRouteSettings={"LoggingLevel": "INFO"}) == (
        "BadRequestException",
        "Execution logs are not supported on protocolType HTTP",
    )
    assert refusal(apis.create_stage, ApiId=api, StageName="x", DeploymentId="none")[0] == "NotFoundException"
    wrong = {"DestinationArn": "arn:aws:s3:::bucket", "Format": "$context.requestId"}
    assert refusal(apis.create_stage, ApiId=api, StageName="x", AccessLogSettings=wrong)[0] == "BadRequestException"
    assert [stage["StageName"] for stage in apis.get_stages(ApiId=api)["Items"]] == ["dev"]


def test_deployments_need_routes_and_stay_while_they_are_served(apis, api):
    assert refusal(apis.create_deployment, ApiId=api) == (
        "BadRequestException",
        "Unable to deploy API because no routes exist in this API",
    )
    apis.create_route(ApiId=api, RouteKey="GET /")
    assert refusal(apis.create_deployment, ApiId=api, StageName="none")[0] == "NotFoundException"
    apis.create_stage(ApiId=api, StageName="dev")
    deployment = apis.create_deployment(ApiId=api, StageName="dev")["DeploymentId"]
    assert refusal(apis.delete_deployment, ApiId=api, DeploymentId=deployment) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )


def test_limits_of_an_api(apis, api):
    for number in range(10):
        apis.create_stage(ApiId=api, StageName=f"s{number}")
    code, message = refusal(apis.create_stage, ApiId=api, StageName="s10")
    assert code == "TooManyRequestsException"
    assert message.startswith("Maximum number of Stages for this API has been reached.")


def test_domains_and_mappings_that_clash(apis, api):
    apis.create_domain_name(DomainName="api.example.com")
    assert refusal(apis.create_domain_name, DomainName="api.example.com") == (
        "ConflictException",
        "The domain name resource already exists.",
    )
    missing = ("NotFoundException", "The domain name resource specified in the request was not found.")
    assert refusal(apis.delete_domain_name, DomainName="none.example.com") == missing
    mapped = {"DomainName": "api.example.com", "ApiId": api, "Stage": "$default"}
    apis.create_api_mapping(**mapped, ApiMappingKey="v1")
    assert refusal(apis.create_api_mapping, **mapped, ApiMappingKey="v1") == (
        "ConflictException",
        "ApiMapping key already exists for this domain name",
    )
    slash = "API mapping key should not start with a '/' or have consecutive '/'s."
    assert refusal(apis.create_api_mapping, **mapped, ApiMappingKey="/v2") == ("BadRequestException", slash)
    assert refusal(apis.create_api_mapping, **mapped, ApiMappingKey="a//b") == ("BadRequestException", slash)
    assert refusal(apis.create_api_mapping, **mapped, ApiMappingKey="a/") == (
        "BadRequestException",
        "API mapping key should not end with a '/'.",
    )
    assert refusal(apis.create_api_mapping, **mapped | {"ApiId": "none"})[0] == "NotFoundException"
    assert refusal(apis.get_api_mapping, DomainName="api.example.com", ApiMappingId="x") == (
        "NotFoundException",
        "The api mapping resource specified in the request was not found.",
    )
    assert refusal(apis.delete_api, ApiId=api)[0] == "BadRequestException"


def test_who_may_not_manage_apis(aws, apis, api):
    iam = aws("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "apigateway:GET", "Resource": f"arn:aws:apigateway:*::/apis/{api}*"}
        ],
    }
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
    theirs = aws(
        "apigatewayv2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )  # fmt: skip
    assert theirs.get_api(ApiId=api)["Name"] == "pets"
    assert theirs.get_routes(ApiId=api)["Items"] == []
    code, message = refusal(theirs.create_route, ApiId=api, RouteKey="GET /")
    assert code == "AccessDeniedException"
    assert f"apigateway:POST on resource: arn:aws:apigateway:eu-west-1::/apis/{api}/routes" in message
    assert refusal(theirs.get_apis)[0] == "AccessDeniedException"


# What is done


def test_an_api_is_made_described_changed_and_deleted(apis):
    made = without_metadata(apis.create_api(Name="pets", ProtocolType="HTTP", Tags={"team": "a"}))
    api = made["ApiId"]
    assert len(api) == 10
    assert made.pop("CreatedDate")
    assert made == {
        "ApiEndpoint": f"https://{api}.execute-api.eu-west-1.amazonaws.com",
        "ApiId": api,
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "pets",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {"team": "a"},
    }
    rules = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"], "MaxAge": 5}
    changed = apis.update_api(
        ApiId=api, Name="animals", Description="all of them", Version="2", CorsConfiguration=rules,
        DisableExecuteApiEndpoint=True,
    )  # fmt: skip
    assert changed["CorsConfiguration"] == rules
    assert apis.update_api(ApiId=api, Description="")["Description"] == ""
    apis.delete_cors_configuration(ApiId=api)
    seen = apis.get_api(ApiId=api)
    assert "CorsConfiguration" not in seen
    assert (seen["Name"], seen["Version"], seen["DisableExecuteApiEndpoint"]) == ("animals", "2", True)
    apis.delete_api(ApiId=api)
    assert refusal(apis.get_api, ApiId=api)[0] == "NotFoundException"


def test_stages_and_their_settings(apis, api):
    apis.create_route(ApiId=api, RouteKey="GET /pets")
    made = apis.create_stage(
        ApiId=api, StageName="dev", StageVariables={"a": "1", "b": "2"}, Description="d", Tags={"k": "v"},
        RouteSettings={"GET /pets": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5}},
    )  # fmt: skip
    assert made["DefaultRouteSettings"] == {"DetailedMetricsEnabled": False}
    assert made["Tags"] == {"k": "v"}
    stage = {"ApiId": api, "StageName": "dev"}
    changed = apis.update_stage(
        **stage, StageVariables={"a": "", "c": "3"}, DefaultRouteSettings={"ThrottlingBurstLimit": 1},
        AccessLogSettings={
            "DestinationArn": "arn:aws:logs:eu-west-1:000000000000:log-group:g", "Format": "$context.requestId"
        },
    )  # fmt: skip
    assert changed["StageVariables"] == {"b": "2", "c": "3"}
    assert changed["DefaultRouteSettings"] == {"DetailedMetricsEnabled": False, "ThrottlingBurstLimit": 1}
    assert changed["RouteSettings"]["GET /pets"]["ThrottlingRateLimit"] == 2.5
    apis.delete_route_settings(**stage, RouteKey="GET /pets")
    apis.delete_access_log_settings(**stage)
    apis.reset_authorizers_cache(**stage)
    seen = apis.get_stage(**stage)
    assert seen["RouteSettings"] == {} and "AccessLogSettings" not in seen
    apis.delete_stage(**stage)
    assert apis.get_stages(ApiId=api)["Items"] == []


def test_deployments_and_which_stage_serves_them(apis, api):
    apis.create_route(ApiId=api, RouteKey="GET /pets")
    apis.create_stage(ApiId=api, StageName="dev")
    first = apis.create_deployment(ApiId=api, Description="one")
    assert (first["AutoDeployed"], first["DeploymentStatus"]) == (False, "DEPLOYED")
    second = apis.create_deployment(ApiId=api, StageName="dev")["DeploymentId"]
    assert apis.get_stage(ApiId=api, StageName="dev")["DeploymentId"] == second
    apis.update_stage(ApiId=api, StageName="dev", DeploymentId=first["DeploymentId"])
    apis.delete_deployment(ApiId=api, DeploymentId=second)
    apis.update_deployment(ApiId=api, DeploymentId=first["DeploymentId"], Description="two")
    assert [one["Description"] for one in apis.get_deployments(ApiId=api)["Items"]] == ["two"]
    assert apis.get_deployment(ApiId=api, DeploymentId=first["DeploymentId"])["Description"] == "two"


def test_domain_names_and_their_mappings(apis, api):
    certificate = "arn:aws:acm:eu-west-1:000000000000:certificate/c"
    made = apis.create_domain_name(
        DomainName="api.example.com", Tags={"a": "b"},
        DomainNameConfigurations=[{"CertificateArn": certificate, "EndpointType": "REGIONAL"}],
    )  # fmt: skip
    configuration = made["DomainNameConfigurations"][0]
    assert configuration["ApiGatewayDomainName"].endswith(".execute-api.eu-west-1.amazonaws.com")
    assert (configuration["DomainNameStatus"], configuration["SecurityPolicy"]) == ("AVAILABLE", "TLS_1_2")
    assert made["ApiMappingSelectionExpression"] == "$request.basepath"
    assert without_metadata(apis.get_domain_name(DomainName="api.example.com")) == without_metadata(made)
    changed = apis.update_domain_name(
        DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": certificate + "2"}]
    )
    assert changed["DomainNameConfigurations"][0]["ApiGatewayDomainName"] == configuration["ApiGatewayDomainName"]
    assert len(apis.get_domain_names()["Items"]) == 1
    mapping = apis.create_api_mapping(DomainName="api.example.com", ApiId=api, Stage="dev", ApiMappingKey="v1")
    place = {"DomainName": "api.example.com", "ApiMappingId": mapping["ApiMappingId"]}
    assert apis.update_api_mapping(**place, ApiId=api, Stage="prod")["Stage"] == "prod"
    assert apis.get_api_mapping(**place)["ApiMappingKey"] == "v1"
    assert len(apis.get_api_mappings(DomainName="api.example.com")["Items"]) == 1
    apis.delete_api_mapping(**place)
    apis.delete_domain_name(DomainName="api.example.com")
    assert apis.get_domain_names()["Items"] == []


def test_tags_of_apis_stages_and_domains(apis, api):
    apis.create_stage(ApiId=api, StageName="dev")
    apis.create_domain_name(DomainName="api.example.com")
    for path in (f"/apis/{api}", f"/apis/{api}/stages/dev", "/domainnames/api.example.com"):
        arn = f"arn:aws:apigateway:eu-west-1::{path}"
        apis.tag_resource(ResourceArn=arn, Tags={"a": "1", "b": "2"})
        apis.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert apis.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert apis.get_api(ApiId=api)["Tags"] == {"b": "2"}
    missing = "arn:aws:apigateway:eu-west-1::/apis/none"
    assert refusal(apis.get_tags, ResourceArn=missing)[0] == "NotFoundException"
    assert refusal(apis.tag_resource, ResourceArn="arn:aws:s3:::b", Tags={})[0] == "BadRequestException"


# What happens next


def test_a_change_is_deployed_where_that_is_wanted(apis):
    api = served(apis)
    apis.create_stage(ApiId=api, StageName="manual")
    before = apis.get_stage(ApiId=api, StageName="$default")["DeploymentId"]
    integrated(apis, api, "GET /", IntegrationType="MOCK")
    after = apis.get_stage(ApiId=api, StageName="$default")
    assert after["DeploymentId"] != before
    assert "DeploymentId" not in apis.get_stage(ApiId=api, StageName="manual")
    deployments = apis.get_deployments(ApiId=api)["Items"]
    assert [(one["DeploymentId"], one["AutoDeployed"]) for one in deployments] == [(after["DeploymentId"], True)]
    assert refusal(apis.create_deployment, ApiId=api, StageName="$default")[0] == "BadRequestException"


def test_nothing_of_an_api_outlives_it(apis, api):
    proxied(apis, api, "GET /", URL)
    apis.create_stage(ApiId=api, StageName="dev", Tags={"a": "b"})
    apis.delete_api(ApiId=api)
    assert apis.get_apis()["Items"] == []
    other = apis.create_api(Name="n", ProtocolType="HTTP")["ApiId"]
    assert apis.get_routes(ApiId=other)["Items"] == []
    assert refusal(apis.get_tags, ResourceArn=f"arn:aws:apigateway:eu-west-1::/apis/{api}/stages/dev")[0] == (
        "NotFoundException"
    )
