"""Services that act for the whole organization, the accounts that administer them, and tags."""

from glasshouse.core.errors import NotSupported
from glasshouse.core.tags import from_list, to_list
from glasshouse.services.organizations.errors import (
    AccountAlreadyRegisteredException,
    AccountNotRegisteredException,
    ConstraintViolationException,
    InvalidInputException,
    PolicyTypeNotAvailableForOrganizationException,
    TargetNotFoundException,
)
from glasshouse.services.organizations.records import Delegation, Organization
from glasshouse.services.organizations.structure import PAGE

TAGS_AT_MOST = 50


class Delegations:
    """The operations on trusted services, delegated administrators and tags."""

    def enable_aws_service_access(self, service_principal: str):
        organization = self._own()
        if organization.feature_set != "ALL":
            raise ConstraintViolationException(
                "Your organization does not have all features enabled.", Reason="ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"
            )
        _require_service(service_principal)
        organization.services.setdefault(service_principal, self.now)
        self.organizations.put(organization)

    def disable_aws_service_access(self, service_principal: str):
        organization = self._own()
        _require_service(service_principal)
        organization.services.pop(service_principal, None)
        self.organizations.put(organization)

    def list_aws_service_access_for_organization(self, max_results: int = PAGE, next_token: str | None = None):
        services = sorted(self._readable().services.items())
        start = [name for name, _ in services].index(next_token) if next_token in dict(services) else 0
        shown = [{"ServicePrincipal": name, "DateEnabled": since} for name, since in services[start:]]
        more = shown[max_results]["ServicePrincipal"] if len(shown) > max_results else None
        return {"EnabledServicePrincipals": shown[:max_results], "NextToken": more}

    def register_delegated_administrator(self, account_id: str, service_principal: str):
        organization = self._own()
        if organization.feature_set != "ALL":
            raise PolicyTypeNotAvailableForOrganizationException()
        _require_service(service_principal)
        member = self._member(organization, account_id)
        if account_id == organization.management:
            raise ConstraintViolationException(
                "You cannot register master account/yourself as delegated administrator for your organization.",
                Reason="CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
            )
        if member.status != "ACTIVE":
            raise ConstraintViolationException(
                "You cannot register a suspended account as a delegated administrator.",
                Reason="CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
            )
        if self.delegations.get(account_id, service_principal):
            raise AccountAlreadyRegisteredException()
        self.delegations.put(Delegation(account_id, service_principal, self.now))

    def deregister_delegated_administrator(self, account_id: str, service_principal: str):
        organization = self._own()
        self._member(organization, account_id)
        delegation = self.delegations.get(account_id, service_principal)
        if delegation is None:
            raise AccountNotRegisteredException()
        self.delegations.delete(delegation)

    def list_delegated_administrators(
        self, service_principal: str | None = None, max_results: int = PAGE, next_token: str | None = None
    ):
        organization = self._readable()
        since: dict[str, float] = {}
        for delegation in self._delegations_of(organization).list():
            if service_principal in (None, delegation.service_principal):
                first = since.get(delegation.account_id, delegation.delegation_enabled_date)
                since[delegation.account_id] = min(first, delegation.delegation_enabled_date)
        page = self.members.page(max_results, next_token, where=lambda member: member.id in since)
        shown = [{**vars(member), "DelegationEnabledDate": since[member.id]} for member in page.records]
        return {"DelegatedAdministrators": shown, "NextToken": page.next_token}

    def list_delegated_services_for_account(
        self, account_id: str, max_results: int = PAGE, next_token: str | None = None
    ):
        organization = self._readable()
        self._member(organization, account_id)
        page = self._delegations_of(organization).page(max_results, next_token, account_id)
        if not page.records and not next_token:
            raise AccountNotRegisteredException()
        return {"DelegatedServices": page.records, "NextToken": page.next_token}

    # Tags

    def tag_resource(self, resource_id: str, tags: list):
        organization = self._own()
        arn = self._arn_of(organization, resource_id)
        keys = [tag["Key"] for tag in tags]
        if len(set(keys)) < len(keys):
            raise InvalidInputException("You have specified a duplicate tag key.", Reason="DUPLICATE_TAG_KEY")
        if any(key.lower().startswith("aws:") for key in keys):
            raise InvalidInputException(
                "System tags cannot be added, updated, or deleted.", Reason="INVALID_SYSTEM_TAGS_PARAMETER"
            )
        if len({**self.cloud.tags.of(arn), **from_list(tags)}) > TAGS_AT_MOST:
            raise ConstraintViolationException(
                "You have exceeded the number of tags allowed on this resource.", Reason="MAX_TAG_LIMIT_EXCEEDED"
            )
        self.cloud.tags.add(arn, from_list(tags))

    def untag_resource(self, resource_id: str, tag_keys: list):
        self.cloud.tags.remove(self._arn_of(self._own(), resource_id), tag_keys)

    def list_tags_for_resource(self, resource_id: str, next_token: str | None = None):
        return {"Tags": to_list(self.cloud.tags.of(self._arn_of(self._readable(), resource_id)))}

    def _arn_of(self, organization: Organization, resource_id: str) -> str:
        if resource_id.startswith("p-"):
            policy = self.policies.within(account=organization.management).get(resource_id)
            if policy is None:
                raise TargetNotFoundException()
            return policy.arn
        if resource_id.startswith(("rp-", "rt-")):
            raise NotSupported(f"Organizations has no {resource_id} here: resource policies are not supported yet")
        return self._target(organization, resource_id)["Arn"]


def _require_service(name: str):
    if "." not in name:
        raise InvalidInputException(
            "You specified an unrecognized service principal.", Reason="UNRECOGNIZED_SERVICE_PRINCIPAL"
        )
