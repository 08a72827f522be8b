"""What SNS sends: the JSON documents, the strings that are signed, and the links in them.

The documents are laid out as AWS lays them out, a blank on each side of the colon.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

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
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def text_for(note: Note, protocol: str) -> str:
    """The text that a protocol's subscribers get."""
    if note.structure != "json":
        return note.message
    texts = json.loads(note.message)
    text = texts.get(protocol)
    return text if isinstance(text, str) else texts["default"]


def subscribe_url(subscription: Subscription) -> str:
    query = f"Action=ConfirmSubscription&TopicArn={subscription.topic_arn}&Token={subscription.token}"
    return f"{subscription.origin}/?{query}"


def unsubscribe_url(subscription: Subscription) -> str:
    return f"{subscription.origin}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"


def notification(note: Note, text: str) -> Fields:
    """The signed part of a notification."""
    fields = {
        "Type": "Notification",
        "MessageId": note.message_id,
        "SequenceNumber": note.sequence_number,
        "TopicArn": note.topic_arn,
        "Subject": note.subject,
        "Message": text,
        "Timestamp": timestamp(note.published),
    }
    return {name: value for name, value in fields.items() if value is not None}


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


def envelope(fields: Fields, signature: Fields, note: Note | None, subscription: Subscription) -> str:
    """The document that is sent."""
    whole = fields | signature
    if note is not None:
        whole["UnsubscribeURL"] = unsubscribe_url(subscription)
        if note.replayed:
            whole["Replayed"] = "true"
        if note.attributes:
            whole["MessageAttributes"] = note.attributes
    return _document(whole)


def shown_attributes(attributes: Mapping[str, Mapping]) -> dict[str, dict[str, str]]:
    """Message attributes as notifications show them; binary values are base64 already."""
    return {
        name: {"Type": attribute["DataType"], "Value": attribute.get("StringValue") or attribute.get("BinaryValue")}
        for name, attribute in attributes.items()
    }


def lambda_event(fields: Fields, signature: Fields, note: Note, subscription: Subscription) -> str:
    """What a function is invoked with."""
    record = {
        "Type": fields["Type"],
        "MessageId": fields["MessageId"],
        "TopicArn": fields["TopicArn"],
        "Subject": fields.get("Subject"),
        "Message": fields["Message"],
        "Timestamp": fields["Timestamp"],
        "SignatureVersion": signature.get("SignatureVersion"),
        "Signature": signature.get("Signature"),
        "SigningCertUrl": signature.get("SigningCertURL"),
        "UnsubscribeUrl": unsubscribe_url(subscription),
        "MessageAttributes": shown_attributes(note.attributes),
    }
    head = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription.arn}
    return json.dumps({"Records": [{**head, "Sns": record}]}, ensure_ascii=False)


def _document(fields: Mapping[str, Any]) -> str:
    lines = [_line(name, value) for name, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _line(name: str, value: Any) -> str:
    if name != "MessageAttributes":
        return f"  {_text(name)} : {_text(value)}"
    inner = (f"    {_text(key)} : {_tight(shown)}" for key, shown in shown_attributes(value).items())
    return f"  {_text(name)} : {{\n{_joined(inner)}\n  }}"


def _joined(lines: Iterable[str]) -> str:
    return ",\n".join(lines)


def _tight(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
