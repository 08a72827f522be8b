"""Methods, what they answer, and what stands behind them: the descriptions."""

import pytest

from tests.contract.rest_apis import ACCOUNT, RestApi, patch, patches, refused

FUNCTION = (
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:0:function:f/invocations"
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/caller"
INVALID_PARAMETER = (
    "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression"
    " parameter specified: {}]"
)
INVALID_EXPRESSION = (
    "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression"
    " specified: {}]"
)


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# What is refused


def test_a_method_refers_only_to_what_is_there(client, api):
    def said(**settings):
        return refused(client.put_method, **{**api.place(), "authorizationType": "NONE", **settings})

    assert said(resourceId="nothing") == ("NotFoundException", "Invalid Resource identifier specified")
    assert said(httpMethod="LOOK")[0] == "BadRequestException"
    assert said(authorizationType="MAYBE") == (
        "BadRequestException",
        "Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS",
    )
    assert said(authorizationType="CUSTOM") == (
        "BadRequestException",
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a"
        " valid authorizer.",
    )
    assert said(requestValidatorId="nothing") == (
        "BadRequestException", "Invalid Request Validator identifier specified",
    )  # fmt: skip
    assert said(requestModels={"application/json": "Nothing"}) == (
        "BadRequestException", "Invalid model identifier specified: Nothing",
    )  # fmt: skip
    assert said(requestParameters={"method.request.body.x": True}) == (
        "BadRequestException", INVALID_PARAMETER.format("method.request.body.x"),
    )  # fmt: skip
    twice = {"method.request.header.x": True, "method.request.querystring.x": True}
    assert said(requestParameters=twice) == (
        "BadRequestException", "Parameter names must be unique across querystring, header and path",
    )  # fmt: skip


def test_user_pools_and_links_into_networks_are_refused_in_words(client, api):
    assert refused(client.put_method, **api.place(), authorizationType="COGNITO_USER_POOLS") == (
        "NotSupported", "apigateway authorization by COGNITO_USER_POOLS is not supported by Glasshouse yet",
    )  # fmt: skip
    api.method()
    assert refused(
        client.put_integration, **api.place(), type="HTTP", integrationHttpMethod="GET", uri="http://a.example",
        connectionType="VPC_LINK", connectionId="a",
    )[0] == "NotSupported"  # fmt: skip
    assert refused(client.create_vpc_link, name="a", targetArns=["arn:aws:a"])[0] == "NotSupported"
    assert refused(client.get_sdk, restApiId=api.id, stageName="a", sdkType="java")[0] == "NotSupported"


def test_what_no_list_has_is_told_as_a_part_of_the_input(client, api):
    assert refused(client.put_integration, **api.place(), type="HTTPS_PROXY") == (
        "ValidationException",
        "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint:"
        " Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
    )


def test_a_method_is_made_once(client, api):
    api.method()
    assert refused(client.put_method, **api.place(), authorizationType="NONE") == (
        "ConflictException", "Method already exists for this resource",
    )  # fmt: skip


@pytest.mark.parametrize("operation", ["get_method", "delete_method", "update_method", "get_integration"])
def test_a_method_that_is_not_there_is_not_found(client, api, operation):
    said = refused(getattr(client, operation), **api.place())
    assert said == ("NotFoundException", "Invalid Method identifier specified")


def test_responses_that_are_not_there_are_not_found(client, api):
    api.method()
    missing = "NotFoundException", "Invalid Response status code specified"
    for operation in ("get_method_response", "delete_method_response", "update_method_response"):
        assert refused(getattr(client, operation), **api.place(), statusCode="200") == missing
    nothing_behind = "NotFoundException", "Invalid Integration identifier specified"
    for operation in ("get_integration", "delete_integration", "update_integration"):
        assert refused(getattr(client, operation), **api.place()) == nothing_behind
    assert refused(client.put_integration_response, **api.place(), statusCode="200") == nothing_behind
    assert refused(client.delete_integration_response, **api.place(), statusCode="200") == nothing_behind
    client.put_integration(**api.place(), type="MOCK")
    for operation in ("get_integration_response", "delete_integration_response", "update_integration_response"):
        assert refused(getattr(client, operation), **api.place(), statusCode="200") == missing


def test_a_response_is_declared_once(client, api):
    api.mock()
    assert refused(client.put_method_response, **api.place(), statusCode="200") == (
        "ConflictException", "Response already exists for this resource",
    )  # fmt: skip
    assert refused(
        client.put_method_response, **api.place(), statusCode="400", responseParameters={"method.response.body.x": True}
    ) == ("BadRequestException", INVALID_PARAMETER.format("method.response.body.x"))
    assert refused(
        client.put_integration_response, **api.place(), statusCode="200",
        responseParameters={"method.response.header.x": "'1'"},
    ) == ("BadRequestException", INVALID_PARAMETER.format("method.response.header.x"))  # fmt: skip


def test_an_integration_leads_to_something(client, api):
    api.method()

    def said(**settings):
        return refused(client.put_integration, **{**api.place(), "integrationHttpMethod": "POST", **settings})

    assert said(type="HTTP", integrationHttpMethod=None, uri="http://a.example")[1] == (
        "Enumeration value for HttpMethod must be non-empty"
    )
    assert said(type="HTTP", uri="a.example")[1] == "Invalid HTTP endpoint specified for URI"
    assert said(type="AWS", uri="http://a.example")[1] == "Invalid ARN specified in the request"
    assert said(type="AWS", uri=ROLE)[1] == "AWS ARN for integration must contain path or action"
    assert said(type="AWS_PROXY", uri="arn:aws:apigateway:eu-west-1:s3:path/b/k", credentials=ROLE)[1] == (
        "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
    )
    assert said(type="AWS", uri="arn:aws:apigateway:eu-west-1:s3:path/b/k")[1] == (
        "Role ARN must be specified for AWS integrations"
    )
    assert said(type="AWS_PROXY", uri=FUNCTION, credentials="arn:aws:iam::111122223333:role/a") == (
        "AccessDeniedException", "Cross-account pass role is not allowed.",
    )  # fmt: skip
    assert said(type="MOCK", timeoutInMillis=29001)[1] == "Timeout should be between 50 ms and 29000 ms"
    assert said(type="MOCK", passthroughBehavior="SOMETIMES")[1] == (
        "Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"
    )
    assert said(type="MOCK", requestTemplates={"json": "{}"})[1] == (
        "Validation Result: warnings : [], errors : [Invalid content type specified: json]"
    )


def test_mappings_are_made_of_what_the_method_declares(client, api):
    api.method(requestParameters={"method.request.querystring.known": False})

    def said(mapping):
        return refused(client.put_integration, **api.place(), type="MOCK", requestParameters=mapping)[1]

    source = "method.request.querystring.unknown"
    assert said({"integration.request.header.x": source}) == INVALID_PARAMETER.format(source)
    assert said({"integration.request.header.x": "static"}) == INVALID_EXPRESSION.format("static")
    assert said({"integration.request.body.x": "'a'"}) == INVALID_PARAMETER.format("integration.request.body.x")


def test_patches_are_those_that_the_resource_has(client, api):
    api.mock()
    assert refused(client.update_method, **api.place(), patchOperations=patches(colour="red")) == (
        "BadRequestException", "Invalid patch path /colour",
    )  # fmt: skip
    assert refused(client.update_integration, **api.place(), patchOperations=patch("add", "/uri", "a")) == (
        "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]",
    )  # fmt: skip
    gone = patch("remove", "/requestTemplates/text~1plain")
    assert refused(client.update_integration, **api.place(), patchOperations=gone) == (
        "NotFoundException", "Content-Type specified was not found",
    )  # fmt: skip
    gone = patch("remove", "/requestParameters/method.request.header.x")
    assert refused(client.update_method, **api.place(), patchOperations=gone) == (
        "NotFoundException", "Invalid parameter name specified",
    )  # fmt: skip


# What is done


def test_a_method_is_as_it_was_put(client, api):
    made = client.put_method(
        **api.place("/a", "POST"), authorizationType="AWS_IAM", apiKeyRequired=True, operationName="Make",
        requestParameters={"method.request.header.x": True}, requestModels={"application/json": "Empty"},
    )  # fmt: skip
    assert without_metadata(made) == {
        "httpMethod": "POST", "authorizationType": "AWS_IAM", "apiKeyRequired": True, "operationName": "Make",
        "requestParameters": {"method.request.header.x": True}, "requestModels": {"application/json": "Empty"},
    }  # fmt: skip
    assert without_metadata(client.get_method(**api.place("/a", "POST"))) == without_metadata(made)


def test_a_method_is_patched(client, api):
    api.method(requestParameters={"method.request.header.x": False})
    validator = client.create_request_validator(restApiId=api.id, name="v")["id"]
    changed = client.update_method(
        **api.place(),
        patchOperations=[
            *patches(
                apiKeyRequired="true", operationName="Get", authorizationType="AWS_IAM", requestValidatorId=validator
            ),
            *patch("add", "/requestParameters/method.request.querystring.q", "true"),
            *patch("replace", "/requestParameters/method.request.header.x", "true"),
            *patch("add", "/requestModels/application~1json", "Error"),
            *patch("add", "/authorizationScopes", "read"),
        ],
    )
    assert without_metadata(changed) == {
        "httpMethod": "GET", "authorizationType": "AWS_IAM", "apiKeyRequired": True, "operationName": "Get",
        "requestValidatorId": validator, "requestModels": {"application/json": "Error"},
        "requestParameters": {"method.request.header.x": True, "method.request.querystring.q": True},
        "authorizationScopes": ["read"],
    }  # fmt: skip
    less = patch("remove", "/requestParameters/method.request.header.x") + patches(requestValidatorId="")
    changed = client.update_method(**api.place(), patchOperations=less)
    assert changed["requestParameters"] == {"method.request.querystring.q": True}
    assert "requestValidatorId" not in changed


def test_an_integration_has_the_defaults_of_aws(client, api):
    api.method()
    made = client.put_integration(**api.place(), type="HTTP", uri="http://a.example", integrationHttpMethod="GET")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert without_metadata(made) == {
        "type": "HTTP", "httpMethod": "GET", "uri": "http://a.example", "connectionType": "INTERNET",
        "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": api.resource("/"),
        "cacheKeyParameters": [],
    }  # fmt: skip
    assert without_metadata(client.get_integration(**api.place())) == without_metadata(made)


def test_an_integration_is_patched(client, api):
    api.method(requestParameters={"method.request.querystring.q": False})
    client.put_integration(**api.place(), type="HTTP", uri="http://a.example", integrationHttpMethod="GET")
    changed = client.update_integration(
        **api.place(),
        patchOperations=[
            *patches(uri="http://b.example", timeoutInMillis="1000", passthroughBehavior="NEVER", httpMethod="POST"),
            *patches(contentHandling="CONVERT_TO_TEXT", tlsConfig__insecureSkipVerification="true"),
            *patch("add", "/requestTemplates/application~1json", "{}"),
            *patch("add", "/requestParameters/integration.request.header.x", "method.request.querystring.q"),
            *patch("add", "/cacheKeyParameters/method.request.querystring.q"),
        ],
    )
    assert (changed["uri"], changed["timeoutInMillis"], changed["httpMethod"]) == ("http://b.example", 1000, "POST")
    assert changed["requestTemplates"] == {"application/json": "{}"}
    assert changed["requestParameters"] == {"integration.request.header.x": "method.request.querystring.q"}
    assert changed["cacheKeyParameters"] == ["method.request.querystring.q"]
    assert changed["tlsConfig"] == {"insecureSkipVerification": True}
    assert (changed["passthroughBehavior"], changed["contentHandling"]) == ("NEVER", "CONVERT_TO_TEXT")


def test_responses_are_declared_and_mapped(client, api):
    api.mock()
    place = {**api.place(), "statusCode": "404"}
    declared = client.put_method_response(
        **place, responseParameters={"method.response.header.x": True}, responseModels={"application/json": "Error"}
    )
    assert without_metadata(declared) == {
        "statusCode": "404", "responseParameters": {"method.response.header.x": True},
        "responseModels": {"application/json": "Error"},
    }  # fmt: skip
    mapped = client.put_integration_response(
        **place, selectionPattern="4..", responseParameters={"method.response.header.x": "'1'"},
        responseTemplates={"application/json": "none"}, contentHandling="CONVERT_TO_TEXT",
    )  # fmt: skip
    assert without_metadata(client.get_integration_response(**place)) == without_metadata(mapped)
    assert mapped["selectionPattern"] == "4.."
    changed = client.update_integration_response(
        **place,
        patchOperations=[
            *patches(selectionPattern="40."), *patch("add", "/responseTemplates/text~1plain", "no"),
            *patch("replace", "/responseParameters/method.response.header.x", "'2'"),
        ],
    )  # fmt: skip
    assert changed["selectionPattern"] == "40."
    assert changed["responseTemplates"] == {"application/json": "none", "text/plain": "no"}
    assert changed["responseParameters"] == {"method.response.header.x": "'2'"}
    again = client.update_method_response(
        **place, patchOperations=patch("add", "/responseModels/text~1plain", "Empty")
    )  # fmt: skip
    assert again["responseModels"] == {"application/json": "Error", "text/plain": "Empty"}
    assert client.get_method_response(**place)["responseModels"] == again["responseModels"]


# What happens next


def test_a_method_shows_what_was_put_below_it(client, api):
    api.mock(answer="{}")
    known = client.get_method(**api.place())
    assert known["methodResponses"]["200"]["statusCode"] == "200"
    assert known["methodIntegration"]["integrationResponses"]["200"]["responseTemplates"] == {"application/json": "{}"}


def test_what_is_deleted_is_gone(client, api):
    api.mock()
    place = {**api.place(), "statusCode": "200"}
    answered = client.delete_integration_response(**place)
    assert answered["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.delete_method_response(**place)
    known = client.get_method(**api.place())
    assert "methodResponses" not in known
    assert "integrationResponses" not in known["methodIntegration"]
    client.delete_integration(**api.place())
    assert "methodIntegration" not in client.get_method(**api.place())
    client.delete_method(**api.place())
    assert refused(client.get_method, **api.place())[0] == "NotFoundException"


def test_an_integration_that_is_put_again_forgets_its_responses(client, api):
    api.mock()
    client.put_integration(**api.place(), type="MOCK")
    assert "integrationResponses" not in client.get_integration(**api.place())
