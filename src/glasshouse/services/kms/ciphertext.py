"""Ciphertexts of symmetric keys: they say which key and which of its materials made them.

    mark (2 bytes) | account (6) | material's number (4) | length of the key's id (1) | key's id | nonce (12) | sealed

The encryption context, in the order of its keys, is bound to the ciphertext as additional authenticated data, as is
the head. AWS does not document its own layout.
"""

from dataclasses import dataclass

from glasshouse.core import ids
from glasshouse.services.kms.errors import InvalidCiphertextException

MARK = b"\x01\x67"
NONCE_BYTES = 12
_FIXED_BYTES = len(MARK) + 6 + 4 + 1


@dataclass(frozen=True, slots=True)
class Ciphertext:
    account: str
    key_id: str
    number: int
    nonce: bytes
    sealed: bytes

    @property
    def head(self) -> bytes:
        key_id = self.key_id.encode()
        return MARK + int(self.account).to_bytes(6) + self.number.to_bytes(4) + bytes([len(key_id)]) + key_id

    def written(self) -> bytes:
        return self.head + self.nonce + self.sealed

    def open(self, material: bytes, context: dict[str, str] | None) -> bytes:
        """Raises InvalidCiphertextException."""
        from cryptography.exceptions import InvalidTag

        try:
            return _cipher(material).decrypt(self.nonce, self.sealed, self.head + _bound(context))
        except InvalidTag:
            raise InvalidCiphertextException("") from None


def read(blob: bytes) -> Ciphertext:
    """Raises InvalidCiphertextException on what is no ciphertext of a symmetric key."""
    length = blob[_FIXED_BYTES - 1] if len(blob) >= _FIXED_BYTES else 0
    start = _FIXED_BYTES + length
    if not blob.startswith(MARK) or len(blob) < start + NONCE_BYTES:
        raise InvalidCiphertextException("")
    account, number = int.from_bytes(blob[2:8]), int.from_bytes(blob[8:12])
    key_id = blob[_FIXED_BYTES:start].decode("ascii", "replace")
    return Ciphertext(f"{account:012d}", key_id, number, blob[start : start + NONCE_BYTES], blob[start + NONCE_BYTES :])


def seal(account: str, key_id: str, number: int, material: bytes, plaintext: bytes, context: dict[str, str] | None):
    """The ciphertext of some bytes."""
    nonce = ids.random_bytes(NONCE_BYTES)
    head = Ciphertext(account, key_id, number, nonce, b"").head
    return head + nonce + _cipher(material).encrypt(nonce, plaintext, head + _bound(context))


def _bound(context: dict[str, str] | None) -> bytes:
    parts = []
    for name, value in sorted((context or {}).items()):
        for text in (name.encode(), value.encode()):
            parts.append(len(text).to_bytes(4) + text)
    return b"".join(parts)


def _cipher(material: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(material)
