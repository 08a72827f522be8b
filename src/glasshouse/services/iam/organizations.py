"""Where accounts stand in an organization, and the control policies that bind them there.

The service organizations writes a record for each account it has, `organizations.standings`, with the ids of the
policies on each level from the root down, and a new setting `organizations.revision` with every change. What is
compiled here holds for one revision; in a cloud without an organization a question costs the reading of that setting.
"""

from dataclasses import dataclass

from glasshouse.core.store import Store
from glasshouse.core.table import Rows, Table
from glasshouse.engines.policy import CompiledPolicy
from glasshouse.services.iam.identities import compiled

REVISION = "organizations.revision"
# "List of AWS services that support RCPs" (Organizations user guide), and what RCPs leave alone all the same.
RESOURCE_CONTROLLED = frozenset(
    {"s3", "sts", "kms", "sqs", "secretsmanager", "cognito-idp", "logs", "dynamodb", "ecr", "aoss"}
)
UNCONTROLLED = frozenset({"kms:RetireGrant"})
Levels = tuple[tuple[CompiledPolicy, ...], ...]


@dataclass(frozen=True)
class Standing:
    """Of the record that organizations writes, what a decision needs; see `records.Standing` there."""

    account: str
    organization: str
    management: str
    path: str
    service_control: list[list[str]]
    resource_control: list[list[str]]


@dataclass(frozen=True)
class ControlPolicy:
    """Of the record of a policy, what a decision needs."""

    id: str
    arn: str
    content: str


@dataclass(frozen=True, slots=True)
class Place:
    """An account's place in its organization, and the levels of policies over it, each of which must allow."""

    organization: str
    path: str
    service_control: Levels
    resource_control: Levels


STANDINGS = Table(Standing, key="account", scope="cloud")
POLICIES = Table(ControlPolicy, key="id", scope="account")


class Organizations:
    """Looks accounts up in the tables of the service organizations."""

    def __init__(self, store: Store):
        self._store = store
        self._revision = ""
        self._places: dict[str, Place | None] = {}

    def look(self) -> None:
        """Forget what was read before the last change; to be called once for each call that is decided."""
        revision = self._store.setting(REVISION, "")
        if revision != self._revision:
            self._revision = revision
            self._places.clear()

    def place_of(self, account: str | None) -> Place | None:
        """None for an account that belongs to no organization."""
        if not self._revision or account is None:
            return None
        if account not in self._places:
            self._places[account] = self._read(account)
        return self._places[account]

    def _read(self, account: str) -> Place | None:
        standing = Rows(STANDINGS, self._store, "organizations.standings", "", "").get(account)
        if standing is None:
            return None
        policies = Rows(POLICIES, self._store, "organizations.policies", standing.management, "")

        def levels(ids: list[list[str]]) -> Levels:
            found = [[policy for name in level if (policy := policies.get(name))] for level in ids]
            return tuple(tuple(compiled(policy.content, policy.arn) for policy in level) for level in found)

        return Place(
            standing.organization, standing.path, levels(standing.service_control), levels(standing.resource_control)
        )


def binds_resource(action: str) -> bool:
    """Whether resource control policies have a say in an action."""
    return action.partition(":")[0] in RESOURCE_CONTROLLED and action not in UNCONTROLLED
