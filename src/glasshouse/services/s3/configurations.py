"""Configurations of which a bucket has many, each with an id: of request metrics, inventories and intelligent tiering.

Storage class analysis does nothing here. To configure it is refused; asked about it, a bucket answers that it has none,
which is true and what tools that scan every bucket (Terraform, CDK, Config) need.
"""

from itertools import islice
from typing import Any

from glasshouse.core.table import InvalidPageToken, make_token, read_token
from glasshouse.services.s3.errors import InvalidArgument
from glasshouse.services.s3.records import Bucket
from glasshouse.services.s3.setting_errors import IdMismatch, NoSuchConfiguration, TooManyConfigurations

MAX_CONFIGURATIONS, PAGE = 1000, 100


class Configurations:
    def get_bucket_metrics_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"MetricsConfiguration": self._configuration(found, "metrics", id)}

    def list_bucket_metrics_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        return self._listed_configurations(found, "metrics", "MetricsConfigurationList", continuation_token)

    def get_bucket_inventory_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        return {"InventoryConfiguration": self._configuration(found, "inventory", id)}

    def list_bucket_inventory_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        return self._listed_configurations(found, "inventory", "InventoryConfigurationList", continuation_token)

    # What does nothing here

    def get_bucket_analytics_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        self._configuration(self._bucket(bucket, expected_bucket_owner), "analytics", id)

    def list_bucket_analytics_configurations(
        self, bucket: str, continuation_token: str | None = None, expected_bucket_owner: str | None = None
    ):
        self._bucket(bucket, expected_bucket_owner)
        return {"IsTruncated": False}

    # Where they are kept

    def _configuration(self, bucket: Bucket, kind: str, id: str) -> dict[str, Any]:
        found = self._configurations(bucket, kind).get(id)
        if found is None:
            raise NoSuchConfiguration()
        return found

    def _configurations(self, bucket: Bucket, kind: str) -> dict[str, dict]:
        """By their ids."""
        return self._setting(bucket, kind) or {}

    def _put_configuration(self, bucket: Bucket, kind: str, id: str, configuration: dict):
        if configuration["Id"] != id:
            raise IdMismatch()
        kept = self._configurations(bucket, kind) | {id: configuration}
        if len(kept) > MAX_CONFIGURATIONS:
            raise TooManyConfigurations()
        self._keep_setting(bucket, kind, kept)

    def _drop_configuration(self, bucket: Bucket, kind: str, id: str) -> bool:
        """Whether others are left. Raises NoSuchConfiguration."""
        self._configuration(bucket, kind, id)
        kept = self._configurations(bucket, kind)
        del kept[id]
        self._keep_setting(bucket, kind, kept)
        return bool(kept)

    def _listed_configurations(self, bucket: Bucket, kind: str, member: str, token: str | None) -> dict[str, Any]:
        try:
            after = read_token(token)
        except InvalidPageToken:
            raise InvalidArgument(
                "The continuation token provided is incorrect", ArgumentName="continuation-token", ArgumentValue=token
            ) from None
        kept = self._configurations(bucket, kind)
        page = list(islice((id for id in sorted(kept) if id > after), PAGE + 1))
        more = len(page) > PAGE
        return {
            member: [kept[id] for id in page[:PAGE]],
            "IsTruncated": more,
            "ContinuationToken": token,
            "NextContinuationToken": make_token(page[PAGE - 1]) if more else None,
        }
