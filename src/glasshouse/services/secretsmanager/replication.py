"""Replication: copies of a secret in other Regions, which follow it and cannot be changed themselves.

Differs from AWS: a copy follows within the request that changes the primary, so no status is ever InProgress.
"""

from dataclasses import replace

from glasshouse.services.secretsmanager.errors import InvalidParameterException, InvalidRequestException
from glasshouse.services.secretsmanager.records import Replica, Secret


class Replication:
    """The operations on replication."""

    def replicate_secret_to_regions(
        self,
        secret_id: str,
        add_replica_regions: list[dict],
        force_overwrite_replica_secret: bool = False,
    ):
        secret = self._primary(secret_id)
        self._replicate(secret, add_replica_regions, force_overwrite_replica_secret)
        self._put(secret)
        return {"ARN": secret.arn, "ReplicationStatus": secret.replicas}

    def remove_regions_from_replication(self, secret_id: str, remove_replica_regions: list[str]):
        secret = self._primary(secret_id)
        for region in remove_replica_regions:
            replica = next((one for one in secret.replicas if one.region == region), None)
            if replica is None:
                raise InvalidParameterException(f"The secret {secret.name} is not replicated to the Region {region}.")
            secret.replicas.remove(replica)
            there = self._there(region)
            copy = there.secrets.get(secret.name)
            if copy and copy.primary_region == self.call.region:
                there._erase(copy)
        self._put(secret)
        return {"ARN": secret.arn, "ReplicationStatus": secret.replicas}

    def stop_replication_to_replica(self, secret_id: str):
        copy = self._secret(secret_id)
        if copy.primary_region in (None, self.call.region):
            raise InvalidRequestException("The secret is not a replica secret.")
        there = self._there(copy.primary_region)
        primary = there.secrets.get(copy.name)
        if primary:
            primary.replicas = [one for one in primary.replicas if one.region != self.call.region]
            there._put(primary)
        copy.primary_region = None
        self._put(copy)
        return {"ARN": copy.arn}

    # Within

    def _replicate(self, secret: Secret, regions: list[dict], force: bool):
        for entry in regions:
            region, key_id = entry["Region"], entry.get("KmsKeyId")
            if region == self.call.region:
                raise InvalidParameterException("You can't replicate a secret to its primary Region.")
            if any(replica.region == region and replica.status == "InSync" for replica in secret.replicas):
                raise InvalidParameterException(
                    f"The secret {secret.name} is replicated to the Region {region} already."
                )
            secret.replicas = [replica for replica in secret.replicas if replica.region != region]
            secret.replicas.append(self._copy_to(secret, Replica(region, key_id or None), force))

    def _copy_to(self, secret: Secret, replica: Replica, force: bool) -> Replica:
        there = self._there(replica.region)
        taken = there.secrets.get(secret.name)
        if taken and not force:
            message = f"Replication failed: Secret name {secret.name} already exists in region {replica.region}."
            return replace(replica, status="Failed", status_message=message)
        if taken:
            there._erase(taken)
        self._bring(secret, replica)
        return replica

    def _synchronize(self, secret: Secret):
        """Let the copies follow a change."""
        for replica in secret.replicas:
            if replica.status == "InSync":
                self._bring(secret, replica)

    def _bring(self, secret: Secret, replica: Replica):
        """Make the copy what the primary is, sealed with a key of its own Region."""
        there = self._there(replica.region)
        before = there.secrets.get(secret.name)
        copy = replace(
            secret,
            arn=secret.arn.replace(f":{self.call.region}:", f":{replica.region}:", 1),
            kms_key_id=replica.kms_key_id,
            last_accessed_date=before.last_accessed_date if before else None,
            primary_region=self.call.region,
            replicas=[],
        )
        there.secrets.put(copy)
        self.cloud.tags.replace(copy.arn, self.cloud.tags.of(secret.arn))
        known = {version.version_id: version for version in there.versions.list(secret.name)}
        for version in list(self.versions.list(secret.name)):
            same = known.pop(version.version_id, None)
            if same and (same.sealed is None) == (version.sealed is None):
                continue
            sealed = version.sealed
            if sealed is not None:
                value = self._open(secret.arn, version.version_id, version.kms_key_id, sealed)
                sealed = there._seal(copy.arn, version.version_id, copy.kms_key_id, value)
            there.versions.put(replace(version, sealed=sealed, kms_key_id=copy.kms_key_id, last_accessed_date=None))
        for version in known.values():
            there.versions.delete(version)

    def _there(self, region: str):
        """This service in another Region."""
        return type(self)(self.cloud, self.call.elsewhere(region=region))
