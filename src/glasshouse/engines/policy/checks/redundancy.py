"""The check for statements that say the same."""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Node
from ..parse import Statement
from .subject import Finding, Subject

_FOLDED = frozenset({"Action", "NotAction"})


def redundant_statement(subject: Subject) -> Iterator[Finding]:
    """Statements alike in everything but their ids and the order of their lists."""
    alike: dict[object, list[Node]] = {}
    for statement in subject.statements:
        alike.setdefault(_meaning(statement), []).append(statement.node)
    for nodes in alike.values():
        if len(nodes) > 1:
            yield subject.finding("REDUNDANT_STATEMENT", nodes)


def _meaning(statement: Statement) -> object:
    return frozenset(
        (name, _plain(member.value, name in _FOLDED)) for name, member in statement.elements.items() if name != "Sid"
    )


def _plain(node: Node, fold: bool) -> object:
    if node.kind == "object":
        return frozenset((member.name, _plain(member.value, fold)) for member in node.members)
    if node.kind == "array":
        items = frozenset(_plain(item, fold) for item in node.items)
        return next(iter(items)) if len(items) == 1 else items
    text = str(node.value)
    return text.lower() if fold else text


CHECKS = (redundant_statement,)
