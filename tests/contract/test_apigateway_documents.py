"""APIs from OpenAPI documents, and documents of APIs."""

import json

import pytest

from tests.contract.http_apis import Caller
from tests.contract.rest_apis import ACCOUNT, JSON, REGION, RestApi, refused

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
JUDGE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def mocked(answer="{}", pattern="default", **more):
    """The extension for a mock that answers."""
    response = {"statusCode": "200", "responseTemplates": {JSON: answer}, **more}
    return {
        "type": "mock", "requestTemplates": {JSON: '{"statusCode": 200}'}, "passthroughBehavior": "never",
        "responses": {pattern: response},
    }  # fmt: skip


SWAGGER = {
    "swagger": "2.0", "info": {"title": "Pets", "description": "of mine", "version": "1.2"}, "basePath": "/v1/more",
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "get": {
                "operationId": "GetPet",
                "parameters": [
                    {"name": "page", "in": "query", "required": True, "type": "string"},
                    {"name": "X-Who", "in": "header", "required": False, "type": "string"},
                ],
                "responses": {
                    "200": {
                        "description": "ok", "schema": {"$ref": "#/definitions/Pet"},
                        "headers": {"X-Kind": {"type": "string"}},
                    },
                },
                "security": [{"judge": []}],
                "x-amazon-apigateway-request-validator": "parameters",
                "x-amazon-apigateway-integration": mocked(
                    '{"id": "$input.params(\'id\')"}',
                    responseParameters={"method.response.header.X-Kind": "'mock'"},
                ),
            },
            "put": {
                "consumes": [JSON],
                "parameters": [{"in": "body", "name": "Pet", "schema": {"$ref": "#/definitions/Pet"}}],
                "responses": {"200": {"description": "ok"}}, "security": [{"api_key": []}],
                "x-amazon-apigateway-integration": mocked("put"),
            },
        },
        "/open": {
            "x-amazon-apigateway-any-method": {
                "responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": mocked("open"),
            },
        },
    },
    "securityDefinitions": {
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "judge": {
            "type": "apiKey", "name": "X-Token", "in": "header", "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {
                "type": "token", "authorizerUri": JUDGE, "authorizerResultTtlInSeconds": 60,
            },
        },
    },
    "definitions": {
        "Pet": {"type": "object", "properties": {"name": {"type": "string"}, "toy": {"$ref": "#/definitions/Toy"}}},
        "Toy": {"type": "object", "properties": {"weight": {"type": "number"}}},
    },
    "x-amazon-apigateway-request-validators": {
        "parameters": {"validateRequestParameters": True, "validateRequestBody": False},
    },
    "x-amazon-apigateway-gateway-responses": {
        "MISSING_AUTHENTICATION_TOKEN": {"statusCode": 404, "responseTemplates": {JSON: '{"lost": true}'}},
    },
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-api-key-source": "HEADER",
    "x-amazon-apigateway-minimum-compression-size": 100,
    "x-amazon-apigateway-documentation": {
        "version": "1", "documentationParts": [{"location": {"type": "API"}, "properties": {"description": "all"}}],
    },
    "x-amazon-apigateway-policy": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        ],
    },
}  # fmt: skip
OPENAPI_IN_YAML = """
openapi: 3.0.1
info: {title: Pets, version: 2020-01-01}
servers:
  - url: https://example.com/{basePath}
    variables: {basePath: {default: /base}}
paths:
  /pets:
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Pet'}}
      responses:
        200:
          description: ok
          content:
            application/json: {schema: {type: object, title: Made}}
      x-amazon-apigateway-request-validator: all
      x-amazon-apigateway-integration: {$ref: '#/components/x-amazon-apigateway-integrations/mock'}
components:
  schemas:
    Pet: {type: object, required: [name], properties: {name: {type: string}}}
  x-amazon-apigateway-integrations:
    mock:
      type: MOCK
      requestTemplates: {application/json: '{"statusCode": 200}'}
      responses:
        default: {statusCode: 200, responseTemplates: {application/json: made}}
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
"""


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def imported(client, document=SWAGGER, **settings):
    text = document if isinstance(document, str) else json.dumps(document)
    return client.import_rest_api(body=text.encode(), **settings)["id"]


def paths(client, api):
    return [one["path"] for one in client.get_resources(restApiId=api)["items"]]


def exported(client, api, kind="oas30", stage="dev", **settings):
    return json.loads(client.get_export(restApiId=api, stageName=stage, exportType=kind, **settings)["body"].read())


# What is refused


def test_a_document_is_one_of_openapi(client):
    def said(document):
        return refused(client.import_rest_api, body=document.encode())

    assert said("nothing") == ("BadRequestException", "Invalid OpenAPI input.")
    assert said("{}") == ("BadRequestException", "Only OpenAPI 3.x.x are currently supported")
    assert said('{"openapi": "3.0.0"}')[1].endswith("'paths' is a required property")
    broken = {"openapi": "3.0.0", "paths": {"/": {"get": {"parameters": [{"$ref": "#/nothing"}]}}}}
    assert said(json.dumps(broken)) == ("BadRequestException", "Unable to resolve reference: #/nothing")
    assert client.get_rest_apis()["items"] == []


def test_a_document_is_put_into_an_api_in_one_of_two_ways(client):
    document = json.dumps(SWAGGER).encode()
    assert refused(client.put_rest_api, restApiId="nothing", body=document)[0] == "NotFoundException"
    api = imported(client)
    assert refused(client.put_rest_api, restApiId=api, body=document, mode="guess")[0] in (
        "BadRequestException", "ValidationException",
    )  # fmt: skip


def test_only_a_stage_is_exported_and_only_as_openapi(client):
    api = imported(client)
    assert refused(client.get_export, restApiId=api, stageName="dev", exportType="oas30") == (
        "NotFoundException", "Invalid stage identifier specified",
    )  # fmt: skip
    client.create_deployment(restApiId=api, stageName="dev")
    assert refused(client.get_export, restApiId=api, stageName="dev", exportType="raml") == (
        "BadRequestException", "No API exporter for type 'raml'",
    )  # fmt: skip
    postman = {"extensions": "postman"}
    assert refused(client.get_export, restApiId=api, stageName="dev", exportType="swagger", parameters=postman)[0] == (
        "NotSupported"
    )


@pytest.mark.parametrize(
    "document", ['{"swagger": "2.0", "info": {}, "paths": {"/": {"get": 1}}}', '{"swagger": "2.0", "paths": {"/": 1}}']
)
def test_a_document_of_another_shape_is_refused(client, document):
    code, message = refused(client.import_rest_api, body=document.encode())
    assert (code, "paths" in message) == ("BadRequestException", True)


def test_keys_that_are_no_text_are_refused(client):
    assert refused(client.import_api_keys, body=b"name,key\n\xff,\xfe", format="csv")[0] == "BadRequestException"


# What is done


def test_an_api_is_made_from_a_document(client):
    made = client.import_rest_api(
        body=json.dumps(SWAGGER).encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )
    assert (made["name"], made["description"], made["version"]) == ("Pets", "of mine", "1.2")
    assert (made["binaryMediaTypes"], made["minimumCompressionSize"]) == (["image/png"], 100)
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert f"{made['id']}/*" in made["policy"]
    api = made["id"]
    assert paths(client, api) == ["/", "/open", "/pets", "/pets/{id}"]
    resource = client.get_resources(restApiId=api, embed=["methods"])["items"][3]
    get, put = resource["resourceMethods"]["GET"], resource["resourceMethods"]["PUT"]
    assert get["operationName"] == "GetPet"
    assert get["requestParameters"] == {
        "method.request.path.id": True, "method.request.querystring.page": True, "method.request.header.X-Who": False,
    }  # fmt: skip
    assert get["methodResponses"]["200"]["responseModels"] == {JSON: "Pet"}
    assert get["methodResponses"]["200"]["responseParameters"] == {"method.response.header.X-Kind": False}
    guard = client.get_authorizers(restApiId=api)["items"][0]
    assert (get["authorizationType"], get["authorizerId"]) == ("CUSTOM", guard["id"])
    assert (guard["name"], guard["type"], guard["identitySource"]) == (
        "judge",
        "TOKEN",
        "method.request.header.X-Token",
    )
    assert (put["apiKeyRequired"], put["requestModels"]) == (True, {JSON: "Pet"})
    schema = json.loads(client.get_model(restApiId=api, modelName="Pet")["schema"])
    assert schema["properties"]["toy"]["$ref"] == f"https://apigateway.amazonaws.com/restapis/{api}/models/Toy"
    response = client.get_gateway_response(restApiId=api, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert (response["statusCode"], response["responseTemplates"]) == ("404", {JSON: '{"lost": true}'})
    parts = client.get_documentation_parts(restApiId=api)["items"]
    assert [json.loads(part["properties"]) for part in parts] == [{"description": "all"}]


@pytest.mark.parametrize(
    ("mode", "found"), [("ignore", "/open"), ("prepend", "/v1/more/open"), ("split", "/more/open")]
)  # fmt: skip
def test_the_base_path_of_a_document_comes_before_its_paths_or_not(client, mode, found):
    api = imported(client, parameters={"basepath": mode})
    assert found in paths(client, api)


def test_a_document_may_be_yaml(client, ask):
    api = imported(client, OPENAPI_IN_YAML, parameters={"basepath": "prepend"})
    assert paths(client, api) == ["/", "/base", "/base/pets"]
    assert client.get_rest_api(restApiId=api)["version"] == "2020-01-01"
    client.create_deployment(restApiId=api, stageName="dev")
    assert ask(api, "/dev/base/pets", "POST", body=b'{"name": "Rex"}').body == b"made"
    assert ask(api, "/dev/base/pets", "POST", body=b"{}").status == 400


def test_a_document_says_who_may_call(client):
    signed = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}

    def operation(**more):
        return {"get": {"responses": {}, "x-amazon-apigateway-integration": mocked(), **more}}

    document = {
        "openapi": "3.0.1", "info": {"title": "Guarded", "version": "1"}, "security": [{"sigv4": []}],
        "components": {"securitySchemes": {"sigv4": signed}},
        "paths": {
            "/all": operation(), "/open": operation(security=[]),
            "/own": operation(**{"security": [], "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}),
        },
    }  # fmt: skip
    api = imported(client, document)
    resources = client.get_resources(restApiId=api, embed=["methods"])["items"]
    kinds = {one["path"]: one["resourceMethods"]["GET"]["authorizationType"] for one in resources[1:]}
    assert kinds == {"/all": "AWS_IAM", "/open": "NONE", "/own": "AWS_IAM"}


def test_a_document_is_merged_or_overwrites(client):
    api = imported(client)
    other = {
        "openapi": "3.0.1", "info": {"title": "Cats", "version": "2"},
        "paths": {"/cats": {"get": {"responses": {}, "x-amazon-apigateway-integration": mocked()}}},
    }  # fmt: skip
    body = json.dumps(other).encode()
    merged = client.put_rest_api(restApiId=api, body=body, mode="merge")
    assert paths(client, api) == ["/", "/cats", "/open", "/pets", "/pets/{id}"]
    assert merged["binaryMediaTypes"] == ["image/png"]
    over = client.put_rest_api(restApiId=api, body=body, mode="overwrite")
    assert paths(client, api) == ["/", "/cats"]
    assert (over["name"], "binaryMediaTypes" in over, "policy" in over) == ("Cats", False, False)
    assert client.get_authorizers(restApiId=api)["items"] == []


def test_parts_of_documentation_are_left_out_on_demand(client):
    api = imported(client, parameters={"ignore": "documentation"})
    assert client.get_documentation_parts(restApiId=api)["items"] == []


def test_a_stage_is_exported(client):
    api = imported(client)
    client.create_deployment(restApiId=api, stageName="dev")
    document = exported(client, api, "swagger")
    host = f"{api}.execute-api.{REGION}.amazonaws.com"
    assert (document["swagger"], document["host"], document["basePath"]) == ("2.0", host, "/dev")
    assert document["info"] == {"title": "Pets", "description": "of mine", "version": "1.2"}
    get = document["paths"]["/pets/{id}"]["get"]
    assert {"name": "page", "in": "query", "required": True, "type": "string"} in get["parameters"]
    assert get["responses"]["200"]["schema"] == {"$ref": "#/definitions/Pet"}
    assert "x-amazon-apigateway-integration" not in get
    assert document["definitions"]["Pet"]["properties"]["toy"] == {"$ref": "#/definitions/Toy"}
    assert document["paths"]["/open"]["x-amazon-apigateway-any-method"]["consumes"] == [JSON]
    newer = exported(client, api)
    assert {"name": "X-Who", "in": "header", "schema": {"type": "string"}} in newer["paths"]["/pets/{id}"]["get"][
        "parameters"
    ]
    assert newer["servers"] == [{"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": "dev"}}}]
    put = newer["paths"]["/pets/{id}"]["put"]
    assert put["requestBody"]["content"] == {JSON: {"schema": {"$ref": "#/components/schemas/Pet"}}}
    assert put["security"] == [{"api_key": []}]


def test_an_export_comes_as_a_file(client):
    api = imported(client)
    client.create_deployment(restApiId=api, stageName="dev")
    answer = client.get_export(restApiId=api, stageName="dev", exportType="oas30", accepts="application/yaml")
    assert answer["contentType"] == "application/octet-stream"
    assert answer["contentDisposition"].startswith('attachment; filename="oas30_')
    assert answer["body"].read().startswith(b"---\nopenapi: 3.0.1")


# What happens next


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_what_was_exported_makes_the_same_api_again(client, ask, kind):
    api = imported(client)
    client.create_deployment(restApiId=api, stageName="dev")
    document = exported(client, api, kind, parameters={"extensions": "apigateway"})
    assert document.pop("x-amazon-apigateway-policy")["Statement"][0]["Resource"].endswith(f":{api}/*")
    again = imported(client, document)
    assert paths(client, again) == paths(client, api)
    client.create_deployment(restApiId=again, stageName="dev")
    second = exported(client, again, kind, parameters={"extensions": "apigateway"})
    told = json.dumps(document, sort_keys=True)
    assert json.dumps(second, sort_keys=True).replace(again, api) == told
    assert ask(again, "/dev/open").body == b"open"
    assert (ask(again, "/dev/none").status, ask(again, "/dev/none").document) == (404, {"lost": True})


def test_an_export_is_of_what_was_deployed(client):
    api = RestApi(client)
    api.mock("/pets")
    api.deploy()
    api.mock("/cats")
    assert list(exported(client, api.id)["paths"]) == ["/pets"]
