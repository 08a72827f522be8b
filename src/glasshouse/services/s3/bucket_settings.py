"""The settings of a bucket."""

from glasshouse.services.s3.records import Bucket, Encryption


class BucketSettings:
    def _default_encryption(self, bucket: Bucket, params: dict) -> Encryption:
        """How a new object is encrypted for which these members were sent: as they say, else as the bucket says."""
        algorithm = params.get("ServerSideEncryption")
        if algorithm is None:
            return bucket.encryption
        return Encryption(
            algorithm, params.get("SSEKMSKeyId"), params.get("BucketKeyEnabled"), params.get("SSEKMSEncryptionContext")
        )

    def _forget_settings(self, bucket: Bucket):
        """Delete what is kept beside a bucket that is being deleted."""
