"""Uploads in parts: begun, filled, completed or aborted.

Completing puts parts together by reference. What it answered is remembered for a day, so that it can be repeated.
"""

from itertools import pairwise
from typing import Any
from urllib.parse import quote

from glasshouse.core import ids
from glasshouse.services.s3 import checksums, conditions
from glasshouse.services.s3.errors import (
    EntityTooLarge,
    EntityTooSmall,
    InvalidArgument,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXML,
    NoSuchUpload,
)
from glasshouse.services.s3.objects import MAX_PART_NUMBER, MAX_PUT_BYTES, encryption_members
from glasshouse.services.s3.records import NULL, Bucket, Part, Segment, Upload

MIN_PART_BYTES = 5 * 1024**2
REMEMBERED_S = 24 * 3600
MICROSECONDS = 1_000_000


class Multipart:
    def create_multipart_upload(
        self, bucket: str, key: str, acl=None, bucket_key_enabled=None, cache_control=None,
        checksum_algorithm: str | None = None, checksum_type: str | None = None, content_disposition=None,
        content_encoding=None, content_language=None, content_type=None, expected_bucket_owner: str | None = None,
        expires=None, grant_full_control=None, grant_read=None, grant_read_acp=None, grant_write_acp=None,
        metadata=None, sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None,
        object_lock_legal_hold_status=None, object_lock_mode=None, object_lock_retain_until_date=None,
        request_payer=None, server_side_encryption=None, ssekms_encryption_context=None, ssekms_key_id=None,
        storage_class=None, tagging=None, website_redirect_location=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        algorithm = checksum_algorithm.upper() if checksum_algorithm else None
        kind = checksums.upload_type(algorithm, checksum_type)
        current = self.versions.current(bucket, key)
        upload = Upload(
            id=f"{int(self.now * MICROSECONDS):016x}{ids.token(80)}",
            bucket=bucket,
            key=key,
            initiated=float(int(self.now)),
            initiator=self.call.principal.arn,
            draft=self._draft(found, key, self.call.params),
            checksum_algorithm=algorithm,
            checksum_type=kind,
            existed=current is not None and not current.delete_marker,
        )
        self.uploads.put(upload)
        answer = {"Bucket": bucket, "Key": key, "UploadId": upload.id}
        answer |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
        if found.expires:
            answer |= self._abort_rule(found, upload)
        return answer | encryption_members(upload.draft)

    def upload_part(
        self, bucket: str, key: str, upload_id: str, part_number: int | None = None, body: Any = b"",
        checksum_algorithm=None, checksum_crc32=None, checksum_crc32_c=None, checksum_crc64_nvme=None,
        checksum_md5=None, checksum_sha1=None, checksum_sha256=None, checksum_sha512=None, checksum_xxhash128=None,
        checksum_xxhash3=None, checksum_xxhash64=None, content_length=None, content_md5=None,
        expected_bucket_owner: str | None = None, request_payer=None, sse_customer_algorithm=None,
        sse_customer_key=None, sse_customer_key_md5=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        upload = self._upload(found, key, upload_id)
        self._check_part_key(upload)
        number = check_part_number(part_number)
        received = checksums.receive(body, self.call.params)
        if received.size > MAX_PUT_BYTES:
            raise EntityTooLarge(ProposedSize=received.size, MaxSizeAllowed=MAX_PUT_BYTES)
        kept = checksums.for_part(upload, received)
        segments = []
        if received.size:
            segments = [Segment(self.cloud.blobs.keep(body, ()).id, 0, received.size)]
        part = Part(upload_id, number, float(int(self.now)), received.size, received.etag, kept, segments)
        self.contents.put_part(part)
        answer = {"ETag": f'"{part.etag}"'} | encryption_members(upload.draft)
        return answer | received.checksum.members

    def upload_part_copy(
        self, bucket: str, key: str, upload_id: str, copy_source: str, part_number: int | None = None,
        copy_source_if_match=None, copy_source_if_modified_since=None, copy_source_if_none_match=None,
        copy_source_if_unmodified_since=None, copy_source_range: str | None = None,
        expected_bucket_owner: str | None = None, expected_source_bucket_owner: str | None = None, request_payer=None,
        sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None,
        copy_source_sse_customer_algorithm=None, copy_source_sse_customer_key=None,
        copy_source_sse_customer_key_md5=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        upload = self._upload(found, key, upload_id)
        self._check_part_key(upload)
        number = check_part_number(part_number)
        _, source = self._copy_source(copy_source, expected_source_bucket_owner)
        conditions.check_copy_source(source, self.call.params)
        start, end = conditions.copy_window(source.size, copy_source_range)
        if end - start > MAX_PUT_BYTES:
            raise InvalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source:"
                f" {MAX_PUT_BYTES}"
            )
        part = self._part_of(source, start, end, upload, number)
        self.contents.hold(part.segments)
        self.contents.put_part(part)
        result = {"ETag": f'"{part.etag}"', "LastModified": part.modified}
        if upload.checksum_algorithm and part.checksum:
            result[f"Checksum{upload.checksum_algorithm}"] = part.checksum
        answer = {"CopyPartResult": result} | encryption_members(upload.draft)
        answer["CopySourceVersionId"] = source.version_id if source.version_id != NULL else None
        return answer

    def complete_multipart_upload(
        self, bucket: str, key: str, upload_id: str, multipart_upload: dict | None = None, checksum_crc32=None,
        checksum_crc32_c=None, checksum_crc64_nvme=None, checksum_md5=None, checksum_sha1=None, checksum_sha256=None,
        checksum_sha512=None, checksum_type: str | None = None, checksum_xxhash128=None, checksum_xxhash3=None,
        checksum_xxhash64=None, expected_bucket_owner: str | None = None, if_match=None, if_none_match=None,
        mpu_object_size: int | None = None, request_payer=None, sse_customer_algorithm=None, sse_customer_key=None,
        sse_customer_key_md5=None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        upload = self.uploads.get(upload_id)
        if upload is not None and upload.result is not None and (upload.bucket, upload.key) == (bucket, key):
            return upload.result
        upload = self._upload(found, key, upload_id)
        params = self.call.params
        current = self.versions.current(bucket, key)
        conditions.check_write(current, key, params, upload, upload.existed)
        if multipart_upload is None:
            raise InvalidRequest("You must specify at least one part")
        parts = self._chosen_parts(upload, multipart_upload.get("Parts") or [])
        checksum = checksums.of_upload(upload, parts, params)
        size = sum(part.size for part in parts)
        if mpu_object_size is not None and mpu_object_size != size:
            raise InvalidRequest(
                f"The provided 'x-amz-mp-object-size' header value {mpu_object_size} does not match what was"
                f" computed: {size}"
            )
        version = upload.draft
        version.size, version.content, version.parts_count, version.checksum = size, upload_id, len(parts), checksum
        version.etag = self._etag(version, checksums.etag_of_parts(parts))
        self._drop_unchosen_parts(upload_id, parts)
        self.contents.place_parts(parts)
        self._place(found, version, current, "CompleteMultipartUpload")
        upload.result = self._told_of(found, version) | checksum.members
        upload.result |= {"Bucket": bucket, "Key": key, "Location": self._url(bucket, key)}
        self.uploads.forget_completed(self.now - REMEMBERED_S)
        self.uploads.put(upload, completed=self.now)
        return upload.result

    def abort_multipart_upload(
        self, bucket: str, key: str, upload_id: str, expected_bucket_owner: str | None = None, request_payer=None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        self._drop_upload(self._upload(found, key, upload_id))

    def _upload(self, bucket: Bucket, key: str, upload_id: str) -> Upload:
        """The upload under way of that id. Raises NoSuchUpload."""
        upload = self.uploads.get(upload_id)
        if upload is None or upload.result is not None or (upload.bucket, upload.key) != (bucket.name, key):
            raise NoSuchUpload(UploadId=upload_id)
        return upload

    def _drop_upload(self, upload: Upload):
        """An upload is aborted, by the client, by a lifecycle rule, or with its bucket."""
        self.contents.drop_parts(self.contents.parts(upload.id))
        self.uploads.delete(upload)

    def _part_of(self, source, start: int, end: int, upload: Upload, number: int) -> Part:
        """A part that is a range of an object, read only for checksums that are not known yet."""
        ranges = self.contents.ranges(source, start, end)
        algorithm = (upload.checksum_algorithm or checksums.DEFAULT).lower()
        known = self.contents.known(source, start, end)
        wanted = {"md5", algorithm} - known.keys()
        measured = known | (self._measured(ranges, sorted(wanted)) if wanted else {})
        segments = [Segment(*each) for each in ranges]
        checksum = checksums.base64(measured[algorithm])
        return Part(upload.id, number, float(int(self.now)), end - start, measured["md5"].hex(), checksum, segments)

    def _chosen_parts(self, upload: Upload, listed: list[dict]) -> list[Part]:
        """The parts that are to make the object. Raises what is wrong with the first that is wrong."""
        if not listed:
            raise MalformedXML()
        numbers = [each.get("PartNumber") or 0 for each in listed]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise InvalidPartOrder(UploadId=upload.id)
        there = {part.number: part for part in self.contents.parts(upload.id)}
        parts = []
        for each, number in zip(listed, numbers, strict=True):
            part, etag = there.get(number), (each.get("ETag") or "").strip('"')
            if part is None or part.etag != etag:
                raise InvalidPart(UploadId=upload.id, PartNumber=number, ETag=etag)
            checksums.check_listed_part(upload, part, each)
            parts.append(part)
        for part in parts[:-1]:
            if part.size < MIN_PART_BYTES:
                raise EntityTooSmall(
                    ProposedSize=part.size, MinSizeAllowed=MIN_PART_BYTES, PartNumber=part.number, ETag=part.etag
                )
        return parts

    def _drop_unchosen_parts(self, upload_id: str, chosen: list[Part]):
        numbers = {part.number for part in chosen}
        self.contents.drop_parts(part for part in self.contents.parts(upload_id) if part.number not in numbers)

    def _url(self, bucket: str, key: str) -> str:
        return f"{self.call.source.origin}/{bucket}/{quote(key)}"


def check_part_number(number: int | None) -> int:
    if number is None or not 1 <= number <= MAX_PART_NUMBER:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive",
            ArgumentName="partNumber", ArgumentValue=number,
        )  # fmt: skip
    return number
