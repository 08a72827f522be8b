"""What is refused before a policy is stored: the messages of IAM's MalformedPolicyDocument error.

IAM judges a document in steps: is it JSON, is it of the grammar, does an older parser understand it, does it fit the
place where it is attached. The first step that fails gives the message. The order and the words are those that IAM is
seen to give; its documentation names the error only. Whether the principals of a trust policy exist, the service that
keeps them must ask itself.
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

_VENDOR = re.compile(r"[a-zA-Z0-9.-]*")
_PARTITIONS = re.compile(r"aws(-[a-z]+)*|\*")
_IAM_PATHS = (
    *("user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/"),
    *("sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"),
)
_OTHER_IAM_PATHS = ("*", "${", "root", "assumed-role/", "u2f/", "delegation-request/", "role-template/")
_DATE = re.compile(
    r"-?(?P<year>\d{1,9})(-(?P<month>\d{1,2})(-(?P<day>\d{1,2}))?)?"
    r"(t((?P<hour>\d{1,2})(:(?P<minute>\d{1,2})(:(?P<second>\d{1,2})(\.\d{1,9})?)?)?)?"
    r"(z|[+-](?P<zone>\d{2})(:(?P<within>\d{2}))?)?)?"
)
_DATE_PARTS = (("month", 1, 12), ("day", 1, 31), ("hour", 0, 23), ("minute", 0, 59), ("second", 0, 59), ("zone", 0, 23),
               ("within", 0, 59))  # fmt: skip
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
        _legacy(statement, purpose)
    for statement in policy.statements:
        _principals(statement, purpose)
    _unique_sids(policy)
    _contents(policy, purpose)
    return compile_policy(policy, name)


def _grammar(policy: Policy) -> None:
    """Everything of the right type and name, whatever it says."""
    root = policy.root
    statement_element = policy.elements.get("Statement")
    if root is None or root.kind != "object" or policy.unknown or statement_element is None:
        raise MalformedPolicy("Syntax errors in policy.", root.start if root else 0)
    if not statement_element.value.listed() or policy.version not in (CURRENT_VERSION, FIRST_VERSION):
        raise MalformedPolicy("Syntax errors in policy.", root.start)
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
            if node is element or node.kind != "null":  # IAM takes null within a list
                _want_string(node)
    if (statement.effect or "").lower() not in ("allow", "deny"):
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
        known = base in OPERATORS and qualifier.lower() in QUALIFIERS
        if member.value.kind != "object" or (member.value.members and not known):
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


def _legacy(statement: Statement, purpose: Purpose) -> None:
    """What the older parser does not understand."""
    for node in _resources(statement) if purpose is not Purpose.RESOURCE else ():
        if not _resource_error(node.text) and not _understood(node.text):
            raise MalformedPolicy("The policy failed legacy parsing", node.start)
    if statement.effect not in ("Allow", "Deny"):
        raise MalformedPolicy("The policy failed legacy parsing", statement.node.start)
    for entry in statement.conditions():
        if entry.operator.base.lower().startswith("date"):
            _dates(entry.values)


def _understood(resource: str) -> bool:
    """Whether an ARN names its service, and has all its parts if it leaves one empty."""
    parts = resource.split(":", 5)
    return resource == "*" or (parts[2] != "" and (len(parts) == 6 or "::" not in resource))


def _dates(values: list[Node]) -> None:
    for node in values:
        if node.kind == "string" and "${" not in node.text and not _is_date(node.text.lower()):
            raise MalformedPolicy("The policy failed legacy parsing", node.start)


def _is_date(text: str) -> bool:
    """Of ISO 8601, as far as it goes, or a number of seconds that fits in 63 bits."""
    if text.isdigit():
        return int(text) < 1 << 63
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    return all(int(found[name] or low) in range(low, high + 1) for name, low, high in _DATE_PARTS)


def _principals(statement: Statement, purpose: Purpose) -> None:
    """Principals are told where the place of the policy does not say them."""
    has, start = statement.elements, statement.node.start
    takes_principals = purpose in (Purpose.TRUST, Purpose.RESOURCE)
    if not takes_principals and ("Principal" in has or "NotPrincipal" in has):
        raise MalformedPolicy("Policy document should not specify a principal.", start)
    if takes_principals and "Principal" not in has and "NotPrincipal" not in has:
        raise MalformedPolicy("Missing required field Principal", start)


def _contents(policy: Policy, purpose: Purpose) -> None:
    """Actions and resources: that they are there, and what they look like."""
    for statement in policy.statements:
        if not statement.strings("Action") and not statement.strings("NotAction"):
            raise MalformedPolicy("Policy statement must contain actions.", statement.node.start)
    if purpose is Purpose.RESOURCE:
        return
    for statement in policy.statements:
        if purpose is Purpose.TRUST:
            _trust(statement)
        else:
            _resource_formats(statement)
    if purpose is Purpose.TRUST:
        return
    for statement in policy.statements:
        _actions(statement)
    for statement in policy.statements:
        if not statement.strings("Resource") and not statement.strings("NotResource"):
            raise MalformedPolicy("Policy statement must contain resources.", statement.node.start)


def _unique_sids(policy: Policy) -> None:
    sids = [statement.sid for statement in policy.statements if statement.sid]
    if len(sids) != len(set(sids)):
        raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")


def _actions(statement: Statement) -> None:
    for node in (*statement.strings("Action"), *statement.strings("NotAction")):
        vendor, *rest = node.text.split(":")
        if not rest and vendor != "*":
            message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
        elif len(rest) > 1:
            message = "Actions/Condition can contain only one colon."
        elif vendor != "*" and not _VENDOR.fullmatch(vendor):
            message = f"Vendor {vendor} is not valid"
        else:
            continue
        raise MalformedPolicy(message, node.start)


def _resources(statement: Statement) -> list[Node]:
    return [*statement.strings("Resource"), *statement.strings("NotResource")]


def _resource_formats(statement: Statement) -> None:
    for node in _resources(statement):
        if (message := _resource_error(node.text)) is not None:
            raise MalformedPolicy(message, node.start)


def _resource_error(text: str) -> str | None:
    """What is wrong with a resource, if anything is. What stands for `arn` does not matter."""
    parts = text.split(":", 5)
    if text == "*":
        return None
    if len(parts) == 1:
        return f'Resource {text} must be in ARN format or "*".'
    partition, *rest = parts[1:]
    if not _PARTITIONS.fullmatch(partition):
        told = ":".join([*rest, *["*"] * (4 - len(rest))])
        return f'Partition "{partition}" is not valid for resource "arn:{partition}:{told}".'
    if not rest:
        return "Resource vendor must be fully qualified and cannot contain regexes."
    service, region, account, name = (*rest, "", "", "")[:4]
    if service == "s3" and region and not account and name and not name.startswith("accesspoint/"):
        return f"Resource {text} can not contain region information."
    return _iam_resource_error(text, region, name) if service == "iam" and len(rest) == 4 else None


def _iam_resource_error(text: str, region: str, name: str) -> str | None:
    if region:
        return f"IAM resource {text} cannot contain region information."
    if not name.startswith((*_IAM_PATHS, *_OTHER_IAM_PATHS)) and "*" not in name.partition("/")[0]:
        return f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
    return None


def _trust(statement: Statement) -> None:
    for name in ("Resource", "NotResource"):
        if name in statement.elements:
            raise MalformedPolicy(f"Has prohibited field {name}", statement.elements[name].key.start)
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
