"""Storage classes, and restoring what was archived."""

from glasshouse.services.s3.errors import InvalidStorageClass
from glasshouse.services.s3.records import ObjectVersion

CLASSES = (
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
)  # fmt: skip


class StorageClasses:
    def _asked_storage_class(self, params: dict) -> str:
        """The storage class of a new object. Raises InvalidStorageClass."""
        asked = params.get("StorageClass", "STANDARD")
        if asked not in CLASSES:
            raise InvalidStorageClass(StorageClassRequested=asked)
        return asked

    def _check_readable(self, version: ObjectVersion):
        """Raise InvalidObjectState for an archived object that was not restored. Called by GetObject and copies."""

    def _restore_headers(self, version: ObjectVersion) -> dict:
        """The members Restore and ArchiveStatus of what GetObject and HeadObject answer."""
        return {}
