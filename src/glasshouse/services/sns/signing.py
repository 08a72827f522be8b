"""Signatures: an RSA key whose certificate the cloud's authority has issued, and the page that shows the certificate.

One key signs for all topics of the cloud. It is sealed at rest, and replaced a month before its certificate ends;
it stays, so that what was left open is signed by the key that it names, and so do certificates, so that older messages
can still be verified.

Signing takes longer than all the rest of a delivery. What lies in a queue is therefore written out and signed when it
is given out: until then it is a draft.
"""

import json
from base64 import b64decode, b64encode
from functools import cache, lru_cache
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

from glasshouse.core.seal import Seal
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.sns.envelopes import Fields, completed, string_to_sign
from glasshouse.services.sns.records import Certificate, CurrentKey, SigningKey, Topic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_BITS = 2048
COMMON_NAME = "sns.amazonaws.com"
CURRENT = "current"
MONTH_S = 30 * 24 * 3600
PAGE_PREFIX, PAGE_SUFFIX = "/SimpleNotificationService-", ".pem"
HASHES = {"1": sha1, "2": sha256}  # by the signature's version
REMEMBERED = 4096


class Signing:
    """Signs what is sent, and answers whoever wants to verify it."""

    def _signature(self, topic: Topic, fields: Fields) -> Fields:
        """The fields that make a document verifiable."""
        blank = self._blank_signature(topic)
        return blank and blank | {"Signature": self._sign(fields | blank)}

    def _blank_signature(self, topic: Topic) -> Fields:
        """The same without the signature itself. What FIFO topics send is not signed, as on AWS."""
        if topic.is_fifo:
            return {}
        key = self.current_keys.get(CURRENT)
        if key is None or key.expires - MONTH_S < self.cloud.clock.real():
            key = self._make_key()
        return _blank(topic.signature_version, self.call.region, key.name)

    def _sign(self, fields: Fields) -> str:
        """By the key whose certificate the fields name: the same each time."""
        key = self.signing_keys.get(fields["SigningCertURL"].rpartition(PAGE_PREFIX)[2].removesuffix(PAGE_SUFFIX))
        version = fields["SignatureVersion"]
        hashed = HASHES[version](string_to_sign(fields).encode()).digest()
        return _signature_of(_private_key(self.cloud.seal, key.sealed), version, hashed)

    # The seam to sqs, which completes with it what lies in a queue

    def _completed(self, text: str) -> str:
        """The document of a draft, signed."""
        return completed(text, self._sign)

    def _signed(self, text: str) -> str:
        """The same for what lies in a queue since SNS left whole documents there, with blanks for the signature."""
        fields, place = json.loads(text), '\n  "Signature" : "'  # nowhere else: JSON's strings hold no line break
        return text.replace(place + fields["Signature"], place + self._sign(fields), 1)

    def visit(self, visit: Visit) -> Answer | None:
        """The certificate that a SigningCertURL names."""
        if not (visit.path.startswith(PAGE_PREFIX) and visit.path.endswith(PAGE_SUFFIX)):
            return None
        certificate = self.certificates.get(visit.path.removeprefix(PAGE_PREFIX).removesuffix(PAGE_SUFFIX))
        if certificate is None or visit.method not in ("GET", "HEAD"):
            return Answer(404, {"content-type": "text/plain"}, b"There is no such certificate.\n")
        return Answer(200, {"content-type": "application/x-pem-file"}, certificate.pem.encode())

    def _make_key(self) -> CurrentKey:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        key = _new_key()
        names = [COMMON_NAME, f"*.{COMMON_NAME.partition('.')[2]}"]
        pem = self.cloud.authority().issue(names, key.public_key())
        name = sha256(pem).hexdigest()[:32]
        secret = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        expires = x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
        self.certificates.put(Certificate(name, pem.decode()))
        self.signing_keys.put(SigningKey(name, b64encode(self.cloud.seal.close(secret)).decode()))
        return self.current_keys.put(CurrentKey(CURRENT, name, expires))


@lru_cache(64)
def _blank(version: str, region: str, certificate: str) -> Fields:
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return {
        "SignatureVersion": version,
        "Signature": "",
        "SigningCertURL": f"https://sns.{region}.{domain}{PAGE_PREFIX}{certificate}{PAGE_SUFFIX}",
    }


@cache
def _new_key() -> "RSAPrivateKey":
    """One for each process: to make a key takes a fifth of a second, and a process seldom runs two clouds."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, KEY_BITS)


@lru_cache(8)
def _private_key(seal: Seal, sealed: str) -> Any:
    from cryptography.hazmat.primitives import serialization

    return serialization.load_der_private_key(seal.open(b64decode(sealed)), None)


@lru_cache(REMEMBERED)
def _signature_of(key: Any, version: str, hashed: bytes) -> str:
    """Remembered, since all subscribers of a topic get the same one."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, utils

    algorithm = utils.Prehashed(hashes.SHA256() if version == "2" else hashes.SHA1())
    return b64encode(key.sign(hashed, padding.PKCS1v15(), algorithm)).decode()
