"""Logs of executions: what happens to each batch, step by step, in a log group.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs.html
Differs from AWS: buckets and delivery streams as destinations are refused; the steps of transformations are not told.
"""

import json
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.services.pipes.errors import NotSupported, invalid
from glasshouse.services.pipes.records import Batch, Pipe

OFF, ERROR, INFO, TRACE = "OFF", "ERROR", "INFO", "TRACE"
LEVELS = (OFF, ERROR, INFO, TRACE)
OTHER_DESTINATIONS = ("S3LogDestination", "FirehoseLogDestination")
Step = tuple[str, str, dict[str, Any]]  # its level, its name, and what else there is to say


def check_log(configuration: dict):
    """Raises ValidationException, or NotSupported."""
    for name in OTHER_DESTINATIONS:
        if configuration.get(name):
            raise NotSupported(f"pipes: LogConfiguration.{name} is not supported by Glasshouse yet")
    if configuration and configuration["Level"] != OFF and not configuration.get("CloudwatchLogsLogDestination"):
        raise invalid("LogConfiguration", "A log destination is required when the log level is not OFF.")


def begun(items: list) -> Step:
    return INFO, "ExecutionStarted", {"payload": items}


def succeeded(stage: str, events: list) -> list[Step]:
    """A stage ("Enrichment", "Target") that was passed, and what came of it."""
    return [
        (INFO, f"{stage}StageEntered", {"payload": events}),
        (TRACE, f"{stage}InvocationStarted", {}),
        (TRACE, f"{stage}InvocationSucceeded", {}),
        (INFO, f"{stage}StageSucceeded", {"payload": events}),
    ]


def failed(stage: str, failure: ServiceError) -> list[Step]:
    """A stage where an execution ended."""
    error = {"error": {"message": failure.message, "exceptionType": failure.code}}
    return [
        (INFO, f"{stage}StageEntered", {}),
        (TRACE, f"{stage}InvocationStarted", {}),
        (ERROR, f"{stage}InvocationFailed", error),
        (ERROR, f"{stage}StageFailed", error),
        (ERROR, "ExecutionFailed", error),
    ]


def partially_failed(count: int) -> list[Step]:
    """A target that refused some of its events."""
    error = {"error": {"message": f"{count} events were not processed."}}
    return [
        (INFO, "TargetStageEntered", {}),
        (TRACE, "TargetInvocationStarted", {}),
        (ERROR, "TargetInvocationPartiallyFailed", error),
        (ERROR, "TargetStagePartiallyFailed", error),
        (ERROR, "ExecutionPartiallyFailed", error),
    ]


ENDED: Step = (INFO, "ExecutionSucceeded", {})
SKIPPED: Step = (INFO, "TargetStageSkipped", {})


class Journal:
    """Writes the log of a pipe."""

    def _tell_log(self, pipe: Pipe, batch: Batch, *steps: Step):
        configuration = pipe.log_configuration or {}
        level = LEVELS.index(configuration.get("Level", OFF))
        told = [step for step in steps if LEVELS.index(step[0]) <= level]
        group = (configuration.get("CloudwatchLogsLogDestination") or {}).get("LogGroupArn")
        if not told or not group:
            return
        with_data = "ALL" in (configuration.get("IncludeExecutionData") or ())
        part = batch.parts[0] if batch.parts else None
        execution = ids.uuid_after(f"{pipe.number} {batch.number}", part.attempts if part else 0)
        texts = [self._record(pipe, execution, step, with_data) for step in told]
        try:
            with self.store.transaction():
                self._write_log(pipe, group, texts)
        except ServiceError:  # a group that is not there
            return

    def _record(self, pipe: Pipe, execution: str, step: Step, with_data: bool) -> str:
        level, name, more = step
        shown = {key: value for key, value in more.items() if key != "payload"}
        if with_data and "payload" in more:
            shown["payload"] = json.dumps(more["payload"], separators=(",", ":"), ensure_ascii=False)
        record = {
            "resourceArn": pipe.arn, "timestamp": str(int(self.now * 1000)), "executionId": execution,
            "messageType": name, "logLevel": level, **shown,
        }  # fmt: skip
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False)

    def _write_log(self, pipe: Pipe, group: str, texts: list[str]):
        _, _, _, region, account, _, name = group.removesuffix(":*").split(":", 6)
        logs = self.aws(account=account, region=region).logs
        where = {"logGroupName": name, "logStreamName": pipe.name}
        found = logs.describe_log_streams(logGroupName=name, logStreamNamePrefix=pipe.name)["logStreams"]
        if pipe.name not in (stream["logStreamName"] for stream in found):
            logs.create_log_stream(**where)
        moment = int(self.now * 1000)
        logs.put_log_events(**where, logEvents=[{"timestamp": moment, "message": text} for text in texts])
