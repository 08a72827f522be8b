"""Objects: putting and getting them."""

from typing import Any

from glasshouse.services.s3 import checksums, conditions
from glasshouse.services.s3.drafts import check_key, check_version_id, new_etag, new_version_id
from glasshouse.services.s3.errors import EntityTooLarge, InvalidArgument, InvalidRequest
from glasshouse.services.s3.lifecycle_rules import http_date
from glasshouse.services.s3.metadata import shown
from glasshouse.services.s3.records import NULL, UNLOCKED, Bucket, ObjectVersion
from glasshouse.services.s3.storage_class import TIERING
from glasshouse.services.s3.versions import Standing, Taken

MAX_PUT_BYTES = 5 * 1024**3
MAX_PART_NUMBER = 10_000
OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


class Objects:
    def put_object(
        self, bucket: str, key: str, body: Any = b"", acl=None, bucket_key_enabled=None, cache_control=None,
        checksum_algorithm=None, checksum_crc32=None, checksum_crc32_c=None, checksum_crc64_nvme=None,
        checksum_md5=None, checksum_sha1=None, checksum_sha256=None, checksum_sha512=None, checksum_xxhash128=None,
        checksum_xxhash3=None, checksum_xxhash64=None, content_disposition=None, content_encoding=None,
        content_language=None, content_length=None, content_md5=None, content_type=None,
        expected_bucket_owner: str | None = None, expires=None, grant_full_control=None, grant_read=None,
        grant_read_acp=None, grant_write_acp=None, if_match=None, if_none_match=None, metadata=None,
        object_lock_legal_hold_status=None, object_lock_mode=None, object_lock_retain_until_date=None,
        request_payer=None, server_side_encryption=None, ssekms_encryption_context=None, ssekms_key_id=None,
        sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None,
        storage_class=None, tagging=None, website_redirect_location=None,
    ):  # fmt: skip
        return self._put(self._bucket(bucket, expected_bucket_owner), key, body, self.call.params, "Put")

    def get_object(
        self, bucket: str, key: str, checksum_mode=None, expected_bucket_owner: str | None = None, if_match=None,
        if_modified_since=None, if_none_match=None, if_unmodified_since=None, part_number=None, range=None,
        request_payer=None, response_cache_control=None, response_content_disposition=None,
        response_content_encoding=None, response_content_language=None, response_content_type=None,
        response_expires=None, sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None,
        version_id: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._version_asked_for(found, key, version_id)
        self._check_readable(version)
        answer, start, end = self._shown(found, version, self.call.params)
        answer["Body"] = self.cloud.blobs.body(self.contents.ranges(version, start, end))
        return answer

    def head_object(
        self, bucket: str, key: str, checksum_mode=None, expected_bucket_owner: str | None = None, if_match=None,
        if_modified_since=None, if_none_match=None, if_unmodified_since=None, part_number=None, range=None,
        request_payer=None, response_cache_control=None, response_content_disposition=None,
        response_content_encoding=None, response_content_language=None, response_content_type=None,
        response_expires=None, sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None,
        version_id: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._version_asked_for(found, key, version_id)
        self._check_customer_key(version)
        answer, _, _ = self._shown(found, version, self.call.params)
        return answer

    # Putting, also for forms

    def _put(self, bucket: Bucket, key: str, body: Any, params: dict, event: str) -> dict:
        """Make an object of a body. `params` are members of PutObject; the event is "Put" or "Post"."""
        version = self._draft(bucket, key, params)
        current = self.versions.standing(bucket.name, key)
        conditions.check_write(current, key, params)
        received = checksums.receive(body, params)
        if received.size > MAX_PUT_BYTES:
            raise EntityTooLarge(ProposedSize=received.size, MaxSizeAllowed=MAX_PUT_BYTES)
        version.size, version.checksum = received.size, received.checksum
        version.etag = self._etag(version, received.etag)
        if received.size:
            version.blob = self._kept(bucket, body, current)
        self._place(bucket, version, current, event)
        answer = self._told_of(bucket, version)
        answer |= received.checksum.members
        return answer

    def _kept(self, bucket: Bucket, body: Any, current: Standing | None) -> str:
        """The blob of a body: where it can be, that of the version whose place it takes."""
        if current is None or not current.blob or bucket.versioning == "Enabled" or current.version_id != NULL:
            return self.cloud.blobs.keep(body, ()).id
        replaced, current.blob = current.blob, None  # so that nobody drops it a second time
        return self.cloud.blobs.replace(replaced, body).id

    def _etag(self, version: ObjectVersion, md5: str) -> str:
        """Only of what S3 itself encrypts the entity tag is the MD5 of the bytes."""
        return md5 if version.encryption.algorithm == "AES256" else new_etag()

    def _place(self, bucket: Bucket, version: ObjectVersion, current: Taken | None, event: str):
        """Make a version the current one of its key, as the versioning of the bucket has it, and tell of it."""
        versions = self.versions
        if bucket.versioning == "Enabled":
            version.version_id = new_version_id()
            if current is not None:
                versions.supersede(current, self.now)
            versions.add(version)
        elif current is not None and current.version_id == NULL:
            version.id = current.id
            versions.save(version)
            self.contents.drop(current)
        else:
            if current is not None:
                self._drop_null_version(version)
                versions.supersede(current, self.now)
            versions.add(version)
        self._object_created(bucket, version, event)

    def _drop_null_version(self, version: ObjectVersion):
        """While versioning is suspended a new version takes the place of the one that has no id."""
        previous = self.versions.get(version.bucket, version.key, NULL)
        if previous is not None:
            self.versions.delete(previous)
            self.contents.drop(previous)

    def _told_of(self, bucket: Bucket, version: ObjectVersion) -> dict:
        """What the maker of a version is told."""
        answer: dict[str, Any] = {"ETag": version.quoted_etag}
        if bucket.versioning == "Enabled":
            answer["VersionId"] = version.version_id
        if bucket.expires:
            answer |= self._expiration(bucket, version)
        if bucket.requester_pays:
            answer |= self._charge(bucket)
        answer |= encryption_members(version)
        return answer

    # Getting

    def _version_asked_for(self, bucket: Bucket, key: str, version_id: str | None) -> ObjectVersion:
        check_key(key)
        check_version_id(version_id)
        return self._version(bucket, key, version_id)

    def _shown(self, bucket: Bucket, version: ObjectVersion, params: dict) -> tuple[dict, int, int]:
        """What GetObject and HeadObject tell of a version, and which bytes [start, end) are asked for."""
        conditions.check_read(version, params)
        answer: dict[str, Any] = {
            "AcceptRanges": "bytes",
            "LastModified": version.modified,
            "ETag": version.quoted_etag,
            "ContentType": version.content_type,
        }
        if bucket.versioned:
            answer["VersionId"] = version.version_id
        if version.storage_class != "STANDARD":
            answer["StorageClass"] = version.storage_class
            if version.storage_class == TIERING:
                answer |= self._archive_status(version)
        answer |= version.headers
        if version.metadata:
            answer["Metadata"] = shown(version.metadata)
        if version.tags:
            answer["TagCount"] = len(version.tags)
        if version.lock is not UNLOCKED:
            answer |= lock_members(version)
        if version.restore:
            answer |= self._restore_headers(version)
        if bucket.expires:
            answer |= self._expiration(bucket, version)
        if bucket.replicates:
            answer |= self._replication_status(version)
        if bucket.requester_pays:
            answer |= self._charge(bucket)
        answer |= encryption_members(version)
        start, end = self._asked_bytes(version, params, answer)
        self._override(params, answer)
        return answer, start, end

    def _asked_bytes(self, version: ObjectVersion, params: dict, answer: dict) -> tuple[int, int]:
        """Of a range or a part, if there is one; then the answer is a partial one."""
        start, end, checksum = 0, version.size, version.checksum
        window = None
        if (number := params.get("PartNumber")) is not None:
            window, checksum = self._part_asked_for(version, number, params, answer)
        elif (wanted := params.get("Range")) is not None:
            window = conditions.window(version.size, wanted)
            checksum = checksum if window in (None, (0, version.size)) else None
        if window:
            start, end = window
            answer["ContentRange"] = f"bytes {start}-{end - 1}/{version.size}"
            answer["StatusCode"] = 206
        answer["ContentLength"] = end - start
        if checksum and params.get("ChecksumMode") == "ENABLED":
            answer |= checksum.members
        return start, end

    def _part_asked_for(self, version: ObjectVersion, number: int, params: dict, answer: dict):
        """The bytes of one part, and its checksum; an object that was put at once is its own first part."""
        if "Range" in params:
            raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        if not 1 <= number <= MAX_PART_NUMBER:
            raise InvalidArgument(
                f"Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive",
                ArgumentName="partNumber", ArgumentValue=number,
            )  # fmt: skip
        if version.parts_count is None:
            if number > 1:
                raise conditions.part_not_there(number, 1)
            return ((0, version.size) if version.size else None), version.checksum
        part = self.contents.part(version.content or "", number)
        if part is None:
            raise conditions.part_not_there(number, version.parts_count)
        answer["PartsCount"] = version.parts_count
        window = (part.start, part.start + part.size) if part.size else None
        return window, checksums.of_part(version, part)

    def _override(self, params: dict, answer: dict):
        """The headers that the asker wants to see instead of the object's own."""
        if params.keys().isdisjoint(OVERRIDES):
            return
        overridden = {OVERRIDES[name]: params[name] for name in OVERRIDES if params.get(name)}
        if overridden and self.call.principal.kind == "anonymous":
            raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
        if "Expires" in overridden:
            overridden["Expires"] = http_date(overridden["Expires"])
        answer |= overridden


def encryption_members(version: ObjectVersion) -> dict:
    encryption = version.encryption
    if encryption.customer_key_md5 is not None:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": encryption.customer_key_md5}
    return {
        "ServerSideEncryption": encryption.algorithm,
        "SSEKMSKeyId": encryption.kms_key_id,
        "BucketKeyEnabled": encryption.bucket_key if encryption.kms_key_id else None,
    }


def lock_members(version: ObjectVersion) -> dict:
    lock = version.lock
    return {
        "ObjectLockMode": lock.mode,
        "ObjectLockRetainUntilDate": lock.until,
        "ObjectLockLegalHoldStatus": lock.legal_hold,
    }
