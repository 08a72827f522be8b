"""Signature Version 2, as S3 still takes it: boto3 presigns with it wherever nobody asks for another.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from glasshouse.gateway import errors
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.sigv4 import SKEW_S, same, skewed
from glasshouse.gateway.times import basic, iso
from glasshouse.protocol.http import Request

_RESOURCES = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption", "intelligent-tiering",
        "inventory", "legal-hold", "lifecycle", "location", "logging", "metrics", "notification", "object-lock",
        "ownershipControls", "partNumber", "policy", "policyStatus", "publicAccessBlock", "replication",
        "requestPayment", "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "retention", "select",
        "select-type", "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
        "versions", "website",
    }
)  # fmt: skip
_SIGNED_ELSEWHERE = ("content-md5", "content-type")


@dataclass(slots=True)
class OldClaim:
    """Who signed a request in the old way; a presigned URL says when it `expires` (epoch seconds, as sent)."""

    access_key_id: str
    signature: str
    token: str | None
    expires: str | None = None
    service: str = "s3"
    region: str | None = None

    @property
    def presigned(self) -> bool:
        return self.expires is not None


def from_header(header: str, headers: Mapping[str, str]) -> OldClaim:
    """`AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=`"""
    access_key_id, _, signature = header.removeprefix("AWS ").strip().rpartition(":")
    if not access_key_id or not signature:
        raise Rejected(_malformed)
    return OldClaim(access_key_id, signature, headers.get("x-amz-security-token"))


def from_query(request: Request) -> OldClaim | None:
    """The claim of a URL that was presigned in the old way."""
    query = dict(request.query_pairs)
    if "AWSAccessKeyId" not in query:
        return None
    if "Signature" not in query or "Expires" not in query:
        raise Rejected(_lacks_parameters)
    token = query.get("x-amz-security-token") or request.headers.get("x-amz-security-token")
    return OldClaim(query["AWSAccessKeyId"], query["Signature"], token, query["Expires"])


def check(claim: OldClaim, sent: Request, path: str, secret: str, now: float):
    """Raise Rejected unless the claim's signature is that of the request. The path begins with the bucket."""
    _check_time(claim, sent.headers, now)
    headers = dict(sent.headers)
    if claim.presigned:
        headers.update(
            (name, value) for name, value in sent.query_pairs if name.startswith("x-amz-") or name in _SIGNED_ELSEWHERE
        )
    before = "\n".join(
        [sent.method, headers.get("content-md5", ""), headers.get("content-type", ""), _date(claim, headers)]
        + [f"{name}:{headers[name].strip()}" for name in sorted(headers) if name.startswith("x-amz-")]
        + [""]
    )
    query = _canonical_query(sent.query)
    # Some sign a bucket with the slash that belongs behind it in the host's place, some without.
    paths = (path, f"{path}/") if path.count("/") == 1 and path != "/" else (path,)
    if not any(same(sign(secret, before + one + query), claim.signature) for one in paths):
        to_sign = before + path + query
        raise Rejected(
            errors.bad_signature, AWSAccessKeyId=claim.access_key_id, StringToSign=to_sign,
            SignatureProvided=claim.signature, StringToSignBytes=to_sign.encode("latin-1", "replace").hex(" "),
        )  # fmt: skip


def sign(secret: str, text: str) -> str:
    return b64encode(hmac.digest(secret.encode(), text.encode("latin-1", "replace"), "sha1")).decode()


def _check_time(claim: OldClaim, headers: Mapping[str, str], now: float):
    if claim.expires is not None:
        if not (claim.expires.isascii() and claim.expires.isdecimal() and len(claim.expires) < 12):
            raise Rejected(_bad_expiry, claim.expires)
        if now > int(claim.expires):
            raise Rejected(_expired, iso(int(claim.expires)), iso(now))
        return
    try:
        sent = parsedate_to_datetime(headers.get("x-amz-date") or headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        raise Rejected(_lacks_date) from None
    if abs(now - sent) > SKEW_S:
        raise Rejected(skewed, basic(sent), basic(now), "")


def _date(claim: OldClaim, headers: Mapping[str, str]) -> str:
    if claim.expires is not None:
        return claim.expires
    return "" if "x-amz-date" in headers else headers.get("date", "")


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&")]
    known = sorted(pair for pair in pairs if pair[0] in _RESOURCES)
    return "?" + "&".join(f"{name}{equals}{unquote(value)}" for name, equals, value in known) if known else ""


def _malformed(family: errors.Family):
    return errors.InvalidArgument("AWS authorization header is invalid.  Expected AwsAccessKeyId:signature")


def _lacks_parameters(family: errors.Family):
    text = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
    return errors.AccessDenied(text)


def _lacks_date(family: errors.Family):
    return errors.AccessDenied("AWS authentication requires a valid Date or x-amz-date header")


def _bad_expiry(family: errors.Family, text: str):
    return errors.AccessDenied(f"Invalid date (should be seconds since epoch): {text}")


def _expired(family: errors.Family, expires: str, now: str):
    return errors.AccessDenied("Request has expired", Expires=expires, ServerTime=now)
