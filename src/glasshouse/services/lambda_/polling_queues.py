"""Polling queues: messages are received, gathered to batches, and deleted when the function is done with them.

What fails is left alone: it comes back when its visibility timeout is over.
"""

from glasshouse.core import ServiceError
from glasshouse.core.parking import NothingYet
from glasshouse.services.lambda_.batches import Batches
from glasshouse.services.lambda_.filtering import Filter
from glasshouse.services.lambda_.mapping_events import of_message
from glasshouse.services.lambda_.mapping_records import Batch, Mapping
from glasshouse.services.lambda_.polling import LARGEST_BYTES, PASSING, RETRY_S, reported_items

AT_ONCE, LONGEST_WAIT_S = 10, 20
SIDE_BY_SIDE = 10  # batches of a queue, unless its mapping says otherwise


class QueuePolling:
    """The jobs of mappings of queues."""

    def _poll_queue(self, uuid: str, turn: int):
        """Take what is in the queue, or wait for it."""
        mapping = self._polled(uuid, turn)
        if mapping is None:
            return
        batches = Batches(self.store, uuid)
        most = (mapping.scaling_config or {}).get("MaximumConcurrency") or SIDE_BY_SIDE
        if batches.under_way() >= most:
            self.wait(LONGEST_WAIT_S, mapping.topic)
        open_batch = batches.gathering()
        try:
            self._gather(mapping, batches, open_batch)
        except NothingYet as waiting:
            self._close_or_wait(mapping, batches, open_batch, waiting)
        except ServiceError as failure:
            self._poll_again(mapping, "_poll_queue", f"poll {uuid}", failure)
            return
        self.later("_poll_queue", key=f"poll {uuid}", uuid=uuid, turn=turn)

    def _gather(self, mapping: Mapping, batches: Batches, batch: Batch | None):
        """Receive some messages, and put them in the batch that is being gathered. Raises NothingYet."""
        room = mapping.batch_size - (batches.count(batch.number) if batch else 0)
        sqs, url = self._as_poller(mapping).sqs, self._queue_url(mapping.event_source_arn)
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=min(AT_ONCE, room), WaitTimeSeconds=LONGEST_WAIT_S,
            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"],
        ).get("Messages")  # fmt: skip
        if not received:
            return
        items = [of_message(message, mapping) for message in received]
        self._measure(mapping, "PolledEventCount", len(items))
        passes = Filter(mapping.filter_criteria, "sqs").passes
        wanted = [item for item in items if passes(item)]
        unwanted = [item for item in items if not passes(item)]
        self._delete_messages(sqs, url, unwanted)
        self._measure(mapping, "FilteredOutEventCount", len(unwanted))
        if not wanted:
            return
        number = batch.number if batch else batches.open("", 0, self.now, closed=False)
        batches.add(number, wanted)
        full = batches.count(number) >= mapping.batch_size or batches.size_bytes(number) >= LARGEST_BYTES
        if full or not mapping.maximum_batching_window_in_seconds:
            self._send_batch(mapping, batches, number)

    def _close_or_wait(self, mapping: Mapping, batches: Batches, batch: Batch | None, waiting: NothingYet):
        """Nothing more is there: a batch whose time is up goes as it is."""
        if batch is None:
            raise waiting
        end = batch.opened + mapping.maximum_batching_window_in_seconds
        if self.now < end:
            until = end if waiting.until is None else min(end, waiting.until)
            raise NothingYet(waiting.seconds, waiting.topics, until)
        self._send_batch(mapping, batches, batch.number)

    def _send_batch(self, mapping: Mapping, batches: Batches, number: int):
        batches.close(number)
        self.later("_deliver_messages", uuid=mapping.uuid, number=number)

    def _deliver_messages(self, uuid: str, number: int):
        """Give a batch to the function, and delete the messages it has processed."""
        mapping, batches = self.mappings.get(uuid), Batches(self.store, uuid)
        batch = batches.get(number)
        if batch is None:
            return
        items = batches.items(number)
        if mapping is None:
            batches.drop(number)
            return
        try:
            result = self._invoke_with(mapping, {"Records": items})
            done = _processed(mapping, items, result)
            self._delete_messages(self._as_poller(mapping).sqs, self._queue_url(mapping.event_source_arn), done)
        except ServiceError as failure:
            if failure.code in PASSING and self._still_hidden(mapping, batch):
                self.later("_deliver_messages", after=RETRY_S, uuid=uuid, number=number)
                return
            self._note(mapping, f"PROBLEM: {failure.message}")
        else:
            self._measure(mapping, "InvokedEventCount", len(items))
            self._measure(mapping, "FailedInvokeEventCount", len(items) - len(done))
            self._measure(mapping, "DeletedEventCount", len(done))
            self._note(mapping, "OK" if not result.get("FunctionError") else "PROBLEM: Function call failed")
        batches.drop(number)
        self.tell(mapping.topic)

    def _still_hidden(self, mapping: Mapping, batch: Batch) -> bool:
        """Whether nobody else can have received the messages of a batch yet."""
        url = self._queue_url(mapping.event_source_arn)
        found = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        return self.now + RETRY_S < batch.opened + int(found["Attributes"]["VisibilityTimeout"])

    @staticmethod
    def _delete_messages(sqs, url: str, items: list[dict]):
        for start in range(0, len(items), AT_ONCE):
            portion = items[start : start + AT_ONCE]
            entries = [{"Id": str(i), "ReceiptHandle": item["receiptHandle"]} for i, item in enumerate(portion)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _processed(mapping: Mapping, items: list[dict], result: dict) -> list[dict]:
    """The messages that a function is done with."""
    if result.get("FunctionError"):
        return []
    if not mapping.reports_items:
        return items
    failed = reported_items(result.get("Payload"), [item["messageId"] for item in items])
    return [] if failed is None else [item for item in items if item["messageId"] not in failed]
