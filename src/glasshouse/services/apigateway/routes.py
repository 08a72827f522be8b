"""Which resource a request belongs to: fixed parts of its path before variable ones, those before greedy ones.

A resource that has not the request's method leaves it to the next one that fits, as on AWS.
"""

from collections.abc import Iterable, Sequence
from typing import Any

Resource = dict[str, Any]


class Node:
    """A step of a path, and what can follow it."""

    __slots__ = ("fixed", "greedy", "resource", "variable")

    def __init__(self):
        self.resource: Resource | None = None
        self.fixed: dict[str, Node] = {}
        self.variable: tuple[str, Node] | None = None
        self.greedy: tuple[str, Resource] | None = None


class Routes:
    """The resources of an API that have methods."""

    def __init__(self, resources: Iterable[Resource]):
        self._root = Node()
        for resource in resources:
            if resource["resource_methods"]:
                self._add(resource)

    def find(self, verb: str, path: str) -> tuple[Resource, dict[str, str]] | None:
        """(the resource of a path, the values of its variables as they stand in the path)."""
        steps = path.strip("/").split("/") if path.strip("/") else []
        return _found(self._root, verb, steps, {})

    def _add(self, resource: Resource):
        node = self._root
        for part in filter(None, resource["path"].split("/")):
            if part.endswith("+}"):
                node.greedy = (part[1:-2], resource)
                return
            if part.startswith("{"):
                node.variable = node.variable or (part[1:-1], Node())
                node = node.variable[1]
            else:
                node = node.fixed.setdefault(part, Node())
        node.resource = resource


def _found(
    node: Node, verb: str, steps: Sequence[str], known: dict[str, str]
) -> tuple[Resource, dict[str, str]] | None:
    if not steps:
        return (node.resource, known) if _has(node.resource, verb) else None
    first, rest = steps[0], steps[1:]
    found = _found(node.fixed[first], verb, rest, known) if first in node.fixed else None
    if found is None and node.variable and first:
        name, below = node.variable
        found = _found(below, verb, rest, known | {name: first})
    if found is None and node.greedy and _has(node.greedy[1], verb):
        name, resource = node.greedy
        found = resource, known | {name: "/".join(steps)}
    return found


def _has(resource: Resource | None, verb: str) -> bool:
    return resource is not None and (verb in resource["resource_methods"] or "ANY" in resource["resource_methods"])
