"""Certificates and public keys that IAM holds for others: of servers, for signing, for SSH to Git."""

import base64
import hashlib

from glasshouse.core import ids
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import (
    DuplicateCertificate,
    DuplicateSSHPublicKey,
    EntityAlreadyExists,
    InvalidPublicKey,
    KeyPairMismatch,
    LimitExceeded,
    MalformedCertificate,
    NoSuchEntity,
)
from glasshouse.services.iam.records import ServerCertificate, SigningCertificate, SshPublicKey

SERVER_CERTIFICATES_AT_MOST, SIGNING_PER_USER, SSH_PER_USER = 20, 2, 5


class Certificates:
    """The operations on server certificates, signing certificates and SSH public keys."""

    def upload_server_certificate(
        self,
        server_certificate_name: str,
        certificate_body: str,
        private_key: str,
        certificate_chain: str | None = None,
        path: str = "/",
        tags: list | None = None,
    ):
        if self.server_certificates.get(server_certificate_name):
            raise EntityAlreadyExists(f"The Server Certificate with name {server_certificate_name} already exists.")
        if len(self.server_certificates.keys()) >= SERVER_CERTIFICATES_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for ServerCertificatesPerAccount: {SERVER_CERTIFICATES_AT_MOST}")
        expiration = _matching(certificate_body, private_key)
        if certificate_chain:
            _certificate(certificate_chain)
        arn = self._iam_arn("server-certificate", path, server_certificate_name)
        self._tag(arn, tags)
        certificate = ServerCertificate(
            server_certificate_name, self._new_id("ASCA"), path, arn, self.now, expiration, certificate_body.strip(),
            self.cloud.seal.close(private_key.encode()), certificate_chain and certificate_chain.strip(),
        )  # fmt: skip
        self.server_certificates.put(certificate)
        return {"ServerCertificateMetadata": certificate, "Tags": self._tags(arn) or None}

    def get_server_certificate(self, server_certificate_name: str):
        found = self._server_certificate(server_certificate_name)
        shown = {**vars(found), "ServerCertificateMetadata": found, "Tags": self._tags(found.arn)}
        return {"ServerCertificate": shown}

    def list_server_certificates(self, path_prefix: str = "/", marker: str | None = None, max_items: int = PAGE):
        found, page = self._page(
            self.server_certificates, marker, max_items, lambda one: one.path.startswith(path_prefix)
        )
        return {"ServerCertificateMetadataList": found, **page}

    def update_server_certificate(
        self,
        server_certificate_name: str,
        new_path: str | None = None,
        new_server_certificate_name: str | None = None,
    ):
        found = self._server_certificate(server_certificate_name)
        name = new_server_certificate_name or server_certificate_name
        if name != server_certificate_name and self.server_certificates.get(name):
            raise EntityAlreadyExists(f"The Server Certificate with name {name} already exists.")
        tags = self.cloud.tags.of(found.arn)
        self.cloud.tags.clear(found.arn)
        self.server_certificates.delete(found)
        found.server_certificate_name, found.path = name, new_path or found.path
        found.arn = self._iam_arn("server-certificate", found.path, name)
        self.cloud.tags.add(found.arn, tags)
        self.server_certificates.put(found)

    def delete_server_certificate(self, server_certificate_name: str):
        found = self._server_certificate(server_certificate_name)
        self.cloud.tags.clear(found.arn)
        self.server_certificates.delete(found)

    def tag_server_certificate(self, server_certificate_name: str, tags: list):
        self._tag(self._server_certificate(server_certificate_name).arn, tags)

    def untag_server_certificate(self, server_certificate_name: str, tag_keys: list):
        self._untag(self._server_certificate(server_certificate_name).arn, tag_keys)

    def list_server_certificate_tags(
        self, server_certificate_name: str, marker: str | None = None, max_items: int = PAGE
    ):
        return self._list_tags(self._server_certificate(server_certificate_name).arn, marker, max_items)

    # Signing certificates

    def upload_signing_certificate(self, certificate_body: str, user_name: str | None = None):
        user = self._user(user_name)
        _certificate(certificate_body)
        held = list(self.signing_certificates.list(user.user_name))
        if any(one.certificate_body == certificate_body for one in held):
            raise DuplicateCertificate()
        if len(held) >= SIGNING_PER_USER:
            raise LimitExceeded(f"Cannot exceed quota for CertificatesPerUser: {SIGNING_PER_USER}")
        certificate = SigningCertificate(user.user_name, ids.token(24, ids.UPPER), certificate_body, self.now)
        return {"Certificate": self.signing_certificates.put(certificate)}

    def list_signing_certificates(self, user_name: str | None = None, marker: str | None = None, max_items: int = PAGE):
        held = list(self.signing_certificates.list(self._user(user_name).user_name))
        found, page = self._slice(held, marker, max_items)
        return {"Certificates": found, **page}

    def update_signing_certificate(self, certificate_id: str, status: str, user_name: str | None = None):
        certificate = self._signing_certificate(user_name, certificate_id)
        certificate.status = status
        self.signing_certificates.put(certificate)

    def delete_signing_certificate(self, certificate_id: str, user_name: str | None = None):
        self.signing_certificates.delete(self._signing_certificate(user_name, certificate_id))

    # SSH public keys

    def upload_ssh_public_key(self, user_name: str, ssh_public_key_body: str):
        user = self._user(user_name)
        body, fingerprint = _ssh_key(ssh_public_key_body)
        held = list(self.ssh_public_keys.list(user.user_name))
        if any(one.fingerprint == fingerprint for one in held):
            raise DuplicateSSHPublicKey()
        if len(held) >= SSH_PER_USER:
            raise LimitExceeded(f"Cannot exceed quota for SSHPublicKeysPerUser: {SSH_PER_USER}")
        key = SshPublicKey(user.user_name, self._new_id("APKA"), fingerprint, body, self.now)
        return {"SSHPublicKey": self.ssh_public_keys.put(key)}

    def get_ssh_public_key(self, user_name: str, ssh_public_key_id: str, encoding: str):
        key = self._ssh_public_key(user_name, ssh_public_key_id)
        body = key.ssh_public_key_body if encoding == "SSH" else _as_pem(key.ssh_public_key_body)
        return {"SSHPublicKey": {**vars(key), "SSHPublicKeyBody": body}}

    def list_ssh_public_keys(self, user_name: str | None = None, marker: str | None = None, max_items: int = PAGE):
        held = list(self.ssh_public_keys.list(self._user(user_name).user_name))
        found, page = self._slice(held, marker, max_items)
        return {"SSHPublicKeys": found, **page}

    def update_ssh_public_key(self, user_name: str, ssh_public_key_id: str, status: str):
        key = self._ssh_public_key(user_name, ssh_public_key_id)
        key.status = status
        self.ssh_public_keys.put(key)

    def delete_ssh_public_key(self, user_name: str, ssh_public_key_id: str):
        self.ssh_public_keys.delete(self._ssh_public_key(user_name, ssh_public_key_id))

    # Within

    def _server_certificate(self, name: str) -> ServerCertificate:
        found = self.server_certificates.get(name)
        if found is None:
            raise NoSuchEntity(f"The Server Certificate with name {name} cannot be found.")
        return found

    def _signing_certificate(self, user_name: str | None, certificate_id: str) -> SigningCertificate:
        found = self.signing_certificates.get(self._user(user_name).user_name, certificate_id)
        if found is None:
            raise NoSuchEntity(f"The Certificate with id {certificate_id} cannot be found.")
        return found

    def _ssh_public_key(self, user_name: str, key_id: str) -> SshPublicKey:
        found = self.ssh_public_keys.get(self._user(user_name).user_name, key_id)
        if found is None:
            raise NoSuchEntity(f"The Public Key with id {key_id} cannot be found.")
        return found


def _certificate(body: str):
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(body.encode())
    except ValueError:
        raise MalformedCertificate(f"Certificate {body} is malformed.") from None


def _matching(body: str, private_key: str) -> float:
    """When a certificate ends, if the key is its own."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    certificate = _certificate(body)
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError):
        raise MalformedCertificate("Invalid Private Key.") from None
    if key.public_key() != certificate.public_key():
        raise KeyPairMismatch("Certificate and private key do not match.")
    return certificate.not_valid_after_utc.timestamp()


def _ssh_key(body: str) -> tuple[str, str]:
    """A public key in SSH's form, and its fingerprint."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        pem = body.lstrip().startswith("-----")
        key = forms.load_pem_public_key(body.encode()) if pem else forms.load_ssh_public_key(body.encode())
    except ValueError:
        raise InvalidPublicKey() from None
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise InvalidPublicKey("The public key must be an RSA key of 2048 bits or more.")
    written = key.public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH).decode()
    digest = hashlib.md5(base64.b64decode(written.split()[1]), usedforsecurity=False).hexdigest()
    return written, ":".join(digest[place : place + 2] for place in range(0, 32, 2))


def _as_pem(body: str) -> str:
    from cryptography.hazmat.primitives import serialization as forms

    key = forms.load_ssh_public_key(body.encode())
    return key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo).decode()
