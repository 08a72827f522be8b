"""Listing the objects of a bucket, their versions, the uploads under way and the parts of one."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote_plus

from glasshouse.core.table import InvalidPageToken, make_token, read_token
from glasshouse.services.s3.drafts import check_version_id
from glasshouse.services.s3.errors import InvalidArgument
from glasshouse.services.s3.records import Bucket, Upload, owner
from glasshouse.services.s3.versions import Listed
from glasshouse.services.s3.walk import Walked, successor, walk

MAX_KEYS = 1000
MAX_INTEGER = 2**31 - 1
ENCODED = ("Prefix", "Delimiter", "Marker", "NextMarker", "StartAfter", "KeyMarker", "NextKeyMarker")


class Listing:
    def list_objects(
        self, bucket: str, delimiter: str = "", encoding_type: str | None = None,
        expected_bucket_owner: str | None = None, marker: str = "", max_keys: int = MAX_KEYS,
        optional_object_attributes: list[str] | None = None, prefix: str = "", request_payer=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        limit = check_limit("max-keys", max_keys)
        read = partial(self.versions.objects, bucket, end=successor(prefix))
        walked = walk(read, _behind(marker, prefix), prefix, delimiter, limit, passed=marker)
        answer = self._listed(found, walked, optional_object_attributes, with_owner=True)
        answer |= {"Prefix": prefix, "Delimiter": delimiter or None, "Marker": marker, "MaxKeys": limit}
        if walked.truncated and delimiter:
            answer["NextMarker"] = walked.last
        return encoded(answer, encoding_type)

    def list_objects_v2(
        self, bucket: str, continuation_token: str | None = None, delimiter: str = "",
        encoding_type: str | None = None, expected_bucket_owner: str | None = None, fetch_owner: bool = False,
        max_keys: int = MAX_KEYS, optional_object_attributes: list[str] | None = None, prefix: str = "",
        request_payer=None, start_after: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        limit = check_limit("max-keys", max_keys)
        read = partial(self.versions.objects, bucket, end=successor(prefix))
        if continuation_token is not None:
            start_after = None  # the token says where, and S3 does not tell what it ignores
            start = max(_key_of(continuation_token), prefix)
        else:
            start = _behind(start_after or "", prefix)
        walked = walk(read, start, prefix, delimiter, limit)
        answer = self._listed(found, walked, optional_object_attributes, with_owner=fetch_owner)
        answer |= {"Prefix": prefix, "Delimiter": delimiter or None, "MaxKeys": limit, "StartAfter": start_after}
        answer["KeyCount"] = len(walked.entries) + len(walked.prefixes)
        answer["ContinuationToken"] = continuation_token
        if walked.truncated:
            answer["NextContinuationToken"] = make_token(walked.next.key)
        return encoded(answer, encoding_type)

    def list_object_versions(
        self, bucket: str, delimiter: str = "", encoding_type: str | None = None,
        expected_bucket_owner: str | None = None, key_marker: str = "", max_keys: int = MAX_KEYS,
        optional_object_attributes: list[str] | None = None, prefix: str = "", request_payer=None,
        version_id_marker: str = "",
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        limit = check_limit("max-keys", max_keys)
        if version_id_marker and not key_marker:
            raise InvalidArgument(
                "A version-id marker cannot be specified without a key marker.", ArgumentName="version-id-marker",
                ArgumentValue=version_id_marker,
            )  # fmt: skip
        read, start = self._versions_behind(found, prefix, key_marker, version_id_marker)
        walked = walk(read, start, prefix, delimiter, limit, passed="" if version_id_marker else key_marker)
        attributes = optional_object_attributes or ()
        shown = [self._shown_version(row, attributes) for row in walked.entries]
        answer: dict[str, Any] = {
            "Name": bucket, "Prefix": prefix, "Delimiter": delimiter or None, "MaxKeys": limit,
            "KeyMarker": key_marker, "VersionIdMarker": version_id_marker, "IsTruncated": walked.truncated,
            "Versions": [each for row, each in zip(walked.entries, shown, strict=True) if not row.delete_marker],
            "DeleteMarkers": [each for row, each in zip(walked.entries, shown, strict=True) if row.delete_marker],
            "CommonPrefixes": [{"Prefix": each} for each in walked.prefixes],
        }  # fmt: skip
        if walked.truncated:
            answer["NextKeyMarker"] = walked.last
            if walked.entries and walked.entries[-1].key == walked.last:
                answer["NextVersionIdMarker"] = walked.entries[-1].version_id
        return encoded(answer, encoding_type)

    def list_multipart_uploads(
        self, bucket: str, delimiter: str = "", encoding_type: str | None = None,
        expected_bucket_owner: str | None = None, key_marker: str = "", max_uploads: int = MAX_KEYS, prefix: str = "",
        request_payer=None, upload_id_marker: str = "",
    ):  # fmt: skip
        self._bucket(bucket, expected_bucket_owner)
        limit = check_limit("max-uploads", max_uploads)
        # An id without a key is ignored, as AWS says; with one it is the upload behind which the page begins.
        last_id = upload_id_marker if key_marker else ""

        def read(start: str) -> Iterator[Upload]:
            behind = (key_marker, last_id) if last_id and start == key_marker else (start, "")
            return self.uploads.from_key(bucket, *behind, successor(prefix))

        start = max(key_marker, prefix) if last_id else _behind(key_marker, prefix)
        walked = walk(read, start, prefix, delimiter, limit, passed="" if last_id else key_marker)
        answer: dict[str, Any] = {
            "Bucket": bucket, "KeyMarker": key_marker, "UploadIdMarker": upload_id_marker, "Prefix": prefix or None,
            "Delimiter": delimiter or None, "MaxUploads": limit, "IsTruncated": walked.truncated,
            "Uploads": [shown_upload(upload) for upload in walked.entries],
            "CommonPrefixes": [{"Prefix": each} for each in walked.prefixes],
        }  # fmt: skip
        # AWS tells the last upload on every page; on one that ends in a common prefix it then says nothing at all.
        last = walked.entries[-1] if walked.entries else None
        answer["NextKeyMarker"] = walked.last if walked.truncated else last.key if last else ""
        answer["NextUploadIdMarker"] = last.id if last and last.key == answer["NextKeyMarker"] else ""
        return encoded(answer, encoding_type)

    def list_parts(
        self, bucket: str, key: str, upload_id: str, expected_bucket_owner: str | None = None,
        max_parts: int = MAX_KEYS, part_number_marker: int = 0, request_payer=None, sse_customer_algorithm=None,
        sse_customer_key=None, sse_customer_key_md5=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        upload = self._upload(found, key, upload_id)
        limit = check_limit("max-parts", max_parts)
        after = check_limit("part-number-marker", part_number_marker, MAX_INTEGER)
        parts = self.contents.parts(upload_id, after, limit + 1)
        shown, more = parts[:limit], len(parts) > limit > 0
        name = f"Checksum{upload.checksum_algorithm}"
        answer = {
            "Bucket": bucket, "Key": key, "UploadId": upload_id, "PartNumberMarker": after, "MaxParts": limit,
            "NextPartNumberMarker": shown[-1].number if shown else 0, "IsTruncated": more,
            "Parts": [
                {"PartNumber": part.number, "LastModified": part.modified, "ETag": f'"{part.etag}"',
                 "Size": part.size, name: part.checksum}
                for part in shown
            ],
            "Initiator": initiator(upload), "Owner": owner(found.account),
            "StorageClass": upload.draft.storage_class, "ChecksumAlgorithm": upload.checksum_algorithm,
            "ChecksumType": upload.checksum_type,
        }  # fmt: skip
        if found.expires:
            answer |= self._abort_rule(found, upload)
        return answer

    # Within

    def _listed(self, bucket: Bucket, walked: Walked, attributes: list[str] | None, with_owner: bool) -> dict[str, Any]:
        """What both listings of objects have in common."""
        shown = [self._shown_object(row, attributes or ()) for row in walked.entries]
        if with_owner:
            owners = {account: owner(account) for account in {row.owner for row in walked.entries}}
            for row, each in zip(walked.entries, shown, strict=True):
                each["Owner"] = owners[row.owner]
        charged = self._charge(bucket) if bucket.requester_pays else {}
        return charged | {
            "Name": bucket.name,
            "BucketRegion": bucket.region,
            "IsTruncated": walked.truncated,
            "Contents": shown,
            "CommonPrefixes": [{"Prefix": each} for each in walked.prefixes],
        }

    def _shown_object(self, row: Listed, attributes) -> dict[str, Any]:
        shown = {
            "Key": row.key,
            "LastModified": row.modified,
            "ETag": f'"{row.etag}"',
            "ChecksumAlgorithm": [row.checksum_algorithm] if row.checksum_algorithm else None,
            "ChecksumType": row.checksum_type,
            "Size": row.size,
            "StorageClass": row.storage_class,
        }
        if row.restore and "RestoreStatus" in attributes:
            shown["RestoreStatus"] = self._restore_status(row.restore_state)
        return shown

    def _shown_version(self, row: Listed, attributes) -> dict[str, Any]:
        latest = {"VersionId": row.version_id, "IsLatest": row.superseded is None, "Owner": owner(row.owner)}
        if row.delete_marker:
            return {"Key": row.key, "LastModified": row.modified} | latest
        return self._shown_object(row, attributes) | latest

    def _versions_behind(
        self, bucket: Bucket, prefix: str, key: str, version_id: str
    ) -> tuple[Callable[[str], Iterator[Listed]], str]:
        """What reads the versions behind a marker, and the key at which it begins."""
        end = successor(prefix)
        if not version_id:
            return partial(self.versions.history, bucket.name, end=end), _behind(key, prefix)
        check_version_id(version_id)
        # A version deleted since then tells nothing of its place: its key is shown again from the start.
        behind = self.versions.get(bucket.name, key, version_id)
        start = max(key, prefix)

        def read(at: str) -> Iterator[Listed]:
            return self.versions.history(bucket.name, at, end, behind if at == key else None)

        return read, start


def _behind(marker: str, prefix: str) -> str:
    """The least key behind a marker that can have the prefix."""
    return max(marker + "\0", prefix) if marker else prefix


def _key_of(token: str) -> str:
    try:
        key = read_token(token)
    except InvalidPageToken:
        key = ""
    if not key:
        raise InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token", ArgumentValue=token
        )
    return key


def check_limit(name: str, value: int, most: int = MAX_KEYS) -> int:
    if value > MAX_INTEGER:
        raise InvalidArgument(
            f"Provided {name} not an integer or within integer range", ArgumentName=name, ArgumentValue=value
        )
    if value < 0:
        raise InvalidArgument(
            f"Argument {name} must be an integer between 0 and {MAX_INTEGER}", ArgumentName=name, ArgumentValue=value
        )
    return min(value, most)


def encoded(answer: dict[str, Any], encoding_type: str | None) -> dict[str, Any]:
    """With keys percent-encoded, if the client wants that: XML cannot say every character."""
    if encoding_type is None:
        return answer
    if encoding_type != "url":
        raise InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=encoding_type
        )
    answer["EncodingType"] = encoding_type
    for name in ENCODED:
        if answer.get(name):
            answer[name] = quote_plus(answer[name], safe="/*")
    for each in answer["CommonPrefixes"]:
        each["Prefix"] = quote_plus(each["Prefix"], safe="/*")
    for name in ("Contents", "Versions", "DeleteMarkers", "Uploads"):
        for each in answer.get(name, ()):
            each["Key"] = quote_plus(each["Key"], safe="/*")
    return answer


def shown_upload(upload: Upload) -> dict[str, Any]:
    return {
        "UploadId": upload.id,
        "Key": upload.key,
        "Initiated": upload.initiated,
        "StorageClass": upload.draft.storage_class,
        "Owner": owner(upload.draft.owner),
        "Initiator": initiator(upload),
        "ChecksumAlgorithm": upload.checksum_algorithm,
        "ChecksumType": upload.checksum_type,
    }


def initiator(upload: Upload) -> dict[str, str]:
    """Who began an upload: a root user by the canonical id, anybody else by the ARN."""
    if upload.initiator.endswith(":root"):
        return owner(upload.draft.owner)
    return {"ID": upload.initiator, "DisplayName": upload.initiator.rpartition("/")[2]}
