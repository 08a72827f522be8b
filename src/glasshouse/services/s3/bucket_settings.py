"""The settings of a bucket: where they are kept, and what a bucket without a setting answers.

Access logs, replication, transfer acceleration, requester pays, inventories, analytics, metrics and intelligent tiering
do nothing here. To configure them is refused; asked about them, a bucket answers that it has none, which is true and
what tools that scan every bucket (Terraform, CDK, Config) need.
"""

from dataclasses import dataclass
from typing import Any

from glasshouse.core import ServiceError, Table
from glasshouse.services.s3.records import Bucket
from glasshouse.services.s3.setting_errors import NoSuchConfiguration, ReplicationConfigurationNotFoundError


@dataclass(slots=True)
class Setting:
    """A setting of a bucket, as the client sent it."""

    bucket: str
    kind: str
    value: Any


class BucketSettings:
    settings = Table(Setting, key=("bucket", "kind"), scope="cloud")

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
        self._tell_of_access(bucket, kind)

    def _drop_setting(self, bucket: Bucket, kind: str):
        self.settings.delete(Setting(bucket.name, kind, None))
        self._tell_of_access(bucket, kind)

    def _tell_of_access(self, bucket: Bucket, kind: str):
        if kind in ("policy", "acl", "public access"):
            self.state("BucketAccessChanged", arn=bucket.arn, account=bucket.account, region=bucket.region)

    def _forget_settings(self, bucket: Bucket):
        """Delete what is kept beside a bucket that is being deleted."""
        for setting in list(self.settings.list(bucket.name)):
            self.settings.delete(setting)
            self._tell_of_access(bucket, setting.kind)
        self.cloud.tags.clear(bucket.arn)
        self._unschedule(bucket, f"lifecycle {bucket.name}")

    def _schedule(self, bucket: Bucket, method: str, due: float, params: dict[str, Any], key: str | None = None):
        """A job that runs where the bucket is, whoever asks from wherever."""
        self.cloud.jobs.schedule("s3", method, bucket.account, bucket.region, due, key, params)

    def _unschedule(self, bucket: Bucket, key: str):
        self.cloud.jobs.cancel("s3", bucket.account, bucket.region, key)
