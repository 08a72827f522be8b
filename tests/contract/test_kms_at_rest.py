"""What lies on the disk: no secret and no key in clear; and what a restart brings back."""

import os

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from glasshouse.app import LiveCloud, Settings

SECRET = "a secret that is nowhere on the disk"


class Kept:
    """Clouds kept in one directory, one after another."""

    def __init__(self, directory):
        self.directory = directory
        self.start()

    def start(self):
        self.live = LiveCloud(Settings(data=self.directory, port=0))

    def restart(self):
        self.live.stop()
        self.start()

    def client(self, service, region="eu-west-1"):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region, endpoint_url=self.live.url, **keys)

    def holding(self, needle: bytes):
        """The files that hold some bytes, in clear or in base64 or hex."""
        from base64 import b64encode

        forms = (needle, b64encode(needle)[:40], needle.hex().encode())
        files = [path for path in self.directory.rglob("*") if path.is_file()]
        assert any(path.name.startswith("state.sqlite") for path in files)
        return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


@pytest.fixture
def kept(tmp_path):
    made = Kept(tmp_path / "data")
    yield made
    made.live.stop()


def test_no_secret_lies_on_the_disk_in_clear(kept):
    ssm, secrets = kept.client("ssm"), kept.client("secretsmanager")
    ssm.put_parameter(Name="plain", Value="a value that is no secret", Type="String")
    ssm.put_parameter(Name="s", Value=SECRET, Type="SecureString")
    ssm.put_parameter(Name="big", Value=SECRET * 200, Type="SecureString", Tier="Advanced")
    secrets.create_secret(Name="text", SecretString=SECRET, AddReplicaRegions=[{"Region": "us-east-1"}])
    secrets.create_secret(Name="bytes", SecretBinary=SECRET.encode() * 1000)
    secrets.put_secret_value(SecretId="text", SecretString=SECRET + "!")
    assert ssm.get_parameter(Name="s", WithDecryption=True)["Parameter"]["Value"] == SECRET
    assert secrets.get_secret_value(SecretId="text")["SecretString"] == SECRET + "!"
    # What is no secret shows that the search finds what is there.
    assert kept.holding(b"a value that is no secret")
    assert kept.holding(SECRET.encode()) == []


def test_no_key_lies_on_the_disk_in_clear(kept):
    kms = kept.client("kms")
    material = os.urandom(32)
    key = kms.create_key(Origin="EXTERNAL", MultiRegion=True)["KeyMetadata"]["KeyId"]
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    kms.import_key_material(
        KeyId=key,
        ImportToken=given["ImportToken"],
        EncryptedKeyMaterial=load_der_public_key(given["PublicKey"]).encrypt(material, scheme),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")["PrivateKeyPlaintext"]
    for secret in (material, data_key, pair):
        assert kept.holding(secret) == []
    assert (kept.directory / "root.key").stat().st_mode & 0o777 == 0o600


def test_keys_parameters_and_secrets_survive_a_restart(kept):
    kms, ssm, secrets = kept.client("kms"), kept.client("ssm"), kept.client("secretsmanager")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    new = kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
    signed = {"KeyId": pair, "Message": b"m", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(**signed)["Signature"]
    ssm.put_parameter(Name="s", Value=SECRET, Type="SecureString")
    secrets.create_secret(Name="x", SecretString=SECRET)
    kept.restart()
    kms, ssm, secrets = kept.client("kms"), kept.client("ssm"), kept.client("secretsmanager")
    assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in (old, new)] == [b"old", b"new"]
    assert kms.verify(Signature=signature, **signed)["SignatureValid"]
    assert ssm.get_parameter(Name="s", WithDecryption=True)["Parameter"]["Value"] == SECRET
    assert secrets.get_secret_value(SecretId="x")["SecretString"] == SECRET
