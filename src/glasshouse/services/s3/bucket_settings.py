"""The settings of a bucket: where they are kept, default encryption, and what a bucket without a setting answers.

Access logs, replication, transfer acceleration, requester pays, inventories, analytics, metrics and intelligent tiering
do nothing here. To configure them is refused; asked about them, a bucket answers that it has none, which is true and
what tools that scan every bucket (Terraform, CDK, Config) need.
"""

from dataclasses import dataclass
from typing import Any

from glasshouse.core import NotSupported, ServiceError, Table
from glasshouse.services.s3.errors import InvalidArgument, MalformedXML
from glasshouse.services.s3.records import SSE_S3, Bucket, Encryption
from glasshouse.services.s3.setting_errors import NoSuchConfiguration, ReplicationConfigurationNotFoundError

KMS = ("aws:kms", "aws:kms:dsse")


@dataclass(slots=True)
class Setting:
    """A setting of a bucket, as the client sent it."""

    bucket: str
    kind: str
    value: Any


class BucketSettings:
    settings = Table(Setting, key=("bucket", "kind"), scope="cloud")

    # Default encryption

    def put_bucket_encryption(
        self,
        bucket: str,
        server_side_encryption_configuration: dict,
        content_md5: str | None = None,
        checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None,
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        rules = server_side_encryption_configuration["Rules"]
        default = rules[0].get("ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
        if default is None or default["SSEAlgorithm"] not in ("AES256", *KMS):
            raise MalformedXML()
        if "BlockedEncryptionTypes" in rules[0]:
            raise NotSupported("s3:PutBucketEncryption BlockedEncryptionTypes is not supported by Glasshouse yet")
        key = default.get("KMSMasterKeyID")
        if key is not None and default["SSEAlgorithm"] not in KMS:
            raise InvalidArgument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                ArgumentName="ApplyServerSideEncryptionByDefault",
            )
        self._need_kms(default["SSEAlgorithm"])
        found.encryption = Encryption(default["SSEAlgorithm"], key, rules[0].get("BucketKeyEnabled"))
        self.buckets.put(found)

    def get_bucket_encryption(self, bucket: str, expected_bucket_owner: str | None = None):
        default = self._bucket(bucket, expected_bucket_owner).encryption
        apply = {"SSEAlgorithm": default.algorithm}
        if default.kms_key_id:
            apply["KMSMasterKeyID"] = default.kms_key_id
        rule = {"ApplyServerSideEncryptionByDefault": apply, "BucketKeyEnabled": bool(default.bucket_key)}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    def delete_bucket_encryption(self, bucket: str, expected_bucket_owner: str | None = None):
        """Back to S3's own keys: since 2023 no object goes without encryption."""
        found = self._bucket(bucket, expected_bucket_owner)
        found.encryption = SSE_S3
        self.buckets.put(found)

    def _default_encryption(self, bucket: Bucket, params: dict) -> Encryption:
        """How a new object is encrypted for which these members were sent: as they say, else as the bucket says."""
        algorithm, key = params.get("ServerSideEncryption"), params.get("SSEKMSKeyId")
        if algorithm is None and key is None:
            return bucket.encryption
        if algorithm is not None and algorithm not in ("AES256", *KMS):
            raise InvalidArgument(
                "The encryption method specified is not supported",
                ArgumentName="x-amz-server-side-encryption", ArgumentValue=algorithm,
            )  # fmt: skip
        if key is not None and algorithm not in KMS:
            raise InvalidArgument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header"
                " x-amz-server-side-encryption : aws:kms",
                ArgumentName="x-amz-server-side-encryption", ArgumentValue=algorithm or "null",
            )  # fmt: skip
        self._need_kms(algorithm)
        return Encryption(algorithm, key, params.get("BucketKeyEnabled"), params.get("SSEKMSEncryptionContext"))

    def _need_kms(self, algorithm: str | None):
        if algorithm in KMS and "kms" not in self.cloud.services.names():
            raise NotSupported(f"s3: encryption with {algorithm} needs KMS, which Glasshouse does not have yet")

    # What does nothing here

    def get_bucket_logging(self, bucket: str, expected_bucket_owner: str | None = None):
        self._bucket(bucket, expected_bucket_owner)
        return {}

    def get_bucket_accelerate_configuration(
        self, bucket: str, expected_bucket_owner: str | None = None, request_payer: str | None = None
    ):
        self._bucket(bucket, expected_bucket_owner)
        return {}

    def get_bucket_request_payment(self, bucket: str, expected_bucket_owner: str | None = None):
        self._bucket(bucket, expected_bucket_owner)
        return {"Payer": "BucketOwner"}

    def get_bucket_replication(self, bucket: str, expected_bucket_owner: str | None = None):
        self._bucket(bucket, expected_bucket_owner)
        raise ReplicationConfigurationNotFoundError(BucketName=bucket)

    def get_bucket_abac(self, bucket: str, expected_bucket_owner: str | None = None):
        self._bucket(bucket, expected_bucket_owner)
        return {"AbacStatus": {"Status": "Disabled"}}

    def get_bucket_analytics_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        self._no_configuration(bucket, expected_bucket_owner)

    def get_bucket_intelligent_tiering_configuration(
        self, bucket: str, id: str, expected_bucket_owner: str | None = None
    ):
        self._no_configuration(bucket, expected_bucket_owner)

    def get_bucket_inventory_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        self._no_configuration(bucket, expected_bucket_owner)

    def get_bucket_metrics_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        self._no_configuration(bucket, expected_bucket_owner)

    def list_bucket_analytics_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        return self._no_configurations(bucket, expected_bucket_owner)

    def list_bucket_intelligent_tiering_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        return self._no_configurations(bucket, expected_bucket_owner)

    def list_bucket_inventory_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        return self._no_configurations(bucket, expected_bucket_owner)

    def list_bucket_metrics_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        return self._no_configurations(bucket, expected_bucket_owner)

    def _no_configuration(self, bucket: str, expected_bucket_owner: str | None):
        self._bucket(bucket, expected_bucket_owner)
        raise NoSuchConfiguration()

    def _no_configurations(self, bucket: str, expected_bucket_owner: str | None) -> dict:
        self._bucket(bucket, expected_bucket_owner)
        return {"IsTruncated": False}

    # Where settings are kept

    def _setting(self, bucket: Bucket, kind: str, missing: type[ServiceError] | None = None) -> Any:
        """The setting of that kind; without one, None, or the error that S3 raises."""
        found = self.settings.get(bucket.name, kind)
        if found is None and missing is not None:
            raise missing(BucketName=bucket.name)
        return found.value if found else None

    def _keep_setting(self, bucket: Bucket, kind: str, value: Any):
        self.settings.put(Setting(bucket.name, kind, value))

    def _drop_setting(self, bucket: Bucket, kind: str):
        self.settings.delete(Setting(bucket.name, kind, None))

    def _forget_settings(self, bucket: Bucket):
        """Delete what is kept beside a bucket that is being deleted."""
        for setting in list(self.settings.list(bucket.name)):
            self.settings.delete(setting)
        self.cloud.tags.clear(bucket.arn)
        self._unschedule(bucket, f"lifecycle {bucket.name}")

    def _schedule(self, bucket: Bucket, method: str, due: float, params: dict[str, Any], key: str | None = None):
        """A job that runs where the bucket is, whoever asks from wherever."""
        self.cloud.jobs.schedule("s3", method, bucket.account, bucket.region, due, key, params)

    def _unschedule(self, bucket: Bucket, key: str):
        self.cloud.jobs.cancel("s3", bucket.account, bucket.region, key)
