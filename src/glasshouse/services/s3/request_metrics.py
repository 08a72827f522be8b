"""Request metrics: what CloudWatch counts of the requests to a bucket, or to those of its objects that a filter takes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html. Differs from AWS: latencies are not
measured, nor the bytes of answers that are no object.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from glasshouse.core import NotSupported
from glasshouse.services.s3.errors import MalformedXML
from glasshouse.services.s3.lifecycle_rules import Filter, filter_of
from glasshouse.services.s3.log_lines import Seen
from glasshouse.services.s3.records import Bucket

LISTS = ("ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts")
KINDS = {"GET": "GetRequests", "PUT": "PutRequests", "POST": "PostRequests", "HEAD": "HeadRequests",
         "DELETE": "DeleteRequests"}  # fmt: skip


class RequestMetrics:
    def put_bucket_metrics_configuration(
        self, bucket: str, id: str, metrics_configuration: dict, expected_bucket_owner: str | None = None
    ):
        found = self._bucket(bucket, expected_bucket_owner)
        _check(metrics_configuration.get("Filter"))
        self._put_configuration(found, "metrics", id, metrics_configuration)
        self._watch(bucket, "metrics", True)

    def delete_bucket_metrics_configuration(self, bucket: str, id: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        self._watch(bucket, "metrics", self._drop_configuration(found, "metrics", id))

    def _count_request(self, bucket: Bucket, seen: Seen):
        """The witness has seen a request to a bucket that has metrics configurations."""
        if seen.call.params.get("Bucket") != bucket.name:
            return
        counting = type(self)(self.cloud, seen.call.elsewhere(bucket.account, bucket.region))
        for id, configuration in self._configurations(bucket, "metrics").items():
            if "Filter" in configuration and not self._takes(filter_of(configuration), bucket, seen):
                continue
            for name, value, unit in _measured(seen):
                counting.metric("AWS/S3", name, value, unit, {"BucketName": bucket.name, "FilterId": id})

    def _takes(self, wanted: Filter, bucket: Bucket, seen: Seen) -> bool:
        """Whether a filter takes a request: one about an object, by its key and the tags that it has."""
        key = seen.call.params.get("Key")
        if key is None:
            return False
        if not wanted.tags:
            return key.startswith(wanted.prefix)
        version = self.versions.current(bucket.name, key)
        return version is not None and wanted.takes(replace(version, key=key))


def _measured(seen: Seen) -> Iterator[tuple[str, float, str]]:
    yield "AllRequests", 1, "Count"
    yield "ListRequests" if seen.call.operation in LISTS else KINDS[seen.operation.http_method], 1, "Count"
    status = seen.failure.status if seen.failure else 200
    yield "4xxErrors", int(400 <= status < 500), "Count"
    yield "5xxErrors", int(status >= 500), "Count"
    if seen.call.operation == "GetObject" and not seen.failure:
        yield "BytesDownloaded", seen.result.get("ContentLength") or 0, "Bytes"
    body = seen.call.params.get("Body")
    if body is not None and not seen.failure:
        yield "BytesUploaded", len(body) if isinstance(body, bytes) else getattr(body, "size", 0), "Bytes"


def _check(given: dict[str, Any] | None):
    """Raise MalformedXML unless a filter is one of a prefix, a tag, or both together."""
    if given is None:
        return
    if "AccessPointArn" in given or "AccessPointArn" in (given.get("And") or {}):
        raise NotSupported("s3: metrics of access points are not supported by Glasshouse yet")
    if len(given) != 1 or ("And" in given and len(filter_of({"Filter": given}).tags) + ("Prefix" in given["And"]) < 2):
        raise MalformedXML()
