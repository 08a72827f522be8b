"""Queues over a stream on demand: made, described, changed and deleted."""

from collections.abc import Mapping

from glasshouse.core import ids
from glasshouse.services.kinesis.errors import (
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from glasshouse.services.kinesis.records import ON_DEMAND, Queue, Stream

LISTED = 100
ID_LETTERS = 20
FORGOTTEN_AT_ONCE = 5000


class Queues:
    """The life of queues."""

    def create_queue(
        self,
        queue_name: str,
        stream_configuration_list: list[dict],
        queue_attributes: dict | None = None,
        tags: dict | None = None,
    ):
        if len(stream_configuration_list) != 1:
            raise ValidationException("StreamConfigurationList must contain exactly one entry.")
        [configuration] = stream_configuration_list
        stream = self._stream(None, configuration["StreamARN"])
        kind, starts = _starting_position(configuration.get("StartingPosition") or {"Type": "LATEST"})
        if stream.mode != ON_DEMAND:
            raise ValidationException("Queues are supported only on data streams in the On-Demand capacity mode.")
        if any(queue.queue_name == queue_name for queue in self.queues.list()):
            raise ResourceInUseException(f"Queue {queue_name} under account {self.call.account} already exists.")
        self._check_consumer_limit(stream)
        id = ids.token(ID_LETTERS, ids.LOWER)
        queue = Queue(
            id, self._next_number(), queue_name, self.call.arn(f"queue/{id}"), stream.stream_arn, stream.number,
            stream.stream_creation_timestamp, self.now, kind, starts,
        )  # fmt: skip
        _set(queue, queue_attributes or {})
        self.queues.put(queue)
        self._tag(queue.queue_arn, tags)
        self._begin_at(queue, stream)
        self.later("_activate_queue", id=id)
        return {"QueueDescription": queue}

    def describe_queue(self, queue_arn: str):
        return {"QueueDescription": self._queue(queue_arn)}

    def update_queue(self, queue_arn: str, queue_attributes: dict):
        queue = self._active_queue(queue_arn, ("ACTIVE",))
        _set(queue, queue_attributes)
        queue.queue_status = "UPDATING"
        self._keep_queue(queue)
        self.later("_activate_queue", id=queue.id)
        return {"QueueDescription": queue}

    def delete_queue(self, queue_arn: str):
        queue = self._queue(queue_arn)
        queue.queue_status = "DELETING"
        self._keep_queue(queue)
        self.later("_finish_queue_deletion", id=queue.id)

    def list_queues(
        self, max_results: int = LISTED, next_token: str | None = None, stream_filter: list[dict] | None = None
    ):
        wanted = {(it["StreamARN"], it.get("StreamCreationTimestamp")) for it in stream_filter or ()}
        arns = {arn for arn, _ in wanted}

        def shown(queue: Queue) -> bool:
            times = {int(moment) for arn, moment in wanted if arn == queue.stream_arn and moment is not None}
            return not wanted or (
                queue.stream_arn in arns and (not times or int(queue.stream_creation_timestamp) in times)
            )

        page = self.queues.page(min(max_results, LISTED), next_token, where=shown)
        return {"QueueSummaries": page.records, "NextToken": page.next_token}

    # Within

    def _queue(self, arn: str) -> Queue:
        parts = arn.split(":", 5)
        queue = self.queues.within(account=parts[4]).get(parts[5].removeprefix("queue/"))
        if queue is None or queue.queue_arn != arn:
            raise ResourceNotFoundException(f"Queue {arn} under account {parts[4]} not found.")
        return queue

    def _active_queue(self, arn: str, states: tuple[str, ...] = ("ACTIVE", "UPDATING")) -> Queue:
        queue = self._queue(arn)
        if queue.queue_status not in states:
            raise ResourceInUseException(f"Queue {arn} not ACTIVE, instead in state {queue.queue_status}")
        return queue

    def _keep_queue(self, queue: Queue):
        self.queues.within(account=queue.queue_arn.split(":")[4]).put(queue)

    def _queues_of(self, stream: Stream) -> list[Queue]:
        rows = self.queues.within(stream.account, stream.region)
        return [queue for queue in rows.list() if queue.stream == stream.number]

    def _check_no_queues(self, stream: Stream):
        if queues := self._queues_of(stream):
            raise ResourceInUseException(
                f"Stream {stream.stream_name} under account {stream.account} has {len(queues)} queues. Delete them"
                " first."
            )

    def _check_consumer_limit(self, stream: Stream):
        """Queues and consumers share one limit."""
        most = self._consumer_limit()
        if len(self._consumers_of(stream)) + len(self._queues_of(stream)) >= most:
            raise LimitExceededException(
                f"Stream {stream.stream_name} under account {stream.account} has the maximum of {most} registered"
                " consumers."
            )

    def _begin_at(self, queue: Queue, stream: Stream):
        """Where a new queue begins in each shard: all that a shard gets later belongs to it, too."""
        for shard in self._shards(stream).all():
            log = self._log(stream, shard)
            if queue.starting_type == "LATEST":
                following = log.tip()[0] + 1
            elif queue.starting_type == "TRIM_HORIZON":
                following = shard.trimmed + 1
            else:
                following = log.count_after(round(queue.starts, 3) - 0.0005)
            self.store.write(
                "REPLACE INTO kinesis_queue_position VALUES (?, ?, ?)", (queue.number, shard.id, following)
            )

    def _activate_queue(self, id: str):
        queue = self.queues.get(id)
        if queue is None or queue.queue_status not in ("CREATING", "UPDATING"):
            return
        if queue.queue_status == "CREATING":
            stream = self._look_up(queue.stream_arn)
            earliest = max(stream.oldest(self.now), stream.stream_creation_timestamp) if stream else self.now
            queue.starts = self.now if queue.starting_type == "LATEST" else max(queue.starts or 0.0, earliest)
        queue.queue_status = "ACTIVE"
        self.queues.put(queue)

    def _finish_queue_deletion(self, id: str):
        queue = self.queues.get(id)
        if queue is None:
            return
        self.queues.delete(queue)
        self.cloud.tags.clear(queue.queue_arn)
        self.store.write("DELETE FROM kinesis_queue_position WHERE queue = ?", (queue.number,))
        self._forget_queue(queue.number)
        self.tell(queue.queue_arn)

    def _forget_queue(self, number: int):
        gone = self.store.write(
            "DELETE FROM kinesis_queue_record WHERE (queue, place) IN"
            " (SELECT queue, place FROM kinesis_queue_record WHERE queue = ? LIMIT ?)",
            (number, FORGOTTEN_AT_ONCE),
        ).rowcount
        if gone:
            self.later("_forget_queue", number=number)


def _starting_position(position: Mapping) -> tuple[str, float | None]:
    kind, moment = position["Type"], position.get("Timestamp")
    if (kind == "AT_TIMESTAMP") != (moment is not None):
        raise ValidationException("Timestamp must be specified if, and only if, the Type is AT_TIMESTAMP.")
    return kind, moment


def _set(queue: Queue, attributes: Mapping):
    """Take over the attributes that are given."""
    if (seconds := attributes.get("VisibilityTimeoutSeconds")) is not None:
        queue.visibility_timeout_seconds = seconds
    if dead_letters := attributes.get("DeadLetterConfiguration"):
        built_in, most = dead_letters["TargetType"] == "BUILT_IN", dead_letters.get("MaxReceiveCount")
        if built_in != (most is not None):
            raise InvalidArgumentException(
                "MaxReceiveCount must be specified if, and only if, the TargetType is BUILT_IN."
            )
        queue.most_receives = most
