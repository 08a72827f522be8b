"""What SNS sends: JSON documents, the strings that are signed, and the links in them.

The documents are laid out as AWS lays them out, a blank on each side of the colon.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring as _text
from typing import Any

from glasshouse.core.once import once
from glasshouse.services.sns.records import Note, Subscription

CONFIRM_TEXT = (
    "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included"
    " in this message."
)
CANCEL_TEXT = (
    "You have chosen to deactivate subscription {subscription}.\nTo cancel this operation and restore the subscription,"
    " visit the SubscribeURL included in this message."
)
NOTIFICATION_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION_SIGNED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
Fields = dict[str, Any]


def timestamp(moment: float) -> str:
    """Milliseconds, in UTC."""
    second, microseconds = divmod(round(moment * 1_000_000), 1_000_000)
    return f"{_to_the_second(second)}.{microseconds // 1000:03d}Z"


@lru_cache(64)
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().removesuffix("+00:00")


def text_for(note: Note, protocol: str) -> str:
    """The text that a protocol's subscribers get."""
    if note.structure != "json":
        return note.message
    texts = json.loads(note.message)
    text = texts.get(protocol)
    return text if isinstance(text, str) else texts["default"]


def text_in(work: Mapping[str, Any]) -> str:
    """The text within what is sent."""
    if work["raw"]:
        return work["body"]
    sent = json.loads(work["body"])
    return sent["Message"] if "Message" in sent else sent["Records"][0]["Sns"]["Message"]


def subscribe_url(subscription: Subscription) -> str:
    query = f"Action=ConfirmSubscription&TopicArn={subscription.topic_arn}&Token={subscription.token}"
    return f"{subscription.origin}/?{query}"


def unsubscribe_url(subscription: Subscription) -> str:
    return f"{subscription.origin}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"


def confirmation(subscription: Subscription, message_id: str, now: float, cancelled: bool = False) -> Fields:
    """The signed part of what asks to confirm, or tells of the end of, a subscription."""
    text = (CANCEL_TEXT if cancelled else CONFIRM_TEXT).format(
        topic=subscription.topic_arn, subscription=subscription.arn
    )
    return {
        "Type": "UnsubscribeConfirmation" if cancelled else "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": subscription.token,
        "TopicArn": subscription.topic_arn,
        "Message": text,
        "SubscribeURL": subscribe_url(subscription),
        "Timestamp": timestamp(now),
    }


def string_to_sign(fields: Mapping[str, Any]) -> str:
    """Names and values of what is signed, each on a line (developer guide, "Verifying the signatures")."""
    names = NOTIFICATION_SIGNED if fields["Type"] == "Notification" else CONFIRMATION_SIGNED
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)


class Notice:
    """What all subscribers who get the same text of a note share: written and signed once for all of them.

    `blank()` returns the fields of its signature, which `sign(fields)` is to make.
    """

    def __init__(self, note: Note, text: str, blank: Callable[[], Fields], sign: Callable[[Fields], str]):
        self.note, self.text, self._blank, self._sign = note, text, blank, sign

    @once
    def fields(self) -> Fields:
        """What is signed, and what else stands before the signature."""
        note = self.note
        fields: Fields = {"Type": "Notification", "MessageId": note.message_id}
        if note.sequence_number is not None:
            fields["SequenceNumber"] = note.sequence_number
        fields["TopicArn"] = note.topic_arn
        if note.subject is not None:
            fields["Subject"] = note.subject
        fields["Message"], fields["Timestamp"] = self.text, timestamp(note.published)
        return fields

    @once
    def blank_signature(self) -> Fields:
        """Nothing for what is not signed at all."""
        return self._blank()

    @once
    def signature(self) -> Fields:
        blank = self.blank_signature
        return blank and blank | {"Signature": self._sign(self.fields | blank)}

    def document(self, subscription: Subscription) -> str:
        """What the subscriber gets."""
        head, tail = self._parts
        return f"{head}{_text(unsubscribe_url(subscription))}{tail}"

    def open_document(self, subscription: Subscription) -> str:
        """The same with the signature left open."""
        head, tail = self._open_parts
        return f"{head}{_text(unsubscribe_url(subscription))}{tail}"

    @once
    def _parts(self) -> tuple[str, str]:
        """What stands before and after the link that is each subscriber's own."""
        return self._head(self.signature), self._tail()

    @once
    def _open_parts(self) -> tuple[str, str]:
        return self._head(self.blank_signature), self._tail()

    def _head(self, signature: Fields) -> str:
        signed = f",\n{_signature_lines(*signature.values())}" if signature else ""
        return f'{{\n{_lines(self.fields)}{signed},\n  "UnsubscribeURL" : '

    def _tail(self) -> str:
        tail = f",\n{_line('Replayed', 'true')}" if self.note.replayed else ""
        if self.note.attributes:
            shown = shown_attributes(self.note.attributes).items()
            inner = ",\n".join(f"    {_text(name)} : {_tight(value)}" for name, value in shown)
            tail += f',\n  "MessageAttributes" : {{\n{inner}\n  }}'
        return tail + "\n}"

    def lambda_event(self, subscription: Subscription) -> str:
        """What a function is invoked with."""
        signature = self.signature
        record = {
            "Type": "Notification",
            "MessageId": self.note.message_id,
            "TopicArn": self.note.topic_arn,
            "Subject": self.note.subject,
            "Message": self.text,
            "Timestamp": self.fields["Timestamp"],
            "SignatureVersion": signature.get("SignatureVersion"),
            "Signature": signature.get("Signature"),
            "SigningCertUrl": signature.get("SigningCertURL"),
            "UnsubscribeUrl": unsubscribe_url(subscription),
            "MessageAttributes": shown_attributes(self.note.attributes),
        }
        head = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription.arn}
        return json.dumps({"Records": [{**head, "Sns": record}]}, ensure_ascii=False)


def document(fields: Fields) -> str:
    return "{\n" + _lines(fields) + "\n}"


def shown_attributes(attributes: Mapping[str, Mapping]) -> dict[str, dict[str, str]]:
    """Message attributes as notifications show them; binary values are base64 already."""
    return {
        name: {"Type": attribute["DataType"], "Value": attribute.get("StringValue") or attribute["BinaryValue"]}
        for name, attribute in attributes.items()
    }


def _lines(fields: Mapping[str, str]) -> str:
    return ",\n".join([f'  "{name}" : {_text(value)}' for name, value in fields.items()])


@lru_cache(64)
def _signature_lines(version: str, signature: str, url: str) -> str:
    """Remembered, since those of signatures that are left open are always the same."""
    return _lines({"SignatureVersion": version, "Signature": signature, "SigningCertURL": url})


def _line(name: str, value: str) -> str:
    return f'  "{name}" : {_text(value)}'


def _tight(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
