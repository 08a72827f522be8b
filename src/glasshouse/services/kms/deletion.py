"""Deleting keys: after a waiting period, by the clock."""

from glasshouse.services.kms.errors import KMSInvalidStateException
from glasshouse.services.kms.records import Key

DAY_S = 24 * 3600
LONGEST_WAIT_DAYS = 30


class Deletion:
    """The operations on the end of keys."""

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int = LONGEST_WAIT_DAYS):
        key = self._own_key(key_id, "ScheduleKeyDeletion")
        key.pending_deletion_window_in_days = pending_window_in_days
        family = self._family(key)
        if family and family.primary == key.region and family.replicas:
            # "AWS KMS will not delete a multi-Region primary key until all of its replica keys are deleted"
            # (developer guide); its waiting period begins then.
            key.key_state = "PendingReplicaDeletion"
            self._put(key)
        else:
            self._begin_waiting(key)
        return {
            "KeyId": key.arn,
            "DeletionDate": key.deletion_date,
            "KeyState": key.key_state,
            "PendingWindowInDays": pending_window_in_days,
        }

    def cancel_key_deletion(self, key_id: str):
        key = self._key(key_id)
        if key.aws_account_id != self.call.account:
            raise self._refusal(key, "CancelKeyDeletion")
        if key.key_state not in ("PendingDeletion", "PendingReplicaDeletion"):
            raise KMSInvalidStateException(f"{key.arn} is not pending deletion.")
        self.cancel(f"delete {key.key_id}")
        missing = key.origin == "EXTERNAL" and not self._is_complete(key)
        key.key_state = "PendingImport" if missing else "Disabled"
        key.deletion_date = key.pending_deletion_window_in_days = None
        self._put(key)
        return {"KeyId": key.arn}

    # Within

    def _begin_waiting(self, key: Key):
        key.key_state = "PendingDeletion"
        key.deletion_date = self.now + key.pending_deletion_window_in_days * DAY_S
        self._put(key)
        arguments = {"key_id": key.key_id, "region": key.region}
        self._in_region(key.region).later("_delete_key", at=key.deletion_date, key=f"delete {key.key_id}", **arguments)

    def _in_region(self, region: str):
        """This service in another Region, whose jobs are its own."""
        return self if region == self.call.region else type(self)(self.cloud, self.call.elsewhere(region=region))

    def _delete_key(self, key_id: str, region: str):
        key = self.keys.get(key_id)
        for alias in self._aliases_of(key):
            self.aliases.delete(alias)
        for kept in self.materials.list(key_id):
            self.cancel(f"expire {kept.number} of {key_id}")
            self.materials.delete(kept)
        for grant in self.grants.list(key_id):
            self.grants.delete(grant)
        self.cancel(f"rotate {key_id}")
        self.cloud.tags.clear(key.arn)
        self.keys.delete(key)
        self.state("KeyDeleted", key_id=key_id, arn=key.arn, region=region)
        self._leave_family(key)

    def _leave_family(self, key: Key):
        family = self._family(key)
        if family is None:
            return
        if family.primary == key.region:
            self.families.delete(family)
            return
        family.replicas.remove(key.region)
        self.families.put(family)
        primary = self.keys.within(region=family.primary).get(key.key_id)
        if not family.replicas and primary and primary.key_state == "PendingReplicaDeletion":
            self._begin_waiting(primary)
