"""Bucket policies as texts: what S3 refuses to keep, and which of them it calls public.

Differs from AWS: users and roles that a policy names need not exist, and condition keys are not checked against the
actions they go with.
"""

import re
from ipaddress import ip_network

from glasshouse.engines.policy import parse
from glasshouse.engines.policy.compile import MalformedPolicy as Unusable
from glasshouse.engines.policy.compile import compile_policy
from glasshouse.engines.policy.conditions import UnknownOperator, compile_condition
from glasshouse.engines.policy.parse import ConditionEntry, Policy, Statement
from glasshouse.engines.policy.patterns import matcher, read_pieces
from glasshouse.engines.policy.service_data import service_data
from glasshouse.services.s3.setting_errors import MalformedPolicy

MAX_BYTES = 20_480
VERSIONS = ("2012-10-17", "2008-10-17")
PREFIX = re.compile(r"arn:aws(-cn|-us-gov)?:s3:::")
ACCOUNT = re.compile(r"\d{12}|arn:[\w-]+:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/[^*?]+)", re.A)
UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}", re.A)
KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
# "The meaning of public": what a condition on one of these, with fixed values, keeps from being public.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
NARROWING_KEYS = {
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
    "aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip
NARROWING_OPERATORS = {
    "stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress",
}  # fmt: skip
BROADEST = {4: 8, 6: 32}


def check(text: str, bucket: str):
    """Raise MalformedPolicy for what cannot be a policy of this bucket."""
    if not text.startswith("{"):
        raise MalformedPolicy("Policies must be valid JSON and the first byte must be '{'")
    policy = parse(text)
    if policy.root is None or policy.document.problems:
        raise MalformedPolicy()
    if len(text.encode()) > MAX_BYTES:
        raise MalformedPolicy(f"Normalized policy document exceeds the maximum allowed size of {MAX_BYTES} bytes")
    for member in policy.unknown:
        raise MalformedPolicy(f"Unknown field {member.name}")
    if "Statement" not in policy.elements:
        raise MalformedPolicy("Missing required field Statement")
    if policy.version not in VERSIONS:
        raise MalformedPolicy("The policy must contain a valid version string")
    if not policy.statements:
        raise MalformedPolicy("Could not parse the policy: Statement is empty!")
    for statement in policy.statements:
        _check_statement(policy, statement, bucket)
    try:
        compile_policy(policy)
    except Unusable:
        raise MalformedPolicy("Invalid policy syntax.") from None


def _check_statement(policy: Policy, statement: Statement, bucket: str):
    for member in statement.unknown:
        raise MalformedPolicy(f"Unknown field {member.name}")
    if "Effect" not in statement.elements:
        raise MalformedPolicy("Missing required field Effect")
    if not (statement.allows or statement.denies):
        raise MalformedPolicy(f"Invalid effect: {statement.effect}")
    for element in ("Principal", "Action", "Resource"):
        if element not in statement.elements and f"Not{element}" not in statement.elements:
            raise MalformedPolicy(f"Missing required field {element}")
    if not all(_is_principal(entry.kind, entry.value.value) for name in ("Principal", "NotPrincipal")
               for entry in statement.principals(name)):  # fmt: skip
        raise MalformedPolicy("Invalid principal in policy")
    _check_actions(statement, bucket)
    for condition in statement.conditions():
        _check_condition(policy, condition)


def _is_principal(kind: str, value: object) -> bool:
    if not isinstance(value, str) or kind not in KINDS:
        return kind == "" and value == "*"
    if kind != "AWS":
        return value != "" and "*" not in value
    return value == "*" or bool(ACCOUNT.fullmatch(value) or UNIQUE_ID.fullmatch(value))


def _check_actions(statement: Statement, bucket: str):
    """Actions and resources must be S3's and the bucket's, and each action must fit one of the resources."""
    resources = [node.text for name in ("Resource", "NotResource") for node in statement.strings(name)]
    covered = [_covered_kinds(resource, bucket) for resource in resources]
    if not resources or not all(covered):
        raise MalformedPolicy("Policy has invalid resource")
    there = set().union(*covered)
    for name in ("Action", "NotAction"):
        for node in statement.strings(name):
            kinds = _acted_on_kinds(node.text)
            if kinds is None:
                raise MalformedPolicy("Policy has invalid action")
            if name == "Action" and "Resource" in statement.elements and not kinds & there:
                raise MalformedPolicy("Action does not apply to any resource(s) in statement")


def _covered_kinds(pattern: str, bucket: str) -> set[str]:
    """Whether a resource pattern covers the "bucket" itself, and each "object" in it."""
    prefix = PREFIX.match(pattern)
    if prefix is None:
        return set()
    name = pattern[prefix.end() :]
    before, slash, _ = name.partition("/")
    kinds = {"bucket"} if _matches(name, bucket) else set()
    objects = _matches(before, bucket) if slash else _matches(name, f"{bucket}/object")
    return kinds | {"object"} if objects else kinds


def _acted_on_kinds(pattern: str) -> set[str] | None:
    """The kinds of resources on which the actions of a pattern act; None for a pattern that no action has."""
    vendor, _, name = pattern.partition(":")
    if pattern == "*":
        return {"bucket", "object"}
    service = service_data().service("s3")
    names = service.actions_like(name) if service and vendor.lower() == "s3" else []
    actions = [action for name in names if service and (action := service.action(name))]
    return {resource.name for action in actions for resource in action.resources} if actions else None


def _matches(pattern: str, text: str) -> bool:
    return bool(matcher(read_pieces(pattern, False))(text))


def _check_condition(policy: Policy, condition: ConditionEntry):
    values = [str(node.value) for node in condition.values]
    try:
        compile_condition(condition.operator, condition.key.text, values, policy.has_variables)
    except UnknownOperator:
        raise MalformedPolicy(f"Invalid Condition type : {condition.operator_key.text}") from None


def is_public(text: str) -> bool:
    """Whether a policy allows something to anyone, as S3 defines it."""
    return any(statement.allows and _for_anyone(statement) for statement in parse(text).statements)


def _for_anyone(statement: Statement) -> bool:
    everyone = any(entry.value.value == "*" and entry.kind in ("", "AWS") for entry in statement.principals())
    if not everyone and "NotPrincipal" not in statement.elements:
        return False
    return not any(_narrows(condition) for condition in statement.conditions())


def _narrows(condition: ConditionEntry) -> bool:
    key, operator = condition.key.text.lower(), condition.operator
    if key not in NARROWING_KEYS or operator.base.lower() not in NARROWING_OPERATORS:
        return False
    if operator.if_exists or operator.qualifier.lower() == "forallvalues":
        return False
    values = [str(node.value) for node in condition.values]
    if key == "aws:sourceip":
        return all(_is_narrow_network(value) for value in values)
    if key == "s3:dataaccesspointarn":
        return True
    return not any(mark in value for value in values for mark in ("*", "?", "${"))


def _is_narrow_network(text: str) -> bool:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return (network.is_private and network.prefixlen > 0) or network.prefixlen >= BROADEST[network.version]
