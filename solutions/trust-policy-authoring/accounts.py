"""The two accounts of the walk, and who acts in them, each with no more permissions than they need."""

import json

ACCESS_ROLE = "OrganizationAccountAccessRole"
DEVELOPS = {
    "Effect": "Allow",
    "Action": [
        *("access-analyzer:*", "iam:CreateRole", "iam:GetRole", "iam:DeleteRole", "iam:PutRolePolicy"),
        *("iam:DeleteRolePolicy", "iam:UpdateAssumeRolePolicy", "sts:GetCallerIdentity"),
    ],
    "Resource": "*",
}
FOUNDS = (  # what it takes to make the accounts, and those who act in ApplicationHost
    {
        "Effect": "Allow",
        "Action": [
            *("organizations:CreateOrganization", "organizations:CreateAccount", "organizations:CloseAccount"),
            *("organizations:DescribeCreateAccountStatus", "iam:CreateServiceLinkedRole"),
        ],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": ["iam:*User", "iam:*UserPolicy", "iam:*AccessKey", "iam:ListAccessKeys"],
        "Resource": ["arn:aws:iam::*:user/administrator", "arn:aws:iam::*:user/application"],
    },
    {
        "Effect": "Allow",
        "Action": ["iam:CreateRole", "iam:DeleteRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"],
        "Resource": ["arn:aws:iam::*:role/PaymentApplication", "arn:aws:iam::*:role/ReportingApplication"],
    },
)


class Accounts:
    """ApplicationHost is the account of the cloud and manages the organization that BusinessData is in."""

    def __init__(self, aws):
        self._root, self._aws = aws, aws.as_user("founder", *FOUNDS)
        self.business_data = self._make_account()
        self.role_arn = f"arn:aws:iam::{self.business_data}:role/ApplicationAccess"
        self._administrator = self._user("administrator", f"arn:aws:iam::{self.business_data}:role/{ACCESS_ROLE}")
        self._owner = self._session(self._administrator, f"arn:aws:iam::{self.business_data}:role/{ACCESS_ROLE}")
        self._application = self._user("application", f"arn:aws:iam::{aws.account}:role/*")
        for role in ("PaymentApplication", "ReportingApplication"):
            self._make_application(role)
        self._developer = self._make_developer()

    # Who acts

    def developer(self, service: str, **options):
        """A client of the developer in BusinessData."""
        return self._aws(service, **self._developer, **options)

    def assume(self, role: str, target: str):
        """A session of a role of ApplicationHost assumes another role; returns what makes its clients."""
        first = self._session(self._application, f"arn:aws:iam::{self._aws.account}:role/{role}")
        keys = self._session(first, target)
        return lambda service: self._aws(service, **keys)

    # What they need

    def fill_bucket(self, name: str):
        s3 = self._aws("s3", **self._owner)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket=name, Key="orders.csv", Body=b"order,amount\n1,100\n")

    def close(self, bucket: str, role: str):
        """Take down what the walk has made, in both accounts."""
        iam, s3 = self._aws("iam", **self._owner), self._aws("s3", **self._owner)
        iam.delete_role_policy(RoleName=role, PolicyName="ReadData")
        iam.delete_role(RoleName=role)
        s3.delete_object(Bucket=bucket, Key="orders.csv")
        s3.delete_bucket(Bucket=bucket)
        _delete_user(iam, "developer")
        here = self._aws("iam")
        for name in ("PaymentApplication", "ReportingApplication"):
            here.delete_role_policy(RoleName=name, PolicyName="Assume")
            here.delete_role(RoleName=name)
        for name in ("administrator", "application"):
            _delete_user(here, name)
        self._aws("organizations").close_account(AccountId=self.business_data)
        self._root.remove_user("founder")

    # Making them

    def _make_account(self) -> str:
        organizations = self._aws("organizations")
        organizations.create_organization(FeatureSet="ALL")
        asked = organizations.create_account(Email="business-data@example.com", AccountName="BusinessData")
        self._aws.settle()
        request = asked["CreateAccountStatus"]["Id"]
        told = organizations.describe_create_account_status(CreateAccountRequestId=request)["CreateAccountStatus"]
        assert told["State"] == "SUCCEEDED", told
        return told["AccountId"]

    def _user(self, name: str, role: str) -> dict:
        """A user of ApplicationHost who may assume a role, and nothing else."""
        iam = self._aws("iam")
        iam.create_user(UserName=name)
        allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
        iam.put_user_policy(UserName=name, PolicyName="Allowed", PolicyDocument=_document(allowed))
        return _keys(iam, name)

    def _make_application(self, name: str):
        """Both roles have the permission; the trust policy in BusinessData makes the difference."""
        iam = self._aws("iam")
        user = f"arn:aws:iam::{self._aws.account}:user/application"
        trust = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
        allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": self.role_arn}
        iam.put_role_policy(RoleName=name, PolicyName="Assume", PolicyDocument=_document(allowed))

    def _make_developer(self) -> dict:
        iam = self._aws("iam", **self._owner)
        iam.create_user(UserName="developer")
        iam.put_user_policy(UserName="developer", PolicyName="Allowed", PolicyDocument=_document(DEVELOPS))
        return _keys(iam, "developer")

    def _session(self, keys: dict, role: str) -> dict:
        told = self._aws("sts", **keys).assume_role(RoleArn=role, RoleSessionName="walk")["Credentials"]
        return {
            "aws_access_key_id": told["AccessKeyId"], "aws_secret_access_key": told["SecretAccessKey"],
            "aws_session_token": told["SessionToken"],
        }  # fmt: skip


def _keys(iam, user: str) -> dict:
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def _delete_user(iam, name: str):
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="Allowed")
    iam.delete_user(UserName=name)


def _document(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
