"""Publishing: what a message must be like, and that a FIFO topic takes it once."""

import json
import re
from collections.abc import Mapping

from glasshouse.core import ids
from glasshouse.core.digests import digest
from glasshouse.services.sns import message_attributes
from glasshouse.services.sns.errors import (
    BatchEntryIdsNotDistinctException,
    BatchRequestTooLongException,
    EmptyBatchRequestException,
    InvalidBatchEntryIdException,
    InvalidParameterException,
    TooManyEntriesInBatchRequestException,
    invalid,
)
from glasshouse.services.sns.records import Note, Topic

MOST_ENTRIES = 10
DEDUPLICATION_S = 300
SUBJECT_LENGTH = 100
ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
FIFO_ID = re.compile(r"[\x21-\x7e]{1,128}")
SUBJECT = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
FIRST_SEQUENCE_NUMBER = 10_000_000_000_000_000_000


class Publishing:
    """Publish and PublishBatch."""

    def publish(
        self, message: str, topic_arn: str | None = None, target_arn: str | None = None,
        phone_number: str | None = None, subject: str | None = None, message_structure: str | None = None,
        message_attributes: Mapping | None = None, message_deduplication_id: str | None = None,
        message_group_id: str | None = None,
    ):  # fmt: skip
        attributes = message_attributes or {}
        note = _note(message, subject, message_structure, attributes, message_group_id, message_deduplication_id)
        if (topic_arn, target_arn, phone_number).count(None) != 2:
            raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
        if phone_number is not None:
            return self._publish_to_phone(phone_number, note)
        if target_arn is not None and ":endpoint/" in target_arn:
            return self._publish_to_endpoint(target_arn, note)
        arn, parameter = (topic_arn, "TopicArn") if topic_arn is not None else (target_arn, "TargetArn")
        home, topic = self._found(arn, parameter)
        if size_of(message, attributes) > topic.maximum_message_size:
            raise InvalidParameterException("Invalid parameter: Message too long")
        home._check_key(topic)
        return home._publish(topic, note)

    def publish_batch(self, topic_arn: str, publish_batch_request_entries: list[Mapping]):
        home, topic = self._found(topic_arn, "TopicArn")
        entries = publish_batch_request_entries
        _check_entries(entries)
        notes = [
            _note(
                entry["Message"], entry.get("Subject"), entry.get("MessageStructure"),
                entry.get("MessageAttributes") or {}, entry.get("MessageGroupId"), entry.get("MessageDeduplicationId"),
            )
            for entry in entries
        ]  # fmt: skip
        size = sum(size_of(entry["Message"], entry.get("MessageAttributes")) for entry in entries)
        if size > topic.maximum_message_size:
            raise BatchRequestTooLongException()
        for note in notes:
            _fit(topic, note)
        home._check_key(topic)
        done = [{"Id": entry["Id"], **home._publish(topic, note)} for entry, note in zip(entries, notes, strict=True)]
        return {"Successful": done, "Failed": []}

    def _publish(self, topic: Topic, note: Note) -> dict:
        """Accept a message, and send it on its way."""
        note.topic_arn, note.published = topic.arn, self.now
        _fit(topic, note)
        if topic.is_fifo:
            earlier = self._number(topic, note)
            if earlier:
                return earlier
            self._archive(topic, note)
        self._deliver_to_all(topic, note)
        return {"MessageId": note.message_id, "SequenceNumber": note.sequence_number}

    def _number(self, topic: Topic, note: Note) -> dict | None:
        """Give a message of a FIFO topic its number; what was answered before, if it was published before."""
        scope = note.group if topic.attributes.get("FifoThroughputScope") == "MessageGroup" else ""
        identity = (topic.arn, scope, note.deduplication)
        earlier = self.store.read(
            "SELECT id, message_id FROM sns_deduplication"
            " WHERE topic = ? AND scope = ? AND deduplication = ? AND published > ?",
            (*identity, self.now - DEDUPLICATION_S),
        ).fetchone()
        if earlier:
            return {"MessageId": earlier[1], "SequenceNumber": _sequence_number(earlier[0])}
        id = self.store.write(
            "REPLACE INTO sns_deduplication (topic, scope, deduplication, published, message_id)"
            " VALUES (?, ?, ?, ?, ?)",
            (*identity, self.now, note.message_id),
        ).lastrowid
        note.sequence_number = _sequence_number(id)
        return None


def size_of(text: str, attributes: Mapping | None) -> int:
    """In bytes, as it counts against the limits."""
    length = len(text) if text.isascii() else len(text.encode())
    return length + message_attributes.size(attributes) if attributes else length


def _note(
    message: str, subject: str | None, structure: str | None, attributes: Mapping, group: str | None,
    deduplication: str | None,
) -> Note:  # fmt: skip
    """A message as it was published. Raises what AWS raises for what it can never be."""
    if not message:
        raise invalid("Empty message")
    if subject is not None and (len(subject) > SUBJECT_LENGTH or not SUBJECT.fullmatch(subject)):
        raise invalid("Subject")
    if structure is not None:
        _check_structure(structure, message)
    if attributes:
        message_attributes.check(attributes)
    for name, value in (("MessageGroupId", group), ("MessageDeduplicationId", deduplication)):
        if value is not None and not FIFO_ID.fullmatch(value):
            raise invalid(
                f"{name} Reason: {name} can only include alphanumeric and punctuation characters. 1 to 128 in length"
            )
    kept = message_attributes.kept(attributes) if attributes else {}
    return Note(ids.uuid(), "", message, 0.0, subject, structure, kept, group, deduplication)


def _fit(topic: Topic, note: Note):
    """What the type of a topic demands of a message."""
    if not topic.is_fifo:
        if note.deduplication is not None:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid"
                " for this topic type"
            )
        return
    if note.group is None:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if note.deduplication is None:
        if topic.attributes.get("ContentBasedDeduplication") != "true":
            raise invalid(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
                " explicitly"
            )
        note.deduplication = digest("sha256", note.message.encode()).hex()


def _check_structure(structure: str, message: str):
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        texts = json.loads(message)
    except (ValueError, RecursionError):
        raise invalid("Message Structure - JSON message body failed to parse") from None
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")


def _check_entries(entries: list[Mapping]):
    if not entries:
        raise EmptyBatchRequestException()
    if len(entries) > MOST_ENTRIES:
        raise TooManyEntriesInBatchRequestException()
    names = [entry["Id"] for entry in entries]
    if not all(map(ENTRY_ID.fullmatch, names)):
        raise InvalidBatchEntryIdException()
    if len(set(names)) < len(names):
        raise BatchEntryIdsNotDistinctException()


def _sequence_number(id: int | None) -> str:
    """Twenty digits, growing and with gaps, as AWS gives them."""
    return str(FIRST_SEQUENCE_NUMBER + (id or 0) * 1000)
