"""IAM: what single answers and lists tell, and what service-linked roles are called."""

import json

import pytest
from botocore.exceptions import ClientError

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


ALLOWING = policy({"Action": "s3:*", "Resource": "*"})
TRUST = policy({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})


@pytest.fixture
def iam(aws):
    return aws("iam")


# What is refused


def test_a_policy_that_an_older_parser_does_not_understand(iam):
    document = policy({"Action": "s3:*", "Resource": "arn:aws:s3::bucket"})
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException, match="The policy failed legacy parsing"):
        iam.create_policy(PolicyName="p", PolicyDocument=document)
    assert iam.list_policies(Scope="Local")["Policies"] == []


NAME = "is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
PATH = "is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
GONE = "arn:aws:iam::aws:policy/Gone"
CONSTRAINT = "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must {}"


@pytest.mark.parametrize(
    ("operation", "params", "code", "message"),
    [
        ("create_user", {"UserName": "a b"}, "ValidationError", f"The specified value for userName {NAME}"),
        ("create_user", {"UserName": "a", "Path": "b"}, "ValidationError", f"The specified value for path {PATH}"),
        ("create_user", {"UserName": "a" * 65}, "ValidationError",
         CONSTRAINT.format("userName", "have length less than or equal to 64")),
        ("create_user", {"UserName": "a", "PermissionsBoundary": "x" * 20}, "InvalidInput",
         f"ARN {'x' * 20} is not valid."),
        ("create_user", {"UserName": "a", "PermissionsBoundary": GONE}, "NoSuchEntity",
         f"Scope ARN: {GONE} does not exist or is not attachable."),
        ("attach_user_policy", {"UserName": "ann", "PolicyArn": "x" * 20}, "ValidationError",
         f"ARN {'x' * 20} is not valid."),
        ("list_access_keys", {}, "ValidationError", "Must specify userName when calling with non-User credentials"),
        ("delete_policy", {"PolicyArn": READ_ONLY}, "AccessDenied", "Cannot delete policies outside your own account."),
        ("delete_policy_version", {"PolicyArn": READ_ONLY, "VersionId": "v1"}, "AccessDenied",
         "Cannot delete policy versions for policies outside your own account."),
        ("get_policy_version", {"PolicyArn": READ_ONLY, "VersionId": "1"}, "ValidationError",
         CONSTRAINT.format("versionId", r"satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")),
        ("create_role", {"RoleName": "a", "AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument",
         "This policy contains invalid Json"),
        ("delete_account_password_policy", {}, "NoSuchEntity",
         "The account policy with name PasswordPolicy cannot be found."),
        ("delete_virtual_mfa_device", {"SerialNumber": "arn:aws:iam::000000000000:mfa/no"}, "NoSuchEntity",
         "MFA Device with serial number arn:aws:iam::000000000000:mfa/no does not exist."),
        ("delete_open_id_connect_provider", {"OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/x"},
         "NoSuchEntity", "OpenId connect Provider arn:aws:iam::000000000000:oidc-provider/x cannot be found."),
        ("create_open_id_connect_provider", {"Url": "https://x.example", "ThumbprintList": ["a" * 40] * 6},
         "InvalidInput", "Thumbprint list must contain fewer than 5 entries."),
        ("create_open_id_connect_provider", {"Url": "https://x.example", "ClientIDList": list(map(str, range(101)))},
         "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"),
        ("create_open_id_connect_provider", {"Url": "x.example"}, "ValidationError",
         "Invalid Open ID Connect Provider URL"),
        ("get_saml_provider", {"SAMLProviderArn": "arn:aws:iam::000000000000:saml-provider/x"}, "NoSuchEntity",
         "SAMLProvider arn:aws:iam::000000000000:saml-provider/x does not exist."),
        ("upload_signing_certificate", {"UserName": "ann", "CertificateBody": "none"}, "MalformedCertificate",
         "Certificate none is malformed."),
        ("remove_role_from_instance_profile", {"InstanceProfileName": "p", "RoleName": "r"}, "NoSuchEntity",
         "Role r in Instance Profile p cannot be found."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_the_words_of_iam(iam, operation, params, code, message):
    iam.create_user(UserName="ann")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="p")
    with pytest.raises(ClientError) as refused:
        getattr(iam, operation)(**params)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["Error"]["Message"] == message


# What is done


def test_lists_tell_less_than_the_single_answer(iam):
    tags = [{"Key": "a", "Value": "1"}]
    iam.create_user(UserName="u", PermissionsBoundary=READ_ONLY, Tags=tags)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=READ_ONLY, Tags=tags)
    made = iam.create_policy(PolicyName="p", PolicyDocument=ALLOWING, Description="about", Tags=tags)["Policy"]
    iam.create_policy(PolicyName="bare", PolicyDocument=ALLOWING)
    [user], [role] = iam.list_users()["Users"], iam.list_roles()["Roles"]
    listed, _ = sorted(iam.list_policies(Scope="Local")["Policies"], key=lambda one: one["Arn"], reverse=True)
    again = iam.create_role(RoleName="q", AssumeRolePolicyDocument=TRUST, Description="d", MaxSessionDuration=3600)[
        "Role"
    ]
    assert again.keys() == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    for shown in (user, role, listed):
        assert not {"PermissionsBoundary", "Tags", "RoleLastUsed", "Description"} & shown.keys()
    assert made["Tags"] == tags and "Description" not in made
    got = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert (got["Tags"], got["Description"]) == (tags, "about")
    assert iam.get_policy(PolicyArn=made["Arn"].replace("policy/p", "policy/bare"))["Policy"]["Tags"] == []


def test_the_case_of_tag_keys_counts_for_some(iam):
    iam.create_user(UserName="ann", Tags=[{"Key": "Team", "Value": "a"}])
    iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "b"}])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [{"Key": "team", "Value": "b"}]
    iam.untag_user(UserName="ann", TagKeys=["TEAM"])
    assert iam.list_user_tags(UserName="ann")["Tags"] == []
    arn = iam.create_policy(PolicyName="p", PolicyDocument=ALLOWING, Tags=[{"Key": "Team", "Value": "a"}])["Policy"][
        "Arn"
    ]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "b"}])
    assert len(iam.list_policy_tags(PolicyArn=arn)["Tags"]) == 2


def test_a_virtual_device_comes_with_a_picture_of_its_seed(iam):
    devices = [iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"] for name in ("a", "b")]
    first, second = (device["QRCodePNG"] for device in devices)
    assert first.startswith(b"\x89PNG\r\n") and first != second


# What happens next


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecs", "AWSServiceRoleForECS"),
        ("autoscaling", "AWSServiceRoleForAutoScaling"),
        ("custom-resource.application-autoscaling", "AWSServiceRoleForApplicationAutoScaling_CustomResource"),
        ("some-thing", "AWSServiceRoleForSomeThing"),
    ],
)
def test_a_service_linked_role_is_called_as_the_service_calls_it(iam, service, name):
    role = iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")["Role"]
    assert (role["RoleName"], role["Path"]) == (name, f"/aws-service-role/{service}.amazonaws.com/")
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        assert iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["Path"] == "/aws-service-role/"
