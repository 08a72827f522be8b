"""Checks of condition keys: do they exist, do they go with the operator, the actions, the policy and one another?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..document import Member, Node
from ..operators import OPERATORS, QUALIFIERS, OperatorKind
from ..parse import ConditionEntry, Statement
from ..service_data import ConditionKey
from .actions import is_wild
from .resource_types import RESOURCE_TYPE_NAMES
from .subject import Finding, PolicyKind, Subject

_FORMAT = re.compile(r"[^\s:]+:[^\s].*")
_TAG_KEY_WANTED = re.compile(r"((?:[^:]+):(?:[A-Za-z]*Tag))/?")
_FAMILIES = {
    "String": ("String", ("String",)),
    "ARN": ("ARN", ("Arn", "String")),
    "Bool": ("Boolean", ("Bool",)),
    "Date": ("Date", ("Date",)),
    "Numeric": ("Numeric", ("Numeric",)),
    "IPAddress": ("IP address", ("IpAddress",)),
}
_IN_ALL_REQUESTS = frozenset(
    {"ec2:roledelivery", "ec2:sourceinstancearn", "glue:credentialissuingservice", "glue:roleassumedby"}
    | {"lambda:sourcefunctionarn", "ssm:sourceinstancearn"}
)
_PAIRS = {"aws:vpcsourceip": ("aws:SourceVpc", ("aws:sourcevpc", "aws:sourcevpce"))}
_OF_RESOURCES = re.compile(r"s3:resourceaccount|aws:resource(account|orgid|orgpaths)")


def conditions(subject: Subject) -> Iterator[tuple[Statement, ConditionEntry]]:
    for statement in subject.statements:
        for entry in statement.conditions():
            yield statement, entry


def operator_kind(entry: ConditionEntry) -> OperatorKind | None:
    return OPERATORS.get(entry.operator.base.lower())


def is_provider_key(key: str) -> bool:
    """Whether a key is of an identity provider: these begin with its domain."""
    return "." in key.rpartition(":")[0]


def known_key(subject: Subject, entry: ConditionEntry) -> ConditionKey | None:
    return subject.services.key(entry.key.text)


def invalid_condition_operator(subject: Subject) -> Iterator[Finding]:
    for member in _operators(subject):
        qualifier, _, rest = member.name.rpartition(":")
        base = rest[: -len("IfExists")] if rest.lower().endswith("ifexists") else rest
        if base.lower() not in OPERATORS or qualifier.lower() not in QUALIFIERS:
            yield subject.finding("INVALID_CONDITION_OPERATOR", [member.key], operator=member.name)


def empty_object_condition(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        block = statement.value("Condition")
        if block is None or block.kind != "object":
            continue
        for node in (block, *(member.value for member in block.members)):
            if node.kind == "object" and not node.members:
                yield subject.finding("EMPTY_OBJECT_CONDITION", [node])


def duplicate_keys_with_different_case(subject: Subject) -> Iterator[Finding]:
    for operator in _operators(subject):
        spelled: dict[str, list[Node]] = {}
        for member in operator.value.members:
            spelled.setdefault(member.name.lower(), []).append(member.key)
        for keys in spelled.values():
            if len(keys) > 1:
                yield subject.finding("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", keys, key=keys[0].text)


def _operators(subject: Subject) -> Iterator[Member]:
    for statement in subject.statements:
        block = statement.value("Condition")
        yield from block.members if block is not None else ()


def key_exists(subject: Subject) -> Iterator[Finding]:
    """The checks of a key's name: its form, its service, and itself."""
    for _, entry in conditions(subject):
        text = entry.key.text
        if not _FORMAT.fullmatch(text):
            yield subject.finding("INVALID_CONDITION_KEY_FORMAT", [entry.key])
        elif wanted := _lacks_tag_key(subject, text):
            yield subject.finding("MISSING_TAG_KEY_IN_CONDITION", [entry.key], conditionKeyName=wanted + "/")
        elif not is_provider_key(text) and text.lower() != "aws:arn":
            yield from _unknown_key(subject, entry)


def _lacks_tag_key(subject: Subject, text: str) -> str | None:
    match = _TAG_KEY_WANTED.fullmatch(text)
    if match and subject.services.key(match.group(1)) is None and subject.services.key(match.group(1) + "/x"):
        return match.group(1)
    return None


def _unknown_key(subject: Subject, entry: ConditionEntry) -> Iterator[Finding]:
    text = entry.key.text
    prefix = text.partition(":")[0]
    if prefix.lower() == "aws":
        if subject.services.global_key(text) is None:
            yield subject.finding("INVALID_GLOBAL_CONDITION_KEY", [entry.key], key=text)
    elif not subject.services.knows_key_prefix(prefix.lower()):
        yield subject.finding("INVALID_SERVICE", [entry.key], service=prefix)
    elif subject.services.key(text) is None:
        yield subject.finding("INVALID_SERVICE_CONDITION_KEY", [entry.key], key=text, service=prefix)


def aws_arn_key(subject: Subject) -> Iterator[Finding]:
    """The key aws:ARN of old: replaced by aws:PrincipalArn in identity policies, gone elsewhere."""
    code = "DEPRECATED_GLOBAL_CONDITION_KEY"
    if subject.kind is not PolicyKind.IDENTITY:
        code = "UNSUPPORTED_GLOBAL_CONDITION_KEY"
    for _, entry in conditions(subject):
        if entry.key.text.lower() == "aws:arn":
            yield subject.finding(code, [entry.key])


def missing_qualifier(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        kind, key = operator_kind(entry), known_key(subject, entry)
        if kind and key and key.multivalued and kind.family != "Null" and not entry.operator.qualifier:
            yield subject.finding("MISSING_QUALIFIER", [entry.key], key=entry.key.text)


def forallvalues_with_single_valued_key(subject: Subject) -> Iterator[Finding]:
    for _, entry in conditions(subject):
        key, kind = known_key(subject, entry), operator_kind(entry)
        if entry.operator.qualifier.lower() != "forallvalues" or kind is None or kind.family == "Null":
            continue
        if key and not key.multivalued and not is_provider_key(entry.key.text):
            yield subject.finding("FORALLVALUES_WITH_SINGLE_VALUED_KEY", [entry.operator_key], key=entry.key.text)


def type_mismatch(subject: Subject) -> Iterator[Finding]:
    """Operators of a family other than the key's. Strings may hold ARNs, and seconds dates."""
    for _, entry in conditions(subject):
        kind, key = operator_kind(entry), known_key(subject, entry)
        if kind is None or key is None or kind.family in ("Null", "Binary"):
            continue
        allowed, families = _FAMILIES.get(key.base_type, ("", (kind.family,)))
        if key.base_type == "String" and ("arn" in key.name.lower() or "${" in key.name):
            families = (*families, "Arn")
        if key.name == "aws:EpochTime":
            families = (*families, "Numeric")
        if kind.family not in families:
            yield subject.finding(
                "TYPE_MISMATCH",
                [entry.operator_key],
                allowed=allowed,
                operator=entry.operator_key.text,
                key=entry.key.text,
            )


def missing_paired_condition_keys(subject: Subject) -> Iterator[Finding]:
    for statement, entry in conditions(subject):
        pair = _PAIRS.get(entry.key.text.lower())
        if pair is None or not statement.allows:
            continue
        named, sufficient = pair
        if not {other.key.text.lower() for other in statement.conditions()}.intersection(sufficient):
            yield subject.finding(
                "MISSING_PAIRED_CONDITION_KEYS", [entry.key], conditionKeyName=entry.key.text, recommendedKeys=named
            )


def unsupported_action_for_condition_key(subject: Subject) -> Iterator[Finding]:
    """Actions written out that do not fill a service's key. With IfExists the mixture is meant."""
    for statement, entry in conditions(subject):
        text = entry.key.text.lower()
        if text.startswith("aws:") or text in _IN_ALL_REQUESTS or entry.operator.if_exists:
            continue
        if subject.services.key(text) is None:
            continue
        unfit = [node for node in statement.strings("Action") if _does_not_fill(subject, node.text, text)]
        if unfit:
            yield subject.finding(
                "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
                [*unfit, entry.value],
                actions=", ".join(node.text for node in unfit),
                key=entry.key.text,
            )


def _does_not_fill(subject: Subject, name: str, key: str) -> bool:
    action = None if is_wild(name) else subject.services.action(name)
    return action is not None and not action.supports_key(key)


def irrelevant_condition_key_in_policy(subject: Subject) -> Iterator[Finding]:
    name = RESOURCE_TYPE_NAMES.get(subject.resource_type or "")
    if name is None or subject.is_trust:
        return
    for _, entry in conditions(subject):
        if _OF_RESOURCES.fullmatch(entry.key.text.lower()):
            yield subject.finding(
                "IRRELEVANT_CONDITION_KEY_IN_POLICY", [entry.key], condition_key=entry.key.text, resource_type=name
            )


CHECKS = (
    invalid_condition_operator,
    empty_object_condition,
    duplicate_keys_with_different_case,
    key_exists,
    aws_arn_key,
    missing_qualifier,
    forallvalues_with_single_valued_key,
    type_mismatch,
    missing_paired_condition_keys,
    unsupported_action_for_condition_key,
    irrelevant_condition_key_in_policy,
)
