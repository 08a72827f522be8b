"""Route keys of HTTP APIs: `GET /pets/{id}`, `ANY /files/{proxy+}`, `$default`; and which route a request takes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
A full match goes before one with a greedy variable, and `$default` comes last; a literal segment goes before a
variable, the method before ANY.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from glasshouse.services.apigatewayv2.errors import BadRequestException, ConflictException

DEFAULT = "$default"
METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_KEY = re.compile(rf"({'|'.join(METHODS)}) (/\S*)", re.ASCII)
_VARIABLE = re.compile(r"\{([a-zA-Z0-9._:-]+)(\+)?\}", re.ASCII)
_LITERAL = re.compile(r"[a-zA-Z0-9._~:!$&'()*+,;=@%-]*", re.ASCII)


def split(route_key: str) -> tuple[str, str]:
    """(method, path). Raises BadRequestException."""
    found = _KEY.fullmatch(route_key)
    if found is None or not _is_path(found[2]):
        raise BadRequestException(
            "The provided route key is not formatted properly for HTTP protocol. Format should be"
            ' "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    return found[1], found[2]


def check(route_key: str, others: Iterable[str]):
    """Raise BadRequestException for what is no key, ConflictException for one that does not fit beside the others."""
    if route_key in others:
        raise ConflictException(f"Route with key {route_key} already exists for this API")
    if route_key == DEFAULT:
        return
    method, path = split(route_key)
    for other in others:
        its_method, its_path = split(other) if other != DEFAULT else ("", "")
        meet = its_method in (method, "ANY") or (method == "ANY" and its_method)
        if meet and _conflict(path, its_path):
            raise ConflictException(
                f'The provided route key "{route_key}" has a conflicting variable on the same hierarchical level as'
                f' "{other}"'
            )


def _is_path(path: str) -> bool:
    segments = path[1:].split("/")
    for place, segment in enumerate(segments):
        variable = _VARIABLE.fullmatch(segment)
        if variable is None and not _LITERAL.fullmatch(segment):
            return False
        if variable and variable[2] and place < len(segments) - 1:
            return False
    return "//" not in path


def _conflict(path: str, other: str) -> bool:
    """Whether the first segments in which two paths differ are variables of the same kind, by other names."""
    for ours, theirs in zip(path.split("/"), other.split("/"), strict=False):
        if ours != theirs:
            mine, its = _VARIABLE.fullmatch(ours), _VARIABLE.fullmatch(theirs)
            return bool(mine and its and mine[2] == its[2])
    return False


End = tuple[str, list[str]]  # a route key, and the names of its variables in their order
Found = tuple[str, dict[str, str]] | None


@dataclass(slots=True)
class Node:
    """What may come at one place of a path, and the routes that end there, by method."""

    literals: dict[str, "Node"] = field(default_factory=dict)
    variable: "Node | None" = None
    ends: dict[str, End] = field(default_factory=dict)
    greedy: dict[str, End] = field(default_factory=dict)  # those that take the rest of the path


class Routing:
    """The routes of an API as a tree of path segments."""

    def __init__(self, route_keys: Iterable[str]):
        self._root, self._has_default = Node(), False
        for key in route_keys:
            if key == DEFAULT:
                self._has_default = True
            else:
                self._add(key)

    def find(self, method: str, path: str) -> Found:
        """(route key, path parameters) of the route for a request, if there is one."""
        segments = path[1:].split("/")
        for step in (_full, _greedy):
            if found := step(self._root, method, segments, ()):
                (key, names), values = found
                return key, dict(zip(names, values, strict=True))
        return (DEFAULT, {}) if self._has_default else None

    def _add(self, key: str):
        method, path = split(key)
        node, names = self._root, []
        for segment in path[1:].split("/"):
            variable = _VARIABLE.fullmatch(segment)
            if variable is None:
                node = node.literals.setdefault(segment, Node())
                continue
            names.append(variable[1])
            if variable[2]:
                node.greedy[method] = (key, names)
                return
            node.variable = node = node.variable or Node()
        node.ends[method] = (key, names)


Match = tuple[End, tuple[str, ...]] | None


def _full(node: Node, method: str, left: list[str], taken: tuple[str, ...]) -> Match:
    """The most particular route that matches segment by segment."""
    if not left:
        end = node.ends.get(method) or node.ends.get("ANY")
        return (end, taken) if end else None
    return _below(_full, node, method, left, taken)


def _greedy(node: Node, method: str, left: list[str], taken: tuple[str, ...]) -> Match:
    """The route whose greedy variable takes the least."""
    if not left:
        return None
    if found := _below(_greedy, node, method, left, taken):
        return found
    end, rest = node.greedy.get(method) or node.greedy.get("ANY"), "/".join(left)
    return (end, (*taken, rest)) if end and rest else None


def _below(step: Callable[..., Match], node: Node, method: str, left: list[str], taken: tuple[str, ...]) -> Match:
    """What lies below the next segment: a literal goes before a variable."""
    segment, rest = left[0], left[1:]
    if segment in node.literals and (found := step(node.literals[segment], method, rest, taken)):
        return found
    return step(node.variable, method, rest, (*taken, segment)) if node.variable and segment else None
