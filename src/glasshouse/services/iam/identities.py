"""The policies that belong to a principal, compiled, and remembered until IAM changes something.

Every write to IAM's tables gives it a new revision (a setting in the store); what was compiled under another one is
read anew. Texts are compiled once, whoever carries them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from glasshouse.core.access import Principal
from glasshouse.core.store import Store
from glasshouse.core.table import Rows, Table
from glasshouse.engines import policy
from glasshouse.engines.policy import CompiledPolicy, compile_policy
from glasshouse.services.iam.records import Group, Identity, ManagedPolicy, Role, User

REVISION = "iam.revision"
REMEMBERED = 4096
AWS_MANAGED = "arn:aws:iam::aws:policy/"

USERS = Table(User, key="user_name", scope="account")
GROUPS = Table(Group, key="group_name", scope="account")
ROLES = Table(Role, key="role_name", scope="account")
POLICIES = Table(ManagedPolicy, key="arn", scope="account")


class Held:
    """What limits and allows a principal, and what it is known to allow."""

    def __init__(
        self,
        identity: tuple[CompiledPolicy, ...] = (),
        boundary: tuple[CompiledPolicy, ...] | None = None,
        session: tuple[CompiledPolicy, ...] | None = None,
        revoked_before: float | None = None,
    ):
        self.identity, self.boundary, self.session = identity, boundary, session
        self.revoked_before = revoked_before
        # Whether no statement looks at anything but the action and the resource.
        self.is_plain = not any(policy.context_keys for policy in (*identity, *(boundary or ()), *(session or ())))
        self.known: set[tuple] = set()  # actions that are allowed, for which resource, and what else that depends on

    def remember(self, asked: tuple):
        """Allowed for as long as this is what the principal holds, if it is plain."""
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known.add(asked)


NOTHING = Held()


class Identities:
    """Looks principals up in IAM's tables."""

    def __init__(self, store: Store):
        self._store = store
        self._held: dict[tuple[str, str], tuple[str, Held]] = {}

    def held_by(self, principal: Principal) -> Held:
        """The policies of a user, or of a session."""
        if principal.kind not in ("user", "role", "federated"):
            return NOTHING
        revision = self._store.setting(REVISION, "")
        key = (principal.arn, principal.user_id)
        known = self._held.get(key)
        if known is None or known[0] != revision:
            known = self._held[key] = (revision, self._read(principal))
        held = known[1]
        texts = principal.session.get("policies")
        return (
            held
            if texts is None
            else Held(held.identity, held.boundary, tuple(map(compiled, texts)), held.revoked_before)
        )

    def rows(self, table: Table, name: str, account: str) -> Rows:
        """One of IAM's tables, outside of a call to it."""
        return Rows(table, self._store, f"iam.{name}", account, "")

    def managed(self, arn: str) -> str | None:
        """The text of a managed policy, in whichever account it lies."""
        if arn.startswith(AWS_MANAGED):
            return aws_managed(arn.removeprefix(AWS_MANAGED))
        found = self.rows(POLICIES, "policies", arn.split(":")[4]).get(arn)
        return found.document if found else None

    def boundary_of(self, account: str, user_name: str | None, role_name: str | None) -> str | None:
        """The boundary of a user or a role, if there is one of that name and it has one."""
        user = self.rows(USERS, "users", account).get(user_name) if user_name else None
        role = self.rows(ROLES, "roles", account).get(role_name) if role_name else None
        entity = user or role
        return entity.boundary if entity else None

    def _read(self, principal: Principal) -> Held:
        user_name = principal.session.get("user_name") or principal.arn.rpartition("/")[2]
        if principal.kind == "role":
            role = self.rows(ROLES, "roles", principal.account).get(principal.session["role_name"])
            return self._of(role, [role], role.boundary, role.revoked_before) if role else NOTHING
        user = self.rows(USERS, "users", principal.account).get(user_name)
        if user is None:
            return NOTHING
        groups = self.rows(GROUPS, "groups", principal.account)
        members = [user, *(group for name in user.groups if (group := groups.get(name)))]
        return self._of(user, members, user.boundary, None)

    def _of(self, one: Identity, carriers: list[Identity], boundary: str | None, revoked: float | None) -> Held:
        policies = [
            compiled(text, f"{carrier.arn}#{name}") for carrier in carriers for name, text in carrier.inline.items()
        ]
        attached = [arn for carrier in carriers for arn in carrier.attached]
        policies += [compiled(text, arn) for arn in dict.fromkeys(attached) if (text := self.managed(arn)) is not None]
        limit = self.managed(boundary) if boundary else None
        return Held(tuple(policies), (compiled(limit, boundary),) if limit is not None else None, None, revoked)


@lru_cache(4096)
def compiled(text: str, name: str | None = None) -> CompiledPolicy:
    """A policy ready to be asked; IAM has refused before what cannot be compiled."""
    return compile_policy(text, name)


@dataclass(frozen=True, slots=True)
class AwsManaged:
    """One of AWS's own policies."""

    version_id: str
    created: float
    document: str


@cache
def aws_managed_policies() -> dict[str, AwsManaged]:
    """By path and name, such as `service-role/AWSLambdaBasicExecutionRole`."""
    lines = Path(__file__).with_name("managed_policies.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {name: AwsManaged(version, _moment(created), document) for name, version, created, document in rows}


def aws_managed(name: str) -> str | None:
    """The text of one of AWS's own policies, by its path and name."""
    found = aws_managed_policies().get(name)
    return found.document if found else None


def _moment(written: str) -> float:
    return datetime.fromisoformat(written).timestamp()


def engine_principal(principal: Principal, region: str | None = None) -> policy.Principal:
    """A principal in the terms of the policy engine; a service acts in a region."""
    kinds = policy.Principal
    session = principal.session
    match principal.kind:
        case "root":
            return kinds.root(principal.account)
        case "user":
            return kinds.user(principal.arn, principal.user_id)
        case "role":
            return kinds.role_session(principal.arn, session["role_arn"], principal.user_id.partition(":")[0])
        case "federated":
            return kinds.federated_user(principal.arn, session["user_arn"])
        case "service":
            return kinds.service(principal.arn, region)
        case "saml" | "web":
            return kinds.federated(*session["providers"])
    return kinds.anonymous()
