"""What is refused before a policy is stored: the messages of IAM's MalformedPolicyDocument error.

IAM judges a document in steps: is it JSON, is it of the grammar, does it fit the place where it is attached. The first
step that fails gives the message. The order and the words are those that IAM is seen to give; its documentation names
the error only. Whether the principals of a trust policy exist, the service that keeps them must ask itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from .compile import CompiledPolicy, MalformedPolicy, compile_policy
from .document import Node
from .operators import OPERATORS, QUALIFIERS
from .parse import CURRENT_VERSION, FIRST_VERSION, Policy, PrincipalEntry, Statement, parse
from .principals import is_account

_ACTION = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9*?-]*")
_PARTITIONS = re.compile(r"aws(-[a-z]+)*|\*")
_IAM_PATHS = (
    *("user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/"),
    *("sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"),
)
_OTHER_IAM_PATHS = ("*", "${", "root", "assumed-role/", "u2f/", "delegation-request/", "role-template/")
_PRINCIPAL_ARN = re.compile(
    r"arn:[a-z0-9-]+:(iam::[0-9]{12}:(user|role|federated-user|saml-provider|oidc-provider)/[^*?\s]+"
    r"|sts::[0-9]{12}:(assumed-role|federated-user)/[^*?\s]+)"
)
_UNIQUE_ID = re.compile(r"(AIDA|AROA|AGPA)[A-Z0-9]{12,}(:.+)?")
_PRINCIPAL_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_TRUST_ACTION = re.compile(r"sts:(\*|assumerole.*|tagsession|setsourceidentity|setcontext|assume.*\*|tag.*\*|set.*\*)")


class Purpose(StrEnum):
    """What a policy is for."""

    MANAGED = "managed policy"
    INLINE = "inline policy"
    SESSION = "session policy"
    TRUST = "role trust policy"
    RESOURCE = "resource policy"


def require_wellformed(text: str, purpose: Purpose, name: str | None = None) -> CompiledPolicy:
    """The compiled policy; raises MalformedPolicy with IAM's message where IAM refuses the document."""
    policy = parse(text)
    if policy.document.problems or policy.root is None:
        offset = policy.document.problems[0].offset if policy.document.problems else 0
        raise MalformedPolicy("This policy contains invalid Json", offset)
    _grammar(policy)
    _version(policy, purpose)
    for statement in policy.statements:
        _elements(statement, purpose)
    _unique_sids(policy)
    for statement in policy.statements:
        if purpose is Purpose.TRUST:
            _trust(statement)
        elif purpose is not Purpose.RESOURCE:
            _actions(statement)
            _resources(statement)
    return compile_policy(policy, name)


def _grammar(policy: Policy) -> None:
    """Everything of the right type and name, whatever it says."""
    root = policy.root
    statement_element = policy.elements.get("Statement")
    if root is None or root.kind != "object" or policy.unknown or statement_element is None:
        raise MalformedPolicy("Syntax errors in policy.", root.start if root else 0)
    for node in statement_element.value.listed():
        if node.kind != "object":
            raise MalformedPolicy("Syntax errors in policy.", node.start)
    for element in policy.elements.values():
        if element.name != "Statement":
            _want_string(element.value)
    for statement in policy.statements:
        _statement_grammar(statement)


def _want_string(node: Node | None) -> None:
    if node is not None and node.kind != "string":
        raise MalformedPolicy("Syntax errors in policy.", node.start)


def _statement_grammar(statement: Statement) -> None:
    for node in _misplaced(statement):
        raise MalformedPolicy("Syntax errors in policy.", node.start)
    _want_string(statement.value("Sid"))
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        element = statement.value(name)
        for node in element.listed() if element is not None else ():
            _want_string(node)
    if statement.effect not in ("Allow", "Deny"):
        raise MalformedPolicy("Syntax errors in policy.", statement.node.start)


def _misplaced(statement: Statement) -> Iterator[Node]:
    """Nodes that the grammar has no place for: unknown or exclusive elements, unknown operators, wrong values."""
    yield from (member.key for member in statement.unknown)
    for name in ("Action", "Resource", "Principal"):
        if name in statement.elements and "Not" + name in statement.elements:
            yield statement.elements["Not" + name].key
    block = statement.value("Condition")
    if block is not None and block.kind != "object":
        yield block
    for member in block.members if block is not None else ():
        qualifier, _, rest = member.name.rpartition(":")
        base = re.sub(r"(?i)ifexists$", "", rest).lower()
        if base not in OPERATORS or qualifier.lower() not in QUALIFIERS or member.value.kind != "object":
            yield member.key
    for entry in statement.conditions():
        yield from (node for node in entry.values if node.kind not in ("string", "number", "boolean"))


def _version(policy: Policy, purpose: Purpose) -> None:
    element = policy.elements.get("Version")
    version = element.value.text if element else None
    accepted = (CURRENT_VERSION,) if purpose is Purpose.MANAGED else (CURRENT_VERSION, FIRST_VERSION, None)
    if version not in accepted:
        offset = element.value.start if element else 0
        raise MalformedPolicy("Policy document must be version 2012-10-17 or greater.", offset)


def _elements(statement: Statement, purpose: Purpose) -> None:
    """Elements that the purpose needs, and those that it does not take."""
    has = statement.elements
    start = statement.node.start
    takes_principals = purpose in (Purpose.TRUST, Purpose.RESOURCE)
    if not takes_principals and ("Principal" in has or "NotPrincipal" in has):
        raise MalformedPolicy("Policy document should not specify a principal.", start)
    if takes_principals and "Principal" not in has and "NotPrincipal" not in has:
        raise MalformedPolicy("Missing required field Principal", start)
    if not statement.strings("Action") and not statement.strings("NotAction"):
        raise MalformedPolicy("Policy statement must contain actions.", start)
    if purpose is Purpose.TRUST:
        for name in ("Resource", "NotResource"):
            if name in has:
                raise MalformedPolicy(f"Has prohibited field {name}", has[name].key.start)
    elif purpose is not Purpose.RESOURCE and not statement.strings("Resource") and not statement.strings("NotResource"):
        raise MalformedPolicy("Policy statement must contain resources.", start)


def _unique_sids(policy: Policy) -> None:
    sids = [statement.sid for statement in policy.statements if statement.sid]
    if len(sids) != len(set(sids)):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")


def _actions(statement: Statement) -> None:
    for node in (*statement.strings("Action"), *statement.strings("NotAction")):
        text = node.text
        if text == "*" or _ACTION.fullmatch(text):
            continue
        if ":" not in text:
            message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        elif text.count(":") > 1:
            message = "Actions/Condition can contain only one colon."
        else:
            message = f"Vendor {text.partition(':')[0]} is not valid"
        raise MalformedPolicy(message, node.start)


def _resources(statement: Statement) -> None:
    for node in (*statement.strings("Resource"), *statement.strings("NotResource")):
        if node.text != "*":
            _resource(node)


def _resource(node: Node) -> None:
    text = node.text
    parts = text.split(":", 5)
    if parts[0] != "arn" or (len(parts) < 6 and not text.endswith("*")):
        raise MalformedPolicy(f'Resource {text} must be in ARN format or "*".', node.start)
    if len(parts) < 6:
        return
    _, partition, service, region, _, rest = parts
    if not _PARTITIONS.fullmatch(partition):
        raise MalformedPolicy(f'Partition "{partition}" is not valid for resource "{text}".', node.start)
    if service == "iam" and region:
        raise MalformedPolicy(f"IAM resource {text} cannot contain region information.", node.start)
    if service == "iam" and not rest.startswith((*_IAM_PATHS, *_OTHER_IAM_PATHS)) and "*" not in rest.partition("/")[0]:
        listed = ", ".join(_IAM_PATHS)
        raise MalformedPolicy(f'IAM resource path must either be "*" or start with {listed}.', node.start)


def _trust(statement: Statement) -> None:
    for node in (*statement.strings("Action"), *statement.strings("NotAction")):
        if not _TRUST_ACTION.fullmatch(node.text.lower()):
            raise MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.", node.start)
    for name in ("Principal", "NotPrincipal"):
        for entry in statement.principals(name):
            if not _is_principal(entry):
                raise MalformedPolicy(invalid_principal(entry.kind, entry.value.text), entry.value.start)


def invalid_principal(kind: str, value: str) -> str:
    """IAM's words for a principal that is none or does not exist."""
    return f'Invalid principal in policy: "{kind}":"{value}"' if kind else "Invalid principal in policy."


def _is_principal(entry: PrincipalEntry) -> bool:
    text = entry.value.text if entry.value.kind == "string" else ""
    if not entry.kind:
        return text == "*"
    if entry.kind not in _PRINCIPAL_KINDS:
        return False
    if entry.kind == "AWS":
        known = _PRINCIPAL_ARN.fullmatch(text) or _UNIQUE_ID.fullmatch(text)
        return text == "*" or is_account(text) or known is not None
    if entry.kind == "Service":
        return re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com|aws\.internal|amazon\.com)(\.cn)?", text) is not None
    return bool(text) and "*" not in text
