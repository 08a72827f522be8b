"""Encryption at rest: what waits for its delivery, or lies in an archive, of topics that have a KMS key.

Each text has a data key of its own, which lies encrypted before it. KMS is asked in the caller's name, so that a
publisher needs the permission; the key that AWS manages is open to everyone in the account who comes through here.
"""

from glasshouse.core import ServiceError, ids
from glasshouse.services.sns import errors
from glasshouse.services.sns.records import Topic

MANAGED_KEY = "alias/aws/sns"
PLAIN, SEALED = b"\x00", b"\x01"
NONCE_BYTES = 12
REFUSALS = {
    "AccessDeniedException": errors.KMSAccessDeniedException,
    "DisabledException": errors.KMSDisabledException,
    "KMSInvalidStateException": errors.KMSInvalidStateException,
    "NotFoundException": errors.KMSNotFoundException,
}


class Encryption:
    """Between SNS's texts and KMS."""

    def _check_key(self, topic: Topic):
        """Whoever publishes to an encrypted topic must be able to use its key. Raises what SNS says if not."""
        if topic.attributes.get("KmsMasterKeyId"):
            self._data_key(topic)

    def _sealed(self, topic: Topic, text: bytes) -> bytes:
        if not topic.attributes.get("KmsMasterKeyId"):
            return PLAIN + text
        key = self._data_key(topic)
        nonce, blob = ids.random_bytes(NONCE_BYTES), key["CiphertextBlob"]
        ciphertext = _aead(key["Plaintext"]).encrypt(nonce, text, topic.arn.encode())
        return SEALED + len(blob).to_bytes(2) + blob + nonce + ciphertext

    def _opened(self, topic_arn: str, sealed: bytes) -> bytes:
        if sealed[:1] == PLAIN:
            return sealed[1:]
        end = 3 + int.from_bytes(sealed[1:3])
        context = {"aws:sns:topicArn": topic_arn}
        key = self.aws.kms.decrypt(CiphertextBlob=sealed[3:end], EncryptionContext=context)["Plaintext"]
        nonce, ciphertext = sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
        return _aead(key).decrypt(nonce, ciphertext, topic_arn.encode())

    def _data_key(self, topic: Topic) -> dict:
        key_id = topic.attributes["KmsMasterKeyId"]
        siblings = self.aws if key_id.endswith(MANAGED_KEY) else self.aws.as_caller()
        context = {"aws:sns:topicArn": topic.arn}
        try:
            return siblings.kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
        except ServiceError as refusal:
            if refusal.code not in REFUSALS:
                raise
            raise REFUSALS[refusal.code](refusal.message) from None


def _aead(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded by the first who needs it

    return AESGCM(key)
