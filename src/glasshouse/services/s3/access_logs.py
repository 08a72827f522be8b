"""Server access logs: lines about the requests to a bucket, delivered as objects of another one.

The log delivery service writes them, so the target's policy (or its ACL, where ACLs count) must let
`logging.s3.amazonaws.com` in. What it may not deliver is lost, as on AWS. Differs from AWS: lines wait a minute, not
hours, and then go into one object, or one for each day of events.
"""

import logging
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.core.access import service_principal
from glasshouse.core.call import Call
from glasshouse.services.s3.acl import OFF, grantee_of
from glasshouse.services.s3.errors import MalformedXML
from glasshouse.services.s3.log_lines import Seen, copy_source, lines
from glasshouse.services.s3.records import Bucket
from glasshouse.services.s3.seeing import NOBODY, WATCHED
from glasshouse.services.s3.setting_errors import CrossLocationLoggingProhibitted, InvalidTargetBucketForLogging

log = logging.getLogger("glasshouse.s3")
PERMISSIONS = {"FULL_CONTROL": "GrantFullControl", "READ": "GrantRead", "WRITE": None}
KINDS = {"CanonicalUser": ("id", "ID"), "Group": ("uri", "URI"), "AmazonCustomerByEmail": ("emailAddress", "")}
DATE_SOURCES = ("EventTime", "DeliveryTime")
DELIVERED_AFTER_S = 60.0
MOST_LINES = 10_000  # of one delivery
CROSSING = "Cross S3 location logging not allowed. "  # with the blank that AWS leaves there
DELIVERY = "logging.s3"  # what policies call it (before .amazonaws.com)


class AccessLogs:
    def put_bucket_logging(
        self, bucket: str, bucket_logging_status: dict, content_md5: str | None = None,
        checksum_algorithm: str | None = None, expected_bucket_owner: str | None = None,
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        enabled = bucket_logging_status.get("LoggingEnabled")
        if enabled is not None:
            _check(enabled)
            self._check_log_target(found, enabled["TargetBucket"])
        self._deliver_log(bucket)  # what came before goes where it was to go
        if enabled is None:
            self._drop_setting(found, "logging")
        else:
            self._keep_setting(found, "logging", enabled)
        self._watch(bucket, "log", enabled is not None)

    def get_bucket_logging(self, bucket: str, expected_bucket_owner: str | None = None):
        enabled = self._setting(self._bucket(bucket, expected_bucket_owner), "logging")
        return {"LoggingEnabled": enabled} if enabled else {}

    def _check_log_target(self, source: Bucket, name: str):
        """Raise unless a bucket can take the logs of another one."""
        target = self.buckets.get(name)
        if target is None:
            raise InvalidTargetBucketForLogging(TargetBucket=name)
        if target.account != source.account:
            raise InvalidTargetBucketForLogging(
                "The owner for the bucket to be logged and the target bucket must be the same.", TargetBucket=name
            )
        if target.region != source.region:
            # From the first region, the answer does not say where the source is.
            here = {} if source.region == "us-east-1" else {"SourceBucketLocation": source.region}
            raise CrossLocationLoggingProhibitted(CROSSING, **here, TargetBucketLocation=target.region)
        if target.requester_pays:
            raise InvalidTargetBucketForLogging(
                "The target bucket for logging cannot be a Requester Pays bucket", TargetBucket=name
            )
        acl_counts = target.ownership != OFF
        if acl_counts and not self._as_log_delivery(source).may("s3", "put_object", Bucket=name, Key="log", Body=b""):
            raise InvalidTargetBucketForLogging(
                "You must give the log-delivery group WRITE and READ_ACP permissions to the target bucket",
                TargetBucket=name,
            )

    def _watch(self, bucket: str, what: str, wanted: bool):
        """From now on the witness tells of requests to a bucket, or does so no more."""
        watched = dict(self.store.setting(WATCHED, NOBODY))
        kinds = set(watched.pop(bucket, ())) - {what} | ({what} if wanted else set())
        if kinds:
            watched[bucket] = sorted(kinds)
        if watched != self.store.setting(WATCHED, NOBODY):
            self.store.keep_setting(WATCHED, watched)

    def _unwatch(self, bucket: str):
        """A bucket is deleted, and what was to be told of it."""
        for kind in self.store.setting(WATCHED, NOBODY).get(bucket, ()):
            self._watch(bucket, kind, False)
        self.store.write("DELETE FROM s3_access WHERE bucket = ?", (bucket,))

    # What is written

    def _was_asked(self, seen: Seen):
        """The witness has seen a request that concerns a bucket that is watched."""
        source = copy_source(seen.call)
        for name in {seen.call.params.get("Bucket"), source[0] if source else None} - {None}:
            bucket, kinds = self.buckets.get(name), self.store.setting(WATCHED, NOBODY).get(name, ())
            if bucket and "log" in kinds:
                self._write_log(bucket, seen)
            if bucket and "metrics" in kinds:
                self._count_request(bucket, seen)

    def _write_log(self, bucket: Bucket, seen: Seen):
        waiting = self.store.read("SELECT 1 FROM s3_access WHERE bucket = ? LIMIT 1", (bucket.name,)).fetchone()
        rows = [(bucket.name, seen.moment, line) for line in lines(seen, bucket)]
        self.store.write_many("INSERT INTO s3_access (bucket, moment, line) VALUES (?, ?, ?)", rows)
        if not waiting:
            due = self.now + DELIVERED_AFTER_S
            self._schedule(bucket, "_deliver_log", due, {"bucket": bucket.name}, log_job(bucket.name))

    def _deliver_log(self, bucket: str):
        """Put what is written by now into the target bucket."""
        source = self.buckets.get(bucket)
        enabled = self._setting(source, "logging") if source else None
        statement = "SELECT id, moment, line FROM s3_access WHERE bucket = ? ORDER BY id LIMIT ?"
        rows = self.store.read(statement, (bucket, MOST_LINES)).fetchall()
        if not rows or source is None or enabled is None:
            return
        self.store.write("DELETE FROM s3_access WHERE bucket = ? AND id <= ?", (bucket, rows[-1][0]))
        for prefix, group in groupby(rows, lambda row: self._log_prefix(source, enabled, row[1])):
            text = "".join(f"{line}\n" for _, _, line in group)
            self._put_log(source, enabled, f"{prefix}{ids.token(16, ids.HEX).upper()}", text.encode())
        if len(rows) == MOST_LINES:
            self._schedule(source, "_deliver_log", self.now, {"bucket": bucket}, log_job(bucket))

    def _log_prefix(self, source: Bucket, enabled: dict, moment: float) -> str:
        """The key of a log object, up to what makes it unique; `moment` is an event's."""
        prefix = enabled.get("TargetPrefix") or ""
        partitioned = (enabled.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix")
        if partitioned is None:
            return prefix + datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%d-%H-%M-%S-")
        by_event = partitioned.get("PartitionDateSource") == "EventTime"
        day = datetime.fromtimestamp(moment if by_event else self.now, UTC)
        last = day.strftime("%Y-%m-%d-00-00-00-" if by_event else "%Y-%m-%d-%H-%M-%S-")
        return f"{prefix}{source.account}/{source.region}/{source.name}/{day:%Y/%m/%d}/{last}"

    def _put_log(self, source: Bucket, enabled: dict, key: str, text: bytes):
        target = self.buckets.get(enabled["TargetBucket"])
        grants = _granted(enabled) if target and target.ownership != OFF else {}
        try:
            self._as_log_delivery(source).s3.put_object(
                Bucket=enabled["TargetBucket"], Key=key, Body=text, ContentType="text/plain", **grants
            )
        except ServiceError as refusal:
            log.warning("the access log of %s was not delivered: %s", source.name, refusal)

    def _as_log_delivery(self, source: Bucket):
        """The siblings, asked by the log delivery service for a bucket."""
        there = source.account, source.region
        call = Call("s3", "PutBucketLogging", {}, *there, service_principal(DELIVERY, source.account))
        asking = type(self)(self.cloud, call)
        asking.principal = DELIVERY
        return asking.aws.as_service(source.arn)


def log_job(bucket: str) -> str:
    return f"access log {bucket}"


def _check(enabled: dict[str, Any]):
    """Raise MalformedXML, or InvalidArgument for whom there is not."""
    for grant in enabled.get("TargetGrants") or ():
        grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
        if permission not in PERMISSIONS or grantee.get("Type") not in KINDS:
            raise MalformedXML()
        kind, member = KINDS[grantee["Type"]]
        grantee_of(kind, grantee.get(member) or "", "Group/URI", "CanonicalUser/ID")
    key_format = enabled.get("TargetObjectKeyFormat") or {}
    if len(key_format) > 1:
        raise MalformedXML()
    partitioned = key_format.get("PartitionedPrefix")
    if partitioned is not None and partitioned.get("PartitionDateSource") not in DATE_SOURCES:
        raise MalformedXML()


def _granted(enabled: dict[str, Any]) -> dict[str, str]:
    """The target grants as headers of PutObject. An object cannot be granted to be written."""
    headers: dict[str, list[str]] = {}
    for grant in enabled.get("TargetGrants") or ():
        header = PERMISSIONS[grant["Permission"]]
        kind, member = KINDS[grant["Grantee"]["Type"]]
        if header:
            headers.setdefault(header, []).append(f'{kind}="{grant["Grantee"][member]}"')
    return {header: ", ".join(grantees) for header, grantees in headers.items()}
