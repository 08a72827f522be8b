"""Multi-Region keys: replicas with the same id and material elsewhere, and which of them is the primary."""

from dataclasses import replace

from glasshouse.core.call import partition
from glasshouse.core.errors import ValidationException
from glasshouse.services.kms.access import check_policy
from glasshouse.services.kms.errors import AlreadyExistsException, UnsupportedOperationException
from glasshouse.services.kms.managed import default_policy
from glasshouse.services.kms.records import Family, Key


class Regions:
    """The operations on multi-Region keys."""

    def replicate_key(
        self,
        key_id: str,
        replica_region: str,
        policy: str | None = None,
        bypass_policy_lockout_safety_check: bool = False,
        description: str = "",
        tags: list[dict] | None = None,
    ):
        primary, family = self._primary(key_id, "ReplicateKey")
        self._check_enabled_or_pending_import(primary)
        if partition(replica_region) != partition(self.call.region):
            raise ValidationException(f"{replica_region} is not a Region of the partition of the primary key.")
        if replica_region in family.regions:
            arn = self._place(primary, replica_region)["Arn"]
            raise AlreadyExistsException(f"{arn} already exists.")
        text = policy or default_policy(primary.aws_account_id, replica_region)
        replica = self._replica(primary, replica_region, text, description)
        if policy:
            check_policy(policy, self.call.principal, replica, bypass_policy_lockout_safety_check)
        family.replicas.append(replica_region)
        self.families.put(family)
        self._put(replica)
        self._tag(replica, tags or [])
        return {
            "ReplicaKeyMetadata": self._metadata(replica),
            "ReplicaPolicy": replica.policy,
            "ReplicaTags": self._tags_of(replica),
        }

    def update_primary_region(self, key_id: str, primary_region: str):
        primary, family = self._primary(key_id, "UpdatePrimaryRegion")
        if primary_region not in family.replicas:
            raise UnsupportedOperationException(f"{primary.arn} has no replica key in {primary_region}.")
        family.replicas[family.replicas.index(primary_region)] = family.primary
        family.primary = primary_region
        self.families.put(family)
        if primary.next_rotation_date is not None:
            job = f"rotate {primary.key_id}"
            self.cancel(job)
            there = self._in_region(primary_region)
            there.later("_rotate_when_due", at=primary.next_rotation_date, key=job, key_id=primary.key_id)

    # Within

    def _primary(self, reference: str, operation: str) -> tuple[Key, Family]:
        key = self._own_key(reference, operation)
        family = self._family(key)
        if family is None or family.primary != key.region:
            raise UnsupportedOperationException(f"{key.arn} is not a multi-region primary key.")
        return key, family

    def _check_enabled_or_pending_import(self, key: Key):
        if key.key_state != "PendingImport":
            self._check_enabled(key)

    def _replica(self, primary: Key, region: str, policy: str, description: str) -> Key:
        """The key there, with the material; imported material the customer has to bring there as well."""
        replica = replace(
            primary,
            arn=self._place(primary, region)["Arn"],
            region=region,
            creation_date=self.now,
            description=description,
            policy=policy,
            key_state="PendingImport" if primary.origin == "EXTERNAL" else "Enabled",
        )
        for kept in self._materials(primary).list(primary.key_id):
            if primary.origin == "EXTERNAL":
                kept = replace(kept, sealed=None, public_key=None, expiration_model=None, valid_to=None)
            self._materials(replica).put(kept)
        return replica
