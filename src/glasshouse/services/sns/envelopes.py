"""What SNS sends: JSON documents, the strings that are signed, and the links in them.

The documents are laid out as AWS lays them out, a blank on each side of the colon.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from json.encoder import encode_basestring as _text
from typing import Any

import msgspec

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
SIGNATURE_LENGTH = 344  # of an RSA key of 2048 bits, in base64
TEXT_IN_A_DRAFT = 2  # its place
Fields = dict[str, Any]
_encode = msgspec.json.Encoder().encode


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
    if work.get("open"):
        return sent[TEXT_IN_A_DRAFT]
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

    `blank()` returns the fields of its signature, without the signature itself, which `sign(fields)` makes.
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

    def document(self, link: str) -> str:
        """What the subscriber gets, with the link that cancels the subscription."""
        head, tail = self._parts
        return f"{head}{_text(link)}{tail}"

    def draft(self, link: str) -> str:
        """What it takes to write the document when somebody wants it (`completed`), and sign it only then."""
        note, blank = self.note, self.blank_signature
        kept = (
            note.message_id, note.topic_arn, self.text, round(note.published * 1_000_000), note.subject,
            note.attributes, link, blank["SignatureVersion"], blank["SigningCertURL"],
        )  # fmt: skip
        try:
            return _encode(kept).decode()
        except UnicodeEncodeError:  # half a character, which no queue takes
            return json.dumps(kept, ensure_ascii=False)

    @once
    def _parts(self) -> tuple[str, str]:
        """What stands before and after the link that is each subscriber's own."""
        signed = f",\n{_lines(self.signature)}" if self.signature else ""
        return f'{{\n{_lines(self.fields)}{signed},\n  "UnsubscribeURL" : ', self._tail()

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


def completed(draft: str, sign: Callable[[Fields], str]) -> str:
    """The document of a draft, signed."""
    message_id, topic, text, published, subject, attributes, link, version, url = json.loads(draft)
    note = Note(message_id, topic, text, published / 1_000_000, subject, attributes=attributes)
    blank = {"SignatureVersion": version, "Signature": "", "SigningCertURL": url}
    return Notice(note, text, lambda: blank, sign).document(link)


@cache
def missing_bytes() -> int:
    """How much longer a document is than its draft, but for some bytes where there is a subject or attributes."""
    blank = {"SignatureVersion": "2", "Signature": "0" * SIGNATURE_LENGTH, "SigningCertURL": ""}
    notice = Notice(Note("", "", "", 1_000_000_000.0), "", lambda: blank, lambda fields: blank["Signature"])
    return len(notice.document("")) - len(notice.draft(""))


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


def _line(name: str, value: str) -> str:
    return f'  "{name}" : {_text(value)}'


def _tight(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
