"""From method, path and query to the operation, for the REST protocols.

The paths of a service's models are compiled into a tree of segments: a literal segment beats a label, a label beats a
greedy one. Operations that share a path are told apart by the literals of their query (`?uploads`, `?list-type=2`),
then by the query parameters and headers which they require: UploadPart requires `partNumber` and `uploadId`,
CopyObject the header `x-amz-copy-source`. `x-id` is a courtesy of the SDKs and decides only where nothing else does.

Path segments are split before they are decoded, so that an encoded slash stays within its label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

from glasshouse.protocol import model
from glasshouse.protocol.model import Operation

REMEMBERED = 256
Found = tuple[str, dict[str, str]]


@dataclass(slots=True)
class Candidate:
    """An operation at the end of a path, and what a request must have to be meant for it."""

    operation: str
    labels: list[str]  # the names of the labels along the path
    literals: list[tuple[str, str | None]]
    required_query: list[str]
    required_headers: list[str]
    deprecated: bool

    @property
    def asked(self) -> int:
        return len(self.required_query) + len(self.required_headers)


class Ends:
    """The operations that one method and path may mean."""

    def __init__(self):
        self._plain: list[Candidate] = []
        self._by_literal: dict[str, list[Candidate]] = {}
        self._headers: set[str] = set()  # that decide
        self._chosen: dict[tuple, Candidate | None] = {}  # by short queries, and which of these headers there are

    def add(self, candidate: Candidate):
        self._headers.update(candidate.required_headers)
        literals = candidate.literals
        held = self._by_literal.setdefault(literals[0][0], []) if literals else self._plain
        held.append(candidate)
        held.sort(key=lambda one: (-len(one.literals), -one.asked, one.deprecated))

    def choose(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Candidate | None:
        """The operation that asks for most of what the request has; failing that, for least of what it has not."""
        if len(query) > 1:
            return self._choose(query, headers)
        key = (*query.items(), *[name for name in self._headers if name in headers])
        if key not in self._chosen:
            if len(self._chosen) >= REMEMBERED:
                self._chosen.clear()
            self._chosen[key] = self._choose(query, headers)
        return self._chosen[key]

    def _choose(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Candidate | None:
        if query and self._by_literal:
            named = [one for name in query for one in self._by_literal.get(name, ()) if _has_literals(one, query)]
            if named:
                return _choose(named, query, headers)
        if len(self._plain) == 1:
            return self._plain[0]
        return _choose(self._plain, query, headers)


@dataclass(slots=True)
class Node:
    """What may follow at some point of a path."""

    literal: "dict[str, Node]" = field(default_factory=dict)
    label: "Node | None" = None
    ends: dict[str, Ends] = field(default_factory=dict)  # by method
    greedy_ends: dict[str, Ends] = field(default_factory=dict)
    greedy_tails: dict[str, list[tuple[list[str], Ends]]] = field(default_factory=dict)  # what follows a greedy label


def match(
    service_name: str,
    method: str,
    path: str,
    query_pairs: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Found | None:
    """The operation of a request, and the labels of its path, percent-decoded once; None when the service has none."""
    segments = path.split("/")[1:]
    root, request = _compiled(service_name), _Asked(method, segments, dict(query_pairs), headers or {})
    found = _walk(root, request, 0, [])
    if found is None and len(segments) > 1 and segments[-1] == "":
        segments.pop()  # a slash at the end that the model does not have
        found = _walk(root, request, 0, [])
    return found


@cache
def _compiled(service_name: str) -> Node:
    service, root = model.service(service_name), Node()
    for name in service.operation_names:
        _add(root, service.operation(name))
    return root


def _add(root: Node, operation: Operation):
    path, _, query = operation.request_uri.partition("?")
    node, labels, segments = root, [], _template_segments(path)
    method = operation.http_method
    for position, segment in enumerate(segments):
        if segment.startswith("{") and segment.endswith("+}"):
            labels.append(segment[1:-2])
            tail = segments[position + 1 :]
            _ends(node, method, tail).add(_candidate(operation, labels, query))
            return
        if segment.startswith("{"):
            labels.append(segment[1:-1])
            node.label = node.label or Node()
            node = node.label
        else:
            node = node.literal.setdefault(segment, Node())
    node.ends.setdefault(method, Ends()).add(_candidate(operation, labels, query))


def _ends(node: Node, method: str, tail: list[str]) -> Ends:
    """Where the operations end whose path has a greedy label here, and this tail behind it."""
    if not tail:
        return node.greedy_ends.setdefault(method, Ends())
    for known, ends in (tails := node.greedy_tails.setdefault(method, [])):
        if known == tail:
            return ends
    tails.append((tail, Ends()))
    return tails[-1][1]


def _template_segments(path: str) -> list[str]:
    segments = path.split("/")[1:]
    return segments[:-1] if len(segments) > 1 and segments[-1] == "" else segments


def _candidate(operation: Operation, labels: list[str], query: str) -> Candidate:
    literals = [
        (name, value if equals else None) for name, equals, value in (p.partition("=") for p in query.split("&"))
    ]
    members = operation.input_shape.members if operation.input_shape else {}
    required = [(member, members[member]) for member in operation.required]
    return Candidate(
        operation.name,
        labels,
        [literal for literal in literals if literal[0] and literal[0] != "x-id"],
        [shape.wire_name(name) for name, shape in required if shape.location == "querystring"],
        [shape.wire_name(name).lower() for name, shape in required if shape.location == "header"],
        operation.deprecated,
    )


def _walk(node: Node, request: "_Asked", position: int, labels: list[str]) -> Found | None:
    segments = request.segments
    if position == len(segments):
        return request.found(node.ends.get(request.method), labels)
    segment = segments[position]
    below = node.literal.get(segment)
    if below is not None and (found := _walk(below, request, position + 1, labels)):
        return found
    if node.label is not None and segment and (found := _walk(node.label, request, position + 1, [*labels, segment])):
        return found
    return _walk_greedy(node, request, position, labels)


def _walk_greedy(node: Node, request: "_Asked", position: int, labels: list[str]) -> Found | None:
    rest = request.segments[position:]
    for tail, ends in node.greedy_tails.get(request.method, ()):
        if len(rest) > len(tail) and rest[-len(tail) :] == tail:
            found = request.found(ends, [*labels, "/".join(rest[: -len(tail)])])
            if found:
                return found
    key = "/".join(rest)
    return request.found(node.greedy_ends.get(request.method), [*labels, key]) if key else None


@dataclass(slots=True)
class _Asked:
    """What of a request decides where it goes."""

    method: str
    segments: list[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def found(self, ends: Ends | None, values: list[str]) -> Found | None:
        best = ends.choose(self.query, self.headers) if ends else None
        if best is None:
            return None
        labels = zip(best.labels, values, strict=True)
        return best.operation, {name: _decoded(value) if "%" in value else value for name, value in labels}


def _decoded(value: str) -> str:
    """A label, decoded once. Bytes that are not UTF-8 stay recognizable, so that no two labels become the same."""
    return unquote(value, errors="surrogateescape")


def _choose(candidates: list[Candidate], query: Mapping[str, str], headers: Mapping[str, str]) -> Candidate | None:
    """The first that has all it asks for, unless `x-id` names one as good; else the one that misses least."""
    best = None
    for candidate in candidates:
        if _missing(candidate, query, headers):
            continue
        if best is None:
            best = candidate
        elif candidate.asked == best.asked and query.get("x-id") == candidate.operation:
            return candidate
    if best is None or not best.required_query:
        # Half an address, such as an upload without the number of the part, is not the address of something else.
        half = [one for one in candidates if query and any(name in query for name in one.required_query)]
        best = min(half, key=lambda candidate: _missing(candidate, query, headers), default=best)
    return best or min(candidates, key=lambda candidate: _missing(candidate, query, headers), default=None)


def _missing(candidate: Candidate, query: Mapping[str, str], headers: Mapping[str, str]) -> int:
    missing = 0
    for name in candidate.required_query:
        missing += name not in query
    for name in candidate.required_headers:
        missing += name not in headers
    return missing


def _has_literals(candidate: Candidate, query: Mapping[str, str]) -> bool:
    return all(name in query and (value is None or query[name] == value) for name, value in candidate.literals)
