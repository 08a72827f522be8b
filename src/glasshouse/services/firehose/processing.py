"""Processing: the job of a buffer of source records, outside of the store while functions and queries run.

A stream's buffers are processed one after another, so that its records stay in their order.
"""

import json
import sys
import tempfile
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glasshouse.core import ServiceError, ids, outside
from glasshouse.core.clock import monotonic
from glasshouse.core.refusals import is_passing, kind_of
from glasshouse.core.workers import Limits, Worker
from glasshouse.engines.prefixes import Prefix
from glasshouse.services.firehose import pipeline, transforming
from glasshouse.services.firehose.buffering import delimiter_of
from glasshouse.services.firehose.buffers import Item
from glasshouse.services.firehose.encryption import opened
from glasshouse.services.firehose.names import partition_text
from glasshouse.services.firehose.pipeline import Failure, Outcome, Work
from glasshouse.services.firehose.records import MAIN, DeliveryStream
from glasshouse.services.firehose.transforming import Reason
from glasshouse.services.firehose.writing import NAMESPACE

LARGEST_PAYLOAD = 4 * 1024 * 1024  # base64 makes a third more of it, and an event may have six megabytes
QUERY_LIMITS = Limits(wall_s=60, cpu_s=30, memory_bytes=1024 * 1024 * 1024)
MOST_PARTITIONS = 500
RETRY_S = 5.0
KEY_NAMESPACES = ("partitionKeyFromQuery", "partitionKeyFromLambda")
REFUSALS: dict[str, Reason] = {
    "denied": (
        "Lambda.InvokeAccessDenied",
        "Access was denied. Ensure that the access policy allows access to the Lambda function.",
    ),
    "absent": (
        "Lambda.ResourceNotFound",
        "The Lambda function was not found. Use a different function that does exist.",
    ),
    "throttled": (
        "Lambda.InvokeLimitExceeded",
        "The Lambda function concurrent execution limit is exceeded. Increase the concurrent execution limit.",
    ),
}
NOT_ASSUMED: Reason = (
    "Lambda.AssumeRoleAccessDenied",
    "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role.",
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A buffer of source records, and what to do with it."""

    number: int
    stream: DeliveryStream
    works: list[Work]
    attempt: int


class Again(Exception):
    """A function could not be invoked, and is to be asked once more."""

    def __init__(self, reason: Reason, pause: float):
        super().__init__(reason)
        self.reason, self.pause = reason, pause


class Processing:
    """From source records to those that are delivered."""

    @outside
    def _process(self, number: int):
        batch = self.inside("_batch", number=number)
        if batch is None:
            return
        try:
            outcome = self._transformed(batch)
        except Again as again:
            self.inside("_not_processed", number=number, reason=again.reason, pause=again.pause)
        else:
            self.inside("_processed", number=number, outcome=outcome)

    def _batch(self, number: int) -> Batch | None:
        found = self._of_buffer(number)
        if found is None:
            return None
        buffer, stream = found
        try:
            cipher = self._cipher(stream, buffer)
        except ServiceError:  # the key cannot be used for now
            self.later("_process", after=RETRY_S, number=number)
            return None
        items = self._buffers.portion(number, 0, sys.maxsize)
        plain = [Item(opened(cipher, item.data), item.arrived, item.source) for item in items]
        return Batch(number, stream, pipeline.started(plain, number << 32), buffer.attempts + 1)

    def _transformed(self, batch: Batch) -> Outcome:
        """In a thread. Raises Again."""
        processors, outcome = batch.stream.processors, Outcome()
        works = batch.works
        if "Decompression" in processors:
            works = pipeline.decompressed(works, outcome)
        if processors.get("CloudWatchLogProcessing", {}).get("DataMessageExtraction", "").lower() == "true":
            works = pipeline.messages_of_logs(works)
        if "RecordDeAggregation" in processors:
            works = pipeline.taken_apart(works, processors["RecordDeAggregation"])
        if "Lambda" in processors:
            works = self._invoked(batch, works, processors["Lambda"], outcome)
        if "MetadataExtraction" in processors and works:
            begun = monotonic()
            found = self._extracted(processors["MetadataExtraction"]["MetadataExtractionQuery"], works)
            works = pipeline.given_keys(works, found, outcome)
            name = {"DeliveryStreamName": batch.stream.delivery_stream_name}
            self.metric(NAMESPACE, "JQProcessing.Duration", (monotonic() - begun) * 1000, "Milliseconds", name)
        if batch.stream.is_partitioned:
            works = pipeline.with_all_keys(works, _wanted_keys(batch.stream), outcome)
        outcome.done = works
        return outcome

    # Functions

    def _invoked(self, batch: Batch, works: list[Work], parameters: dict[str, str], outcome: Outcome) -> list[Work]:
        answered = Outcome()
        function = parameters["LambdaArn"]
        last = batch.attempt > int(parameters["NumberOfRetries"])
        for portion in pipeline.in_portions(works, LARGEST_PAYLOAD):
            try:
                payload = self._invoke(batch, portion, parameters)
            except Again as again:
                if not last:
                    raise
                transforming.fail(portion, again.reason, function, batch.attempt, answered)
            else:
                transforming.judge(portion, payload, function, batch.attempt, answered)
        outcome.failures += answered.failures
        return answered.done

    def _invoke(self, batch: Batch, works: list[Work], parameters: dict[str, str]) -> bytes:
        """What a function answers. Raises Again."""
        stream, begun = batch.stream, monotonic()
        source = (stream.source or {}).get("KinesisStreamSourceDescription", {}).get("KinesisStreamARN")
        event = transforming.event(ids.uuid(), stream.delivery_stream_arn, stream.region, source, works)
        try:
            role = self.aws(source_arn=stream.delivery_stream_arn).as_role(parameters["RoleArn"])
        except ServiceError:
            raise Again(NOT_ASSUMED, 0.0) from None
        try:
            answer = role.lambda_.invoke(FunctionName=parameters["LambdaArn"], Payload=event)
        except ServiceError as refusal:
            reason = REFUSALS.get(kind_of(refusal), ("Lambda.InternalServerError", refusal.message or refusal.code))
            raise Again(reason, float(2**batch.attempt) if is_passing(refusal) else 0.0) from None
        name = {"DeliveryStreamName": stream.delivery_stream_name}
        failed = answer.get("FunctionError") is not None
        self.metric(NAMESPACE, "ExecuteProcessing.Duration", (monotonic() - begun) * 1000, "Milliseconds", name)
        self.metric(NAMESPACE, "ExecuteProcessing.Success", int(not failed), "Count", name)
        if failed:
            raise Again(transforming.FUNCTION_ERROR, 0.0)
        return answer.get("Payload") or b""

    # Queries

    def _extracted(self, query: str, works: list[Work]) -> list[dict[str, str] | str]:
        """What a query makes of records, found by a process of its own."""
        asked = {"query": query, "records": [b64encode(work.data).decode() for work in works]}
        with tempfile.TemporaryDirectory(prefix="glasshouse-jq-") as folder:
            source, target = Path(folder) / "asked", Path(folder) / "found"
            source.write_text(json.dumps(asked))
            command = [sys.executable, "-m", "glasshouse.engines.jq", str(source), str(target)]
            with Worker(command, {}, Path(folder), QUERY_LIMITS) as worker:
                worker.finish()
            with suppress(FileNotFoundError, ValueError):
                return json.loads(target.read_text())
        return ["The query has not come to an end."] * len(works)

    # What comes of it

    def _not_processed(self, number: int, reason: Reason, pause: float):
        """Once more."""
        found = self._of_buffer(number)
        if found is None:
            return
        buffer, stream = found
        buffer.attempts += 1
        self._buffers.keep(buffer)
        self._report_of_destination(stream, *reason, processor=stream.processors.get("Lambda", {}).get("LambdaArn"))
        self.later("_process", after=pause, number=number)

    def _processed(self, number: int, outcome: Outcome):
        found = self._of_buffer(number)
        if found is None:
            return
        buffer, stream = found
        self._buffers.drop(buffer)
        self._deliver_works(stream, outcome)
        self._note_failures(stream, outcome.failures)
        self._process_next(buffer)
        name = {"DeliveryStreamName": stream.delivery_stream_name}
        size = sum(len(work.data) for work in outcome.done)
        self.metric(NAMESPACE, "SucceedProcessing.Records", len(outcome.done), "Count", name)
        self.metric(NAMESPACE, "SucceedProcessing.Bytes", size, "Bytes", name)

    def _deliver_works(self, stream: DeliveryStream, outcome: Outcome):
        """Lay what was made into the buffers of its partitions, of which there may be so many at a time."""
        delimiter = delimiter_of(stream.processors)
        partitions: dict[str, list[Work]] = {}
        for work in outcome.done:
            text = partition_text(work.keys) if stream.is_partitioned else ""
            partitions.setdefault(text, []).append(work)
        for partition, works in partitions.items():
            if partition and not self._has_room(stream, partition):
                message = f"The number of active partitions exceeds the limit of {MOST_PARTITIONS}."
                code = "DynamicPartitioning.ActivePartitionLimitExceeded"
                outcome.failures += [Failure(work, pipeline.PARTITIONING, code, message) for work in works]
                continue
            self._fill(stream, MAIN, [Item(work.data + delimiter, work.arrived) for work in works], partition)

    def _has_room(self, stream: DeliveryStream, partition: str) -> bool:
        """Whether a partition is there, or one more may be."""
        arn = stream.delivery_stream_arn
        if self._buffers.open(arn, MAIN, partition):
            return True
        count = self._buffers.count_open(arn, MAIN)
        name = {"DeliveryStreamName": stream.delivery_stream_name}
        self.metric(NAMESPACE, "PartitionCount", min(count + 1, MOST_PARTITIONS), "Count", name)
        self.metric(NAMESPACE, "PartitionCountExceeded", int(count >= MOST_PARTITIONS), "Count", name)
        return count < MOST_PARTITIONS

    def _note_failures(self, stream: DeliveryStream, failures: list[Failure]):
        kinds: dict[str, list[Failure]] = {}
        for failure in failures:
            kinds.setdefault(failure.kind, []).append(failure)
        for kind, failed in kinds.items():
            self._fill(stream, kind, [Item(one.told(self.now), one.work.arrived) for one in failed])
        told = {(one.code, one.message): one for one in failures}
        for (code, message), one in told.items():
            self._report_of_destination(stream, code, message, processor=one.function)


def _wanted_keys(stream: DeliveryStream) -> set[tuple[str, str]]:
    prefix = Prefix.parse(stream.destination.get("Prefix") or "")
    return {(one.namespace, one.value) for one in prefix.expressions if one.namespace in KEY_NAMESPACES}
