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

Found = tuple[str, dict[str, str]]


@dataclass(slots=True)
class Candidate:
    """An operation at the end of a path, and what a request must have to be meant for it."""

    operation: str
    labels: list[str]  # the names of the labels along the path
    literals: list[tuple[str, str | None]]
    required_query: list[str]
    required_headers: list[str]
    preferred: int  # between equals the higher one


@dataclass(slots=True)
class Node:
    """What may follow at some point of a path."""

    literal: "dict[str, Node]" = field(default_factory=dict)
    label: "Node | None" = None
    ends: dict[str, list[Candidate]] = field(default_factory=dict)  # by method
    greedy_ends: dict[str, list[Candidate]] = field(default_factory=dict)
    greedy_tails: dict[str, list[tuple[list[str], Candidate]]] = field(
        default_factory=dict
    )  # what follows a greedy one


def match(
    service_name: str,
    method: str,
    path: str,
    query_pairs: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Found | None:
    """The operation of a request, and the labels of its path, percent-decoded once; None when the service has none."""
    segments = path.split("/")[1:]
    root = _compiled(service_name)
    query = dict(query_pairs)
    found = _walk(root, segments, 0, method, query, headers or {}, [])
    if found is None and segments and segments[-1] == "" and len(segments) > 1:
        found = _walk(root, segments[:-1], 0, method, query, headers or {}, [])
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
            candidate = _candidate(operation, labels, query)
            if tail:
                node.greedy_tails.setdefault(method, []).append((tail, candidate))
            else:
                node.greedy_ends.setdefault(method, []).append(candidate)
            return
        if segment.startswith("{"):
            labels.append(segment[1:-1])
            node.label = node.label or Node()
            node = node.label
        else:
            node = node.literal.setdefault(segment, Node())
    node.ends.setdefault(method, []).append(_candidate(operation, labels, query))


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
        0 if operation.deprecated else 1,
    )


def _walk(
    node: Node,
    segments: list[str],
    position: int,
    method: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    labels: list[str],
) -> Found | None:
    if position == len(segments):
        return _choose(node.ends.get(method), query, headers, labels)
    segment = segments[position]
    below = node.literal.get(segment)
    if below is not None and (found := _walk(below, segments, position + 1, method, query, headers, labels)):
        return found
    if node.label is not None and segment != "":
        found = _walk(node.label, segments, position + 1, method, query, headers, [*labels, segment])
        if found:
            return found
    return _walk_greedy(node, segments, position, method, query, headers, labels)


def _walk_greedy(node, segments, position, method, query, headers, labels) -> Found | None:
    rest = segments[position:]
    for tail, candidate in node.greedy_tails.get(method, ()):
        if len(rest) > len(tail) and rest[-len(tail) :] == tail:
            found = _choose([candidate], query, headers, [*labels, "/".join(rest[: -len(tail)])])
            if found:
                return found
    key = "/".join(rest)
    return _choose(node.greedy_ends.get(method), query, headers, [*labels, key]) if key else None


def _choose(
    candidates: list[Candidate] | None, query: Mapping[str, str], headers: Mapping[str, str], values: list[str]
) -> Found | None:
    """The candidate that asks for most of what the request has."""
    if not candidates:
        return None
    if len(candidates) == 1 and not candidates[0].literals:
        best = candidates[0]
    else:
        possible = [candidate for candidate in candidates if _has_literals(candidate, query)]
        if not possible:
            return None
        best = max(possible, key=lambda candidate: _rank(candidate, query, headers))
    return best.operation, {name: unquote(value) for name, value in zip(best.labels, values, strict=True)}


def _has_literals(candidate: Candidate, query: Mapping[str, str]) -> bool:
    return all(name in query and (value is None or query[name] == value) for name, value in candidate.literals)


def _rank(candidate: Candidate, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, int, int, int]:
    missing = sum(name not in query for name in candidate.required_query)
    missing += sum(name not in headers for name in candidate.required_headers)
    asked = len(candidate.required_query) + len(candidate.required_headers)
    named = query.get("x-id") == candidate.operation
    return len(candidate.literals), asked if not missing else -missing, int(named), candidate.preferred
