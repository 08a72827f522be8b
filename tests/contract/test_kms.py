"""KMS: keys, what is encrypted with them, their aliases, policies, tags and their end."""

import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ABSENT = "11111111-2222-3333-4444-555555555555"
DAY_S = 24 * 3600


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key(Description="for tests")["KeyMetadata"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def encrypt(kms, key, text=b"secret", **more):
    return kms.encrypt(KeyId=key["KeyId"], Plaintext=text, **more)["CiphertextBlob"]


def decrypt(kms, blob, **more):
    return kms.decrypt(CiphertextBlob=blob, **more)["Plaintext"]


def state(kms, key):
    return kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]


def with_keys(answer):
    """The aliases that belong to a key; the others are those that AWS has ready."""
    return [alias for alias in answer["Aliases"] if "TargetKeyId" in alias]


# What is refused


def test_a_key_that_is_not_there(kms):
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{ABSENT}"
    for reference in (ABSENT, arn):
        assert refusal(kms.describe_key, KeyId=reference) == ("NotFoundException", f"Key '{arn}' does not exist")
    assert refusal(kms.describe_key, KeyId="no-key") == ("NotFoundException", "Invalid keyId 'no-key'")
    alias = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/absent"
    assert refusal(kms.encrypt, KeyId="alias/absent", Plaintext=b"x") == (
        "NotFoundException",
        f"Alias {alias} is not found.",
    )
    assert refusal(kms.describe_key, KeyId="arn:aws:kms:oops")[0] == "InvalidArnException"


def test_a_key_of_another_region(aws, kms, key):
    elsewhere = aws("kms", "us-east-1")
    assert refusal(elsewhere.describe_key, KeyId=key["Arn"]) == ("NotFoundException", "Invalid arn eu-west-1")
    code, message = refusal(elsewhere.decrypt, CiphertextBlob=encrypt(kms, key))
    assert code == "AccessDeniedException"
    assert message.startswith("The ciphertext refers to a customer master key that does not exist")


def test_a_disabled_key_is_not_used(kms, key):
    blob = encrypt(kms, key)
    kms.disable_key(KeyId=key["KeyId"])
    disabled = ("DisabledException", f"{key['Arn']} is disabled.")
    assert refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == disabled
    assert refusal(kms.decrypt, CiphertextBlob=blob) == disabled
    assert refusal(kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256") == disabled
    kms.enable_key(KeyId=key["KeyId"])
    assert decrypt(kms, blob) == b"secret"


def test_a_key_that_is_about_to_be_deleted_is_not_used_or_changed(kms, key):
    blob = encrypt(kms, key)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    pending = ("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    assert refusal(kms.decrypt, CiphertextBlob=blob) == pending
    assert refusal(kms.enable_key, KeyId=key["KeyId"]) == pending
    assert refusal(kms.update_key_description, KeyId=key["KeyId"], Description="x") == pending
    assert refusal(kms.tag_resource, KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}]) == pending
    assert refusal(kms.create_alias, AliasName="alias/x", TargetKeyId=key["KeyId"]) == pending
    assert refusal(kms.schedule_key_deletion, KeyId=key["KeyId"]) == pending


def test_a_waiting_period_is_of_seven_to_thirty_days(kms, key):
    for days in (6, 31):
        code, _ = refusal(kms.schedule_key_deletion, KeyId=key["KeyId"], PendingWindowInDays=days)
        assert code == "ValidationException"
    code, message = refusal(kms.cancel_key_deletion, KeyId=key["KeyId"])
    assert (code, message) == ("KMSInvalidStateException", f"{key['Arn']} is not pending deletion.")


def test_a_ciphertext_is_bound_to_its_context(kms, key):
    blob = encrypt(kms, key, EncryptionContext={"a": "1", "b": "2"})
    for context in ({}, {"a": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2", "c": "3"}):
        given = {"EncryptionContext": context} if context else {}
        assert refusal(kms.decrypt, CiphertextBlob=blob, **given) == ("InvalidCiphertextException", "")
    assert decrypt(kms, blob, EncryptionContext={"b": "2", "a": "1"}) == b"secret"


def test_a_ciphertext_that_was_touched_is_refused(kms, key):
    blob = encrypt(kms, key)
    touched = [blob[:-1], blob[:-1] + bytes([blob[-1] ^ 1]), b"\x00" * 80, b"x", blob[:12] + b"\xff" + blob[13:]]
    for wrong in touched:
        assert refusal(kms.decrypt, CiphertextBlob=wrong)[0] == "InvalidCiphertextException"


def test_another_key_does_not_decrypt(kms, key):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    assert refusal(kms.decrypt, CiphertextBlob=encrypt(kms, key), KeyId=other) == (
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )


def test_what_is_too_large_or_missing(kms, key):
    code, message = refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x" * 4097)
    assert code == "ValidationException"
    assert message == (
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less"
        " than or equal to 4096"
    )
    both = "Please specify either number of bytes or key spec."
    assert refusal(kms.generate_data_key, KeyId=key["KeyId"]) == ("ValidationException", both)
    code, message = refusal(kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256", NumberOfBytes=32)
    assert message == both
    assert refusal(kms.generate_random) == ("ValidationException", "NumberOfBytes is required.")


def test_keys_that_nobody_can_make(kms):
    needs = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    assert refusal(kms.create_key, KeySpec="HMAC_256") == ("ValidationException", needs)
    code, _ = refusal(kms.create_key, KeySpec="HMAC_256", KeyUsage="SIGN_VERIFY")
    assert code == "ValidationException"
    assert refusal(kms.create_key, KeySpec="AES_512")[0] == "ValidationException"
    for params in ({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}, {"Origin": "AWS_CLOUDHSM"}):
        assert refusal(kms.create_key, **params)[0] == "NotSupported"
    assert refusal(kms.create_custom_key_store, CustomKeyStoreName="x")[0] == "NotSupported"
    assert refusal(kms.create_key, CustomKeyStoreId="cks-1")[0] == "NotSupported"


def test_aliases_that_are_none(kms, key):
    target = {"TargetKeyId": key["KeyId"]}
    code, message = refusal(kms.create_alias, AliasName="app", **target)
    assert code == "ValidationException"
    assert message.startswith('Alias must start with the prefix "alias/".')
    assert refusal(kms.create_alias, AliasName="alias/aws/mine", **target)[0] == "NotAuthorizedException"
    message = "alias/a:b contains invalid characters for an alias"
    assert refusal(kms.create_alias, AliasName="alias/a:b", **target) == ("ValidationException", message)
    kms.create_alias(AliasName="alias/app", **target)
    assert refusal(kms.create_alias, AliasName="alias/app", **target) == (
        "AlreadyExistsException",
        f"An alias with the name arn:aws:kms:eu-west-1:{ACCOUNT}:alias/app already exists",
    )
    code, _ = refusal(kms.create_alias, AliasName="alias/b", TargetKeyId="alias/app")
    assert code == "ValidationException"
    pair = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    assert refusal(kms.update_alias, AliasName="alias/app", TargetKeyId=pair)[0] == "ValidationException"


def test_keys_that_aws_manages_are_not_changed(kms):
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    for call in (kms.disable_key, kms.schedule_key_deletion, kms.disable_key_rotation):
        assert refusal(call, KeyId=managed["KeyId"])[0] == "AccessDeniedException"
    # Only through the service whose key it is.
    assert refusal(kms.encrypt, KeyId=managed["KeyId"], Plaintext=b"x")[0] == "AccessDeniedException"


def test_tags_that_are_none(kms, key):
    def tag(*tags):
        return refusal(kms.tag_resource, KeyId=key["KeyId"], Tags=[{"TagKey": k, "TagValue": "v"} for k in tags])

    assert tag("a", "a") == ("TagException", "Duplicate tag keys")
    assert tag("aws:x") == ("TagException", "Tags beginning with aws: are reserved")
    assert tag(*(f"k{number}" for number in range(51))) == ("TagException", "Too many tags")


def test_policies_that_are_none(kms, key):
    put = {"KeyId": key["KeyId"], "PolicyName": "default"}
    for text in ("{", '{"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}'):
        assert refusal(kms.put_key_policy, Policy=text, **put)[0] == "MalformedPolicyDocumentException"
    somebody = {"AWS": "arn:aws:iam::111122223333:root"}
    allowed = {"Effect": "Allow", "Principal": somebody, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    assert refusal(kms.put_key_policy, Policy=text, **put) == (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    assert refusal(kms.get_key_policy, KeyId=key["KeyId"], PolicyName="other") == (
        "NotFoundException",
        "No such policy exists",
    )
    kms.put_key_policy(Policy=text, BypassPolicyLockoutSafetyCheck=True, **put)
    assert refusal(kms.describe_key, KeyId=key["KeyId"])[0] == "AccessDeniedException"


def test_a_dry_run_does_nothing_and_says_whether_it_would_succeed(kms, key):
    would = ("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
    assert refusal(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", DryRun=True) == would
    assert refusal(kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256", DryRun=True) == would
    blob = encrypt(kms, key)
    assert refusal(kms.decrypt, CiphertextBlob=blob[:-1] + b"x", DryRun=True)[0] == "InvalidCiphertextException"
    code, _ = refusal(kms.encrypt, KeyId=ABSENT, Plaintext=b"x", DryRun=True)
    assert code == "NotFoundException"


# What is done


def test_a_key_is_made_and_described(kms, key):
    described = kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]
    assert described == key
    assert len(described.pop("CurrentKeyMaterialId")) == 64
    del described["CreationDate"]
    assert described == {
        "AWSAccountId": ACCOUNT,
        "KeyId": key["KeyId"],
        "Arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key['KeyId']}",
        "Enabled": True,
        "Description": "for tests",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }


def test_a_ciphertext_names_its_key(kms, key):
    answer = kms.decrypt(CiphertextBlob=encrypt(kms, key))
    assert (answer["Plaintext"], answer["KeyId"]) == (b"secret", key["Arn"])
    assert answer["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert encrypt(kms, key) != encrypt(kms, key)


def test_a_key_answers_to_its_id_its_arn_and_its_aliases(kms, key):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key["Arn"])
    alias_arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/app"
    for reference in (key["KeyId"], key["Arn"], "alias/app", alias_arn):
        assert kms.encrypt(KeyId=reference, Plaintext=b"x")["KeyId"] == key["Arn"]
    assert refusal(kms.disable_key, KeyId="alias/app") == ("NotFoundException", "Invalid keyId 'alias/app'")


def test_aliases_that_aws_has_ready_are_listed_without_a_key(kms):
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/own", TargetKeyId=key["KeyId"])
    made = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    pages = list(kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 4}))
    listed = {alias["AliasName"]: alias.get("TargetKeyId") for page in pages for alias in page["Aliases"]}
    assert listed["alias/aws/dynamodb"] is None
    assert (listed["alias/aws/s3"], listed["alias/own"]) == (made, key["KeyId"])
    assert (len(listed), [len(page["Aliases"]) for page in pages]) == (15, [4, 4, 4, 3])


def test_aliases_are_listed_moved_and_deleted(kms, key):
    other = kms.create_key()["KeyMetadata"]
    for name in ("alias/b", "alias/a"):
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    kms.update_alias(AliasName="alias/b", TargetKeyId=other["KeyId"])
    listed = {alias["AliasName"]: alias["TargetKeyId"] for alias in with_keys(kms.list_aliases())}
    assert listed == {"alias/a": key["KeyId"], "alias/b": other["KeyId"]}
    assert [alias["AliasName"] for alias in kms.list_aliases(KeyId=other["KeyId"])["Aliases"]] == ["alias/b"]
    kms.delete_alias(AliasName="alias/a")
    assert refusal(kms.delete_alias, AliasName="alias/a")[0] == "NotFoundException"


def test_lists_come_in_pages(kms):
    made = sorted(kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5))
    first = kms.list_keys(Limit=2)
    assert first["Truncated"]
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    assert [entry["KeyId"] for page in pages for entry in page["Keys"]] == made
    assert refusal(kms.list_keys, Marker="***")[0] == "InvalidMarkerException"


def test_data_keys_are_given_in_clear_and_sealed(kms, key):
    context = {"EncryptionContext": {"purpose": "test"}}
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_128", **context)
    assert len(made["Plaintext"]) == 16
    assert decrypt(kms, made["CiphertextBlob"], **context) == made["Plaintext"]
    hidden = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], NumberOfBytes=100)
    assert "Plaintext" not in hidden
    assert len(decrypt(kms, hidden["CiphertextBlob"])) == 100
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024


def test_re_encryption_moves_a_secret_from_key_to_key(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = encrypt(kms, key, EncryptionContext={"a": "1"})
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other["KeyId"],
        DestinationEncryptionContext={"b": "2"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert decrypt(kms, moved["CiphertextBlob"], EncryptionContext={"b": "2"}) == b"secret"


def test_tags_are_added_listed_and_removed(kms):
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}])
    kms.untag_resource(KeyId=key, TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "b", "TagValue": "2"}]


def test_a_key_has_a_policy_from_the_start(kms, key):
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    assert policy["Id"] == "key-default-1"
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_the_key_that_aws_manages_is_made_when_first_asked_for(kms):
    first = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]
    assert (first["KeyManager"], first["KeyUsage"]) == ("AWS", "ENCRYPT_DECRYPT")
    assert kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"] == first
    assert kms.get_key_rotation_status(KeyId=first["KeyId"])["KeyRotationEnabled"]
    assert refusal(kms.describe_key, KeyId="alias/aws/no-such-service")[0] == "NotFoundException"


# What happens next


def test_a_key_is_deleted_when_its_time_has_come(kms, key, cloud):
    blob = encrypt(kms, key)
    kms.create_alias(AliasName="alias/app", TargetKeyId=key["KeyId"])
    answer = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion"
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["DeletionDate"] == answer["DeletionDate"]
    cloud.clock.advance(7 * DAY_S - 60)
    assert state(kms, key) == "PendingDeletion"
    cloud.clock.advance(120)
    assert refusal(kms.describe_key, KeyId=key["KeyId"])[0] == "NotFoundException"
    assert refusal(kms.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert with_keys(kms.list_aliases()) == []


def test_a_deletion_can_be_taken_back(kms, key, cloud):
    blob = encrypt(kms, key)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    assert state(kms, key) == "Disabled"
    cloud.clock.advance(31 * DAY_S)
    kms.enable_key(KeyId=key["KeyId"])
    assert decrypt(kms, blob) == b"secret"
