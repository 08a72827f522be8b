"""Signatures, authentication codes, key agreement and encapsulation, and public keys."""

import hashlib
import hmac

from glasshouse.core.errors import ValidationException
from glasshouse.services.kms import material, signatures, specs
from glasshouse.services.kms.errors import (
    InvalidCiphertextException,
    KMSInvalidMacException,
    UnsupportedOperationException,
)
from glasshouse.services.kms.specs import AGREE, ENCAPSULATE, MAC, SIGN


class Signing:
    """The operations of keys that do not encrypt."""

    def sign(
        self,
        key_id: str,
        message: bytes,
        signing_algorithm: str,
        message_type: str = "RAW",
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "Sign", SIGN, signing_algorithm)
        signature = signatures.sign(self._secret(key), signing_algorithm, message, message_type)
        self._stop_if_dry(dry_run)
        return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": signing_algorithm}

    def verify(
        self,
        key_id: str,
        message: bytes,
        signature: bytes,
        signing_algorithm: str,
        message_type: str = "RAW",
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "Verify", SIGN, signing_algorithm)
        public = self._material(key).public_key
        signatures.verify(public, signing_algorithm, message, message_type, signature)
        self._stop_if_dry(dry_run)
        return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": signing_algorithm}

    def generate_mac(
        self,
        message: bytes,
        key_id: str,
        mac_algorithm: str,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "GenerateMac", MAC, mac_algorithm)
        mac = _mac(self._secret(key), mac_algorithm, message)
        self._stop_if_dry(dry_run)
        return {"Mac": mac, "MacAlgorithm": mac_algorithm, "KeyId": key.arn}

    def verify_mac(
        self,
        message: bytes,
        key_id: str,
        mac_algorithm: str,
        mac: bytes,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "VerifyMac", MAC, mac_algorithm)
        if not hmac.compare_digest(_mac(self._secret(key), mac_algorithm, message), mac):
            raise KMSInvalidMacException("")
        self._stop_if_dry(dry_run)
        return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": mac_algorithm}

    def get_public_key(self, key_id: str, grant_tokens: list[str] | None = None):
        self._check_grant_tokens(grant_tokens)
        key = self._key(key_id, aliases=True)
        self._check_foreign(key, "GetPublicKey")
        if specs.find(key.key_spec).family in ("SYMMETRIC", "HMAC"):
            raise UnsupportedOperationException(f"{key.arn} key spec {key.key_spec} is not valid for GetPublicKey.")
        self._check_enabled(key)
        return {
            "KeyId": key.arn,
            "PublicKey": self._material(key).public_key,
            "CustomerMasterKeySpec": key.key_spec,
            "KeySpec": key.key_spec,
            "KeyUsage": key.key_usage,
            specs.MEMBERS[key.key_usage]: list(specs.algorithms(key.key_spec, key.key_usage)),
        }

    def derive_shared_secret(
        self,
        key_id: str,
        key_agreement_algorithm: str,
        public_key: bytes,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "DeriveSharedSecret", AGREE, key_agreement_algorithm)
        secret = _agreed(self._secret(key), public_key)
        self._stop_if_dry(dry_run)
        return {
            "KeyId": key.arn,
            "SharedSecret": secret,
            "KeyAgreementAlgorithm": key_agreement_algorithm,
            "KeyOrigin": key.origin,
        }

    def encapsulate(
        self,
        key_id: str,
        encapsulation_algorithm: str,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "Encapsulate", ENCAPSULATE, encapsulation_algorithm)
        secret, blob = material.load_public(self._material(key).public_key).encapsulate()
        self._stop_if_dry(dry_run)
        return {
            "KeyId": key.arn,
            "SharedSecret": secret,
            "SharedSecretCiphertextBlob": blob,
            "EncapsulationAlgorithm": encapsulation_algorithm,
        }

    def decapsulate(
        self,
        key_id: str,
        shared_secret_ciphertext_blob: bytes,
        encapsulation_algorithm: str,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "Decapsulate", ENCAPSULATE, encapsulation_algorithm)
        try:
            secret = material.load_private(self._secret(key)).decapsulate(shared_secret_ciphertext_blob)
        except ValueError:
            raise InvalidCiphertextException("") from None
        self._stop_if_dry(dry_run)
        return {"KeyId": key.arn, "SharedSecret": secret, "EncapsulationAlgorithm": encapsulation_algorithm}


def _mac(secret: bytes, algorithm: str, message: bytes) -> bytes:
    return hmac.digest(secret, message, getattr(hashlib, f"sha{algorithm[-3:]}"))


def _agreed(private: bytes, public: bytes) -> bytes:
    """The raw shared secret of ECDH. Raises ValidationException on a public key of another kind."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    own = material.load_private(private)
    try:
        peer = material.load_public(public)
        if isinstance(peer, ec.EllipticCurvePublicKey) and peer.curve.name == own.curve.name:
            return own.exchange(ec.ECDH(), peer)
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise ValidationException("The public key is not a DER-encoded X.509 public key on the curve of the KMS key.")
