"""Secrets at rest: encrypted (AES-256-GCM) with a key that lies in the data directory, readable by its owner only."""

import os
from pathlib import Path

from glasshouse.core import ids

KEY_BYTES, NONCE_BYTES = 32, 12
KEY_FILE = "root.key"


class Seal:
    """Closes bytes so that only this cloud can open them."""

    def __init__(self, key: bytes):
        self._key = key
        self._cipher = None

    @classmethod
    def kept_in(cls, directory: Path | None) -> "Seal":
        """The seal of a data directory, made on first use; without a directory one that ends with the process."""
        if directory is None:
            return cls(ids.random_bytes(KEY_BYTES))
        if not (directory / KEY_FILE).exists():
            _write_key(directory, ids.random_bytes(KEY_BYTES))
        return cls((directory / KEY_FILE).read_bytes())

    def close(self, plaintext: bytes, context: bytes = b"") -> bytes:
        """Encrypt; `context` is bound to the result and must be given again to open it."""
        nonce = ids.random_bytes(NONCE_BYTES)
        return nonce + self._aead().encrypt(nonce, plaintext, context)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes:
        """Decrypt. Raises cryptography's InvalidTag on anything this seal did not close."""
        return self._aead().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)

    def save(self, directory: Path):
        """Lay the key beside a snapshot of what it closed."""
        _write_key(directory, self._key)

    def load(self, snapshot: Path, directory: Path | None):
        """Take over the key of a snapshot, and keep it in the data directory if there is one."""
        self._key, self._cipher = (snapshot / KEY_FILE).read_bytes(), None
        if directory:
            _write_key(directory, self._key)

    def _aead(self):
        if self._cipher is None:
            # Loading OpenSSL costs 20 ms and some megabytes, which a cloud without secrets need not pay.
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(self._key)
        return self._cipher


def _write_key(directory: Path, key: bytes):
    draft = directory / f"{KEY_FILE}.{os.getpid()}"
    draft.touch(0o600)
    draft.write_bytes(key)
    draft.rename(directory / KEY_FILE)
