"""Object lock: versions that cannot be deleted before their time, or while somebody holds them.

Whether a caller may bypass governance (s3:BypassGovernanceRetention) is IAM's to say; here the header is what counts.
Event-based holds are refused in words.
"""

from dataclasses import replace

from glasshouse.core import NotSupported
from glasshouse.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidBucketState,
    InvalidRequest,
    MalformedXML,
    MissingRequestBodyError,
)
from glasshouse.services.s3.records import UNLOCKED, Bucket, Lock, ObjectVersion, Retention
from glasshouse.services.s3.setting_errors import NoSuchObjectLockConfiguration, ObjectLockConfigurationNotFoundError

MODES = ("GOVERNANCE", "COMPLIANCE")
HEADERS = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
DAY_S = 24 * 3600
YEAR_S = 365 * DAY_S
MAX_DAYS, MAX_YEARS = 36_500, 100
LOCKED = "Access Denied because object protected by object lock."


class Locks:
    def put_object_lock_configuration(
        self, bucket: str, object_lock_configuration: dict | None = None, request_payer: str | None = None,
        token: str | None = None, content_md5: str | None = None, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        if object_lock_configuration is None:
            raise MissingRequestBodyError()
        configuration = object_lock_configuration
        if configuration.get("ObjectLockEnabled") != "Enabled":
            raise MalformedXML()
        retention = _default_retention(configuration["Rule"]) if "Rule" in configuration else None
        if found.versioning != "Enabled":
            raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
        found.object_lock, found.retention = True, retention
        self.buckets.put(found)

    def get_object_lock_configuration(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        if not found.object_lock:
            raise ObjectLockConfigurationNotFoundError(BucketName=bucket)
        configuration: dict = {"ObjectLockEnabled": "Enabled"}
        if found.retention:
            configuration["Rule"] = {"DefaultRetention": found.retention}
        return {"ObjectLockConfiguration": configuration}

    def put_object_retention(
        self, bucket: str, key: str, retention: dict | None = None, request_payer: str | None = None,
        version_id: str | None = None, bypass_governance_retention: bool = False, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found, version = self._lockable(bucket, key, version_id, expected_bucket_owner)
        wanted = retention or {}
        _refuse_event_holds(wanted)
        mode, until = wanted.get("Mode"), wanted.get("RetainUntilDate")
        if (mode is None) != (until is None) or mode not in (None, *MODES):
            raise MalformedXML()
        if until is not None and until <= self.now:
            raise _not_in_the_future(until)
        lock = version.lock
        bypassed = bypass_governance_retention and lock.mode == "GOVERNANCE"
        if self._is_retained(lock) and _weakens(lock, mode, until) and not bypassed:
            raise AccessDenied(LOCKED)
        version.lock = replace(lock, mode=mode, until=until)
        self.versions.save(version)
        self._notify(found, version, "ObjectRetention:Put")
        if found.replicates:
            self._replicate_change(found, version)

    def get_object_retention(
        self, bucket: str, key: str, version_id: str | None = None, request_payer: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        _, version = self._lockable(bucket, key, version_id, expected_bucket_owner)
        if version.lock.mode is None:
            raise NoSuchObjectLockConfiguration(Key=key)
        return {"Retention": {"Mode": version.lock.mode, "RetainUntilDate": version.lock.until}}

    def put_object_legal_hold(
        self, bucket: str, key: str, legal_hold: dict | None = None, request_payer: str | None = None,
        version_id: str | None = None, content_md5: str | None = None, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found, version = self._lockable(bucket, key, version_id, expected_bucket_owner)
        status = (legal_hold or {}).get("Status")
        if status not in ("ON", "OFF"):
            raise MalformedXML()
        version.lock = replace(version.lock, legal_hold=status)
        self.versions.save(version)
        if found.replicates:
            self._replicate_change(found, version)

    def get_object_legal_hold(
        self, bucket: str, key: str, version_id: str | None = None, request_payer: str | None = None,
        expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        _, version = self._lockable(bucket, key, version_id, expected_bucket_owner)
        if version.lock.legal_hold is None:
            raise NoSuchObjectLockConfiguration(Key=key)
        return {"LegalHold": {"Status": version.lock.legal_hold}}

    def _new_lock(self, bucket: Bucket, params: dict) -> Lock:
        """The lock of a new version: as the members ObjectLock... of the input say, else the bucket's default."""
        if bucket.retention is None and params.keys().isdisjoint(HEADERS):
            return UNLOCKED
        mode, until, hold = (params.get(name) for name in HEADERS)
        if mode is None and until is None and hold is None and bucket.retention is None:
            return UNLOCKED
        if not bucket.object_lock:
            raise InvalidRequest("Bucket is missing Object Lock Configuration")
        if (mode is None) != (until is None):
            raise InvalidArgument(
                "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
                ArgumentName="x-amz-object-lock-retain-until-date" if until is None else "x-amz-object-lock-mode",
            )
        if mode not in (None, *MODES):
            raise InvalidArgument(
                "Unknown wormMode directive.", ArgumentName="x-amz-object-lock-mode", ArgumentValue=mode
            )
        if until is not None and until <= self.now:
            raise _not_in_the_future(until)
        if hold not in (None, "ON", "OFF"):
            raise InvalidArgument(
                "Legal Hold must be either of 'ON' or 'OFF'",
                ArgumentName="x-amz-object-lock-legal-hold", ArgumentValue=hold,
            )  # fmt: skip
        if mode is None and bucket.retention is not None:
            mode, until = bucket.retention.mode, self.now + _seconds(bucket.retention)
        return Lock(mode, until, hold)

    def _check_lock(self, bucket: Bucket, version: ObjectVersion, bypass: bool):
        """Raise AccessDenied unless the version may be deleted for good."""
        lock = version.lock
        if lock is UNLOCKED:
            return
        held = lock.legal_hold == "ON"
        if held or (self._is_retained(lock) and not (bypass and lock.mode == "GOVERNANCE")):
            raise AccessDenied(LOCKED)

    def _check_bypass(self, bucket: Bucket):
        """Raise InvalidArgument for a bypass, be it none, of what there is not."""
        if "BypassGovernanceRetention" in self.call.params and not bucket.object_lock:
            raise InvalidArgument(
                "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
                ArgumentName="x-amz-bypass-governance-retention",
            )

    def _is_retained(self, lock: Lock) -> bool:
        return lock.until is not None and lock.until > self.now

    def _lockable(
        self, bucket: str, key: str, version_id: str | None, expected_bucket_owner: str | None
    ) -> tuple[Bucket, ObjectVersion]:
        found = self._bucket(bucket, expected_bucket_owner)
        if not found.object_lock:
            raise InvalidRequest("Bucket is missing Object Lock Configuration")
        return found, self._visible_version(found, key, version_id)


def _default_retention(rule: dict) -> Retention:
    default = rule.get("DefaultRetention") or {}
    if "DefaultEventHold" in default:
        raise NotSupported("s3:PutObjectLockConfiguration DefaultEventHold is not supported by Glasshouse yet")
    retention = Retention(default.get("Mode") or "", default.get("Days"), default.get("Years"))
    if retention.mode not in MODES or (retention.days is None) == (retention.years is None):
        raise MalformedXML()
    if (retention.days if retention.years is None else retention.years) <= 0:
        raise InvalidArgument("Default retention period must be a positive integer value.")
    if (retention.days or 0) > MAX_DAYS or (retention.years or 0) > MAX_YEARS:
        raise InvalidArgument(
            f"Default retention period too large. The maximum is {MAX_DAYS} days or {MAX_YEARS} years."
        )
    return retention


def _seconds(retention: Retention) -> int:
    return (retention.days or 0) * DAY_S + (retention.years or 0) * YEAR_S


def _weakens(lock: Lock, mode: str | None, until: float | None) -> bool:
    """Whether a new retention would hold less than the old one."""
    return mode is None or until is None or until < (lock.until or 0) or (mode != lock.mode and mode == "GOVERNANCE")


def _refuse_event_holds(retention: dict):
    for member in ("EventHold", "EventHoldDuration"):
        if member in retention:
            raise NotSupported(f"s3:PutObjectRetention {member} is not supported by Glasshouse yet")


def _not_in_the_future(until: float) -> InvalidArgument:
    return InvalidArgument(
        "The retain until date must be in the future!", ArgumentName="x-amz-object-lock-retain-until-date",
        ArgumentValue=until,
    )  # fmt: skip
