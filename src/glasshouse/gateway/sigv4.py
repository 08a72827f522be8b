"""Signature Version 4: is this request signed with that secret?

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import normpath
from urllib.parse import quote, unquote

from glasshouse.gateway import errors
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.times import basic, epoch, iso
from glasshouse.protocol.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = sha256(b"").hexdigest()
SKEW_S = 900
MOST_PASSED = 16  # kinds of requests that are remembered of a signer
BLOCK_BYTES = 64  # of SHA-256
_UNENCODED = "-_.~"


class KeyedHash:
    """HMAC-SHA256 with one key (RFC 2104), of which what depends on the key alone is done once: hmac.digest() begins
    anew each time, and takes more than twice as long."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes):
        padded = key.ljust(BLOCK_BYTES, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in padded))

    def sign(self, text: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode("latin-1", "replace"))
        outer.update(inner.digest())
        return outer.hexdigest()


@dataclass(slots=True)
class Signer:
    """The part of a claim that a client repeats with each request of a day."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signed: frozenset[str] = frozenset()
    scope: str = ""
    secret: str = ""  # the one that `key` was derived from
    key: bytes = b""
    hash: KeyedHash | None = None  # with that key
    passed: set[tuple[str, ...]] = field(default_factory=set)  # the names of headers that may come with its signature

    def __post_init__(self):
        self.signed = frozenset(self.signed_headers)
        self.scope = f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


@dataclass(slots=True)
class Claim:
    """Who signed a request, when, and the signature."""

    signer: Signer
    signature: str
    timestamp: str  # 20260131T235959Z
    token: str | None
    expires_s: int | None = None  # of a presigned URL

    @property
    def access_key_id(self) -> str:
        return self.signer.access_key_id

    @property
    def service(self) -> str:
        return self.signer.service

    @property
    def region(self) -> str:
        return self.signer.region

    @property
    def presigned(self) -> bool:
        return self.expires_s is not None


def signing_key(signer: Signer, secret: str) -> bytes:
    """The key of a day, region and service: derived once for each signer that is remembered."""
    if signer.secret != secret:
        key = f"AWS4{secret}".encode()
        for part in (signer.date, signer.region, signer.service, TERMINATOR):
            key = hmac.digest(key, part.encode(), "sha256")
        signer.key, signer.secret, signer.hash = key, secret, KeyedHash(key)
    return signer.key


def sign(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("latin-1", "replace"), "sha256").hex()


def same(one: str, other: str) -> bool:
    """Compare secrets, in a time that tells nothing about them."""
    return hmac.compare_digest(one.encode(), other.encode())


def check(claim: Claim, request: Request, secret: str, payload_hash: str, is_s3: bool):
    """Raise Rejected unless the claim's signature is that of the request, which is as the client sent it."""
    signing_key(claim.signer, secret)
    assert claim.signer.hash is not None
    expected = []
    for path, query in _canonical_forms(request, is_s3, claim.presigned):
        canonical = _canonical(request, path, query, claim.signer.signed_headers, payload_hash)
        to_sign = _string_to_sign(claim, canonical)
        if same(claim.signer.hash.sign(to_sign), claim.signature):
            return
        expected.append((canonical, to_sign))
    raise Rejected(_mismatch, *expected[0], claim.signature, claim.access_key_id)


def check_time(claim: Claim, now: float):
    """Raise Rejected for a request signed at another time: `now` is the machine's, as the client's clock is."""
    try:
        signed = epoch(claim.timestamp)
    except ValueError:
        text = f"Date must be in ISO-8601 'basic format'. Got '{claim.timestamp}'."
        raise Rejected(errors.incomplete, text) from None
    if claim.expires_s is None:
        if abs(now - signed) > SKEW_S:
            raise Rejected(skewed, claim.timestamp, basic(now), basic(now - SKEW_S if now > signed else now + SKEW_S))
        return
    if now > signed + claim.expires_s:
        raise Rejected(_expired, claim.timestamp, str(claim.expires_s), iso(now))
    if signed > now + SKEW_S:
        raise Rejected(_not_yet, claim.timestamp, basic(now))


def check_headers_signed(claim: Claim, headers: Mapping[str, str]):
    """Raise Rejected if the host or a header that means something to AWS is outside of the signature."""
    signed, names = claim.signer.signed, tuple(headers)
    if names in claim.signer.passed:
        return
    if "host" not in signed and ":authority" not in signed:
        text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise Rejected(errors.bad_signature, text)
    for name in headers.keys() - signed:
        if name.startswith("x-amz-") and name not in _LOOSE:
            loose = sorted(one for one in headers.keys() - signed if one.startswith("x-amz-") and one not in _LOOSE)
            raise Rejected(_not_signed, ", ".join(loose))
    if len(claim.signer.passed) < MOST_PASSED:
        claim.signer.passed.add(names)


_LOOSE = frozenset({"x-amz-user-agent", "x-amz-cf-id"})


def _canonical(request: Request, path: str, query: str, signed_headers: tuple[str, ...], payload_hash: str) -> str:
    headers = request.headers
    lines = [request.method, path, query]
    for name in signed_headers:
        value = headers.get(name, "")
        if "  " in value:
            value = " ".join(value.split())
        lines.append(f"{name}:{value.strip()}")
    lines += ["", ";".join(signed_headers), payload_hash]
    return "\n".join(lines)


def _string_to_sign(claim: Claim, canonical: str) -> str:
    digest = sha256(canonical.encode("latin-1", "replace")).hexdigest()
    return f"{ALGORITHM}\n{claim.timestamp}\n{claim.signer.scope}\n{digest}"


def _canonical_forms(request: Request, is_s3: bool, presigned: bool) -> Iterable[tuple[str, str]]:
    """Path and query as they came, and, where that is different, encoded by the rules: clients differ in what they
    put on the wire, but what they sign means the same."""
    path, query = request.path, _sorted_query(request.query, presigned)
    if not is_s3 and path != "/":
        path = _normalized(path)
    yield path, query
    by_rule = _by_rule(request.path, is_s3), _sorted_query(_query_by_rule(request.query), presigned)
    if by_rule != (path, query):
        yield by_rule


def _sorted_query(query: str, presigned: bool) -> str:
    if not query:
        return ""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    if presigned:
        pairs = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
    return "&".join([f"{name}={value}" for name, _, value in sorted(pairs)])


def _query_by_rule(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join(f"{_encoded(name)}={_encoded(value.replace('+', ' '))}" for name, _, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote(text, "latin-1"), safe=_UNENCODED, encoding="latin-1")


def _by_rule(path: str, is_s3: bool) -> str:
    encoded = quote(unquote(path, "latin-1"), safe="/" + _UNENCODED, encoding="latin-1")
    return encoded if is_s3 else _normalized(encoded)


def _normalized(path: str) -> str:
    """All services but S3 sign the path without `.` and `..`, encoded once more than it is on the wire."""
    plain = normpath(path)
    if plain.startswith("//"):
        plain = plain[1:]
    if path.endswith("/") and not plain.endswith("/"):
        plain += "/"
    return quote(plain, safe="/" + _UNENCODED)


def _mismatch(family: errors.Family, canonical: str, to_sign: str, signature: str, access_key_id: str):
    return errors.bad_signature(
        family, None,
        AWSAccessKeyId=access_key_id, StringToSign=to_sign, SignatureProvided=signature,
        StringToSignBytes=to_sign.encode("latin-1", "replace").hex(" "), CanonicalRequest=canonical,
        CanonicalRequestBytes=canonical.encode("latin-1", "replace").hex(" "),
    )  # fmt: skip


def _expired(family: errors.Family, timestamp: str, expires_s: str, now: str):
    if family is errors.Family.S3:
        end = iso(epoch(timestamp) + int(expires_s))
        members = {"X-Amz-Expires": expires_s, "Expires": end, "ServerTime": now}
        return errors.AccessDenied("Request has expired", **members)
    return errors.bad_signature(family, f"Signature expired: {timestamp} has expired after {expires_s} seconds")


def _not_yet(family: errors.Family, timestamp: str, now: str):
    if family is errors.Family.S3:
        return errors.AccessDenied("Request is not yet valid")
    return errors.bad_signature(family, f"Signature not yet current: {timestamp} is still later than {now} + 15 min.")


def skewed(family: errors.Family, timestamp: str, now: str, edge: str):
    if family is errors.Family.S3:
        times = {"RequestTime": timestamp, "ServerTime": iso(epoch(now))}
        return errors.RequestTimeTooSkewed(MaxAllowedSkewMilliseconds=str(SKEW_S * 1000), **times)
    if family is errors.Family.EC2:
        return errors.RequestExpired()
    if edge < now:
        text = f"Signature expired: {timestamp} is now earlier than {edge} ({now} - 15 min.)"
    else:
        text = f"Signature not yet current: {timestamp} is still later than {edge} ({now} + 15 min.)"
    return errors.bad_signature(family, text)


def _not_signed(family: errors.Family, names: str):
    if family is errors.Family.S3:
        return errors.AccessDenied(
            "There were headers present in the request which were not signed", HeadersNotSigned=names
        )
    return errors.bad_signature(family, f"The header(s) {names} must be signed.")
