"""SecureString: parameters that KMS encrypts, and secrets of Secrets Manager asked for as parameters."""

import json
from base64 import b64decode

import pytest
from botocore.exceptions import ClientError

SECRET = "correct horse battery staple"


@pytest.fixture
def ssm(aws):
    return aws("ssm")


@pytest.fixture
def kms(aws):
    return aws("kms")


def put(ssm, name="s", value=SECRET, **more):
    return ssm.put_parameter(**{"Name": name, "Value": value, "Type": "SecureString", **more})


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def shown(ssm, name="s"):
    return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


# What is refused


def test_a_key_that_is_not_there_is_refused(ssm):
    code, message = refusal(put, ssm=ssm, KeyId="alias/absent")
    assert code == "InvalidKeyId"
    assert "alias/absent is not found" in message
    assert ssm.describe_parameters()["Parameters"] == []


def test_a_secret_is_only_shown_decrypted(ssm):
    assert refusal(ssm.get_parameter, Name="/aws/reference/secretsmanager/x") == (
        "ValidationException",
        "WithDecryption flag must be True for retrieving a Secret Manager secret.",
    )
    code, message = refusal(ssm.get_parameter, Name="/aws/reference/secretsmanager/x", WithDecryption=True)
    assert code == "ParameterNotFound"
    assert message.endswith("when referencing Secrets Manager: Secret /aws/reference/secretsmanager/x not found.")


# What is done


def test_a_secure_string_is_shown_only_on_demand(ssm):
    put(ssm)
    hidden = ssm.get_parameter(Name="s")["Parameter"]["Value"]
    assert SECRET.encode() not in b64decode(hidden)
    assert shown(ssm) == SECRET
    assert ssm.get_parameters(Names=["s"], WithDecryption=True)["Parameters"][0]["Value"] == SECRET
    assert ssm.get_parameters_by_path(Path="/", WithDecryption=True)["Parameters"][0]["Value"] == SECRET
    assert ssm.get_parameter_history(Name="s", WithDecryption=True)["Parameters"][0]["Value"] == SECRET
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == "alias/aws/ssm"


def test_the_key_that_aws_manages_is_made_by_the_first_parameter(ssm, kms):
    assert not any("TargetKeyId" in alias for alias in kms.list_aliases()["Aliases"])
    put(ssm)
    with_keys = [alias["AliasName"] for alias in kms.list_aliases()["Aliases"] if "TargetKeyId" in alias]
    assert with_keys == ["alias/aws/ssm"]
    key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]
    assert (key["KeyManager"], key["Description"]) == (
        "AWS",
        "Default key that protects my SSM parameters when no other key is defined",
    )


def test_kms_itself_decrypts_a_standard_parameter_in_its_context(ssm, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    put(ssm, "/a/s", KeyId=key)
    parameter = ssm.get_parameter(Name="/a/s")["Parameter"]
    blob, context = b64decode(parameter["Value"]), {"PARAMETER_ARN": parameter["ARN"]}
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"].decode() == SECRET
    assert refusal(kms.decrypt, CiphertextBlob=blob)[0] == "InvalidCiphertextException"


def test_an_advanced_parameter_may_be_larger_than_kms_takes(ssm):
    put(ssm, value=SECRET * 250, Tier="Advanced")
    assert shown(ssm) == SECRET * 250
    ssm.put_parameter(Name="s", Value="small", Overwrite=True)
    assert shown(ssm) == "small"
    assert shown(ssm, "s:1") == SECRET * 250


def test_a_secret_is_a_parameter_too(aws, ssm):
    secrets = aws("secretsmanager")
    made = secrets.create_secret(Name="db/password", SecretString=SECRET)
    name = "/aws/reference/secretsmanager/db/password"
    parameter = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (parameter["Value"], parameter["Type"], parameter["ARN"]) == (SECRET, "SecureString", made["ARN"])
    assert json.loads(parameter["SourceResult"])["VersionId"] == made["VersionId"]
    secrets.put_secret_value(SecretId="db/password", SecretString="new")
    assert shown(ssm, name) == "new"
    assert shown(ssm, f"{name}:AWSPREVIOUS") == SECRET
    assert shown(ssm, f"{name}:{made['VersionId']}") == SECRET


# What happens next


def test_older_versions_are_read_after_the_key_was_rotated(ssm, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    put(ssm, KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    ssm.put_parameter(Name="s", Value="newer", Overwrite=True)
    assert (shown(ssm), shown(ssm, "s:1")) == ("newer", SECRET)


def test_without_its_key_a_parameter_cannot_be_shown(ssm, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    put(ssm, KeyId=key)
    kms.disable_key(KeyId=key)
    code, message = refusal(ssm.get_parameter, Name="s", WithDecryption=True)
    assert code == "InvalidKeyId"
    assert "is disabled." in message
    kms.enable_key(KeyId=key)
    assert shown(ssm) == SECRET


def test_who_may_not_use_the_key_does_not_see_the_value(aws, ssm, kms):
    put(ssm, "open")
    put(ssm, "shut", KeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    iam = aws("iam")
    iam.create_user(UserName="reader")
    allowed = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    reader = aws("ssm", **keys)
    assert shown(reader, "open") == SECRET
    code, message = refusal(reader.get_parameter, Name="shut", WithDecryption=True)
    assert code == "AccessDeniedException"
    assert "kms:Decrypt" in message
