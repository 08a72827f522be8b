"""Invocations: what a schedule stands for is done, as its role, with retries and dead letters.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
Differs from AWS: the pauses between attempts double from one second to eight minutes, without jitter.
"""

import json
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.refusals import is_passing
from glasshouse.core.siblings import Siblings
from glasshouse.services.scheduler.records import Schedule
from glasshouse.services.scheduler.targets import UNIVERSAL, call_of
from glasshouse.services.scheduler.times import iso_time

LONGEST_PAUSE_S = 480


class Refused(ServiceError):
    """The target refused a part of what it was given."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.told = code

    @property
    def code(self) -> str:
        return self.told


class Invoking:
    """Jobs that invoke targets."""

    def _invoke(
        self, group: str, name: str, number: str, moment: float, execution: str, is_last: bool, attempt: int = 0,
        begun: float | None = None,
    ):  # fmt: skip
        schedule = self.schedules.get(group, name)
        if schedule is None or schedule.number != number:
            return
        begun = self.now if begun is None else begun
        self.metric("AWS/Scheduler", "InvocationAttemptCount", 1, "Count", {"ScheduleGroup": group})
        text = _input(schedule, moment, execution, attempt, self._notification(schedule, moment))
        try:
            with self.store.transaction():
                self._ask(schedule, text)
        except ServiceError as refusal:
            self.metric("AWS/Scheduler", "TargetErrorCount", 1, "Count", {"ScheduleGroup": group})
            policy = schedule.target["RetryPolicy"]
            pause = min(2**attempt, LONGEST_PAUSE_S)
            is_young = self.now + pause - begun <= policy["MaximumEventAgeInSeconds"]
            if is_passing(refusal) and attempt < policy["MaximumRetryAttempts"] and is_young:
                self.later(
                    "_invoke", after=pause, group=group, name=name, number=number, moment=moment, execution=execution,
                    is_last=is_last, attempt=attempt + 1, begun=begun,
                )  # fmt: skip
                return
            self._bury(schedule, text, refusal, attempt)
        if is_last and schedule.action_after_completion == "DELETE":
            self._remove(schedule)

    def _ask(self, schedule: Schedule, text: str):
        """Raises ServiceError."""
        try:
            asked = call_of(self.cloud, schedule.target, text)
        except ValueError as wrong:
            raise Refused("ValidationException", f"The input does not fit: {wrong}") from None
        there = self._reach(schedule, schedule.target["Arn"])
        result = getattr(getattr(there, asked.service), asked.method)(**asked.params)
        failed = [entry for entry in result.get("Entries") or () if isinstance(entry, dict) and "ErrorCode" in entry]
        if failed:
            raise Refused(failed[0]["ErrorCode"], failed[0].get("ErrorMessage", ""))

    def _reach(self, schedule: Schedule, arn: str) -> Siblings:
        """The services where a resource lies, as the role of the schedule."""
        region, account = (None, None) if UNIVERSAL.fullmatch(arn) else arn.split(":")[3:5]
        there = self.aws(account=account or None, region=region or None, source_arn=schedule.arn)
        return there.as_role(schedule.target["RoleArn"])

    def _bury(self, schedule: Schedule, text: str, refusal: ServiceError, retries: int):
        """Lay what could not be delivered into the dead-letter queue, if there is one."""
        dimensions = {"ScheduleGroup": schedule.group_name}
        queue = (schedule.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            self.metric("AWS/Scheduler", "InvocationDroppedCount", 1, "Count", dimensions)
            return
        told: dict[str, str | None] = {
            "ERROR_CODE": refusal.code, "ERROR_MESSAGE": refusal.message or refusal.code,
            "EXHAUSTED_RETRY_CONDITION": self._exhausted(schedule, refusal, retries), "RETRY_ATTEMPTS": str(retries),
            "SCHEDULE_ARN": schedule.arn, "TARGET_ARN": schedule.target["Arn"],
        }  # fmt: skip
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items() if value}
        account, name = queue.split(":")[4:6]
        url = f"https://sqs/{account}/{name}"
        try:
            with self.store.transaction():
                there = self._reach(schedule, queue)
                there.sqs.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)
            self.metric("AWS/Scheduler", "InvocationsSentToDeadLetterCount", 1, "Count", dimensions)
        except ServiceError:  # a queue that is not there, or refuses it: it is lost, as on AWS
            self.metric("AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", 1, "Count", dimensions)

    @staticmethod
    def _exhausted(schedule: Schedule, refusal: ServiceError, retries: int) -> str | None:
        if not is_passing(refusal):
            return None
        most = schedule.target["RetryPolicy"]["MaximumRetryAttempts"]
        return "MaximumRetryAttempts" if retries >= most else "MaximumEventAgeInSeconds"

    def _notification(self, schedule: Schedule, moment: float) -> dict[str, Any]:
        """What a target gets that no input was given for."""
        return {
            "version": "0", "id": self.call.request_id, "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": self.call.account, "time": iso_time(moment), "region": self.call.region,
            "resources": [schedule.arn], "detail": "{}",
        }  # fmt: skip


def _input(schedule: Schedule, moment: float, execution: str, attempt: int, otherwise: dict) -> str:
    """The input with its context attributes
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html)."""
    text = schedule.target.get("Input")
    if text is None:
        return "" if UNIVERSAL.fullmatch(schedule.target["Arn"]) else json.dumps(otherwise, separators=(",", ":"))
    for name, value in (
        ("schedule-arn", schedule.arn), ("scheduled-time", iso_time(moment)), ("execution-id", execution),
        ("attempt-number", str(attempt + 1)),
    ):  # fmt: skip
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
