"""Imported key material: wrapped by the customer, kept until it expires or is deleted.

The import token holds the private wrapping key, sealed, so nothing is kept between GetParametersForImport and
ImportKeyMaterial.
"""

from typing import Any

import msgspec

from glasshouse.core.errors import ValidationException
from glasshouse.services.kms import material, signatures
from glasshouse.services.kms.errors import (
    ExpiredImportTokenException,
    IncorrectKeyMaterialException,
    InvalidCiphertextException,
    InvalidImportTokenException,
    KMSInvalidStateException,
    UnsupportedOperationException,
)
from glasshouse.services.kms.records import Key, Material

DAY_S = 24 * 3600
TOKEN_CONTEXT = b"kms import token"
EXPIRES, LASTS = "KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"
NEW, EXISTING = "NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"


class Token(msgspec.Struct):
    """What an import token says to KMS."""

    arn: str
    algorithm: str
    valid_to: float
    wrapping_key: bytes


class Imports:
    """The operations on imported material."""

    def get_parameters_for_import(self, key_id: str, wrapping_algorithm: str, wrapping_key_spec: str):
        key = self._external_key(key_id, "GetParametersForImport")
        if wrapping_algorithm == "RSAES_PKCS1_V1_5":
            raise UnsupportedOperationException("The wrapping algorithm RSAES_PKCS1_V1_5 is no longer supported.")
        if wrapping_algorithm.startswith("RSAES") and key.key_spec.startswith("RSA"):
            raise UnsupportedOperationException(
                f"The wrapping algorithm {wrapping_algorithm} cannot wrap key material of the spec {key.key_spec}."
            )
        wrapping_key = material.make(wrapping_key_spec)
        token = Token(key.arn, wrapping_algorithm, self.now + DAY_S, wrapping_key)
        return {
            "KeyId": key.arn,
            "ImportToken": self.cloud.seal.close(msgspec.json.encode(token), TOKEN_CONTEXT),
            "PublicKey": material.public_bytes(wrapping_key_spec, wrapping_key),
            "ParametersValidTo": token.valid_to,
        }

    def import_key_material(
        self,
        key_id: str,
        import_token: bytes,
        encrypted_key_material: bytes,
        valid_to: float | None = None,
        expiration_model: str = EXPIRES,
        import_type: str | None = None,
        key_material_description: str | None = None,
        key_material_id: str | None = None,
    ):
        key = self._external_key(key_id, "ImportKeyMaterial")
        self._check_expiration(expiration_model, valid_to)
        secret = self._unwrapped(key, import_token, encrypted_key_material)
        kept = self._imported(key, secret, import_type, key_material_id)
        if key_material_description is not None:
            kept.key_material_description = key_material_description
        kept.expiration_model, kept.valid_to = expiration_model, valid_to
        self._materials(key).put(kept)
        self._schedule_expiration(kept)
        self._settle(key)
        shown = kept.key_material_id if key.is_symmetric else None
        return {"KeyId": key.arn, "KeyMaterialId": shown}

    def delete_imported_key_material(self, key_id: str, key_material_id: str | None = None):
        key = self._key(key_id)
        if key.aws_account_id != self.call.account:
            raise self._refusal(key, "DeleteImportedKeyMaterial")
        self._check_external(key)
        kept = self._deletable(key, key_material_id)
        if kept is not None:
            self._lose(key, kept)
        return {"KeyId": key.arn, "KeyMaterialId": kept.key_material_id if kept and key.is_symmetric else None}

    # Within

    def _external_key(self, reference: str, operation: str) -> Key:
        key = self._own_key(reference, operation)
        self._check_external(key)
        return key

    @staticmethod
    def _check_external(key: Key):
        if key.origin != "EXTERNAL":
            raise UnsupportedOperationException(
                f"{key.arn} origin is {key.origin} which is not valid for this operation."
            )

    def _check_expiration(self, model: str, valid_to: float | None):
        if model == EXPIRES and valid_to is None:
            raise ValidationException("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        if model == LASTS and valid_to is not None:
            raise ValidationException(
                "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"
            )
        if valid_to is not None and not self.now < valid_to <= self.now + 365 * DAY_S:
            raise ValidationException("The validTo date must be in the future, and at most 365 days from now.")

    def _unwrapped(self, key: Key, token: bytes, wrapped: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            said = msgspec.json.decode(self.cloud.seal.open(token, TOKEN_CONTEXT), type=Token)
        except (InvalidTag, ValueError):
            raise InvalidImportTokenException() from None
        if said.arn != key.arn:
            raise InvalidImportTokenException()
        if said.valid_to < self.now:
            raise ExpiredImportTokenException()
        secret = _unwrap(said, wrapped)
        if not material.fits(key.key_spec, secret):
            raise IncorrectKeyMaterialException(f"The key material is not that of a key of the spec {key.key_spec}.")
        return secret

    def _imported(self, key: Key, secret: bytes, import_type: str | None, expected_id: str | None) -> Material:
        """The material as it is to be kept: new, or come again."""
        known = list(self._materials(key).list(key.key_id))
        import_type = import_type or (EXISTING if known else NEW)
        identity = material.identify(key.key_id, secret)
        same = next((kept for kept in known if kept.key_material_id == identity), None)
        if import_type == NEW:
            if same or expected_id:
                raise IncorrectKeyMaterialException("The key material is associated with the KMS key already.")
            return self._import_new(key, secret, known)
        if same is None or expected_id not in (None, identity):
            raise IncorrectKeyMaterialException("The key material was not imported into the KMS key before.")
        again = self._keep_material(key, same.number, secret)
        for field in ("key_material_state", "rotation_date", "rotation_type", "key_material_description"):
            setattr(again, field, getattr(same, field))
        return again

    def _import_new(self, key: Key, secret: bytes, known: list[Material]) -> Material:
        if not known:
            key.current = 1
            kept = self._keep_material(key, 1, secret)
            self._share_identity(key, kept)
            return kept
        if not key.is_symmetric:
            raise IncorrectKeyMaterialException("The key material of this KMS key cannot be changed.")
        self._check_primary(key)
        if any(kept.key_material_state.startswith("PENDING") for kept in known):
            raise KMSInvalidStateException(f"{key.arn} has key material that is pending rotation already.")
        state = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION" if self._family(key) else "PENDING_ROTATION"
        number = known[-1].number + 1
        kept = self._keep_material(key, number, secret, key_material_state=state)
        self._share_identity(key, kept)
        return kept

    def _share_identity(self, key: Key, kept: Material):
        """Replicas know which material they are to be given, but not the material."""
        for relative in self._relatives(key)[1:]:
            shared = Material(kept.key_id, kept.number, kept.key_material_id, None, None, kept.key_material_state)
            self._materials(relative).put(shared)
            relative.current = key.current
            self._put(relative)

    def _settle(self, key: Key):
        """A key that has all its material works; new material that is everywhere can be rotated to."""
        if key.key_state == "PendingImport" and self._is_complete(key):
            key.key_state = "Enabled"
        self._put(key)
        relatives = self._relatives(key)
        for kept in list(self._materials(key).list(key.key_id)):
            if kept.key_material_state != "PENDING_MULTI_REGION_IMPORT_AND_ROTATION":
                continue
            everywhere = [self._materials(relative).get(key.key_id, kept.number) for relative in relatives]
            if all(one and one.sealed for one in everywhere):
                for relative, one in zip(relatives, everywhere, strict=True):
                    one.key_material_state = "PENDING_ROTATION"
                    self._materials(relative).put(one)

    def _is_complete(self, key: Key) -> bool:
        kept = list(self._materials(key).list(key.key_id))
        belonging = [one for one in kept if not one.key_material_state.startswith("PENDING")]
        return bool(belonging) and all(one.sealed for one in belonging)

    # Its end

    def _schedule_expiration(self, kept: Material):
        job = f"expire {kept.number} of {kept.key_id}"
        if kept.valid_to is None:
            self.cancel(job)
        else:
            self.later("_expire_material", at=kept.valid_to, key=job, key_id=kept.key_id, number=kept.number)

    def _expire_material(self, key_id: str, number: int):
        """What EventBridge tells as "KMS Imported Key Material Expiration"."""
        key, kept = self.keys.get(key_id), self.materials.get(key_id, number)
        if key and kept and kept.sealed:
            self._lose(key, kept)
            self.state("ImportedKeyMaterialExpired", key_id=key_id, arn=key.arn)

    def _deletable(self, key: Key, material_id: str | None) -> Material | None:
        kept = list(self._materials(key).list(key.key_id))
        if material_id is None:
            return next((one for one in kept if one.number == key.current and one.sealed), None)
        found = next((one for one in kept if one.key_material_id == material_id), None)
        if found is None:
            raise IncorrectKeyMaterialException(f"The key material {material_id} is not one of the KMS key {key.arn}.")
        return found

    def _lose(self, key: Key, kept: Material):
        """The material goes; what it was stays known, so that only the same can come again."""
        self.cancel(f"expire {kept.number} of {kept.key_id}")
        if kept.key_material_state.startswith("PENDING"):
            self._materials(key).delete(kept)
            return
        kept.sealed = kept.expiration_model = kept.valid_to = None
        self._materials(key).put(kept)
        if key.key_state in ("Enabled", "Disabled"):
            key.key_state = "PendingImport"
            self._put(key)


def _unwrap(token: Token, wrapped: bytes) -> bytes:
    """Raises InvalidCiphertextException."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

    private: Any = material.load_private(token.wrapping_key)
    size, padding = private.key_size // 8, signatures.oaep(token.algorithm)
    direct = token.algorithm.startswith("RSAES")
    if len(wrapped) < size or (direct and len(wrapped) > size):
        raise InvalidCiphertextException("")
    try:
        first = private.decrypt(wrapped[:size], padding)
        return first if direct else aes_key_unwrap_with_padding(first, wrapped[size:])
    except (ValueError, InvalidUnwrap):
        raise InvalidCiphertextException("") from None
