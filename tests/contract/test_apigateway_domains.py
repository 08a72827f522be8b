"""Custom domains, and the APIs to which their paths lead."""

import pytest

from tests.contract.http_apis import Caller
from tests.contract.rest_apis import ACCOUNT, REGION, RestApi, patch, patches, refused

NAME = "api.example.com"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/a"


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    made = RestApi(client)
    made.mock("/pets", answer="$context.stage $context.path $context.domainName")
    made.deploy()
    made.deploy("prod")
    return made


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def domain(client, name=NAME, **settings):
    settings = {
        "regionalCertificateArn": CERTIFICATE, "endpointConfiguration": {"types": ["REGIONAL"]}, **settings,
    }  # fmt: skip
    return client.create_domain_name(domainName=name, **settings)


# What is refused


def test_a_domain_has_a_name_of_its_own(client):
    assert refused(client.create_domain_name, domainName="") == ("BadRequestException", "No Domain Name specified")
    assert refused(client.create_domain_name, domainName="a b")[0] == "BadRequestException"
    domain(client)
    assert refused(client.create_domain_name, domainName=NAME) == (
        "BadRequestException", "The domain name you provided already exists.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "operation", ["get_domain_name", "delete_domain_name", "update_domain_name", "get_base_path_mappings"]
)
def test_a_domain_that_is_not_there_is_not_found(client, operation):
    said = refused(getattr(client, operation), domainName="nothing")
    assert said == ("NotFoundException", "Invalid domain name identifier specified")


def test_a_mapping_leads_to_what_is_there(client, api):
    domain(client)

    def said(**settings):
        return refused(client.create_base_path_mapping, **{"domainName": NAME, "restApiId": api.id, **settings})

    assert said(domainName="nothing") == ("NotFoundException", "Invalid domain name identifier specified")
    assert said(restApiId="nothing") == ("BadRequestException", "Invalid REST API identifier specified")
    assert said(stage="nothing") == ("BadRequestException", "Invalid stage identifier specified")
    assert said(basePath="a/b")[1].startswith("API Gateway V1 doesn't support the slash character")
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, basePath="v1")
    assert said(basePath="v1") == ("ConflictException", "Base path already exists for this domain name")


def test_a_mapping_that_is_not_there_is_not_found(client, api):
    domain(client)
    for operation in ("get_base_path_mapping", "delete_base_path_mapping", "update_base_path_mapping"):
        assert refused(getattr(client, operation), domainName=NAME, basePath="v1") == (
            "NotFoundException", "Invalid base path mapping identifier specified",
        )  # fmt: skip
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, basePath="v1")
    changed = refused(
        client.update_base_path_mapping, domainName=NAME, basePath="v1", patchOperations=patch("add", "/stage", "dev")
    )
    assert changed == (
        "BadRequestException",
        "Invalid patch path  '/stage' specified for op 'add'. Please choose supported operations",
    )


def test_paths_that_lead_nowhere_are_forbidden(client, api, ask):
    domain(client)
    assert ask(api.id, "/pets", host=NAME).status == 403
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, basePath="v1", stage="dev")
    answer = ask(api.id, "/v2/pets", host=NAME)
    assert (answer.status, answer.document) == (403, {"message": "Forbidden"})


# What is done


def test_a_domain_of_a_region_has_a_name_there(client):
    made = domain(client, tags={"a": "1"}, securityPolicy="TLS_1_2")
    assert made["regionalDomainName"].endswith(f".execute-api.{REGION}.amazonaws.com")
    assert made["regionalDomainName"].startswith("d-")
    assert made["domainNameStatus"] == "AVAILABLE"
    known = client.get_domain_name(domainName=NAME)
    for answer in (made, known):
        del answer["ResponseMetadata"]
    assert made == known
    assert known["tags"] == {"a": "1"}


def test_a_domain_at_the_edge_has_a_distribution(client):
    made = client.create_domain_name(domainName=NAME, certificateArn=CERTIFICATE)
    assert made["endpointConfiguration"]["types"] == ["EDGE"]
    assert made["distributionDomainName"].endswith(".cloudfront.net")
    assert made["distributionHostedZoneId"] == "Z2FDTNDATAQYW2"


def test_domains_are_listed_patched_and_deleted(client):
    for name in ("b.example.com", "a.example.com"):
        domain(client, name)
    assert [one["domainName"] for one in client.get_domain_names()["items"]] == ["a.example.com", "b.example.com"]
    changed = client.update_domain_name(
        domainName="a.example.com",
        patchOperations=patches(regionalCertificateArn=f"{CERTIFICATE}b", securityPolicy="TLS_1_0"),
    )
    assert (changed["regionalCertificateArn"], changed["securityPolicy"]) == (f"{CERTIFICATE}b", "TLS_1_0")
    client.delete_domain_name(domainName="a.example.com")
    assert [one["domainName"] for one in client.get_domain_names()["items"]] == ["b.example.com"]


def test_a_mapping_is_as_it_was_made(client, api):
    domain(client)
    made = client.create_base_path_mapping(domainName=NAME, restApiId=api.id)
    assert (made["basePath"], "stage" in made) == ("(none)", False)
    changed = client.update_base_path_mapping(
        domainName=NAME, basePath="(none)", patchOperations=patches(basePath="v1", stage="dev")
    )
    assert (changed["basePath"], changed["stage"]) == ("v1", "dev")
    assert client.get_base_path_mapping(domainName=NAME, basePath="v1")["restApiId"] == api.id
    client.delete_base_path_mapping(domainName=NAME, basePath="v1")
    assert client.get_base_path_mappings(domainName=NAME)["items"] == []


# What happens next


def test_requests_find_their_api_by_the_domain(client, api, ask):
    domain(client)
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, stage="dev")
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, basePath="v1", stage="prod")
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, basePath="all")
    said = {
        path: ask(api.id, path, host=f"{NAME}:4566").body.decode() for path in ("/pets", "/v1/pets", "/all/dev/pets")
    }
    assert said == {
        "/pets": f"dev /pets {NAME}", "/v1/pets": f"prod /v1/pets {NAME}", "/all/dev/pets": f"dev /all/dev/pets {NAME}",
    }  # fmt: skip


def test_the_name_of_the_region_leads_there_too(client, api, ask):
    made = domain(client)
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, stage="dev")
    assert ask(api.id, "/pets", host=made["regionalDomainName"]).status == 200


def test_a_star_stands_for_one_label(client, api, ask):
    domain(client, "*.example.com")
    client.create_base_path_mapping(domainName="*.example.com", restApiId=api.id, stage="dev")
    assert ask(api.id, "/pets", host="any.example.com").body == b"dev /pets any.example.com"


def test_the_only_way_to_an_api_may_be_its_domain(client, api, ask):
    client.update_rest_api(restApiId=api.id, patchOperations=patches(disableExecuteApiEndpoint="true"))
    api.deploy()
    domain(client)
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, stage="dev")
    assert (ask(api.id, "/dev/pets").status, ask(api.id, "/pets", host=NAME).status) == (403, 200)


def test_a_domain_that_is_gone_leads_nowhere(client, api, ask):
    made = domain(client)
    client.create_base_path_mapping(domainName=NAME, restApiId=api.id, stage="dev")
    client.delete_domain_name(domainName=NAME)
    assert b"dev /pets" not in ask(api.id, "/pets", host=NAME).body
    assert b"dev /pets" not in ask(api.id, "/pets", host=made["regionalDomainName"]).body
