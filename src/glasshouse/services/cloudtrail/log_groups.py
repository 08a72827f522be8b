"""Trails that also write into CloudWatch Logs: by a role, into a stream named after the account and the home Region."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.services.cloudtrail.errors import (
    InvalidCloudWatchLogsLogGroupArnException,
    InvalidCloudWatchLogsRoleArnException,
    InvalidParameterCombinationException,
)
from glasshouse.services.cloudtrail.records import Trail

BATCH_EVENTS, BATCH_BYTES = 10_000, 1_048_576
EVENT_OVERHEAD_BYTES = 26
LARGEST_EVENT_BYTES = 262_144  # larger events go into the files only (CloudTrail user guide, "CloudWatch Logs")


class LogGroups:
    """What trails do with CloudWatch Logs."""

    def _check_log_group(self, trail: Trail):
        """CloudTrail makes its stream at once, so that a role that may not is found out."""
        arn = trail.cloud_watch_logs_log_group_arn
        if bool(arn) != bool(trail.cloud_watch_logs_role_arn):
            raise InvalidParameterCombinationException(
                "You must specify both the log group ARN and the role ARN of CloudWatch Logs."
            )
        if not arn:
            return
        if arn.split(":")[2:6:3] != ["logs", "log-group"] or not arn.endswith(":*"):
            raise InvalidCloudWatchLogsLogGroupArnException("CloudTrail cannot validate the specified log group ARN.")
        try:
            self._make_stream(trail)
        except ServiceError as refusal:
            if refusal.code == "ResourceNotFoundException":
                raise InvalidCloudWatchLogsLogGroupArnException(
                    "Specified log group does not exist or CloudTrail cannot access it."
                ) from None
            raise InvalidCloudWatchLogsRoleArnException(
                "Access denied. Verify in IAM that the role has adequate permissions."
            ) from None

    def _write_to_log_group(self, trail: Trail, records: list[dict[str, Any]]):
        """What the role may not write is not written, and the trail's files go on."""
        if not trail.cloud_watch_logs_log_group_arn:
            return
        with suppress(ServiceError):
            self._make_stream(trail)
            for events in _batches(records, int(self.now * 1000)):
                self._logs(trail).put_log_events(**self._stream_of(trail), logEvents=events)
            trail.latest_log_delivery = self.now

    def _make_stream(self, trail: Trail):
        try:
            self._logs(trail).create_log_stream(**self._stream_of(trail))
        except ServiceError as refusal:
            if refusal.code != "ResourceAlreadyExistsException":
                raise

    def _logs(self, trail: Trail):
        assert trail.cloud_watch_logs_role_arn is not None
        there = self.aws(region=trail.home_region, source_arn=trail.trail_arn)
        return there.as_role(trail.cloud_watch_logs_role_arn, "CLOUDTRAIL").logs

    def _stream_of(self, trail: Trail) -> dict[str, str]:
        assert trail.cloud_watch_logs_log_group_arn is not None
        group = trail.cloud_watch_logs_log_group_arn.split(":")[6]
        return {"logGroupName": group, "logStreamName": f"{self.call.account}_CloudTrail_{trail.home_region}"}


def _batches(records: list[dict[str, Any]], moment_ms: int) -> Iterator[list[dict[str, Any]]]:
    """As many events as CloudWatch Logs takes at a time."""
    batch: list[dict[str, Any]] = []
    size = 0
    for message in (json.dumps(record, separators=(",", ":")) for record in records):
        needed = len(message.encode()) + EVENT_OVERHEAD_BYTES
        if needed > LARGEST_EVENT_BYTES:
            continue
        if batch and (size + needed > BATCH_BYTES or len(batch) == BATCH_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": moment_ms, "message": message})
        size += needed
    if batch:
        yield batch
