"""Bodies in the aws-chunked encoding, taken apart as they come.

Each chunk states its size, perhaps a signature over itself and the one before; after the last there may be trailers,
which state checksums. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from glasshouse.gateway import errors, sigv4
from glasshouse.gateway.rejection import Rejected

SMALLEST_BYTES = 8192
LONGEST_LINE_BYTES = 4096
MOST_TRAILERS = 16
_HEAD = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_INTERRUPTED = "The request body terminated unexpectedly"


@dataclass(slots=True)
class ChunkSigner:
    """Expects each chunk to be signed together with the signature before it."""

    key: bytes
    timestamp: str
    scope: str
    previous: str  # at first the signature of the head

    def check_chunk(self, digest: str, signature: str):
        self._check(f"AWS4-HMAC-SHA256-PAYLOAD\n{self._context()}\n{sigv4.EMPTY}\n{digest}", signature)

    def check_trailers(self, digest: str, signature: str):
        self._check(f"AWS4-HMAC-SHA256-TRAILER\n{self._context()}\n{digest}", signature)

    def _context(self) -> str:
        return f"{self.timestamp}\n{self.scope}\n{self.previous}"

    def _check(self, to_sign: str, signature: str):
        if not sigv4.same(sigv4.sign(self.key, to_sign), signature):
            raise Rejected(errors.bad_signature)
        self.previous = signature


class ChunkReader:
    """Fed with a body's bytes, hands out what they hold. Raises ServiceError or Rejected for what is malformed.

    `signed` chunks carry signatures, which a `signer` verifies (an open cloud has none); `trailers` are those read.
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        signed: bool = False,
        signer: ChunkSigner | None = None,
        has_trailers: bool = False,
    ):
        self._write, self._signed, self._signer, self._has_trailers = write, signed, signer, has_trailers
        self.size = 0
        self.trailers: dict[str, str] = {}
        self._buffer = bytearray()
        self._state: Callable[[], bool] | None = self._read_head
        self._left, self._chunk_size = 0, SMALLEST_BYTES
        self._signature = ""
        self._digest: Any = None
        self._canonical_trailers = ""

    def feed(self, data: bytes):
        self._buffer += data
        if self._state is None and data:
            raise errors.IncompleteBody(_INTERRUPTED)
        while self._state and self._state():
            pass

    def finish(self):
        """The body has ended: was that its end?"""
        if self._state is not None:
            raise errors.IncompleteBody(_INTERRUPTED)

    def _read_head(self) -> bool:
        line = self._line()
        if line is None:
            return False
        found = _HEAD.fullmatch(line)
        if not found or (self._signed and not found[2]):
            raise errors.IncompleteBody(_INTERRUPTED)
        size = int(found[1], 16)
        if size and self._chunk_size < SMALLEST_BYTES:
            raise errors.InvalidChunkSizeError()
        self._left = self._chunk_size = size
        self._signature = (found[2] or b"").decode()
        self._digest = sha256() if self._signer else None
        self._state = self._read_data if size else self._end_data
        return True

    def _read_data(self) -> bool:
        if not self._buffer:
            return False
        piece = bytes(self._buffer[: self._left]) if self._left < len(self._buffer) else bytes(self._buffer)
        del self._buffer[: len(piece)]
        self._left -= len(piece)
        self.size += len(piece)
        if self._digest:
            self._digest.update(piece)
        self._write(piece)
        if not self._left:
            self._state = self._end_data
        return True

    def _end_data(self) -> bool:
        """Behind the data of a chunk: its signature can be judged."""
        if self._signer and self._digest:
            self._signer.check_chunk(self._digest.hexdigest(), self._signature)
            self._digest = None
        if not self._chunk_size:
            # After the last, empty chunk the trailers follow at once; without trailers, an empty line.
            self._state = self._read_trailer
            return True
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise errors.IncompleteBody(_INTERRUPTED)
        del self._buffer[:2]
        self._state = self._read_head
        return True

    def _read_trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            self._end_trailers()
            return False
        name, colon, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon or not self._has_trailers or len(self.trailers) >= MOST_TRAILERS or name in self.trailers:
            raise errors.MalformedTrailerError()
        self.trailers[name] = value
        if name != "x-amz-trailer-signature":
            self._canonical_trailers += f"{name}:{value}\n"
        return True

    def _end_trailers(self):
        if self._buffer:
            raise errors.IncompleteBody(_INTERRUPTED)
        signature = self.trailers.pop("x-amz-trailer-signature", "")
        if self._signer and self._has_trailers:
            digest = sha256(self._canonical_trailers.encode("latin-1")).hexdigest()
            self._signer.check_trailers(digest, signature)
        self._state = None

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, LONGEST_LINE_BYTES + 2)
        if end < 0:
            if len(self._buffer) > LONGEST_LINE_BYTES:
                raise errors.IncompleteBody(_INTERRUPTED)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line
