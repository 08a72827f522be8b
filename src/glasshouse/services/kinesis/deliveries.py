"""What queues deliver: each record once, and again when nobody acknowledges it; dead letters apart.

A record that was received as often as the queue allows is a dead letter as soon as it is visible again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from glasshouse.core import ServiceError, ids
from glasshouse.services.kinesis.errors import InvalidArgumentException, ResourceNotFoundException
from glasshouse.services.kinesis.log import Record
from glasshouse.services.kinesis.records import Queue, Stream
from glasshouse.services.kinesis.shards import Shard

AT_ONCE, WAIT_S = 10, 9


@dataclass(slots=True)
class Delivery:
    """A record that a queue has delivered."""

    place: int
    visible: float
    received: int
    first: float
    receipt: int


class Deliveries:
    """The data plane of queues."""

    def receive_queue_records(
        self,
        queue_arn: str,
        limit: int = AT_ONCE,
        wait_time_seconds: int = WAIT_S,
        visibility_timeout_seconds: int | None = None,
    ):
        return self._receive(queue_arn, limit, wait_time_seconds, visibility_timeout_seconds, dead=False)

    def receive_dead_letter_queue_records(
        self,
        queue_arn: str,
        limit: int = AT_ONCE,
        wait_time_seconds: int = WAIT_S,
        visibility_timeout_seconds: int | None = None,
    ):
        return self._receive(queue_arn, limit, wait_time_seconds, visibility_timeout_seconds, dead=True)

    def acknowledge_queue_records(self, queue_arn: str, entries: list[dict]):
        return self._each(queue_arn, entries, False, self._acknowledge)

    def acknowledge_dead_letter_queue_records(self, queue_arn: str, entries: list[dict]):
        return self._each(queue_arn, entries, True, self._acknowledge)

    def update_queue_records_visibility(self, queue_arn: str, entries: list[dict]):
        return self._each(queue_arn, entries, False, self._hide)

    def update_dead_letter_queue_records_visibility(self, queue_arn: str, entries: list[dict]):
        return self._each(queue_arn, entries, True, self._hide)

    def restore_dead_letter_queue_records(self, queue_arn: str, entries: list[dict]):
        return self._each(queue_arn, entries, True, self._restore)

    # Receiving

    def _receive(self, arn: str, limit: int, wait_s: int, timeout_s: int | None, dead: bool) -> dict:
        queue = self._active_queue(arn)
        stream = self._look_up(queue.stream_arn)
        if stream is None or stream.number != queue.stream:
            raise self._no_stream(queue.stream_arn)
        timeout_s = queue.visibility_timeout_seconds if timeout_s is None else timeout_s
        visible = self.now + timeout_s
        self._bury(queue)
        taken = self._again(queue, stream, limit, visible, dead)
        if not dead:
            taken += self._anew(queue, stream, limit - len(taken), visible)
        if not taken:
            self.wait(wait_s, queue.stream_arn, arn, until=self._next_visible(queue))
        return {"QueueRecords": [self._delivered(stream, *it) for it in taken]}

    def _bury(self, queue: Queue):
        if queue.most_receives is not None:
            due = (queue.number, self.now, queue.most_receives)
            found = self.store.read(
                "SELECT 1 FROM kinesis_queue_record WHERE queue = ? AND dead = 0 AND visible <= ? AND received >= ?",
                due,
            ).fetchone()
            if found:
                self.store.write(
                    "UPDATE kinesis_queue_record SET dead = 1"
                    " WHERE queue = ? AND dead = 0 AND visible <= ? AND received >= ?",
                    due,
                )

    def _again(self, queue: Queue, stream: Stream, limit: int, visible: float, dead: bool) -> list[tuple]:
        """Records that were delivered before and are visible once more; those that have expired are forgotten."""
        rows = self.store.read(
            "SELECT place, visible, received, first, receipt FROM kinesis_queue_record"
            " WHERE queue = ? AND dead = ? AND visible <= ? ORDER BY visible, place LIMIT ?",
            (queue.number, int(dead), self.now, limit),
        ).fetchall()
        taken = []
        for row in rows:
            delivery = Delivery(*row)
            found = self._kept(stream, delivery.place)
            if found is None:
                self._forget_delivery(queue, delivery.place)
            else:
                delivery.visible, delivery.received, delivery.receipt = visible, delivery.received + 1, _receipt()
                self._put(queue, delivery, dead)
                taken.append((*found, delivery))
        return taken

    def _anew(self, queue: Queue, stream: Stream, limit: int, visible: float) -> list[tuple]:
        """Records that were never delivered, from each shard in turn."""
        taken: list[tuple] = []
        for shard in self._shards(stream).all():
            if limit <= len(taken):
                break
            log = self._log(stream, shard)
            following = self._position(queue, shard)
            found, _ = log.read(following, limit - len(taken))
            for record in found:
                delivery = Delivery(record.place, visible, 1, self.now, _receipt())
                self._put(queue, delivery, dead=False)
                taken.append((shard, record, delivery))
            if found:
                self.store.write(
                    "REPLACE INTO kinesis_queue_position VALUES (?, ?, ?)",
                    (queue.number, shard.id, found[-1].place - shard.base + 1),
                )
        return taken

    def _position(self, queue: Queue, shard: Shard) -> int:
        row = self.store.read(
            "SELECT next FROM kinesis_queue_position WHERE queue = ? AND shard = ?", (queue.number, shard.id)
        ).fetchone()
        return row[0] if row else 1  # a shard that was opened later is delivered from its beginning

    def _kept(self, stream: Stream, place: int) -> tuple[Shard, Record] | None:
        """A record by its place, with its shard; None if it has expired."""
        shard = self._shards(stream).of_place(place)
        found, _ = self._log(stream, shard).read(place - shard.base, 1) if shard else ([], 0)
        return (shard, found[0]) if shard and found and found[0].place == place else None

    def _next_visible(self, queue: Queue) -> float | None:
        row = self.store.read(
            "SELECT min(visible) FROM kinesis_queue_record WHERE queue = ? AND visible > ?", (queue.number, self.now)
        ).fetchone()
        return row[0]

    def _delivered(self, stream: Stream, shard: Shard, record: Record, delivery: Delivery) -> dict:
        [told] = self._opened(stream, self._log(stream, shard), [record])
        return {
            **told,
            "ReceiptHandle": f"{delivery.place:016x}-{delivery.receipt:016x}",
            "RecordId": f"{record.place:016x}",
            "FirstReceiveTimestamp": delivery.first,
            "ReceiveCount": delivery.received,
            "ShardId": shard.name,
        }

    # By receipt

    def _each(self, arn: str, entries: Iterable[dict], dead: bool, act: Callable) -> dict:
        queue = self._active_queue(arn)
        successful, failed = [], []
        for entry in entries:
            handle = entry["ReceiptHandle"]
            try:
                act(queue, self._by_receipt(queue, handle, dead), dead, entry)
                successful.append({"ReceiptHandle": handle})
            except ServiceError as failure:
                failed.append({"ReceiptHandle": handle, "ErrorCode": failure.code, "ErrorMessage": failure.message})
        return {"Successful": successful, "Failed": failed}

    def _by_receipt(self, queue: Queue, handle: str, dead: bool) -> Delivery:
        place, _, receipt = handle.partition("-")
        try:
            numbers = int(place, 16), int(receipt, 16)
        except ValueError:
            raise InvalidArgumentException("The receipt handle is not valid.") from None
        row = self.store.read(
            "SELECT place, visible, received, first, receipt FROM kinesis_queue_record"
            " WHERE queue = ? AND place = ? AND dead = ?",
            (queue.number, numbers[0] & (1 << 63) - 1, int(dead)),
        ).fetchone()
        if row is None:
            raise ResourceNotFoundException("The record of the receipt handle is not in flight.")
        delivery = Delivery(*row)
        if delivery.receipt != numbers[1]:
            raise InvalidArgumentException("The receipt handle is not the latest one of its record.")
        return delivery

    def _acknowledge(self, queue: Queue, delivery: Delivery, dead: bool, entry: dict):
        self._forget_delivery(queue, delivery.place)

    def _hide(self, queue: Queue, delivery: Delivery, dead: bool, entry: dict):
        delivery.visible = self.now + entry["VisibilityTimeoutSeconds"]
        self._put(queue, delivery, dead)
        self.tell(queue.queue_arn)

    def _restore(self, queue: Queue, delivery: Delivery, dead: bool, entry: dict):
        delivery.visible, delivery.received = self.now, 0
        self._put(queue, delivery, dead=False)
        self.tell(queue.queue_arn)

    def _put(self, queue: Queue, delivery: Delivery, dead: bool):
        self.store.write(
            "REPLACE INTO kinesis_queue_record VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(queue.number, delivery.place, delivery.visible, delivery.received, delivery.first),
                *(delivery.receipt, int(dead)),
            ),
        )

    def _forget_delivery(self, queue: Queue, place: int):
        self.store.write("DELETE FROM kinesis_queue_record WHERE queue = ? AND place = ?", (queue.number, place))


def _receipt() -> int:
    return int.from_bytes(ids.random_bytes(7))
