"""Deleting objects, one by one or many at once."""

from dataclasses import replace
from typing import Any

from glasshouse.core import NotSupported, ServiceError
from glasshouse.services.s3 import conditions
from glasshouse.services.s3.drafts import check_key, check_version_id, invalid_version_id, is_genuine, new_version_id
from glasshouse.services.s3.errors import MalformedXML, MissingRequestBodyError, NoSuchVersion
from glasshouse.services.s3.records import NULL, Bucket, ObjectVersion

MAX_DELETED = 1000


class Deletes:
    def delete_object(
        self, bucket: str, key: str, bypass_governance_retention: bool = False,
        expected_bucket_owner: str | None = None, if_match: str | None = None, request_payer=None,
        version_id: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        self._check_bypass(found)
        return self._delete(found, key, version_id, bypass_governance_retention, if_match)

    def delete_objects(
        self, bucket: str, delete: dict | None = None, bypass_governance_retention: bool = False,
        checksum_algorithm=None, expected_bucket_owner: str | None = None, request_payer=None,
    ):  # fmt: skip
        if delete is None:
            raise MissingRequestBodyError()
        found = self._bucket(bucket, expected_bucket_owner)
        self._check_bypass(found)
        wanted = delete.get("Objects") or []
        if not 1 <= len(wanted) <= MAX_DELETED or not all(each.get("Key") for each in wanted):
            raise MalformedXML()
        deleted, failed = [], []
        for each in wanted:
            named = {"Key": each["Key"], "VersionId": each.get("VersionId")}
            try:
                outcome = self._delete_one(found, each, bypass_governance_retention)
            except ServiceError as refusal:
                failed.append(named | {"Code": refusal.code, "Message": refusal.message})
            else:
                deleted.append(named | outcome)
        return {"Errors": failed} if delete.get("Quiet") else {"Deleted": deleted, "Errors": failed}

    def _delete_one(self, bucket: Bucket, wanted: dict, bypass: bool) -> dict:
        if "LastModifiedTime" in wanted or "Size" in wanted:
            raise NotSupported("s3:DeleteObjects LastModifiedTime and Size are for directory buckets only")
        self._check_may_delete(bucket, wanted)
        version_id = wanted.get("VersionId")
        if version_id and not is_genuine(version_id) and not self.versions.get(bucket.name, wanted["Key"], version_id):
            raise NoSuchVersion(Key=wanted["Key"], VersionId=version_id)  # here that is what AWS says of any other id
        answer = self._delete(bucket, wanted["Key"], version_id, bypass, wanted.get("ETag"))
        if answer.get("DeleteMarker"):
            return {"DeleteMarker": True, "DeleteMarkerVersionId": answer["VersionId"]}
        return {}

    def _check_may_delete(self, bucket: Bucket, wanted: dict):
        """Raise if the caller may not delete one of many: AWS asks that for each key, and tells it as its outcome."""
        named = {"Bucket": bucket.name, "Key": wanted["Key"], "VersionId": wanted.get("VersionId")}
        one = replace(self.call, operation="DeleteObject", params=named)
        self.cloud.access.authorize(type(self)(self.cloud, one), self.cloud.model.operation("s3", "DeleteObject"))

    def _delete(
        self, bucket: Bucket, key: str, version_id: str | None, bypass: bool = False, if_match: str | None = None
    ) -> dict[str, Any]:
        """Delete a version for good, or the current one as the versioning of the bucket has it.

        Also what lifecycle rules do. Returns the members of DeleteObject's output.
        """
        check_key(key)
        check_version_id(version_id)
        current = self.versions.current(bucket.name, key)
        conditions.check_delete(current, key, if_match)
        if version_id is not None:
            return self._delete_version(bucket, key, version_id, bypass)
        if not bucket.versioned:
            if current is not None:
                self._remove(bucket, current, bypass)
                self._object_removed(bucket, current, "Delete")
            return {}
        return self._hide(bucket, key, current)

    def _delete_version(self, bucket: Bucket, key: str, version_id: str, bypass: bool) -> dict[str, Any]:
        version = self.versions.get(bucket.name, key, version_id)
        if version is None and not is_genuine(version_id):
            raise invalid_version_id(version_id)
        if version is None:  # AWS confirms, too, that what was never there is there no more
            return {"VersionId": version_id}
        self._remove(bucket, version, bypass)
        self._object_removed(bucket, version, "Delete")
        return {"VersionId": version_id, "DeleteMarker": True if version.delete_marker else None}

    def _hide(self, bucket: Bucket, key: str, current: ObjectVersion | None) -> dict[str, Any]:
        """Put a delete marker before the versions of a key."""
        marker = ObjectVersion(bucket.name, key, bucket.account, float(int(self.now)), delete_marker=True)
        if bucket.versioning == "Enabled":
            marker.version_id = new_version_id()
        elif current is not None:
            previous = self.versions.get(bucket.name, key, NULL)
            if previous is not None:
                self._remove(bucket, previous, bypass=False)
                current = self.versions.current(bucket.name, key)
        if current is not None:
            self.versions.supersede(current, self.now)
        self.versions.add(marker)
        self._object_removed(bucket, marker, "DeleteMarkerCreated")
        return {"VersionId": marker.version_id, "DeleteMarker": True}

    def _remove(self, bucket: Bucket, version: ObjectVersion, bypass: bool):
        """A version goes, and its bytes. Raises AccessDenied if it is locked."""
        if not version.delete_marker:
            self._check_lock(bucket, version, bypass)
        self.versions.delete(version)
        self.contents.drop(version)
        if bucket.replicates:
            self._forget_replication(version)
