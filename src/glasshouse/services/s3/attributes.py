"""GetObjectAttributes: what is known of an object, without its bytes."""

from dataclasses import replace
from typing import Any

from glasshouse.services.s3 import checksums
from glasshouse.services.s3.errors import InvalidArgument, InvalidRequest
from glasshouse.services.s3.listing import MAX_INTEGER, MAX_KEYS, check_limit
from glasshouse.services.s3.records import Checksum, ObjectVersion

ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class Attributes:
    def get_object_attributes(
        self, bucket: str, key: str, object_attributes: list[str] | None = None,
        expected_bucket_owner: str | None = None, max_parts: int = MAX_KEYS, part_number_marker: int = 0,
        request_payer=None, sse_customer_algorithm=None, sse_customer_key=None, sse_customer_key_md5=None, version_id:
        str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        wanted = object_attributes or []
        if not any(wanted):
            raise InvalidRequest(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or"
                " empty"
            )
        if not set(wanted) <= set(ATTRIBUTES):
            raise InvalidArgument(
                "Invalid attribute name specified.", ArgumentName="x-amz-object-attributes",
                ArgumentValue=",".join(wanted),
            )  # fmt: skip
        version = self._version_asked_for(found, key, version_id)
        self._check_customer_key(version)
        limit = check_limit("x-amz-max-parts", max_parts)
        after = check_limit("x-amz-part-number-marker", part_number_marker, MAX_INTEGER)
        known: dict[str, Any] = {
            "ETag": version.etag,
            "Checksum": _whole(version.checksum) if version.checksum else None,
            "ObjectParts": self._parts_of(version, after, limit) if "ObjectParts" in wanted else None,
            "StorageClass": version.storage_class,
            "ObjectSize": version.size,
        }
        answer = {name: known[name] for name in wanted}
        answer["LastModified"] = version.modified
        answer["VersionId"] = version.version_id if found.versioned else None
        return answer

    def _parts_of(self, version: ObjectVersion, after: int, limit: int) -> dict[str, Any] | None:
        """A page of the parts of which the object was made."""
        if version.parts_count is None or version.content is None:
            return None
        if version.checksum is None or version.checksum.type == checksums.FULL_OBJECT:
            return {"TotalPartsCount": version.parts_count}  # parts are shown for their checksums
        parts = self.contents.parts(version.content, after, limit + 1)
        shown = parts[:limit]
        return {
            "TotalPartsCount": version.parts_count,
            "PartNumberMarker": after,
            "NextPartNumberMarker": shown[-1].number if shown else 0,
            "MaxParts": limit,
            "IsTruncated": len(parts) > limit > 0,
            "Parts": [
                {"PartNumber": part.number, "Size": part.size} | _checksum(checksums.of_part(version, part))
                for part in shown
            ],
        }


def _whole(checksum: Checksum) -> dict[str, str]:
    """The checksum of an object, here without the number of parts that stands behind a composite one."""
    return replace(checksum, value=checksum.value.partition("-")[0]).members


def _checksum(checksum) -> dict[str, str]:
    return {f"Checksum{checksum.algorithm}": checksum.value} if checksum else {}
