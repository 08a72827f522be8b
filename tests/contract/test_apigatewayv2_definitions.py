"""HTTP APIs from definitions in OpenAPI 3.0, and definitions of HTTP APIs."""

import json

import pytest

from tests.contract.http_apis import apis, ask, backend, proxied, refusal, served

__all__ = ["apis", "ask", "backend"]  # fixtures
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:f"
REFERENCE = "#/components/schemas/Nowhere"


def definition(paths, **more):
    return json.dumps({"openapi": "3.0.1", "info": {"title": "Pets", "version": "1.0"}, "paths": paths, **more})


def to(url, **more):
    """An operation that is passed on."""
    integration = {"type": "http_proxy", "httpMethod": "ANY", "uri": url, "payloadFormatVersion": 1.0, **more}
    return {"x-amazon-apigateway-integration": integration}


PETS = definition(
    {
        "/pets/{id}": {"get": {"operationId": "getPet", "parameters": [], **to("https://b.example.com/{id}")}},
        "/$default": {"x-amazon-apigateway-any-method": {"isDefaultRoute": True, **to("https://b.example.com")}},
    },
    tags=[{"name": "made-by", "x-amazon-apigateway-tag-value": "SAM"}],
    **{"x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example.com"], "maxAge": 3, "allow_methods": ["x"]}},
)

SCHEMES = {
    "tokens": {
        "type": "oauth2",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": "https://i.example.com", "audience": ["a"]},
        },
    },
    "discovered": {
        "type": "openIdConnect", "openIdConnectUrl": "https://o.example.com/.well-known/openid-configuration",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"audience": ["b"]},
        },
    },
    "function": {
        "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authorizer": {
            "type": "request", "identitySource": "$request.header.A, $request.header.B", "authorizerUri": FUNCTION,
            "authorizerPayloadFormatVersion": "2.0", "authorizerResultTtlInSeconds": 300,
            "enableSimpleResponses": True,
        },
    },
    "iam": {
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"
    },
}  # fmt: skip


# What is refused


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("[1, 2]", "Invalid OpenAPI input"),
        ("a: b: c", "Unable to parse the definition"),
        (json.dumps({"swagger": "2.0", "info": {"title": "x"}}), "Invalid OpenAPI version specified"),
        (json.dumps({"openapi": "3.0.1", "info": {}}), "The title of the API must be specified"),
        (definition({"/a b": {"get": to("https://x")}}), "Unable to create route 'GET /a b'"),
        (definition({"/a": {"get": to("nowhere")}}), "Unable to create integration for 'GET /a'"),
        (definition({"/a": {"get": {"security": [{"a": []}, {"b": []}]}}}), "Multiple security requirements"),
        (definition({"/a": {"get": {"security": [{"a": []}]}}}), "The security scheme a is not defined"),
        (definition({"/a": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/x/y"}}}}), "Unable to resolve"),
        (
            definition({"/a": {"get": {"security": [None]}}}),
            "attribute paths./a.get.security[0] is not of type `object`",
        ),
        (definition({"/a": 1}), "attribute paths./a is not of type `object`"),
        (json.dumps({"openapi": "3.0.1", "info": "x"}), "attribute info is not of type `object`"),
        (json.dumps({"openapi": "3.0.1", "info": {"title": "x"}, "tags": {}}), "attribute tags is not of type `array`"),
        (definition({}, servers=[{"url": "http://["}]), "Invalid URL of a server"),
        ("[" * 10_000, "Unable to parse the definition"),
        ("openapi: 2020-99-99", "Unable to parse the definition"),
        ("openapi: !!timestamp x", "Unable to parse the definition"),
    ],
)
def test_definitions_that_define_nothing(apis, body, message):
    code, told = refusal(apis.import_api, Body=body)
    assert code == "BadRequestException" and told.startswith(f"Errors found during import:\n\t{message}")
    assert apis.get_apis()["Items"] == []


def test_warnings_are_errors_if_one_wants(apis):
    answer = {"200": {"description": "d", "content": {"application/json": {"schema": {"$ref": REFERENCE}}}}}
    body = definition({"/update": {"get": {**to("https://b.example.com"), "responses": answer}}})
    told = f"Parse issue: attribute paths.'/update'(get).responses.200.content.schema.{REFERENCE} is missing"
    assert refusal(apis.import_api, Body=body, FailOnWarnings=True) == (
        "BadRequestException",
        f"Warnings found during import:\n\t{told}",
    )
    assert apis.get_apis()["Items"] == []
    assert apis.import_api(Body=body)["Warnings"] == [told]


def test_a_failed_import_leaves_the_api_as_it_was(apis):
    api = apis.import_api(Body=PETS)["ApiId"]
    assert refusal(apis.reimport_api, ApiId=api, Body=definition({"/a": {"get": to("no")}}))[0] == "BadRequestException"
    assert apis.get_api(ApiId=api)["Name"] == "Pets"
    assert len(apis.get_routes(ApiId=api)["Items"]) == 2


def test_what_cannot_be_exported(apis):
    api = apis.import_api(Body=PETS)["ApiId"]
    given = {"ApiId": api, "OutputType": "JSON", "Specification": "OAS30"}
    assert refusal(apis.export_api, **given | {"Specification": "OAS20"})[0] == "BadRequestException"
    assert refusal(apis.export_api, **given | {"OutputType": "XML"})[0] == "BadRequestException"
    assert refusal(apis.export_api, **given, StageName="none")[0] == "NotFoundException"


# What is done


def test_a_definition_becomes_an_api(apis):
    made = apis.import_api(Body=PETS)
    assert (made["Name"], made["Version"], made["ProtocolType"]) == ("Pets", "1.0", "HTTP")
    assert made["Tags"] == {"made-by": "SAM"}
    assert made["CorsConfiguration"] == {"AllowOrigins": ["https://a.example.com"], "MaxAge": 3}
    assert made["ImportInfo"] == ["parameters of paths.'/pets/{id}'(get) is not supported and was ignored"]
    routes = {route["RouteKey"]: route for route in apis.get_routes(ApiId=made["ApiId"])["Items"]}
    assert set(routes) == {"GET /pets/{id}", "$default"}
    assert routes["GET /pets/{id}"]["OperationName"] == "getPet"
    target = routes["GET /pets/{id}"]["Target"].removeprefix("integrations/")
    integration = apis.get_integration(ApiId=made["ApiId"], IntegrationId=target)
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("HTTP_PROXY", "1.0")
    assert integration["IntegrationUri"] == "https://b.example.com/{id}"


def test_yaml_and_the_variables_of_aws(apis):
    body = """
openapi: 3.0.1
info:
  title: yaml
  version: 2.0
paths:
  /test:
    post:
      x-amazon-apigateway-integration:
        type: AWS_PROXY
        httpMethod: POST
        payloadFormatVersion: '2.0'
        uri: arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f
"""
    made = apis.import_api(Body=body)
    assert (made["Name"], made["Version"]) == ("yaml", "2.0")
    integration = apis.get_integrations(ApiId=made["ApiId"])["Items"][0]
    assert (integration["IntegrationUri"], integration["PayloadFormatVersion"]) == (FUNCTION, "2.0")


def test_security_schemes_become_authorizers(apis):
    paths = {
        "/a": {
            "get": {"security": [{"tokens": ["read"]}]}, "put": {"security": [{"discovered": []}]},
            "post": {"security": []}, "delete": {},
        },
        "/b": {"get": {"security": [{"function": []}]}, "put": {"security": [{"function": []}]}},
    }  # fmt: skip
    api = apis.import_api(Body=definition(paths, components={"securitySchemes": SCHEMES}, security=[{"iam": []}]))[
        "ApiId"
    ]
    authorizers = {one["Name"]: one for one in apis.get_authorizers(ApiId=api)["Items"]}
    assert authorizers["tokens"]["JwtConfiguration"] == {"Issuer": "https://i.example.com", "Audience": ["a"]}
    assert authorizers["discovered"]["JwtConfiguration"]["Issuer"] == "https://o.example.com"
    function = authorizers["function"]
    assert function["IdentitySource"] == ["$request.header.A", "$request.header.B"]
    assert (function["AuthorizerResultTtlInSeconds"], function["EnableSimpleResponses"]) == (300, True)
    routes = {route["RouteKey"]: route for route in apis.get_routes(ApiId=api)["Items"]}
    kinds = {key: route["AuthorizationType"] for key, route in routes.items()}
    assert kinds == {
        "GET /a": "JWT", "PUT /a": "JWT", "POST /a": "NONE", "DELETE /a": "AWS_IAM", "GET /b": "CUSTOM",
        "PUT /b": "CUSTOM",
    }  # fmt: skip
    assert routes["GET /a"]["AuthorizationScopes"] == ["read"]
    assert routes["GET /b"]["AuthorizerId"] == routes["PUT /b"]["AuthorizerId"]


def test_integrations_may_be_shared(apis):
    shared = {"x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/one"}}
    one = to("https://b.example.com")["x-amazon-apigateway-integration"]
    components = {"x-amazon-apigateway-integrations": {"one": one}}
    api = apis.import_api(Body=definition({"/a": {"get": shared, "put": shared}}, components=components))["ApiId"]
    assert len(apis.get_integrations(ApiId=api)["Items"]) == 1


def test_custom_integrations_are_left_out_with_a_warning(apis):
    made = apis.import_api(Body=definition({"/a": {"get": to("https://b.example.com", type="aws")}}))
    assert made["Warnings"][0].startswith("Unable to create integration for 'GET /a'.")
    assert apis.get_integrations(ApiId=made["ApiId"])["Items"] == []


@pytest.mark.parametrize(
    ("mode", "path"), [(None, "/pets"), ("ignore", "/pets"), ("prepend", "/a/b/pets"), ("split", "/b/pets")]
)
def test_the_base_path_of_a_server(apis, mode, path):
    servers = [{"url": "https://x.example.com/{base}/b", "variables": {"base": {"default": "a"}}}]
    body = definition({"/pets": {"get": to("https://b.example.com")}}, servers=servers)
    api = apis.import_api(Body=body, **({"Basepath": mode} if mode else {}))["ApiId"]
    assert apis.get_routes(ApiId=api)["Items"][0]["RouteKey"] == f"GET {path}"


@pytest.mark.parametrize("output", ["JSON", "YAML"])
def test_what_is_exported_can_be_imported(apis, output):
    api = apis.import_api(Body=PETS)["ApiId"]
    apis.create_authorizer(
        ApiId=api, Name="t", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://i.example.com", "Audience": ["a"]},
    )  # fmt: skip
    text = apis.export_api(ApiId=api, OutputType=output, Specification="OAS30")["body"].read().decode()
    again = apis.import_api(Body=text)
    assert (again["Name"], again["Version"]) == ("Pets", "1.0")
    assert again["CorsConfiguration"] == {"AllowOrigins": ["https://a.example.com"], "MaxAge": 3}

    def known(of):
        uris = {one["IntegrationId"]: one["IntegrationUri"] for one in apis.get_integrations(ApiId=of)["Items"]}
        routes = apis.get_routes(ApiId=of)["Items"]
        return {(route["RouteKey"], uris[route["Target"].partition("/")[2]]) for route in routes}

    assert known(again["ApiId"]) == known(api)


def test_an_export_without_extensions_is_plain_openapi(apis):
    api = apis.import_api(Body=PETS)["ApiId"]
    given = {"ApiId": api, "OutputType": "JSON", "Specification": "OAS30"}
    text = apis.export_api(**given, IncludeExtensions=False)["body"].read().decode()
    assert "x-amazon" not in text
    document = json.loads(text)
    assert document["servers"][0]["url"] == f"https://{api}.execute-api.eu-west-1.amazonaws.com/{{basePath}}"
    assert document["paths"]["/pets/{id}"]["get"]["parameters"][0]["name"] == "id"


# What happens next


def test_an_import_anew_replaces_the_routes_and_is_served(apis, ask, backend):
    api = served(apis)
    proxied(apis, api, "GET /old", backend.url)
    body = definition({"/new": {"get": to(f"{backend.url}/x")}})
    assert apis.reimport_api(ApiId=api, Body=body)["Name"] == "Pets"
    assert (ask(api, "/old").status, ask(api, "/new").document["path"]) == (404, "/x")
    assert len(apis.get_integrations(ApiId=api)["Items"]) == 1


def test_a_stage_is_exported_as_it_was_deployed(apis):
    api = apis.import_api(Body=PETS)["ApiId"]
    apis.create_stage(ApiId=api, StageName="dev")
    apis.create_deployment(ApiId=api, StageName="dev")
    apis.create_route(ApiId=api, RouteKey="GET /later")
    given = {"ApiId": api, "OutputType": "JSON", "Specification": "OAS30"}
    deployed = json.loads(apis.export_api(**given, StageName="dev")["body"].read())
    latest = json.loads(apis.export_api(**given)["body"].read())
    assert ("/later" in deployed["paths"], "/later" in latest["paths"]) == (False, True)
    assert deployed["servers"][0]["variables"]["basePath"]["default"] == "dev"
