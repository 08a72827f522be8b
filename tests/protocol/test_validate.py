"""Validation says what AWS says."""

import pytest

from glasshouse.core.errors import ServiceError
from glasshouse.protocol import model, validate
from tests.protocol import client


def refused(service: str, operation: str, **params) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refusal:
        model.operation(service, operation).validate(params)
    return refusal.value.code, refusal.value.message


def one(text: str) -> str:
    return f"1 validation error detected: {text}"


def test_what_is_right_passes():
    model.operation("ssm", "PutParameter").validate({"Name": "n", "Value": "v", "Type": "String"})
    model.operation("kms", "Encrypt").validate({"KeyId": "k", "Plaintext": b"x", "EncryptionContext": {"a": "b"}})


def test_a_missing_member_is_null():
    told = one("Value null at 'name' failed to satisfy constraint: Member must not be null")
    assert refused("ssm", "GetParameter") == ("ValidationException", told)
    assert refused("iam", "CreateUser") == ("ValidationError", told.replace("'name'", "'userName'"))


def test_several_errors_are_counted_and_joined():
    code, message = refused("ssm", "PutParameter", Type="Foo", Tier="Bar")
    assert code == "ValidationException"
    assert message == (
        "4 validation errors detected: "
        "Value null at 'name' failed to satisfy constraint: Member must not be null; "
        "Value null at 'value' failed to satisfy constraint: Member must not be null; "
        "Value 'Foo' at 'type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [SecureString, StringList, String]; "
        "Value 'Bar' at 'tier' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]"
    )


def test_lengths():
    assert refused("ssm", "GetParameter", Name="x" * 2049)[1] == one(
        f"Value '{'x' * 2049}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048"
    )
    assert refused("ssm", "GetParameters", Names=list("abcdefghijk"))[1] == one(
        "Value '[a, b, c, d, e, f, g, h, i, j, k]' at 'names' failed to satisfy constraint: "
        "Member must have length less than or equal to 10"
    )
    assert refused("kms", "Encrypt", KeyId="k", Plaintext=b"x" * 4097)[1].endswith(
        "failed to satisfy constraint: Member must have length less than or equal to 4096"
    )


def test_ranges():
    assert refused("ssm", "DescribeParameters", MaxResults=0)[1] == one(
        "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )
    assert refused("ssm", "DescribeParameters", MaxResults=51)[1] == one(
        "Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50"
    )


def test_the_way_to_a_member_of_a_list_and_of_a_map():
    tags = [{"Key": "a", "Value": "b"}, {"Key": "x" * 129, "Value": "b"}]
    assert refused("ssm", "AddTagsToResource", ResourceType="Parameter", ResourceId="r", Tags=tags)[1] == one(
        f"Value '{'x' * 129}' at 'tags.2.member.key' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )
    assert refused("dynamodb", "BatchGetItem", RequestItems={"table": {}})[1] == one(
        "Value null at 'requestItems.table.member.keys' failed to satisfy constraint: Member must not be null"
    )


def test_elements_of_a_list_are_told_of_with_their_list():
    assert refused("acm", "RequestCertificate", DomainName="a.com", SubjectAlternativeNames=["ccc"])[1] == one(
        "Value '[ccc]' at 'subjectAlternativeNames' failed to satisfy constraint: Member must satisfy constraint: "
        "[Member must have length less than or equal to 253, Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: (\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+"
        "((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])]"
    )


def test_keys_and_values_of_a_map_are_told_of_with_their_map():
    routing = {"AdditionalVersionWeights": {"x": 0.1}}
    alias = {"FunctionName": "f", "Name": "n", "FunctionVersion": "1", "RoutingConfig": routing}
    assert refused("lambda", "CreateAlias", **alias)[1] == one(
        "Value '{x=0.1}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, "
        "Member must not be null]"
    )


def test_what_is_sensitive_is_not_repeated():
    assert refused("iam", "CreateLoginProfile", UserName="u", Password="x" * 129)[1] == one(
        "Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 128"
    )


def test_ec2_asks_for_a_parameter_and_checks_no_more():
    code, message = refused("ec2", "CreateVpcPeeringConnection", PeerRegion="?")
    assert (code, message) == ("MissingParameter", "The request must contain the parameter VpcId")
    model.operation("ec2", "RunInstances").validate({"MinCount": 1, "MaxCount": 1, "InstanceType": "no.such"})


def test_rest_xml_services_speak_for_themselves():
    model.operation("route53", "CreateHostedZone").validate({})


def test_at_most_ten_errors_are_told():
    tags = [{} for _ in range(8)]
    _, message = refused("ssm", "AddTagsToResource", ResourceType="Parameter", ResourceId="r", Tags=tags)
    assert message.startswith("10 validation errors detected: ") and message.count(";") == 9


@pytest.fixture
def noted(monkeypatch):
    """Describes an operation of Parameter Store whose overlay says this of validation."""

    def describe(**notes):
        description = model.described("ssm")
        model.merge(description, {"glasshouse": {"validation": notes}})
        return model.Service("ssm", description).operation("PutParameter")

    return describe


def wording(operation, **params) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refusal:
        operation.validate(params)
    return refusal.value.code, refusal.value.message


def test_an_overlay_may_name_the_code(noted):
    code, message = wording(noted(code="InvalidParameter"), Name="n")
    assert code == "InvalidParameter" and message.startswith(one("Value null at 'value'"))


def test_an_overlay_may_word_what_is_missing(noted):
    operation = noted(missing="MissingParameter", missingMessage="The request must contain the parameter {Member}.")
    assert wording(operation, Value="v") == ("MissingParameter", "The request must contain the parameter Name.")
    assert wording(operation, Name="", Value="v")[0] == "ValidationException"


def test_an_overlay_may_word_what_is_wrong(noted):
    operation = noted(code="InvalidParameter", message="Invalid: {Member} ({member},{value}): {constraint}")
    assert wording(operation, Name="n", Value="v", Type="Foo") == (
        "InvalidParameter",
        "Invalid: Type (type, 'Foo'): Member must satisfy enum value set: [SecureString, StringList, String]",
    )


def test_an_overlay_may_name_the_input_where_a_member_lies_in_the_body():
    operation = model.service("apigateway").operation("UpdateMethodResponse")
    patch = {"op": "wrong", "path": "/a"}
    at = {"restApiId": "a", "resourceId": "r", "httpMethod": "GET", "statusCode": "none"}
    assert wording(operation, **at, patchOperations=[patch]) == (
        "ValidationException",
        "2 validation errors detected: Value 'wrong' at 'updateMethodResponseInput.patchOperations.1.member.op' failed"
        " to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]; Value"
        " 'none' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern:"
        " [1-5]\\d\\d",
    )


def test_an_overlay_may_turn_checks_off(noted):
    noted(off=True).validate({})
    noted(skipOperations=["PutParameter"]).validate({})
    noted(skip=["required", "enum"]).validate({"Type": "Foo"})


@pytest.mark.parametrize("name", client.SERVICES.split())
def test_every_operation_has_a_validator(name):
    service = model.service(name)
    for operation in map(service.operation, service.operation_names):
        rules = validate.rules_of(operation)
        unchecked = rules.off or "required" in rules.skip or operation.name in rules.skip_operations
        try:
            operation.validate({})
        except ServiceError as refusal:
            assert operation.required and refusal.code in (rules.code, rules.missing)
        else:
            assert unchecked or not operation.required
