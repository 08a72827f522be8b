"""What a call needs: the actions of its operation, and the ARNs of the resources it concerns.

Both come from the service authorization reference (engines/policy) and, where an operation's name or members differ
from what the reference calls them, from `actions.json`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from glasshouse.core.call import Call, partition
from glasshouse.engines.policy.service_data import Action, ResourceType, service_data

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
ANYTHING = "*"
ROLE_MEMBERS = frozenset({
    "RoleArn", "roleArn", "RoleARN", "roleARN", "Role", "ExecutionRoleArn", "executionRoleArn", "ServiceRoleArn",
    "serviceRole", "ServiceRole", "TaskRoleArn", "taskRoleArn", "CloudWatchLogsRoleArn", "CredentialsArn",
    "AuthorizerCredentialsArn",
})  # fmt: skip
DEEPEST_ROLE = 5  # members within members


@cache
def table() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("actions.json").read_text())


@dataclass(frozen=True)
class Requirement:
    """One action that must be allowed, and the kinds of resources it is asked for."""

    action: str
    required: tuple["Finder", ...]
    optional: tuple["Finder", ...]

    def resources(self, call: Call) -> list[str]:
        """The ARNs that the call's members name, or `*`."""
        found = [arn for finder in self.required for arn in finder.find(call)]
        if not found:
            # Of the kinds an action may be about, the one that is named most closely.
            options = [arns for finder in self.optional if (arns := finder.find(call))]
            found = max(options, key=lambda arns: len(arns[0]), default=[])
        return found or [ANYTHING]


class Finder:
    """Builds the ARNs of one resource type from the members of a call."""

    def __init__(self, service: str, kind: ResourceType, members: dict[str, str]):
        self.template = kind.arn
        names = [name for name in PLACEHOLDER.findall(kind.arn) if name not in ("Partition", "Region", "Account")]
        self.sources = {name: _candidates(service, name, members) for name in names}
        self.whole = re.compile(re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(kind.arn)) + r"(:\*)?")

    @property
    def possible(self) -> bool:
        return all(self.sources.values())

    def find(self, call: Call) -> list[str]:
        filled = [{"Partition": partition(call.region), "Region": call.region, "Account": call.account}]
        for name, members in self.sources.items():
            values = _values(call.params, members)
            arns = [value for value in values if value.startswith("arn:")]
            if arns:
                return [arn for arn in arns if self.whole.fullmatch(arn)]
            if not values:
                return []
            filled = [{**known, name: value} for known in filled for value in values]
        return [_filled(self.template, known) for known in filled]


def _filled(template: str, values: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


@cache
def requirements(service: str, operation: str, members: tuple[str, ...]) -> tuple[Requirement, ...]:
    """What an operation needs; nothing if anyone may call it."""
    if f"{service}:{operation}" in table()["anyone"]:
        return ()
    prefix = table()["prefixes"].get(service, service)
    names = table()["actions"].get(f"{service}:{operation}", [f"{prefix}:{_action(service, operation)}"])
    return tuple(_requirement(name, dict.fromkeys(members, "")) for name in names)


def _action(service: str, operation: str) -> str:
    """The action of an operation's name. API Gateway's actions are HTTP's methods."""
    verbs = table()["verbs"].get(service)
    if verbs is None:
        return operation
    return verbs[max((name for name in verbs if operation.startswith(name)), key=len)]


class Needs:
    """What the calls of one operation need."""

    def __init__(self, operation: Any):
        service, name = operation.service_name, operation.name
        self.members = tuple(operation.arguments)
        self.proves_itself = f"{service}:{name}" in table()["provers"]  # who asks: it asks again in that name
        self._name = service, name
        self._also: dict[str, str] = table()["also"].get(f"{service}:{name}", {})
        self._passes = service not in ("sts", "iam") and _names_roles(getattr(operation, "input_shape", None), 0)

    @cached_property
    def always(self) -> tuple[Requirement, ...]:
        """Nothing if anyone may call it."""
        return requirements(*self._name, self.members)

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The members that name the resources."""
        finders = [finder for need in self.always for finder in (*need.required, *need.optional)]
        return tuple({member: None for finder in finders for names in finder.sources.values() for member in names})

    def told_by(self, call: Call) -> tuple | None:
        """What the actions and resources that a call needs depend on; None where that is more than some members. It
        cannot be hashed where one of these is a list."""
        params = call.params
        if self._passes or (self._also and not self._also.keys().isdisjoint(params)):
            return None
        return (self, call.region, call.account, *map(params.get, self._named))

    def further(self, call: Call) -> list[Requirement]:
        """The actions that only some calls need: tags on creation, a session's tags and source identity."""
        if not self._also:
            return []
        harmless = table()["given to all"]
        return [
            _requirement(action, dict.fromkeys(call.params, ""))
            for member, action in self._also.items()
            if (given := call.params.get(member)) and given not in harmless.get(member, ())
        ]

    def passed_roles(self, call: Call) -> list[str]:
        """The roles that a call hands to a service, for which iam:PassRole is needed."""
        return list(_roles_in(call.params)) if self._passes else []


def _names_roles(shape: Any, depth: int) -> bool:
    """Whether a value of this shape may name a role, at any depth that people write."""
    if shape is None or depth > DEEPEST_ROLE:
        return False
    match shape.type_name:
        case "structure":
            named = any(name in ROLE_MEMBERS for name in shape.members)
            return named or any(_names_roles(member, depth + 1) for member in shape.members.values())
        case "list":
            return _names_roles(shape.member, depth + 1)
        case "map":
            return _names_roles(shape.value, depth + 1)
    return False


def _roles_in(value: Any) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str):
            if name in ROLE_MEMBERS and ":role/" in inner:
                yield inner
        else:
            yield from _roles_in(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _roles_in(inner)


def _requirement(name: str, members: dict[str, str]) -> Requirement:
    action: Action | None = service_data().action(name)
    if action is None:
        return Requirement(name, (), ())
    prefix = action.service
    required = [Finder(prefix, kind, members) for kind in action.required]
    optional = [Finder(prefix, kind, members) for kind in action.optional]
    return Requirement(
        action.full_name,
        tuple(finder for finder in required if finder.possible),
        tuple(finder for finder in optional if finder.possible and finder.sources),
    )


def _candidates(service: str, placeholder: str, members: dict[str, str]) -> list[str]:
    """The members that may hold what a placeholder stands for."""
    stated = table()["members"].get(f"{service}:{placeholder}", ())
    plain = placeholder.lower()
    alike = [member for member in members if member.lower() in (plain, f"{plain}arn")]
    return [member for member in (*stated, *alike) if member in members]


def _values(params: dict[str, Any], members: list[str]) -> list[str]:
    for member in members:
        value = params.get(member)
        if value:
            several = value if isinstance(value, list) else list(value) if isinstance(value, dict) else [value]
            return [_name(member, item) for item in several if isinstance(item, str)]
    return []


def _name(member: str, value: str) -> str:
    """What an ARN's template takes of a member's value."""
    if member == "QueueUrl":
        return value.rpartition("/")[2]
    if value.startswith("arn:"):
        return value
    return value.lstrip("/") if member in ("Name", "Names", "Path") else value
