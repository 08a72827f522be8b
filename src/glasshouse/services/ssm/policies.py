"""Parameter policies: what their JSON may say, and when they are due."""

import json
from datetime import UTC, datetime

from glasshouse.core.errors import ValidationException
from glasshouse.services.ssm.errors import (
    IncompatiblePolicyException,
    InvalidPolicyAttributeException,
    InvalidPolicyTypeException,
    PoliciesLimitExceededException,
)
from glasshouse.services.ssm.records import Policy

MOST_POLICIES = 10
EXPIRATION, WARNING, NO_CHANGE = "Expiration", "ExpirationNotification", "NoChangeNotification"
_AMOUNT = {WARNING: "Before", NO_CHANGE: "After"}
_UNIT_S = {"Hours": 3600, "Days": 24 * 3600}


def parse(text: str) -> list[Policy]:
    """The policies of a JSON array; `[{}]` and `[]` are none."""
    try:
        listed = json.loads(text)
    except ValueError:
        raise ValidationException("Policies must be a JSON array of policies.") from None
    if not isinstance(listed, list) or not all(isinstance(policy, dict) for policy in listed):
        raise ValidationException("Policies must be a JSON array of policies.")
    policies = [_policy(policy) for policy in listed if policy]
    _check_together([policy.policy_type for policy in policies])
    return policies


def due(policy: Policy, policies: list[Policy], modified: float) -> float:
    """When a policy is to be executed, of a parameter last modified then."""
    attributes = json.loads(policy.policy_text)["Attributes"]
    if policy.policy_type == EXPIRATION:
        return _moment(attributes["Timestamp"])
    span = int(attributes[_AMOUNT[policy.policy_type]]) * _UNIT_S[attributes["Unit"]]
    if policy.policy_type == NO_CHANGE:
        return modified + span
    expiration = next(other for other in policies if other.policy_type == EXPIRATION)
    return due(expiration, policies, modified) - span


def _policy(policy: dict) -> Policy:
    kind = policy.get("Type")
    if kind not in (EXPIRATION, WARNING, NO_CHANGE):
        raise InvalidPolicyTypeException()
    attributes = policy.get("Attributes")
    if policy.get("Version") != "1.0" or not isinstance(attributes, dict):
        raise InvalidPolicyAttributeException(f"The policy {kind} needs Version 1.0 and Attributes.")
    if kind == EXPIRATION:
        _expect(attributes, {"Timestamp"}, kind)
        _moment(attributes["Timestamp"])
    else:
        _expect(attributes, {_AMOUNT[kind], "Unit"}, kind)
        _check_span(attributes, kind)
    return Policy(kind, json.dumps(policy, separators=(",", ":")))


def _check_span(attributes: dict, kind: str):
    amount, unit = attributes[_AMOUNT[kind]], attributes["Unit"]
    if unit not in _UNIT_S:
        raise InvalidPolicyAttributeException(f"The Unit of the policy {kind} must be Days or Hours.")
    if not str(amount).isascii() or not str(amount).isdigit() or not 0 < int(amount) < 100_000:
        raise InvalidPolicyAttributeException(f"{_AMOUNT[kind]} of the policy {kind} must be a positive number.")


def _expect(attributes: dict, names: set[str], kind: str):
    if attributes.keys() != names:
        raise InvalidPolicyAttributeException(f"The attributes of the policy {kind} are {', '.join(sorted(names))}.")


def _check_together(kinds: list[str]):
    if len(kinds) > MOST_POLICIES:
        raise PoliciesLimitExceededException()
    if kinds.count(EXPIRATION) > 1:
        raise IncompatiblePolicyException("A parameter can have one Expiration policy only.")
    if WARNING in kinds and EXPIRATION not in kinds:
        raise IncompatiblePolicyException("An ExpirationNotification policy needs an Expiration policy.")


def _moment(timestamp: object) -> float:
    try:
        moment = datetime.fromisoformat(str(timestamp))
    except ValueError:
        moment = None
    if moment is None or "T" not in str(timestamp):
        raise InvalidPolicyAttributeException(f"The Timestamp {timestamp} is not a date and time in ISO 8601 format.")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
