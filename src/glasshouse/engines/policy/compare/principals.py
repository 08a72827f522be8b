"""The cells of principals: one of each kind that the Principal elements of some rules tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..principals import Grant, Principal
from .rules import Rule

_ROLE = re.compile(r"arn:[^:]+:iam::([0-9]{12}):role/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:[^:]+:sts::([0-9]{12}):assumed-role/([^/]+)/.+")
_FEDERATED = re.compile(r"arn:[^:]+:sts::([0-9]{12}):federated-user/(.+)")


def unused_account(names: Sequence[str]) -> str:
    """An account of which none of some names speaks."""
    candidates = (str(number) for number in range(999999999999, 0, -1))
    return next(account for account in candidates if not any(account in name for name in names))


def strangers(names: Sequence[str]) -> list[Principal]:
    """Principals that nobody named: anybody, of an account of their own, and a service acting for them."""
    account = unused_account(names)
    return [
        Principal.anonymous(),
        Principal.root(account),
        Principal.user(f"arn:aws:iam::{account}:user/stranger"),
        Principal.role_session(f"arn:aws:sts::{account}:assumed-role/stranger/session"),
        Principal.service("stranger.amazonaws.com"),
    ]


def names_in(rules: Sequence[Rule]) -> list[str]:
    """The names in the rules, each with its kind before it."""
    return sorted({name for rule in rules if rule.principals for name in rule.principals.names})


def principals_of(rules: Sequence[Rule]) -> list[Principal]:
    """Named principals, others of their accounts, and strangers."""
    names = names_in(rules)
    found = [*strangers(names), Principal.federated("stranger.example")]
    values = [name.partition(":")[2] for name in names if name.startswith("AWS:")]
    canonical = [None, *(name.partition(":")[2] for name in names if name.startswith("CanonicalUser:"))]
    accounts = sorted({account for value in values for account in re.findall(r"(?<![0-9])[0-9]{12}(?![0-9])", value)})
    for identity in canonical:
        for account in [*accounts, unused_account(names)]:
            found += _of_account(account, values, identity)
    found += [Principal.service(name.partition(":")[2]) for name in names if name.startswith("Service:")]
    found += [Principal.federated(name.partition(":")[2]) for name in names if name.startswith("Federated:")]
    return found


def _of_account(account: str, values: list[str], canonical: str | None) -> Iterator[Principal]:
    yield Principal.root(account, canonical_id=canonical)
    unnamed_user = f"arn:aws:iam::{account}:user/somebody-else"
    unnamed_session = f"arn:aws:sts::{account}:assumed-role/something-else/session"
    identities = [None, *(value for value in values if value.startswith(("AIDA", "AROA")))]
    mine = [value for value in values if f":{account}:" in value]
    for identity in identities:
        for arn in [unnamed_user, *(value for value in mine if ":user/" in value)]:
            yield Principal.user(arn, identity, canonical)
        for session, role in [(unnamed_session, None), *_sessions(account, mine)]:
            yield Principal.role_session(session, role, identity, canonical)
    for arn in mine:
        if _FEDERATED.fullmatch(arn):
            for user in [unnamed_user, *(value for value in mine if ":user/" in value)]:
                yield Principal.federated_user(arn, user, canonical)


def _sessions(account: str, mine: list[str]) -> Iterator[tuple[str, str | None]]:
    """Sessions of named roles, named sessions, and both where they belong together."""
    roles = [(arn, match.group(2)) for arn in mine if (match := _ROLE.fullmatch(arn))]
    sessions = [(arn, match.group(2)) for arn in mine if (match := _SESSION.fullmatch(arn))]
    for role, name in roles:
        yield f"arn:aws:sts::{account}:assumed-role/{name}/another-session", role
        yield from ((session, role) for session, of in sessions if of == name)
    yield from ((session, None) for session, _ in sessions)


def principal_cells(rules: Sequence[Rule], principals: Sequence[Principal]) -> dict[int, Principal]:
    cells: dict[int, Principal] = {}
    for principal in principals:
        speaking = (rule.principals is None or rule.principals.grant(principal) is not Grant.NONE for rule in rules)
        cells.setdefault(sum(1 << at for at, speaks in enumerate(speaking) if speaks), principal)
    return cells
