"""The decision: may this principal do this to this resource, and because of which statement?

The order is AWS's ("Policy evaluation logic" in the IAM user guide): an explicit deny in any policy ends it; then
resource and service control policies and the VPC endpoint's must allow; then the resource-based policy is asked, and
whatever it does not grant by itself the identity-based policies must, within the permissions boundary and the session
policies. Across accounts both sides must allow. A resource-based policy of the same account that names the very session
or user (or everyone) grants past the implicit denies of boundary and session; one that names the role grants past the
identity-based policies only; one that names the account merely delegates to them.

Where AWS leaves open which of several denials is reported, the first in the order above is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .compile import CompiledPolicy, CompiledStatement
from .patterns import Context
from .principals import Grant, Principal, PrincipalKind


class PolicyType(StrEnum):
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"
    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ROLE_TRUST = "role trust policy"


class ResourceRule(StrEnum):
    """What the resource-based policy of a resource is to a request from the same account."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    """As for KMS keys and roles: the resource's own policy must allow, be it by delegating to the account."""
    DENIES_ONLY = "denies only"
    """Its allowing statements are not needed and not asked, only its denying ones (a role's self-trust of old)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question. `context` maps lower-cased condition keys to their values.

    `resource_account` is None where the resource has no account of its own; it then counts as the principal's.
    """

    principal: Principal
    action: str
    resource: str = "*"
    resource_account: str | None = None
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies that have a say. None for boundary, session or endpoint means that there is none, and no limit.

    Control policies come in levels (root, units, account), each of which must allow.
    """

    identity: Sequence[CompiledPolicy] = ()
    resource: Sequence[CompiledPolicy] = ()
    boundary: Sequence[CompiledPolicy] | None = None
    session: Sequence[CompiledPolicy] | None = None
    service_control: Sequence[Sequence[CompiledPolicy]] = ()
    resource_control: Sequence[Sequence[CompiledPolicy]] = ()
    endpoint: Sequence[CompiledPolicy] | None = None
    resource_rule: ResourceRule = ResourceRule.OPTIONAL
    resource_type: PolicyType = PolicyType.RESOURCE


@dataclass(frozen=True, slots=True)
class Decision:
    """`explicit` says of a refusal that a statement denies; `policy` and `statement` are those that decided.

    The root user of an account is allowed without any statement; a refusal for want of one names none.
    """

    allowed: bool
    policy_type: PolicyType
    explicit: bool = False
    policy: CompiledPolicy | None = None
    statement: CompiledStatement | None = None


Found = tuple[CompiledPolicy, CompiledStatement]
Typed = tuple[PolicyType, Sequence[CompiledPolicy]]


def decide(request: Request, policies: Policies) -> Decision:
    action = request.action.lower()
    limits = _limits(policies)
    denied = _denied(request, action, policies, limits)
    if denied is not None:
        return denied
    for policy_type, level in limits:
        if not _allowed(level, request, action):
            return Decision(False, policy_type)
    if not request.principal.has_identity:
        return _by_resource_alone(request, action, policies)
    if request.resource_account is None or request.resource_account == request.principal.account:
        return _within_account(request, action, policies)
    return _across_accounts(request, action, policies)


def _limits(policies: Policies) -> list[Typed]:
    limits: list[Typed] = []
    if policies.resource_control:
        limits += [(PolicyType.RESOURCE_CONTROL, level) for level in policies.resource_control]
    if policies.service_control:
        limits += [(PolicyType.SERVICE_CONTROL, level) for level in policies.service_control]
    if policies.endpoint is not None:
        limits.append((PolicyType.ENDPOINT, policies.endpoint))
    return limits


def _denied(request: Request, action: str, policies: Policies, limits: list[Typed]) -> Decision | None:
    for policy_type, several in (*limits, *_grants(policies)):
        found = _denying(several, request, action)
        if found is not None:
            return Decision(False, policy_type, True, *found)
    return None


def _grants(policies: Policies) -> list[Typed]:
    grants: list[Typed] = []
    if policies.resource:
        grants.append((policies.resource_type, policies.resource))
    if policies.identity:
        grants.append((PolicyType.IDENTITY, policies.identity))
    if policies.boundary is not None:
        grants.append((PolicyType.BOUNDARY, policies.boundary))
    if policies.session is not None:
        grants.append((PolicyType.SESSION, policies.session))
    return grants


def _denying(policies: Sequence[CompiledPolicy], request: Request, action: str) -> Found | None:
    for policy in policies:
        for statement in policy.relevant(action).denies:
            if _names(statement, request.principal) and statement.covers(request.resource, request.context):
                return policy, statement
    return None


def _allowed(policies: Sequence[CompiledPolicy], request: Request, action: str) -> Found | None:
    for policy in policies:
        for statement in policy.relevant(action).allows:
            if _names(statement, request.principal) and statement.covers(request.resource, request.context):
                return policy, statement
    return None


def _names(statement: CompiledStatement, principal: Principal) -> bool:
    return statement.principals is None or statement.principals.grant(principal) is not Grant.NONE


def _granted(request: Request, action: str, policies: Policies) -> tuple[Grant, Found | None]:
    """The closest grant that the resource-based policies make."""
    best, by = Grant.NONE, None
    for policy in policies.resource:
        for statement in policy.relevant(action).allows:
            grant = statement.principals.grant(request.principal) if statement.principals else Grant.NONE
            if grant > best and statement.covers(request.resource, request.context):
                best, by = grant, (policy, statement)
        if best is Grant.DIRECT:
            break
    return best, by


def _by_resource_alone(request: Request, action: str, policies: Policies) -> Decision:
    _, by = _granted(request, action, policies)
    return Decision(True, policies.resource_type, False, *by) if by else Decision(False, policies.resource_type)


def _within_account(request: Request, action: str, policies: Policies) -> Decision:
    grant, by = Grant.NONE, None
    if policies.resource and policies.resource_rule is not ResourceRule.DENIES_ONLY:
        grant, by = _granted(request, action, policies)
    if by is None and policies.resource_rule is ResourceRule.REQUIRED:
        return Decision(False, policies.resource_type)
    if by is not None and grant is Grant.DIRECT:
        return Decision(True, policies.resource_type, False, *by)
    if by is not None and grant is Grant.ENTITY:
        return _within_limits(request, action, policies) or Decision(True, policies.resource_type, False, *by)
    return _by_identity(request, action, policies)


def _across_accounts(request: Request, action: str, policies: Policies) -> Decision:
    decision = _by_identity(request, action, policies)
    if not decision.allowed:
        return decision
    _, by = _granted(request, action, policies)
    return Decision(True, policies.resource_type, False, *by) if by else Decision(False, policies.resource_type)


def _by_identity(request: Request, action: str, policies: Policies) -> Decision:
    if request.principal.kind is PrincipalKind.ROOT:
        return Decision(True, PolicyType.IDENTITY)
    found = _allowed(policies.identity, request, action)
    if found is None:
        return Decision(False, PolicyType.IDENTITY)
    return _within_limits(request, action, policies) or Decision(True, PolicyType.IDENTITY, False, *found)


def _within_limits(request: Request, action: str, policies: Policies) -> Decision | None:
    """The refusal for want of a statement in the permissions boundary or the session policies, if it is one."""
    if policies.boundary is not None and not _allowed(policies.boundary, request, action):
        return Decision(False, PolicyType.BOUNDARY)
    if policies.session is not None and not _allowed(policies.session, request, action):
        return Decision(False, PolicyType.SESSION)
    return None


def matching(policies: Sequence[CompiledPolicy], request: Request) -> list[Found]:
    """All statements that apply to a request, in order: what a simulator shows."""
    action = request.action.lower()
    return [
        (policy, statement)
        for policy in policies
        for statement in policy.statements
        if statement.actions.matches(action)
        and _names(statement, request.principal)
        and statement.covers(request.resource, request.context)
    ]
