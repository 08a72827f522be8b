"""What a request that makes an object says of it, beside its bytes: the draft of a version."""

import re
from zlib import crc32

from glasshouse.core import ServiceError, ids
from glasshouse.services.s3.errors import (
    InvalidArgument,
    InvalidRedirectLocation,
    InvalidRequest,
    KeyTooLongError,
    MetadataTooLarge,
)
from glasshouse.services.s3.records import NULL, Bucket, ObjectVersion

HEADERS = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires", "WebsiteRedirectLocation",
)  # fmt: skip
MAX_KEY_BYTES = 1024
MAX_METADATA_BYTES = 2048
VERSION_ID_LENGTH, CHECK_LENGTH = 32, 4
DEFAULT_TYPE = "binary/octet-stream"
VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}|null", re.ASCII)


class Drafts:
    def _draft(self, bucket: Bucket, key: str, params: dict) -> ObjectVersion:
        """A version without bytes, as the members of PutObject, CreateMultipartUpload or CopyObject say."""
        check_key(key)
        version = ObjectVersion(
            bucket.name,
            key,
            self._new_owner(bucket, params),
            float(int(self.now)),  # S3 keeps whole seconds
            storage_class=self._asked_storage_class(params),
            content_type=params.get("ContentType") or DEFAULT_TYPE,
            headers=system_headers(params),
            encryption=self._default_encryption(bucket, params),
            lock=self._new_lock(bucket, params),
            acl=self._acl_of_headers(bucket, params),
        )
        if metadata := params.get("Metadata"):
            version.metadata = checked_metadata(metadata)
        if tagging := params.get("Tagging"):
            version.tags = self._tags_of_header(tagging)
        return version

    def _new_owner(self, bucket: Bucket, params: dict) -> str:
        """The account that owns a new object: the bucket's, unless the bucket leaves objects to their writers."""
        handed_over = params.get("ACL") == "bucket-owner-full-control" and bucket.ownership == "BucketOwnerPreferred"
        return bucket.account if handed_over or bucket.ownership == "BucketOwnerEnforced" else self.call.account


def new_version_id() -> str:
    """Its last characters are made of the others: S3 tells ids that it gave from others of the same form."""
    text = ids.token(VERSION_ID_LENGTH - CHECK_LENGTH)
    return text + _check(text)


def is_genuine(version_id: str) -> bool:
    """Whether S3 could have given such an id."""
    return version_id == NULL or version_id[-CHECK_LENGTH:] == _check(version_id[:-CHECK_LENGTH])


def _check(text: str) -> str:
    return f"{crc32(text.encode()) & 0xFFFF:0{CHECK_LENGTH}x}"


def new_etag() -> str:
    """One that says nothing of the bytes."""
    return ids.token(32, ids.HEX)


def check_key(key: str):
    if len(key) * 4 > MAX_KEY_BYTES and (size := len(key.encode("utf-8", "surrogatepass"))) > MAX_KEY_BYTES:
        raise KeyTooLongError(Size=size, MaxSizeAllowed=MAX_KEY_BYTES)


def check_version_id(version_id: str | None):
    """Raise InvalidArgument for what no version could be called."""
    if version_id is None or VERSION_ID.fullmatch(version_id):
        return
    raise invalid_version_id(version_id)


def invalid_version_id(version_id: str) -> InvalidArgument:
    message = "Invalid version id specified" if version_id else "Version id cannot be the empty string"
    return InvalidArgument(message, ArgumentName="versionId", ArgumentValue=version_id)


def system_headers(params: dict) -> dict[str, str]:
    if params.keys().isdisjoint(HEADERS):
        return {}
    headers = {name: params[name] for name in HEADERS if params.get(name)}
    if "ContentEncoding" in headers:
        # "aws-chunked" says how the request was sent, not what the object is.
        encodings = [part.strip() for part in headers["ContentEncoding"].split(",")]
        headers["ContentEncoding"] = ",".join(part for part in encodings if part != "aws-chunked")
        if not headers["ContentEncoding"]:
            del headers["ContentEncoding"]
    location = headers.get("WebsiteRedirectLocation")
    if location is not None and not location.startswith(("/", "http://", "https://")):
        raise InvalidRedirectLocation(RedirectLocation=location)
    return headers


def checked_metadata(metadata: dict[str, str]) -> dict[str, str]:
    size = sum(len(name.encode()) + len(value.encode("utf-8", "surrogatepass")) for name, value in metadata.items())
    if size > MAX_METADATA_BYTES:
        raise MetadataTooLarge(Size=size, MaxSizeAllowed=MAX_METADATA_BYTES)
    return {name.lower(): value for name, value in metadata.items()}


def invalid_directive(header: str, value: str) -> ServiceError:
    if header == "x-amz-metadata-directive":
        return InvalidArgument("Unknown metadata directive.", ArgumentName=header, ArgumentValue=value)
    return InvalidRequest(f"The {header} header is invalid: {value}")
