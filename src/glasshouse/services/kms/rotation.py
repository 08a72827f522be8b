"""Rotation: a symmetric key's new material, by the clock or on demand. What older material encrypted still decrypts."""

from glasshouse.services.kms import material, specs
from glasshouse.services.kms.errors import (
    KMSInvalidStateException,
    LimitExceededException,
    UnsupportedOperationException,
)
from glasshouse.services.kms.records import Key, Material

DAY_S = 24 * 3600
YEAR_DAYS = 365
MOST_ON_DEMAND = 25


class Rotation:
    """The operations on rotation."""

    def enable_key_rotation(self, key_id: str, rotation_period_in_days: int | None = None):
        key = self._rotating_key(key_id, "EnableKeyRotation")
        if key.rotation_period_in_days is None or rotation_period_in_days:
            self._start_rotation(key, rotation_period_in_days or YEAR_DAYS)

    def disable_key_rotation(self, key_id: str):
        key = self._rotating_key(key_id, "DisableKeyRotation")
        self.cancel(f"rotate {key.key_id}")
        for relative in self._relatives(key):
            relative.rotation_period_in_days = relative.next_rotation_date = None
            self._put(relative)

    def get_key_rotation_status(self, key_id: str):
        key = self._key(key_id)
        self._check_foreign(key, "GetKeyRotationStatus")
        if not key.is_symmetric:
            raise UnsupportedOperationException(f"{key.arn} key spec {key.key_spec} is not valid for this operation.")
        if key.key_state == "PendingImport":
            self._check_enabled(key)
        going = key.key_state.startswith("Pending")
        if going or key.rotation_period_in_days is None:
            return {"KeyId": key.arn, "KeyRotationEnabled": False}
        return {
            "KeyId": key.arn,
            "KeyRotationEnabled": True,
            "RotationPeriodInDays": key.rotation_period_in_days,
            "NextRotationDate": key.next_rotation_date,
        }

    def rotate_key_on_demand(self, key_id: str):
        key = self._symmetric_key(key_id, "RotateKeyOnDemand")
        self._check_primary(key)
        self._check_enabled(key)
        if key.rotations_on_demand >= MOST_ON_DEMAND:
            raise LimitExceededException(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can"
                f" be performed for this key: {key.arn}"
            )
        if key.origin == "EXTERNAL":
            self._rotate_imported(key)
        else:
            self._rotate(key, "ON_DEMAND")
        for relative in self._relatives(key):
            relative.rotations_on_demand += 1
            self._put(relative)
        return {"KeyId": key.arn}

    def list_key_rotations(
        self,
        key_id: str,
        include_key_material: str = "ROTATIONS_ONLY",
        limit: int = 100,
        marker: str | None = None,
    ):
        key = self._key(key_id)
        if key.aws_account_id != self.call.account:
            raise self._refusal(key, "ListKeyRotations")
        if not key.is_symmetric:
            raise UnsupportedOperationException(f"{key.arn} key spec {key.key_spec} is not valid for this operation.")

        def shown(kept: Material) -> bool:
            return include_key_material == "ALL_KEY_MATERIAL" or kept.rotation_date is not None

        page = self._materials(key).page(limit, marker, key.key_id, where=shown)
        return self._listed(page, "Rotations", [self._rotation(key, kept) for kept in page.records])

    # Within

    def _rotating_key(self, reference: str, operation: str) -> Key:
        key = self._symmetric_key(reference, operation)
        if key.origin != "AWS_KMS":
            raise UnsupportedOperationException(
                f"{key.arn} origin is {key.origin} which is not valid for this operation."
            )
        self._check_primary(key)
        self._check_enabled(key)
        return key

    def _check_primary(self, key: Key):
        family = self._family(key)
        if family and family.primary != key.region:
            raise UnsupportedOperationException(
                f"{key.arn} is a multi-Region replica key; its rotation is that of the primary key."
            )

    def _start_rotation(self, key: Key, days: int):
        due = self.now + days * DAY_S
        for relative in self._relatives(key):
            relative.rotation_period_in_days, relative.next_rotation_date = days, due
            self._put(relative)
        self.later("_rotate_when_due", at=due, key=f"rotate {key.key_id}", key_id=key.key_id)

    def _rotate_when_due(self, key_id: str):
        """A key that is disabled or about to be deleted is not rotated, but as soon as it is enabled again."""
        key = self.keys.get(key_id)
        if key and key.key_state == "Enabled" and key.rotation_period_in_days:
            self._rotate(key, "AUTOMATIC")
            self._start_rotation(key, key.rotation_period_in_days)

    def _catch_up_rotation(self, key: Key):
        family = self._family(key)
        if family and family.primary != key.region:
            return
        if key.next_rotation_date is not None and key.next_rotation_date <= self.now:
            self._rotate_when_due(key.key_id)

    def _rotate(self, key: Key, kind: str):
        """New material for the key, also where it has replicas."""
        secret = material.make(specs.SYMMETRIC)
        for relative in self._relatives(key):
            self._retire_current(relative)
            relative.current += 1
            details = {"rotation_date": self.now, "rotation_type": kind}
            self._keep_material(relative, relative.current, secret, **details)
            self._put(relative)
            self._tell_rotation(relative)

    def _rotate_imported(self, key: Key):
        """To the material that was imported for this, wherever the key is."""
        waiting = [kept for kept in self._materials(key).list(key.key_id) if kept.key_material_state.startswith("PEND")]
        if not waiting or waiting[0].key_material_state != "PENDING_ROTATION":
            raise KMSInvalidStateException(f"{key.arn} has no imported key material that is pending rotation.")
        for relative in self._relatives(key):
            kept = self._materials(relative).get(relative.key_id, waiting[0].number)
            self._retire_current(relative)
            kept.key_material_state = "CURRENT"
            kept.rotation_date, kept.rotation_type = self.now, "ON_DEMAND"
            self._materials(relative).put(kept)
            relative.current = kept.number
            self._put(relative)
            self._tell_rotation(relative)

    def _retire_current(self, key: Key):
        kept = self._materials(key).get(key.key_id, key.current)
        kept.key_material_state = "NON_CURRENT"
        self._materials(key).put(kept)

    def _tell_rotation(self, key: Key):
        """What EventBridge tells as "KMS CMK Rotation"."""
        self.state("KeyRotated", key_id=key.key_id, arn=key.arn, region=key.region)

    @staticmethod
    def _rotation(key: Key, kept: Material) -> dict:
        shown = {**vars(kept), "key_id": key.key_id}
        if key.origin == "EXTERNAL":
            shown["import_state"] = "IMPORTED" if kept.sealed else "PENDING_IMPORT"
        return shown
