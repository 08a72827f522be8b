"""IAM: condition keys of its own, by which administrators let others make roles and pass them on."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from tests.contract.test_iam import READ_ONLY, TRUST, refused


def allowing(actions, condition) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": {"StringEquals": condition}}
    rest = {"Effect": "Allow", "Action": ["iam:GetRole", "lambda:*"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement, rest]})


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture
def delegate(aws, iam):
    """Clients of a user with a policy."""

    def make(service: str, policy: str):
        iam.create_user(UserName="bob")
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=policy)
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return aws(service, **keys)

    return make


def function(iam) -> dict:
    """What a function is made with, and a role for it."""
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST.replace("ec2", "lambda"))["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("f.py", "def handler(event, context): pass")
    code = {"ZipFile": archive.getvalue()}
    return {"FunctionName": "f", "Runtime": "python3.12", "Role": role, "Handler": "f.handler", "Code": code}


# What is refused


def test_who_may_make_bounded_roles_may_make_no_other(iam, delegate):
    theirs = delegate("iam", allowing(["iam:CreateRole", "iam:PutRolePolicy"], {"iam:PermissionsBoundary": READ_ONLY}))
    iam.create_role(RoleName="free", AssumeRolePolicyDocument=TRUST)
    refused(lambda: theirs.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST), "AccessDenied")
    policy = {"PolicyName": "p", "PolicyDocument": allowing("s3:*", {"aws:RequestedRegion": "eu-west-1"})}
    refused(lambda: theirs.put_role_policy(RoleName="free", **policy), "AccessDenied", "iam:PutRolePolicy")
    refused(lambda: theirs.put_role_policy(RoleName="nobody", **policy), "AccessDenied")


def test_a_role_is_not_passed_to_another_service(iam, delegate):
    theirs = delegate("lambda", allowing("iam:PassRole", {"iam:PassedToService": "ec2.amazonaws.com"}))
    with pytest.raises(ClientError, match="iam:PassRole"):
        theirs.create_function(**function(iam))


# What is done


def test_bounded_roles_are_made_and_given_policies(iam, delegate):
    theirs = delegate("iam", allowing(["iam:CreateRole", "iam:PutRolePolicy"], {"iam:PermissionsBoundary": READ_ONLY}))
    theirs.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=READ_ONLY)
    policy = allowing("s3:*", {"aws:RequestedRegion": "eu-west-1"})
    theirs.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]


def test_who_may_give_permissions_for_a_function_may_call_it_by_its_name(aws, iam, delegate):
    aws("lambda").create_function(**function(iam))
    arn = "arn:aws:lambda:eu-west-1:000000000000:function:f"
    statement = {"Effect": "Allow", "Action": "lambda:CreateEventSourceMapping", "Resource": "*",
                 "Condition": {"ArnEquals": {"lambda:FunctionArn": arn}}}  # fmt: skip
    theirs = delegate("lambda", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    source = "arn:aws:sqs:eu-west-1:000000000000:absent"
    for name in ("f", arn):
        with pytest.raises(ClientError, match="NonExistentQueue"):
            theirs.create_event_source_mapping(FunctionName=name, EventSourceArn=source)
    with pytest.raises(ClientError, match="not authorized"):
        theirs.create_event_source_mapping(FunctionName="g", EventSourceArn=source)


def test_a_role_is_passed_to_the_service_that_is_named(iam, delegate):
    theirs = delegate("lambda", allowing("iam:PassRole", {"iam:PassedToService": "lambda.amazonaws.com"}))
    assert theirs.create_function(**function(iam))["FunctionName"] == "f"
