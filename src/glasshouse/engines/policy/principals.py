"""Who asks, and whether a Principal element names them.

A principal answers to several names: a role session to its own ARN, to its role's, and to its account's. How closely a
statement names it matters, because a grant to the account only delegates to the account's own policies, a grant to a
role is still limited by the session's boundary and session policies, and a grant to the very principal is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROOT = re.compile(r"arn:[^:]+:iam::([0-9]{12}):root")
_SESSION = re.compile(r"arn:([^:]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+")


class PrincipalKind(StrEnum):
    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "role session"
    FEDERATED_USER = "federated user"
    SERVICE = "service"
    FEDERATED = "federated"
    ANONYMOUS = "anonymous"


class Grant(IntEnum):
    """How closely a Principal element names a principal."""

    NONE = 0
    ACCOUNT = 1
    ENTITY = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """The principal of a request. Make one with the class methods."""

    kind: PrincipalKind
    arn: str
    account: str
    names: tuple[tuple[str, Grant], ...] = field(repr=False)

    @classmethod
    def root(cls, account: str, partition: str = "aws", canonical_id: str | None = None) -> Principal:
        names = [(name, Grant.DIRECT) for name, _ in _account_names(account, canonical_id)]
        return cls(PrincipalKind.ROOT, f"arn:{partition}:iam::{account}:root", account, tuple(names))

    @classmethod
    def user(cls, arn: str, unique_id: str | None = None, canonical_id: str | None = None) -> Principal:
        account = account_of(arn)
        own = _names("AWS", [arn, unique_id], Grant.DIRECT)
        return cls(PrincipalKind.USER, arn, account, (*own, *_account_names(account, canonical_id)))

    @classmethod
    def role_session(
        cls, arn: str, role_arn: str | None = None, unique_id: str | None = None, canonical_id: str | None = None
    ) -> Principal:
        """A session of a role; `unique_id` is the role's. Without `role_arn` the role has the path /."""
        account = account_of(arn)
        role = _names("AWS", [role_arn or role_of_session(arn), unique_id], Grant.ENTITY)
        names = (("AWS:" + arn, Grant.DIRECT), *role, *_account_names(account, canonical_id))
        return cls(PrincipalKind.ROLE_SESSION, arn, account, names)

    @classmethod
    def federated_user(cls, arn: str, user_arn: str, canonical_id: str | None = None) -> Principal:
        """A session from GetFederationToken, and the user that asked for it."""
        account = account_of(arn)
        own = (("AWS:" + arn, Grant.DIRECT), ("AWS:" + user_arn, Grant.ENTITY))
        return cls(PrincipalKind.FEDERATED_USER, arn, account, (*own, *_account_names(account, canonical_id)))

    @classmethod
    def service(cls, name: str, region: str | None = None) -> Principal:
        """A service, which policies may also name by region: `logs.eu-west-1.amazonaws.com` for one there."""
        names = [name] if region is None else [name, name.replace(".", f".{region}.", 1)]
        return cls(PrincipalKind.SERVICE, name, "", tuple(_names("Service", names, Grant.DIRECT)))

    @classmethod
    def federated(cls, *providers: str) -> Principal:
        """Someone known to a web identity or SAML provider, by all the names of the provider."""
        return cls(PrincipalKind.FEDERATED, providers[0], "", tuple(_names("Federated", providers, Grant.DIRECT)))

    @classmethod
    def anonymous(cls) -> Principal:
        return cls(PrincipalKind.ANONYMOUS, "anonymous", "", ())

    @property
    def has_identity(self) -> bool:
        """Whether there can be identity-based policies for this principal."""
        return self.account != ""


def _names(kind: str, values: Iterable[str | None], grant: Grant) -> list[tuple[str, Grant]]:
    return [(f"{kind}:{value}", grant) for value in values if value]


def _account_names(account: str, canonical_id: str | None) -> list[tuple[str, Grant]]:
    names = [("AWS:" + account, Grant.ACCOUNT)]
    if canonical_id:
        names.append(("CanonicalUser:" + canonical_id, Grant.ACCOUNT))
    return names


def account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) < 6:
        raise ValueError(f"not an ARN: {arn}")
    return parts[4]


def role_of_session(arn: str) -> str:
    match = _SESSION.fullmatch(arn)
    if not match:
        raise ValueError(f"not the ARN of an assumed role: {arn}")
    partition, account, role = match.groups()
    return f"arn:{partition}:iam::{account}:role/{role}"


def element_name(kind: str, value: str) -> str:
    """The name that an entry of a Principal element stands for; an account's root ARN is its account id."""
    if kind == "AWS" and (root := _ROOT.fullmatch(value)):
        return "AWS:" + root.group(1)
    return f"{kind}:{value}"


def is_account(value: str) -> bool:
    return bool(_ACCOUNT.fullmatch(value) or _ROOT.fullmatch(value))


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """A compiled Principal or NotPrincipal element.

    NotPrincipal in a Deny spares a principal only when all its levels are listed (the account, the role, the session),
    as AWS documents; in an Allow it grants to nobody who is listed on any level. Both err on the side of refusing.
    """

    everyone: bool
    names: frozenset[str]
    negated: bool
    denies: bool

    def grant(self, principal: Principal) -> Grant:
        if self.negated:
            return Grant.DIRECT if self._not_listed(principal) else Grant.NONE
        if self.everyone:
            return Grant.DIRECT
        for name, grant in principal.names:
            if name in self.names:
                return grant
        return Grant.NONE

    def _not_listed(self, principal: Principal) -> bool:
        if self.everyone:
            return False
        if not self.denies:
            return not any(name in self.names for name, _ in principal.names)
        levels = {grant for _, grant in principal.names}
        listed = {grant for name, grant in principal.names if name in self.names}
        return listed != levels or not levels


def compile_principals(entries: Iterable[tuple[str, str]], negated: bool, denies: bool) -> PrincipalElement:
    """`entries` are pairs of kind and value; a bare "*" has the kind ""."""
    listed = list(entries)
    everyone = any(value == "*" and kind in ("", "AWS") for kind, value in listed)
    names = frozenset(element_name(kind, value) for kind, value in listed)
    return PrincipalElement(everyone, names, negated, denies)
