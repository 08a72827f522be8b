"""Receiving: a received message hides for a while, and comes back unless someone deletes it."""

from collections.abc import Callable, Mapping

import msgspec

from glasshouse.core.digests import md5_hex
from glasshouse.services.sqs import batches, message_attributes
from glasshouse.services.sqs.attributes import ATTRIBUTES, COUNTED
from glasshouse.services.sqs.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    MessageNotInflight,
    MissingParameter,
    OverLimit,
    invalid,
)
from glasshouse.services.sqs.messages import Message, make_handle, read_handle, sequence_number
from glasshouse.services.sqs.records import Queue

LONGEST_VISIBILITY_S = 43_200
LONGEST_WAIT_S = 20
ATTEMPT_S = 300
MOST_MESSAGES = 10
EXPIRED = "The receipt handle has expired."
GONE = "Message does not exist or is not available for visibility timeout change."


class Receiving:
    """ReceiveMessage, ChangeMessageVisibility, DeleteMessage and their batches."""

    def receive_message(
        self, queue_url: str, attribute_names: list[str] | None = None,
        message_system_attribute_names: list[str] | None = None, message_attribute_names: list[str] | None = None,
        max_number_of_messages: int = 1, visibility_timeout: int | None = None, wait_time_seconds: int | None = None,
        receive_request_attempt_id: str | None = None,
    ):  # fmt: skip
        queue = self._queue(queue_url)
        if not 1 <= max_number_of_messages <= MOST_MESSAGES:
            raise invalid(max_number_of_messages, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
        timeout = _within(visibility_timeout, queue.visibility_timeout, LONGEST_VISIBILITY_S, "VisibilityTimeout")
        wait = _within(wait_time_seconds, queue.receive_message_wait_time_seconds, LONGEST_WAIT_S, "WaitTimeSeconds")
        wanted = _system_attributes([*(attribute_names or ()), *(message_system_attribute_names or ())])
        if receive_request_attempt_id is None:
            taken = self._take(queue, max_number_of_messages, timeout, wait)
        else:
            taken = self._take_again(queue, receive_request_attempt_id, max_number_of_messages, timeout, wait)
        names = message_attribute_names or []
        return {"Messages": [_shown(queue, message, wanted, names) for message in taken] or None}

    def change_message_visibility(self, queue_url: str, receipt_handle: str, visibility_timeout: int):
        self._change_visibility(self._queue(queue_url), receipt_handle, visibility_timeout)

    def change_message_visibility_batch(self, queue_url: str, entries: list[Mapping] | None = None):
        queue = self._queue(queue_url)
        entries = batches.check(entries, "ChangeMessageVisibilityBatchRequestEntry")

        def change(entry: Mapping) -> dict:
            if entry.get("VisibilityTimeout") is None:
                raise MissingParameter("The request must contain the parameter VisibilityTimeout.")
            self._change_visibility(queue, _handle_in(entry), entry["VisibilityTimeout"])
            return {}

        return batches.each(entries, change)

    def delete_message(self, queue_url: str, receipt_handle: str):
        self._delete(self._queue(queue_url), receipt_handle)

    def delete_message_batch(self, queue_url: str, entries: list[Mapping] | None = None):
        queue = self._queue(queue_url)
        entries = batches.check(entries, "DeleteMessageBatchRequestEntry")

        def delete(entry: Mapping) -> dict:
            self._delete(queue, _handle_in(entry))
            return {}

        return batches.each(entries, delete)

    def _take(self, queue: Queue, limit: int, timeout: int, wait: int) -> list[Message]:
        """Messages to be given out, hidden from now on; those that were received too often go to the dead letters."""
        messages = self._messages(queue)
        groups = self._groups(queue) if queue.fifo_queue else None
        if messages.has_too_many_in_flight():
            if groups:
                return []
            raise OverLimit("Too many messages are in flight: delete some of them, or wait until they become visible.")
        due = groups.due if groups else messages.due
        grave = self._dead_letter_queue(queue)
        found, buried = due(limit), False
        while grave and (spent := [message for message in found if message.received >= queue.max_receive_count]):
            for message in spent:
                self._move(message, queue, grave, source=queue.arn)
            found, buried = due(limit), True
        if found:
            for message in found:
                self._make_readable(message)
            messages.take(found, self.now + timeout)
            for group in {message.message_group for message in found} if groups else ():
                groups.settle(group)
        elif not buried:  # to wait would undo the burial; an early empty answer does no harm
            self.wait(wait, queue.topic, until=groups.next_ready() if groups else messages.next_visible())
        return found

    def _make_readable(self, message: Message):
        """Decrypt the body, and have it completed by the service that has left that open."""
        if message.key:
            message.body = self._opened(message)
        if message.completion:
            service, method = message.completion.split(".")
            message.body = self.cloud.run_method(self.call, service, method, {"text": message.body})
            message.digest = md5_hex(message.body.encode())

    def _take_again(self, queue: Queue, attempt: str, limit: int, timeout: int, wait: int) -> list[Message]:
        """What the same attempt got within the last five minutes, if nobody has touched it since; else new messages."""
        if not queue.fifo_queue:
            raise InvalidParameterValue(
                "The request include parameter ReceiveRequestAttemptId which is not valid for this queue type"
            )
        taken = self._untouched(queue, attempt)
        if taken:
            for message in taken:
                self._make_readable(message)
                self._hide(queue, message, self.now + timeout)
        else:
            taken = self._take(queue, limit, timeout, wait)
        got = msgspec.json.encode([[message.id, message.receipt] for message in taken]).decode()
        row = (queue.number, attempt, self.now, self.now + timeout, got)
        self.store.write("REPLACE INTO sqs_attempt VALUES (?, ?, ?, ?, ?)", row)
        return taken

    def _untouched(self, queue: Queue, attempt: str) -> list[Message]:
        row = self.store.read(
            "SELECT got, visible FROM sqs_attempt WHERE queue = ? AND id = ? AND made > ? AND visible > ?",
            (queue.number, attempt, self.now - ATTEMPT_S, self.now),
        ).fetchone()
        got, visible = (msgspec.json.decode(row[0]), row[1]) if row else ([], 0.0)
        messages = [self._messages(queue).get(id) for id, _ in got]
        same = [
            m
            for m, (_, receipt) in zip(messages, got, strict=True)
            if m and (m.receipt, m.visible) == (receipt, visible)
        ]
        return same if len(same) == len(got) else []

    def _change_visibility(self, queue: Queue, handle: str, timeout: int):
        message, receipt = self._by_handle(queue, handle)
        if not 0 <= timeout <= LONGEST_VISIBILITY_S:
            raise _beyond(timeout)
        # The older receipt handles of a message of a standard queue go on being good.
        if message is None or (queue.fifo_queue and message.receipt != receipt):
            raise invalid(handle, "ReceiptHandle", GONE)
        if queue.fifo_queue and message.visible <= self.now:
            raise invalid(handle, "ReceiptHandle", EXPIRED)
        if message.taken is None:
            raise MessageNotInflight()
        if self.now + timeout - message.taken > LONGEST_VISIBILITY_S:
            raise _beyond(timeout)
        self._hide(queue, message, self.now + timeout)
        self.tell(queue.topic)

    def _hide(self, queue: Queue, message: Message, visible: float):
        self._messages(queue).hide(message, visible)
        if queue.fifo_queue:
            self._groups(queue).settle(message.message_group)

    def _delete(self, queue: Queue, handle: str):
        message, receipt = self._by_handle(queue, handle)
        if message is None:
            return
        if queue.fifo_queue and (message.visible <= self.now or message.receipt != receipt):
            raise invalid(handle, "ReceiptHandle", EXPIRED)
        self._messages(queue).remove(message)  # also by an older receipt handle, as AWS's standard queues do in fact
        if queue.fifo_queue:
            self._groups(queue).settle(message.message_group)
            self.tell(queue.topic)

    def _by_handle(self, queue: Queue, handle: str) -> tuple[Message | None, int]:
        """(message, receipt): no message if it was deleted or purged, or has expired."""
        id, receipt = read_handle(queue.number, handle)
        message = self._messages(queue).get(id)
        return (message if message and message.lot == queue.lot else None), receipt

    def _move(self, message: Message, origin: Queue, target: Queue, source: str | None):
        old = message.id
        self._messages(target).move(message, source, target.fifo_queue)
        self.store.write("DELETE FROM sqs_message WHERE id = ?", (old,))
        if origin.fifo_queue:
            self._groups(origin).settle(message.message_group)
            self._groups(target).joined(message.id, message.message_group, message.visible)
        self.tell(target.topic)


def _within(value: int | None, default: int, most: int, parameter: str) -> int:
    if value is None:
        return default
    if not 0 <= value <= most:
        raise invalid(value, parameter, f"Must be >= 0 and <= {most}, if provided.")
    return value


def _beyond(timeout: int) -> InvalidParameterValue:
    reason = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_VISIBILITY_S} seconds]"
    if timeout < 0:
        reason = f"Must be between 0 and {LONGEST_VISIBILITY_S}."
    return invalid(timeout, "VisibilityTimeout", reason)


def _handle_in(entry: Mapping) -> str:
    if not (entry.get("ReceiptHandle") or "").strip():
        raise MissingParameter("The request must contain the parameter ReceiptHandle.")
    return entry["ReceiptHandle"]


def _system_attributes(names: list[str]) -> tuple[str, ...]:
    for name in names:
        # The older parameter is typed as names of queue attributes, which no message has.
        if name != "All" and name not in SYSTEM_ATTRIBUTES and name not in ATTRIBUTES and name not in COUNTED:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return SYSTEM_ATTRIBUTES if "All" in names else tuple(name for name in SYSTEM_ATTRIBUTES if name in names)


def _shown(queue: Queue, message: Message, wanted: tuple[str, ...], names: list[str]) -> dict:
    shown = {
        "MessageId": message.message_id,
        "ReceiptHandle": make_handle(queue.number, message),
        "MD5OfBody": message.digest,
        "Body": message.body,
    }
    if wanted:
        shown["Attributes"] = {name: value for name in wanted if (value := _SHOWN[name](message)) is not None} or None
    if names and message.attributes:
        chosen = message_attributes.chosen(message.attributes, names)
        shown["MessageAttributes"] = chosen or None
        shown["MD5OfMessageAttributes"] = message_attributes.digest(chosen)
    return shown


def _milliseconds(moment: float | None) -> str | None:
    return None if moment is None else str(int(moment * 1000))


_SHOWN: dict[str, Callable[[Message], str | None]] = {
    "SenderId": lambda message: message.sender,
    "SentTimestamp": lambda message: _milliseconds(message.sent),
    "ApproximateReceiveCount": lambda message: str(message.received),
    "ApproximateFirstReceiveTimestamp": lambda message: _milliseconds(message.first_received),
    "SequenceNumber": lambda message: sequence_number(message.id) if message.deduplication else None,
    "MessageDeduplicationId": lambda message: message.deduplication,
    "MessageGroupId": lambda message: message.message_group,
    "AWSTraceHeader": lambda message: message.trace,
    "DeadLetterQueueSourceArn": lambda message: message.source,
}
SYSTEM_ATTRIBUTES = tuple(_SHOWN)
