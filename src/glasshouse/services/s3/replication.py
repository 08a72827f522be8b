"""Replication: configurations, and which versions are replicated and how far that has got. How it is done is in
`replicas`.

A bucket that has, or had, a configuration or replicas is marked (`replicates`); the others cost no look. Differs from
AWS: replication takes a moment, so that its time control is always kept; objects that were there before the
configuration are left alone, as on AWS without a batch job.
"""

import json

from glasshouse.services.s3 import replication_rules
from glasshouse.services.s3.errors import InvalidRequest
from glasshouse.services.s3.records import Bucket, ObjectVersion
from glasshouse.services.s3.setting_errors import ReplicationConfigurationNotFoundError

PENDING, COMPLETED, FAILED, REPLICA = "PENDING", "COMPLETED", "FAILED", "REPLICA"


class Replication:
    def put_bucket_replication(
        self, bucket: str, replication_configuration: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        if found.versioning != "Enabled":
            raise InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
        configuration = replication_rules.checked(replication_configuration)
        for rule in configuration["Rules"]:
            self._check_destination_bucket(found, replication_rules.destination(rule))
        self._keep_setting(found, "replication", configuration)
        self._mark_replicating(found)

    def get_bucket_replication(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"ReplicationConfiguration": self._setting(found, "replication", ReplicationConfigurationNotFoundError)}

    def delete_bucket_replication(self, bucket: str, expected_bucket_owner: str | None = None):
        self._drop_setting(self._bucket(bucket, expected_bucket_owner), "replication")

    def _check_destination_bucket(self, source: Bucket, name: str):
        there = self.buckets.get(name)
        if name == source.name:
            raise InvalidRequest("Destination bucket cannot be the same as the source bucket.")
        if there is None or there.versioning != "Enabled":  # S3 says the same of both
            raise InvalidRequest("Destination bucket must have versioning enabled.")

    def _mark_replicating(self, bucket: Bucket):
        if not bucket.replicates:
            bucket.replicates = True
            self.buckets.put(bucket)

    # What is replicated; called for buckets that are marked

    def _replicate(self, bucket: Bucket, version: ObjectVersion):
        """A version or a delete marker was made by somebody."""
        configuration = self._setting(bucket, "replication")
        if configuration is None or bucket.versioning != "Enabled":
            return
        rules = list(replication_rules.applying(configuration, version))
        if version.delete_marker:
            rules = [rule for rule in rules if replication_rules.takes_markers(rule)]
        if not rules:
            return
        outcomes = {replication_rules.destination(rule): PENDING for rule in rules}
        self._keep_outcomes(version, PENDING, outcomes)
        for rule in rules:
            self._schedule_replication(bucket, version, configuration["Role"], rule)

    def _replicate_change(self, bucket: Bucket, version: ObjectVersion):
        """The tags, the ACL or the lock of a version were changed by somebody. Of a replica that is told on only where
        the rule says so."""
        configuration, known = self._setting(bucket, "replication"), self._outcomes(version)
        if configuration is None or known is None:
            return
        status, outcomes = known
        for rule in replication_rules.applying(configuration, version):
            told_on = replication_rules.is_enabled(rule, "SourceSelectionCriteria", "ReplicaModifications")
            if told_on if status == REPLICA else replication_rules.destination(rule) in outcomes:
                self._schedule_replication(bucket, version, configuration["Role"], rule)

    def _schedule_replication(self, bucket: Bucket, version: ObjectVersion, role: str, rule: dict):
        params = {"bucket": bucket.name, "key": version.key, "version_id": version.version_id, "role": role,
                  "rule": rule}  # fmt: skip
        self._schedule(bucket, "_replicate_version", self.now, params)

    def _replication_status(self, version: ObjectVersion) -> dict[str, str]:
        """The member ReplicationStatus of what GetObject and HeadObject answer."""
        known = self._outcomes(version)
        return {"ReplicationStatus": known[0]} if known else {}

    # How far it has got

    def _outcomes(self, version: ObjectVersion) -> tuple[str, dict[str, str]] | None:
        """The status of a version, and by destination what came of it; None for one that is none of replication's."""
        row = self.store.read(
            "SELECT status, outcomes FROM s3_replication WHERE bucket = ? AND key = ? AND version_id = ?",
            (version.bucket, version.key, version.version_id),
        ).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def _keep_outcomes(self, version: ObjectVersion, status: str, outcomes: dict[str, str]):
        place = (version.bucket, version.key, version.version_id)
        self.store.write("REPLACE INTO s3_replication VALUES (?, ?, ?, ?, ?)", (*place, status, json.dumps(outcomes)))

    def _note_outcome(self, version: ObjectVersion, destination: str, outcome: str):
        """What came of replicating a version to one of its destinations. It has failed if one of them has."""
        known = self._outcomes(version)
        if known is None or known[0] == REPLICA:
            return
        outcomes = known[1] | {destination: outcome}
        status = next((each for each in (FAILED, PENDING) if each in outcomes.values()), COMPLETED)
        self._keep_outcomes(version, status, outcomes)

    def _forget_replication(self, version: ObjectVersion):
        self.store.write(
            "DELETE FROM s3_replication WHERE bucket = ? AND key = ? AND version_id = ?",
            (version.bucket, version.key, version.version_id),
        )
