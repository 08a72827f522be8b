"""The organization itself: its root, its units, and who is where."""

from glasshouse.core import ServiceError, ids
from glasshouse.core.call import partition
from glasshouse.core.tags import from_list
from glasshouse.services.organizations.errors import (
    AccessDeniedException,
    AlreadyInOrganizationException,
    AWSOrganizationsNotInUseException,
    ChildNotFoundException,
    ConstraintViolationException,
    DuplicateOrganizationalUnitException,
    OrganizationalUnitNotEmptyException,
    OrganizationalUnitNotFoundException,
    OrganizationNotEmptyException,
    ParentNotFoundException,
)
from glasshouse.services.organizations.records import Member, Organization, Unit

PAGE = 20
DEEPEST = 5  # levels of units below the root
UNITS_AT_MOST = 2000


class Structure:
    """The operations on the organization, its root and its units."""

    def create_organization(self, feature_set: str = "ALL"):
        account = self.call.account
        if self.members.get(account):
            raise AlreadyInOrganizationException()
        organization = Organization(
            account,
            "o-" + ids.token(10, ids.LOWER),
            feature_set,
            "r-" + ids.token(4, ids.LOWER),
            partition=partition(self.call.region),
        )
        self.organizations.put(organization)
        email = self.cloud.mail.owner(account)
        self._admit(organization, account, email, f"Account {account}", "INVITED")
        self._add_aws_policies(organization)
        self._changed(organization)
        return {"Organization": self._shown(organization)}

    def describe_organization(self):
        return {"Organization": self._shown(self._organization())}

    def delete_organization(self):
        organization = self._own()
        members = [member for member in self.members.list() if member.organization == organization.id]
        if len(members) > 1:
            raise OrganizationNotEmptyException()
        for rows in (self.units, self.policies, self.attachments, self.delegations, self.requests):
            for record in list(rows.list()):
                self.cloud.tags.clear(getattr(record, "arn", ""))
                rows.delete(record)
        self.members.delete(members[0])
        self.organizations.delete(organization)
        self._changed(organization)

    def list_roots(self, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        types = [{"Type": name, "Status": "ENABLED"} for name in organization.policy_types]
        return {"Roots": [self._root_shown(organization) | {"PolicyTypes": types}]}

    # Units

    def create_organizational_unit(self, parent_id: str, name: str, tags: list | None = None):
        organization = self._own()
        above = self._path(organization, parent_id, ParentNotFoundException)
        self._refuse_taken(parent_id, name)
        if above.count("/") - 2 >= DEEPEST:
            raise ConstraintViolationException(
                "You have exceeded the maximum depth of organizational units.", Reason="OU_DEPTH_LIMIT_EXCEEDED"
            )
        if len(self.units.keys()) >= UNITS_AT_MOST:
            raise ConstraintViolationException(
                "You have exceeded the maximum number of organizational units.", Reason="OU_NUMBER_LIMIT_EXCEEDED"
            )
        unit_id = f"ou-{organization.root_id[2:]}-{ids.token(8, ids.LOWER)}"
        unit = Unit(unit_id, name, parent_id, organization.arn("ou", unit_id), f"{above}{unit_id}/")
        self.cloud.tags.add(unit.arn, from_list(tags))
        self.units.put(unit)
        self._attach_full_access(organization, unit_id)
        self._changed(organization)
        return {"OrganizationalUnit": unit}

    def describe_organizational_unit(self, organizational_unit_id: str):
        return {"OrganizationalUnit": self._unit(self._readable(), organizational_unit_id)}

    def update_organizational_unit(self, organizational_unit_id: str, name: str | None = None):
        unit = self._unit(self._own(), organizational_unit_id)
        if name is not None and name != unit.name:
            self._refuse_taken(unit.parent, name)
            unit.name = name
            self.units.put(unit)
        return {"OrganizationalUnit": unit}

    def delete_organizational_unit(self, organizational_unit_id: str):
        organization = self._own()
        unit = self._unit(organization, organizational_unit_id)
        if self._accounts_in(organization, unit.id) or self._units_in(organization, unit.id):
            raise OrganizationalUnitNotEmptyException()
        for attachment in list(self.attachments.list(unit.id)):
            self.attachments.delete(attachment)
        self.cloud.tags.clear(unit.arn)
        self.units.delete(unit)

    def list_organizational_units_for_parent(
        self, parent_id: str, max_results: int = PAGE, next_token: str | None = None
    ):
        organization = self._readable()
        self._path(organization, parent_id, ParentNotFoundException)
        units = self.units.within(account=organization.management)
        page = units.page(max_results, next_token, where=lambda unit: unit.parent == parent_id)
        return {"OrganizationalUnits": page.records, "NextToken": page.next_token}

    def list_parents(self, child_id: str, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        child = self._member_of(organization, child_id) or self._units_of(organization).get(child_id)
        if child is None:
            raise ChildNotFoundException()
        kind = "ROOT" if child.parent == organization.root_id else "ORGANIZATIONAL_UNIT"
        return {"Parents": [{"Id": child.parent, "Type": kind}]}

    def list_children(self, parent_id: str, child_type: str, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        self._path(organization, parent_id, ParentNotFoundException)
        rows = self.members if child_type == "ACCOUNT" else self._units_of(organization)
        page = rows.page(max_results, next_token, where=lambda child: child.parent == parent_id)
        return {
            "Children": [{"Id": child.id, "Type": child_type} for child in page.records],
            "NextToken": page.next_token,
        }

    # Lookups

    def _organization(self) -> Organization:
        """The one that the caller's account belongs to."""
        member = self.members.get(self.call.account)
        organization = self.organizations.get(member.management) if member else None
        if organization is None:
            raise AWSOrganizationsNotInUseException()
        return organization

    def _own(self) -> Organization:
        """For what the management account alone may do."""
        organization = self._organization()
        if organization.management != self.call.account:
            raise AccessDeniedException()
        return organization

    def _readable(self) -> Organization:
        """For what delegated administrators may see too, and the cloud's services."""
        organization = self._organization()
        own = self.call.account == organization.management or self.call.principal.kind == "service"
        if not own and not any(self._delegations_of(organization).list(self.call.account)):
            raise AccessDeniedException()
        return organization

    def _units_of(self, organization: Organization):
        return self.units.within(account=organization.management)

    def _delegations_of(self, organization: Organization):
        return self.delegations.within(account=organization.management)

    def _unit(self, organization: Organization, unit_id: str) -> Unit:
        unit = self._units_of(organization).get(unit_id)
        if unit is None:
            raise OrganizationalUnitNotFoundException()
        return unit

    def _member_of(self, organization: Organization, account: str) -> Member | None:
        member = self.members.get(account)
        return member if member and member.organization == organization.id else None

    def _path(self, organization: Organization, parent_id: str, missing: type[ServiceError]) -> str:
        """The path of a root or unit."""
        if parent_id == organization.root_id:
            return f"{organization.id}/{parent_id}/"
        unit = self._units_of(organization).get(parent_id)
        if unit is None:
            raise missing()
        return unit.path

    def _accounts_in(self, organization: Organization, parent_id: str) -> list[Member]:
        return [
            member
            for member in self.members.list()
            if member.organization == organization.id and member.parent == parent_id
        ]

    def _units_in(self, organization: Organization, parent_id: str) -> list[Unit]:
        return [unit for unit in self._units_of(organization).list() if unit.parent == parent_id]

    def _refuse_taken(self, parent_id: str, name: str):
        if any(unit.parent == parent_id and unit.name == name for unit in self.units.list()):
            raise DuplicateOrganizationalUnitException()

    @staticmethod
    def _root_shown(organization: Organization) -> dict:
        return {"Id": organization.root_id, "Arn": organization.arn("root", organization.root_id), "Name": "Root"}

    def _shown(self, organization: Organization) -> dict:
        management = self.members.get(organization.management)
        available = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
        return {
            **vars(organization),
            "Arn": organization.arn("organization"),
            "MasterAccountId": management.id,
            "MasterAccountArn": management.arn,
            "MasterAccountEmail": management.email,
            "AvailablePolicyTypes": available if organization.feature_set == "ALL" else [],
        }
