"""The checks of IAM Access Analyzer's policy validation.

    findings = validate(text, PolicyKind.RESOURCE, "AWS::S3::Bucket")

A check is a function of a `Subject` that yields findings; a few that look at the same thing yield those of several of
AWS's checks. Findings come in the order of the places they point at. A text that is no JSON is only told so.
"""

from __future__ import annotations

from itertools import chain

from ..parse import parse
from ..service_data import service_data
from . import (
    actions,
    arns,
    condition_keys,
    condition_values,
    controls,
    powers,
    principals,
    redundancy,
    resource_types,
    structure,
    tags,
    trust,
    variables,
)
from .subject import TRUST, Check, Finding, Location, PolicyKind, Subject

__all__ = ["TRUST", "Finding", "Location", "PolicyKind", "validate"]

CHECKS: tuple[Check, ...] = (
    *structure.CHECKS,
    *actions.CHECKS,
    *arns.CHECKS,
    *principals.CHECKS,
    *resource_types.CHECKS,
    *condition_keys.CHECKS,
    *condition_values.CHECKS,
    *variables.CHECKS,
    *powers.CHECKS,
    *tags.CHECKS,
    *controls.CHECKS,
    *redundancy.CHECKS,
)


def validate(text: str, kind: PolicyKind, resource_type: str | None = None) -> list[Finding]:
    policy = parse(text)
    subject = Subject(policy, kind, resource_type, service_data())
    if policy.root is None or policy.document.problems:
        return list(structure.json_syntax_error(subject))
    checks = (*CHECKS, *trust.CHECKS) if subject.is_trust else CHECKS
    found = list(chain.from_iterable(check(subject) for check in checks))
    return sorted(found, key=lambda finding: finding.locations[0].span.start.offset if finding.locations else 0)
