"""What belongs to the account, and what is told about APIs: settings, client certificates and documentation."""

import json

import pytest
from cryptography import x509

from tests.contract.lambda_code import execution_role
from tests.contract.rest_apis import ACCOUNT, REGION, RestApi, patches, refused

API, GET = {"type": "API"}, {"type": "METHOD", "path": "/pets", "method": "GET"}


@pytest.fixture
def client(aws):
    return aws("apigateway")


@pytest.fixture
def api(client):
    return RestApi(client)


def part(api, location=API, **properties):
    return api.client.create_documentation_part(
        restApiId=api.id, location=location, properties=json.dumps(properties or {"description": "all"})
    )["id"]


# What is refused


def test_logs_are_written_by_a_role_that_trusts_the_gateway(aws, client):
    said = refused(client.update_account, patchOperations=patches(cloudwatchRoleArn="arn:aws:iam::000000000000:role/a"))
    assert said == (
        "BadRequestException",
        "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and"
        " add the required role policy.",
    )
    other = execution_role(aws, "writer")
    assert refused(client.update_account, patchOperations=patches(cloudwatchRoleArn=other)) == said
    assert refused(client.update_account, patchOperations=patches(colour="red"))[0] == "BadRequestException"


def test_usage_plans_stay_on(client):
    turned_off = {"op": "remove", "path": "/features", "value": "UsagePlans"}
    assert refused(client.update_account, patchOperations=[turned_off]) == (
        "BadRequestException", "Usage Plans cannot be disabled once enabled",
    )  # fmt: skip
    assert client.get_account()["features"] == ["UsagePlans"]


@pytest.mark.parametrize(
    "operation", ["get_client_certificate", "delete_client_certificate", "update_client_certificate"]
)
def test_a_certificate_that_is_not_there_is_not_found(client, operation):
    said = refused(getattr(client, operation), clientCertificateId="nothing")
    assert said == ("NotFoundException", "Invalid Client Certificate identifier specified")


def test_a_certificate_that_a_stage_shows_stays(client, api):
    made = client.generate_client_certificate()["clientCertificateId"]
    api.mock()
    api.deploy()
    api.set("dev", clientCertificateId=made)
    assert refused(client.delete_client_certificate, clientCertificateId=made)[0] == "BadRequestException"


def test_a_part_of_documentation_is_an_object_at_a_place(client, api):
    part(api)
    assert refused(part, api=api) == (
        "ConflictException", "Documentation part already exists for the specified location: type 'API'",
    )  # fmt: skip
    assert refused(client.create_documentation_part, restApiId=api.id, location=GET, properties="text")[0] == (
        "BadRequestException"
    )
    for operation in ("get_documentation_part", "delete_documentation_part", "update_documentation_part"):
        assert refused(getattr(client, operation), restApiId=api.id, documentationPartId="nothing") == (
            "NotFoundException", "Invalid Documentation part identifier specified",
        )  # fmt: skip
    assert refused(client.delete_documentation_part, restApiId="nothing", documentationPartId="nothing") == (
        "NotFoundException", f"Invalid API identifier specified {ACCOUNT}:nothing",
    )  # fmt: skip
    for operation in ("get_documentation_version", "delete_documentation_version", "update_documentation_version"):
        assert refused(getattr(client, operation), restApiId=api.id, documentationVersion="nothing") == (
            "NotFoundException", "Invalid Documentation version specified",
        )  # fmt: skip
    assert refused(client.import_documentation_parts, restApiId=api.id, body=b"[")[1] == (
        "Unable to build importer with provided input."
    )


# What is done


def test_the_account_has_settings(aws, client):
    account = client.get_account()
    assert account["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}
    assert "cloudwatchRoleArn" not in account
    role = execution_role(aws, "writer", service="apigateway.amazonaws.com")
    assert client.update_account(patchOperations=patches(cloudwatchRoleArn=role))["cloudwatchRoleArn"] == role
    assert client.get_account()["cloudwatchRoleArn"] == role
    assert "cloudwatchRoleArn" not in client.update_account(patchOperations=patches(cloudwatchRoleArn=""))


def test_a_client_certificate_is_made_and_kept(client):
    made = client.generate_client_certificate(description="mine", tags={"a": "1"})
    certificate = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
    assert certificate.subject.rfc4514_string() == "CN=ApiGateway"
    assert (made["expirationDate"] - made["createdDate"]).days == 365
    changed = client.update_client_certificate(
        clientCertificateId=made["clientCertificateId"], patchOperations=patches(description="yours")
    )
    assert changed["description"] == "yours"
    known = client.get_client_certificate(clientCertificateId=made["clientCertificateId"])
    assert (known["tags"], known["pemEncodedCertificate"]) == ({"a": "1"}, made["pemEncodedCertificate"])
    arn = f"arn:aws:apigateway:{REGION}::/clientcertificates/{made['clientCertificateId']}"
    assert client.get_tags(resourceArn=arn)["tags"] == {"a": "1"}
    client.delete_client_certificate(clientCertificateId=made["clientCertificateId"])
    assert client.get_client_certificates()["items"] == []


def test_parts_of_documentation_are_written_found_and_changed(client, api):
    first = part(api)
    second = part(api, GET, summary="a pet")
    known = client.get_documentation_part(restApiId=api.id, documentationPartId=second)
    assert (known["location"], json.loads(known["properties"])) == (GET, {"summary": "a pet"})

    def found(**settings):
        return [one["id"] for one in client.get_documentation_parts(restApiId=api.id, **settings)["items"]]

    assert (found(), found(type="METHOD"), found(path="/pets")) == ([first, second], [second], [second])
    client.update_documentation_part(
        restApiId=api.id, documentationPartId=second, patchOperations=patches(properties='{"summary": "new"}')
    )
    assert "new" in client.get_documentation_part(restApiId=api.id, documentationPartId=second)["properties"]
    client.delete_documentation_part(restApiId=api.id, documentationPartId=first)
    assert found() == [second]


def test_parts_of_documentation_are_imported(client, api):
    part(api, description="old")
    parts = [
        {"location": API, "properties": {"description": "new"}}, {"location": GET, "properties": {"summary": "pets"}},
    ]  # fmt: skip
    document = {
        "openapi": "3.0.0", "info": {}, "paths": {},
        "x-amazon-apigateway-documentation": {"version": "1", "documentationParts": parts},
    }  # fmt: skip
    made = client.import_documentation_parts(restApiId=api.id, body=json.dumps(document).encode(), mode="overwrite")
    assert (len(made["ids"]), made["warnings"]) == (2, [])
    known = client.get_documentation_parts(restApiId=api.id)["items"]
    assert [json.loads(one["properties"]) for one in known] == [{"description": "new"}, {"summary": "pets"}]


# What happens next


def test_a_version_of_the_documentation_is_shown_by_a_stage(client, api):
    api.mock()
    api.deploy()
    part(api)
    made = client.create_documentation_version(
        restApiId=api.id, documentationVersion="1", stageName="dev", description="first"
    )
    assert (made["version"], made["description"]) == ("1", "first")
    assert client.get_stage(restApiId=api.id, stageName="dev")["documentationVersion"] == "1"
    assert refused(client.create_documentation_version, restApiId=api.id, documentationVersion="1")[0] == (
        "ConflictException"
    )
    client.update_documentation_version(
        restApiId=api.id, documentationVersion="1", patchOperations=patches(description="second")
    )
    known = client.get_documentation_version(restApiId=api.id, documentationVersion="1")
    assert known["description"] == "second"
    assert [one["version"] for one in client.get_documentation_versions(restApiId=api.id)["items"]] == ["1"]
    client.delete_documentation_version(restApiId=api.id, documentationVersion="1")
    assert client.get_documentation_versions(restApiId=api.id)["items"] == []
