"""Lines of access logs: a request as S3 writes it down.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html. Differs from AWS: what a call does not tell is
`-`, as that page has it for what is unknown: the referrer, the time it took, and the bytes of answers that are no
object. Every signed request counts as one with SigV4 in its headers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

from glasshouse.core import ServiceError
from glasshouse.core.call import Call
from glasshouse.core.ids import host_id
from glasshouse.services.s3.records import Bucket, owner

RESOURCES = {
    "HeadBucket": "BUCKET", "CreateBucket": "BUCKET", "DeleteBucket": "BUCKET", "ListObjects": "BUCKET",
    "ListObjectsV2": "BUCKET", "ListObjectVersions": "BUCKETVERSIONS", "DeleteObjects": "MULTI_OBJECT_DELETE",
    "GetBucketLogging": "LOGGING_STATUS", "PutBucketLogging": "LOGGING_STATUS", "GetBucketPolicy": "BUCKETPOLICY",
    "PutBucketPolicy": "BUCKETPOLICY", "DeleteBucketPolicy": "BUCKETPOLICY", "CreateMultipartUpload": "UPLOADS",
    "UploadPart": "PART", "UploadPartCopy": "PART", "CompleteMultipartUpload": "UPLOAD",
    "AbortMultipartUpload": "UPLOAD", "ListParts": "UPLOAD", "PutObjectTagging": "OBJECT_TAGGING",
    "GetObjectTagging": "OBJECT_TAGGING", "DeleteObjectTagging": "OBJECT_TAGGING",
    "GetObjectAttributes": "OBJECT_ATTRIBUTES",
}  # fmt: skip
COPIES = ("CopyObject", "UploadPartCopy")
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|-")
LABEL = re.compile(r"\{(\w+)\+?\}")


@dataclass(slots=True)
class Seen:
    """A request that was answered, as the witness saw it."""

    call: Call
    operation: Any  # its model
    moment: float
    result: dict[str, Any]
    failure: ServiceError | None


def lines(seen: Seen, bucket: Bucket) -> Iterator[str]:
    """What is written of a request into the log of one of its buckets."""
    call, key = seen.call, seen.call.params.get("Key")
    if call.params.get("Bucket") == bucket.name:
        yield _line(seen, bucket, operation_name(seen), key)
        for gone in seen.result.get("Deleted") or () if call.operation == "DeleteObjects" else ():
            yield _line(seen, bucket, "BATCH.DELETE.OBJECT", gone["Key"], status=204)
    source = copy_source(call)
    if source and source[0] == bucket.name:
        kind = "OBJECT_GET" if call.operation == "CopyObject" else "PART_GET"
        yield _line(seen, bucket, f"REST.COPY.{kind}", source[1])


def operation_name(seen: Seen) -> str:
    """`REST.GET.OBJECT`: the method, and what it is applied to."""
    name, operation = seen.call.operation, seen.operation
    method = "COPY" if name in COPIES else operation.http_method
    return f"REST.{method}.{RESOURCES.get(name) or _resource(operation.request_uri)}"


def _resource(uri: str) -> str:
    path, _, query = uri.partition("?")
    subresource = query.partition("&")[0].partition("=")[0]
    if subresource and subresource != "x-id":
        return WORDS.sub("_", subresource).upper()
    return "OBJECT" if "{Key+}" in path else "BUCKET"


def copy_source(call: Call) -> tuple[str, str] | None:
    """The bucket and key that a call copies from."""
    source = call.params.get("CopySource")
    if not isinstance(source, str):
        return None
    bucket, _, key = unquote_plus(source.partition("?versionId=")[0]).lstrip("/").partition("/")
    return bucket, key


def _line(seen: Seen, bucket: Bucket, operation: str, key: str | None, status: int | None = None) -> str:
    call, result, failure = seen.call, seen.result, seen.failure
    signed = call.access_key_id is not None
    moment = datetime.fromtimestamp(seen.moment, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    request = f"{seen.operation.http_method} {_uri(seen)} HTTP/1.1"
    answered = failure.status if failure else result.get("StatusCode") or seen.operation.response_code
    fields = (
        owner(bucket.account)["ID"], bucket.name, f"[{moment}]", call.source.address, _requester(call),
        call.request_id, operation, quote(key, safe="/") if key else None, _quoted(request), status or answered,
        failure.code if failure else None, _bytes_sent(seen), _object_size(seen), None, None, _quoted("-"),
        _quoted(call.source.user_agent or "-"), result.get("VersionId"), host_id(call.request_id),
        "SigV4" if signed else None, None, "AuthHeader" if signed else None, call.source.origin.partition("://")[2],
        None, None, None, None,
    )  # fmt: skip
    return " ".join("-" if field is None else str(field) for field in fields)


def _requester(call: Call) -> str | None:
    principal = call.principal
    if principal.kind == "anonymous":
        return None
    return owner(principal.account)["ID"] if principal.is_root else principal.arn


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "%22") + '"'


def _uri(seen: Seen) -> str:
    """The path and query, put together again from the members of the call."""
    operation, params = seen.operation, seen.call.params
    path = LABEL.sub(lambda label: quote(str(params.get(label[1], "")), safe="/"), operation.request_uri)
    told = {
        shape.wire_name(name): params[name]
        for name, shape in operation.input_shape.members.items()
        if shape.location == "querystring" and params.get(name) is not None
    }
    return path + ("&" if "?" in path else "?") + urlencode(told) if told else path


def _bytes_sent(seen: Seen) -> int | None:
    return seen.result.get("ContentLength") or None if seen.call.operation == "GetObject" else None


def _object_size(seen: Seen) -> int | None:
    body, result = seen.call.params.get("Body"), seen.result
    if "ContentRange" in result:
        return int(result["ContentRange"].rpartition("/")[2])
    if seen.call.operation in ("PutObject", "UploadPart"):
        return len(body) if isinstance(body, bytes) else getattr(body, "size", None)
    return result.get("ContentLength")
