"""Message attributes: what makes them valid, how they count, their MD5, and which of them a receiver asked for."""

import binascii
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from glasshouse.core.digests import md5_hex
from glasshouse.services.sqs.errors import InvalidMessageContents, InvalidParameterValue, MissingParameter

Attributes = Mapping[str, Mapping]
MOST = 10
NAME_LENGTH = 256
NAME = re.compile(r"[A-Za-z0-9_.\u00c0-\u017f-]+")  # letters with accents too
CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ALLOWED = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD |"
    " #x10000 to #x10FFFF"
)
RESERVED = ("aws.", "amazon.")
TYPES = ("Binary", "Number", "String")
VALUES = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}
RESERVED_WORDS = (
    "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal"
    " use."
)


def check_text(text: str):
    """Only what XML 1.0 can carry. Raises InvalidMessageContents."""
    if text.isascii():
        is_allowed = len(text.encode().translate(None, CONTROLS)) == len(text)
    else:
        is_allowed = text.isprintable() or not FORBIDDEN.search(text)
    if not is_allowed:
        raise InvalidMessageContents(ALLOWED)


def check(attributes: Attributes):
    """Raise what AWS raises for attributes that are not as they should be."""
    if len(attributes) > MOST:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MOST}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        check_value(name, attribute, "user")


def check_system(attributes: Attributes):
    """The one system attribute that can be sent is AWSTraceHeader, a String."""
    for name, attribute in attributes.items():
        if name != "AWSTraceHeader":
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        check_value(name, attribute, "system")
        if attribute["DataType"] != "String":
            raise InvalidParameterValue(
                f"The type of message (system) attribute '{name}' is invalid. You must use only the following supported"
                " type prefixes: String."
            )


def size(attributes: Attributes) -> int:
    """In bytes: names, types and values all count."""
    return sum(
        len(name.encode()) + len(attribute["DataType"].encode()) + len(_value(attribute))
        for name, attribute in attributes.items()
    )


def digest(attributes: Attributes) -> str | None:
    """The MD5 that clients compare (developer guide, "Calculating the MD5 message digest for message attributes")."""
    if not attributes:
        return None
    parts = []
    for name, attribute in sorted(attributes.items()):
        for part in (name.encode(), attribute["DataType"].encode()):
            parts += [len(part).to_bytes(4), part]
        value = _value(attribute)
        parts += [b"\x02" if _is_binary(attribute) else b"\x01", len(value).to_bytes(4), value]
    return md5_hex(b"".join(parts))


def to_text(attributes: Attributes | None) -> str | None:
    """As they are kept: JSON, binary values in base64."""
    return msgspec.json.encode(attributes).decode() if attributes else None


def from_text(text: str) -> dict[str, dict]:
    attributes = msgspec.json.decode(text)
    for attribute in attributes.values():
        if "BinaryValue" in attribute:
            attribute["BinaryValue"] = binascii.a2b_base64(attribute["BinaryValue"])
    return attributes


def chosen(text: str, names: list[str]) -> dict[str, dict]:
    """Those that a receiver asked for: by name, by `prefix.*`, or all with `All`, `*` and `.*`."""
    attributes = from_text(text)
    if not {"All", "*", ".*"}.isdisjoint(names):
        return attributes
    prefixes = tuple(name[:-2] for name in names if name.endswith(".*"))
    return {name: value for name, value in attributes.items() if name in names or name.startswith(prefixes)}


def check_value(name: str, attribute: Mapping, kind: str):
    """The type and the value of one attribute."""
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise InvalidParameterValue("Message attribute list values in SendMessage operation are not supported.")
    data_type = attribute.get("DataType")
    if not data_type:
        subject = f"The message ({kind}) attribute '{name}' must contain a non-empty message attribute"
        raise InvalidParameterValue(f"{subject} {'type' if len(attribute) else 'value'}.")
    if len(data_type.encode()) > NAME_LENGTH:
        raise InvalidParameterValue(f"Message ({kind}) attribute type must be shorter than {NAME_LENGTH} bytes.")
    logical = data_type.partition(".")[0]
    if logical not in TYPES:
        raise InvalidParameterValue(
            f"The type of message ({kind}) attribute '{name}' is invalid. You must use only the following supported"
            f" type prefixes: {', '.join(TYPES)}."
        )
    if not attribute.get(VALUES[logical]):
        raise InvalidParameterValue(
            f"Message ({kind}) attribute '{name}' must contain a non-empty value of type '{logical}'."
        )
    if logical != "Binary":
        _check_string(name, attribute["StringValue"], logical, kind)


def _check_string(name: str, value: str, logical: str, kind: str):
    try:
        check_text(value)
    except InvalidMessageContents as refused:
        raise InvalidParameterValue(str(refused)) from None
    if logical == "Number" and not _is_number(value):
        raise InvalidParameterValue(f"Can't cast the value of message ({kind}) attribute '{name}' to a number.")


def _check_name(name: str):
    if not name:
        raise MissingParameter("The request must contain non-empty message (user) attribute names.")
    if len(name.encode()) > NAME_LENGTH:
        raise InvalidParameterValue(f"Message (user) attribute name must be shorter than {NAME_LENGTH} bytes.")
    if name.lower().startswith(RESERVED):
        raise InvalidParameterValue(RESERVED_WORDS)
    if not NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens"
            " and underscores. "
        )
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise InvalidParameterValue(f"The message attribute name '{name}' can't start, end or go on with a period.")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_binary(attribute: Mapping) -> bool:
    return attribute["DataType"].startswith("Binary")


def _value(attribute: Mapping) -> bytes:
    return attribute["BinaryValue"] if _is_binary(attribute) else attribute["StringValue"].encode()
