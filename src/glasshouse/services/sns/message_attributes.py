"""Message attributes: what makes them valid, and how they count."""

import re
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from glasshouse.services.sns.errors import InvalidParameterValueException

NAME_BYTES = 256
STRANGE = re.compile(r"[^A-Za-z0-9_.-]")
TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
FIELDS = {"String": "StringValue", "Number": "StringValue", "Binary": "BinaryValue"}


def check(attributes: Mapping[str, Mapping]):
    """Raise what AWS raises for attributes that are not as they should be."""
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute)


def kept(attributes: Mapping[str, Mapping]) -> dict[str, dict]:
    """As they are kept: binary values in base64."""
    return {name: _kept(attribute) for name, attribute in attributes.items()}


def size(attributes: Mapping[str, Mapping]) -> int:
    """In bytes: names, types and values all count."""
    total = 0
    for name, attribute in attributes.items():
        value = attribute.get("BinaryValue") or attribute.get("StringValue", "").encode()
        total += len(name.encode()) + len(attribute["DataType"].encode()) + len(value)
    return total


def _kept(attribute: Mapping) -> dict:
    if "BinaryValue" in attribute:
        return {"DataType": attribute["DataType"], "BinaryValue": b64encode(attribute["BinaryValue"]).decode()}
    return {"DataType": attribute["DataType"], "StringValue": attribute["StringValue"]}


def _check_name(name: str):
    problem = None
    if len(name.encode()) > NAME_BYTES:
        problem = "Length of message attribute name must be less than 256 bytes."
    elif not name:
        problem = "The request must contain non-empty message attribute names."
    elif strange := STRANGE.search(name):
        problem = (
            f"Invalid non-alphanumeric character '#x{ord(strange[0]):X}' was found in the message attribute name. Can"
            " only include alphanumeric characters, hyphens, underscores, or dots."
        )
    elif name.startswith("."):
        problem = "Invalid message attribute name starting with character '.' was found."
    elif name.endswith("."):
        problem = "Invalid message attribute name ending with character '.' was found."
    elif ".." in name:
        problem = "Message attribute name can not have successive '.' character."
    if problem:
        raise InvalidParameterValueException(problem)


def _check_value(name: str, attribute: Mapping):
    kind = TYPE.fullmatch(attribute["DataType"])
    if kind is None:
        raise InvalidParameterValueException(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes"
            " is Binary, Number, and String."
        )
    field, data_type = FIELDS[kind[1]], attribute["DataType"]
    other = "BinaryValue" if field == "StringValue" else "StringValue"
    if not attribute.get(field):
        if attribute.get(other):
            raise InvalidParameterValueException(
                f"The message attribute '{name}' with type '{data_type}' must use field"
                f" '{field.removesuffix('Value')}'."
            )
        raise InvalidParameterValueException(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type"
            f" '{data_type}'."
        )
    if kind[1] == "Number" and not _is_number(attribute[field]):
        raise InvalidParameterValueException(f"Could not cast message attribute '{name}' value to number.")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
