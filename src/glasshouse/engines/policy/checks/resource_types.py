"""Checks of resource policies against the type of resource that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..document import Node
from ..languages import overlap
from ..patterns import read_pieces
from .actions import action_nodes, is_wild
from .arns import resource_nodes
from .subject import TRUST, Finding, Subject


@dataclass(frozen=True, slots=True)
class Attachment:
    """A resource type: its name in findings, and what its policies may speak of."""

    name: str
    service: str
    types: frozenset[str]
    arns: tuple[str, ...]


ATTACHMENTS = {
    "AWS::S3::Bucket": Attachment("S3 Bucket", "s3", frozenset({"bucket", "object"}), ("arn:*:s3:::*",)),
    "AWS::S3::AccessPoint": Attachment(
        "S3 Access Point",
        "s3",
        frozenset({"accesspoint", "accesspointobject", "object"}),
        ("arn:*:s3:*:*:accesspoint/*",),
    ),
    "AWS::S3::MultiRegionAccessPoint": Attachment(
        "S3 Multi-Region Access Point",
        "s3",
        frozenset({"multiregionaccesspoint", "accesspoint", "accesspointobject", "object"}),
        ("arn:*:s3::*:accesspoint/*",),
    ),
    "AWS::S3ObjectLambda::AccessPoint": Attachment(
        "S3 Object Lambda Access Point",
        "s3-object-lambda",
        frozenset({"objectlambdaaccesspoint"}),
        ("arn:*:s3-object-lambda:*:*:accesspoint/*",),
    ),
    "AWS::DynamoDB::Table": Attachment(
        "DynamoDB Table", "dynamodb", frozenset({"table", "index"}), ("arn:*:dynamodb:*:*:table/*",)
    ),
}
RESOURCE_TYPE_NAMES = {**{key: kept.name for key, kept in ATTACHMENTS.items()}, TRUST: "IAM Role"}

TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)


def unsupported_action_in_policy(subject: Subject) -> Iterator[Finding]:
    if subject.resource_type == TRUST:
        yield from _unsupported_actions(subject, "IAM Role", list(TRUST_ACTIONS), "trust")
    attachment = ATTACHMENTS.get(subject.resource_type or "")
    if attachment:
        supported = _supported_actions(subject, attachment)
        yield from _unsupported_actions(subject, attachment.name, supported, "resource")


def _supported_actions(subject: Subject, attachment: Attachment) -> list[str]:
    service = subject.services.service(attachment.service)
    actions = [service.action(name) for name in service.action_names] if service else []
    return [
        action.full_name
        for action in actions
        if action and attachment.types.intersection(resource.name for resource in action.resources)
    ]


def _unsupported_actions(subject: Subject, name: str, supported: list[str], variant: str) -> Iterator[Finding]:
    lowered = {action.lower() for action in supported}
    for statement in subject.statements:
        for node in action_nodes(statement):
            if not _is_known(subject, node) or _is_supported(node.text.lower(), lowered):
                continue
            yield subject.finding("UNSUPPORTED_ACTION_IN_POLICY", [node], variant, action=node.text, resourceType=name)


def _is_known(subject: Subject, node: Node) -> bool:
    """What does not exist at all is reported as that."""
    prefix, colon, name = node.text.partition(":")
    services = subject.services.services_like(prefix)
    return not colon or any(service.actions_like(name) for service in services)


def _is_supported(text: str, supported: set[str]) -> bool:
    if not is_wild(text):
        return text in supported
    pattern = read_pieces(text, False)
    return any(overlap(pattern, read_pieces(action, False)) for action in supported)


def unsupported_resource_arn_in_policy(subject: Subject) -> Iterator[Finding]:
    attachment = ATTACHMENTS.get(subject.resource_type or "")
    if attachment is None:
        return
    patterns = [read_pieces(arn, False) for arn in attachment.arns]
    variant = "table" if attachment.service == "dynamodb" else "resource"
    for statement in subject.statements:
        for node in resource_nodes(statement):
            written = read_pieces(node.text, False)
            if node.text == "*" or not any(overlap(pattern, written) for pattern in patterns):
                yield subject.finding(
                    "UNSUPPORTED_RESOURCE_ARN_IN_POLICY", [node], variant, resourceType=attachment.name
                )


CHECKS = (unsupported_action_in_policy, unsupported_resource_arn_in_policy)
