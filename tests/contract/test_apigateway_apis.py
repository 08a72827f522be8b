"""REST APIs and their resources: made, changed, cloned and deleted."""

import json

import pytest

from tests.contract.rest_apis import ACCOUNT, REGION, RestApi, patch, patches, policy, refused

OPEN = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


# What is refused


def test_an_api_that_is_not_there_is_not_found(client):
    said = "NotFoundException", f"Invalid API identifier specified {ACCOUNT}:nothing"
    assert refused(client.get_rest_api, restApiId="nothing") == said
    assert refused(client.delete_rest_api, restApiId="nothing") == said
    assert refused(client.update_rest_api, restApiId="nothing", patchOperations=[]) == said
    assert refused(client.get_resources, restApiId="nothing") == said


def test_an_api_needs_one_kind_of_endpoint(client):
    several = {"types": ["REGIONAL", "EDGE"]}
    assert refused(client.create_rest_api, name="a", endpointConfiguration=several) == (
        "BadRequestException", "Cannot create an api with multiple Endpoint Types.",
    )  # fmt: skip
    assert refused(client.create_rest_api, name="a", endpointConfiguration={"types": []}) == (
        "BadRequestException", "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
    )  # fmt: skip
    private = {"types": ["PRIVATE"], "ipAddressType": "ipv4"}
    assert refused(client.create_rest_api, name="a", endpointConfiguration=private) == (
        "BadRequestException", "Only dualstack ipAddressType is supported for Private APIs.",
    )  # fmt: skip


def test_what_an_api_is_made_of_is_checked(client):
    assert refused(client.create_rest_api, name="a", description="") == (
        "BadRequestException", "Description cannot be an empty string",
    )  # fmt: skip
    assert refused(client.create_rest_api, name="a", minimumCompressionSize=10485761) == (
        "BadRequestException", "Invalid minimum compression size, must be between 0 and 10485760",
    )  # fmt: skip
    assert refused(client.create_rest_api, name="a", policy="{") == (
        "BadRequestException",
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
    )
    assert refused(client.create_rest_api, name="a", cloneFrom="nothing") == (
        "BadRequestException", "Invalid API identifier specified",
    )  # fmt: skip


def test_a_patch_must_be_one_that_apis_have(client, api):
    def said(operations):
        return refused(client.update_rest_api, restApiId=api.id, patchOperations=operations)

    assert said(patch("replace", "/unknown", "a")) == ("BadRequestException", "Invalid patch path /unknown")
    assert said(patch("add", "/name", "a")) == (
        "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]",
    )  # fmt: skip
    assert said(patch("remove", "/binaryMediaTypes/image~1png")) == (
        "NotFoundException", "Invalid binary media type specified",
    )  # fmt: skip
    assert said(patches(endpointConfiguration__types__EDGE="MOON")) == (
        "BadRequestException", "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
    )  # fmt: skip
    assert said(patches(apiKeySource="MOON"))[0] == "ValidationException"
    assert said(patches(minimumCompressionSize="-1"))[0] == "BadRequestException"
    assert said(patches(name="")) == ("BadRequestException", "API name cannot be empty")


def test_resources_lie_where_they_can(client, api):
    pets = api.resource("/pets")
    api.resource("/pets/{id}")
    greedy = api.resource("/all/{proxy+}")

    def said(parent, part):
        return refused(client.create_resource, restApiId=api.id, parentId=parent, pathPart=part)

    assert said("nothing", "a") == ("NotFoundException", "Invalid Resource identifier specified")
    assert said(api.resource("/"), "pets") == (
        "ConflictException", "Another resource with the same parent already has this name: pets",
    )  # fmt: skip
    assert said(pets, "{other}") == (
        "BadRequestException",
        "A sibling ({id}) of this resource already has a variable path part -- only one is allowed",
    )
    assert said(greedy, "below") == (
        "BadRequestException", "Cannot create a child of a resource with a greedy path variable: {proxy+}",
    )  # fmt: skip
    for part in ("a/b", "{a", "a b", "{a+}b", ""):
        code, message = said(pets, part)
        assert code == "BadRequestException"
        assert message.startswith("Resource's path part only allow a-zA-Z0-9._- and curly braces")


def test_resources_move_only_to_places_that_make_sense(client, api):
    api.resource("/a/b")

    def said(resource, **values):
        return refused(
            client.update_resource,
            restApiId=api.id,
            resourceId=api.resource(resource),
            patchOperations=patches(**values),
        )

    assert said("/", pathPart="x") == ("BadRequestException", "Root resource cannot update its pathPart.")
    assert said("/a", parentId=api.resource("/a/b")) == ("BadRequestException", "Resources cannot be cyclical.")
    assert said("/a", parentId="nothing") == ("NotFoundException", "Invalid Resource identifier specified")
    assert said("/a", other="x") == (
        "BadRequestException",
        "Invalid patch path  '/other' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
    )
    assert refused(client.delete_resource, restApiId=api.id, resourceId=api.resource("/")) == (
        "BadRequestException", "Root resource cannot be deleted.",
    )  # fmt: skip


def test_an_api_that_a_domain_leads_to_stays(client, api):
    client.create_domain_name(
        domainName="api.example.com", regionalCertificateArn="arn:aws:acm:eu-west-1:0:certificate/a"
    )
    client.create_base_path_mapping(domainName="api.example.com", restApiId=api.id)
    assert refused(client.delete_rest_api, restApiId=api.id) == (
        "BadRequestException",
        "Please remove all base path mappings related to the API in your account before deleting the API.",
    )


def test_who_may_do_what_to_apis_is_said_by_http_methods_and_paths(aws, client, api):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    place = f"arn:aws:apigateway:{REGION}::/restapis/{api.id}"
    allowed = policy(
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": [place, f"{place}/*"]},
        {"Effect": "Allow", "Action": "apigateway:POST", "Resource": f"{place}/resources/*"},
    )
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=allowed)
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    hers = aws(
        "apigateway", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )  # fmt: skip
    root = hers.get_resources(restApiId=api.id)["items"][0]["id"]
    made = hers.create_resource(restApiId=api.id, parentId=root, pathPart="pets")
    assert "resourceMethods" not in made
    for call, settings in ((hers.delete_rest_api, {"restApiId": api.id}), (hers.get_rest_apis, {})):
        code, message = refused(call, **settings)
        assert (code, "is not authorized to perform: apigateway:" in message) == ("AccessDeniedException", True)


# What is done


def test_an_api_is_as_it_was_asked_for(client):
    made = client.create_rest_api(
        name="pets", description="of mine", version="v1", binaryMediaTypes=["image/png"], minimumCompressionSize=100,
        apiKeySource="AUTHORIZER", endpointConfiguration={"types": ["REGIONAL"]}, tags={"a": "1"},
        disableExecuteApiEndpoint=True,
    )  # fmt: skip
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    known = client.get_rest_api(restApiId=made["id"])
    for answer in (made, known):
        del answer["ResponseMetadata"]
    assert made == known
    assert len(made["id"]) == 10
    assert made["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert made["tags"] == {"a": "1"}
    assert made["binaryMediaTypes"] == ["image/png"]
    assert made["apiKeySource"] == "AUTHORIZER"
    assert made["disableExecuteApiEndpoint"] is True


def test_an_api_of_which_nothing_is_said_has_aws_defaults(client):
    made = client.create_rest_api(name="plain")
    assert made["apiKeySource"] == "HEADER"
    assert made["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    assert made["disableExecuteApiEndpoint"] is False
    root = client.get_resource(restApiId=made["id"], resourceId=made["rootResourceId"])
    assert (root["path"], "pathPart" in root, "parentId" in root, "resourceMethods" in root) == (
        "/",
        False,
        False,
        False,
    )
    models = client.get_models(restApiId=made["id"])["items"]
    assert [model["name"] for model in models] == ["Empty", "Error"]


def test_the_resources_of_a_policy_are_completed(client):
    made = client.create_rest_api(name="guarded", policy=policy(OPEN))
    shown = json.loads(made["policy"].replace('\\"', '"'))
    assert shown["Statement"][0]["Resource"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{made['id']}/*"
    client.update_rest_api(restApiId=made["id"], patchOperations=patches(policy=""))
    assert "policy" not in client.get_rest_api(restApiId=made["id"])


def test_apis_are_listed_in_pages(client):
    made = [client.create_rest_api(name=f"api-{number}")["id"] for number in range(3)]
    first = client.get_rest_apis(limit=2)
    rest = client.get_rest_apis(limit=2, position=first["position"])
    assert [api["id"] for api in first["items"] + rest["items"]] == made
    assert "position" not in rest
    pages = client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 1})
    assert [api["id"] for page in pages for api in page["items"]] == made


def test_members_are_patched(client, api):
    changed = client.update_rest_api(
        restApiId=api.id,
        patchOperations=[
            *patches(name="new", description="said", apiKeySource="AUTHORIZER", minimumCompressionSize="10"),
            *patch("add", "/binaryMediaTypes/image~1png"), *patch("add", "/binaryMediaTypes/*~1*"),
            *patch("remove", "/binaryMediaTypes/image~1png"), *patches(disableExecuteApiEndpoint="true"),
            *patches(endpointConfiguration__types__EDGE="REGIONAL"),
        ],
    )  # fmt: skip
    assert (changed["name"], changed["description"], changed["apiKeySource"]) == ("new", "said", "AUTHORIZER")
    assert changed["binaryMediaTypes"] == ["*/*"]
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["minimumCompressionSize"] == 10
    again = client.update_rest_api(
        restApiId=api.id, patchOperations=[*patch("remove", "/description"), *patches(minimumCompressionSize="")]
    )
    assert "description" not in again
    assert "minimumCompressionSize" not in again


def test_a_resource_knows_its_path_and_its_parent(client, api):
    resource = api.resource("/pets/{id}")
    known = client.get_resource(restApiId=api.id, resourceId=resource)
    assert known["path"] == "/pets/{id}"
    assert known["pathPart"] == "{id}"
    assert known["parentId"] == api.resource("/pets")


def test_resources_show_their_methods_when_asked_to(client, api):
    api.mock("/pets")
    short = {one["path"]: one.get("resourceMethods") for one in client.get_resources(restApiId=api.id)["items"]}
    assert short == {"/": None, "/pets": {"GET": {}}}
    whole = client.get_resources(restApiId=api.id, embed=["methods"])["items"]
    method = next(one for one in whole if one["path"] == "/pets")["resourceMethods"]["GET"]
    assert method["methodIntegration"]["type"] == "MOCK"
    first = client.get_resources(restApiId=api.id, limit=1)
    assert len(client.get_resources(restApiId=api.id, position=first["position"])["items"]) == 1


def test_tags_are_put_on_and_taken_off(client, api):
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api.id}"
    client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert client.get_rest_api(restApiId=api.id)["tags"] == {"b": "2"}
    assert refused(client.tag_resource, resourceArn="arn:aws:s3:::a", tags={})[0] == "BadRequestException"
    assert refused(client.get_tags, resourceArn=f"{arn}x")[0] == "NotFoundException"


# What happens next


def test_what_lies_below_a_resource_moves_and_goes_with_it(client, api):
    below = api.resource("/a/b/{c}")
    client.update_resource(restApiId=api.id, resourceId=api.resource("/a"), patchOperations=patches(pathPart="x"))
    assert client.get_resource(restApiId=api.id, resourceId=below)["path"] == "/x/b/{c}"
    moved = patches(parentId=api.resource("/"))
    client.update_resource(restApiId=api.id, resourceId=api.resource("/a/b"), patchOperations=moved)
    assert client.get_resource(restApiId=api.id, resourceId=below)["path"] == "/b/{c}"
    client.delete_resource(restApiId=api.id, resourceId=api.resource("/a/b"))
    assert {one["path"] for one in client.get_resources(restApiId=api.id)["items"]} == {"/", "/x"}


def test_a_clone_has_everything_but_the_stages(client, api):
    validator = client.create_request_validator(restApiId=api.id, name="all", validateRequestBody=True)["id"]
    api.mock("/pets/{id}", answer="mine", method={"requestValidatorId": validator})
    api.deploy()
    clone = client.create_rest_api(name="copy", cloneFrom=api.id)
    assert clone["id"] != api.id
    resources = client.get_resources(restApiId=clone["id"], embed=["methods"])["items"]
    assert [one["path"] for one in resources] == ["/", "/pets", "/pets/{id}"]
    method = resources[2]["resourceMethods"]["GET"]
    own = client.get_request_validators(restApiId=clone["id"])["items"]
    assert [one["id"] for one in own] == [method["requestValidatorId"]]
    assert method["requestValidatorId"] != validator
    assert method["methodIntegration"]["integrationResponses"]["200"]["responseTemplates"] == {
        "application/json": "mine"
    }
    assert client.get_stages(restApiId=clone["id"])["item"] == []


def test_a_deleted_api_is_gone_with_all_that_belongs_to_it(client, api):
    api.mock("/pets")
    api.deploy()
    client.delete_rest_api(restApiId=api.id)
    assert client.get_rest_apis()["items"] == []
    assert refused(client.get_stage, restApiId=api.id, stageName="dev")[0] == "NotFoundException"


def test_apis_of_other_regions_are_apart(aws, api):
    assert aws("apigateway", "us-east-1").get_rest_apis()["items"] == []
