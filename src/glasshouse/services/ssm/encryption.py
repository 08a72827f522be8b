"""SecureString: the values that KMS keeps, bound to the parameter's ARN by the encryption context.

A standard parameter is encrypted by KMS itself; an advanced one, which may be larger than KMS takes, with a data key
that lies encrypted beside it (AWS lays both out as a message of its Encryption SDK; here: length of the encrypted data
key in two bytes, that key, twelve bytes of nonce, ciphertext). A customer's key is used in the caller's name, so that
the caller needs the permission; the key that AWS manages is open to everyone in the account who comes through here.
"""

from base64 import b64decode, b64encode

from glasshouse.core import ids
from glasshouse.core.errors import ServiceError
from glasshouse.services.ssm.errors import InvalidKeyId
from glasshouse.services.ssm.records import Parameter

DEFAULT_KEY = "alias/aws/ssm"
NONCE_BYTES = 12


class Encryption:
    """Between a SecureString and KMS."""

    def _encrypted(self, parameter: Parameter) -> str:
        scope = {"KeyId": parameter.key_id, "EncryptionContext": {"PARAMETER_ARN": parameter.arn}}
        plaintext = parameter.value.encode()
        if parameter.tier == "Standard":
            blob = self._ask_kms(parameter, "encrypt", Plaintext=plaintext, **scope)["CiphertextBlob"]
        else:
            key = self._ask_kms(parameter, "generate_data_key", KeySpec="AES_256", **scope)
            nonce = ids.random_bytes(NONCE_BYTES)
            sealed = _cipher(key["Plaintext"]).encrypt(nonce, plaintext, parameter.arn.encode())
            blob = len(key["CiphertextBlob"]).to_bytes(2) + key["CiphertextBlob"] + nonce + sealed
        return b64encode(blob).decode()

    def _decrypted(self, parameter: Parameter) -> str:
        scope = {"EncryptionContext": {"PARAMETER_ARN": parameter.arn}}
        blob = b64decode(parameter.value)
        if parameter.tier == "Standard":
            return self._ask_kms(parameter, "decrypt", CiphertextBlob=blob, **scope)["Plaintext"].decode()
        end = 2 + int.from_bytes(blob[:2])
        key = self._ask_kms(parameter, "decrypt", CiphertextBlob=blob[2:end], **scope)["Plaintext"]
        nonce, sealed = blob[end : end + NONCE_BYTES], blob[end + NONCE_BYTES :]
        return _cipher(key).decrypt(nonce, sealed, parameter.arn.encode()).decode()

    def _ask_kms(self, parameter: Parameter, operation: str, **params) -> dict:
        managed = parameter.key_id == DEFAULT_KEY
        siblings = self.aws if managed else self.aws.as_caller()
        try:
            return getattr(siblings.kms, operation)(**params)
        except ServiceError as refusal:
            if refusal.code in ("AccessDeniedException", "NotSupported"):
                raise
            raise InvalidKeyId(f"{refusal.message} (Service: AWSKMS; Error Code: {refusal.code})") from None


def _cipher(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

    return AESGCM(key)
