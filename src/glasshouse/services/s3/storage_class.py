"""Storage classes, and restoring what was archived.

Nothing gets slower or cheaper here: a storage class is a name that lifecycle rules change. But an archived object is
unreadable until it is restored, which takes as long as AWS says at most, by the cloud's clock.
"""

from typing import Any

from glasshouse.core import NotSupported
from glasshouse.services.s3.customer_keys import OWN
from glasshouse.services.s3.errors import InvalidArgument, InvalidObjectState, InvalidStorageClass, MalformedXML
from glasshouse.services.s3.lifecycle_rules import http_date, midnight_after
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.setting_errors import RestoreAlreadyInProgress

CLASSES = (
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
)  # fmt: skip
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
RETRIEVAL_S = {
    "GLACIER": {"Expedited": 5 * MINUTE_S, "Standard": 5 * HOUR_S, "Bulk": 12 * HOUR_S},
    "DEEP_ARCHIVE": {"Standard": 12 * HOUR_S, "Bulk": 48 * HOUR_S},
}
TIERS = ("Standard", "Bulk", "Expedited")
TIERING = "INTELLIGENT_TIERING"


class StorageClasses:
    def restore_object(
        self, bucket: str, key: str, version_id: str | None = None, restore_request: dict | None = None,
        request_payer: str | None = None, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        version = self._version_asked_for(found, key, version_id)
        request = restore_request or {}
        for member in ("Type", "SelectParameters", "OutputLocation"):
            if member in request:
                raise NotSupported(f"s3:RestoreObject {member} is not supported by Glasshouse yet")
        if version.storage_class == TIERING:
            return self._restore_tiered(found, version, request)
        if version.storage_class not in RETRIEVAL_S:
            raise not_archived(version)
        days, seconds = asked(request, version.storage_class)
        if version.restore and version.restore["IsRestoreInProgress"]:
            raise RestoreAlreadyInProgress()
        if version.restore:
            self._make_readable(found, version, days)
            return {"StatusCode": 200}
        version.restore = {"IsRestoreInProgress": True}
        self.versions.save(version)
        params = {"bucket": bucket, "key": key, "version_id": version.version_id, "days": days}
        self._schedule(found, "_restore_is_done", self.now + seconds, params, _job_key(version))
        self._notify(found, version, "ObjectRestore:Post")
        return {"StatusCode": 202}

    def _asked_storage_class(self, params: dict) -> str:
        """The storage class of a new object. Raises InvalidStorageClass."""
        asked = params.get("StorageClass", "STANDARD")
        if asked not in CLASSES:
            raise InvalidStorageClass(StorageClassRequested=asked)
        return asked

    def _check_readable(self, version: ObjectVersion, names: tuple[str, ...] = OWN):
        """Raise what keeps an object from being read: that it is archived and was not restored, or that KMS or
        the key that is brought (in the members of these names) does not open it. Called by GetObject and copies."""
        self._check_key(version, names)
        if version.storage_class not in RETRIEVAL_S:
            if version.storage_class == TIERING:
                self._read_tiered(version)
            return
        if not version.restore or version.restore["IsRestoreInProgress"]:
            message = None if names is OWN else "Operation is not valid for the source object's storage class"
            raise InvalidObjectState(message, StorageClass=version.storage_class)

    def _restore_headers(self, version: ObjectVersion) -> dict:
        """The member Restore of what GetObject and HeadObject answer."""
        restore = version.restore
        if not restore:
            return {}
        if restore["IsRestoreInProgress"]:
            return {"Restore": 'ongoing-request="true"'}
        return {"Restore": f'ongoing-request="false", expiry-date="{http_date(restore["RestoreExpiryDate"])}"'}

    def _restore_status(self, restore: dict) -> dict:
        """The member RestoreStatus of listings: a version keeps it in that form."""
        return restore

    def _restore_is_done(self, bucket: str, key: str, version_id: str, days: int):
        found, version = self._restored_version(bucket, key, version_id)
        if found and version:
            self._make_readable(found, version, days)
            self._notify(found, version, "ObjectRestore:Completed")

    def _make_readable(self, bucket: Bucket, version: ObjectVersion, days: int):
        """For so many days, up to the midnight after (UTC)."""
        until = midnight_after(self.now + days * DAY_S)
        version.restore = {"IsRestoreInProgress": False, "RestoreExpiryDate": until}
        self.versions.save(version)
        params = {"bucket": bucket.name, "key": version.key, "version_id": version.version_id}
        self._schedule(bucket, "_restore_is_over", until, params, _job_key(version))

    def _restore_is_over(self, bucket: str, key: str, version_id: str):
        found, version = self._restored_version(bucket, key, version_id)
        if found and version:
            version.restore = None
            self.versions.save(version)
            self._notify(found, version, "ObjectRestore:Delete")

    def _restored_version(self, bucket: str, key: str, version_id: str) -> tuple[Bucket | None, ObjectVersion | None]:
        """What a job of a restore is about, if it is still there and no new object took its place."""
        version = self.versions.get(bucket, key, version_id)
        return self.buckets.get(bucket), version if version and version.restore else None


def _job_key(version: ObjectVersion) -> str:
    return f"restore {version.bucket}/{version.version_id}/{version.key}"


def not_archived(version: ObjectVersion) -> InvalidObjectState:
    message = "Restore is not allowed for the object's current storage class"
    return InvalidObjectState(message, StorageClass=version.storage_class)


def asked(request: dict[str, Any], storage_class: str) -> tuple[int, int]:
    """(days to keep the copy, seconds until it is there)."""
    days = request.get("Days")
    tier = (request.get("GlacierJobParameters") or {}).get("Tier") or request.get("Tier") or "Standard"
    if days is None or tier not in TIERS:
        raise MalformedXML()
    if days <= 0:
        raise InvalidArgument("restoration days should be at least 1", ArgumentName="Days", ArgumentValue=days)
    seconds = RETRIEVAL_S[storage_class].get(tier)
    if seconds is None:
        raise InvalidArgument("Retrieval option is not supported by this storage class", ArgumentName="Tier")
    return days, seconds
