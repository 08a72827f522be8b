"""What Organizations keeps. Everything of an organization lies in the scope of its management account."""

from dataclasses import dataclass, field

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


@dataclass
class Organization:
    """`policy_types` are those enabled on the root; `services` the trusted ones, with the time of their enabling."""

    management: str
    id: str
    feature_set: str
    root_id: str
    policy_types: list[str] = field(default_factory=list)
    services: dict[str, float] = field(default_factory=dict)
    partition: str = "aws"

    def arn(self, kind: str, *names: str) -> str:
        """Of something that belongs to this organization."""
        return "/".join([f"arn:{self.partition}:organizations::{self.management}:{kind}", self.id, *names])


@dataclass
class Unit:
    """An organizational unit; the path of its ids from the organization's down to its own."""

    id: str
    name: str
    parent: str
    arn: str
    path: str


@dataclass
class Member:
    """An account of an organization, and the root or unit that it is in."""

    id: str
    management: str
    organization: str
    parent: str
    arn: str
    email: str
    name: str
    joined_method: str
    joined_timestamp: float
    status: str = "ACTIVE"
    state: str = "ACTIVE"


@dataclass
class AccountRequest:
    """What has become of a CreateAccount."""

    id: str
    account_name: str
    email: str
    role_name: str
    requested_timestamp: float
    state: str = "IN_PROGRESS"
    tags: dict[str, str] = field(default_factory=dict)
    completed_timestamp: float | None = None
    account_id: str | None = None
    failure_reason: str | None = None


@dataclass
class Policy:
    id: str
    type: str
    arn: str
    name: str
    description: str
    content: str
    aws_managed: bool = False


@dataclass
class Attachment:
    """A policy on a root, a unit or an account."""

    target_id: str
    policy_id: str


@dataclass
class Delegation:
    """An account that administers a service for the organization."""

    account_id: str
    service_principal: str
    delegation_enabled_date: float


@dataclass
class Standing:
    """Where an account stands, for those who decide on access: written anew at each change of its organization.

    `path` is that of the condition key aws:PrincipalOrgPaths. The levels of control policies, root first, are lists of
    policy ids, whose texts are the records of `policies` in the management account's scope; there are none where no
    policy binds, which is so for the management account and for types that are not enabled.
    """

    account: str
    organization: str
    management: str
    path: str
    service_control: list[list[str]]
    resource_control: list[list[str]]


@dataclass
class Handshake:
    """An invitation of an account."""

    id: str
    arn: str
    management: str
    organization: str
    account: str
    requested_timestamp: float
    expiration_timestamp: float
    state: str = "OPEN"
    notes: str | None = None
