"""Targets: where a rule sends its events.

Differs from AWS: targets that are services this cloud does not have are refused, not accepted and never reached.
"""

import re

from glasshouse.services.events.errors import LimitExceededException, NotSupported, ValidationException
from glasshouse.services.events.inputs import check_input
from glasshouse.services.events.records import DEFAULT, Target

MOST_TARGETS = 5
PAGE = 100
ARN = re.compile(r"arn:aws[\w-]*:([\w-]+):([\w-]*):(\d{12})?:(.+)")
BUS, DESTINATION = "event-bus/", "api-destination/"
# Service in the ARN -> the service of this cloud that must be there, and the parameters that only its targets have.
REACHED = {
    "events": ("events", ("HttpParameters",)),
    "execute-api": ("apigateway", ("HttpParameters",)),
    "firehose": ("firehose", ()),
    "kinesis": ("kinesis", ("KinesisParameters",)),
    "lambda": ("lambda", ()),
    "logs": ("logs", ()),
    "sns": ("sns", ()),
    "sqs": ("sqs", ("SqsParameters",)),
    "states": ("stepfunctions", ()),
}
SPECIAL = {name for _, names in REACHED.values() for name in names}
# What EventBridge can reach, but this cloud cannot.
UNREACHED = (
    "appsync", "batch", "codebuild", "codepipeline", "ecs", "glue", "inspector", "redshift",
    "redshift-serverless", "sagemaker", "ssm", "ssm-incidents",
)  # fmt: skip
BY_ROLE = ("kinesis", "firehose", "states")


class Targets:
    """The operations on targets."""

    def put_targets(self, rule: str, targets: list[dict], event_bus_name: str = DEFAULT):
        reached = [_check_form(target) for target in targets]
        owner = self._rule(event_bus_name, rule)
        self._check_managed(owner)
        for target, (service, resource) in zip(targets, reached, strict=True):
            self._check_target(target, service, resource)
        before = {target.id: target for target in self.targets.list(owner.event_bus_name, rule)}
        if len(before.keys() | {target["Id"] for target in targets}) > MOST_TARGETS:
            raise LimitExceededException()
        for target in targets:
            self.targets.put(Target(owner.event_bus_name, rule, target["Id"], target["Arn"], target))
        self._rules_changed(owner.event_bus_name)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def remove_targets(self, rule: str, ids: list[str], event_bus_name: str = DEFAULT, force: bool = False):
        owner = self._rule(event_bus_name, rule)
        self._check_managed(owner, force)
        failed = []
        for id in ids:
            target = self.targets.get(owner.event_bus_name, rule, id)
            if target is None:
                failed.append(_absent(rule, id))
            else:
                self.targets.delete(target)
        self._rules_changed(owner.event_bus_name)
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    def list_targets_by_rule(
        self, rule: str, event_bus_name: str = DEFAULT, next_token: str | None = None, limit: int = PAGE
    ):
        owner = self._rule(event_bus_name, rule)
        page = self.targets.page(limit, next_token, owner.event_bus_name, rule)
        return {"Targets": [target.body for target in page.records], "NextToken": page.next_token}

    # Within

    def _check_target(self, target: dict, service: str, resource: str):
        if service in UNREACHED:
            raise NotSupported(f"events: targets of {service} are not supported by Glasshouse yet")
        if service not in REACHED or (service == "events" and not resource.startswith((BUS, DESTINATION))):
            raise ValidationException(f"{service} is not a supported service for a target.")
        needed, allowed = REACHED[service]
        if needed not in self.cloud.services.names():
            raise NotSupported(f"events: targets of {service} are not supported by Glasshouse yet")
        _check_parameters(target, service, resource, allowed)
        check_input(target)


def _check_form(target: dict) -> tuple[str, str]:
    """The service and the resource that a target names; what is wrong with its form is told before all else."""
    arn = target["Arn"]
    found = ARN.fullmatch(arn)
    if not found:
        raise ValidationException(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    if found[1] == "sqs" and found[4].endswith(".fifo") and not target.get("SqsParameters"):
        raise ValidationException(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    return found[1], found[4]


def _check_parameters(target: dict, service: str, resource: str, allowed: tuple[str, ...]):
    id, arn = target["Id"], target["Arn"]
    for name in SPECIAL - set(allowed):
        if target.get(name) is not None:
            raise ValidationException(f"Parameter {name} is not valid for target{id}.")
    is_bus = service == "events" and resource.startswith(BUS)
    if (service in BY_ROLE or (service == "events" and not is_bus)) and not target.get("RoleArn"):
        raise ValidationException(f"RoleArn is required for target {arn}.")
    if is_bus and any(target.get(name) is not None for name in ("Input", "InputPath", "InputTransformer")):
        raise ValidationException(f"Input, InputPath and InputTransformer are not supported for target {id}.")
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    found = ARN.fullmatch(dead_letters or "")
    if dead_letters and not found:
        raise ValidationException(
            f"Parameter {dead_letters} is not valid. Reason: Provided Arn is not in correct format."
        )
    if found and found[1] != "sqs":
        raise ValidationException(f"Parameter {dead_letters} is not valid. Reason: Not an SQS queue.")
    if found and found[4].endswith(".fifo"):
        raise ValidationException(
            f"Parameter {dead_letters} is not valid. Reason: FIFO queues cannot be dead-letter queues of a target."
        )


def _absent(rule: str, id: str) -> dict:
    return {
        "TargetId": id, "ErrorCode": "ResourceNotFoundException",
        "ErrorMessage": f"Rule {rule} does not have target {id}.",
    }  # fmt: skip
