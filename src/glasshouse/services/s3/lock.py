"""Object lock."""

from glasshouse.services.s3.records import UNLOCKED, Bucket, Lock, ObjectVersion


class Locks:
    def _new_lock(self, bucket: Bucket, params: dict) -> Lock:
        """The lock of a new version: as the members ObjectLock... of the input say, else the bucket's default."""
        return UNLOCKED

    def _check_lock(self, bucket: Bucket, version: ObjectVersion, bypass: bool):
        """Raise AccessDenied unless the version may be deleted for good."""
