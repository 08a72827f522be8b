"""Gateway responses: what an API says when a request does not come as far as its integration."""

import pytest

from tests.contract.http_apis import Caller
from tests.contract.rest_apis import JSON, RestApi, patch, patches, refused

USUAL = {JSON: '{"message":$context.error.messageString}'}


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def put(api, kind, **settings):
    return api.client.put_gateway_response(restApiId=api.id, responseType=kind, **settings)


# What is refused


def test_responses_are_of_types_that_there_are(client, api):
    assert refused(put, api=api, kind="SOMETHING")[0] == "ValidationException"
    assert refused(client.get_gateway_response, restApiId=api.id, responseType="SOMETHING")[0] == "ValidationException"
    assert refused(client.get_gateway_responses, restApiId="nothing")[0] == "NotFoundException"


def test_only_what_was_set_can_be_taken_back(client, api):
    assert refused(client.delete_gateway_response, restApiId=api.id, responseType="THROTTLED") == (
        "NotFoundException", "Gateway response type not defined on api",
    )  # fmt: skip


def test_patches_are_those_that_responses_have(client, api):
    def said(operations):
        return refused(
            client.update_gateway_response, restApiId=api.id, responseType="THROTTLED", patchOperations=operations
        )

    assert said(patches(colour="red")) == ("BadRequestException", "Invalid patch path /colour")
    assert said(patch("remove", "/responseTemplates/text~1plain")) == (
        "NotFoundException", "Invalid parameter name specified",
    )  # fmt: skip
    assert said(patch("add", "/responseTemplates/text~1plain")) == (
        "BadRequestException", "Invalid null or empty value in responseTemplates",
    )  # fmt: skip


# What is done


def test_every_type_has_a_response(client, api):
    known = client.get_gateway_responses(restApiId=api.id, limit=500)["items"]
    assert len(known) == 21
    assert all(one["defaultResponse"] and one["responseTemplates"] == USUAL for one in known)
    statuses = {one["responseType"]: one.get("statusCode") for one in known}
    assert (statuses["THROTTLED"], statuses["DEFAULT_4XX"], statuses["INTEGRATION_TIMEOUT"]) == ("429", None, "504")


def test_a_response_is_set_patched_and_taken_back(client, api):
    made = put(api, "UNAUTHORIZED", statusCode="404", responseParameters={"gatewayresponse.header.x": "'1'"})
    assert (made["statusCode"], made["defaultResponse"], made["responseTemplates"]) == ("404", False, USUAL)
    changed = client.update_gateway_response(
        restApiId=api.id, responseType="UNAUTHORIZED",
        patchOperations=[
            *patches(statusCode="401"), *patch("replace", "/responseParameters/gatewayresponse.header.x", "'2'"),
            *patch("add", "/responseTemplates/text~1plain", "no"),
        ],
    )  # fmt: skip
    assert changed["responseParameters"] == {"gatewayresponse.header.x": "'2'"}
    assert (changed["statusCode"], changed["responseTemplates"]) == ("401", USUAL | {"text/plain": "no"})
    client.delete_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED")
    known = client.get_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED")
    assert (known["defaultResponse"], known["statusCode"], known["responseParameters"]) == (True, "401", {})


def test_a_default_stands_for_the_types_of_its_class(client, api):
    put(api, "DEFAULT_4XX", responseTemplates={"text/plain": "sorry"})
    known = client.get_gateway_response(restApiId=api.id, responseType="THROTTLED")
    assert (known["statusCode"], known["responseTemplates"], known["defaultResponse"]) == (
        "429", {"text/plain": "sorry"}, True,
    )  # fmt: skip
    timeout = client.get_gateway_response(restApiId=api.id, responseType="INTEGRATION_TIMEOUT")
    assert timeout["responseTemplates"] == USUAL


# What happens next


def test_a_response_is_told_in_the_words_of_the_api(api, ask):
    template = (
        '{"kind": "$context.error.responseType", "message": $context.error.messageString, "path": "$context.path",'
        ' "who": "$method.request.header.X-Who", "page": "$method.request.querystring.page",'
        ' "of": "$stageVariables.of", "not": "$util.urlEncode(1)"}'
    )
    put(
        api, "MISSING_AUTHENTICATION_TOKEN", statusCode="404", responseTemplates={JSON: template},
        responseParameters={
            "gatewayresponse.header.X-Static": "'fixed'", "gatewayresponse.header.X-Id": "context.requestId",
            "gatewayresponse.header.X-Who": "method.request.header.X-Who",
        },
    )  # fmt: skip
    api.mock("/pets")
    api.deploy(variables={"of": "me"})
    answer = ask(api.id, "/dev/cats?page=2", headers={"x-who": "Ann"})
    assert answer.status == 404
    assert answer.document == {
        "kind": "MISSING_AUTHENTICATION_TOKEN", "message": "Missing Authentication Token", "path": "/dev/cats",
        "who": "Ann", "page": "2", "of": "me", "not": "$util.urlEncode(1)",
    }  # fmt: skip
    assert (answer.headers["x-static"], answer.headers["x-who"]) == ("fixed", "Ann")
    assert answer.headers["x-id"] == answer.headers["x-amzn-requestid"]


def test_the_default_of_a_class_keeps_the_status_of_the_type(api, ask):
    put(api, "DEFAULT_4XX", responseTemplates={"text/plain": "sorry: $context.error.message"})
    api.mock("/pets")
    api.deploy()
    answer = ask(api.id, "/dev/cats")
    assert (answer.status, answer.body) == (403, b"sorry: Missing Authentication Token")
    assert answer.headers["content-type"] == "text/plain"


def test_the_default_of_failures_covers_an_api_that_is_set_up_wrong(api, ask):
    put(api, "DEFAULT_5XX", statusCode="503")
    api.mock(template="{}")
    api.deploy()
    answer = ask(api.id, "/dev")
    assert (answer.status, answer.document) == (503, {"message": "Internal server error"})


def test_templates_are_chosen_by_what_the_caller_accepts(api, ask):
    templates = {JSON: "{}", "text/html": "<b>no</b>"}
    put(api, "MISSING_AUTHENTICATION_TOKEN", responseTemplates=templates)
    api.mock("/pets")
    api.deploy()
    page = ask(api.id, "/dev/cats", headers={"accept": "text/html,application/xhtml+xml"})
    assert (page.headers["content-type"], page.body) == ("text/html", b"<b>no</b>")
    assert ask(api.id, "/dev/cats").body == b"{}"
