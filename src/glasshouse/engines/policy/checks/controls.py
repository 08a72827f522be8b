"""Checks of the policies of an organization: service control policies and resource control policies.

Since September 2025 AWS Organizations takes SCPs in the whole language of IAM policies; the checks that say otherwise
(of Allow with conditions, resources or NotAction, of NotResource, of wildcards within an action) are those of before.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Node
from ..parse import Statement
from .subject import Finding, PolicyKind, Subject

RCP_SERVICES = frozenset(
    {"s3", "sts", "kms", "sqs", "secretsmanager", "cognito-identity", "cognito-idp", "logs", "dynamodb", "ecr"}
    | {"aoss"}
)


def scp_syntax(subject: Subject) -> Iterator[Finding]:
    if subject.kind is not PolicyKind.SERVICE_CONTROL:
        return
    for statement in subject.statements:
        for name in ("Principal", "NotPrincipal"):
            if name in statement.elements:
                yield subject.finding("SCP_SYNTAX_ERROR_PRINCIPAL", [statement.elements[name].value])
        if "NotResource" in statement.elements:
            yield subject.finding("SCP_SYNTAX_ERROR_NOTRESOURCE", [statement.elements["NotResource"].value])
        if statement.allows:
            yield from _scp_allow(subject, statement)


def _scp_allow(subject: Subject, statement: Statement) -> Iterator[Finding]:
    if "Condition" in statement.elements:
        yield subject.finding("SCP_SYNTAX_ERROR_ALLOW_CONDITION", [statement.elements["Condition"].value])
    if "NotAction" in statement.elements:
        yield subject.finding("SCP_SYNTAX_ERROR_ALLOW_NOTACTION", [statement.elements["NotAction"].value])
    limited = [node for node in statement.strings("Resource") if node.text != "*"]
    if limited:
        yield subject.finding("SCP_SYNTAX_ERROR_ALLOW_RESOURCE", limited)


def rcp_syntax(subject: Subject) -> Iterator[Finding]:
    if subject.kind is not PolicyKind.RESOURCE_CONTROL:
        return
    for statement in subject.statements:
        principals = [node for name in ("Principal", "NotPrincipal") if (node := statement.value(name)) is not None]
        unfit = [node for node in principals if node.step is None or not _is_everyone(node)]
        if "NotPrincipal" in statement.elements:
            unfit = [statement.elements["NotPrincipal"].value]
        if unfit:
            yield subject.finding("RCP_SYNTAX_ERROR_PRINCIPAL", unfit)
        if "NotAction" in statement.elements:
            yield subject.finding("RCP_SYNTAX_ERROR_NOTACTION", [statement.elements["NotAction"].value])
        yield from _rcp_actions(subject, statement)
        if statement.allows and not _allows_all(statement):
            yield subject.finding("RCP_SYNTAX_ERROR_ALLOW", [statement.node])


def _is_everyone(node: Node) -> bool:
    if node.kind == "string":
        return node.text == "*"
    return [member.name for member in node.members] == ["AWS"] and all(
        item.kind == "string" and item.text == "*" for item in node.members[0].value.listed()
    )


def _rcp_actions(subject: Subject, statement: Statement) -> Iterator[Finding]:
    for node in statement.strings("Action"):
        service = node.text.partition(":")[0].lower()
        if service not in RCP_SERVICES and not (node.text == "*" and statement.allows):
            yield subject.finding("RCP_SYNTAX_ERROR_ACTION", [node])


def _allows_all(statement: Statement) -> bool:
    resources = [node.text for node in statement.strings("Resource")]
    principal = statement.value("Principal")
    everyone = principal is not None and _is_everyone(principal)
    return resources == ["*"] and everyone and "Condition" not in statement.elements


CHECKS = (scp_syntax, rcp_syntax)
