"""What is told about a bucket's objects."""

from glasshouse.services.s3.records import Bucket, ObjectVersion


class Notifications:
    def _object_created(self, bucket: Bucket, version: ObjectVersion, event_name: str):
        """Called in the transaction that makes a version: `event_name` is "Put", "Post", "Copy" or
        "CompleteMultipartUpload"."""

    def _object_removed(self, bucket: Bucket, version: ObjectVersion, event_name: str):
        """Called when a version is deleted ("Delete"), or with the marker that hides it ("DeleteMarkerCreated")."""
