"""How objects are compressed on their way to S3: piece by piece, so that their size does not matter.

Snappy is the format of the Java library snappy-java, not the official framing; Hadoop's is another one again.
https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html; what that table calls .hsnappy arrives as .snappy.
"""

import zipfile
import zlib
from collections.abc import Callable
from typing import Protocol

from glasshouse.core import ids

GZIP_WINDOW = 31  # zlib's number for a header and trailer of gzip
LEVEL = 6
BLOCK_BYTES = 32 * 1024
SNAPPY_MAGIC = b"\x82SNAPPY\x00" + (1).to_bytes(4) + (1).to_bytes(4)
EXTENSIONS = {"GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".snappy"}
ENCODINGS = {"GZIP": "gzip", "ZIP": "zip", "Snappy": "snappy-java", "HADOOP_SNAPPY": "hadoop-snappy"}
Write = Callable[[bytes], object]


class Writer(Protocol):
    """Takes the bytes as they are, and writes them as they shall be."""

    def write(self, chunk: bytes) -> None: ...
    def close(self) -> None: ...


def writer(kind: str, write: Write) -> Writer:
    if kind == "Snappy":
        return Snappy(write, SNAPPY_MAGIC, states_sizes=False)
    if kind == "HADOOP_SNAPPY":
        return Snappy(write, b"", states_sizes=True)
    return {"GZIP": Gzip, "ZIP": Zip}.get(kind, Plain)(write)


class Plain:
    """Nothing is done to it."""

    def __init__(self, write: Write):
        self._write = write

    def write(self, chunk: bytes):
        self._write(chunk)

    def close(self):
        pass


class Gzip:
    def __init__(self, write: Write):
        self._write = write
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)

    def write(self, chunk: bytes):
        self._pass_on(self._deflate.compress(chunk))

    def close(self):
        self._pass_on(self._deflate.flush())

    def _pass_on(self, written: bytes):
        if written:
            self._write(written)


class Target:
    """As much of a file as zipfile needs."""

    def __init__(self, write: Write):
        self._write = write

    def write(self, chunk: bytes) -> int:
        self._write(chunk)
        return len(chunk)

    def flush(self):
        pass


class Zip:
    """An archive with one entry, whose name is a UUID."""

    def __init__(self, write: Write):
        self._archive = zipfile.ZipFile(Target(write), "w", zipfile.ZIP_DEFLATED)  # type: ignore[arg-type]
        entry = zipfile.ZipInfo(ids.uuid())
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._entry = self._archive.open(entry, "w")

    def write(self, chunk: bytes):
        self._entry.write(chunk)

    def close(self):
        self._entry.close()
        self._archive.close()


class Snappy:
    """Compresses in blocks of 32 KiB, each after its length and, if sizes are stated, after what it was before."""

    def __init__(self, write: Write, head: bytes, states_sizes: bool):
        self._write, self._states_sizes, self._waiting = write, states_sizes, bytearray()
        if head:
            write(head)

    def write(self, chunk: bytes):
        self._waiting += chunk
        end = len(self._waiting) // BLOCK_BYTES * BLOCK_BYTES
        for start in range(0, end, BLOCK_BYTES):
            self._block(bytes(self._waiting[start : start + BLOCK_BYTES]))
        del self._waiting[:end]

    def close(self):
        if self._waiting:
            self._block(bytes(self._waiting))

    def _block(self, block: bytes):
        from cramjam import snappy  # a shared library that few clouds need

        compressed = bytes(snappy.compress_raw(block))
        size = len(block).to_bytes(4) if self._states_sizes else b""
        self._write(size + len(compressed).to_bytes(4) + compressed)
