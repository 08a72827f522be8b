"""Service and resource control policies: written, attached, and where every account stands under them."""

import json

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.core.tags import from_list
from glasshouse.engines.policy import MalformedPolicy
from glasshouse.engines.policy.wellformed import Purpose, require_wellformed
from glasshouse.services.organizations.errors import (
    ConstraintViolationException,
    DuplicatePolicyAttachmentException,
    DuplicatePolicyException,
    InvalidInputException,
    MalformedPolicyDocumentException,
    ParentNotFoundException,
    PolicyInUseException,
    PolicyNotAttachedException,
    PolicyNotFoundException,
    PolicyTypeAlreadyEnabledException,
    PolicyTypeNotAvailableForOrganizationException,
    PolicyTypeNotEnabledException,
    RootNotFoundException,
    TargetNotFoundException,
)
from glasshouse.services.organizations.records import RCP, SCP, Attachment, Member, Organization, Policy, Standing
from glasshouse.services.organizations.structure import PAGE

UNKNOWN = "We can't find a policy with the PolicyId that you specified."
REVISION = "organizations.revision"
FULL_ACCESS = {SCP: "p-FullAWSAccess", RCP: "p-RCPFullAWSAccess"}
LONGEST = {SCP: 10_240, RCP: 5120}
ATTACHED_AT_MOST = {SCP: 10, RCP: 5}
POLICIES_AT_MOST = {SCP: 10_000, RCP: 1000}
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
AWS_POLICIES = (
    (SCP, "FullAWSAccess", "Allows access to every operation", ALLOW_ALL),
    (RCP, "RCPFullAWSAccess", "Allows access to every resource", {**ALLOW_ALL, "Principal": "*"}),
)


class Policies:
    """The operations on policies and their attachment."""

    def enable_policy_type(self, root_id: str, policy_type: str):
        organization = self._rooted(root_id)
        _require_done(policy_type)
        if organization.feature_set != "ALL":
            raise PolicyTypeNotAvailableForOrganizationException()
        if policy_type in organization.policy_types:
            raise PolicyTypeAlreadyEnabledException()
        organization.policy_types.append(policy_type)
        self.organizations.put(organization)
        for target in self._targets(organization):
            self.attachments.put(Attachment(target, FULL_ACCESS[policy_type]))
        self._changed(organization)
        return {"Root": self.list_roots()["Roots"][0]}

    def disable_policy_type(self, root_id: str, policy_type: str):
        """Everything of the type is detached, and is not attached again when the type is enabled anew."""
        organization = self._rooted(root_id)
        _require_done(policy_type)
        if policy_type not in organization.policy_types:
            raise PolicyTypeNotEnabledException()
        organization.policy_types.remove(policy_type)
        self.organizations.put(organization)
        for attachment in list(self.attachments.list()):
            if self._policy(organization, attachment.policy_id).type == policy_type:
                self.attachments.delete(attachment)
        self._changed(organization)
        return {"Root": self.list_roots()["Roots"][0]}

    def create_policy(self, content: str, description: str, name: str, type: str, tags: list | None = None):
        organization = self._own()
        _require_done(type)
        if organization.feature_set != "ALL":
            raise PolicyTypeNotAvailableForOrganizationException()
        self._refuse_policy_name(name, type)
        if len([policy for policy in self.policies.list() if policy.type == type]) >= POLICIES_AT_MOST[type]:
            raise ConstraintViolationException(
                "You have exceeded the maximum number of policies.", Reason="POLICY_NUMBER_LIMIT_EXCEEDED"
            )
        _check_content(content, type)
        policy_id = "p-" + ids.token(8, ids.LOWER)
        arn = organization.arn("policy", type.lower(), policy_id)
        policy = Policy(policy_id, type, arn, name, description, content)
        self.cloud.tags.add(arn, from_list(tags))
        self.policies.put(policy)
        return _shown(policy)

    def update_policy(
        self, policy_id: str, name: str | None = None, description: str | None = None, content: str | None = None
    ):
        organization = self._own()
        policy = self._policy(organization, policy_id, UNKNOWN)
        if policy.aws_managed:
            raise InvalidInputException("You cannot update an AWS managed policy.", Reason="IMMUTABLE_POLICY")
        if name is not None and name != policy.name:
            self._refuse_policy_name(name, policy.type)
            policy.name = name
        if content is not None:
            _check_content(content, policy.type)
            policy.content = content
        policy.description = policy.description if description is None else description
        self.policies.put(policy)
        self._changed(organization)
        return _shown(policy)

    def delete_policy(self, policy_id: str):
        policy = self._policy(self._own(), policy_id, UNKNOWN)
        if policy.aws_managed:
            raise InvalidInputException("You cannot delete an AWS managed policy.", Reason="IMMUTABLE_POLICY")
        if any(attachment.policy_id == policy_id for attachment in self.attachments.list()):
            raise PolicyInUseException()
        self.cloud.tags.clear(policy.arn)
        self.policies.delete(policy)

    def describe_policy(self, policy_id: str):
        return _shown(self._policy(self._readable(), policy_id))

    def list_policies(self, filter: str, max_results: int = PAGE, next_token: str | None = None):
        policies = self.policies.within(account=self._readable().management)
        page = policies.page(max_results, next_token, where=lambda policy: policy.type == filter)
        return {"Policies": page.records, "NextToken": page.next_token}

    def attach_policy(self, policy_id: str, target_id: str):
        organization = self._own()
        policy = self._policy(organization, policy_id)
        self._target(organization, target_id)
        if policy.type not in organization.policy_types:
            raise PolicyTypeNotEnabledException()
        attached = self._attached(organization, target_id, policy.type)
        if policy_id in attached:
            raise DuplicatePolicyAttachmentException()
        if len(attached) >= ATTACHED_AT_MOST[policy.type]:
            raise ConstraintViolationException(
                "You have attached the maximum number of policies to the specified target.",
                Reason="MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        self.attachments.put(Attachment(target_id, policy_id))
        self._changed(organization)

    def detach_policy(self, policy_id: str, target_id: str):
        organization = self._own()
        policy = self._policy(organization, policy_id)
        self._target(organization, target_id)
        attached = self._attached(organization, target_id, policy.type)
        if policy_id not in attached:
            raise PolicyNotAttachedException()
        if policy_id == FULL_ACCESS[RCP]:
            raise InvalidInputException("You cannot detach RCPFullAWSAccess.", Reason="NON_DETACHABLE_POLICY")
        if len(attached) == 1:
            raise ConstraintViolationException(
                "You cannot detach the last policy of this type from the target.",
                Reason="MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        self.attachments.delete(Attachment(target_id, policy_id))
        self._changed(organization)

    def list_policies_for_target(
        self, target_id: str, filter: str, max_results: int = PAGE, next_token: str | None = None
    ):
        organization = self._readable()
        self._target(organization, target_id)
        attached = self._attached(organization, target_id, filter)
        policies = self.policies.within(account=organization.management)
        page = policies.page(max_results, next_token, where=lambda policy: policy.id in attached)
        return {"Policies": page.records, "NextToken": page.next_token}

    def list_targets_for_policy(self, policy_id: str, max_results: int = PAGE, next_token: str | None = None):
        organization = self._readable()
        self._policy(organization, policy_id)
        attachments = self.attachments.within(account=organization.management)
        page = attachments.page(max_results, next_token, where=lambda attachment: attachment.policy_id == policy_id)
        targets = [self._target(organization, attachment.target_id) for attachment in page.records]
        return {"Targets": targets, "NextToken": page.next_token}

    def describe_effective_policy(self, policy_type: str, target_id: str | None = None):
        raise NotSupported(f"Effective policies of the type {policy_type} are not supported by Glasshouse yet")

    # Within

    def _rooted(self, root_id: str) -> Organization:
        organization = self._own()
        if root_id != organization.root_id:
            raise RootNotFoundException()
        return organization

    def _policy(self, organization: Organization, policy_id: str, unknown: str | None = None) -> Policy:
        policy = self.policies.within(account=organization.management).get(policy_id)
        if policy is None:
            raise PolicyNotFoundException(unknown)
        return policy

    def _refuse_policy_name(self, name: str, kind: str):
        if any(policy.name == name and policy.type == kind for policy in self.policies.list()):
            raise DuplicatePolicyException()

    def _target(self, organization: Organization, target_id: str) -> dict:
        """A root, unit or account, as ListTargetsForPolicy shows it."""
        if target_id == organization.root_id:
            return {**self._root_shown(organization), "TargetId": target_id, "Type": "ROOT"}
        unit = self._units_of(organization).get(target_id)
        found = unit or self._member_of(organization, target_id)
        if found is None:
            raise TargetNotFoundException()
        kind = "ORGANIZATIONAL_UNIT" if unit else "ACCOUNT"
        return {"TargetId": target_id, "Arn": found.arn, "Name": found.name, "Type": kind}

    def _targets(self, organization: Organization) -> list[str]:
        """Everything that policies can be attached to."""
        members = [member.id for member in self.members.list() if member.organization == organization.id]
        return [organization.root_id, *self._units_of(organization).keys(), *members]

    def _attached(self, organization: Organization, target_id: str, kind: str) -> list[str]:
        """The ids of the policies of a type on a target."""
        attachments = self.attachments.within(account=organization.management).list(target_id)
        policies = [self._policy(organization, attachment.policy_id) for attachment in attachments]
        return [policy.id for policy in policies if policy.type == kind]

    def _attach_full_access(self, organization: Organization, target_id: str):
        """What becomes part of the organization starts with no limits of its own."""
        attachments = self.attachments.within(account=organization.management)
        for kind in organization.policy_types:
            attachments.put(Attachment(target_id, FULL_ACCESS[kind]))

    def _add_aws_policies(self, organization: Organization):
        for kind, name, description, statement in AWS_POLICIES:
            content = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
            arn = f"arn:{organization.partition}:organizations::aws:policy/{kind.lower()}/{FULL_ACCESS[kind]}"
            self.policies.put(Policy(FULL_ACCESS[kind], kind, arn, name, description, content, aws_managed=True))

    # What those who decide on access read

    def _changed(self, organization: Organization):
        """State anew where each account stands, and that something changed."""
        for standing in list(self.standings.list()):
            if standing.organization == organization.id:
                self.standings.delete(standing)
        levels = {}
        for member in self.members.list():
            if member.organization == organization.id:
                self.standings.put(self._standing(organization, member, levels))
        # Unlike any before it, also after a reset or when a snapshot was loaded.
        self.store.keep_setting(REVISION, ids.uuid())

    def _standing(self, organization: Organization, member: Member, levels: dict) -> Standing:
        path = self._path(organization, member.parent, ParentNotFoundException)
        above = path.strip("/").split("/")[1:]

        def of_type(kind: str) -> list[list[str]]:
            if kind not in organization.policy_types or member.id == organization.management:
                return []
            for target in (*above, member.id):
                if (target, kind) not in levels:
                    levels[target, kind] = self._attached(organization, target, kind)
            return [levels[target, kind] for target in (*above, member.id)]

        return Standing(member.id, organization.id, organization.management, path, of_type(SCP), of_type(RCP))


def _require_done(kind: str):
    if kind not in FULL_ACCESS:
        raise NotSupported(f"Policies of the type {kind} are not supported by Glasshouse yet")


def _shown(policy: Policy) -> dict:
    return {"Policy": {"PolicySummary": policy, "Content": policy.content}}


def _check_content(content: str, kind: str):
    """Raises MalformedPolicyDocumentException for what is no policy of this type."""
    if len(content) > LONGEST[kind]:
        raise ConstraintViolationException(
            "You have exceeded the maximum policy size.", Reason="POLICY_CONTENT_LIMIT_EXCEEDED"
        )
    try:
        require_wellformed(content, Purpose.MANAGED if kind == SCP else Purpose.RESOURCE)
    except MalformedPolicy:
        raise MalformedPolicyDocumentException() from None
    if kind == RCP:
        _check_resource_control(json.loads(content))


def _check_resource_control(document: dict):
    """What RCPs have fewer of than other policies (Organizations user guide, "RCP syntax")."""
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", "*")
        everything = "*" in ([actions] if isinstance(actions, str) else actions)
        named = statement.get("Principal") not in ("*", {"AWS": "*"})
        if statement["Effect"] != "Deny" or named or everything or "NotPrincipal" in statement:
            raise MalformedPolicyDocumentException()
