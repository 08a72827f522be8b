"""Encrypting, decrypting, and data keys."""

from glasshouse.core import ids
from glasshouse.core.errors import ValidationException
from glasshouse.services.kms import ciphertext, material, signatures
from glasshouse.services.kms.errors import IncorrectKeyException
from glasshouse.services.kms.records import Key
from glasshouse.services.kms.specs import ENCRYPT, SYMMETRIC

DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}
Context = dict[str, str]


class Encryption:
    """The operations of keys that encrypt."""

    def encrypt(
        self,
        key_id: str,
        plaintext: bytes,
        encryption_context: Context | None = None,
        grant_tokens: list[str] | None = None,
        encryption_algorithm: str = SYMMETRIC,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._for_use(key_id, "Encrypt", ENCRYPT, encryption_algorithm, encryption_context)
        blob = self._encrypted(key, encryption_algorithm, plaintext, encryption_context)
        self._stop_if_dry(dry_run)
        return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": encryption_algorithm}

    def decrypt(
        self,
        ciphertext_blob: bytes | None = None,
        encryption_context: Context | None = None,
        grant_tokens: list[str] | None = None,
        key_id: str | None = None,
        encryption_algorithm: str = SYMMETRIC,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        key = self._source(ciphertext_blob, key_id, encryption_algorithm, "Decrypt", encryption_context)
        plaintext, material_id = self._decrypted(key, encryption_algorithm, ciphertext_blob, encryption_context)
        self._stop_if_dry(dry_run)
        return {
            "KeyId": key.arn,
            "Plaintext": plaintext,
            "EncryptionAlgorithm": encryption_algorithm,
            "KeyMaterialId": material_id,
        }

    def re_encrypt(
        self,
        destination_key_id: str,
        ciphertext_blob: bytes | None = None,
        source_encryption_context: Context | None = None,
        source_key_id: str | None = None,
        destination_encryption_context: Context | None = None,
        source_encryption_algorithm: str = SYMMETRIC,
        destination_encryption_algorithm: str = SYMMETRIC,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        self._check_grant_tokens(grant_tokens)
        asked = source_encryption_algorithm, "ReEncryptFrom", source_encryption_context
        source = self._source(ciphertext_blob, source_key_id, *asked)
        target = self._for_use(
            destination_key_id,
            "ReEncryptTo",
            ENCRYPT,
            destination_encryption_algorithm,
            destination_encryption_context,
        )
        opened = source_encryption_algorithm, ciphertext_blob, source_encryption_context
        plaintext, material_id = self._decrypted(source, *opened)
        blob = self._encrypted(target, destination_encryption_algorithm, plaintext, destination_encryption_context)
        self._stop_if_dry(dry_run)
        return {
            "CiphertextBlob": blob,
            "SourceKeyId": source.arn,
            "KeyId": target.arn,
            "SourceEncryptionAlgorithm": source_encryption_algorithm,
            "DestinationEncryptionAlgorithm": destination_encryption_algorithm,
            "SourceKeyMaterialId": material_id,
            "DestinationKeyMaterialId": self._material_id(target),
        }

    # Data keys

    def generate_data_key(
        self,
        key_id: str,
        encryption_context: Context | None = None,
        number_of_bytes: int | None = None,
        key_spec: str | None = None,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        made = self._data_key("GenerateDataKey", key_id, encryption_context, number_of_bytes, key_spec, grant_tokens)
        self._stop_if_dry(dry_run)
        return made

    def generate_data_key_without_plaintext(
        self,
        key_id: str,
        encryption_context: Context | None = None,
        key_spec: str | None = None,
        number_of_bytes: int | None = None,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        operation = "GenerateDataKeyWithoutPlaintext"
        made = self._data_key(operation, key_id, encryption_context, number_of_bytes, key_spec, grant_tokens)
        self._stop_if_dry(dry_run)
        del made["Plaintext"]
        return made

    def generate_data_key_pair(
        self,
        key_id: str,
        key_pair_spec: str,
        encryption_context: Context | None = None,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        asked = key_id, key_pair_spec, encryption_context, grant_tokens, dry_run
        return self._data_key_pair("GenerateDataKeyPair", *asked)

    def generate_data_key_pair_without_plaintext(
        self,
        key_id: str,
        key_pair_spec: str,
        encryption_context: Context | None = None,
        grant_tokens: list[str] | None = None,
        dry_run: bool | None = None,
    ):
        asked = key_id, key_pair_spec, encryption_context, grant_tokens, dry_run
        made = self._data_key_pair("GenerateDataKeyPairWithoutPlaintext", *asked)
        del made["PrivateKeyPlaintext"]
        return made

    def generate_random(self, number_of_bytes: int | None = None):
        if number_of_bytes is None:
            raise ValidationException("NumberOfBytes is required.")
        return {"Plaintext": ids.random_bytes(number_of_bytes)}

    # Within

    def _data_key(
        self,
        operation: str,
        key_id: str,
        context: Context | None,
        size: int | None,
        spec: str | None,
        tokens: list[str] | None,
    ) -> dict:
        self._check_grant_tokens(tokens)
        if (size is None) == (spec is None):
            raise ValidationException("Please specify either number of bytes or key spec.")
        key = self._for_use(key_id, operation, ENCRYPT, SYMMETRIC, context)
        plaintext = ids.random_bytes(size or DATA_KEY_BYTES[spec])
        return {
            "CiphertextBlob": self._encrypted(key, SYMMETRIC, plaintext, context),
            "Plaintext": plaintext,
            "KeyId": key.arn,
            "KeyMaterialId": self._material_id(key),
        }

    def _data_key_pair(
        self,
        operation: str,
        key_id: str,
        spec: str,
        context: Context | None,
        tokens: list[str] | None,
        dry_run: bool | None,
    ) -> dict:
        self._check_grant_tokens(tokens)
        key = self._for_use(key_id, operation, ENCRYPT, SYMMETRIC, context)
        self._stop_if_dry(dry_run)
        private = material.make(spec)
        return {
            "PrivateKeyCiphertextBlob": self._encrypted(key, SYMMETRIC, private, context),
            "PrivateKeyPlaintext": private,
            "PublicKey": material.public_bytes(spec, private),
            "KeyId": key.arn,
            "KeyPairSpec": spec,
            "KeyMaterialId": self._material_id(key),
        }

    def _encrypted(self, key: Key, algorithm: str, plaintext: bytes, context: Context | None) -> bytes:
        self._check_context(key, context)
        if algorithm != SYMMETRIC:
            return signatures.encrypt(self._material(key).public_key, key.key_spec, algorithm, plaintext)
        return ciphertext.seal(key.aws_account_id, key.key_id, key.current, self._secret(key), plaintext, context)

    def _decrypted(self, key: Key, algorithm: str, blob: bytes, context: Context | None) -> tuple[bytes, str | None]:
        """The plaintext, and which material of a symmetric key had made the ciphertext."""
        self._check_context(key, context)
        if algorithm != SYMMETRIC:
            return signatures.decrypt(self._secret(key), algorithm, blob), None
        made = ciphertext.read(blob)
        kept = self._material(key, made.number)
        return made.open(self._unsealed(kept), context), kept.key_material_id

    def _source(
        self, blob: bytes | None, key_id: str | None, algorithm: str, operation: str, context: Context | None
    ) -> Key:
        """The key to decrypt with: a symmetric one is named by the ciphertext, and must be the one that is asked."""
        if blob is None:
            raise ValidationException(
                "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must"
                " not be null"
            )
        named = self._key(key_id, aliases=True) if key_id else None
        if algorithm == SYMMETRIC:
            made_by = self._key_that_made(blob) if named is None or named.is_symmetric else None
            if named and named != made_by:
                self._check_foreign(named, operation, context)
                raise IncorrectKeyException()
            named = made_by
        elif named is None:
            raise ValidationException("KeyId is required for asymmetric decryption.")
        self._suit(named, operation, ENCRYPT, algorithm, context)
        return named

    def _material_id(self, key: Key) -> str | None:
        return self._material(key).key_material_id if key.is_symmetric else None
