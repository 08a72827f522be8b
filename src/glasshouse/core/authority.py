"""The cloud's certificate authority, as services see it; the gateway has it, since it speaks TLS with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol


class Authority(Protocol):
    """Vouches for names of AWS and of this machine."""

    pem: bytes  # the certificate of the root

    def bundle(self) -> Path:
        """A file of the certificates that this machine trusts, and the root's."""
        ...

    def issue(self, names: Sequence[str], public_key: Any) -> bytes:
        """A certificate (PEM) that says whose a public key (of `cryptography`) is; the first name is the common one."""
        ...
