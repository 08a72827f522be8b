"""Intelligent tiering: which objects of that storage class go to archive tiers when nobody reads them for long.

At each midnight (UTC) of the cloud's clock, what was not read for as many days as a configuration says goes to the tier
that it names, where it cannot be read until it is restored. Reading is noted in buckets with configurations only. The
tiers above these, between which S3 moves objects without a trace, cannot be told from each other here either.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html
"""

from typing import Any

from glasshouse.services.s3.aging import next_midnight
from glasshouse.services.s3.errors import InvalidArgument, InvalidObjectState, MalformedXML
from glasshouse.services.s3.lifecycle_rules import DAY_S, SMALL_BYTES, filter_of
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.setting_errors import RestoreAlreadyInProgress
from glasshouse.services.s3.storage_class import TIERING, asked, not_archived

KIND = "intelligent tiering"  # of the setting
RETRIEVED_AS = {"ARCHIVE_ACCESS": "GLACIER", "DEEP_ARCHIVE_ACCESS": "DEEP_ARCHIVE"}  # it takes as long
LEAST_DAYS = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
MOST_DAYS = 730
PORTION = 500
NEXT = "bucket = ? AND storage_class = 'INTELLIGENT_TIERING' AND id > ? ORDER BY id"


class Tiering:
    def put_bucket_intelligent_tiering_configuration(
        self, bucket: str, id: str, intelligent_tiering_configuration: dict, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        if intelligent_tiering_configuration["Id"] != id:
            raise MalformedXML()
        _check(intelligent_tiering_configuration)
        self._put_configuration(found, KIND, id, intelligent_tiering_configuration)
        self._schedule(found, "_move_unread", next_midnight(self.now), {"bucket": bucket}, tiering_job(bucket))

    def get_bucket_intelligent_tiering_configuration(
        self, bucket: str, id: str, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"IntelligentTieringConfiguration": self._configuration(found, KIND, id)}

    def list_bucket_intelligent_tiering_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        return self._listed_configurations(found, KIND, "IntelligentTieringConfigurationList", continuation_token)

    def delete_bucket_intelligent_tiering_configuration(
        self, bucket: str, id: str, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        if not self._drop_configuration(found, KIND, id):
            self._unschedule(found, tiering_job(bucket))

    # What is called for objects of that class

    def _read_tiered(self, version: ObjectVersion):
        """An object is read: note it, or raise InvalidObjectState for one in an archive tier."""
        _, tier = self._tier_of(version)
        if tier:
            raise InvalidObjectState(StorageClass=TIERING, AccessTier=tier)
        if self.settings.get(version.bucket, KIND):
            self._keep_tier(version, self.now, None)

    def _archive_status(self, version: ObjectVersion) -> dict[str, str]:
        """The member ArchiveStatus of what HeadObject answers."""
        _, tier = self._tier_of(version)
        return {"ArchiveStatus": tier} if tier else {}

    def _tier_of(self, version: ObjectVersion) -> tuple[float, str | None]:
        """When a version was read last, and the archive tier it is in."""
        statement = "SELECT accessed, tier FROM s3_tiering WHERE id = ? AND made = ?"
        return self.store.read(statement, (version.id, _made(version))).fetchone() or (version.modified, None)

    def _keep_tier(self, version: ObjectVersion, accessed: float, tier: str | None):
        row = (version.id, _made(version), version.bucket, accessed, tier)
        self.store.write("REPLACE INTO s3_tiering VALUES (?, ?, ?, ?, ?)", row)

    def _restore_tiered(self, bucket: Bucket, version: ObjectVersion, request: dict) -> dict[str, int]:
        """An object comes back from its archive tier, to stay."""
        _, tier = self._tier_of(version)
        if tier is None:
            raise not_archived(version)
        if "Days" in request:
            raise MalformedXML()
        if version.restore:
            raise RestoreAlreadyInProgress()
        _, seconds = asked({**request, "Days": 1}, RETRIEVED_AS[tier])
        version.restore = {"IsRestoreInProgress": True}
        self.versions.save(version)
        params = {"bucket": bucket.name, "key": version.key, "version_id": version.version_id}
        self._schedule(bucket, "_tier_is_restored", self.now + seconds, params)
        self._notify(bucket, version, "ObjectRestore:Post")
        return {"StatusCode": 202}

    def _tier_is_restored(self, bucket: str, key: str, version_id: str):
        found, version = self._restored_version(bucket, key, version_id)
        if found and version:
            version.restore = None
            self.versions.save(version)
            self._keep_tier(version, self.now, None)
            self._notify(found, version, "ObjectRestore:Completed")

    # At midnight

    def _move_unread(self, bucket: str, after: int = 0):
        found = self.buckets.get(bucket)
        if found is None:
            return
        enabled = [each for each in self._configurations(found, KIND).values() if each["Status"] == "Enabled"]
        versions = list(self.versions.some(f"{NEXT} LIMIT {PORTION}", (bucket, after)))
        for version in versions:
            self._move_if_unread(found, version, enabled)
        due, after = next_midnight(self.now), 0
        if len(versions) == PORTION:
            due, after = self.now, versions[-1].id
        self._schedule(found, "_move_unread", due, {"bucket": bucket, "after": after}, tiering_job(bucket))

    def _move_if_unread(self, bucket: Bucket, version: ObjectVersion, enabled: list[dict]):
        accessed, tier = self._tier_of(version)
        unread_days = (self.now - max(accessed, version.modified)) / DAY_S
        due = [
            each["AccessTier"]
            for configuration in enabled
            if filter_of(configuration).takes(version)
            for each in configuration["Tierings"]
            if each["Days"] <= unread_days
        ]
        deepest = max(due, key=LEAST_DAYS.__getitem__, default=None)
        if deepest is None or version.size < SMALL_BYTES or version.restore:
            return
        if tier is None or LEAST_DAYS[deepest] > LEAST_DAYS[tier]:
            self._keep_tier(version, accessed, deepest)
            self._notify(bucket, version, "IntelligentTiering")


def _made(version: ObjectVersion) -> str:
    """What tells a version from another one that took its place in the table."""
    return f"{version.version_id} {version.etag} {version.modified}"


def tiering_job(bucket: str) -> str:
    return f"tiering {bucket}"


def _check(configuration: dict[str, Any]):
    if configuration.get("Status") not in ("Enabled", "Disabled"):
        raise MalformedXML()
    given = configuration.get("Filter")
    if given is not None and len(given) > 1:
        raise MalformedXML()
    tiers = [each.get("AccessTier") for each in configuration["Tierings"]]
    if not tiers or not set(tiers) <= LEAST_DAYS.keys() or len(set(tiers)) < len(tiers):
        raise MalformedXML()
    for each in configuration["Tierings"]:
        least = LEAST_DAYS[each["AccessTier"]]
        if not least <= each["Days"] <= MOST_DAYS:
            raise InvalidArgument(
                f"Days for {each['AccessTier']} must be between {least} and {MOST_DAYS}", ArgumentName="Days",
                ArgumentValue=each["Days"],
            )  # fmt: skip
