"""Delivery: from a matched event to a target, with retries and dead letters.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html and eb-rule-dlq.html
Differs from AWS: the pauses between attempts double from one second to eight minutes, without jitter.
"""

import json

from glasshouse.core import ServiceError
from glasshouse.core.refusals import is_passing, kind_of
from glasshouse.services.events.errors import Undelivered
from glasshouse.services.events.inputs import input_of

MOST_ATTEMPTS, LONGEST_AGE_S = 185, 86_400
LONGEST_PAUSE_S = 480
# What a refusal is called by dead letters.
CODES = {
    "denied": "NO_PERMISSIONS", "absent": "NO_RESOURCE", "throttled": "THROTTLING", "failing": "INTERNAL_ERROR",
    "full": "RESOURCE_LIMIT_EXCEEDED", "wrong": "INVALID_PARAMETER",
}  # fmt: skip


class Delivering:
    """Jobs that give events to targets within the cloud. Each is tried again as a job of its own."""

    def _deliver(self, rule: str, target: dict, event: str, begun: float, trace: str | None = None, attempt: int = 0):
        self._note_attempt(rule, attempt)
        try:
            with self.store.transaction():
                self._hand_over(rule, target, json.loads(event), begun, trace)
        except Undelivered as failure:
            self._not_delivered("_deliver", failure, rule, target, event, begun, trace, attempt)
        except ServiceError as refusal:
            failure = diagnosis(refusal)
            if failure.code == "NO_PERMISSIONS" and self._is_gone(target):
                failure.code = "NO_RESOURCE"
            self._not_delivered("_deliver", failure, rule, target, event, begun, trace, attempt)

    def _hand_over(self, rule: str, target: dict, event: dict, begun: float, trace: str | None):
        arn = target["Arn"]
        if ":event-bus/" in arn:
            self._to_bus(rule, target, event, trace)
            return
        text = input_of(target, event, rule, begun)
        if arn.split(":")[2] == "execute-api":
            self._to_api(rule, target, text, event)
            return
        there = self._reach(rule, target)
        self._sender(arn)(there, target, text, event, trace)

    def _not_delivered(
        self, method: str, failure: Undelivered, rule: str, target: dict, event: str, begun: float,
        trace: str | None, attempt: int,
    ):  # fmt: skip
        """Try it again later, or give it up."""
        policy = target.get("RetryPolicy") or {}
        most = policy.get("MaximumRetryAttempts", MOST_ATTEMPTS)
        pause = failure.after or min(2**attempt, LONGEST_PAUSE_S)
        too_old = self.now + pause - begun > policy.get("MaximumEventAgeInSeconds", LONGEST_AGE_S)
        if failure.passing and attempt < most and not too_old:
            self.later(
                method, after=pause, rule=rule, target=target, event=event, begun=begun, trace=trace,
                attempt=attempt + 1,
            )  # fmt: skip
            return
        exhausted = None
        if failure.passing:
            exhausted = "MaximumRetryAttempts" if attempt >= most else "MaximumEventAgeInSeconds"
        self.metric("AWS/Events", "FailedInvocations", 1, "Count", {"RuleName": rule.rpartition("/")[2]})
        self._bury(failure, rule, target, event, attempt, exhausted)

    def _bury(self, failure: Undelivered, rule: str, target: dict, event: str, retries: int, exhausted: str | None):
        """Lay an event into the dead-letter queue of its target, if there is one."""
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        told = {
            "RULE_ARN": rule, "TARGET_ARN": target["Arn"], "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message or failure.code, "EXHAUSTED_RETRY_CONDITION": exhausted,
            "RETRY_ATTEMPTS": str(retries),
        }  # fmt: skip
        attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value is not None
        }
        dimensions = {"RuleName": rule.rpartition("/")[2]}
        try:
            with self.store.transaction():
                _, _, _, region, account, name = queue.split(":")
                there = self.aws(account=account, region=region).as_service(rule)
                there.sqs.send_message(
                    QueueUrl=f"https://sqs/{account}/{name}", MessageBody=event, MessageAttributes=attributes
                )
            self.metric("AWS/Events", "InvocationsSentToDlq", 1, "Count", dimensions)
        except ServiceError:  # a queue that is not there, or refuses it: the event is lost, as on AWS
            self.metric("AWS/Events", "InvocationsFailedToBeSentToDlq", 1, "Count", dimensions)

    def _note_attempt(self, rule: str, attempt: int):
        name = "RetryInvocationAttempts" if attempt else "Invocations"
        self.metric("AWS/Events", name, 1, "Count", {"RuleName": rule.rpartition("/")[2]})


def diagnosis(refusal: ServiceError) -> Undelivered:
    """Why a service refused an event, and whether that will pass."""
    return Undelivered(CODES[kind_of(refusal)], refusal.message, is_passing(refusal))
