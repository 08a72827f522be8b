"""Copying objects, and ranges of objects as parts of an upload."""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote, unquote_plus

from glasshouse.core import NotSupported
from glasshouse.services.s3 import checksums, conditions
from glasshouse.services.s3.customer_keys import OF_COPY_SOURCE
from glasshouse.services.s3.drafts import (
    invalid_directive,
)
from glasshouse.services.s3.errors import InvalidArgument, InvalidRequest
from glasshouse.services.s3.records import NULL, Bucket, Checksum, ObjectVersion

MAX_COPY_BYTES = 5 * 1024**3
ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's"
    " metadata, storage class, website redirect location or encryption attributes."
)
CHANGES = (
    "StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "BucketKeyEnabled", "ChecksumAlgorithm",
    "SSECustomerAlgorithm",
)  # fmt: skip
RANGE = re.compile(r"bytes=(\d{1,20})-(\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CopySource:
    bucket: str
    key: str
    version_id: str | None


class Copies:
    def copy_object(
        self, bucket: str, key: str, copy_source: str, acl=None, bucket_key_enabled=None, cache_control=None,
        checksum_algorithm: str | None = None, content_disposition=None, content_encoding=None, content_language=None,
        content_type=None, copy_source_if_match=None, copy_source_if_modified_since=None,
        copy_source_if_none_match=None, copy_source_if_unmodified_since=None,
        expected_bucket_owner: str | None = None, expected_source_bucket_owner: str | None = None, expires=None,
        grant_full_control=None, grant_read=None, grant_read_acp=None, grant_write_acp=None, if_match=None,
        if_none_match=None, metadata=None, metadata_directive: str = "COPY", object_lock_legal_hold_status=None,
        object_lock_mode=None, object_lock_retain_until_date=None, request_payer=None, server_side_encryption=None,
        ssekms_encryption_context=None, ssekms_key_id=None, sse_customer_algorithm=None, sse_customer_key=None,
        sse_customer_key_md5=None, copy_source_sse_customer_algorithm=None, copy_source_sse_customer_key=None,
        copy_source_sse_customer_key_md5=None, storage_class=None, tagging: str | None = None,
        tagging_directive: str = "COPY", website_redirect_location=None,
    ):  # fmt: skip
        params = self.call.params
        if metadata_directive not in ("COPY", "REPLACE"):
            raise invalid_directive("x-amz-metadata-directive", metadata_directive)
        if tagging_directive not in ("COPY", "REPLACE"):
            raise invalid_directive("x-amz-tagging-directive", tagging_directive)
        found = self._bucket(bucket, expected_bucket_owner)
        named, source = self._copy_source(copy_source, expected_source_bucket_owner)
        if source.size > MAX_COPY_BYTES:
            raise InvalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source:"
                f" {MAX_COPY_BYTES}"
            )
        if (named.bucket, named.key, named.version_id) == (bucket, key, None):
            self._check_changes(found, source, params)
        conditions.check_copy_source(source, params)
        version = self._copied(found, key, source, params)
        current = self.versions.current(bucket, key)
        conditions.check_write(current, key, params)
        self._copy_content(source, version, checksum_algorithm)
        self._place(found, version, current, "Copy")
        answer = self._told_of(found, version)
        if found.versioning == "Suspended":
            answer["VersionId"] = version.version_id  # which PutObject does not tell
        answer["CopySourceVersionId"] = source.version_id if source.version_id != NULL else None
        answer["CopyObjectResult"] = {
            "ETag": answer.pop("ETag"), "LastModified": version.modified, **checksum_members(version),
        }  # fmt: skip
        return answer

    def _check_changes(self, bucket: Bucket, source: ObjectVersion, params: dict):
        """An object is copied onto itself only to change it. The encryption that a bucket was given, or that a copy is
        given because it says nothing, counts as a change, whatever it was before."""
        changes = params.get("MetadataDirective") == "REPLACE" or any(params.get(name) for name in CHANGES)
        if not changes and not bucket.encryption_chosen and source.encryption.algorithm == "AES256":
            raise InvalidRequest(ITSELF)

    def _copy_source(self, header: str, expected_owner: str | None) -> tuple[CopySource, ObjectVersion]:
        """What is to be copied. Raises what GetObject raises of it."""
        named = parse_copy_source(header)
        self._check_may_read(named)
        bucket = self._bucket(named.bucket, expected_owner)
        if named.version_id is not None:
            version = self._version_to_copy(bucket, named)
        else:
            version = self._version(bucket, named.key)
        self._check_readable(version, OF_COPY_SOURCE)
        return named, version

    def _check_may_read(self, named: CopySource):
        """Raise AccessDenied if the caller may not read what is to be copied."""
        params = {"Bucket": named.bucket, "Key": named.key, "VersionId": named.version_id}
        reading = replace(self.call, operation="GetObject", params=params)
        self.cloud.access.authorize(type(self)(self.cloud, reading), self.cloud.model.operation("s3", "GetObject"))

    def _version_to_copy(self, bucket: Bucket, named: CopySource) -> ObjectVersion:
        version = self.versions.get(bucket.name, named.key, named.version_id or "")
        if version is not None and version.delete_marker:
            raise InvalidRequest(
                "The source of a copy request may not specifically refer to a delete marker by version id."
            )
        return version or self._version_asked_for(bucket, named.key, named.version_id)

    def _copied(self, bucket: Bucket, key: str, source: ObjectVersion, params: dict) -> ObjectVersion:
        """The draft of a copy: what the request says, and what it leaves to the source."""
        version = self._draft(bucket, key, params)
        if params.get("MetadataDirective", "COPY") == "COPY":
            redirect = version.headers.get("WebsiteRedirectLocation")
            version.content_type, version.metadata = source.content_type, source.metadata
            version.headers = {name: text for name, text in source.headers.items() if name != "WebsiteRedirectLocation"}
            if redirect:
                version.headers["WebsiteRedirectLocation"] = redirect
        if params.get("TaggingDirective", "COPY") == "COPY":
            version.tags = source.tags
        return version

    def _copy_content(self, source: ObjectVersion, version: ObjectVersion, algorithm: str | None):
        """Share the source's bytes; they are read only if their checksums are not known already."""
        kept = source.checksum
        algorithm = (algorithm or (kept.algorithm if kept else checksums.DEFAULT)).upper()
        if algorithm not in checksums.SIZES:
            raise InvalidArgument("Invalid checksum algorithm", ArgumentName="x-amz-checksum-algorithm")
        missing = []
        if kept and kept.algorithm == algorithm and kept.type == checksums.FULL_OBJECT:
            version.checksum = kept
        else:
            missing.append(algorithm.lower())
        plain = source.parts_count is None and source.encryption.algorithm == "AES256"
        version.etag = source.etag
        if not plain and version.encryption.algorithm == "AES256":
            missing.append("md5")
        if missing:
            measured = self._measured(self.contents.ranges(source, 0, source.size), missing)
            if "md5" in measured:
                version.etag = measured["md5"].hex()
            if algorithm.lower() in measured:
                version.checksum = Checksum(algorithm, checksums.base64(measured[algorithm.lower()]))
        version.etag = self._etag(version, version.etag)
        self.contents.share(source, version)


def checksum_members(version: ObjectVersion) -> dict[str, str]:
    return version.checksum.members if version.checksum else {}


def parse_copy_source(header: str) -> CopySource:
    """`/bucket/key?versionId=id`, percent-encoded. Raises InvalidArgument."""
    text = header.removeprefix("/")
    if text.startswith("arn:"):
        raise NotSupported("s3: x-amz-copy-source of an access point is not supported by Glasshouse yet")
    path, _, query = text.partition("?")
    path = unquote_plus(path).removeprefix("/")
    if "/" not in path:
        name = "x-amz-copy-source"
        raise InvalidArgument("Invalid copy source object key", ArgumentName=name, ArgumentValue=name)
    bucket, _, key = path.partition("/")
    if not bucket or not key:
        raise InvalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName="x-amz-copy-source", ArgumentValue=header,
        )  # fmt: skip
    name, _, version_id = query.partition("=")
    if query and name != "versionId":
        raise InvalidArgument(
            "Unsupported copy source parameter.", ArgumentName="x-amz-copy-source", ArgumentValue=header
        )
    return CopySource(bucket, key, unquote(version_id) if query else None)
