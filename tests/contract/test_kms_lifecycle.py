"""KMS: rotation, imported material, replicas in other Regions, and what a restart and the disk see of it."""

import os

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

DAY_S = 24 * 3600
LASTING = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def external(kms):
    return kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]


def refusal(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def encrypt(kms, key):
    return kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]


def decrypt(kms, blob):
    return kms.decrypt(CiphertextBlob=blob)["Plaintext"]


def described(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def rotations(kms, key, **more):
    return kms.list_key_rotations(KeyId=key, **more)["Rotations"]


def wrap(public_key, algorithm, material):
    """Wrap key material as a customer does."""
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    scheme = padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)
    public = load_der_public_key(public_key)
    if algorithm.startswith("RSAES"):
        return public.encrypt(material, scheme)
    wrapping = os.urandom(32)
    return public.encrypt(wrapping, scheme) + aes_key_wrap_with_padding(wrapping, material)


def bring(kms, key, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", **more):
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    wrapped = wrap(given["PublicKey"], algorithm, material)
    more = more or LASTING
    return kms.import_key_material(KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, **more)


# What is refused


def test_only_symmetric_keys_of_kms_rotate(kms, external):
    pair = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    for key in (pair, external):
        assert refusal(kms.enable_key_rotation, KeyId=key)[0] == "UnsupportedOperationException"
    assert refusal(kms.rotate_key_on_demand, KeyId=pair)[0] == "UnsupportedOperationException"


def test_a_disabled_key_is_not_set_to_rotate(kms, key):
    kms.disable_key(KeyId=key)
    for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
        assert refusal(call, KeyId=key) == ("DisabledException", f"{key} is disabled.")


def test_a_rotation_period_has_its_limits(kms, key):
    for days in (89, 2561):
        assert refusal(kms.enable_key_rotation, KeyId=key, RotationPeriodInDays=days)[0] == "ValidationException"


def test_a_key_rotates_on_demand_twenty_five_times(kms, key):
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
    assert refusal(kms.rotate_key_on_demand, KeyId=key)[0] == "LimitExceededException"


def test_material_is_imported_only_where_it_is_expected(kms, key, external):
    asked = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    assert refusal(kms.get_parameters_for_import, KeyId=key, **asked) == (
        "UnsupportedOperationException",
        f"{key} origin is AWS_KMS which is not valid for this operation.",
    )
    assert refusal(kms.encrypt, KeyId=external, Plaintext=b"x") == (
        "KMSInvalidStateException",
        f"{external} is pending import.",
    )
    old = {"WrappingAlgorithm": "RSAES_PKCS1_V1_5", "WrappingKeySpec": "RSA_2048"}
    assert refusal(kms.get_parameters_for_import, KeyId=external, **old)[0] == "UnsupportedOperationException"
    mine = {"WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "SM2"}
    assert refusal(kms.get_parameters_for_import, KeyId=external, **mine)[0] == "NotSupported"


def test_imports_that_are_none(kms, external, cloud):
    asked = {"KeyId": external, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    given = kms.get_parameters_for_import(**asked)
    wrapped = wrap(given["PublicKey"], "RSAES_OAEP_SHA_256", os.urandom(32))

    def refused(**changes):
        params = {"KeyId": external, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": wrapped}
        return refusal(kms.import_key_material, **(params | LASTING | changes))

    assert refused(ExpirationModel="KEY_MATERIAL_EXPIRES") == (
        "ValidationException",
        "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
    )
    assert refused(ImportToken=b"none")[0] == "InvalidImportTokenException"
    assert refused(EncryptedKeyMaterial=wrapped[:-1] + b"x")[0] == "InvalidCiphertextException"
    short = wrap(given["PublicKey"], "RSAES_OAEP_SHA_256", os.urandom(31))
    assert refused(EncryptedKeyMaterial=short)[0] == "IncorrectKeyMaterialException"
    other = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    assert refused(KeyId=other)[0] == "InvalidImportTokenException"
    cloud.clock.advance(DAY_S + 1)
    assert refused()[0] == "ExpiredImportTokenException"


def test_a_key_takes_back_only_the_material_it_had(kms, external):
    material = os.urandom(32)
    bring(kms, external, material)
    kms.delete_imported_key_material(KeyId=external)
    with pytest.raises(kms.exceptions.IncorrectKeyMaterialException):
        bring(kms, external, os.urandom(32))
    bring(kms, external, material)
    assert described(kms, external)["KeyState"] == "Enabled"


def test_replicas_are_refused_where_they_cannot_be(kms, key):
    mrk = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    assert refusal(kms.replicate_key, KeyId=key, ReplicaRegion="us-east-1")[0] == "UnsupportedOperationException"
    assert refusal(kms.replicate_key, KeyId=mrk, ReplicaRegion="eu-west-1")[0] == "AlreadyExistsException"
    assert refusal(kms.replicate_key, KeyId=mrk, ReplicaRegion="cn-north-1")[0] == "ValidationException"
    assert refusal(kms.update_primary_region, KeyId=mrk, PrimaryRegion="us-east-1")[0] == (
        "UnsupportedOperationException"
    )


# What is done


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"])
@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072"])
def test_material_wrapped_elsewhere_is_imported(kms, external, algorithm, spec):
    answer = bring(kms, external, os.urandom(32), algorithm, spec)
    key = described(kms, external)
    assert (key["KeyState"], key["Enabled"]) == ("Enabled", True)
    assert key["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert key["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    assert decrypt(kms, encrypt(kms, external)) == b"secret"


def test_private_keys_are_imported_and_sign_as_they_did(kms):
    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for spec, pair in (
        ("RSA_2048", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        ("ECC_NIST_P521", ec.generate_private_key(ec.SECP521R1())),
    ):
        key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY", Origin="EXTERNAL")["KeyMetadata"]
        bring(kms, key["Arn"], pair.private_bytes(*form), "RSA_AES_KEY_WRAP_SHA_256")
        algorithm = key["SigningAlgorithms"][0]
        params = {"KeyId": key["Arn"], "Message": b"m", "SigningAlgorithm": algorithm}
        signature = kms.sign(**params)["Signature"]
        if spec == "RSA_2048":
            pair.public_key().verify(signature, b"m", padding.PKCS1v15(), hashes.SHA256())
        else:
            pair.public_key().verify(signature, b"m", ec.ECDSA(hashes.SHA512()))


def test_a_rotated_key_still_decrypts_what_it_encrypted(kms, key):
    blobs = [encrypt(kms, key)]
    for _ in range(3):
        kms.rotate_key_on_demand(KeyId=key)
        blobs.append(encrypt(kms, key))
    assert [decrypt(kms, blob) for blob in blobs] == [b"secret"] * 4
    listed = rotations(kms, key)
    assert [one["RotationType"] for one in listed] == ["ON_DEMAND"] * 3
    assert [one["KeyMaterialState"] for one in listed] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
    everything = rotations(kms, key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    used = [kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] for blob in blobs]
    assert [one["KeyMaterialId"] for one in everything] == used


def test_the_rotation_of_a_key_is_told(kms, key):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 100)
    assert (status["NextRotationDate"] - described(kms, key)["CreationDate"]).days == 100
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_a_key_is_the_same_in_several_regions(aws, kms):
    primary = kms.create_key(MultiRegion=True, Description="here")["KeyMetadata"]
    assert primary["KeyId"].startswith("mrk-")
    answer = kms.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="us-east-1", Description="there")
    there = aws("kms", "us-east-1")
    replica = described(there, primary["KeyId"])
    assert replica == answer["ReplicaKeyMetadata"]
    assert (replica["Description"], replica["KeyState"]) == ("there", "Enabled")
    assert replica["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": primary["Arn"], "Region": "eu-west-1"},
        "ReplicaKeys": [{"Arn": replica["Arn"], "Region": "us-east-1"}],
    }
    assert decrypt(there, encrypt(kms, primary["KeyId"])) == b"secret"
    kms.rotate_key_on_demand(KeyId=primary["KeyId"])
    assert decrypt(there, encrypt(kms, primary["KeyId"])) == b"secret"
    assert refusal(there.rotate_key_on_demand, KeyId=primary["KeyId"])[0] == "UnsupportedOperationException"


# What happens next


def test_a_key_rotates_by_the_clock(kms, key, cloud):
    blob = encrypt(kms, key)
    kms.enable_key_rotation(KeyId=key)
    cloud.clock.advance(364 * DAY_S)
    assert rotations(kms, key) == []
    cloud.clock.advance(367 * DAY_S)
    assert [one["RotationType"] for one in rotations(kms, key)] == ["AUTOMATIC", "AUTOMATIC"]
    assert decrypt(kms, blob) == b"secret"


def test_a_disabled_key_rotates_when_it_is_enabled_again(kms, key, cloud):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.disable_key(KeyId=key)
    cloud.clock.advance(100 * DAY_S)
    assert rotations(kms, key) == []
    kms.enable_key(KeyId=key)
    assert len(rotations(kms, key)) == 1
    cloud.clock.advance(91 * DAY_S)
    assert len(rotations(kms, key)) == 2


def test_imported_material_expires_by_the_clock_and_can_come_again(kms, external, cloud):
    material, end = os.urandom(32), cloud.clock.now() + 2 * DAY_S
    bring(kms, external, material, ValidTo=end, ExpirationModel="KEY_MATERIAL_EXPIRES")
    assert described(kms, external)["ValidTo"].timestamp() == pytest.approx(end, abs=1)
    blob = encrypt(kms, external)
    cloud.clock.advance(2 * DAY_S + 1)
    assert described(kms, external)["KeyState"] == "PendingImport"
    assert refusal(kms.decrypt, CiphertextBlob=blob) == (
        "KMSInvalidStateException",
        f"{external} is pending import.",
    )
    bring(kms, external, material)
    assert decrypt(kms, blob) == b"secret"


def test_imported_keys_rotate_to_other_imported_material(kms, external):
    bring(kms, external, os.urandom(32))
    blob = encrypt(kms, external)
    assert refusal(kms.rotate_key_on_demand, KeyId=external)[0] == "KMSInvalidStateException"
    bring(kms, external, os.urandom(32), ImportType="NEW_KEY_MATERIAL", **LASTING)
    states = [one["KeyMaterialState"] for one in rotations(kms, external, IncludeKeyMaterial="ALL_KEY_MATERIAL")]
    assert states == ["CURRENT", "PENDING_ROTATION"]
    kms.rotate_key_on_demand(KeyId=external)
    assert [decrypt(kms, blob), decrypt(kms, encrypt(kms, external))] == [b"secret"] * 2


def test_imported_material_is_brought_to_each_region(aws, kms):
    key = kms.create_key(Origin="EXTERNAL", MultiRegion=True)["KeyMetadata"]["KeyId"]
    material = os.urandom(32)
    bring(kms, key, material)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    there = aws("kms", "us-east-1")
    assert described(there, key)["KeyState"] == "PendingImport"
    with pytest.raises(there.exceptions.IncorrectKeyMaterialException):
        bring(there, key, os.urandom(32))
    bring(there, key, material)
    assert decrypt(there, encrypt(kms, key)) == b"secret"
    second = os.urandom(32)
    bring(kms, key, second, ImportType="NEW_KEY_MATERIAL", **LASTING)
    assert refusal(kms.rotate_key_on_demand, KeyId=key)[0] == "KMSInvalidStateException"
    bring(there, key, second)
    kms.rotate_key_on_demand(KeyId=key)
    assert decrypt(there, encrypt(kms, key)) == b"secret"


def test_the_primary_of_a_key_moves(aws, kms, cloud):
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    kms.update_primary_region(KeyId=key, PrimaryRegion="us-east-1")
    there = aws("kms", "us-east-1")
    assert described(there, key)["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert described(kms, key)["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    cloud.clock.advance(366 * DAY_S)
    assert len(rotations(there, key)) == len(rotations(kms, key)) == 1


def test_a_primary_is_deleted_after_its_replicas(aws, kms, cloud):
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    assert kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"] == "PendingReplicaDeletion"
    cloud.clock.advance(8 * DAY_S)
    assert described(kms, key)["KeyState"] == "PendingReplicaDeletion"
    aws("kms", "us-east-1").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    cloud.clock.advance(7 * DAY_S + 60)
    assert described(kms, key)["KeyState"] == "PendingDeletion"
    cloud.clock.advance(7 * DAY_S)
    assert refusal(kms.describe_key, KeyId=key)[0] == "NotFoundException"
