"""Server-side encryption: records that wait are sealed with a data key, one for each buffer.

The customer's key is used by a grant that whoever starts the encryption must be allowed to make; the key that AWS owns
is the seal of this cloud (https://docs.aws.amazon.com/firehose/latest/dev/encryption.html).
"""

from contextlib import suppress
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.services.firehose.buffers import Buffer
from glasshouse.services.firehose.errors import (
    InvalidArgumentException,
    InvalidKMSResourceException,
    LimitExceededException,
)
from glasshouse.services.firehose.records import DeliveryStream

OWNED, CUSTOMER = "AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"
CHANGES_A_DAY, DAY_S = 25, 86_400
KEY_BYTES, NONCE_BYTES = 32, 12
BY_SEAL, BY_KMS = b"S", b"K"
# What KMS says, in the words of FailureDescription.
FAILURES = {
    "AccessDeniedException": "KMS_ACCESS_DENIED", "DisabledException": "DISABLED_KMS_KEY",
    "InvalidArnException": "INVALID_KMS_KEY", "InvalidKeyUsageException": "INVALID_KMS_KEY",
    "KMSInvalidStateException": "INVALID_KMS_KEY", "NotFoundException": "KMS_KEY_NOT_FOUND",
}  # fmt: skip


class Encryption:
    """StartDeliveryStreamEncryption and StopDeliveryStreamEncryption, and what they mean for records."""

    def start_delivery_stream_encryption(
        self, delivery_stream_name: str, delivery_stream_encryption_configuration_input: dict | None = None
    ):
        stream = self._encryptable(delivery_stream_name)
        asked = self._checked_encryption(stream, delivery_stream_encryption_configuration_input or {"KeyType": OWNED})
        stream.encryption = {**asked, "Status": "ENABLING"}
        self.streams.put(stream)
        self._take_up_encryption(stream)

    def stop_delivery_stream_encryption(self, delivery_stream_name: str):
        stream = self._encryptable(delivery_stream_name)
        stream.encryption = {**stream.encryption, "Status": "DISABLING"}
        self.streams.put(stream)
        self.later("_encryption_ends", name=delivery_stream_name)

    # Within

    def _encryptable(self, name: str) -> DeliveryStream:
        """A stream whose encryption may be changed once more today."""
        stream = self._active(name)
        if stream.reads_a_stream:
            raise _only_for_direct_puts()
        day = [moment for moment in stream.encryption_changes if moment > self.now - DAY_S]
        if len(day) >= CHANGES_A_DAY:
            raise LimitExceededException(
                f"You can invoke StartDeliveryStreamEncryption and StopDeliveryStreamEncryption a combined total of"
                f" {CHANGES_A_DAY} times per Firehose stream per 24 hours."
            )
        stream.encryption_changes = [*day, self.now]
        return stream

    def _checked_encryption(self, stream: DeliveryStream, asked: dict[str, Any]) -> dict[str, Any]:
        key = asked.get("KeyARN")
        if stream.reads_a_stream:
            raise _only_for_direct_puts()
        if asked["KeyType"] == OWNED and key:
            raise InvalidArgumentException("KeyARN cannot be specified when KeyType is AWS_OWNED_CMK")
        if asked["KeyType"] == CUSTOMER and not key:
            raise InvalidArgumentException("KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK")
        if key and key.split(":")[3] != self.call.region:
            raise InvalidArgumentException(
                "Cross-region keys are not allowed for SSE. Please provide CMKs in the same region as firehose"
            )
        return asked

    def _take_up_encryption(self, stream: DeliveryStream):
        """Make the grant in the caller's name, and go on with the next tick."""
        grant, failure = None, None
        if stream.encryption["KeyType"] == CUSTOMER:
            try:
                grant = self._new_grant(stream)
            except ServiceError as refusal:
                failure = _failure(refusal)
        name = stream.delivery_stream_name
        self.later("_encryption_begins", name=name, grant=grant, failure=failure)

    def _new_grant(self, stream: DeliveryStream) -> dict[str, str]:
        key = stream.encryption["KeyARN"]
        with self.store.transaction():
            made = self.aws.as_caller().kms.create_grant(
                KeyId=key, GranteePrincipal="firehose.amazonaws.com", Operations=["GenerateDataKey", "Decrypt"],
                Constraints={"EncryptionContextSubset": _context(stream)}, Name=ids.uuid(),
            )  # fmt: skip
        return {"KeyId": key, "GrantId": made["GrantId"]}

    def _retire_grant(self, stream: DeliveryStream):
        """Raises ServiceError, where KMS does not let go of it."""
        if stream.grant:
            with self.store.transaction():
                self.aws.kms.revoke_grant(**stream.grant)
        stream.grant = None

    def _encryption_begins(self, name: str, grant: dict[str, str] | None, failure: dict | None):
        stream = self.streams.get(name)
        if stream is None or stream.encryption["Status"] != "ENABLING":
            return
        if failure:
            stream.encryption |= {"Status": "ENABLING_FAILED", "FailureDescription": failure}
        else:
            with suppress(ServiceError):  # the key of old may be gone
                self._retire_grant(stream)
            stream.encryption["Status"] = "ENABLED"
            stream.grant = grant
        self.streams.put(stream)

    def _encryption_ends(self, name: str):
        stream = self.streams.get(name)
        if stream is None or stream.encryption["Status"] != "DISABLING":
            return
        try:
            self._retire_grant(stream)
            stream.encryption = {"Status": "DISABLED"}
        except ServiceError as refusal:
            failure = {"Type": "RETIRE_KMS_GRANT_FAILED", "Details": refusal.message or refusal.code}
            stream.encryption |= {"Status": "DISABLING_FAILED", "FailureDescription": failure}
        self.streams.put(stream)

    # Records

    def _new_data_key(self, stream: DeliveryStream) -> bytes | None:
        """A data key for a new buffer, encrypted; None if records are not."""
        if not stream.is_encrypted:
            return None
        if stream.encryption["KeyType"] == OWNED:
            return BY_SEAL + self.cloud.seal.close(ids.random_bytes(KEY_BYTES), stream.delivery_stream_arn.encode())
        made = self._ask_kms("generate_data_key", stream, KeyId=stream.encryption["KeyARN"], KeySpec="AES_256")
        return BY_KMS + made["CiphertextBlob"]

    def _cipher(self, stream: DeliveryStream, buffer: Buffer):
        """What encrypts the records of a buffer; None if nothing does."""
        if buffer.key is None:
            return None
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

        how, blob = buffer.key[:1], buffer.key[1:]
        if how == BY_KMS:
            key = self._ask_kms("decrypt", stream, CiphertextBlob=blob)["Plaintext"]
        else:
            key = self.cloud.seal.open(blob, stream.delivery_stream_arn.encode())
        return AESGCM(key)

    def _ask_kms(self, operation: str, stream: DeliveryStream, **params) -> dict:
        try:
            return getattr(self.aws.kms, operation)(**params, EncryptionContext=_context(stream))
        except ServiceError as refusal:
            raise InvalidKMSResourceException(refusal.message, code=refusal.code) from None


def sealed(cipher, data: bytes) -> bytes:
    if cipher is None:
        return data
    nonce = ids.random_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, None)


def opened(cipher, data: bytes) -> bytes:
    return data if cipher is None else cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)


def _context(stream: DeliveryStream) -> dict[str, str]:
    return {"aws:firehose:arn": stream.delivery_stream_arn}


def _failure(refusal: ServiceError) -> dict[str, str]:
    return {"Type": FAILURES.get(refusal.code, "CREATE_KMS_GRANT_FAILED"), "Details": refusal.message or refusal.code}


def _only_for_direct_puts() -> InvalidArgumentException:
    return InvalidArgumentException(
        "Server side encryption from firehose is only allowed for direct put delivery streams and database as a source"
        " delivery streams"
    )
