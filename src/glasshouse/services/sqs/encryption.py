"""SSE-KMS: bodies encrypted with data keys, which lie beside them encrypted by KMS.

A data key is used for the time the queue says, then a new one is made; a message remembers which key is its, also
where it moves to another queue and gets another id. KMS is asked in the caller's name, so that the caller needs the
permission; the key that AWS manages is open to everyone in the account who comes through here. SSE-SQS, which is on by
default, promises a key that nobody sees: nothing here shows it.
"""

from glasshouse.core import ids
from glasshouse.core.errors import ServiceError
from glasshouse.services.sqs import errors
from glasshouse.services.sqs.messages import Message
from glasshouse.services.sqs.records import Queue

MANAGED_KEY = "alias/aws/sqs"
NONCE_BYTES = 12
# What KMS says, in SQS's words.
REFUSALS = {
    "AccessDeniedException": errors.KmsAccessDenied,
    "DisabledException": errors.KmsDisabled,
    "InvalidKeyUsageException": errors.KmsInvalidKeyUsage,
    "KMSInvalidStateException": errors.KmsInvalidState,
    "NotFoundException": errors.KmsNotFound,
}


class Encryption:
    """Between the messages of a queue and KMS. Data keys are asked for once in a call."""

    def _sealed(self, queue: Queue, body: str) -> tuple[int, bytes]:
        """(data key, ciphertext) of a body."""
        oldest = self.now - queue.kms_data_key_reuse_period_seconds
        row = self.store.read(
            "SELECT id FROM sqs_key WHERE arn = ? AND kms_key = ? AND made > ? ORDER BY id DESC LIMIT 1",
            (queue.arn, queue.kms_master_key_id, oldest),
        ).fetchone()
        key = row[0] if row else self._new_key(queue)
        nonce = ids.random_bytes(NONCE_BYTES)
        return key, nonce + self._cipher(key).encrypt(nonce, body.encode(), None)

    def _opened(self, message: Message) -> str:
        sealed: bytes = message.body  # type: ignore[assignment]
        cipher = self._cipher(message.key)
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()

    def _new_key(self, queue: Queue) -> int:
        context = {"aws:sqs:arn": queue.arn}
        made = self._ask_kms(
            queue.kms_master_key_id, "generate_data_key",
            KeyId=queue.kms_master_key_id, KeySpec="AES_256", EncryptionContext=context,
        )  # fmt: skip
        id = self.store.write(
            "INSERT INTO sqs_key (arn, kms_key, made, sealed) VALUES (?, ?, ?, ?)",
            (queue.arn, queue.kms_master_key_id, self.now, made["CiphertextBlob"]),
        ).lastrowid
        self._data_keys[id] = _aead(made["Plaintext"])
        return id

    def _cipher(self, id: int):
        if id not in self._data_keys:
            arn, kms_key, sealed = self.store.read(
                "SELECT arn, kms_key, sealed FROM sqs_key WHERE id = ?", (id,)
            ).fetchone()
            context = {"aws:sqs:arn": arn}
            opened = self._ask_kms(kms_key, "decrypt", CiphertextBlob=sealed, EncryptionContext=context)
            self._data_keys[id] = _aead(opened["Plaintext"])
        return self._data_keys[id]

    def _ask_kms(self, kms_key: str, operation: str, **params) -> dict:
        managed = kms_key.endswith(MANAGED_KEY)
        siblings = self.aws if managed else self.aws.as_caller()
        try:
            return getattr(siblings.kms, operation)(**params)
        except ServiceError as refusal:
            if refusal.code not in REFUSALS:
                raise
            raise REFUSALS[refusal.code](refusal.message) from None


def _aead(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

    return AESGCM(key)
