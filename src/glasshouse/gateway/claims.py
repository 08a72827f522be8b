"""What a request says about who signed it: read, but not yet believed.

The signature is in the Authorization header or, of a presigned URL, in the query.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from glasshouse.core.errors import NotSupported
from glasshouse.gateway import errors, sigv2
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.sigv2 import OldClaim
from glasshouse.gateway.sigv4 import ALGORITHM, SKEW_S, TERMINATOR, Claim, Signer
from glasshouse.protocol.http import Request

ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
LONGEST_EXPIRY_S = 7 * 24 * 3600
REMEMBERED = 512
LONGEST_REMEMBERED = 1024
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_TOO_LATE = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800"
    " seconds"
)
_QUERY_PARTS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
_QUERY_LACKS = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date,"
    " X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)


class Claims:
    """Reads claims. Authorization headers that differ in the signature alone are taken apart once."""

    def __init__(self):
        self._signers: dict[str, Signer] = {}

    def read(self, request: Request) -> Claim | OldClaim | None:
        """The claim of a request, None of an anonymous one. Raises Rejected for half a claim."""
        header = request.headers.get("authorization")
        if header is not None:
            return self._from_header(header, request.headers)
        query = request.query
        if "X-Amz-" in query:
            return _from_query(request)
        if "AWSAccessKeyId=" in query:
            return sigv2.from_query(request)
        return None

    def _from_header(self, header: str, headers: dict[str, str]) -> Claim | OldClaim | None:
        head, _, signature = header.rpartition("Signature=")
        signer = self._signers.get(head)
        if signer is None:
            if header.startswith("Bearer "):
                return None
            if header.startswith("AWS "):
                return sigv2.from_header(header, headers)
            signer, signature = _parse(header)
            self._remember(head, signer)
        timestamp = headers.get("x-amz-date") or _from_date_header(headers.get("date"))
        if timestamp is None:
            raise Rejected(errors.incomplete, _lacks_date(header))
        _check_timestamp(timestamp, signer, presigned=False)
        return Claim(signer, signature, timestamp, headers.get("x-amz-security-token"))

    def _remember(self, head: str, signer: Signer):
        """Only where the signature comes last, and is the one part that varies."""
        if head.endswith((",", " ")) and len(head) <= LONGEST_REMEMBERED:
            if len(self._signers) >= REMEMBERED:
                self._signers.clear()
            self._signers[head] = signer


def _from_query(request: Request) -> Claim | None:
    query: dict[str, str] = {}
    for name, value in request.query_pairs:
        if name.startswith("X-Amz-"):
            query.setdefault(name, value)
    if query.get("X-Amz-Algorithm") == ASYMMETRIC:
        raise Rejected(_asymmetric)
    if "X-Amz-Signature" not in query and "X-Amz-Credential" not in query:
        return None
    if not all(query.get(name) for name in _QUERY_PARTS) or query["X-Amz-Algorithm"] != ALGORITHM:
        raise Rejected(_bad_query, _QUERY_LACKS)
    signer = _signer(query["X-Amz-Credential"], query["X-Amz-SignedHeaders"])
    if signer.service == "s3" and "X-Amz-Expires" not in query:
        raise Rejected(_bad_query, _QUERY_LACKS)
    _check_timestamp(query["X-Amz-Date"], signer, presigned=True)
    expires_s = _expiry(query.get("X-Amz-Expires", str(SKEW_S)))
    return Claim(signer, query["X-Amz-Signature"], query["X-Amz-Date"], query.get("X-Amz-Security-Token"), expires_s)


def _parse(header: str) -> tuple[Signer, str]:
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm == ASYMMETRIC:
        raise Rejected(_asymmetric)
    if algorithm != ALGORITHM:
        raise Rejected(_unknown_mechanism, header)
    parts: dict[str, str] = {}
    for part in rest.replace(",", " ").split():
        name, _, value = part.partition("=")
        parts[name] = value
    lacks = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    if lacks:
        message = " ".join(f"Authorization header requires '{name}' parameter." for name in lacks)
        raise Rejected(errors.incomplete, f"{message} Authorization={header}")
    return _signer(parts["Credential"], parts["SignedHeaders"]), parts["Signature"]


def _signer(credential: str, signed_headers: str) -> Signer:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5:
        raise Rejected(errors.incomplete, f"Credential must have exactly 5 slash-delimited elements, e.g. "
                       f"keyid/date/region/service/term, got '{credential}'")  # fmt: skip
    access_key_id, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        text = f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        raise Rejected(errors.incomplete, text)
    if not _REGION.fullmatch(region):
        raise Rejected(errors.bad_signature, "Credential should be scoped to a valid region.")
    return Signer(access_key_id, date, region, service, tuple(signed_headers.lower().split(";")))


@lru_cache(256)
def _is_timestamp(text: str) -> bool:
    return _TIMESTAMP.fullmatch(text) is not None


def _check_timestamp(timestamp: str, signer: Signer, presigned: bool):
    if not _is_timestamp(timestamp):
        if presigned:
            raise Rejected(_bad_query, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        text = f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'."
        raise Rejected(errors.incomplete, f"{text} See http://en.wikipedia.org/wiki/ISO_8601")
    if timestamp[:8] != signer.date:
        text = f"'{signer.date}' != '{timestamp[:8]}', from '{timestamp}'."
        raise Rejected(
            errors.bad_signature,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: {text}",
        )


def _expiry(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise Rejected(_bad_query, "X-Amz-Expires should be a number")
    if int(text) > LONGEST_EXPIRY_S:
        raise Rejected(_bad_query, _TOO_LATE)
    return int(text)


def _from_date_header(date: str | None) -> str | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if date else None
    except ValueError:
        return date if date and _TIMESTAMP.fullmatch(date) else None


def _lacks_date(header: str) -> str:
    text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    return f"{text} Authorization={header}"


def _asymmetric(family: errors.Family):
    return NotSupported("Signatures of the form AWS4-ECDSA-P256-SHA256 (SigV4A) are not supported by Glasshouse")


def _unknown_mechanism(family: errors.Family, header: str):
    if family is errors.Family.S3:
        text = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        return errors.InvalidRequest(text)
    return errors.incomplete(family, f"Authorization header requires '{ALGORITHM}'. Authorization={header}")


def _bad_query(family: errors.Family, message: str):
    if family is errors.Family.S3:
        return errors.AuthorizationQueryParametersError(message)
    return errors.incomplete(family, message)
