"""What a head says of the body to come: how it was signed, and whether it is in chunks.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
"""

import re
from typing import NamedTuple

from glasshouse.gateway import errors, sigv4
from glasshouse.gateway.errors import Family
from glasshouse.gateway.sigv2 import OldClaim
from glasshouse.gateway.sigv4 import Claim
from glasshouse.protocol.http import Request

HEADER = "x-amz-content-sha256"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_AND_TRAILERS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILERS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKED = frozenset({SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILERS, UNSIGNED_TRAILERS})
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MISSING = "Missing required header for this request: x-amz-content-sha256"
_INVALID = (
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
    " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
)


class Payload(NamedTuple):
    """`hash` is what was signed of the body; None means that it is still to be computed from it. `sha256` is the one
    that the body must turn out to have."""

    hash: str | None = None
    sha256: str | None = None
    encoding: str | None = None  # one of CHUNKED

    @property
    def has_signed_chunks(self) -> bool:
        return self.encoding in (SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILERS)

    @property
    def has_trailers(self) -> bool:
        return self.encoding in (UNSIGNED_TRAILERS, SIGNED_CHUNKS_AND_TRAILERS)


COMPUTED = Payload()
EMPTY = Payload(sigv4.EMPTY)
UNSIGNED = Payload(sigv4.UNSIGNED)


def payload(request: Request, claim: Claim | OldClaim | None, family: Family, auth_type: str | None) -> Payload:
    """Raises ServiceError for a head that says nothing valid."""
    stated = request.headers.get(HEADER)
    if family is not Family.S3:
        unsigned = stated == sigv4.UNSIGNED and auth_type == "v4-unsigned-body"
        return UNSIGNED if unsigned else COMPUTED
    if stated is None and claim is not None and not claim.presigned and not isinstance(claim, OldClaim):
        raise errors.InvalidRequest(_MISSING)
    if stated is None or stated == sigv4.UNSIGNED:
        return UNSIGNED
    in_signature = not isinstance(claim, Claim) or not claim.presigned or HEADER in claim.signer.signed_headers
    signed = stated if in_signature else sigv4.UNSIGNED
    if stated in CHUNKED:
        if claim is None and stated != UNSIGNED_TRAILERS:
            raise errors.AccessDenied()
        return Payload(signed, encoding=stated)
    if not _SHA256.fullmatch(stated):
        raise errors.InvalidArgument(_INVALID, ArgumentName=HEADER, ArgumentValue=stated)
    return Payload(signed, sha256=stated)
