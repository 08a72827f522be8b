"""A slow evaluator of policies, written from AWS's guide alone and sharing nothing with the engine.

It takes policies as parsed JSON and principals as plain dictionaries, asks everything anew for each request, and
prefers being obvious: wildcards by recursion, conditions case by case, combination as a list of rules.
"""

import ipaddress
import re
from datetime import UTC, datetime


def listed(value):
    return value if isinstance(value, list) else [value]


def wild(pattern, text):
    if not pattern:
        return not text
    if pattern[0] == "*":
        return wild(pattern[1:], text) or (bool(text) and wild(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and wild(pattern[1:], text[1:])


LITERAL = {"*": "\ue000", "?": "\ue001", "$": "$"}


def hide(text):
    return text.replace("*", LITERAL["*"]).replace("?", LITERAL["?"])


def filled(text, context, version):
    """The text with its variables replaced; None where one has no value.

    Wildcards that are meant literally are hidden.
    """
    if version != "2012-10-17":
        return text
    missing = []

    def value(match):
        name = match.group(1)
        if name in LITERAL:
            return LITERAL[name]
        key, _, default = name.partition(",")
        found = context.get(key.strip().lower(), [])
        if len(found) == 1:
            return hide(found[0])
        if default:
            return hide(default.strip().strip("'"))
        missing.append(key)
        return ""

    text = re.sub(r"\$\{([^}]*)\}", value, text)
    return None if missing else text


def like(pattern, text, context, version):
    pattern = filled(pattern, context, version)
    return pattern is not None and wild(pattern, hide(text))


def equal(pattern, text, context, version):
    filled_pattern = filled(pattern, context, version)
    return filled_pattern is not None and hide(filled_pattern) == hide(text)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def date(text):
    try:
        if re.fullmatch(r"\d{5,}", text):
            return float(text)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return None


def in_network(pattern, text):
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False


def arn_like(pattern, text, context, version):
    mine, theirs = (
        text.split(":", 5),
        re.sub(r"\$\{[^}]*\}", lambda m: m.group().replace(":", "\ue002"), pattern).split(":", 5),
    )
    if len(mine) != 6 or mine[0] != "arn" or (len(theirs) != 6 and not pattern.endswith("*")):
        return False
    pairs = zip(mine, theirs, strict=False)
    return all(like(part.replace("\ue002", ":"), own, context, version) for own, part in pairs)


ORDER = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}


def compares(operator, pattern, text, context, version):
    """Whether one value of the request matches one value of the policy, by the operator without any Not."""
    if operator == "StringEquals":
        return equal(pattern, text, context, version)
    if operator == "StringEqualsIgnoreCase":
        pattern = filled(pattern, context, version)
        return pattern is not None and hide(pattern).casefold() == hide(text).casefold()
    if operator == "StringLike":
        return like(pattern, text, context, version)
    if operator in ("ArnLike", "ArnEquals"):
        return arn_like(pattern, text, context, version)
    if operator == "Bool":
        return pattern.lower() in ("true", "false") and pattern.lower() == text.lower()
    if operator == "IpAddress":
        return in_network(pattern, text)
    read = number if operator.startswith("Numeric") else date
    mine, theirs = read(text), read(pattern)
    order = ORDER[operator.removeprefix("Numeric").removeprefix("Date")]
    return mine is not None and theirs is not None and order(mine, theirs)


def condition_holds(name, key, patterns, context, version):
    qualifier, _, operator = name.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    values = context.get(key.lower(), [])
    patterns = [str(p).lower() if isinstance(p, bool) else str(p) for p in listed(patterns)]
    if operator == "Null":
        return ("true" if not values else "false") in [p.lower() for p in patterns]
    negated = "Not" in operator
    positive = operator.replace("Not", "")

    def one(value):
        hit = any(compares(positive, pattern, value, context, version) for pattern in patterns)
        return not hit if negated else hit

    if qualifier:
        values = [value for value in values if value != ""]
    if qualifier == "ForAllValues":
        return all(one(value) for value in values)
    if not values:
        return if_exists or (negated and not qualifier)
    if qualifier == "ForAnyValue":
        return any(one(value) for value in values)
    return all(one(value) for value in values) if negated else any(one(value) for value in values)


def names_of(principal):
    """The names of a principal on each of its levels, closest first."""
    account = principal.get("account")
    levels = {
        "user": [[("AWS", principal.get("arn"))]],
        "role session": [[("AWS", principal.get("arn"))], [("AWS", principal.get("role"))]],
        "service": [[("Service", principal.get("arn"))]],
        "root": [],
        "anonymous": [],
    }[principal["kind"]]
    if account:
        levels.append([("AWS", account), ("AWS", f"arn:aws:iam::{account}:root")])
    return levels


def principal_entries(element):
    if element == "*":
        return [("AWS", "*")]
    return [(kind, value) for kind, values in element.items() for value in listed(values)]


def grant_of(statement, principal):
    """'' where the statement does not speak of the principal, else 'direct', 'entity' or 'account'."""
    levels = names_of(principal)
    if "NotPrincipal" in statement:
        entries = principal_entries(statement["NotPrincipal"])
        if ("AWS", "*") in entries:
            return ""
        hits = [any(name in entries for name in level) for level in levels]
        spared = bool(hits) and all(hits) if statement["Effect"] == "Deny" else any(hits)
        return "" if spared else "direct"
    if "Principal" not in statement:
        return ""
    entries = principal_entries(statement["Principal"])
    if ("AWS", "*") in entries:
        return "direct"
    for depth, level in enumerate(levels):
        if any(name in entries for name in level):
            if depth == 0:
                return "direct"
            return "account" if depth == len(levels) - 1 else "entity"
    return ""


def speaks(statement, request, version):
    action = request["action"].lower()
    key = "Action" if "Action" in statement else "NotAction"
    if any(wild(p.lower(), action) for p in listed(statement[key])) != (key == "Action"):
        return False
    for key in ("Resource", "NotResource"):
        if key in statement:
            hit = any(like(p, request["resource"], request["context"], version) for p in listed(statement[key]))
            if hit != (key == "Resource"):
                return False
    return all(
        condition_holds(operator, key, patterns, request["context"], version)
        for operator, block in statement.get("Condition", {}).items()
        for key, patterns in block.items()
    )


def statements_of(policies, request, effect, named):
    for policy in policies or []:
        for statement in listed(policy["Statement"]):
            if statement["Effect"] != effect or not speaks(statement, request, policy.get("Version", "2008-10-17")):
                continue
            if named and "Principal" not in statement and "NotPrincipal" not in statement and effect == "Allow":
                continue
            has_principal = "Principal" in statement or "NotPrincipal" in statement
            grant = grant_of(statement, request["principal"]) if has_principal else "direct"
            if grant:
                yield grant


def allows(policies, request, named=False):
    return set(statements_of(policies, request, "Allow", named))


def denies(policies, request):
    return bool(set(statements_of(policies, request, "Deny", False)))


def decide(request, given):
    """True or False."""
    every = [given.get(kind) or [] for kind in ("identity", "resource", "boundary", "session", "endpoint")]
    levels = [*given.get("service_control", []), *given.get("resource_control", [])]
    if any(denies(policies, request) for policies in [*every, *levels]):
        return False
    if not all(allows(level, request) for level in levels):
        return False
    if given.get("endpoint") is not None and not allows(given["endpoint"], request):
        return False
    by_resource = allows(given.get("resource"), request, named=True)
    by_identity = bool(allows(given.get("identity"), request)) or request["principal"]["kind"] == "root"
    limited = [kind for kind in ("boundary", "session") if given.get(kind) is not None]
    within = all(allows(given[kind], request) for kind in limited) or request["principal"]["kind"] == "root"
    account = request["principal"].get("account")
    if not account:
        return bool(by_resource)
    if request["resource_account"] != account:
        return by_identity and within and bool(by_resource)
    if given.get("rule") == "required" and not by_resource:
        return False
    if "direct" in by_resource:
        return True
    return within and (by_identity or "entity" in by_resource)
