"""The values of secrets, sealed with data keys of KMS.

As on AWS each version has a data key of its own, whose encryption context binds it to the secret's ARN and the version.
Layout: length of the encrypted data key in two bytes, that key, twelve bytes of nonce, ciphertext. A customer's key is
used in the caller's name, so that the caller needs the permission; the key that AWS manages is open to everyone in the
account who comes through here.
"""

from glasshouse.core import ids
from glasshouse.core.errors import ServiceError
from glasshouse.services.secretsmanager.errors import AccessDeniedException, DecryptionFailure, EncryptionFailure

DEFAULT_KEY = "alias/aws/secretsmanager"
NONCE_BYTES = 12


class Encryption:
    """Between a secret and KMS."""

    def _seal(self, arn: str, version_id: str, key_id: str | None, value: bytes) -> bytes:
        scope = {"KeyId": key_id or DEFAULT_KEY, "KeySpec": "AES_256", "EncryptionContext": _context(arn, version_id)}
        key = self._ask_kms(key_id, EncryptionFailure, "generate_data_key", scope)
        nonce = ids.random_bytes(NONCE_BYTES)
        sealed = _cipher(key["Plaintext"]).encrypt(nonce, value, arn.encode())
        return len(key["CiphertextBlob"]).to_bytes(2) + key["CiphertextBlob"] + nonce + sealed

    def _open(self, arn: str, version_id: str, key_id: str | None, sealed: bytes) -> bytes:
        end = 2 + int.from_bytes(sealed[:2])
        scope = {"CiphertextBlob": sealed[2:end], "EncryptionContext": _context(arn, version_id)}
        key = self._ask_kms(key_id, DecryptionFailure, "decrypt", scope)["Plaintext"]
        nonce, ciphertext = sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
        return _cipher(key).decrypt(nonce, ciphertext, arn.encode())

    def _ask_kms(self, key_id: str | None, failure: type[ServiceError], operation: str, params: dict) -> dict:
        siblings = self.aws.as_caller() if key_id else self.aws
        try:
            return getattr(siblings.kms, operation)(**params)
        except ServiceError as refusal:
            if refusal.code == "NotSupported":
                raise
            if refusal.code == "AccessDeniedException":
                raise AccessDeniedException() from None
            raise failure(f"{(failure.__doc__ or '').strip()} ({refusal.code}: {refusal.message})") from None


def _context(arn: str, version_id: str) -> dict[str, str]:
    return {"SecretARN": arn, "SecretVersionId": version_id}


def _cipher(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

    return AESGCM(key)
