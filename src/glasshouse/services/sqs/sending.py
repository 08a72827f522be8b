"""Sending: what a message must be like, and where it goes in a standard and in a FIFO queue."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from glasshouse.core import ids
from glasshouse.core.digests import digest, md5_hex
from glasshouse.services.sqs import batches, message_attributes
from glasshouse.services.sqs.errors import BatchRequestTooLong, InvalidParameterValue, MissingParameter, invalid
from glasshouse.services.sqs.messages import sequence_number
from glasshouse.services.sqs.records import Queue

ID = re.compile(r"[\x21-\x7e]{1,128}")
DEDUPLICATION_S = 300
BATCH_BYTES = 1_048_576
LONGEST_DELAY_S = 900


@dataclass(slots=True)
class Draft:
    """A message as it was sent, checked."""

    body: str
    delay: int
    group: str | None
    deduplication: str | None
    attributes: Mapping | None
    trace: Mapping | None
    completion: str | None = None


class Sending:
    """SendMessage and SendMessageBatch."""

    def send_message(
        self, queue_url: str, message_body: str = "", delay_seconds: int | None = None,
        message_attributes: Mapping | None = None, message_system_attributes: Mapping | None = None,
        message_deduplication_id: str | None = None, message_group_id: str | None = None,
    ):  # fmt: skip
        return self._send(
            queue_url, message_body, delay_seconds, message_attributes, message_system_attributes,
            message_deduplication_id, message_group_id,
        )  # fmt: skip

    def _send(
        self, queue_url: str, message_body: str = "", delay_seconds: int | None = None,
        message_attributes: Mapping | None = None, message_system_attributes: Mapping | None = None,
        message_deduplication_id: str | None = None, message_group_id: str | None = None,
        completion: str | None = None, missing_bytes: int = 0,
    ) -> dict:  # fmt: skip
        """SendMessage; and a seam to services that leave the body a draft, which becomes so much longer when the
        message is given out, as often as that is: `completion` names a private method (`sns._completed`), a function of
        the text."""
        queue = self._queue(queue_url)
        if not message_body:
            raise MissingParameter("The request must contain the parameter MessageBody.")
        if queue.fifo_queue and not message_group_id:
            raise MissingParameter("The request must contain the parameter MessageGroupId.")
        draft = checked(
            queue, message_body, delay_seconds, message_attributes, message_system_attributes,
            message_deduplication_id, message_group_id, missing_bytes,
        )  # fmt: skip
        draft.completion = completion
        return self._add(queue, draft)

    def send_message_batch(self, queue_url: str, entries: list[Mapping] | None = None):
        queue = self._queue(queue_url)
        kind = "SendMessageBatchRequestEntry"
        entries = batches.check(entries, kind)
        size = sum(size_of(entry.get("MessageBody") or "", entry.get("MessageAttributes")) for entry in entries)
        if size > BATCH_BYTES:
            raise BatchRequestTooLong(
                f"Batch requests cannot be longer than {BATCH_BYTES} bytes. You have sent {size} bytes."
            )
        position = {entry["Id"]: place for place, entry in enumerate(entries, 1)}

        def draft(entry: Mapping) -> Draft:
            if not entry.get("MessageBody"):
                missing = f"{kind}.{position[entry['Id']]}.MessageBody"
                raise MissingParameter(f"The request must contain the parameter {missing}.")
            return checked(
                queue, entry["MessageBody"], entry.get("DelaySeconds"), entry.get("MessageAttributes"),
                entry.get("MessageSystemAttributes"), entry.get("MessageDeduplicationId"), entry.get("MessageGroupId"),
            )  # fmt: skip

        if queue.fifo_queue:
            # In a FIFO queue an entry that is not valid fails the whole batch, so that the order is kept.
            drafts = {entry["Id"]: draft(entry) for entry in entries}
            return batches.each(entries, lambda entry: self._add(queue, drafts[entry["Id"]]))
        return batches.each(entries, lambda entry: self._add(queue, draft(entry)))

    def _add(self, queue: Queue, draft: Draft) -> dict:
        sums = {
            # The sum of what is still to be completed is known when it is given out.
            "MD5OfMessageBody": "" if draft.completion else md5_hex(draft.body.encode()),
            "MD5OfMessageAttributes": draft.attributes and message_attributes.digest(draft.attributes),
            "MD5OfMessageSystemAttributes": draft.trace and message_attributes.digest(draft.trace),
        }
        if queue.fifo_queue:
            return sums | self._add_once(queue, draft, sums["MD5OfMessageBody"])
        message_id = ids.uuid()
        self._write(queue, draft, message_id, sums["MD5OfMessageBody"])
        return sums | {"MessageId": message_id}

    def _add_once(self, queue: Queue, draft: Draft, body_sum: str) -> dict:
        """Add a message to a FIFO queue, unless it was sent within the last five minutes."""
        scope = draft.group if queue.deduplication_scope == "messageGroup" else ""
        identity = (queue.number, scope, draft.deduplication)
        earlier = self.store.read(
            "SELECT message_id, message FROM sqs_deduplication WHERE queue = ? AND scope = ? AND id = ? AND sent > ?",
            (*identity, self.now - DEDUPLICATION_S),
        ).fetchone()
        if earlier:
            return {"MessageId": earlier[0], "SequenceNumber": sequence_number(earlier[1])}
        message_id = ids.uuid()
        number = self._write(queue, draft, message_id, body_sum)
        self._groups(queue).joined(number, draft.group, self.now + draft.delay)
        self.store.write(
            "REPLACE INTO sqs_deduplication VALUES (?, ?, ?, ?, ?, ?)", (*identity, self.now, number, message_id)
        )
        return {"MessageId": message_id, "SequenceNumber": sequence_number(number)}

    def _write(self, queue: Queue, draft: Draft, message_id: str, body_sum: str) -> int:
        trace = draft.trace and draft.trace["AWSTraceHeader"]["StringValue"]
        key, body = self._sealed(queue, draft.body) if queue.kms_master_key_id else (None, draft.body)
        number = self._messages(queue).add(
            self.now + draft.delay, message_id, self.call.principal.user_id, draft.group, draft.deduplication,
            trace, draft.attributes and message_attributes.to_text(draft.attributes), body_sum, key, body,
            draft.completion,
        )  # fmt: skip
        self.tell(queue.topic)
        return number


def checked(
    queue: Queue, body: str, delay: int | None, attributes: Mapping | None, system_attributes: Mapping | None,
    deduplication: str | None, group: str | None, missing_bytes: int = 0,
) -> Draft:  # fmt: skip
    """A message that this queue takes. Raises what AWS raises."""
    message_attributes.check_text(body)
    if attributes:
        message_attributes.check(attributes)
    if system_attributes:
        message_attributes.check_system(system_attributes)
    if size_of(body, attributes) + missing_bytes > queue.maximum_message_size:
        raise InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than"
            f" {queue.maximum_message_size} bytes."
        )
    if group is not None:
        _check_id("MessageGroupId", group)
    if queue.fifo_queue:
        deduplication = _fifo_deduplication(queue, body, delay, group, deduplication)
    elif deduplication is not None:
        raise InvalidParameterValue(
            "The request include parameter MessageDeduplicationId which is not valid for this queue type"
        )
    elif delay is not None and not 0 <= delay <= LONGEST_DELAY_S:
        raise invalid(delay, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {LONGEST_DELAY_S}.")
    delay = delay if delay is not None and not queue.fifo_queue else queue.delay_seconds
    return Draft(body, delay, group, deduplication, attributes or None, system_attributes or None)


def size_of(body: str, attributes: Mapping | None) -> int:
    """In bytes, as it counts against the limits."""
    length = len(body) if body.isascii() else len(body.encode())
    return length + message_attributes.size(attributes) if attributes else length


def _fifo_deduplication(
    queue: Queue, body: str, delay: int | None, group: str | None, deduplication: str | None
) -> str:
    if delay:
        raise invalid(delay, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
    if group is None:
        raise InvalidParameterValue("The request must contain the parameter MessageGroupId.")
    if deduplication is not None:
        _check_id("MessageDeduplicationId", deduplication)
        return deduplication
    if not queue.content_based_deduplication:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
            " explicitly"
        )
    return digest("sha256", body.encode()).hex()


def _check_id(parameter: str, value: str):
    if not ID.fullmatch(value):
        raise invalid(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )
