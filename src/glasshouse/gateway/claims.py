"""What a request says about who signed it: read, but not yet believed.

The signature is in the Authorization header or, of a presigned URL, in the query.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from glasshouse.gateway import errors
from glasshouse.gateway.rejection import Rejected
from glasshouse.protocol.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
TERMINATOR = "aws4_request"
LONGEST_EXPIRY_S = 7 * 24 * 3600
REMEMBERED = 512
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TOO_LATE = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800"


@dataclass(slots=True)
class Signer:
    """The part of a claim that a client repeats with each request of a day."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    secret: str = ""  # the one that `key` was derived from
    key: bytes = b""

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(slots=True)
class Claim:
    signer: Signer
    signature: str
    timestamp: str  # 20260131T235959Z
    token: str | None
    expires_s: int | None = None  # of a presigned URL

    @property
    def presigned(self) -> bool:
        return self.expires_s is not None


class Claims:
    """Reads claims. Authorization headers that differ in the signature alone are taken apart once."""

    def __init__(self):
        self._signers: dict[str, Signer] = {}

    def read(self, request: Request) -> Claim | None:
        """The claim of a request, None of an anonymous one. Raises Rejected for half a claim."""
        header = request.headers.get("authorization")
        if header is not None:
            return self._from_header(header, request.headers)
        if "X-Amz-" in request.query:
            return self._from_query(request)
        return None

    def _from_header(self, header: str, headers: dict[str, str]) -> Claim | None:
        head, _, signature = header.rpartition("Signature=")
        signer = self._signers.get(head)
        if signer is None:
            if header.startswith("Bearer "):
                return None
            signer, signature = _parse(header, headers)
            if head.endswith((",", " ")) and len(self._signers) < REMEMBERED:
                self._signers[head] = signer
        timestamp = headers.get("x-amz-date") or _from_date_header(headers.get("date"))
        if timestamp is None:
            raise Rejected(errors.incomplete, _lacks_date(header))
        _check_timestamp(timestamp, signer, "")
        return Claim(signer, signature, timestamp, headers.get("x-amz-security-token"))

    def forget(self):
        self._signers.clear()

    def _from_query(self, request: Request) -> Claim | None:
        query: dict[str, str] = {}
        for name, value in request.query_pairs:
            if name.startswith("X-Amz-"):
                query.setdefault(name, value)
        if query.get("X-Amz-Algorithm") == ASYMMETRIC:
            raise Rejected(_asymmetric)
        if "X-Amz-Signature" not in query and "X-Amz-Credential" not in query:
            return None
        missing = [name for name in _QUERY_PARTS if name not in query]
        if missing or query["X-Amz-Algorithm"] != ALGORITHM:
            raise Rejected(_bad_query, _QUERY_LACKS)
        signer = _signer(query["X-Amz-Credential"], query["X-Amz-SignedHeaders"])
        _check_timestamp(query["X-Amz-Date"], signer, "X-Amz-Date")
        expires_s = _expiry(query["X-Amz-Expires"]) if "X-Amz-Expires" in query else 0
        token = query.get("X-Amz-Security-Token")
        return Claim(signer, query["X-Amz-Signature"], query["X-Amz-Date"], token, expires_s)


_QUERY_PARTS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders")
_QUERY_LACKS = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date,"
    " X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)


def epoch(timestamp: str) -> float:
    """The epoch second of a timestamp in the basic format. Raises ValueError."""
    return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _parse(header: str, headers: dict[str, str]) -> tuple[Signer, str]:
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
    return Signer(access_key_id, date, region, service, tuple(signed_headers.lower().split(";")))


def _check_timestamp(timestamp: str, signer: Signer, parameter: str):
    if not _TIMESTAMP.fullmatch(timestamp):
        text = "X-Amz-Date must be formatted via ISO8601 Long format"
        raise Rejected(_bad_query if parameter else errors.incomplete,
                       f"{text}" if parameter else f"Date must be in ISO-8601 'basic format'. Got '{timestamp}'. "
                       "See http://en.wikipedia.org/wiki/ISO_8601")  # fmt: skip
    if timestamp[:8] != signer.date:
        text = f"'{signer.date}' != '{timestamp[:8]}', from '{timestamp}'."
        raise Rejected(
            errors.bad_signature,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: {text}",
        )


def _expiry(text: str) -> int:
    if not text.isdecimal():
        raise Rejected(_bad_query, "X-Amz-Expires should be a number")
    if int(text) > LONGEST_EXPIRY_S:
        raise Rejected(_bad_query, _TOO_LATE + " seconds")
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
    return errors.NotSupported("Signatures of the form AWS4-ECDSA-P256-SHA256 (SigV4A) are not supported by Glasshouse")


def _unknown_mechanism(family: errors.Family, header: str):
    if family is errors.Family.S3:
        text = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        return errors.InvalidRequest(text)
    return errors.incomplete(family, f"Authorization header requires '{ALGORITHM}'. Authorization={header}")


def _bad_query(family: errors.Family, message: str):
    if family is errors.Family.S3:
        return errors.AuthorizationQueryParametersError(message)
    return errors.incomplete(family, message)
