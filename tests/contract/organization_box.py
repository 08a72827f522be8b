"""Talking to Organizations in tests: an organization, its accounts, and who acts in them."""

import json

import pytest
from botocore.exceptions import ClientError

MANAGEMENT = "000000000000"
ACCESS_ROLE = "OrganizationAccountAccessRole"


def refused(action, code, reason=None):
    with pytest.raises(ClientError) as failure:
        action()
    answer = failure.value.response
    assert answer["Error"]["Code"] == code
    assert answer.get("Reason") == reason
    return answer["Error"]["Message"]


def document(effect, action, **more):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*", **more}]}
    )


def enable(org, root, kind="SERVICE_CONTROL_POLICY"):
    return org.enable_policy_type(RootId=root, PolicyType=kind)["Root"]


def control(org, content, target, kind="SERVICE_CONTROL_POLICY", name="control"):
    policy = org.create_policy(Content=content, Description="", Name=name, Type=kind)["Policy"]["PolicySummary"]
    org.attach_policy(PolicyId=policy["Id"], TargetId=target)
    return policy


def with_an_organization(aws):
    """A client of the management account, and the id of the organization's root."""
    org = aws("organizations")
    org.create_organization(FeatureSet="ALL")
    return org, org.list_roots()["Roots"][0]["Id"]


def make_account(org, cloud, name, **more):
    """The id of a new member account."""
    asked = org.create_account(Email=f"{name}@example.com", AccountName=name, **more)["CreateAccountStatus"]
    assert asked["State"] == "SUCCEEDED"
    cloud.settle()
    made = org.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert made["State"] == "SUCCEEDED"
    return made["AccountId"]


def administrator(aws, account):
    """The options of a client that acts in a member account by the role made with it."""
    answer = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{ACCESS_ROLE}", RoleSessionName="admin")
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
