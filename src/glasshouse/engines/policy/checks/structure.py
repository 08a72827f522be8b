"""Checks of a policy's form: is it JSON, are its elements there, of the right type, known, and not too many?"""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Member, Node
from ..parse import CURRENT_VERSION, FIRST_VERSION, Statement
from .subject import Finding, PolicyKind, Subject

IDENTITY_QUOTA = 6144
RESOURCE_QUOTA = 20480
TRUST_QUOTA = 2048
CONTROL_QUOTA = 5120

_STRING = ("String", ("string",))
_STRINGS = ("String or Array of Strings", ("string", "array"))
_OBJECT = ("Object", ("object",))
_EXPECTED = {
    "Version": _STRING,
    "Id": _STRING,
    "Statement": ("Object or Array of Objects", ("object", "array")),
    "Sid": _STRING,
    "Effect": _STRING,
    "Principal": ("String or Object", ("string", "object")),
    "NotPrincipal": ("String or Object", ("string", "object")),
    "Action": _STRINGS,
    "NotAction": _STRINGS,
    "Resource": _STRINGS,
    "NotResource": _STRINGS,
    "Condition": _OBJECT,
}


def json_syntax_error(subject: Subject) -> Iterator[Finding]:
    document = subject.policy.document
    if not document.text.strip():
        yield subject.finding("JSON_SYNTAX_ERROR", [], "unplaced")
        return
    for problem in document.problems:
        place = document.position(problem.offset)
        node = Node("problem", problem.offset, min(problem.offset + 1, len(document.text)))
        yield subject.finding(
            "JSON_SYNTAX_ERROR", [node], "placed", index=place.offset, line=place.line, column=place.column
        )


def data_type_mismatch(subject: Subject) -> Iterator[Finding]:
    root = subject.policy.root
    if root is None:
        return
    if root.kind != "object":
        yield _mismatch(subject, root, "Object")
        return
    for member in subject.policy.elements.values():
        yield from _element_type(subject, member)
    holder = subject.policy.elements.get("Statement")
    for node in holder.value.items if holder else ():
        if node.kind != "object":
            yield _mismatch(subject, node, "Object")
    for statement in subject.statements:
        for member in statement.elements.values():
            yield from _element_type(subject, member)
        yield from _inner_types(subject, statement)


def _mismatch(subject: Subject, node: Node, expected: str) -> Finding:
    return subject.finding("DATA_TYPE_MISMATCH", [node], data_type=expected)


def _element_type(subject: Subject, member: Member) -> Iterator[Finding]:
    expected, kinds = _EXPECTED[member.name]
    if member.value.kind not in kinds:
        yield _mismatch(subject, member.value, expected)
    elif expected == _STRINGS[0]:
        yield from (_mismatch(subject, node, "String") for node in member.value.items if node.kind != "string")


def _inner_types(subject: Subject, statement: Statement) -> Iterator[Finding]:
    for name in ("Principal", "NotPrincipal"):
        element = statement.value(name)
        for member in element.members if element is not None else ():
            yield from (_mismatch(subject, item, "String") for item in member.value.listed() if item.kind != "string")
    block = statement.value("Condition")
    for operator in block.members if block is not None else ():
        if operator.value.kind != "object":
            yield _mismatch(subject, operator.value, "Object")
    for entry in statement.conditions():
        for node in entry.values:
            if node.kind in ("object", "array", "null"):
                yield _mismatch(subject, node, "String")


def invalid_policy_element(subject: Subject) -> Iterator[Finding]:
    unknown = [*subject.policy.unknown, *(member for statement in subject.statements for member in statement.unknown)]
    for member in unknown:
        yield subject.finding("INVALID_POLICY_ELEMENT", [member.key], element=member.name)


def invalid_version(subject: Subject) -> Iterator[Finding]:
    member = subject.policy.elements.get("Version")
    versions = (CURRENT_VERSION, FIRST_VERSION)
    if member and member.value.kind == "string" and member.value.text not in versions:
        yield subject.finding(
            "INVALID_VERSION", [member.value], version=member.value.text, versions=", ".join(versions)
        )


def missing_version(subject: Subject) -> Iterator[Finding]:
    root = subject.policy.root
    if root is not None and root.kind == "object" and "Version" not in subject.policy.elements:
        yield subject.finding("MISSING_VERSION", [root])


def missing_statement(subject: Subject) -> Iterator[Finding]:
    root = subject.policy.root
    if root is None or root.kind != "object":
        return
    holder = subject.policy.elements.get("Statement")
    if holder is None:
        yield subject.finding("MISSING_STATEMENT", [root])
    elif holder.value.kind == "array" and not holder.value.items:
        yield subject.finding("MISSING_STATEMENT", [holder.value])


def _lacking(subject: Subject, code: str, *names: str) -> Iterator[Finding]:
    for statement in subject.statements:
        if not any(name in statement.elements for name in names):
            yield subject.finding(code, [statement.node])


def missing_action(subject: Subject) -> Iterator[Finding]:
    return _lacking(subject, "MISSING_ACTION", "Action", "NotAction")


def missing_effect(subject: Subject) -> Iterator[Finding]:
    return _lacking(subject, "MISSING_EFFECT", "Effect")


def missing_resource(subject: Subject) -> Iterator[Finding]:
    if not subject.is_trust:
        yield from _lacking(subject, "MISSING_RESOURCE", "Resource", "NotResource")


def missing_principal(subject: Subject) -> Iterator[Finding]:
    if subject.kind in (PolicyKind.RESOURCE, PolicyKind.RESOURCE_CONTROL):
        yield from _lacking(subject, "MISSING_PRINCIPAL", "Principal", "NotPrincipal")


def invalid_effect(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        node = statement.value("Effect")
        if node is not None and node.kind == "string" and node.text not in ("Allow", "Deny"):
            yield subject.finding("INVALID_EFFECT", [node], effect=node.text)


def unsupported_element_combination(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        for name in ("Principal", "Action", "Resource"):
            one, other = statement.elements.get(name), statement.elements.get("Not" + name)
            if one and other:
                yield subject.finding(
                    "UNSUPPORTED_ELEMENT_COMBINATION", [one.key, other.key], element1=name, element2="Not" + name
                )


def unsupported_principal(subject: Subject) -> Iterator[Finding]:
    if subject.kind is not PolicyKind.IDENTITY:
        return
    for statement in subject.statements:
        for name in ("Principal", "NotPrincipal"):
            if name in statement.elements:
                place = statement.elements[name].value
                yield subject.finding("UNSUPPORTED_PRINCIPAL", [place], policy_type=subject.kind)


def _repeated_sids(subject: Subject) -> Iterator[list[Node]]:
    sids: dict[str, list[Node]] = {}
    for statement in subject.statements:
        node = statement.value("Sid")
        if node is not None and node.kind == "string" and node.text:
            sids.setdefault(node.text, []).append(node)
    return (nodes for nodes in sids.values() if len(nodes) > 1)


def _sids_are_strict(subject: Subject) -> bool:
    """IAM and Organizations want statement ids unique and of letters and digits; services with policies of their own
    mostly take any."""
    return subject.kind is not PolicyKind.RESOURCE or subject.is_trust


def unique_sids_required(subject: Subject) -> Iterator[Finding]:
    if _sids_are_strict(subject):
        yield from (subject.finding("UNIQUE_SIDS_REQUIRED", nodes) for nodes in _repeated_sids(subject))


def unique_sids_recommended(subject: Subject) -> Iterator[Finding]:
    if not _sids_are_strict(subject):
        yield from (subject.finding("UNIQUE_SIDS_RECOMMENDED", nodes) for nodes in _repeated_sids(subject))


def unsupported_sid(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements if _sids_are_strict(subject) else ():
        node = statement.value("Sid")
        if node is None or node.kind != "string" or "${" in node.text:
            continue
        if node.text and not (node.text.isascii() and node.text.isalnum()):
            yield subject.finding("UNSUPPORTED_SID", [node])


def empty_sid_value(subject: Subject) -> Iterator[Finding]:
    for statement in subject.statements:
        if statement.sid == "":
            yield subject.finding("EMPTY_SID_VALUE", [statement.elements["Sid"].value])


def _characters(subject: Subject, without_space: bool) -> int:
    text = subject.policy.document.text
    return sum(not character.isspace() for character in text) if without_space else len(text)


def policy_size(subject: Subject) -> Iterator[Finding]:
    """The five checks of a policy's size, one for each kind of policy."""
    code, quota, without_space = _quota(subject)
    size = _characters(subject, without_space)
    root = subject.policy.root
    if size > quota and root is not None:
        yield subject.finding(code, [root], policySize=size, policySizeQuota=quota)


def _quota(subject: Subject) -> tuple[str, int, bool]:
    if subject.is_trust:
        return "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", TRUST_QUOTA, True
    return {
        PolicyKind.IDENTITY: ("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", IDENTITY_QUOTA, True),
        PolicyKind.RESOURCE: ("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", RESOURCE_QUOTA, False),
        PolicyKind.SERVICE_CONTROL: ("POLICY_SIZE_EXCEEDS_SCP_QUOTA", CONTROL_QUOTA, False),
        PolicyKind.RESOURCE_CONTROL: ("POLICY_SIZE_EXCEEDS_RCP_QUOTA", CONTROL_QUOTA, False),
    }[subject.kind]


CHECKS = (
    json_syntax_error,
    data_type_mismatch,
    invalid_policy_element,
    invalid_version,
    missing_version,
    missing_statement,
    missing_action,
    missing_effect,
    missing_resource,
    missing_principal,
    invalid_effect,
    unsupported_element_combination,
    unsupported_principal,
    unique_sids_required,
    unique_sids_recommended,
    unsupported_sid,
    empty_sid_value,
    policy_size,
)
