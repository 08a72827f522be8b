"""Checks of the Action and NotAction elements."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from ..document import Node
from ..languages import includes
from ..parse import Statement
from ..patterns import matcher, read_pieces
from ..service_data import read_table
from .subject import Finding, PolicyKind, Subject

ELEMENTS = ("Action", "NotAction")


def action_nodes(statement: Statement) -> Iterator[Node]:
    for name in ELEMENTS:
        yield from statement.strings(name)


def is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def grants(statement: Statement, action: str) -> bool:
    """Whether the statement's actions include one, named in lower case; a wildcard is a grant too."""
    listed = any(names_action(node.text.lower(), action) for node in action_nodes(statement))
    return listed if "Action" in statement.elements else "NotAction" in statement.elements and not listed


def names_action(pattern: str, action: str) -> bool:
    """Both in lower case; most patterns differ in their first letter."""
    return pattern[:1] in ("*", "?", action[:1]) and matcher(read_pieces(pattern, False))(action)


def invalid_service_in_action(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node in action_nodes(statement):
            service, colon, _ = node.text.partition(":")
            if colon and "${" not in node.text and not subject.services.services_like(service):
                near = difflib.get_close_matches(service.lower(), subject.services.prefixes, n=1, cutoff=0.7)
                suggestion = f" Did you mean {near[0]}?" if near else ""
                yield subject.finding("INVALID_SERVICE_IN_ACTION", [node], service=service, suggestion=suggestion)


def invalid_action(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node in action_nodes(statement):
            if node.text != "*" and "${" not in node.text and not _exists(subject, node.text):
                suggestion = _suggestion(subject, node.text)
                yield subject.finding("INVALID_ACTION", [node], action=node.text, suggestion=suggestion)


def _exists(subject: Subject, text: str) -> bool:
    prefix, colon, name = text.partition(":")
    if not colon:
        return False
    services = subject.services.services_like(prefix)
    return not services or any(service.actions_like(name) for service in services)


def _suggestion(subject: Subject, text: str) -> str:
    """An operation that is authorized by an action of another name is told so; else the nearest name is proposed."""
    for operation, action in read_table("operations.tsv"):
        if operation.lower() == text.lower():
            name = operation.partition(":")[2]
            return f" Did you mean {action}? The API called {name} authorizes against the IAM action {action}."
    prefix, _, name = text.partition(":")
    service = subject.services.service(prefix.lower())
    if service is None or is_wild(name):
        return ""
    names = {action.lower(): action for action in service.action_names}
    alike = [known for known in names if abs(len(known) - len(name)) <= 3 and known[:2] == name[:2].lower()]
    near = difflib.get_close_matches(name.lower(), alike, n=1, cutoff=0.8)
    return f" Did you mean {service.prefix}:{names[near[0]]}?" if near else ""


def wildcard_in_service_name(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for node, start, service in (*_services_of_actions(statement), *_services_of_arns(statement)):
            if is_wild(service):
                yield subject.finding("WILDCARD_IN_SERVICE_NAME", [subject.within(node, start, len(service))])


def _services_of_actions(statement: Statement) -> Iterator[tuple[Node, int, str]]:
    for node in action_nodes(statement):
        service, colon, _ = node.text.partition(":")
        if colon:
            yield node, 0, service


def _services_of_arns(statement: Statement) -> Iterator[tuple[Node, int, str]]:
    for node in (*statement.strings("Resource"), *statement.strings("NotResource")):
        fields = node.text.split(":", 5)
        if len(fields) > 3:
            yield node, len(fields[0]) + len(fields[1]) + 2, fields[2]


def empty_array_action(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ELEMENTS:
            node = statement.value(name)
            if node is not None and node.kind == "array" and not node.items:
                yield subject.finding("EMPTY_ARRAY_ACTION", [node])


def redundant(nodes: list[Node], fold: bool) -> list[Node]:
    """Those of some patterns that another one of them includes; of equal ones all but the first."""
    texts = [node.text.lower() if fold else node.text for node in nodes]
    wider = [(text, re.split(r"[*?]", text, maxsplit=1)[0], Inclusion(text)) for text in set(texts) if is_wild(text)]
    seen: set[str] = set()
    found: list[Node] = []
    for node, text in zip(nodes, texts, strict=True):
        if text in seen or any(text != other and text.startswith(head) and holds(text) for other, head, holds in wider):
            found.append(node)
        seen.add(text)
    return found


class Inclusion:
    """Whether a pattern includes others; made ready for many questions."""

    def __init__(self, text: str):
        self._pattern = read_pieces(text, False)
        self._matches = None if "?" in text else matcher(self._pattern)

    def __call__(self, narrower: str) -> bool:
        if self._matches is None:
            return includes(self._pattern, read_pieces(narrower, False))
        return self._matches(narrower.replace("*", "\0").replace("?", "\0"))


def redundant_action(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ELEMENTS:
            found = redundant(statement.strings(name), fold=True)
            if found:
                yield subject.finding(
                    "REDUNDANT_ACTION", found, redundantActionCount=len(found), redundantAction=found[0].text
                )


def scp_syntax_error_action_wildcard(subject: Subject) -> Iterator[Finding]:
    if subject.kind is not PolicyKind.SERVICE_CONTROL:
        return
    for statement in subject.statements:
        for node in action_nodes(statement):
            if is_wild(node.text[:-1]) or node.text.endswith("?"):
                yield subject.finding("SCP_SYNTAX_ERROR_ACTION_WILDCARD", [node], action=node.text)


CHECKS = (
    invalid_service_in_action,
    invalid_action,
    wildcard_in_service_name,
    empty_array_action,
    redundant_action,
    scp_syntax_error_action_wildcard,
)
