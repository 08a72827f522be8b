"""Checks of aws:ResourceTag with actions that do not know it.

Of actions by wildcard a service is reported when none of its actions that are meant knows the key.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Node
from ..parse import ConditionEntry, Statement
from ..service_data import Service
from .condition_keys import conditions, operator_kind
from .subject import Finding, Subject

_KEY = "aws:resourcetag/"


def unsupported_tag_condition_key(subject: Subject) -> Iterator[Finding]:
    """The four checks: with Allow or with Deny, by Action or by NotAction."""
    for statement, entry in conditions(subject):
        kind = operator_kind(entry)
        if not entry.key.text.lower().startswith(_KEY) or kind is None or kind.family == "Null":
            continue
        if kind.negated or entry.operator.if_exists or statement.effect not in ("Allow", "Deny"):
            continue
        effect = "ALLOW" if statement.allows else "DENY"
        yield from _by_element(subject, statement, entry, effect)


def _by_element(subject: Subject, statement: Statement, entry: ConditionEntry, effect: str) -> Iterator[Finding]:
    tail = "WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
    excluded = statement.elements.get("NotAction")
    if excluded:
        places = [excluded.value, entry.key]
        yield subject.finding(f"{effect}_NOTACTION_{tail}", places, conditionKeyName=entry.key.text)
        return
    unfit = [(node, names) for node in statement.strings("Action") if (names := _without_tags(subject, node, entry))]
    if unfit:
        named = sorted({name for _, names in unfit for name in names})
        places = [*(node for node, _ in unfit), entry.key]
        yield subject.finding(
            f"{effect}_{tail}", places, conditionKeyName=entry.key.text, serviceNames=", ".join(named)
        )


def _without_tags(subject: Subject, node: Node, entry: ConditionEntry) -> list[str]:
    prefix, colon, name = node.text.partition(":")
    if not colon or prefix == "*":
        return []
    services = subject.services.services_like(prefix)
    return [service.prefix for service in services if _knows_no_tags(service, name, entry.key.text.lower())]


def _knows_no_tags(service: Service, pattern: str, key: str) -> bool:
    actions = [service.action(name) for name in service.actions_like(pattern)]
    return bool(actions) and not any(action and action.supports_key(key) for action in actions)


CHECKS = (unsupported_tag_condition_key,)
