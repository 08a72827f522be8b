"""Organizations: several accounts under one management account, in units, within control policies.

Service and resource control policies bind from the next call on: services/iam reads the records `standings`, which
say of each account where it stands, whenever the setting `organizations.revision` has moved (see `records.Standing`).
Accounts are made by a job, with the role through which the management account administers them.

Differs from AWS: an account makes no difference to the cloud until it is used, so any can be invited; removing one
asks for no means of payment; quotas are those AWS raises them to on demand; a closed account goes on answering; other
types of policies (tags, backups ...) and migrating to all features are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.organizations.accounts import Accounts
from glasshouse.services.organizations.delegation import Delegations
from glasshouse.services.organizations.errors import InvalidInputException
from glasshouse.services.organizations.handshakes import Handshakes
from glasshouse.services.organizations.policies import Policies
from glasshouse.services.organizations.records import (
    AccountRequest,
    Attachment,
    Delegation,
    Handshake,
    Member,
    Organization,
    Policy,
    Standing,
    Unit,
)
from glasshouse.services.organizations.structure import Structure


class InvalidPageToken(InvalidInputException):
    """Get the value for this parameter from the response to a previous call of the operation."""

    code = "InvalidInputException"

    def __init__(self, message: str | None = None):
        super().__init__("You specified an invalid value for nextToken.", Reason="INVALID_NEXT_TOKEN")


class Organizations(Structure, Accounts, Policies, Delegations, Handshakes, Service):
    name = "organizations"
    invalid_page_token = InvalidPageToken
    organizations = Table(Organization, key="management", scope="cloud")
    members = Table(Member, key="id", scope="cloud")
    standings = Table(Standing, key="account", scope="cloud")
    handshakes = Table(Handshake, key="id", scope="cloud")
    units = Table(Unit, key="id", scope="account")
    policies = Table(Policy, key="id", scope="account")
    attachments = Table(Attachment, key=("target_id", "policy_id"), scope="account")
    delegations = Table(Delegation, key=("account_id", "service_principal"), scope="account")
    requests = Table(AccountRequest, key="id", scope="account")

    def resource_arns(self, params: dict) -> list[str] | None:
        """The ARNs of units, roots, accounts and policies, which calls name by their ids alone."""
        member = self.members.get(self.call.account)
        organization = self.organizations.get(member.management) if member else None
        named = [value for name, value in params.items() if name.endswith("Id") and isinstance(value, str)]
        if organization is None or not named:
            return None
        return [arn for name in named if (arn := self._arn_named(organization, name))] or None

    def _arn_named(self, organization: Organization, name: str) -> str | None:
        kinds = {"r": "root", "ou": "ou", "h": "handshake"}
        prefix = name.partition("-")[0]
        if prefix == "p":
            policy = self.policies.within(account=organization.management).get(name)
            return policy.arn if policy else None
        kind = "account" if name.isdigit() else kinds.get(prefix)
        return organization.arn(kind, name) if kind else None
