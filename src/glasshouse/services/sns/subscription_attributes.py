"""The attributes of subscriptions: what may be set, and what it must be like."""

import json
from collections.abc import Callable
from datetime import datetime

from glasshouse.services.sns import delivery_policy, filtering
from glasshouse.services.sns.records import Topic

RAW_PROTOCOLS = ("sqs", "http", "https", "firehose")
SETTABLE = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
    "SubscriptionRoleArn",
)  # fmt: skip
REMOVED_BY_EMPTY = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy")


def check(name: str, value: str, protocol: str, endpoint: str, topic: Topic, scope: str) -> str:
    """The value as it is kept. Raises ValueError with what is wrong, AttributeError for a name nobody knows."""
    if name not in SETTABLE:
        raise AttributeError(name)
    if name == "FilterPolicy":
        filtering.check(value, scope)
        return value
    if name == "RawMessageDelivery" and value == "true" and protocol not in RAW_PROTOCOLS:
        raise ValueError(f"RawMessageDelivery: Delivery protocol [{protocol}] does not support raw message delivery.")
    if name == "RedrivePolicy":
        return _redrive_policy(value, topic.is_fifo and endpoint.endswith(".fifo"))
    if name == "ReplayPolicy" and (not topic.is_fifo or topic.archived_from is None):
        raise ValueError("ReplayPolicy: The topic has no archive.")
    return _CHECKS[name](value)


def dead_letter_queue(attributes: dict[str, str]) -> str | None:
    text = attributes.get("RedrivePolicy")
    return json.loads(text)["deadLetterTargetArn"] if text else None


def _redrive_policy(value: str, fifo: bool) -> str:
    try:
        policy = json.loads(value)
    except (ValueError, RecursionError) as wrong:
        raise ValueError(f"RedrivePolicy: failed to parse JSON. {wrong}") from None
    arn = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    parts = arn.split(":") if isinstance(arn, str) else []
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
        raise ValueError("RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if fifo and not arn.endswith(".fifo"):
        raise ValueError("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
    return json.dumps(policy, separators=(",", ":"))


def _raw(value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    return value.lower()


def _scope(value: str) -> str:
    if value not in filtering.SCOPES:
        raise ValueError(
            f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        )
    return value


def _delivery_policy(value: str) -> str:
    return json.dumps(delivery_policy.read_of_subscription(value), separators=(",", ":"))


def _replay_policy(value: str) -> str:
    try:
        policy = json.loads(value)
        for point in ("StartingPoint", "EndingPoint"):
            if point in policy or point == "StartingPoint":
                datetime.fromisoformat(policy[point])
        known = policy.get("PointType") == "Timestamp" and not policy.keys() - {
            "PointType", "StartingPoint", "EndingPoint",
        }  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError):
        known = False
    if not known:
        raise ValueError("ReplayPolicy: Must have the PointType Timestamp, a StartingPoint and perhaps an EndingPoint.")
    return json.dumps(policy, separators=(",", ":"))


_CHECKS: dict[str, Callable[[str], str]] = {
    "DeliveryPolicy": _delivery_policy,
    "FilterPolicyScope": _scope,
    "RawMessageDelivery": _raw,
    "ReplayPolicy": _replay_policy,
    "SubscriptionRoleArn": str,
}
