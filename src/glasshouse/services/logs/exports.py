"""Export tasks: events of a group, gzipped per stream, into a bucket."""

import gzip
from datetime import UTC, datetime

from glasshouse.core import ServiceError, ids
from glasshouse.services.logs.errors import (
    InvalidOperationException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import LAST, Stream
from glasshouse.services.logs.records import ExportTask, LogGroup

OWNED = "bucket-owner-full-control"  # the user guide's bucket policy insists on it
ACTIVE = ("PENDING", "RUNNING")


class Exports:
    """The operations on export tasks."""

    def create_export_task(
        self,
        log_group_name: str,
        from_: int,
        to: int,
        destination: str,
        destination_prefix: str | None = None,
        log_stream_name_prefix: str | None = None,
        task_name: str | None = None,
    ):
        group = self._group(log_group_name)
        if from_ >= to:
            raise InvalidParameterException("The export task's from must be earlier than its to.")
        if any(task.status["code"] in ACTIVE for task in self.exports.list()):
            # "Each account can only have one active (RUNNING or PENDING) export task at a time."
            raise LimitExceededException("Resource limit exceeded.")
        self._check_bucket(group, destination, destination_prefix)
        task = ExportTask(
            ids.uuid(), task_name, log_group_name, log_stream_name_prefix, from_, to, destination,
            destination_prefix or "exportedlogs", {"code": "PENDING"}, {"creationTime": self._milliseconds()},
        )  # fmt: skip
        self.exports.put(task)
        self.later("_export", task_id=task.task_id)
        return {"taskId": task.task_id}

    def describe_export_tasks(
        self, task_id: str | None = None, status_code: str | None = None, limit: int = 50, next_token: str | None = None
    ):
        def shown(task: ExportTask) -> bool:
            return task_id in (None, task.task_id) and status_code in (None, task.status["code"])

        tasks, token = self.exports.page(limit, next_token, where=shown)
        return {"exportTasks": [vars(task) | {"from": task.start} for task in tasks], "nextToken": token}

    def cancel_export_task(self, task_id: str):
        task = self.exports.get(task_id)
        if task is None:
            raise ResourceNotFoundException("The specified export task does not exist.")
        if task.status["code"] not in ACTIVE:
            raise InvalidOperationException("The specified export task has already finished")
        self._finish_export(task, "CANCELLED", "Cancelled by user")

    def _check_bucket(self, group: LogGroup, bucket: str, prefix: str | None):
        """AWS writes a test object first, below a prefix that was asked for; what it cannot write to, it refuses."""
        try:
            self.aws.s3.head_bucket(Bucket=bucket)
        except ServiceError:
            raise InvalidParameterException(
                "The given bucket does not exist. Please make sure the bucket is valid."
            ) from None
        s3 = self.aws.as_service(group.arn).s3
        try:
            s3.get_bucket_acl(Bucket=bucket)
            key = f"{prefix}/aws-logs-write-test" if prefix else "aws-logs-write-test"
            s3.put_object(Bucket=bucket, Key=key, Body=b"Permission Check Successful", ACL=OWNED)
        except ServiceError as failure:
            raise InvalidParameterException(
                "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission"
                f" to perform this operation. ({failure.code})"
            ) from None

    def _export(self, task_id: str):
        """Export everything, or nothing."""
        task = self.exports.get(task_id)
        if task is None or task.status["code"] not in ACTIVE:
            return
        group = self.groups.get(task.log_group_name)
        if group is None:
            self._finish_export(task, "FAILED", "The log group was deleted")
            return
        for stream in self._streams(group).named(task.log_stream_name_prefix or ""):
            self._export_stream(task, group, stream)
        self._finish_export(task, "COMPLETED", "Completed successfully")

    def _export_stream(self, task: ExportTask, group: LogGroup, stream: Stream):
        lines = [
            f"{_iso(event.timestamp)} {event.message}\n"
            for event in self._events(group).forward((task.start, -1), (task.to, LAST[1]), stream)
        ]
        if lines:
            name = stream.name.replace("/", "-")
            key = f"{task.destination_prefix}/{task.task_id}/{name}/000000.gz"
            content = gzip.compress("".join(lines).encode(), mtime=0)
            s3 = self.aws.as_service(group.arn).s3
            s3.put_object(Bucket=task.destination, Key=key, Body=content, ACL=OWNED)

    def _finish_export(self, task: ExportTask, code: str, message: str):
        task.status = {"code": code, "message": message}
        task.execution_info["completionTime"] = self._milliseconds()
        self.exports.put(task)


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
