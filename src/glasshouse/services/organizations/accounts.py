"""The accounts of an organization: made, moved, closed and let go."""

from glasshouse.core import ServiceError, ids
from glasshouse.core.tags import from_list
from glasshouse.services.organizations.errors import (
    AccountAlreadyClosedException,
    AccountNotFoundException,
    ConstraintViolationException,
    CreateAccountStatusNotFoundException,
    DestinationParentNotFoundException,
    DuplicateAccountException,
    MasterCannotLeaveOrganizationException,
    ParentNotFoundException,
    SourceParentNotFoundException,
)
from glasshouse.services.organizations.records import AccountRequest, Member, Organization
from glasshouse.services.organizations.structure import PAGE

ACCESS_ROLE = "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNTS_AT_MOST = 10_000
CLOSING_DAYS = 90
DAY_S = 86_400


class Accounts:
    """The operations on accounts."""

    def create_account(
        self,
        email: str,
        account_name: str,
        role_name: str = ACCESS_ROLE,
        iam_user_access_to_billing: str = "ALLOW",
        tags: list | None = None,
    ):
        """Done when it is answered, where AWS tells of a request in progress.

        `iam_user_access_to_billing` has nothing to act on here: there are no bills.
        """
        organization = self._own()
        if len(self.members.keys()) >= ACCOUNTS_AT_MOST:
            raise ConstraintViolationException(
                "You have exceeded the allowed number of AWS accounts.", Reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED"
            )
        request = AccountRequest(
            "car-" + ids.token(32, ids.HEX), account_name, email, role_name, self.now, tags=from_list(tags)
        )
        self._make_account(organization, request)
        return {"CreateAccountStatus": request}

    def describe_create_account_status(self, create_account_request_id: str):
        organization = self._readable()
        request = self.requests.within(account=organization.management).get(create_account_request_id)
        if request is None:
            raise CreateAccountStatusNotFoundException()
        return {"CreateAccountStatus": request}

    def list_create_account_status(
        self, states: list | None = None, max_results: int = PAGE, next_token: str | None = None
    ):
        requests = self.requests.within(account=self._readable().management)
        page = requests.page(max_results, next_token, where=lambda request: not states or request.state in states)
        return {"CreateAccountStatuses": page.records, "NextToken": page.next_token}

    def list_accounts(self, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        page = self.members.page(max_results, next_token, where=lambda member: member.organization == organization.id)
        accounts = [self._account_shown(organization, member) for member in page.records]
        return {"Accounts": accounts, "NextToken": page.next_token}

    def list_accounts_for_parent(self, parent_id: str, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        self._path(organization, parent_id, ParentNotFoundException)
        page = self.members.page(max_results, next_token, where=lambda member: member.parent == parent_id)
        accounts = [self._account_shown(organization, member) for member in page.records]
        return {"Accounts": accounts, "NextToken": page.next_token}

    def describe_account(self, account_id: str):
        organization = self._readable()
        return {"Account": self._account_shown(organization, self._member(organization, account_id))}

    def move_account(self, account_id: str, source_parent_id: str, destination_parent_id: str):
        organization = self._own()
        member = self._member(organization, account_id)
        self._path(organization, source_parent_id, SourceParentNotFoundException)
        self._path(organization, destination_parent_id, DestinationParentNotFoundException)
        if member.parent == destination_parent_id:
            raise DuplicateAccountException()
        if member.parent != source_parent_id:
            raise SourceParentNotFoundException()
        member.parent = destination_parent_id
        self.members.put(member)
        self._changed(organization)

    def remove_account_from_organization(self, account_id: str):
        organization = self._own()
        self._dismiss(organization, self._member(organization, account_id))

    def leave_organization(self):
        organization = self._organization()
        self._dismiss(organization, self._member(organization, self.call.account))

    def close_account(self, account_id: str):
        """Closed at once and for good; AWS lets it be reopened for 90 days."""
        organization = self._own()
        member = self._member(organization, account_id)
        if account_id == organization.management:
            raise ConstraintViolationException(
                "You cannot close the management account.", Reason="CANNOT_CLOSE_MANAGEMENT_ACCOUNT"
            )
        if member.status != "ACTIVE":
            raise AccountAlreadyClosedException()
        member.status, member.state = "SUSPENDED", "CLOSED"
        self.members.put(member)
        self._changed(organization)
        self.later("_forget_account", after=CLOSING_DAYS * DAY_S, account=account_id, organization=organization.id)

    # Within

    def _make_account(self, organization: Organization, made: AccountRequest):
        made.completed_timestamp = self.now
        if any(member.email.lower() == made.email.lower() for member in self.members.list()):
            made.state, made.failure_reason = "FAILED", "EMAIL_ALREADY_EXISTS"
        else:
            made.state, made.account_id = "SUCCEEDED", self._new_account_id()
            self.cloud.mail.name_owner(made.account_id, made.email)
            member = self._admit(organization, made.account_id, made.email, made.account_name, "CREATED")
            self.cloud.tags.add(member.arn, made.tags)
            self._make_access_role(made)
            self._changed(organization)
        self.requests.put(made)
        self.state("CreateAccountResult", request=made.id, state=made.state, account=made.account_id)

    def _new_account_id(self) -> str:
        while True:
            account = ids.token(12, "0123456789")
            if account[0] != "0" and not self.members.get(account):
                return account

    def _make_access_role(self, made: AccountRequest):
        """The role by which the management account reaches the new one."""
        principal = f'{{"AWS":"arn:aws:iam::{self.call.account}:root"}}'
        trust = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
            f'"Principal":{principal},"Action":"sts:AssumeRole"}}]}}'
        )
        iam = self.aws(account=made.account_id).iam
        iam.create_role(RoleName=made.role_name, AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=made.role_name, PolicyArn=ADMINISTRATOR)

    def _admit(self, organization: Organization, account: str, email: str, name: str, method: str) -> Member:
        arn = organization.arn("account", account)
        member = Member(
            account, organization.management, organization.id, organization.root_id, arn, email, name, method, self.now
        )
        self.members.put(member)
        self._attach_full_access(organization, account)
        return member

    def _dismiss(self, organization: Organization, member: Member):
        if member.id == organization.management:
            raise MasterCannotLeaveOrganizationException()
        if any(self._delegations_of(organization).list(member.id)):
            raise ConstraintViolationException(
                "You must deregister the account as a delegated administrator before you remove it.",
                Reason="CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
            )
        self._forget(organization, member)

    def _forget_account(self, account: str, organization: str):
        found, member = self.organizations.get(self.call.account), self.members.get(account)
        if found and found.id == organization and member and member.organization == organization:
            self._forget(found, member)

    def _forget(self, organization: Organization, member: Member):
        attachments = self.attachments.within(account=organization.management)
        for attachment in list(attachments.list(member.id)):
            attachments.delete(attachment)
        self.cloud.tags.clear(member.arn)
        self.members.delete(member)
        self._changed(organization)

    def _member(
        self, organization: Organization, account: str, missing: type[ServiceError] = AccountNotFoundException
    ) -> Member:
        member = self._member_of(organization, account)
        if member is None:
            raise missing()
        return member

    def _account_shown(self, organization: Organization, member: Member) -> dict:
        path = self._path(organization, member.parent, ParentNotFoundException)
        return {**vars(member), "Paths": [f"{path}{member.id}/"]}
