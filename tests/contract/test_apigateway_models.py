"""Models and request validators, and requests that are held against them."""

import json

import pytest

from tests.contract.http_apis import Caller
from tests.contract.rest_apis import RestApi, patch, patches, refused

PET = {
    "$schema": "http://json-schema.org/draft-04/schema#", "title": "Pet", "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
}  # fmt: skip


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def model(api, name="Pet", schema=PET, **settings):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    settings = {"contentType": "application/json", "schema": text, **settings}
    return api.client.create_model(restApiId=api.id, name=name, **settings)


def validated(api, path="/pets", verb="POST", schema=PET, **settings):
    """A method whose bodies must be pets, deployed."""
    model(api, schema=schema)
    validator = api.client.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    settings = {"requestValidatorId": validator, "requestModels": {"application/json": "Pet"}, **settings}
    api.mock(path, verb, method=settings)
    api.deploy()


# What is refused


def test_a_model_is_json_of_a_name(client, api):
    assert refused(model, api=api, name="a-b") == ("BadRequestException", "Model name must be alphanumeric: a-b")
    assert refused(model, api=api, schema="") == (
        "BadRequestException", "Model schema must have at least 1 property or array items defined",
    )  # fmt: skip
    assert refused(model, api=api, schema="{")[1].endswith("errors : [Invalid model schema specified]")
    model(api)
    assert refused(model, api=api) == ("ConflictException", "Model name already exists for this REST API")


@pytest.mark.parametrize("operation", ["get_model", "delete_model", "update_model", "get_model_template"])
def test_a_model_that_is_not_there_is_not_found(client, api, operation):
    said = refused(getattr(client, operation), restApiId=api.id, modelName="Nothing")
    assert said == ("NotFoundException", "Invalid model name specified: Nothing")


def test_what_is_used_stays(client, api):
    validated(api)
    model(
        api,
        "Pets",
        {"type": "array", "items": {"$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Pet"}},
    )
    assert refused(client.delete_model, restApiId=api.id, modelName="Pet") == (
        "ConflictException", "Cannot delete model 'Pet', is referenced in method request: /pets/POST",
    )  # fmt: skip
    validator = client.get_request_validators(restApiId=api.id)["items"][0]["id"]
    assert refused(client.delete_request_validator, restApiId=api.id, requestValidatorId=validator) == (
        "ConflictException",
        f"Cannot delete request validator '{validator}', is referenced in method: /pets/POST",
    )
    client.update_method(
        **api.place("/pets", "POST"), patchOperations=patch("remove", "/requestModels/application~1json")
    )
    assert refused(client.delete_model, restApiId=api.id, modelName="Pet") == (
        "ConflictException", "Cannot delete model 'Pet', is referenced in model: Pets",
    )  # fmt: skip


def test_a_validator_that_is_not_there_is_not_found(client, api):
    said = "NotFoundException", "Invalid Request Validator identifier specified"
    for operation in ("get_request_validator", "delete_request_validator", "update_request_validator"):
        assert refused(getattr(client, operation), restApiId=api.id, requestValidatorId="nothing") == said
    assert refused(client.create_request_validator, restApiId="nothing") == (
        "BadRequestException", "Invalid REST API identifier specified",
    )  # fmt: skip


def test_patches_name_what_can_be_replaced(client, api):
    made = client.create_request_validator(restApiId=api.id, name="v")["id"]

    def said(operations):
        return refused(
            client.update_request_validator, restApiId=api.id, requestValidatorId=made, patchOperations=operations
        )[1]

    assert said(patch("add", "/name", "a")) == (
        "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations"
    )
    assert said(patches(other="a")) == (
        "Invalid patch path  '/other' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters,"
        " /validateRequestBody]"
    )
    assert said(patches(name="")) == "Request Validator name cannot be blank"


# What is done


def test_a_model_is_as_it_was_made(client, api):
    made = model(api, description="of a pet")
    known = client.get_model(restApiId=api.id, modelName="Pet")
    assert {known[name] == made[name] for name in ("id", "name", "schema", "contentType", "description")} == {True}
    changed = client.update_model(
        restApiId=api.id, modelName="Pet", patchOperations=patches(description="new", schema='{"type": "string"}')
    )
    assert (changed["description"], changed["schema"]) == ("new", '{"type": "string"}')
    assert {one["name"] for one in client.get_models(restApiId=api.id)["items"]} == {"Empty", "Error", "Pet"}
    client.delete_model(restApiId=api.id, modelName="Pet")
    assert {one["name"] for one in client.get_models(restApiId=api.id)["items"]} == {"Empty", "Error"}


def test_a_model_is_flattened_and_sampled(client, api):
    model(api)
    model(
        api,
        "Pets",
        {"type": "array", "items": {"$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Pet"}},
    )
    flat = json.loads(client.get_model(restApiId=api.id, modelName="Pets", flatten=True)["schema"])
    assert flat["items"]["properties"] == PET["properties"]
    template = client.get_model_template(restApiId=api.id, modelName="Pets")["value"]
    assert template.startswith("#set($inputRoot = $input.path('$'))")
    assert "#foreach($elem in $inputRoot)" in template


def test_a_validator_is_as_it_was_made(client, api):
    made = client.create_request_validator(restApiId=api.id, name="v", validateRequestBody=True)
    assert (made["validateRequestBody"], made["validateRequestParameters"]) == (True, False)
    changed = client.update_request_validator(
        restApiId=api.id, requestValidatorId=made["id"],
        patchOperations=patches(name="w", validateRequestParameters="true", validateRequestBody="false"),
    )  # fmt: skip
    assert (changed["name"], changed["validateRequestBody"], changed["validateRequestParameters"]) == ("w", False, True)
    known = client.get_request_validator(restApiId=api.id, requestValidatorId=made["id"])
    assert known["name"] == "w"
    client.delete_request_validator(restApiId=api.id, requestValidatorId=made["id"])
    assert client.get_request_validators(restApiId=api.id)["items"] == []


# What happens next


def test_bodies_are_held_against_the_model(api, ask):
    validated(api)
    assert ask(api.id, "/dev/pets", "POST", body=b'{"name": "Rex", "age": 3}').status == 200
    for body in (b'{"age": 3}', b'{"name": "Leviathan"}', b'{"name": "Rex", "age": -1}', b"[]", b"{", b""):
        answer = ask(api.id, "/dev/pets", "POST", body=body)
        assert (answer.status, answer.document) == (400, {"message": "Invalid request body"})
        assert answer.headers["x-amzn-errortype"] == "BadRequestException"


def test_what_is_wrong_with_a_body_can_be_told(client, api, ask):
    template = '{"wrong": $context.error.validationErrorString, "message": $context.error.messageString}'
    client.put_gateway_response(
        restApiId=api.id, responseType="BAD_REQUEST_BODY", responseTemplates={"application/json": template}
    )
    validated(api)
    answer = ask(api.id, "/dev/pets", "POST", body=b'{"age": "old"}')
    assert answer.body == (
        b'{"wrong": [instance type (string) does not match any allowed primitive type (allowed: ["integer"]), object'
        b' has missing required properties (["name"])], "message": "Invalid request body"}'
    )


def test_bodies_of_other_types_pass(api, ask):
    validated(api)
    # The mock has no template for it, and then no status code: it is past validation.
    answer = ask(api.id, "/dev/pets", "POST", {"content-type": "text/plain"}, b"anything")
    assert (answer.status, answer.document) == (500, {"message": "Internal server error"})


def test_models_within_models_are_followed(api, ask):
    model(api, "Age", {"type": "integer", "maximum": 30})
    reference = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Age"
    validated(api, schema={"type": "object", "properties": {"age": {"$ref": reference}}})
    assert ask(api.id, "/dev/pets", "POST", body=b'{"age": 30}').status == 200
    assert ask(api.id, "/dev/pets", "POST", body=b'{"age": 31}').status == 400


def test_required_parameters_must_be_there(api, ask):
    needed = {
        "method.request.querystring.page": True, "method.request.header.X-Who": True,
        "method.request.querystring.size": False,
    }  # fmt: skip
    validated(api, "/list", "GET", schema={"type": "object"}, requestParameters=needed, requestModels={})
    assert ask(api.id, "/dev/list?page=1", headers={"x-who": "me"}).status == 200
    answer = ask(api.id, "/dev/list?page=")
    assert answer.document == {"message": "Missing required request parameters: [X-Who, page]"}


def test_a_schema_that_points_out_of_itself_lets_nothing_in(api, ask):
    validated(api, schema={"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/schema"}}})
    assert ask(api.id, "/dev/pets", "POST", body=b'{"a": 1}').status == 400
