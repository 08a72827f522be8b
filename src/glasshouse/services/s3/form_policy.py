"""The policy of a browser's upload: what its signer allows the form to say.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html; the words of the refusals, and that
a condition on a field which is not there fails, are as S3 was seen to answer.
"""

import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from glasshouse.services.s3.errors import AccessDenied, EntityTooLarge, EntityTooSmall
from glasshouse.services.s3.setting_errors import InvalidPolicyDocument

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
NEED_NO_CONDITION = {"policy", "x-amz-signature", "signature", "awsaccesskeyid", "file"}
IGNORED_PREFIX = "x-ignore-"
LENGTH_RANGE = "content-length-range"


@dataclass(frozen=True, slots=True)
class Condition:
    operation: str
    field: str  # lower-case, without its $
    value: str
    text: str  # as the refusal shows it


@dataclass(slots=True)
class FormPolicy:
    expiration: float
    conditions: list[Condition]
    lengths: list[tuple[int, int]]

    def check(self, fields: dict[str, str], names: dict[str, str], now: float):
        """Raise AccessDenied unless the fields (by lower-case names) are what the policy allows."""
        if self.expiration <= now:
            raise AccessDenied("Invalid according to Policy: Policy expired.")
        for condition in self.conditions:
            actual = fields.get(condition.field)
            if actual is None or not _fulfils(actual, condition):
                raise AccessDenied(f"Invalid according to Policy: Policy Condition failed: {condition.text}")
        covered = {condition.field for condition in self.conditions} | NEED_NO_CONDITION
        for name in names:
            if name not in covered and not name.startswith(IGNORED_PREFIX):
                raise AccessDenied(f"Invalid according to Policy: Extra input fields: {names[name]}")

    def check_size(self, size: int):
        for least, most in self.lengths:
            if size > most:
                raise EntityTooLarge(ProposedSize=size, MaxSizeAllowed=most)
            if size < least:
                raise EntityTooSmall(ProposedSize=size, MinSizeAllowed=least)


def read(encoded: str) -> FormPolicy:
    """The policy in a form's field. Raises InvalidPolicyDocument, AccessDenied."""
    try:
        document = json.loads(binascii.a2b_base64(encoded.encode("ascii")))
    except (ValueError, RecursionError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    for name in document:
        if name not in ("expiration", "conditions"):
            raise _invalid(f"Unexpected: '{name.lower()}'")
    if "expiration" not in document:
        raise _invalid("Policy missing expiration.")
    if "conditions" not in document:
        raise _invalid("Policy missing conditions.")
    if not isinstance(document["conditions"], list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    conditions, lengths = [], []
    for given in document["conditions"]:
        if isinstance(given, list) and given and str(given[0]).lower() == LENGTH_RANGE:
            lengths.append(_length_range(given))
        else:
            conditions += _conditions(given)
    return FormPolicy(_expiration(document["expiration"]), conditions, lengths)


def _conditions(given: Any) -> Iterator[Condition]:
    if isinstance(given, dict):
        if len(given) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        [(name, value)] = given.items()
        if not isinstance(value, str):
            raise _invalid("Invalid Simple-Condition: value must be a string.")
        yield Condition("eq", name.lower(), value, json.dumps(["eq", f"${name}", value]))
        return
    if not isinstance(given, list):
        raise _invalid("Invalid condition test: must be a List or Object.")
    if not given:
        raise _invalid("Invalid Condition: missing operation identifier.")
    operation = str(given[0]).lower()
    if operation not in ("eq", "starts-with"):
        raise _invalid(f"Invalid Condition: unknown operation '{given[0]}'.")
    if len(given) != 3:
        raise _invalid(f"Invalid {operation}: wrong number of arguments.")
    _, name, value = given
    if not isinstance(name, str) or not isinstance(value, str):
        raise _invalid("Invalid JSON.")
    # Without its $ a name is no field's, and the condition fails.
    field = name[1:].lower() if name.startswith("$") else f"not a field: {name}"
    yield Condition(operation, field, value, json.dumps(given))


def _fulfils(actual: str, condition: Condition) -> bool:
    if condition.operation == "eq":
        return actual == condition.value
    if condition.field == "content-type":
        return all(part.strip().startswith(condition.value) for part in actual.split(","))
    return actual.startswith(condition.value)


def _length_range(given: list) -> tuple[int, int]:
    if len(given) != 3:
        raise _invalid(f"Invalid {LENGTH_RANGE}: wrong number of arguments.")
    try:
        least, most = (int(str(bound)) for bound in given[1:])
    except ValueError:
        if any(isinstance(bound, float) for bound in given[1:]):
            raise _invalid("Invalid JSON.") from None
        raise AccessDenied(f"Invalid according to Policy: Policy Condition failed: {json.dumps(given)}") from None
    if least < 0 or most < 0:
        raise _invalid(f"Invalid {LENGTH_RANGE}: a bound is negative.")
    return least, most


def _expiration(given: Any) -> float:
    if not isinstance(given, str) or not UTC_TIME.fullmatch(given):
        raise _invalid(f"Invalid 'expiration' value: '{given}'")
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise _invalid(f"Invalid 'expiration' value: '{given}'") from None


def _invalid(message: str) -> InvalidPolicyDocument:
    return InvalidPolicyDocument(f"Invalid Policy: {message}")
