"""What running functions leave in CloudWatch Logs: their output, and the lines with which Lambda frames it.

Written in the name of the execution role: one that may not write logs leaves none. In the format JSON the frames are
the events of the Telemetry API, and levels decide what is kept.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from glasshouse.core import ServiceError, documents, ids
from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.engines.functions.output import Line
from glasshouse.services.lambda_.outcomes import Outcome, Status
from glasshouse.services.lambda_.programs import Dressing
from glasshouse.services.lambda_.records import Configuration

TAIL_BYTES = 4096
BATCH_BYTES, BATCH_EVENTS, OVERHEAD_BYTES = 1_000_000, 10_000, 26
LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5, "CRITICAL": 5}
MEGABYTE = 1 << 20
RUNTIME = re.compile(r"^([a-z]+)\.?")
Event = tuple[int, str]  # milliseconds by the cloud's clock, and the message


class Journal:
    """The log stream of one environment. Gathers events, and writes them when it is told to."""

    def __init__(self, cloud: Cloud, dressing: Dressing):
        self._cloud, self._dressing = cloud, dressing
        self._configuration = dressing.configuration
        settings = self._configuration.logging_config
        self.is_json = settings.get("LogFormat") == "JSON"
        self._least = LEVELS[settings.get("ApplicationLogLevel", "INFO")] if self.is_json else 0
        self._least_of_system = LEVELS[settings.get("SystemLogLevel", "INFO")] if self.is_json else LEVELS["INFO"]
        self.stream = _stream_name(self._configuration, cloud.clock.now())
        self._is_made, self._last = False, 0
        self._events: list[Event] = []
        self._tail: list[str] | None = None  # of the invocation under way

    def output(self, lines: Iterable[Line]):
        """What the function printed."""
        ahead = self._cloud.clock.now() - self._cloud.clock.real()
        for line in lines:
            if not self.is_json or LEVELS.get(_level(line.text), LEVELS["INFO"]) >= self._least:
                self._add(line.moment + ahead, line.text)

    def begin_init(self, initialization: str):
        arn = self._configuration.runtime_version_arn or ""
        named = RUNTIME.sub(r"\1:", self._configuration.runtime or "").removesuffix(".x")
        version = f"{named}.v1"
        record = {
            "initializationType": initialization, "phase": "init", "runtimeVersion": version, "runtimeVersionArn": arn,
        }  # fmt: skip
        self._system(
            "INFO", "initStart", record, f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n"
        )

    def end_init(self, initialization: str, phase: str, duration_s: float, status: Status, error_type: str):
        """Report an initialization; in text only one that failed."""
        failed = status != "success"
        level = "WARN" if failed else "DEBUG" if initialization == "on-demand" else "INFO"
        record: dict[str, Any] = {
            "initializationType": initialization, "phase": phase, "status": status,
            "metrics": {"durationMs": round(duration_s * 1000, 3)},
        }  # fmt: skip
        text = f"INIT_REPORT Init Duration: {duration_s * 1000:.2f} ms\tPhase: {phase}\tStatus: {status}"
        if error_type:
            record["errorType"] = error_type
            text += f"\tError Type: {error_type}"
        if self.is_json or failed:
            self._system(level, "initReport", record, text + "\n")

    def begin(self, request_id: str):
        self._tail = []
        version = self._configuration.version
        record = {
            "requestId": request_id, "functionArn": self._configuration.qualified_arn, "version": version,
        }  # fmt: skip
        self._system("INFO", "start", record, f"START RequestId: {request_id} Version: {version}\n")

    def end(self, request_id: str, outcome: Outcome, init_s: float | None, peak_bytes: int, trace: str):
        """Report an invocation; returns the last of what it has logged."""
        if outcome.note and not self.is_json:
            moment = f"{spelled(self._cloud.clock.now())} " if outcome.status == "timeout" else ""
            self._add(self._cloud.clock.now(), moment + outcome.note)
        metrics = self._metrics(outcome, init_s, peak_bytes)
        record: dict[str, Any] = {"requestId": request_id, "metrics": metrics, "status": outcome.status}
        if outcome.status == "error":
            record["errorType"] = outcome.error_type
        level = "WARN" if outcome.status != "success" else "INFO"
        if not self.is_json:
            self._add(self._cloud.clock.now(), f"END RequestId: {request_id}\n")
        self._system(level, "report", record, _report(request_id, metrics, outcome, trace))
        tail, self._tail = "".join(self._tail or ()).encode(), None
        return tail[-TAIL_BYTES:]

    def write(self):
        """Put what was gathered into the stream; without the permission to, it is lost."""
        events, self._events = self._events, []
        for batch in _batches(events):
            with suppress(ServiceError), self._cloud.store.transaction():
                self._put(batch)

    # Within

    def _metrics(self, outcome: Outcome, init_s: float | None, peak_bytes: int) -> dict[str, Any]:
        size = self._configuration.memory_size
        used = size if outcome.error_type == "Runtime.OutOfMemory" else min(size, math.ceil(peak_bytes / MEGABYTE))
        duration_ms, init_ms = outcome.duration_s * 1000, (init_s or 0.0) * 1000
        metrics = {
            "durationMs": round(duration_ms, 2), "billedDurationMs": math.ceil(duration_ms + init_ms),
            "memorySizeMB": size, "maxMemoryUsedMB": used,
        }  # fmt: skip
        return metrics if init_s is None else {**metrics, "initDurationMs": round(init_ms, 2)}

    def _system(self, level: str, kind: str, record: Mapping[str, Any], text: str):
        if LEVELS[level] < self._least_of_system:
            return
        now = self._cloud.clock.now()
        told = {"time": spelled(now), "type": f"platform.{kind}", "record": record}
        self._add(now, json.dumps(told, separators=(",", ":")) + "\n" if self.is_json else text)

    def _add(self, moment: float, text: str):
        self._last = max(self._last, int(moment * 1000))
        self._events.append((self._last, text))
        if self._tail is not None:
            self._tail.append(text)

    def _put(self, batch: list[Event]):
        group, stream = self._configuration.log_group, self.stream
        if not self._is_made:
            self._make(group, stream)
        events = [{"timestamp": moment, "message": message} for moment, message in batch]
        try:
            self._ask("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=events)
        except ServiceError as refusal:
            if refusal.code != "ResourceNotFoundException":
                raise
            self._make(group, stream)  # somebody deleted it meanwhile
            self._ask("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=events)

    def _make(self, group: str, stream: str):
        try:
            self._make_stream(group, stream)
        except ServiceError as refusal:
            if refusal.code != "ResourceNotFoundException":
                raise
            self._ask("CreateLogGroup", logGroupName=group)
            self._make_stream(group, stream)
        self._is_made = True

    def _make_stream(self, group: str, stream: str):
        try:
            self._ask("CreateLogStream", logGroupName=group, logStreamName=stream)
        except ServiceError as refusal:
            if refusal.code != "ResourceAlreadyExistsException":
                raise

    def _ask(self, operation: str, **params: Any):
        of = self._dressing
        self._cloud.perform(Call("logs", operation, params, of.account, of.region, of.principal))


def _stream_name(configuration: Configuration, now: float) -> str:
    """`2024/05/01/[$LATEST]0123...`; in a group that several functions may share, with the function's name."""
    day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
    own = configuration.log_group == f"/aws/lambda/{configuration.function_name}"
    name = "" if own else configuration.function_name
    return f"{day}/{name}[{configuration.version}]{ids.token(32, ids.HEX)}"


def spelled(moment: float) -> str:
    """2014-10-13T15:57:02.089Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level(text: str) -> str:
    """The level that a line of JSON says it has."""
    if not text.startswith("{"):
        return ""
    try:
        level = documents.read(text).get("level", "")
    except ValueError:
        return ""
    return level.upper() if isinstance(level, str) else ""


def _report(request_id: str, metrics: Mapping[str, Any], outcome: Outcome, trace: str) -> str:
    """The REPORT line; tracing adds a second one to the event."""
    parts = [
        f"REPORT RequestId: {request_id}", f"Duration: {metrics['durationMs']:.2f} ms",
        f"Billed Duration: {metrics['billedDurationMs']} ms", f"Memory Size: {metrics['memorySizeMB']} MB",
        f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB",
    ]  # fmt: skip
    if "initDurationMs" in metrics:
        parts.append(f"Init Duration: {metrics['initDurationMs']:.2f} ms")
    if outcome.status != "success":
        parts.append(f"Status: {outcome.status}")
    if outcome.status == "error":
        parts.append(f"Error Type: {outcome.error_type}")
    told = dict(part.split("=", 1) for part in trace.split(";") if "=" in part)
    traced = told.get("Sampled") == "1"
    end = f"XRAY TraceId: {told['Root']}\tSegmentId: {told['Parent']}\tSampled: true\t\n" if traced else ""
    return "\t".join(parts) + "\t\n" + end


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """As many at a time as PutLogEvents takes."""
    left = iter(events)
    while chunk := list(islice(left, BATCH_EVENTS)):
        batch: list[Event] = []
        size = 0
        for event in chunk:
            bytes_ = len(event[1].encode()) + OVERHEAD_BYTES
            if batch and size + bytes_ > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(event)
            size += bytes_
        yield batch
