"""External access: which principals outside of a zone of trust a resource's policy lets in, and to what.

Every statement that allows, and every principal that it names, is a question to `compare`: can this principal do any of
these actions, considering what all statements deny and which values of the conditions mean somebody trusted? What
cannot be told exactly counts as access. AWS services are not taken for outsiders.

AWS does not say how it writes the conditions of a finding. Here a key has its values, separated by commas; an operator
other than "equals" or "like" stands before them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .compare import granted_access, public_access
from .compile import compile_policy
from .service_data import Action, service_data

EVERYONE = {"AWS": "*"}
ROLE = "role"

Element = dict[str, Any]

_ACCOUNT_KEYS = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount")
_ARN_KEYS = ("aws:principalarn", "aws:sourcearn")
_ORGANIZATION_KEY = "aws:principalorgid"
_PLAIN = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "Bool", "NumericEquals", "DateEquals")
_BEGINNINGS = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_WITH_A_SESSION = ("sts:TagSession", "sts:SetSourceIdentity")
_ASSUME = {
    "AWS": ("sts:AssumeRole", *_WITH_A_SESSION, "sts:SetContext"),
    "Federated": ("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", *_WITH_A_SESSION),
}


@dataclass(frozen=True, slots=True)
class Zone:
    """Who is trusted: accounts, the organization if it is all of it, and the canonical ids of the accounts."""

    accounts: tuple[str, ...]
    organization: str | None = None
    canonical_ids: tuple[str, ...] = ()

    def trusts(self, kind: str, value: str) -> bool:
        if kind == "AWS":
            return value in self.accounts or any(f":{account}:" in value for account in self.accounts)
        return kind == "Service" or (kind == "CanonicalUser" and value in self.canonical_ids)


@dataclass(frozen=True, slots=True)
class Place:
    """What there is to be reached: its kind in the service authorization reference, and a pattern of ARNs.

    The kind `role` is a role as its trust policy sees it.
    """

    kind: str
    arn: str


@dataclass(frozen=True, slots=True)
class Outsider:
    """A principal that gets in by one statement, and the conditions under which it does."""

    principal: dict[str, str]
    condition: dict[str, str]
    actions: frozenset[str]
    is_public: bool


def outsiders(text: str, places: Sequence[Place], zone: Zone) -> Iterator[Outsider]:
    """Raises MalformedPolicy where a policy has no meaning."""
    compile_policy(text)
    statements = _listed(json.loads(text)["Statement"])
    denying = [statement for statement in statements if statement["Effect"] == "Deny"]
    for statement in statements:
        if statement["Effect"] == "Allow":
            yield from _by_statement(statement, denying, places, zone)


def _by_statement(
    statement: Element, denying: list[Element], places: Sequence[Place], zone: Zone
) -> Iterator[Outsider]:
    for kind, value in _principals(statement):
        if zone.trusts(kind, value):
            continue
        narrowed = {name: part for name, part in statement.items() if name != "Sid"}
        if "NotPrincipal" not in statement:
            narrowed["Principal"] = "*" if value == "*" else {kind: [value]}
        actions = frozenset(_permitted(narrowed, denying, places, zone, kind or "AWS"))
        if actions:
            principal = EVERYONE if value == "*" else {kind: _account_or(value)}
            public = value == "*" and public_access(_document([narrowed, *denying])).permitted
            yield Outsider(principal, _conditions(statement), actions, public)


def _permitted(
    statement: Element, denying: list[Element], places: Sequence[Place], zone: Zone, kind: str
) -> Iterator[str]:
    """The actions that are permitted. Of those that all statements treat alike one is asked for."""
    document = _document([statement, *denying, *_denials_of_trusted(statement, zone)])
    elements = [one.actions for one in compile_policy(_document([statement, *denying])).statements]
    for place in places:
        alike: dict[tuple[bool, ...], list[str]] = {}
        for action in _actions_on(place, kind):
            alike.setdefault(tuple(element.matches(action.lower()) for element in elements), []).append(action)
        spoken_of = [actions for matching, actions in alike.items() if matching[0]]
        if place.kind == ROLE and not any(action in _BEGINNINGS for actions in spoken_of for action in actions):
            continue  # a session is tagged, or given an identity, as it begins
        for actions in spoken_of:
            if granted_access(document, actions[:1], [place.arn]).permitted:
                yield from actions


def _actions_on(place: Place, kind: str) -> Iterable[str]:
    """The actions on a place by principals of a kind."""
    if place.kind == ROLE:
        return _ASSUME.get(kind, ())
    service = service_data().service(place.arn.split(":")[2])
    if service is None:
        return ()
    found = (service.action(name) for name in service.action_names)
    return [action.full_name for action in found if action is not None and _is_about(action, place)]


def _is_about(action: Action, place: Place) -> bool:
    return any(resource.name.lower() == place.kind for resource in action.resources)


def _denials_of_trusted(statement: Element, zone: Zone) -> Iterator[Element]:
    """Statements that deny all requests of which a condition shows that they come from within the zone."""
    patterns = [f"arn:*:*:*:{account}:*" for account in zone.accounts]
    for operator, block in (statement.get("Condition") or {}).items():
        for key in block:
            name = key.lower()
            if name in _ACCOUNT_KEYS:
                yield _denial("StringEquals", key, list(zone.accounts))
            elif name == _ORGANIZATION_KEY and zone.organization:
                yield _denial("StringEquals", key, [zone.organization])
            elif name in _ARN_KEYS:  # in the words of the condition: conditions of one family are compared exactly
                yield _denial("ArnLike" if "Arn" in operator else "StringLike", key, patterns)


def _denial(operator: str, key: str, values: list[str]) -> Element:
    condition = {operator: {key: values}}
    return {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}


def _principals(statement: Element) -> Iterator[tuple[str, str]]:
    """(kind, value); whoever is not listed in a NotPrincipal is everyone."""
    element = statement.get("Principal", "*")
    if element == "*":
        yield "", "*"
        return
    for kind, values in element.items():
        yield from ((kind, value) for value in _listed(values))


def _account_or(value: str) -> str:
    """An account's root stands for the account."""
    return value.split(":")[4] if value.startswith("arn:") and value.endswith(":root") else value


def _conditions(statement: Element) -> dict[str, str]:
    shown: dict[str, list[str]] = {}
    for operator, block in sorted((statement.get("Condition") or {}).items()):
        plain = operator.rpartition(":")[2].removesuffix("IfExists") in _PLAIN
        for key, values in block.items():
            text = ",".join(_text(value) for value in _listed(values))
            shown.setdefault(key, []).append(text if plain else f"{operator} {text}")
    return {key: "; ".join(texts) for key, texts in sorted(shown.items())}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _document(statements: Iterable[Element]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
