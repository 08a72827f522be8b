"""Who is asking, and the question whether they may.

This module states the question. Until a service answers it (IAM), root and the cloud's own services pass and nobody
else does.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Protocol

import msgspec

from glasshouse.core.errors import AccessDenied
from glasshouse.core.seal import Seal
from glasshouse.core.store import Store

# "saml" and "web" are strangers whom an identity provider vouches for, while they ask for a role.
Kind = Literal["root", "user", "role", "federated", "service", "saml", "web", "anonymous"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS credential (
    access_key_id TEXT PRIMARY KEY, account TEXT NOT NULL, body BLOB NOT NULL, expires REAL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody: `arn` as in policies, `user_id` as in `aws:userid`; `session` holds what a session knows of itself."""

    kind: Kind
    account: str
    arn: str
    user_id: str
    session: dict = field(default_factory=dict)

    @property
    def is_root(self) -> bool:
        return self.kind == "root"


def root(account: str) -> Principal:
    return Principal("root", account, f"arn:aws:iam::{account}:root", account)


@lru_cache(1024)
def service_principal(name: str, account: str) -> Principal:
    """One of the cloud's services, such as `s3.amazonaws.com`, acting for an account."""
    return Principal("service", account, f"{name}.amazonaws.com", f"{name}.amazonaws.com")


ANONYMOUS = Principal("anonymous", "anonymous", "*", "anonymous")


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key: the secret that signs, whom it stands for and, if temporary, its token and end (epoch seconds)."""

    access_key_id: str
    secret_access_key: str
    principal: Principal
    session_token: str | None = None
    expires: float | None = None
    active: bool = True


class Credentials:
    """The access keys of the cloud, sealed at rest. Kept in memory once read; the store stays the truth."""

    def __init__(self, store: Store, seal: Seal):
        self._store, self._seal = store, seal
        self._known: dict[str, Credential] = {}
        store.add_schema(SCHEMA)

    def get(self, access_key_id: str) -> Credential | None:
        known = self._known.get(access_key_id)
        if known is not None:
            return known
        row = self._store.read("SELECT body FROM credential WHERE access_key_id = ?", (access_key_id,)).fetchone()
        if row is None:
            return None
        credential = msgspec.json.decode(self._seal.open(row[0]), type=Credential)
        self._known[access_key_id] = credential
        return credential

    def put(self, credential: Credential):
        """Insert or replace, within the transaction of the call."""
        sealed = self._seal.close(msgspec.json.encode(credential))
        row = (credential.access_key_id, credential.principal.account, sealed, credential.expires)
        self._store.write("REPLACE INTO credential VALUES (?, ?, ?, ?)", row)
        self._known.pop(credential.access_key_id, None)

    def delete(self, access_key_id: str):
        self._store.write("DELETE FROM credential WHERE access_key_id = ?", (access_key_id,))
        self._known.pop(access_key_id, None)

    def delete_expired(self, now: float):
        self._store.write("DELETE FROM credential WHERE expires < ?", (now,))
        self.forget()

    def forget(self):
        """Read everything anew from the store."""
        self._known.clear()


class Access(Protocol):
    """Answers the question for every performed call."""

    def authorize(self, service, operation) -> None:
        """Raise AccessDenied (or the code the service uses) unless `service.call` may be performed."""
        ...


class RootAndServices:
    """The answer until IAM gives a better one."""

    def authorize(self, service, operation) -> None:
        principal = service.call.principal
        if principal.kind not in ("root", "service"):
            action = f"{service.name}:{operation.name}"
            raise AccessDenied(f"User: {principal.arn} is not authorized to perform: {action}")
