"""Receiving a body: into memory up to a limit, or into the blob store at any size; verified as it comes.

What is verified here is what signatures and framing promise: the SHA-256 that was signed, the chunks, the lengths.
The checksums of objects are S3's own affair; they are taken here, while the bytes pass.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from glasshouse.core.blobs import Blobs, Incoming
from glasshouse.core.digests import CYCLIC, HASHES, XXHASHES, digest
from glasshouse.core.errors import ServiceError
from glasshouse.gateway import errors
from glasshouse.gateway.chunks import ChunkReader, ChunkSigner
from glasshouse.gateway.forms import FormReader
from glasshouse.gateway.payloads import Payload
from glasshouse.gateway.rejection import Rejected

LARGEST_OBJECT_BYTES = 5 * 1024**3
KNOWN = frozenset({*HASHES, *CYCLIC, *XXHASHES})
TAKEN_ANYWAY = frozenset({"md5", "crc64nvme"})
_CHECKSUM = "x-amz-checksum-"


class Receiver(Protocol):
    """Takes the bytes of a body as they come. `write` and `finish` raise ServiceError or Rejected."""

    def write(self, chunk: bytes) -> None: ...
    def finish(self) -> "bytes | Incoming": ...
    def discard(self) -> None: ...


class InMemory:
    """A body of moderate size; `headers` are those that may state its checksums."""

    def __init__(self, limit_bytes: int, signed_sha256: str | None = None, headers: Mapping[str, str] | None = None):
        self._chunks: list[bytes] = []
        self._left, self._signed_sha256, self._headers = limit_bytes, signed_sha256, headers

    def write(self, chunk: bytes):
        self._left -= len(chunk)
        if self._left < 0:
            raise Rejected(errors.body_too_large)
        self._chunks.append(chunk)

    def finish(self) -> bytes:
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self._signed_sha256 is not None:
            check_sha256(self._signed_sha256, sha256(body).hexdigest())
        if self._headers:
            check_stated(self._headers, body)
        return body

    def discard(self):
        self._chunks.clear()


class Streamed:
    """A body of any size, on its way into the blob store."""

    def __init__(self, blobs: Blobs, algorithms: frozenset[str], signed_sha256: str | None = None):
        self._signed_sha256 = signed_sha256
        wanted = algorithms | {"sha256"} if signed_sha256 else algorithms
        self._incoming = blobs.incoming(wanted)

    def write(self, chunk: bytes):
        if self._incoming.size + len(chunk) > LARGEST_OBJECT_BYTES:
            raise object_too_large(self._incoming.size + len(chunk))
        self._incoming.write(chunk)

    def finish(self) -> Incoming:
        incoming = self._incoming.finish()
        if self._signed_sha256 is not None:
            check_sha256(self._signed_sha256, incoming.digests["sha256"].hex())
        return incoming

    def discard(self):
        self._incoming.discard()


class Chunked:
    """A body in the aws-chunked encoding, decoded into another receiver."""

    def __init__(self, inner: Receiver, headers: Mapping[str, str], payload: Payload, signer: ChunkSigner | None):
        self._inner = inner
        self._expected = _decoded_length(headers)
        announced = headers.get("x-amz-trailer", "") if payload.has_trailers else ""
        self._announced = {name.strip().lower() for name in announced.split(",") if name.strip()}
        self._reader = ChunkReader(inner.write, payload.has_signed_chunks, signer, payload.has_trailers)

    def write(self, chunk: bytes):
        self._reader.feed(chunk)
        if self._reader.size > self._expected:
            raise errors.IncompleteBody()

    def finish(self) -> "bytes | Incoming":
        self._reader.finish()
        if self._reader.size != self._expected:
            raise errors.IncompleteBody()
        if set(self._reader.trailers) != self._announced:
            raise errors.MalformedTrailerError()
        body = self._inner.finish()
        if isinstance(body, Incoming):
            body.stated = {
                name.removeprefix(_CHECKSUM): value
                for name, value in self._reader.trailers.items()
                if name.startswith(_CHECKSUM)
            }
        return body

    def discard(self):
        self._inner.discard()


class UploadForm:
    """A browser's upload: the file of a form, into the blob store."""

    def __init__(self, content_type: str, open_file: Callable[[list[tuple[str, str]]], Streamed]):
        self._reader = FormReader(content_type, self._begin_file)
        self._open_file = open_file
        self._file: Streamed | None = None

    def write(self, chunk: bytes):
        self._reader.feed(chunk)

    def finish(self) -> Incoming:
        self._reader.finish()
        assert self._file is not None
        return self._file.finish()

    def discard(self):
        if self._file:
            self._file.discard()

    def _begin_file(self, fields: list[tuple[str, str]]) -> Callable[[bytes], None]:
        self._file = self._open_file(fields)
        return self._file.write


def algorithms(headers: Mapping[str, str]) -> frozenset[str]:
    """The checksums of an object that its headers or trailers will state, and those that S3 takes anyway."""
    names = tuple([name for name in headers if name.startswith(_CHECKSUM)])
    return _algorithms(names, headers.get("x-amz-trailer", ""), headers.get("x-amz-sdk-checksum-algorithm", ""))


@lru_cache(256)
def _algorithms(names: tuple[str, ...], trailer: str, wish: str) -> frozenset[str]:
    trailers = [name.strip().lower() for name in trailer.split(",")]
    stated = {name.removeprefix(_CHECKSUM) for name in (*names, *trailers)} | {wish.lower()}
    known = stated & KNOWN
    return frozenset(known | {"md5"}) if known else TAKEN_ANYWAY


def check_stated(headers: Mapping[str, str], body: bytes):
    """Raise unless a document has the checksums that its headers state."""
    if (stated := headers.get("content-md5")) is not None:
        found = digest("md5", body)
        if (expected := _decoded(stated)) is None or len(expected) != len(found):
            raise errors.InvalidDigest(**{"Content-MD5": stated})
        if expected != found:
            raise errors.BadDigest(ExpectedDigest=expected.hex(), CalculatedDigest=b64encode(found).decode())
    for name, stated in headers.items():
        algorithm = name.removeprefix(_CHECKSUM)
        if algorithm != name and algorithm in KNOWN and _decoded(stated) != digest(algorithm, body):
            raise errors.BadDigest(f"The {algorithm.upper()} you specified did not match the calculated checksum.")


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text.encode(), validate=True)
    except ValueError:
        return None


def check_sha256(signed: str, found: str):
    if signed != found:
        raise errors.XAmzContentSHA256Mismatch(ClientComputedContentSHA256=signed, S3ComputedContentSHA256=found)


def object_too_large(size: int) -> ServiceError:
    return errors.EntityTooLarge(ProposedSize=str(size), MaxSizeAllowed=str(LARGEST_OBJECT_BYTES))


def _decoded_length(headers: Mapping[str, str]) -> int:
    text = headers.get("x-amz-decoded-content-length", "")
    if not (text.isascii() and text.isdecimal()):
        raise errors.MissingContentLength()
    if int(text) > LARGEST_OBJECT_BYTES:
        raise object_too_large(int(text))
    return int(text)


def decode_headers(headers: dict[str, str]):
    """Say what the headers would say had the body not come in chunks."""
    codings = [coding.strip() for coding in headers.get("content-encoding", "").split(",")]
    kept = ",".join(coding for coding in codings if coding and coding.lower() != "aws-chunked")
    if kept:
        headers["content-encoding"] = kept
    else:
        headers.pop("content-encoding", None)
    headers["content-length"] = headers["x-amz-decoded-content-length"]
