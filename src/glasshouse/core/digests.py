"""Checksums of bodies, computed as they pass: the algorithms AWS knows, by its names in lower case."""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache

HASHES = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}
CYCLIC = {"crc32": 4, "crc32c": 4, "crc64nvme": 8}
XXHASHES = {"xxhash64": "new_xxhash64", "xxhash3": "new_xxhash3_64", "xxhash128": "new_xxhash3_128"}


class Digests:
    """Running checksums of one stream of bytes."""

    def __init__(self, algorithms: Iterable[str]):
        self._hashes = {name: HASHES[name](usedforsecurity=False) for name in algorithms if name in HASHES}
        self._cyclic = {name: 0 for name in algorithms if name in CYCLIC}
        self._step = {name: _cyclic_step(name) for name in self._cyclic}
        self._xxhashes = {name: _xxhash(name) for name in algorithms if name in XXHASHES}

    def update(self, chunk: bytes):
        for running in self._hashes.values():
            running.update(chunk)
        for running in self._xxhashes.values():
            running.update(chunk)
        for name, step in self._step.items():
            self._cyclic[name] = step(chunk, self._cyclic[name])

    def results(self) -> dict[str, bytes]:
        """Raw checksums by algorithm; cyclic ones big-endian, as S3 shows them."""
        cyclic = {name: value.to_bytes(CYCLIC[name], "big") for name, value in self._cyclic.items()}
        xxhashes = {name: running.finalize() for name, running in self._xxhashes.items()}
        return {name: running.digest() for name, running in self._hashes.items()} | cyclic | xxhashes


@cache
def _cyclic_step(name: str) -> Callable[[bytes, int], int]:
    if name == "crc32":
        return zlib.crc32
    from awscrt import checksums  # a native library, loaded by the first body that needs it

    return getattr(checksums, name)


def _xxhash(name: str):
    from awscrt import checksums

    return getattr(checksums.XXHash, XXHASHES[name])()


def digest(algorithm: str, data: bytes) -> bytes:
    """The raw checksum of some bytes."""
    if algorithm in HASHES:
        return HASHES[algorithm](data, usedforsecurity=False).digest()
    if algorithm in CYCLIC:
        return _cyclic_step(algorithm)(data, 0).to_bytes(CYCLIC[algorithm], "big")
    running = Digests([algorithm])
    running.update(data)
    return running.results()[algorithm]


def base64_digest(algorithm: str, data: bytes) -> str:
    return b64encode(digest(algorithm, data)).decode()


def md5_hex(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
