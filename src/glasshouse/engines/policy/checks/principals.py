"""Checks of the Principal and NotPrincipal elements, and of conditions on service principals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..document import Node
from ..parse import PrincipalEntry, Statement
from .actions import is_wild
from .subject import Finding, PolicyKind, Subject

KINDS = ("AWS", "CanonicalUser", "Federated", "Service")
ELEMENTS = ("Principal", "NotPrincipal")
SOURCE_KEYS = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")

_ROLE_ID = re.compile(r"AROA[A-Z0-9]{12,}(:.*)?")
_USER_ID = re.compile(r"AIDA[A-Z0-9]{12,}")
_OF_PRINCIPALS = re.compile(
    r"aws:(principal(account|arn|orgid|orgpaths|type|tag/.*)|userid|username|tokenissuetime"
    r"|multifactorauth(age|present)|federatedprovider|assumedroot)"
)
_POOR_SOURCE_KEYS = frozenset({"aws:referer", "aws:sourceip", "aws:sourceowner", "aws:useragent"})


def entries(statement: Statement) -> Iterator[PrincipalEntry]:
    for name in ELEMENTS:
        yield from statement.principals(name)


def _elements(subject: Subject) -> Iterator[Node]:
    for statement in subject.statements:
        yield from (node for name in ELEMENTS if (node := statement.value(name)) is not None)


def invalid_principal_format(subject: Subject) -> Iterator[Finding]:
    for node in _elements(subject):
        if node.kind == "string" and node.text != "*" and "${" not in node.text:
            yield subject.finding("INVALID_PRINCIPAL_FORMAT", [node])


def invalid_principal_key(subject: Subject) -> Iterator[Finding]:
    for node in _elements(subject):
        for member in node.members:
            if member.name not in KINDS:
                yield subject.finding("INVALID_PRINCIPAL_KEY", [member.key], principal_key=member.name)


def empty_principal(subject: Subject) -> Iterator[Finding]:
    """An object without members, and an array without values."""
    for node in _elements(subject):
        if node.kind == "object" and not node.members:
            yield subject.finding("EMPTY_OBJECT_PRINCIPAL", [node])
        for value in (node, *(member.value for member in node.members)):
            if value.kind == "array" and not value.items:
                yield subject.finding("EMPTY_ARRAY_PRINCIPAL", [value])


def unsupported_wildcard_in_principal(subject: Subject) -> Iterator[Finding]:
    """Only the AWS key takes a star, and only a star alone."""
    for statement in subject.statements:
        for entry in entries(statement):
            text = entry.value.text if entry.value.kind == "string" else ""
            if entry.kind in KINDS and is_wild(text) and "${" not in text and (entry.kind, text) != ("AWS", "*"):
                yield subject.finding("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", [entry.value], principal_key=entry.kind)


def invalid_references(subject: Subject) -> Iterator[Finding]:
    """Roles and users named by their unique ids."""
    for statement in subject.statements:
        for entry in entries(statement):
            text = entry.value.text
            if entry.kind == "AWS" and _ROLE_ID.fullmatch(text):
                yield subject.finding("INVALID_ROLE_REFERENCE", [entry.value], roleid=text)
            if entry.kind == "AWS" and _USER_ID.fullmatch(text):
                yield subject.finding("INVALID_USER_REFERENCE", [entry.value], userid=text)


def allow_with_notprincipal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        if statement.allows and "NotPrincipal" in statement.elements and not subject.is_trust:
            place = statement.elements["NotPrincipal"].value
            yield subject.finding("ALLOW_WITH_NOTPRINCIPAL", [statement.elements["Effect"].value, place])


def federated_principal_not_supported(subject: Subject) -> Iterator[Finding]:
    if subject.is_trust or subject.kind is not PolicyKind.RESOURCE:
        return
    for statement in subject.statements:
        for entry in entries(statement):
            if entry.kind == "Federated":
                yield subject.finding("FEDERATED_PRINCIPAL_NOT_SUPPORTED", [entry.value])


def _services(statement: Statement) -> list[Node]:
    return [entry.value for entry in statement.principals() if entry.kind == "Service"]


def _only_services(statement: Statement) -> bool:
    found = list(statement.principals())
    return bool(found) and all(entry.kind == "Service" for entry in found)


def unsupported_condition_key_for_service_principal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        keys = [entry.key for entry in statement.conditions() if _OF_PRINCIPALS.fullmatch(entry.key.text.lower())]
        if keys and _only_services(statement):
            named = ", ".join(dict.fromkeys(key.text for key in keys))
            yield subject.finding(
                "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", [*keys, *_services(statement)], conditionKeys=named
            )


def service_principal_source(subject: Subject) -> Iterator[Finding]:
    """A service that acts for anybody: no condition on the source, or only a poor one.

    Role trust policies are left out: most services assume roles for nobody but their account.
    """
    if subject.is_trust or subject.kind is not PolicyKind.RESOURCE:
        return
    for statement in subject.statements:
        services = _services(statement)
        conditions = list(statement.conditions())
        keys = {entry.key.text.lower() for entry in conditions}
        if not statement.allows or not services or keys.intersection(SOURCE_KEYS):
            continue
        poor = [entry for entry in conditions if entry.key.text.lower() in _POOR_SOURCE_KEYS]
        if not poor:
            yield subject.finding("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", services)
        for entry in poor:
            prefix = services[0].text.partition(".")[0]
            yield subject.finding(
                "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
                [entry.key, *services],
                servicePrincipalPrefix=prefix,
                key=entry.key.text,
            )


CHECKS = (
    invalid_principal_format,
    invalid_principal_key,
    empty_principal,
    unsupported_wildcard_in_principal,
    invalid_references,
    allow_with_notprincipal,
    federated_principal_not_supported,
    unsupported_condition_key_for_service_principal,
    service_principal_source,
)
