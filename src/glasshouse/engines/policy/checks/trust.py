"""Checks of role trust policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..document import Node
from ..parse import ConditionEntry, PrincipalEntry, Statement
from .actions import is_wild, names_action
from .subject import Finding, Subject

GITHUB = "token.actions.githubusercontent.com"

_DOMAIN = re.compile(r"([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}(/[^\s*?]*)?")
_SAML = re.compile(r"arn:[^:]+:iam::[0-9]{12}:saml-provider/.+")
_OIDC = re.compile(r"arn:[^:]+:iam::[0-9]{12}:oidc-provider/(.+)")
_ROLE = re.compile(r"arn:[^:]+:iam::([0-9]{12}):role/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:[^:]+:(?:sts|iam)::([0-9]{12}):assumed-role/([^/]+)/.+")
_REPOSITORY = re.compile(r"repo:[^*?:/]+/[^*?:]+:.*")
_ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"
_ANYWHERE_ACTIONS = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
_SETTING_ACTIONS = (
    (re.compile(r"aws:requesttag/.+|aws:tagkeys|sts:transitivetagkeys"), "sts:TagSession"),
    (re.compile(r"sts:sourceidentity"), "sts:SetSourceIdentity"),
    (re.compile(r"sts:requestcontext/.+|sts:requestcontextproviders"), "sts:SetContext"),
)


def notprincipal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        if "NotPrincipal" in statement.elements:
            place = statement.elements["NotPrincipal"].value
            yield subject.finding("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", [place])


def unsupported_wildcard_in_principal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        node = statement.value("Principal")
        if node is not None and node.kind == "string" and node.text == "*":
            yield subject.finding("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", [node])


def resource(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ("Resource", "NotResource"):
            if name in statement.elements:
                place = statement.elements[name].value
                yield subject.finding("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", [place])


def lists(statement: Statement, action: str) -> bool:
    return any(names_action(node.text.lower(), action.lower()) for node in statement.strings("Action"))


def missing_action_for_condition_key(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        actions = statement.value("Action")
        for entry, action in _set_by_actions(statement) if statement.allows and actions is not None else ():
            yield subject.finding(
                "MISSING_ACTION_FOR_CONDITION_KEY",
                [place for place in (actions, entry.value) if place],
                actionName=action,
                keyName=entry.key.text,
            )


def _set_by_actions(statement: Statement) -> Iterator[tuple[ConditionEntry, str]]:
    """Conditions on keys that an action sets which is not listed, with the action."""
    for entry in statement.conditions():
        for keys, action in _SETTING_ACTIONS:
            if keys.fullmatch(entry.key.text.lower()) and not lists(statement, action):
                yield entry, action


def federated(statement: Statement) -> list[PrincipalEntry]:
    return [entry for entry in statement.principals() if entry.kind == "Federated"]


def _is_saml(text: str) -> bool:
    return bool(_SAML.fullmatch(text))


def _oidc_provider(text: str) -> str | None:
    """The name of an OIDC provider, which begins its condition keys; None for other principals."""
    match = _OIDC.fullmatch(text)
    if match:
        return match.group(1)
    return text if _DOMAIN.fullmatch(text) else None


def invalid_federated_principal_syntax(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for entry in federated(statement):
            text = entry.value.text
            if not _is_saml(text) and _oidc_provider(text) is None and not is_wild(text) and "${" not in text:
                yield subject.finding("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", [entry.value])


def mismatched_action_for_principal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node in statement.strings("Action"):
            found = [entry.value for entry in statement.principals() if _mismatches(node.text.lower(), entry)]
            if found:
                yield subject.finding(
                    "MISMATCHED_ACTION_FOR_PRINCIPAL",
                    [node, *found],
                    actionName=node.text,
                    principalNames=", ".join(value.text for value in found),
                )


def _mismatches(action: str, entry: PrincipalEntry) -> bool:
    text = entry.value.text
    if not entry.kind:
        return False
    if action == "sts:assumerole":
        return entry.kind == "Federated"
    if action == "sts:assumerolewithsaml":
        return entry.kind != "Federated" or not _is_saml(text)
    if action == "sts:assumerolewithwebidentity":
        return entry.kind != "Federated" or _oidc_provider(text) is None
    return False


def missing_action_for_roles_anywhere(subject: Subject) -> Iterator[Finding]:
    """All statements together must grant the three actions."""
    trusting: list[tuple[Statement, Node]] = []
    for statement in subject.statements:
        named = [entry.value for entry in statement.principals() if entry.value.text == _ROLES_ANYWHERE]
        trusting += [(statement, node) for node in named if statement.allows]
    if trusting and not all(any(lists(statement, action) for statement, _ in trusting) for action in _ANYWHERE_ACTIONS):
        places = [place for statement, node in trusting for place in (statement.value("Action"), node) if place]
        yield subject.finding("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", places)


def _providers(statement: Statement) -> Iterator[tuple[Node, str]]:
    for entry in federated(statement):
        provider = _oidc_provider(entry.value.text)
        if provider is not None:
            yield entry.value, provider.lower()


def _keys(statement: Statement) -> set[str]:
    return {entry.key.text.lower() for entry in statement.conditions()}


def missing_condition_key_for_oidc_principal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node, provider in _providers(statement) if statement.allows else ():
            if not any(key.startswith(provider + ":") for key in _keys(statement)):
                yield subject.finding("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", [node])


def missing_github_repo_condition_key(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node, provider in _providers(statement) if statement.allows else ():
            if provider == GITHUB and f"{GITHUB}:sub" not in _keys(statement):
                yield subject.finding("MISSING_GITHUB_REPO_CONDITION_KEY", [node])


def specific_github_repo_and_branch(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        has_branch = f"{GITHUB}:ref" in _keys(statement)
        for entry in _on_subject(statement):
            loose = [node for node in entry.values if _is_loose(node, has_branch)]
            if loose:
                yield subject.finding("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", loose)


def _on_subject(statement: Statement) -> Iterator[ConditionEntry]:
    """The conditions of an allowing statement on the subject of GitHub's tokens."""
    for entry in statement.conditions() if statement.allows else ():
        if entry.key.text.lower() == f"{GITHUB}:sub":
            yield entry


def _is_loose(node: Node, has_branch: bool) -> bool:
    """A wildcard, unless it only stands for what another condition says."""
    text = node.text if node.kind == "string" else ""
    return is_wild(text) and not (has_branch and _REPOSITORY.fullmatch(text))


def redundant_principal(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        named = [entry.value for entry in statement.principals() if entry.kind == "AWS"]
        roles = {match.groups(): node for node in named if (match := _ROLE.fullmatch(node.text))}
        for node in named:
            session = _SESSION.fullmatch(node.text)
            parent = roles.get(session.groups()) if session else None
            if parent is not None:
                yield subject.finding(
                    "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY",
                    [node, parent],
                    redundant_principal=node.text,
                    parent_role=parent.text,
                )


def confirm_audience_claim_type(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for entry in statement.conditions():
            name = _audience(entry)
            if name and entry.operator.qualifier:
                yield subject.finding("CONFIRM_AUDIENCE_CLAIM_TYPE", [entry.key], key=name, audienceType="audience")


def _audience(entry: ConditionEntry) -> str | None:
    provider, _, name = entry.key.text.rpartition(":")
    return name if name in ("aud", "oaud") and provider.lower() != "saml" else None


CHECKS = (
    notprincipal,
    unsupported_wildcard_in_principal,
    resource,
    missing_action_for_condition_key,
    invalid_federated_principal_syntax,
    mismatched_action_for_principal,
    missing_action_for_roles_anywhere,
    missing_condition_key_for_oidc_principal,
    missing_github_repo_condition_key,
    specific_github_repo_and_branch,
    redundant_principal,
    confirm_audience_claim_type,
)
