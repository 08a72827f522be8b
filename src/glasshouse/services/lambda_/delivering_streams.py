"""Delivering what was read of streams: retried, split and given up as the mapping says, each lane in its order."""

import json
from datetime import UTC, datetime
from typing import Any

from glasshouse.core import ServiceError, documents, ids
from glasshouse.services.lambda_.batches import Batches
from glasshouse.services.lambda_.mapping_events import arrival_of, failed_batch, instant, sequence_of
from glasshouse.services.lambda_.mapping_records import Batch, Mapping, Position
from glasshouse.services.lambda_.polling import PASSING, RETRY_S, reported_items, stream_of

LONGEST_PAUSE_S, DAY_S = 60.0, 86_400
LARGEST_STATE_BYTES = 1024 * 1024


class StreamDelivering:
    """The jobs that give a shard's batches to the function."""

    def _deliver_later(self, mapping: Mapping, shard_id: str, lane: int, after: float = 0.0):
        key = f"lane {mapping.uuid} {shard_id} {lane}"
        self.later(
            "_deliver_records", after=after, key=key, uuid=mapping.uuid, shard_id=shard_id, lane=lane, turn=mapping.turn
        )

    def _deliver_records(self, uuid: str, shard_id: str, lane: int, turn: int):
        """Give the first batch of a lane to the function."""
        mapping, position = self._polled(uuid, turn), self.positions.get(uuid, shard_id)
        batches = Batches(self.store, uuid)
        batch = batches.first(shard_id, lane)
        if mapping is None or position is None or batch is None:
            return
        items = batches.items(batch.number)
        fresh = self._young_enough(mapping, batch, items)
        if len(fresh) < len(items):
            if mapping.maximum_record_age_in_seconds != -1:
                self._drop(mapping, batch, items[: len(items) - len(fresh)], "RecordAgeExceeded", None)
            batches.replace(batch, [fresh], batch.attempts, batch.opened)
            self._next_of_lane(mapping, position, batch)
            return
        try:
            result = self._invoke_with(mapping, self._stream_event(mapping, position, items))
        except ServiceError as failure:
            self._note(mapping, f"PROBLEM: {failure.message}")
            lasting = self.now - batch.opened if failure.code in PASSING else LONGEST_PAUSE_S
            self._deliver_later(mapping, shard_id, lane, min(max(RETRY_S, lasting), LONGEST_PAUSE_S))
            return
        self._conclude(mapping, position, batch, items, result)

    def _conclude(self, mapping: Mapping, position: Position, batch: Batch, items: list[dict], result: dict):
        """What follows from what the function has answered."""
        batches, rest = Batches(self.store, mapping.uuid), _unprocessed(mapping, items, result)
        self._measure(mapping, "InvokedEventCount", len(items))
        if len(rest) < len(items) and mapping.tumbling_window_in_seconds:
            self._keep_state(position, result)
        if not rest:
            batches.drop(batch.number)
            self._note(mapping, "OK")
            self._next_of_lane(mapping, position, batch)
            return
        self._measure(mapping, "FailedInvokeEventCount", len(rest))
        self._note(mapping, "PROBLEM: Function call failed")
        attempts = batch.attempts + 1 if len(rest) == len(items) else 1
        most = -1 if mapping.maximum_retry_attempts is None else mapping.maximum_retry_attempts
        if mapping.bisect_batch_on_function_error and len(rest) > 1:
            half = len(rest) // 2
            batches.replace(batch, [rest[:half], rest[half:]], batch.attempts, batch.opened)
            self._deliver_later(mapping, batch.shard_id, batch.lane, RETRY_S)
        elif 0 <= most < attempts:
            self._drop(mapping, batch, rest, "RetryAttemptsExhausted", result)
            batches.drop(batch.number)
            self._next_of_lane(mapping, position, batch)
        else:
            batches.replace(batch, [rest], attempts, batch.opened)
            pause = min(RETRY_S * 2 ** min(attempts - 1, 10), LONGEST_PAUSE_S)
            self._deliver_later(mapping, batch.shard_id, batch.lane, pause)

    def _next_of_lane(self, mapping: Mapping, position: Position, batch: Batch):
        """The lane goes on; the shard does when all of its lanes are empty."""
        batches = Batches(self.store, mapping.uuid)
        if batches.first(batch.shard_id, batch.lane):
            self._deliver_later(mapping, batch.shard_id, batch.lane)
        elif not batches.under_way(batch.shard_id):
            self._move_on(mapping, position)

    def _young_enough(self, mapping: Mapping, batch: Batch, items: list[dict]) -> list[dict]:
        """The records without the first ones, if those are older than the mapping or the stream lets them become."""
        most = mapping.maximum_record_age_in_seconds
        if most in (None, -1):
            if not batch.attempts:
                return items
            most = self._kept_s(mapping)
        old = next((i for i, item in enumerate(items) if self.now - arrival_of(item) <= most), len(items))
        return items[old:]

    def _kept_s(self, mapping: Mapping) -> int:
        """How long a stream keeps its records: none is retried for longer."""
        if mapping.kind == "dynamodb":
            return DAY_S
        told = self.aws.kinesis.describe_stream_summary(StreamARN=stream_of(mapping.event_source_arn))
        return told["StreamDescriptionSummary"]["RetentionPeriodHours"] * 3600

    # What nobody could process

    def _drop(self, mapping: Mapping, batch: Batch, items: list[dict], condition: str, result: dict | None):
        """Tell the destination for failures, if there is one."""
        self._measure(mapping, "DroppedEventCount", len(items))
        target = mapping.failure_destination
        if not target:
            return
        attempts = batch.attempts + (result is not None)
        told = failed_batch(mapping, batch.shard_id, items, condition, attempts, result, self.call.request_id, self.now)
        try:
            self._send_failure(mapping, target, batch.shard_id, told, items)
        except ServiceError as failure:
            self._note(mapping, f"PROBLEM: {failure.message}")
        else:
            self._measure(mapping, "OnFailureDestinationDeliveredEventCount", len(items))

    def _send_failure(self, mapping: Mapping, target: str, shard_id: str, told: dict, items: list[dict]):
        poller, service = self._as_poller(mapping), target.split(":")[2]
        if service == "sqs":
            poller.sqs.send_message(QueueUrl=self._queue_url(target), MessageBody=json.dumps(told))
        elif service == "sns":
            poller.sns.publish(TopicArn=target, Message=json.dumps(told))
        else:
            when = datetime.fromtimestamp(self.now, UTC)
            key = f"aws/lambda/{mapping.uuid}/{shard_id}/{when:%Y/%m/%d}/{when:%Y-%m-%dT%H.%M.%S}-{ids.uuid()}"
            whole = {**told, "payload": json.dumps({"Records": items})}
            poller.s3.put_object(Bucket=target.split(":")[5], Key=key, Body=json.dumps(whole).encode())

    # Tumbling windows

    def _stream_event(self, mapping: Mapping, position: Position, items: list[dict]) -> dict[str, Any]:
        event: dict[str, Any] = {"Records": items}
        if mapping.tumbling_window_in_seconds:
            event |= self._window_of(mapping, position, final=False)
        return event

    def _window_of(self, mapping: Mapping, position: Position, final: bool) -> dict[str, Any]:
        start = position.window or 0.0
        return {
            "window": {"start": _minute(start), "end": _minute(start + (mapping.tumbling_window_in_seconds or 0))},
            "state": position.state or {},
            "shardId": position.shard_id,
            "eventSourceARN": mapping.event_source_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": False,
        }

    def _keep_state(self, position: Position, result: dict):
        """The state that a function has returned goes into its next invocation in the window."""
        try:
            state = (documents.read(result.get("Payload") or b"null") or {}).get("state")
        except (ValueError, AttributeError):
            return
        if isinstance(state, dict) and len(json.dumps(state)) <= LARGEST_STATE_BYTES:
            position.state = state
            self.positions.put(position)

    def _finish_window(self, uuid: str, shard_id: str, turn: int):
        """The last invocation of a window: what has come of it."""
        mapping, position = self._polled(uuid, turn), self.positions.get(uuid, shard_id)
        if mapping is None or position is None or position.window is None:
            return
        try:
            result = self._invoke_with(mapping, {"Records": [], **self._window_of(mapping, position, final=True)})
        except ServiceError as failure:
            result = {"FunctionError": failure.code}
        if result.get("FunctionError"):
            self._note(mapping, "PROBLEM: Function call failed")
            if mapping.maximum_retry_attempts != 0:
                key = f"shard {uuid} {shard_id}"
                self.later("_finish_window", after=RETRY_S, key=key, uuid=uuid, shard_id=shard_id, turn=turn)
                return
        position.window = position.state = None
        self.positions.put(position)
        self._read_later(mapping, position)


def _unprocessed(mapping: Mapping, items: list[dict], result: dict) -> list[dict]:
    """The records from the first one on that the function could not process."""
    if result.get("FunctionError"):
        return items
    if not mapping.reports_items:
        return []
    numbers = [sequence_of(item) for item in items]
    failed = reported_items(result.get("Payload"), numbers)
    if failed is None:
        return items
    return items[min(map(numbers.index, failed)) :] if failed else []


def _minute(moment: float) -> str:
    return instant(moment)[:-5] + "Z"
