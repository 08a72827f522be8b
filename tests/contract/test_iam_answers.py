"""IAM: what single answers and lists tell, and what service-linked roles are called."""

import json

import pytest

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


# What is done


def test_lists_tell_less_than_the_single_answer(iam):
    tags = [{"Key": "a", "Value": "1"}]
    iam.create_user(UserName="u", PermissionsBoundary=READ_ONLY, Tags=tags)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=READ_ONLY, Tags=tags)
    made = iam.create_policy(PolicyName="p", PolicyDocument=ALLOWING, Description="about", Tags=tags)["Policy"]
    iam.create_policy(PolicyName="bare", PolicyDocument=ALLOWING)
    [user], [role] = iam.list_users()["Users"], iam.list_roles()["Roles"]
    listed, _ = sorted(iam.list_policies(Scope="Local")["Policies"], key=lambda one: one["Arn"], reverse=True)
    for shown in (user, role, listed):
        assert not {"PermissionsBoundary", "Tags", "RoleLastUsed", "Description"} & shown.keys()
    assert made["Tags"] == tags and "Description" not in made
    got = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert (got["Tags"], got["Description"]) == (tags, "about")
    assert iam.get_policy(PolicyArn=made["Arn"].replace("policy/p", "policy/bare"))["Policy"]["Tags"] == []


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
