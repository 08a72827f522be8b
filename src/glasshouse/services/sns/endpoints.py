"""Endpoints: what each protocol takes for one."""

import re
from collections.abc import Callable

from glasshouse.services.sns.errors import InvalidParameterException, invalid
from glasshouse.services.sns.records import Topic
from glasshouse.services.sns.sms import PHONE_NUMBER

CONFIRMED = ("http", "https", "email", "email-json")  # whoever receives there must agree first
ARNS = {"sqs": "sqs", "lambda": "lambda", "firehose": "firehose", "application": "sns"}
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
LONGEST = 2048


def check(protocol: str, endpoint: str, topic: Topic):
    """Raise what AWS raises for a protocol or endpoint that is none."""
    if protocol not in _CHECKS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic.is_fifo and protocol != "sqs":
        raise invalid(f"Protocol Reason: FIFO topics can not have subscribers by {protocol}")
    if not endpoint or len(endpoint) > LONGEST:
        raise invalid("Endpoint")
    _CHECKS[protocol](protocol, endpoint)
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.is_fifo:
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )


def account_of(protocol: str, endpoint: str) -> str | None:
    """The account an endpoint belongs to, if it is a resource of AWS."""
    return endpoint.split(":")[4] if protocol in ARNS else None


def _url(protocol: str, endpoint: str):
    if not endpoint.startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")


def _address(protocol: str, endpoint: str):
    if not ADDRESS.fullmatch(endpoint):
        raise invalid("Email address")


def _number(protocol: str, endpoint: str):
    if not PHONE_NUMBER.fullmatch(endpoint):
        raise InvalidParameterException(f"Invalid SMS endpoint: {endpoint}")


def _arn(protocol: str, endpoint: str):
    parts = endpoint.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != ARNS[protocol] or not all(parts[3:]):
        names = {"sqs": "SQS endpoint ARN", "lambda": "Lambda endpoint ARN", "firehose": "Firehose endpoint ARN"}
        raise invalid(names.get(protocol, f"Application endpoint arn invalid:{endpoint}"))


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "http": _url,
    "https": _url,
    "email": _address,
    "email-json": _address,
    "sms": _number,
    "sqs": _arn,
    "lambda": _arn,
    "firehose": _arn,
    "application": _arn,
}
