"""Decisions on calls that policies have a say in: everything asked, the policies found, the refusal worded.

Differs from AWS: a refusal is decided before the resource is looked for, as most services of AWS do but not all.
"""

from functools import lru_cache
from typing import Any

from glasshouse.core.access import Principal
from glasshouse.core.cloud import Cloud
from glasshouse.core.errors import ServiceError
from glasshouse.core.service import Service
from glasshouse.engines.policy import (
    CompiledPolicy,
    Decision,
    Policies,
    PolicyType,
    Request,
    ResourceRule,
    access_denied,
    decide,
)
from glasshouse.services.iam.context import RequestContext
from glasshouse.services.iam.identities import Held, Identities, compiled, engine_principal
from glasshouse.services.iam.organizations import Levels, Organizations, binds_resource
from glasshouse.services.iam.requirements import ANYTHING, Needs, Requirement, table
from glasshouse.services.iam.uses import Uses

PASS_ROLE = Requirement("iam:PassRole", (), ())
PROVEN = ("saml", "web")
BY_SOURCE = frozenset({"aws:sourcearn", "aws:sourceaccount"})  # condition keys that Call.source_arn answers
SERVICE_LINKED = ":role/aws-service-role/"
Attached = list[tuple[str, CompiledPolicy]]  # the policies of resources, and the ARN that each speaks for


class Decisions:
    """Decides by the policies in IAM's tables and those that resources carry."""

    def __init__(self, cloud: Cloud):
        self._identities = Identities(cloud.store)
        self._organizations = Organizations(cloud.store)
        self._uses = Uses(cloud)
        self._needs: dict[Any, Needs] = {}

    def require(self, service: Service, operation, carries_policies: bool) -> None:
        """Raise what the service answers to those who may not."""
        call = service.call
        principal = call.principal
        if principal.kind in ("user", "role", "federated"):
            self._uses.note(call, operation, service.now)
        needs = self._needs.get(operation)
        if needs is None:
            needs = self._needs[operation] = Needs(operation)
        if (needs.proves_itself and principal.kind not in PROVEN) or not needs.always:
            return
        self._organizations.look()
        attached = service.resource_policies(call.params) if carries_policies else []
        owner = service.resource_account(call.params)
        if principal.is_root and not attached and owner in (None, principal.account):
            place = self._organizations.place_of(principal.account)
            if place is None or not (place.service_control or place.resource_control):
                return
        self._require(service, needs, attached, owner)

    def _require(self, service: Service, needs: Needs, attached: list, owner: str | None):
        call = service.call
        held = self._identities.held_by(call.principal)
        if held.revoked_before and call.principal.session.get("issued", 0) < held.revoked_before:
            held = Held()
        policies = [(place, compiled(text)) for place, text in attached]
        basis = self._basis(service, held, policies, owner)
        whole = None
        if basis is not None and type(service).resource_arns is Service.resource_arns:
            whole = needs.told_by(call)
            try:
                if whole is not None and (whole, basis) in held.known:
                    return
            except TypeError:
                whole = None
        known = [
            self._require_each(service, requirement, held, policies, owner, basis)
            for requirement in (*needs.always, *needs.further(call))
        ]
        for role in needs.passed_roles(call) if call.principal.kind not in ("root", "service") else ():
            self._check(service, PASS_ROLE.action, role, held, [], None)
        if whole is not None and all(known):
            held.remember((whole, basis))

    def _require_each(
        self,
        service: Service,
        requirement: Requirement,
        held: Held,
        policies: Attached,
        owner: str | None,
        basis: tuple | None,
    ) -> bool:
        """One action on each of its resources; whether that they are allowed is remembered."""
        call, all_known = service.call, basis is not None
        for arn in service.resource_arns(call.params) or requirement.resources(call):
            asked = (requirement.action, arn, basis)
            if basis is not None and asked in held.known:
                continue
            self._check(service, requirement.action, arn, held, policies, owner)
            if basis is not None and _account_of(arn) in (None, call.principal.account, owner):
                held.remember(asked)
            else:
                all_known = False
        return all_known

    def _basis(self, service: Service, held: Held, attached: Attached, owner: str | None) -> tuple | None:
        """What a decision depends on besides the action, the resource and what the principal holds, if that can be
        told: nothing where only the principal's own policies decide, and those look at nothing else."""
        call = service.call
        principal = call.principal
        if not held.is_plain or principal.kind in PROVEN or service.resource_rule(call.params) != "optional":
            return None
        if self._organizations.place_of(principal.account) or self._organizations.place_of(owner):
            return None
        if not attached:
            return () if owner in (None, principal.account) else None
        for _, policy in attached:
            if not policy.context_keys <= BY_SOURCE:
                return None
        return (principal.arn, principal.account, call.region, call.source_arn, owner, *attached)

    def _check(
        self,
        service: Service,
        action: str,
        arn: str,
        held: Held,
        attached: Attached,
        owner: str | None,
    ):
        principal = service.call.principal
        account = owner or _account_of(arn) or (principal.account if principal.kind != "anonymous" else None)
        policies = Policies(
            identity=held.identity,
            resource=[
                policy for place, policy in attached if arn.startswith(place.removesuffix("*")) or arn == ANYTHING
            ],
            boundary=held.boundary,
            session=held.session,
            service_control=self._service_control(principal),
            resource_control=self._resource_control(principal, action, account),
            resource_rule=ResourceRule(service.resource_rule(service.call.params)),
            resource_type=PolicyType.ROLE_TRUST if attached and service.name == "sts" else PolicyType.RESOURCE,
        )
        context = RequestContext(service, action, arn, account, self._organizations, self._identities)
        request = Request(engine_principal(principal, service.call.region), action, arn, account, context)
        decision = decide(request, policies)
        if not decision.allowed:
            raise refusal(service, action, arn, decision)

    def _service_control(self, principal: Principal) -> Levels:
        """Over whom a member account owns; never over the management account or service-linked roles."""
        if principal.kind in ("anonymous", *PROVEN) or _is_service_linked(principal):
            return ()
        place = self._organizations.place_of(principal.account)
        return place.service_control if place else ()

    def _resource_control(self, principal: Principal, action: str, owner: str | None) -> Levels:
        """Over what a member account owns, whoever asks."""
        if not binds_resource(action) or _is_service_linked(principal):
            return ()
        place = self._organizations.place_of(owner)
        return place.resource_control if place else ()


def _is_service_linked(principal: Principal) -> bool:
    return SERVICE_LINKED in principal.session.get("role_arn", "")


def refusal(service: Service, action: str, arn: str, decision: Decision) -> ServiceError:
    """The error, by the code the service uses for it."""
    principal = service.call.principal
    code, status = table()["refusals"].get(service.name) or _family_refusal(service)
    if principal.kind == "anonymous":
        return _refusal_class(code, status)("Access Denied")
    if principal.kind in PROVEN:
        return _refusal_class(code, status)(f"Not authorized to perform {action}")
    return _refusal_class(code, status)(access_denied(principal.arn, action, arn, decision))


def _family_refusal(service: Service) -> tuple[str, int]:
    """The query services say AccessDenied, those that came later AccessDeniedException."""
    protocols = service.cloud.model.protocols(service.name)
    if protocols[0] in ("query", "rest-xml"):
        return "AccessDenied", 403
    return "AccessDeniedException", 403 if protocols[0] == "rest-json" else 400


@lru_cache(64)
def _refusal_class(code: str, status: int) -> type[ServiceError]:
    return type(code, (ServiceError,), {"status": status, "__doc__": "Access Denied"})


def _account_of(arn: str) -> str | None:
    parts = arn.split(":", 5)
    return parts[4] or None if len(parts) == 6 else None
