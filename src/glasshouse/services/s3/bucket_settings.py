"""The settings of a bucket: where they are kept."""

from dataclasses import dataclass
from typing import Any

from glasshouse.core import ServiceError, Table
from glasshouse.services.s3.records import Bucket


@dataclass(slots=True)
class Setting:
    """A setting of a bucket, as the client sent it."""

    bucket: str
    kind: str
    value: Any


class BucketSettings:
    settings = Table(Setting, key=("bucket", "kind"), scope="cloud")

    def get_bucket_abac(self, bucket: str, expected_bucket_owner: str | None = None):
        self._bucket(bucket, expected_bucket_owner)
        return {"AbacStatus": {"Status": "Disabled"}}

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
        self._unwatch(bucket.name)
        self.store.write("DELETE FROM s3_tiering WHERE bucket = ?", (bucket.name,))
        self._unschedule(bucket, f"lifecycle {bucket.name}")

    def _schedule(self, bucket: Bucket, method: str, due: float, params: dict[str, Any], key: str | None = None):
        """A job that runs where the bucket is, whoever asks from wherever."""
        self.cloud.jobs.schedule("s3", method, bucket.account, bucket.region, due, key, params)

    def _unschedule(self, bucket: Bucket, key: str):
        self.cloud.jobs.cancel("s3", bucket.account, bucket.region, key)
