"""Replication at work: a job for each version and destination, in the name of the configuration's role.

The role needs on the source what AWS asks of it (s3:GetObjectVersionForReplication ...) and on the destination
s3:ReplicateObject, s3:ReplicateTags, s3:ReplicateDelete; another account's bucket must let it in, too. A replica has
the version id, the times and the entity tag of its source, and shares its bytes.
"""

import logging
from base64 import b64encode
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.access import Principal
from glasshouse.core.call import Call
from glasshouse.services.s3 import replication_rules
from glasshouse.services.s3.encryption import KMS, encryption_context
from glasshouse.services.s3.errors import AccessDenied, InvalidBucketState, NoSuchBucket
from glasshouse.services.s3.records import UNLOCKED, Bucket, Encryption, ObjectVersion
from glasshouse.services.s3.replication import COMPLETED, FAILED, REPLICA

log = logging.getLogger("glasshouse.s3")


@dataclass(frozen=True)
class Permission:
    """An action that no operation has: access is asked as if one had."""

    name: str
    service_name: str = "s3"

    @cached_property
    def arguments(self) -> dict[str, str]:
        return {"Bucket": "bucket", "Key": "key"}


@dataclass(slots=True)
class Errand:
    """A version that is to be replicated by a rule to a bucket, and the role's siblings where its source is."""

    source: Bucket
    version: ObjectVersion
    rule: dict[str, Any]
    target: Bucket
    acting: Any


class Replicas:
    def _replicate_version(self, bucket: str, key: str, version_id: str, role: str, rule: dict):
        """Replicate one version to one destination, if it is still there."""
        source, version = self.buckets.get(bucket), self.versions.get(bucket, key, version_id)
        if source is None or version is None:
            return
        destination = replication_rules.destination(rule)
        try:
            with self.store.transaction():
                self._bring(self._errand(source, version, role, rule, destination))
        except ServiceError as refusal:
            log.warning("%s/%s was not replicated to %s: %s", bucket, key, destination, refusal)
            self._note_outcome(version, destination, FAILED)
            self._notify(source, version, "Replication:OperationFailedReplication")
            self._measure_replication(source, rule, "OperationsFailedReplication", 1, "Count")
        else:
            self._note_outcome(version, destination, COMPLETED)
            self._measure_replication(source, rule, "OperationsFailedReplication", 0, "Count")
            self._measure_replication(source, rule, "ReplicationLatency", self.now - version.modified, "Seconds")

    def _errand(self, source: Bucket, version: ObjectVersion, role: str, rule: dict, destination: str) -> Errand:
        target = self.buckets.get(destination)
        if target is None:
            raise NoSuchBucket(BucketName=destination)
        if target.versioning != "Enabled":
            raise InvalidBucketState("The destination bucket is not versioned")
        acting = self.aws(account=source.account, region=source.region).as_role(role, "s3-replication")
        self._need_permission(acting.principal, "GetReplicationConfiguration", source.name)
        self._need_permission(acting.principal, "ListBucket", source.name)
        return Errand(source, version, rule, target, acting)

    def _bring(self, errand: Errand):
        """What is not there yet is made, what is there gets the tags, the ACL and the lock that its source has now."""
        version, target, principal = errand.version, errand.target, errand.acting.principal
        there = self.versions.get(target.name, version.key, version.version_id)
        if version.delete_marker:
            self._need_permission(principal, "ReplicateDelete", target.name, version.key)
            if there is None:
                self._add_replica(target, replace(version, bucket=target.name, owner=target.account))
            return
        for action in ("GetObjectVersionForReplication", "GetObjectVersionAcl"):
            self._need_permission(principal, action, errand.source.name, version.key)
        self._need_permission(principal, "ReplicateObject", target.name, version.key)
        if version.tags:
            self._need_permission(principal, "GetObjectVersionTagging", errand.source.name, version.key)
            self._need_permission(principal, "ReplicateTags", target.name, version.key)
        replica = self._replica(errand)
        if there is None:
            replica.encryption = self._replica_encryption(errand)
            self.contents.share(version, replica)
            self._add_replica(target, replica)
        else:
            there.tags, there.acl, there.lock = replica.tags, replica.acl, replica.lock
            self.versions.save(there)

    def _replica(self, errand: Errand) -> ObjectVersion:
        """The draft of a replica, without its bytes."""
        version, target, wanted = errand.version, errand.target, errand.rule["Destination"]
        if version.lock is not UNLOCKED and not target.object_lock:
            raise InvalidBucketState("Object Lock must be enabled on the destination bucket")
        if wanted.get("Account", target.account) != target.account:
            raise AccessDenied()
        handed_over = "AccessControlTranslation" in wanted
        if handed_over:
            principal = errand.acting.principal
            self._need_permission(principal, "ObjectOwnerOverrideToBucketOwner", target.name, version.key)
        enforced = handed_over or target.ownership == "BucketOwnerEnforced"
        return replace(
            version, bucket=target.name, owner=target.account if enforced else version.owner,
            acl=None if enforced else version.acl, storage_class=wanted.get("StorageClass", version.storage_class),
            lock=self._new_lock(target, {}) if version.lock is UNLOCKED else version.lock, restore=None, blob=None,
            content=None,
        )  # fmt: skip

    def _add_replica(self, target: Bucket, replica: ObjectVersion):
        """Make a replica the current version of its key."""
        replica.superseded = None
        current = self.versions.current(target.name, replica.key)
        if current is not None:
            self.versions.supersede(current, self.now)
        self.versions.add(replica)
        self._mark_replicating(target)
        self._keep_outcomes(replica, REPLICA, {})
        if replica.delete_marker:
            self._notify(target, replica, "ObjectRemoved:DeleteMarkerCreated")
            self._state_of("ObjectRemoved", target, replica, "DeleteMarkerCreated")
        else:
            self._notify(target, replica, "ObjectCreated:Put")
            self._state_of("ObjectCreated", target, replica, "Put")

    def _replica_encryption(self, errand: Errand) -> Encryption:
        """With KMS, a data key of the destination's key; the role must be able to open the source and to seal."""
        encryption, version, target = errand.version.encryption, errand.version, errand.target
        if encryption.algorithm not in KMS:
            return encryption
        key = errand.rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]
        self._open_as(errand.acting.kms, version, errand.source)
        asked = Encryption(encryption.algorithm, key, encryption.bucket_key)
        context = encryption_context(asked, target.arn, version.key)
        there = errand.acting(region=key.split(":")[3] if key.startswith("arn:") else target.region)
        made = there.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
        sealed = b64encode(made["CiphertextBlob"]).decode()
        return Encryption(asked.algorithm, made["KeyId"], asked.bucket_key, None, sealed, key)

    def _need_permission(self, principal: Principal, action: str, bucket: str, key: str | None = None):
        """Raise AccessDenied unless a role may do this in a bucket, by its policies and the bucket's."""
        found = self.buckets.get(bucket)
        params = {"Bucket": bucket} if key is None else {"Bucket": bucket, "Key": key}
        call = Call("s3", action, params, principal.account, found.region if found else "", principal)
        self.cloud.access.authorize(type(self)(self.cloud, call), Permission(action))

    def _measure_replication(self, source: Bucket, rule: dict, name: str, value: float, unit: str):
        wanted = rule["Destination"]
        if replication_rules.is_enabled(wanted, "Metrics"):
            where = {"SourceBucket": source.name, "DestinationBucket": replication_rules.destination(rule),
                     "RuleId": rule["ID"]}  # fmt: skip
            self.metric("AWS/S3", name, value, unit, where)
