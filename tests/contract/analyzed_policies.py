"""What the tests of IAM Access Analyzer have in common: policies, and reading answers."""

import json

TRUST = "AWS::IAM::AssumeRolePolicyDocument"
PAYMENT = "arn:aws:iam::111122223333:role/PaymentApplication"
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ApplicationAccess"
DAY = 86_400


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal, action="sts:AssumeRole", **more) -> str:
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def code(failure) -> str:
    return failure.value.response["Error"]["Code"]
