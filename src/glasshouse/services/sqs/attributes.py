"""The attributes of queues: what the client writes becomes fields of a `Queue`, and the other way round."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from glasshouse.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    OverLimit,
    invalid,
)
from glasshouse.services.sqs.records import Queue

INTEGERS = {
    "DelaySeconds": ("delay_seconds", 0, 900),
    "MaximumMessageSize": ("maximum_message_size", 1024, 1_048_576),
    "MessageRetentionPeriod": ("message_retention_period", 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": ("receive_message_wait_time_seconds", 0, 20),
    "VisibilityTimeout": ("visibility_timeout", 0, 43_200),
    "KmsDataKeyReusePeriodSeconds": ("kms_data_key_reuse_period_seconds", 60, 86_400),
}
FIFO_CHOICES = {
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
COUNTED = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
PERMISSIONS = ("allowAll", "denyAll", "byQueue")
MOST_STATEMENTS, MOST_SOURCES = 20, 10
NO_MAP = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
UNSUPPORTED = (
    "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as"
    " it’s in an unsupported format."
)
ONE_ENCRYPTION = (
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
)
Fields = dict[str, Any]


def read(attributes: Mapping[str, str], fifo: bool) -> Fields:
    """The fields that some attributes set, for a queue of this type. Raises what AWS raises for what is wrong."""
    fields: Fields = {}
    for name, text in attributes.items():
        if name in INTEGERS:
            field, least, most = INTEGERS[name]
            fields[field] = _integer(name, text, least, most)
        elif name in READERS:
            fields |= READERS[name](name, text, fifo)
        else:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if attributes.get("SqsManagedSseEnabled") == "true" and attributes.get("KmsMasterKeyId"):
        raise InvalidAttributeName(ONE_ENCRYPTION)
    return fields


def check_together(queue: Queue):
    """What attributes demand of each other, once a queue has them all."""
    if queue.fifo_throughput_limit == "perMessageGroupId" and queue.deduplication_scope != "messageGroup":
        raise InvalidParameterValue(
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup"
        )


def shown(queue: Queue, count: Callable[[], tuple[int, int, int]], names: list[str]) -> dict[str, str]:
    """The attributes a client asked for, of those that the queue has."""
    wanted = set(names)
    everything = "All" in wanted
    for name in wanted - {"All", *ATTRIBUTES, *COUNTED}:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    found = {}
    if everything or not wanted.isdisjoint(COUNTED):
        found = {name: str(number) for name, number in zip(COUNTED, count(), strict=True)}
    for name, write in ATTRIBUTES.items():
        value = write(queue) if everything or name in wanted else None
        if value is not None:
            found[name] = value
    return {name: value for name, value in found.items() if everything or name in wanted}


def redrive_policy(queue: Queue) -> str | None:
    if queue.dead_letter_target_arn is None:
        return None
    return _compact({"deadLetterTargetArn": queue.dead_letter_target_arn, "maxReceiveCount": queue.max_receive_count})


def _redrive_allow_policy(queue: Queue) -> str | None:
    if queue.redrive_permission is None:
        return None
    policy: dict = {"redrivePermission": queue.redrive_permission}
    if queue.source_queue_arns:
        policy["sourceQueueArns"] = queue.source_queue_arns
    return _compact(policy)


def _compact(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _integer(name: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return text.lower() == "true"


def _read_fifo_queue(name: str, text: str, fifo: bool) -> Fields:
    if not fifo:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if text.lower() != "true":
        raise InvalidAttributeValue(
            f"Invalid value for the parameter {name}. Reason: Modifying queue type is not supported."
        )
    return {"fifo_queue": True}


def _read_content_based(name: str, text: str, fifo: bool) -> Fields:
    if not fifo:
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return {"content_based_deduplication": _boolean(name, text)}


def _read_choice(name: str, text: str, fifo: bool) -> Fields:
    if not fifo:
        raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
    if text not in FIFO_CHOICES[name]:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return {"deduplication_scope" if name == "DeduplicationScope" else "fifo_throughput_limit": text}


def _read_sse(name: str, text: str, fifo: bool) -> Fields:
    enabled = _boolean(name, text)
    return {"sqs_managed_sse_enabled": enabled} | ({"kms_master_key_id": None} if enabled else {})


def _read_key(name: str, text: str, fifo: bool) -> Fields:
    return {"kms_master_key_id": text, "sqs_managed_sse_enabled": False} if text else {"kms_master_key_id": None}


def _read_policy(name: str, text: str, fifo: bool) -> Fields:
    if not text:
        return {"policy": None}
    try:
        policy = json.loads(text)
        statements = policy["Statement"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidAttributeValue("Invalid value for the parameter Policy.") from None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements or not all(map(_is_statement, statements)):
        raise InvalidAttributeValue("Invalid value for the parameter Policy.")
    if len(statements) > MOST_STATEMENTS:
        raise OverLimit(
            f"{len(statements)} statements were found in the submitted policy, max allowed is {MOST_STATEMENTS}"
        )
    return {"policy": text}


def _is_statement(statement) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        return False
    return all(({whole, f"Not{whole}"} & statement.keys()) for whole in ("Principal", "Action"))


def _read_redrive_policy(name: str, text: str, fifo: bool) -> Fields:
    if not text:
        return {"dead_letter_target_arn": None, "max_receive_count": 0}
    policy = _map(
        text, "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
    )
    for key in ("maxReceiveCount", "deadLetterTargetArn"):
        if key not in policy:
            raise invalid(text, name, f"Redrive policy does not contain mandatory attribute: {key}.")
    if len(policy) > 2:
        raise invalid(text, name, "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].")
    arn, count = policy["deadLetterTargetArn"], policy["maxReceiveCount"]
    if not str(count).isdigit() or not 1 <= int(count) <= 1000:
        raise invalid(
            text, name, f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        )
    parts = arn.split(":") if isinstance(arn, str) else []
    if len(parts) != 6 or parts[0] != "arn":
        raise invalid(text, name, "Invalid value for deadLetterTargetArn.")
    if parts[2] != "sqs":
        raise invalid(text, name, "Only SQS queues are valid resources for deadLetterTargetArn.")
    if arn.endswith(".fifo") != fifo:
        raise invalid(text, name, "Dead-letter queue must be same type of queue as the source.")
    return {"dead_letter_target_arn": arn, "max_receive_count": int(count)}


def _read_redrive_allow_policy(name: str, text: str, fifo: bool) -> Fields:
    if not text:
        return {"redrive_permission": None, "source_queue_arns": []}
    policy = _map(text, UNSUPPORTED)
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns", [])
    are_arns = isinstance(sources, list) and all(isinstance(source, str) for source in sources)
    if permission not in PERMISSIONS or policy.keys() - {"redrivePermission", "sourceQueueArns"} or not are_arns:
        raise InvalidAttributeValue(UNSUPPORTED)
    reason = "Amazon SQS can't create the redrive allow policy. "
    if permission != "byQueue" and sources:
        reason += "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."
        raise invalid(text, name, reason)
    if permission == "byQueue" and not sources:
        reason += (
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
        )
        raise invalid(text, name, reason)
    if len(sources) > MOST_SOURCES:
        reason += f"The maximum number of source queue ARNs you can specify is {MOST_SOURCES}."
        raise invalid(text, name, reason)
    return {"redrive_permission": permission, "source_queue_arns": sources}


def _map(text: str, refusal: str) -> dict:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidAttributeValue(refusal)
    return value


READERS: dict[str, Callable[[str, str, bool], Fields]] = {
    "FifoQueue": _read_fifo_queue,
    "ContentBasedDeduplication": _read_content_based,
    "DeduplicationScope": _read_choice,
    "FifoThroughputLimit": _read_choice,
    "SqsManagedSseEnabled": _read_sse,
    "KmsMasterKeyId": _read_key,
    "Policy": _read_policy,
    "RedrivePolicy": _read_redrive_policy,
    "RedriveAllowPolicy": _read_redrive_allow_policy,
}


def _only_fifo(write: Callable[[Queue], str]) -> Callable[[Queue], str | None]:
    return lambda queue: write(queue) if queue.fifo_queue else None


def _only_kms(write: Callable[[Queue], str]) -> Callable[[Queue], str | None]:
    return lambda queue: write(queue) if queue.kms_master_key_id else None


def _word(value: bool) -> str:
    return "true" if value else "false"


ATTRIBUTES: dict[str, Callable[[Queue], str | None]] = {
    "QueueArn": lambda queue: queue.arn,
    "CreatedTimestamp": lambda queue: str(int(queue.created)),
    "LastModifiedTimestamp": lambda queue: str(int(queue.modified)),
    "VisibilityTimeout": lambda queue: str(queue.visibility_timeout),
    "MaximumMessageSize": lambda queue: str(queue.maximum_message_size),
    "MessageRetentionPeriod": lambda queue: str(queue.message_retention_period),
    "DelaySeconds": lambda queue: str(queue.delay_seconds),
    "ReceiveMessageWaitTimeSeconds": lambda queue: str(queue.receive_message_wait_time_seconds),
    "SqsManagedSseEnabled": lambda queue: _word(queue.sqs_managed_sse_enabled),
    "FifoQueue": _only_fifo(lambda queue: "true"),
    "ContentBasedDeduplication": _only_fifo(lambda queue: _word(queue.content_based_deduplication)),
    "DeduplicationScope": _only_fifo(lambda queue: queue.deduplication_scope),
    "FifoThroughputLimit": _only_fifo(lambda queue: queue.fifo_throughput_limit),
    "KmsMasterKeyId": lambda queue: queue.kms_master_key_id,
    "KmsDataKeyReusePeriodSeconds": _only_kms(lambda queue: str(queue.kms_data_key_reuse_period_seconds)),
    "Policy": lambda queue: queue.policy,
    "RedrivePolicy": redrive_policy,
    "RedriveAllowPolicy": _redrive_allow_policy,
}
