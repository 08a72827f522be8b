"""What AWS services know: their actions, resource types and condition keys, the regions, the global condition keys.

The tables in data/ are read at the first question, a service's part of them when it is first asked for; a process keeps
them from then on. See data/condense.py for where they come from.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .patterns import Piece, matcher, read_pieces

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def read_table(name: str) -> list[list[str]]:
    """The rows of a table in data/, without its comments (lines that begin with #)."""
    text = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition key; `type` is String, ARN, Bool, Date, Numeric, IPAddress or ArrayOf one of them."""

    name: str
    type: str

    @property
    def multivalued(self) -> bool:
        return self.type.startswith("ArrayOf")

    @property
    def base_type(self) -> str:
        return self.type.removeprefix("ArrayOf")


@dataclass(frozen=True, slots=True)
class ResourceType:
    name: str
    arn: str
    keys: frozenset[str]

    @property
    def fields(self) -> list[str]:
        return self.arn.split(":", 5)


@dataclass(frozen=True, slots=True)
class Action:
    """An action; its access level is Read, List, Write, Tagging or Permissions management."""

    service: str
    name: str
    access_level: str
    required: tuple[ResourceType, ...]
    optional: tuple[ResourceType, ...]
    own_keys: frozenset[str]

    @property
    def full_name(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def resources(self) -> tuple[ResourceType, ...]:
        return self.required + self.optional

    def supports_key(self, key: str) -> bool:
        """`key` is lower-cased."""
        return any(key in keys or any(key_matches(name, key) for name in keys) for keys in self._all_keys)

    @property
    def _all_keys(self) -> list[frozenset[str]]:
        return [self.own_keys, *(resource.keys for resource in self.resources)]


_ACCESS_LEVELS = {"R": "Read", "L": "List", "W": "Write", "T": "Tagging", "P": "Permissions management"}


class Service:
    """One service of the service authorization reference, with what the supplement adds to it.

    Of one that only the supplement knows, every action is taken to exist.
    """

    def __init__(self, prefix: str, name: str, parts: dict[str, Any], added: list[list[str]]):
        self.prefix = prefix
        self.name = name
        self.is_open = any(kind == "service" for kind, _ in added)
        self._supported = {tuple(names.lower().split()) for kind, names in added if kind == "supports"}
        parts["keys"] += [[key, "String"] for kind, key in added if kind == "key"]
        parts["actions"] |= {action: ["W", [], [], []] for kind, action in added if kind == "action"}
        self.keys = [ConditionKey(key, kind) for key, kind in parts["keys"]]
        self.resources = [ResourceType(key, arn, self._key_names(numbers)) for key, arn, numbers in parts["resources"]]
        self._key_table = KeyTable(self.keys)
        self._parts = parts["actions"]
        self._actions: dict[str, Action] = {}
        self._names = {action.lower(): action for action in self._parts}

    def _key_names(self, numbers: list[int]) -> frozenset[str]:
        return frozenset(self.keys[number].name.lower() for number in numbers)

    @property
    def action_names(self) -> list[str]:
        return list(self._parts)

    def action(self, name: str) -> Action | None:
        """The action of a name, in whatever case."""
        known = self._names.get(name.lower())
        if known is None:
            return None
        if known not in self._actions:
            self._actions[known] = self._unfold(known)
        return self._actions[known]

    def _unfold(self, known: str) -> Action:
        level, required, optional, keys = self._parts[known]
        resources = self.resources
        return Action(
            self.prefix,
            known,
            _ACCESS_LEVELS[level],
            tuple(resources[number] for number in required),
            tuple(resources[number] for number in optional),
            self._key_names(keys) | self._added_keys(known),
        )

    def _added_keys(self, action: str) -> frozenset[str]:
        full_name = f"{self.prefix}:{action}".lower()
        return frozenset(key for supporting, key in self._supported if supporting == full_name)

    def actions_like(self, pattern: str) -> list[str]:
        """The names of the actions that a pattern of names matches."""
        if self.is_open:
            return [pattern]
        if not any(mark in pattern for mark in "*?"):
            known = self._names.get(pattern.lower())
            return [known] if known else []
        matches = matcher(read_pieces(pattern.lower(), False))
        return [name for lowered, name in self._names.items() if matches(lowered)]

    def key(self, name: str) -> ConditionKey | None:
        return self._key_table.find(name) or (ConditionKey(name, "String") if self.is_open else None)


class KeyTable:
    """Condition keys by name; those with a placeholder are looked through, as they are few."""

    def __init__(self, keys: list[ConditionKey]):
        self._exact = {key.name.lower(): key for key in keys if not _PLACEHOLDER.search(key.name)}
        self._open = [(key.name.lower(), key) for key in keys if _PLACEHOLDER.search(key.name)]

    def find(self, name: str) -> ConditionKey | None:
        used = name.lower()
        found = self._exact.get(used)
        return found or next((key for declared, key in self._open if key_matches(declared, used)), None)


def key_matches(declared: str, used: str) -> bool:
    """Whether a key of a policy is the declared one; both are lower-cased, placeholders stand for any name."""
    if "${" not in declared and "<" not in declared:
        return declared == used
    prefix, suffix = _around_placeholder(declared)
    return len(used) > len(prefix) + len(suffix) and used.startswith(prefix) and used.endswith(suffix)


@functools.cache
def _around_placeholder(declared: str) -> tuple[str, str]:
    parts = _PLACEHOLDER.split(declared, maxsplit=1)
    return parts[0], _PLACEHOLDER.split(parts[1])[-1]


class ServiceData:
    """All services, each unfolded when it is first asked for."""

    def __init__(self) -> None:
        self._rows = {row[0]: row for row in read_table("services.tsv")}
        owners = json.loads(self._rows.pop("")[2])
        self._added: dict[str, list[list[str]]] = {}
        for prefix, *addition in read_table("supplement.tsv"):
            self._added.setdefault(prefix, []).append(addition)
            if addition[0] == "service":
                self._rows[prefix] = [prefix, prefix, '{"keys":[],"resources":[],"actions":{}}']
                owners["prefixes"].setdefault(prefix, []).append(prefix)
        self._namespaces: dict[str, list[str]] = owners["namespaces"]
        self._prefixes: dict[str, list[str]] = owners["prefixes"]
        self._services: dict[str, Service] = {}
        self._resources: dict[str, list[ResourceType]] = {}
        self.regions = {row[0]: row[1] for row in read_table("regions.tsv")}
        self.partitions = list(dict.fromkeys(self.regions.values()))
        self.global_keys = [ConditionKey(row[0], row[1]) for row in read_table("global-keys.tsv")]
        self.global_keys += [ConditionKey(name, "String") for _, name in self._added.get("aws", [])]
        self._global_table = KeyTable(self.global_keys)

    @property
    def prefixes(self) -> list[str]:
        return list(self._rows)

    def service(self, prefix: str) -> Service | None:
        if prefix not in self._rows:
            return None
        if prefix not in self._services:
            row = self._rows[prefix]
            self._services[prefix] = Service(prefix, row[1], json.loads(row[2]), self._added.get(prefix, []))
        return self._services[prefix]

    def name_of(self, prefix: str) -> str | None:
        """What a service is called; None for a prefix that is none."""
        return self._rows[prefix][1] if prefix in self._rows else None

    def services_like(self, pattern: str) -> list[Service]:
        """The services whose prefix a pattern matches; prefixes in actions are read without regard to case."""
        if not any(mark in pattern for mark in "*?"):
            service = self.service(pattern.lower())
            return [service] if service else []
        matches = matcher(read_pieces(pattern.lower(), False))
        return [service for prefix in self._rows if matches(prefix) and (service := self.service(prefix))]

    def action(self, full_name: str) -> Action | None:
        prefix, _, name = full_name.partition(":")
        service = self.service(prefix.lower())
        return service.action(name) if service else None

    def knows_namespace(self, name: str) -> bool:
        """Whether ARNs of this namespace (their third field) exist."""
        return name in self._namespaces or name in self._rows

    def resources_of(self, namespace: str) -> list[ResourceType]:
        """The resource types whose ARNs are of a namespace, whichever service declares them."""
        if namespace not in self._resources:
            services = [self.service(prefix) for prefix in self._namespaces.get(namespace, ())]
            found = [resource for service in services if service for resource in service.resources]
            self._resources[namespace] = [resource for resource in found if resource.fields[2] == namespace]
        return self._resources[namespace]

    def knows_key_prefix(self, prefix: str) -> bool:
        return prefix == "aws" or prefix in self._prefixes or prefix in self._rows

    def global_key(self, name: str) -> ConditionKey | None:
        return self._global_table.find(name)

    def key(self, name: str) -> ConditionKey | None:
        """The condition key of a name, global or of whichever service declares it."""
        prefix = name.partition(":")[0].lower()
        if prefix == "aws":
            return self.global_key(name)
        for owner in self._prefixes.get(prefix, ()):
            service = self.service(owner)
            found = service.key(name) if service else None
            if found:
                return found
        return None


@functools.cache
def service_data() -> ServiceData:
    return ServiceData()


def glob_of(arn_part: str) -> tuple[Piece, ...]:
    """The pattern of a declared ARN's part: placeholders become stars."""
    return read_pieces(_PLACEHOLDER.sub("*", arn_part), False)
