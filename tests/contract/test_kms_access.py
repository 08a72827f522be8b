"""KMS: grants, policies, and keys of other accounts."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from glasshouse.app import LiveCloud, Settings

OWNER, OTHER = "111111111111", "222222222222"


@pytest.fixture
def client():
    """Clients of two accounts' roots, in a cloud that believes every key."""
    live = LiveCloud(Settings(port=0, auth="open"))

    def make(account, service="kms", region="eu-west-1"):
        settings = Config(parameter_validation=False, retries={"max_attempts": 0})
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "any"}
        return boto3.client(service, region, endpoint_url=live.url, config=settings, **keys)

    yield make
    live.stop()


@pytest.fixture
def user(aws):
    """A client of a user who has no permissions of its own, and the user's ARN."""
    iam = aws("iam")
    arn = iam.create_user(UserName="clerk")["User"]["Arn"]
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return aws("kms", **keys), arn


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def permit(principal, action="kms:*"):
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}, "Action": "kms:*", "Resource": "*"}
    also = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [owner, also]})


# What is refused


def test_a_key_of_another_account_is_refused(client):
    mine, theirs = client(OWNER), client(OTHER)
    key = mine.create_key()["KeyMetadata"]["Arn"]
    blob = mine.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    for call, params in (
        (theirs.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (theirs.decrypt, {"CiphertextBlob": blob}),
        (theirs.describe_key, {"KeyId": key}),
        (theirs.schedule_key_deletion, {"KeyId": key}),
    ):
        code, message = refusal(call, **params)
        assert code == "AccessDeniedException"
        assert key in message
    assert refusal(theirs.describe_key, KeyId=key.rpartition("/")[2])[0] == "NotFoundException"


def test_grants_that_are_none(kms, key):
    somebody = "arn:aws:iam::000000000000:role/somebody"
    grant = {"KeyId": key, "GranteePrincipal": somebody, "Operations": ["Decrypt"]}
    assert refusal(kms.create_grant, **(grant | {"Operations": ["Sign"]}))[0] == "ValidationException"
    assert refusal(kms.create_grant, **(grant | {"GranteePrincipal": "me"}))[0] == "InvalidArnException"
    assert refusal(kms.create_grant, KeyId=key, Operations=["Decrypt"])[0] == "ValidationException"
    pair = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    context = {"Constraints": {"EncryptionContextEquals": {"a": "b"}}}
    assert refusal(kms.create_grant, **(grant | {"KeyId": pair, "Operations": ["Sign"]} | context))[0] == (
        "ValidationException"
    )
    assert refusal(kms.revoke_grant, KeyId=key, GrantId="0" * 64)[0] == "NotFoundException"
    assert refusal(kms.retire_grant, GrantToken="none")[0] == "InvalidGrantTokenException"
    assert refusal(kms.retire_grant, KeyId=key)[0] == "ValidationException"
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"x", GrantTokens=["none"])[0] == "InvalidGrantTokenException"
    kms.disable_key(KeyId=key)
    assert refusal(kms.create_grant, **grant)[0] == "DisabledException"


# What is done


def test_a_grant_lets_a_user_do_what_it_says(kms, key, user):
    clerk, arn = user
    assert refusal(clerk.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt", "DescribeKey"])
    blob = clerk.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert clerk.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert refusal(clerk.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_a_grant_may_be_bound_to_an_encryption_context(kms, key, user):
    clerk, arn = user
    grant = {"KeyId": key, "GranteePrincipal": arn, "Operations": ["Encrypt", "DescribeKey"]}
    first = kms.create_grant(Constraints={"EncryptionContextSubset": {"team": "blue"}}, **grant)
    wide, exact = {"team": "blue", "more": "x"}, {"team": "blue"}
    assert clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=wide)["KeyId"] == key
    assert clerk.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    for context in ({"team": "red"}, {}):
        given = {"EncryptionContext": context} if context else {}
        assert refusal(clerk.encrypt, KeyId=key, Plaintext=b"x", **given)[0] == "AccessDeniedException"
    kms.revoke_grant(KeyId=key, GrantId=first["GrantId"])
    kms.create_grant(Constraints={"EncryptionContextEquals": exact}, **grant)
    assert refusal(clerk.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=wide)[0] == "AccessDeniedException"
    assert clerk.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=exact)["KeyId"] == key


def test_grants_are_listed(kms, key):
    role = "arn:aws:iam::000000000000:role/worker"
    grant = {"KeyId": key, "GranteePrincipal": role, "Operations": ["Decrypt"], "RetiringPrincipal": role}
    named = kms.create_grant(Name="mine", **grant)
    again = kms.create_grant(Name="mine", **grant)
    assert named["GrantId"] == again["GrantId"]
    assert named["GrantToken"] != again["GrantToken"]
    other = kms.create_grant(**(grant | {"GranteePrincipal": "arn:aws:iam::000000000000:user/else"}))
    listed = kms.list_grants(KeyId=key)["Grants"]
    assert {one["GrantId"] for one in listed} == {named["GrantId"], other["GrantId"]}
    assert {one["KeyId"] for one in listed} == {key}
    assert [one["Name"] for one in kms.list_grants(KeyId=key, GranteePrincipal=role)["Grants"]] == ["mine"]
    assert len(kms.list_grants(KeyId=key, GrantId=other["GrantId"])["Grants"]) == 1
    pages = kms.get_paginator("list_retirable_grants") if kms.can_paginate("list_retirable_grants") else None
    assert pages is None or pages
    first = kms.list_retirable_grants(RetiringPrincipal=role, Limit=1)
    rest = kms.list_retirable_grants(RetiringPrincipal=role, Marker=first["NextMarker"])
    assert {one["GrantId"] for one in first["Grants"] + rest["Grants"]} == {named["GrantId"], other["GrantId"]}


def test_a_key_is_shared_by_its_policy(client):
    mine, theirs = client(OWNER), client(OTHER)
    key = mine.create_key()["KeyMetadata"]["Arn"]
    mine.put_key_policy(KeyId=key, Policy=permit(f"arn:aws:iam::{OTHER}:root", ["kms:Encrypt", "kms:Decrypt"]))
    blob = theirs.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    assert theirs.decrypt(CiphertextBlob=blob)["KeyId"] == key
    assert mine.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    assert refusal(theirs.describe_key, KeyId=key)[0] == "AccessDeniedException"


def test_a_secure_string_may_be_kept_with_a_key_of_another_account(client):
    key = client(OWNER).create_key(Policy=permit(f"arn:aws:iam::{OTHER}:root"))["KeyMetadata"]["Arn"]
    ssm = client(OTHER, "ssm")
    ssm.put_parameter(Name="s", Value="secret", Type="SecureString", KeyId=key)
    assert ssm.get_parameter(Name="s", WithDecryption=True)["Parameter"]["Value"] == "secret"
    client(OWNER).put_key_policy(KeyId=key, Policy=permit(f"arn:aws:iam::{OWNER}:user/x"))
    assert refusal(ssm.get_parameter, Name="s", WithDecryption=True)[0] == "AccessDeniedException"


# What happens next


def test_a_revoked_grant_permits_nothing(kms, key, user):
    clerk, arn = user
    grant = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt"])
    assert clerk.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[grant["GrantToken"]])["KeyId"] == key
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert refusal(clerk.encrypt, KeyId=key, Plaintext=b"x")[0] == "AccessDeniedException"
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_grant_is_retired_by_whom_it_entitles(kms, key, user):
    clerk, arn = user
    somebody = "arn:aws:iam::000000000000:role/somebody"
    mine = kms.create_grant(KeyId=key, GranteePrincipal=somebody, RetiringPrincipal=arn, Operations=["Decrypt"])
    other = kms.create_grant(KeyId=key, GranteePrincipal=somebody, Operations=["Decrypt"])
    clerk.retire_grant(GrantToken=mine["GrantToken"])
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key)["Grants"]] == [other["GrantId"]]
    assert refusal(clerk.retire_grant, GrantToken=other["GrantToken"])[0] == "AccessDeniedException"
    kms.retire_grant(KeyId=key, GrantId=other["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
