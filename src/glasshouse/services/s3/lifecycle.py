"""Lifecycle rules: what happens to objects as they grow old."""

from glasshouse.services.s3.records import Bucket, ObjectVersion, Upload


class Lifecycles:
    def _expiration(self, bucket: Bucket, version: ObjectVersion) -> dict:
        """The member Expiration of what PutObject, CopyObject, CompleteMultipartUpload, GetObject, HeadObject answer;
        called for buckets that have lifecycle rules (`bucket.expires`)."""
        return {}

    def _abort_rule(self, bucket: Bucket, upload: Upload) -> dict:
        """The members AbortDate and AbortRuleId; called for buckets that have lifecycle rules."""
        return {}
