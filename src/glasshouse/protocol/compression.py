"""The bytes of a request's body, also of one that came compressed or was received as a stream."""

import zlib
from typing import Any

from glasshouse.core.errors import SerializationException
from glasshouse.protocol.http import Request

MAX_EXPANDED_BYTES = 64 * 1024 * 1024


def content(body: Any) -> bytes:
    """The bytes of a body as it came."""
    return body if isinstance(body, bytes) else bytes(body.read() if hasattr(body, "read") else body)


def expanded(request: Request) -> bytes:
    """The bytes of a body that SDKs may compress, as they do with large PutMetricData requests."""
    body = content(request.body)
    if request.headers.get("content-encoding", "").strip().lower() != "gzip":
        return body
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = stream.decompress(body, MAX_EXPANDED_BYTES)
    except zlib.error:
        raise SerializationException("The request body is not what its Content-Encoding says.") from None
    if stream.unconsumed_tail or not stream.eof:
        raise SerializationException("The request body is cut off, or larger than it may be.")
    return whole
