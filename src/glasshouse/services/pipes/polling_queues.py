"""Polling queues: messages are received, gathered to batches, and deleted when the pipe is done with them.

Differs from AWS: a pipe polls as soon as something is there, and carries ten batches side by side.
"""

from glasshouse.core import ServiceError
from glasshouse.core.parking import NothingYet
from glasshouse.services.pipes.batches import Batches
from glasshouse.services.pipes.filtering import passing
from glasshouse.services.pipes.records import Batch, Pipe
from glasshouse.services.pipes.source_events import of_message

AT_ONCE, LONGEST_WAIT_S = 10, 20
SIDE_BY_SIDE = 10
LARGEST_BYTES = 5_500_000  # of the six megabytes that a function takes, some are its wrapping


class QueuePolling:
    """The jobs of pipes that begin at queues."""

    def _poll_queue(self, name: str, number: str, turn: int):
        """Take what is in the queue, or wait for it."""
        pipe = self._polled(name, number, turn)
        if pipe is None:
            return
        batches = Batches(self.store, number)
        if len(batches.under_way()) >= SIDE_BY_SIDE:
            self.wait(LONGEST_WAIT_S, pipe.topic)
        gathering = batches.gathering()
        try:
            self._gather_messages(pipe, batches, gathering)
        except NothingYet as waiting:
            if gathering is not None:
                self._close_in_time(pipe, batches, gathering, waiting)
            elif not pipe.is_troubled:
                raise
        except ServiceError as failure:
            self._troubled(pipe, failure)
            return
        self._untroubled(pipe)
        self._poll_later(pipe)

    def _gather_messages(self, pipe: Pipe, batches: Batches, gathering: Batch | None):
        """Receive some messages into the batch that is being gathered. Raises NothingYet."""
        room = pipe.batch_size - (batches.count(gathering.number) if gathering else 0)
        received = self._at_queue(pipe).receive_message(
            QueueUrl=_url(pipe), MaxNumberOfMessages=min(AT_ONCE, room), WaitTimeSeconds=LONGEST_WAIT_S,
            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"],
        ).get("Messages")  # fmt: skip
        items = [of_message(pipe, message) for message in received or ()]
        wanted = passing(pipe, items)
        self._delete_messages(pipe, [item for item in items if item not in wanted])
        if not wanted:
            return
        batch = gathering.number if gathering else batches.open("", self.now)
        batches.add(batch, wanted)
        full = batches.count(batch) >= pipe.batch_size or batches.size_bytes(batch) >= LARGEST_BYTES
        if full or not pipe.window_s:
            self._close_batch(pipe, batches, batch)

    def _close_in_time(self, pipe: Pipe, batches: Batches, gathering: Batch, waiting: NothingYet):
        """Nothing more is there: a batch whose time is up goes as it is."""
        end = gathering.opened + pipe.window_s
        if self.now < end:
            until = end if waiting.until is None else min(end, waiting.until)
            raise NothingYet(waiting.seconds, waiting.topics, until)
        self._close_batch(pipe, batches, gathering.number)

    def _close_batch(self, pipe: Pipe, batches: Batches, number: int):
        batches.close(number)
        self._measure_events(pipe, batches.count(number), batches.size_bytes(number))
        self._carry_later(pipe, number)

    def _delete_messages(self, pipe: Pipe, items: list[dict]):
        for start in range(0, len(items), AT_ONCE):
            portion = items[start : start + AT_ONCE]
            entries = [{"Id": str(place), "ReceiptHandle": item["receiptHandle"]} for place, item in enumerate(portion)]
            self._at_queue(pipe).delete_message_batch(QueueUrl=_url(pipe), Entries=entries)

    def _at_queue(self, pipe: Pipe):
        return self._as_pipe(pipe).sqs


def _url(pipe: Pipe) -> str:
    account, name = pipe.source.split(":")[4:6]
    return f"https://sqs/{account}/{name}"
