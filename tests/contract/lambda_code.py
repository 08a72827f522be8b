"""Functions in tests: their packages, their roles, and how they are made."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

ACCOUNT, REGION = "000000000000", "eu-west-1"
ECHO = "def handler(event, context):\n    return event\n"
PREFIX = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def zipped(text: str = ECHO, name: str = "app.py") -> bytes:
    """A package of one file."""
    return zipped_files({name: text})


def zipped_files(files: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        for name, text in files.items():
            # A fixed time, so that the same files make the same package.
            package.writestr(zipfile.ZipInfo(name), text)
    return written.getvalue()


def execution_role(aws, name: str = "worker", *actions: str, service: str = "lambda.amazonaws.com") -> str:
    """The ARN of a new role that a service may take on, with some actions allowed everywhere."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    if actions:
        grant(aws, name, *actions)
    return made


def grant(aws, role: str, *actions: str, resource: str = "*"):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName=role, PolicyName="granted", PolicyDocument=policy)


def made(aws, name: str = "echo", text: str = ECHO, role: str | None = None, **settings) -> dict:
    """A new function of Python that can be invoked."""
    client = aws("lambda")
    wanted = {
        "FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": zipped(text)},
        "Role": role or execution_role(aws, f"{name}-worker"), **settings,
    }  # fmt: skip
    answer = client.create_function(**wanted)
    active(client, name)
    return answer


def active(client, name: str):
    client.get_waiter("function_active_v2").wait(FunctionName=name)


def updated(client, name: str):
    client.get_waiter("function_updated_v2").wait(FunctionName=name)


def another_account(aws, cloud):
    """The number of another account, and a maker of clients, like `aws`, that act in it."""
    organization = aws("organizations")
    organization.create_organization()
    organization.create_account(Email="a@example.com", AccountName="a")
    cloud.settle()
    number = next(one["Id"] for one in organization.list_accounts()["Accounts"] if one["Id"] != ACCOUNT)
    role = f"arn:aws:iam::{number}:role/OrganizationAccountAccessRole"
    keys = aws("sts").assume_role(RoleArn=role, RoleSessionName="stranger")["Credentials"]

    def theirs(service: str, region: str = REGION):
        return aws(
            service, region, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    return number, theirs


def refused(call, **params) -> tuple[str, str]:
    """The code and the message of a refusal."""
    with pytest.raises(ClientError) as refusal:
        call(**params)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]
