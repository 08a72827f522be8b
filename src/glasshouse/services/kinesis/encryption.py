"""Server-side encryption: records sealed with data keys of the stream's KMS key.

KMS is asked in the caller's name, so that producers need kms:GenerateDataKey and consumers kms:Decrypt; the key that
AWS manages is open to everyone in the account who comes through here. The data key, encrypted, lies before what it
sealed.
"""

from collections.abc import Callable

from glasshouse.core import ServiceError, ids
from glasshouse.services.kinesis import errors
from glasshouse.services.kinesis.records import Stream

MANAGED_KEY = "alias/aws/kinesis"
OPEN, BY_MANAGED_KEY, BY_CUSTOMER_KEY = 0, 1, 2
CHANGES_A_DAY = 25
NONCE_BYTES, LENGTH_BYTES = 12, 2
# What KMS says, in Kinesis's words.
REFUSALS = {
    "AccessDeniedException": errors.KMSAccessDeniedException,
    "DisabledException": errors.KMSDisabledException,
    "InvalidKeyUsageException": errors.KMSInvalidStateException,
    "KMSInvalidStateException": errors.KMSInvalidStateException,
    "NotFoundException": errors.KMSNotFoundException,
}


class Encryption:
    """StartStreamEncryption and StopStreamEncryption, and what they mean for records."""

    def start_stream_encryption(
        self, encryption_type: str, key_id: str, stream_name: str | None = None, stream_arn: str | None = None
    ):
        stream = self._encrypted(stream_name, stream_arn, encryption_type)
        how = BY_MANAGED_KEY if key_id.endswith(MANAGED_KEY) else BY_CUSTOMER_KEY
        self._ask_kms(stream, how, "generate_data_key", KeyId=key_id, KeySpec="AES_256")
        self._update(stream, "_set_encryption", encryption_type="KMS", key_id=key_id)

    def stop_stream_encryption(
        self, encryption_type: str, key_id: str, stream_name: str | None = None, stream_arn: str | None = None
    ):
        stream = self._encrypted(stream_name, stream_arn, encryption_type)
        self._update(stream, "_set_encryption", encryption_type="NONE", key_id=None)

    # Within

    def _encrypted(self, name: str | None, arn: str | None, kind: str) -> Stream:
        """A stream whose encryption may be changed once more today."""
        if kind != "KMS":
            raise errors.InvalidArgumentException(f"EncryptionType {kind} is not valid: only KMS is.")
        stream = self._idle(name, arn)
        stream.encryption_changes = self._once_more(
            stream.encryption_changes,
            CHANGES_A_DAY,
            f"The encryption of stream {stream.stream_name} has been changed {CHANGES_A_DAY} times",
        )
        return stream

    def _set_encryption(self, name: str, number: int, encryption_type: str, key_id: str | None):
        if stream := self._updating(name, number):
            stream.encryption_type, stream.key_id = encryption_type, key_id
            stream.stream_status = "ACTIVE"
            self._keep(stream)

    def _sealer(self, stream: Stream) -> tuple[int, Callable[[bytes], bytes]]:
        """How the records of this call are sealed, and what does it."""
        if stream.key_id is None:
            return OPEN, lambda data: data
        how = BY_MANAGED_KEY if stream.key_id.endswith(MANAGED_KEY) else BY_CUSTOMER_KEY
        key = self._ask_kms(stream, how, "generate_data_key", KeyId=stream.key_id, KeySpec="AES_256")
        blob, cipher, bound = key["CiphertextBlob"], _cipher(key["Plaintext"]), stream.stream_arn.encode()
        head = len(blob).to_bytes(LENGTH_BYTES) + blob

        def seal(data: bytes) -> bytes:
            nonce = ids.random_bytes(NONCE_BYTES)
            return head + nonce + cipher.encrypt(nonce, data, bound)

        return how, seal

    def _unsealer(self, stream: Stream) -> Callable[[int, bytes], bytes]:
        """What decrypts records; KMS is asked once for each data key."""
        ciphers = {}
        bound = stream.stream_arn.encode()

        def unseal(how: int, sealed: bytes) -> bytes:
            end = LENGTH_BYTES + int.from_bytes(sealed[:LENGTH_BYTES])
            blob, data = sealed[LENGTH_BYTES:end], sealed[end + NONCE_BYTES :]
            if blob not in ciphers:
                opened = self._ask_kms(stream, how, "decrypt", CiphertextBlob=blob)
                ciphers[blob] = _cipher(opened["Plaintext"])
            return ciphers[blob].decrypt(sealed[end : end + NONCE_BYTES], data, bound)

        return unseal

    def _ask_kms(self, stream: Stream, how: int, operation: str, **params) -> dict:
        siblings = self.aws(stream.account, stream.region) if how == BY_MANAGED_KEY else self.aws.as_caller()
        try:
            return getattr(siblings.kms, operation)(
                **params, EncryptionContext={"aws:kinesis:arn": stream.stream_arn}
            )  # fmt: skip
        except ServiceError as refusal:
            if refusal.code not in REFUSALS:
                raise
            raise REFUSALS[refusal.code](refusal.message) from None


def _cipher(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

    return AESGCM(key)
