"""The policy simulator: what policies would decide, without asking anything of anyone."""

from dataclasses import dataclass

from glasshouse.engines.policy import (
    CompiledPolicy,
    Decision,
    MalformedPolicy,
    Policies,
    Principal,
    Request,
    compile_policy,
    decide,
    matching,
)
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import InvalidInput, NoSuchEntity, ValidationError
from glasshouse.services.iam.identities import AWS_MANAGED, compiled
from glasshouse.services.iam.organizations import Levels, Organizations
from glasshouse.services.iam.records import Group, Identity, Role, User

DECISIONS = {(True, False): "allowed", (False, True): "explicitDeny", (False, False): "implicitDeny"}
SOURCE_TYPES = {"user", "group", "role", "aws-managed", "user-managed", "resource"}

EVERYTHING = compiled(
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}', None
)


@dataclass(frozen=True)
class Scene:
    """Everything a simulation knows but for action and resource."""

    caller: Principal
    identity: list[CompiledPolicy]
    boundary: list[CompiledPolicy] | None
    resource: list[CompiledPolicy]
    owner: str
    context: dict[str, list[str]]
    control: Levels = ()

    def policies(self) -> Policies:
        return Policies(
            identity=self.identity, resource=self.resource, boundary=self.boundary, service_control=self.control
        )

    def everything(self) -> list[CompiledPolicy]:
        return [*self.identity, *self.resource, *(self.boundary or ())]


class Simulator:
    """The operations that simulate, and those that say which context keys policies look at."""

    def simulate_custom_policy(
        self,
        policy_input_list: list,
        action_names: list,
        permissions_boundary_policy_input_list: list | None = None,
        resource_arns: list | None = None,
        resource_policy: str | None = None,
        resource_owner: str | None = None,
        caller_arn: str | None = None,
        context_entries: list | None = None,
        max_items: int = PAGE,
        marker: str | None = None,
    ):
        if resource_policy and not caller_arn:
            raise InvalidInput("CallerArn is required when a ResourcePolicy is given.")
        caller = self._caller(caller_arn or f"arn:aws:iam::{self.call.account}:user/simulated")
        boundary = permissions_boundary_policy_input_list
        scene = Scene(
            caller, _inputs(policy_input_list, "PolicyInputList"),
            _inputs(boundary, "PermissionsBoundaryPolicyInputList") if boundary else None,
            _inputs([resource_policy], "ResourcePolicy") if resource_policy else [],
            _account(resource_owner) or self.call.account, _context(context_entries),
        )  # fmt: skip
        return self._simulated(scene, action_names, resource_arns or ["*"], max_items, marker)

    def simulate_principal_policy(
        self,
        policy_source_arn: str,
        action_names: list,
        policy_input_list: list | None = None,
        permissions_boundary_policy_input_list: list | None = None,
        resource_arns: list | None = None,
        resource_policy: str | None = None,
        resource_owner: str | None = None,
        caller_arn: str | None = None,
        context_entries: list | None = None,
        max_items: int = PAGE,
        marker: str | None = None,
    ):
        source = self._entity(policy_source_arn)
        if isinstance(source, Group) and resource_policy and not caller_arn:
            raise InvalidInput("CallerArn is required when the source is not a user and a ResourcePolicy is given.")
        boundary = self._boundary_policies(source, permissions_boundary_policy_input_list)
        caller = self._caller(caller_arn or (policy_source_arn if not isinstance(source, Group) else None))
        identity = [*self._policies_of(source), *_inputs(policy_input_list or [], "PolicyInputList")]
        resource = _inputs([resource_policy], "ResourcePolicy") if resource_policy else []
        owner = _account(resource_owner) or caller.account
        organizations = Organizations(self.store)
        organizations.look()
        place = organizations.place_of(caller.account)
        control = place.service_control if place else ()
        scene = Scene(caller, identity, boundary, resource, owner, _context(context_entries), control)
        return self._simulated(scene, action_names, resource_arns or ["*"], max_items, marker)

    def get_context_keys_for_custom_policy(self, policy_input_list: list):
        return {"ContextKeyNames": _context_keys(_inputs(policy_input_list, "PolicyInputList"))}

    def get_context_keys_for_principal_policy(self, policy_source_arn: str, policy_input_list: list | None = None):
        policies = self._policies_of(self._entity(policy_source_arn))
        return {"ContextKeyNames": _context_keys([*policies, *_inputs(policy_input_list or [], "PolicyInputList")])}

    # Within

    def _entity(self, arn: str) -> Identity:
        kind, _, rest = arn.split(":", 5)[5].partition("/") if arn.count(":") >= 5 else ("", "", "")
        rows = {"user": self.users, "group": self.groups, "role": self.roles}.get(kind)
        if rows is None:
            raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
        found = rows.get(rest.rpartition("/")[2])
        if found is None:
            raise NoSuchEntity(f"The {kind} with name {rest} cannot be found.")
        return found

    def _policies_of(self, entity: Identity) -> list[CompiledPolicy]:
        carriers = [entity]
        if isinstance(entity, User):
            carriers += [self._group(name) for name in entity.groups]
        kinds = {User: "user", Group: "group", Role: "role"}
        found = [
            compiled(text, f"{kinds[type(one)]}_{one.arn.rpartition('/')[2]}_{name}")
            for one in carriers
            for name, text in one.inline.items()
        ]
        return found + [compiled(self._policy_text(arn), arn) for one in carriers for arn in one.attached]

    def _boundary_policies(self, source: Identity, given: list | None) -> list[CompiledPolicy] | None:
        if given:
            return _inputs(given, "PermissionsBoundaryPolicyInputList")
        arn = getattr(source, "boundary", None)
        return [compiled(self._policy_text(arn), arn)] if arn else None

    def _caller(self, arn: str | None) -> Principal:
        if arn is None:
            return Principal.user(f"arn:aws:iam::{self.call.account}:user/simulated")
        if ":user/" in arn:
            return Principal.user(arn)
        if ":role/" in arn:
            session = arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/simulated"
            return Principal.role_session(session, arn)
        if arn.endswith(":root"):
            return Principal.root(arn.split(":")[4])
        raise InvalidInput(f"{arn} is not the ARN of a user, a role or an account's root.")

    def _simulated(self, scene: Scene, actions: list, resources: list, max_items: int, marker: str | None) -> dict:
        for action in actions:
            if ":" not in action:
                raise ValidationError(f"Invalid action name: {action}")
        results = [self._result(scene, action, resource) for action in actions for resource in resources]
        found, page = self._slice(results, marker, max_items)
        return {"EvaluationResults": found, **page}

    @staticmethod
    def _result(scene: Scene, action: str, resource: str) -> dict:
        request = Request(scene.caller, action, resource, scene.owner, scene.context)
        decision = decide(request, scene.policies())
        matched = [found for found in matching(scene.everything(), request) if _decisive(found[1].allows, decision)]
        wanted = sorted({key for policy in scene.everything() for key in policy.context_keys} - scene.context.keys())
        result = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": DECISIONS[decision.allowed, decision.explicit],
            "MatchedStatements": [_matched(scene, policy, statement) for policy, statement in matched],
            "MissingContextValues": wanted,
        }
        if scene.boundary is not None:
            within = any(statement.allows for _, statement in matching(scene.boundary, request))
            result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within}
        if scene.control:
            passed = decide(request, Policies(identity=[EVERYTHING], service_control=scene.control)).allowed
            result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": passed}
        if scene.resource and scene.owner != scene.caller.account:
            result["EvalDecisionDetails"] = _details(scene, request)
        return result


def _decisive(allows: bool, decision: Decision) -> bool:
    """The statements that made the decision: the denying ones of a denial, else the allowing ones."""
    return allows != decision.explicit


def _details(scene: Scene, request: Request) -> dict[str, str]:
    """Across accounts each side's decision is shown."""
    sides = {"IAM Policy": scene.identity, "Resource Policy": scene.resource}
    shown = {}
    for name, policies in sides.items():
        found = [statement.allows for _, statement in matching(policies, request)]
        shown[name] = "explicitDeny" if False in found else "allowed" if found else "implicitDeny"
    return shown


def _matched(scene: Scene, policy: CompiledPolicy, statement) -> dict:
    name = policy.name or ""
    kind = "resource" if policy in scene.resource else name.partition("_")[0] if "_" in name else "none"
    if name.startswith("arn:"):
        kind = "aws-managed" if name.startswith(AWS_MANAGED) else "user-managed"
        name = name.rpartition("/")[2]
    start, end = statement.span.start, statement.span.end
    return {
        "SourcePolicyId": name,
        "SourcePolicyType": kind if kind in SOURCE_TYPES else "none",
        "StartPosition": {"Line": start.line, "Column": start.column + 1},
        "EndPosition": {"Line": end.line, "Column": end.column + 1},
    }


def _inputs(texts: list, member: str) -> list[CompiledPolicy]:
    try:
        return [compile_policy(text, f"{member}.{number}") for number, text in enumerate(texts, 1)]
    except MalformedPolicy as failure:
        raise InvalidInput(f"Invalid input for {member}: {failure.message}") from None


def _context(entries: list | None) -> dict[str, list[str]]:
    return {entry["ContextKeyName"].lower(): entry.get("ContextKeyValues") or [] for entry in entries or ()}


def _context_keys(policies: list[CompiledPolicy]) -> list[str]:
    return sorted({key for policy in policies for key in policy.context_keys})


def _account(arn: str | None) -> str | None:
    return arn.split(":")[4] if arn and arn.count(":") >= 4 else arn
