"""External access: which principals outside of a zone of trust a resource's policies let in, and to what.

Every statement that allows, and every principal that it names, is a question to the policy engine: can this principal
do any of these actions, considering what all statements deny and which values of the conditions mean somebody trusted?
What cannot be told exactly counts as access.

Differs from AWS: AWS does not say how it writes conditions in a finding. Here a key has its values, separated by
commas; an operator other than "equals" or "like" stands before them. AWS services are not reported as external.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glasshouse.services.accessanalyzer.kinds import ALL_USERS, AUTHENTICATED_USERS, Resource

if TYPE_CHECKING:
    from glasshouse.engines.policy.service_data import Action

EVERYONE = {"AWS": "*"}
ACCOUNT_KEYS = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount")
ARN_KEYS = ("aws:principalarn", "aws:sourcearn")
ORGANIZATION_KEY = "aws:principalorgid"
PLAIN = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress", "Bool", "NumericEquals", "DateEquals")
ASSUME = {
    "AWS": ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"),
    "Federated": (
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ),
}
ACL_ACTIONS = {
    "READ": ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    "WRITE": ("s3:DeleteObject", "s3:PutObject"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}


@dataclass(frozen=True)
class Zone:
    """Who is trusted: accounts, and their organization if it is all of it that is trusted."""

    accounts: tuple[str, ...]
    organization: str | None = None
    canonical_ids: tuple[str, ...] = ()

    def trusts(self, kind: str, value: str) -> bool:
        if kind == "AWS":
            return value in self.accounts or any(f":{account}:" in value for account in self.accounts)
        return kind == "Service" or (kind == "CanonicalUser" and value in self.canonical_ids)


@dataclass
class Access:
    """What one external principal may do under one set of conditions."""

    principal: dict
    condition: dict
    source: str | None
    is_public: bool = False
    actions: set[str] = field(default_factory=set)

    @property
    def identity(self) -> str:
        return json.dumps([self.principal, self.condition, self.source], sort_keys=True)


def external_access(resource: Resource, zone: Zone) -> list[Access]:
    """Raises MalformedPolicy where a policy has no meaning."""
    found: dict[str, Access] = {}
    for access in (*_by_policies(resource, zone), *_by_acl(resource, zone), *_by_grants(resource, zone)):
        kept = found.setdefault(access.identity, access)
        kept.actions |= access.actions
        kept.is_public = kept.is_public or access.is_public
    return sorted(found.values(), key=lambda access: access.identity)


def _by_policies(resource: Resource, zone: Zone) -> Iterator[Access]:
    from glasshouse.engines.policy import compile_policy
    from glasshouse.engines.policy.compare import public_access

    for text in resource.policies:
        compile_policy(text)
        if resource.restricts_public and public_access(text).permitted:
            continue  # "restrict public buckets" lets only the bucket's own account use a policy that is public
        statements = _listed(json.loads(text)["Statement"])
        denying = [statement for statement in statements if statement["Effect"] == "Deny"]
        for statement in statements:
            if statement["Effect"] == "Allow":
                yield from _by_statement(resource, zone, statement, denying)


def _by_statement(resource: Resource, zone: Zone, statement: dict, denying: list[dict]) -> Iterator[Access]:
    for kind, value in _principals(statement):
        if zone.trusts(kind, value):
            continue
        narrowed = {name: part for name, part in statement.items() if name != "Sid"}
        if "NotPrincipal" not in statement:
            narrowed["Principal"] = "*" if value == "*" else {kind: [value]}
        actions = _permitted(resource, zone, narrowed, denying, kind)
        if actions:
            principal = EVERYONE if value == "*" else {kind: _account_or(value)}
            public = value == "*" and _is_public([narrowed, *denying])
            yield Access(principal, _conditions(statement), resource.source, public, actions)


def _is_public(statements: list[dict]) -> bool:
    from glasshouse.engines.policy.compare import public_access

    return public_access(_document(statements)).permitted


def _permitted(resource: Resource, zone: Zone, statement: dict, denying: list[dict], kind: str) -> set[str]:
    """The actions that the engine finds permitted, asked together where nothing is denied."""
    from glasshouse.engines.policy.compare import granted_access

    document = _document([statement, *denying, *_denials_of_trusted(statement, zone)])
    found: set[str] = set()
    for place, actions in _candidates(resource, statement, kind):
        for asked in [[action] for action in actions] if denying else [actions]:
            if granted_access(document, asked, [place]).permitted:
                found.update(asked)
    return found


def _candidates(resource: Resource, statement: dict, kind: str) -> Iterator[tuple[str, list[str]]]:
    """The actions that a statement speaks of, with the pattern of the ARNs that they are about."""
    from glasshouse.engines.policy import compile_policy

    speaks = compile_policy(_document([statement])).statements[0].actions
    if resource.type == "AWS::IAM::Role":
        found = [action for action in ASSUME.get(kind or "AWS", ()) if speaks.matches(action.lower())]
        if any(action.startswith("sts:AssumeRole") for action in found):
            yield resource.arn, found
        return
    for name, place in resource.places:
        found = [action.full_name for action in _actions_on(resource, name) if speaks.matches(action.full_name.lower())]
        if found:
            yield place, found


def _actions_on(resource: Resource, kind: str) -> "Iterator[Action]":
    """The actions on a kind of resource, by the service authorization reference."""
    from glasshouse.engines.policy.service_data import service_data

    service = service_data().service(resource.arn.split(":")[2])
    for name in service.action_names if service else ():
        action = service.action(name) if service else None
        if action and any(one.name.lower() == kind for one in action.resources):
            yield action


def _denials_of_trusted(statement: dict, zone: Zone) -> Iterator[dict]:
    """Statements that deny all requests of which a condition shows that they come from within the zone."""
    for operator, block in (statement.get("Condition") or {}).items():
        for key in block:
            name = key.lower()
            patterns = [f"arn:*:*:*:{account}:*" for account in zone.accounts]
            if name in ACCOUNT_KEYS:
                yield _denial("StringEquals", key, list(zone.accounts))
            elif name == ORGANIZATION_KEY and zone.organization:
                yield _denial("StringEquals", key, [zone.organization])
            elif name in ARN_KEYS:  # in the words of the condition: the engine compares conditions of one family
                yield _denial("ArnLike" if "Arn" in operator else "StringLike", key, patterns)


def _denial(operator: str, key: str, values: list[str]) -> dict:
    condition = {operator: {key: values}}
    return {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}


def _by_acl(resource: Resource, zone: Zone) -> Iterator[Access]:
    """A bucket's access control list: grants to other accounts and to groups."""
    for grant in resource.acl:
        uri, identity = grant["grantee"].get("uri"), grant["grantee"].get("id")
        public = uri in (ALL_USERS, AUTHENTICATED_USERS)
        if (public and resource.ignores_public_acls) or (uri and not public) or identity in zone.canonical_ids:
            continue
        permissions = ACL_ACTIONS if grant["permission"] == "FULL_CONTROL" else (grant["permission"],)
        actions = {action for permission in permissions for action in ACL_ACTIONS[permission]}
        principal = EVERYONE if public else {"CanonicalUser": identity}
        yield Access(principal, {}, "BUCKET_ACL", public, actions)


def _by_grants(resource: Resource, zone: Zone) -> Iterator[Access]:
    """The grants of a KMS key."""
    for grant in resource.grants:
        if zone.trusts("AWS", grant["grantee"]) or not grant["grantee"].startswith("arn:"):
            continue
        context = {f"kms:EncryptionContext:{key}": value for key, value in sorted(grant["context"].items())}
        actions = {f"kms:{operation}" for operation in grant["operations"]}
        yield Access({"AWS": grant["grantee"]}, context, None, False, actions)


def _principals(statement: dict) -> Iterator[tuple[str, str]]:
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


def _conditions(statement: dict) -> dict[str, str]:
    shown: dict[str, list[str]] = {}
    for operator, block in sorted((statement.get("Condition") or {}).items()):
        plain = operator.rpartition(":")[2].removesuffix("IfExists") in PLAIN
        for key, values in block.items():
            text = ",".join(_text(value) for value in _listed(values))
            shown.setdefault(key, []).append(text if plain else f"{operator} {text}")
    return {key: "; ".join(texts) for key, texts in sorted(shown.items())}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _document(statements: Iterable[dict]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
