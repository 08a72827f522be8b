"""Checks of grants that let others act: iam:PassRole and iam:CreateServiceLinkedRole on too much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Node
from ..parse import Statement
from .actions import grants, is_wild, names_action
from .subject import Finding, PolicyKind, Subject

_ALL_OF_IAM = re.compile(r"arn:[^:]*:(iam|\*):.*:(\*|role\*)")
_ROLE = re.compile(r"arn:[^:]*:iam:[^:]*:[^:]*:role/(?:aws-service-role/)?(.*)")


@dataclass(frozen=True, slots=True)
class Power:
    """An action that is dangerous on all resources; a key that narrows it to some services."""

    prefix: str
    action: str
    narrowing_key: str


POWERS = (
    Power("CREATE_SLR", "iam:createservicelinkedrole", "iam:awsservicename"),
    Power("PASS_ROLE", "iam:passrole", "iam:passedtoservice"),
)


def too_broad(subject: Subject) -> Iterator[Finding]:
    """The twelve checks: by an action, a wildcard or NotAction; on resources by a wildcard or by NotResource."""
    if subject.kind is not PolicyKind.IDENTITY:
        return
    for statement in subject.statements:
        for power in POWERS:
            if statement.allows and grants(statement, power.action):
                yield from _judge(subject, statement, power)


def _judge(subject: Subject, statement: Statement, power: Power) -> Iterator[Finding]:
    actions = _granting(statement, power)
    by_name = [node for node in actions if not is_wild(node.text)]
    not_resource = statement.value("NotResource")
    if not_resource is not None:
        yield from _find(subject, power, statement, actions, by_name, [not_resource], "NOTRESOURCE")
        return
    broad = [node for node in statement.strings("Resource") if _is_broad(node.text)]
    if broad and not _is_narrowed(statement, power):
        yield from _find(subject, power, statement, actions, by_name, broad, "RESOURCE")


def _granting(statement: Statement, power: Power) -> list[Node]:
    return [node for node in statement.strings("Action") if names_action(node.text.lower(), power.action)]


def _find(
    subject: Subject,
    power: Power,
    statement: Statement,
    actions: list[Node],
    by_name: list[Node],
    resources: list[Node],
    element: str,
) -> Iterator[Finding]:
    star = "STAR_IN_RESOURCE" if element == "RESOURCE" else element
    if not actions:
        code = "STAR_IN_RESOURCE_AND_NOTACTION" if element == "RESOURCE" else "NOTACTION_AND_NOTRESOURCE"
        place = statement.elements["NotAction"].value
        yield subject.finding(f"{power.prefix}_WITH_{code}", [place, *resources])
    elif by_name:
        yield subject.finding(f"{power.prefix}_WITH_{star}", [*by_name, *resources])
    else:
        yield subject.finding(f"{power.prefix}_WITH_STAR_IN_ACTION_AND_{element}", [*actions, *resources])


def _is_broad(text: str) -> bool:
    """Whether a resource is a star, or an ARN of roles whose names begin with one."""
    match = _ROLE.fullmatch(text)
    if match or text.startswith("arn:"):
        return bool(match and match.group(1).startswith(("*", "?"))) or bool(_ALL_OF_IAM.fullmatch(text))
    return is_wild(text)


def _is_narrowed(statement: Statement, power: Power) -> bool:
    for entry in statement.conditions():
        if entry.key.text.lower() == power.narrowing_key and "Not" not in entry.operator.base:
            return all(node.kind == "string" and not node.text.startswith("*") for node in entry.values)
    return False


CHECKS = (too_broad,)
