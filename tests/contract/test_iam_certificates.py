"""Certificates and keys in IAM: what is refused, what is done."""

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization

from tests.contract.federation_box import PEM, key_and_certificate, pem_of

ACCOUNT = "000000000000"


def refused(action, code):
    with pytest.raises(ClientError) as failure:
        action()
    assert failure.value.response["Error"]["Code"] == code


@pytest.fixture
def iam(aws):
    return aws("iam")


@pytest.fixture(scope="module")
def pair():
    """(certificate, private key) as PEM."""
    key, certificate = key_and_certificate("server")
    return certificate.public_bytes(PEM).decode(), pem_of(key)


# What is refused


def test_a_certificate_and_a_key_that_do_not_belong_together(iam, pair):
    other, _ = key_and_certificate("other")
    upload = {"ServerCertificateName": "c", "CertificateBody": pair[0]}
    refused(lambda: iam.upload_server_certificate(**upload, PrivateKey=pem_of(other)), "KeyPairMismatch")
    broken = {**upload, "CertificateBody": "no certificate", "PrivateKey": pair[1]}
    refused(lambda: iam.upload_server_certificate(**broken), "MalformedCertificate")
    refused(lambda: iam.get_server_certificate(ServerCertificateName="c"), "NoSuchEntity")


def test_a_signing_certificate_is_uploaded_once_and_two_at_most(iam, pair):
    iam.create_user(UserName="bob")
    upload = lambda body: iam.upload_signing_certificate(UserName="bob", CertificateBody=body)  # noqa: E731
    refused(lambda: upload("nonsense"), "MalformedCertificate")
    upload(pair[0])
    refused(lambda: upload(pair[0]), "DuplicateCertificate")
    for name in ("second", "third"):
        body = key_and_certificate(name)[1].public_bytes(PEM).decode()
        refused(lambda body=body: upload(body), "LimitExceeded") if name == "third" else upload(body)
    refused(lambda: iam.delete_user(UserName="bob"), "DeleteConflict")


# What is done


def test_a_server_certificate_is_kept_renamed_and_deleted(iam, pair):
    made = iam.upload_server_certificate(
        ServerCertificateName="c", CertificateBody=pair[0], PrivateKey=pair[1], Path="/x/",
        Tags=[{"Key": "k", "Value": "v"}],
    )["ServerCertificateMetadata"]  # fmt: skip
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:server-certificate/x/c"
    assert made["Expiration"].year == 2016
    iam.update_server_certificate(ServerCertificateName="c", NewServerCertificateName="d", NewPath="/")
    shown = iam.get_server_certificate(ServerCertificateName="d")["ServerCertificate"]
    assert shown["CertificateBody"] == pair[0].strip()
    assert shown["Tags"] == [{"Key": "k", "Value": "v"}]
    (listed,) = iam.list_server_certificates()["ServerCertificateMetadataList"]
    assert listed["ServerCertificateId"] == made["ServerCertificateId"]
    iam.delete_server_certificate(ServerCertificateName="d")
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []


def test_a_signing_certificate_is_put_out_of_use(iam, pair, cloud):
    iam.create_user(UserName="bob")
    made = iam.upload_signing_certificate(UserName="bob", CertificateBody=pair[0])["Certificate"]
    iam.generate_credential_report()
    cloud.settle()
    row = iam.get_credential_report()["Content"].decode().splitlines()[-1].split(",")
    assert row[-4:] == ["true", made["UploadDate"].isoformat(timespec="seconds"), "false", "N/A"]
    iam.update_signing_certificate(UserName="bob", CertificateId=made["CertificateId"], Status="Inactive")
    (listed,) = iam.list_signing_certificates(UserName="bob")["Certificates"]
    assert listed["Status"] == "Inactive"
    iam.delete_signing_certificate(UserName="bob", CertificateId=made["CertificateId"])
    assert iam.list_signing_certificates(UserName="bob")["Certificates"] == []


def test_ssh_keys_of_a_user(iam):
    iam.create_user(UserName="bob")
    public = key_and_certificate()[0].public_key()
    body = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    refused(lambda: iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody="ssh-rsa AAAA"), "InvalidPublicKey")
    made = iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=body)["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert len(made["Fingerprint"]) == 47
    refused(lambda: iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=body), "DuplicateSSHPublicKey")
    name = {"UserName": "bob", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**name, Encoding="SSH")["SSHPublicKey"]["SSHPublicKeyBody"] == body
    pem = iam.get_ssh_public_key(**name, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyBody"]
    assert pem.startswith("-----BEGIN PUBLIC KEY-----")
    iam.update_ssh_public_key(**name, Status="Inactive")
    assert iam.list_ssh_public_keys(UserName="bob")["SSHPublicKeys"][0]["Status"] == "Inactive"
    iam.delete_ssh_public_key(**name)
    assert iam.list_ssh_public_keys(UserName="bob")["SSHPublicKeys"] == []
