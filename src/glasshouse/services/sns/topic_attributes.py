"""The attributes of topics: what may be set, what it must be like, what is told of a topic that set nothing."""

import json
from collections.abc import Callable, Mapping

from glasshouse.services.sns import delivery_policy
from glasshouse.services.sns.errors import invalid
from glasshouse.services.sns.records import Topic

PROTOCOLS = ("Application", "Firehose", "HTTP", "Lambda", "SMS", "SQS")
ROLES = {f"{protocol}{outcome}FeedbackRoleArn" for protocol in PROTOCOLS for outcome in ("Success", "Failure")}
RATES = {f"{protocol}SuccessFeedbackSampleRate" for protocol in PROTOCOLS}
FIFO_ONLY = ("ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy")
OWNER_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip
SMALLEST_BYTES, LARGEST_BYTES, USUAL_BYTES = 1024, 1_048_576, 262_144
LONGEST_ARCHIVE_DAYS = 365
DISPLAY_NAME_LENGTH = 100


def check(name: str, value: str, fifo: bool) -> str:
    """The value as it is kept. Raises ValueError with what is wrong, AttributeError for a name nobody knows."""
    if name in ROLES:
        return value
    if name in RATES:
        return _whole_number(name, value, 0, 100)
    if name not in _CHECKS:
        raise AttributeError(name)
    if name in FIFO_ONLY and not fifo:
        raise ValueError(f"{name}: Only FIFO topics have this attribute.")
    return _CHECKS[name](name, value)


def default_policy(topic: Topic) -> str:
    """What AWS gives a topic: its owner may do everything."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in OWNER_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    return _compact({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def shown(topic: Topic, confirmed: int, pending: int) -> dict[str, str]:
    """All that GetTopicAttributes tells."""
    found = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "DisplayName": "",
        "Policy": default_policy(topic),
        "EffectiveDeliveryPolicy": _compact(delivery_policy.effective_of_topic(topic.attributes)),
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": str(topic.subscriptions_deleted),
    }
    if topic.is_fifo:
        found |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    return found | topic.attributes


def archive_days(attributes: Mapping[str, str]) -> int | None:
    """How long messages are archived, if they are."""
    text = attributes.get("ArchivePolicy")
    return int(json.loads(text)["MessageRetentionPeriod"]) if text and json.loads(text) else None


def check_policy(text: str) -> dict:
    """A policy whose statements speak of SNS alone. Raises ValueError."""
    try:
        policy = json.loads(text)
        statements = policy["Statement"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("Policy Error: null") from None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError("Policy Error: null")
        if not {"Principal", "NotPrincipal"} & statement.keys() or not {"Action", "NotAction"} & statement.keys():
            raise ValueError("Policy Error: null")
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            if action != "*" and not str(action).lower().startswith("sns:"):
                raise ValueError("Policy statement action out of service scope!")
    return policy


def _compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _whole_number(name: str, value: str, least: int, most: int) -> str:
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise ValueError(f"{name}: Invalid value [{value}]. Must be an integer between {least} and {most}.")
    return value


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def one_of(name: str, value: str) -> str:
        if value not in choices:
            raise ValueError(f"{name}: Invalid value [{value}]. Must be {' or '.join(choices)}.")
        return value

    return one_of


def _policy(name: str, value: str) -> str:
    return _compact(check_policy(value))


def _delivery_policy(name: str, value: str) -> str:
    return _compact(delivery_policy.read_of_topic(value))


def _display_name(name: str, value: str) -> str:
    if len(value) > DISPLAY_NAME_LENGTH or not value.replace(" ", "a").isprintable():
        raise ValueError(f"{name}: Must be at most {DISPLAY_NAME_LENGTH} printable characters.")
    return value


def _archive_policy(name: str, value: str) -> str:
    try:
        policy = json.loads(value)
        days = int(policy["MessageRetentionPeriod"]) if policy else 1
        if not isinstance(policy, dict) or policy.keys() - {"MessageRetentionPeriod"}:
            raise KeyError(name)
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{name}: Must be a JSON object with a MessageRetentionPeriod in days.") from None
    if not 1 <= days <= LONGEST_ARCHIVE_DAYS:
        raise ValueError(f"{name}: MessageRetentionPeriod must be between 1 and {LONGEST_ARCHIVE_DAYS} days.")
    return _compact(policy)


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "ArchivePolicy": _archive_policy,
    "ContentBasedDeduplication": _one_of("true", "false"),
    "DeliveryPolicy": _delivery_policy,
    "DisplayName": _display_name,
    "FifoThroughputScope": _one_of("Topic", "MessageGroup"),
    "KmsMasterKeyId": lambda name, value: value,
    "MaximumMessageSize": lambda name, value: _whole_number(name, value, SMALLEST_BYTES, LARGEST_BYTES),
    "Policy": _policy,
    "SignatureVersion": _one_of("1", "2"),
    "TracingConfig": _one_of("PassThrough", "Active"),
}


def check_all(attributes: Mapping[str, str], fifo: bool) -> dict[str, str]:
    """The attributes of a new topic."""
    checked = {}
    for name, value in attributes.items():
        try:
            checked[name] = check(name, value, fifo)
        except ValueError as wrong:
            raise invalid(f"Attributes Reason: {wrong}") from None
        except AttributeError:
            raise invalid(f"Attributes Reason: Unknown attribute {name}") from None
    return checked
