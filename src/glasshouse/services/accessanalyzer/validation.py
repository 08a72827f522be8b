"""Policy validation and the custom policy checks: questions about a document that concern nothing else.

Differs from AWS: texts of findings are in English only.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from glasshouse.core import NotSupported
from glasshouse.core.table import make_token, read_token
from glasshouse.services.accessanalyzer.errors import InvalidParameterException, ValidationException, invalid

if TYPE_CHECKING:
    from glasshouse.engines.policy.checks import Finding
    from glasshouse.engines.policy.compare import Access
    from glasshouse.engines.policy.document import Span, Step

PAGE = 100
NEW = (
    "The modified permissions grant new access compared to your existing policy.",
    "The modified permissions do not grant new access compared to your existing policy.",
    "New access",
)
GRANTED = (
    "The policy document grants access to perform one or more of the listed actions.",
    "The policy document does not grant access to perform one or more of the listed actions.",
    "One or more of the listed actions",
)
REACHED = (
    "The policy document grants access to one or more of the listed resources.",
    "The policy document does not grant access to one or more of the listed resources.",
    "One or more of the listed resources",
)
PUBLIC = (
    "The resource policy grants public access for the given resource type.",
    "The resource policy does not grant public access for the given resource type.",
    "Public access granted",
)


class PolicyValidation:
    """The operations that judge a policy document."""

    def validate_policy(
        self,
        policy_document: str,
        policy_type: str,
        locale: str = "EN",
        validate_policy_resource_type: str | None = None,
        max_results: int = PAGE,
        next_token: str | None = None,
    ):
        from glasshouse.engines.policy.checks import PolicyKind, validate

        if locale != "EN":
            raise NotSupported(f"access-analyzer:ValidatePolicy locale {locale} is not supported by Glasshouse yet")
        if validate_policy_resource_type and policy_type != "RESOURCE_POLICY":
            message = "The validatePolicyResourceType can be specified for the policy type RESOURCE_POLICY only."
            raise invalid("validatePolicyResourceType", message)
        found = validate(policy_document, PolicyKind(policy_type), validate_policy_resource_type)
        start = _start(next_token)
        end = start + check_limit(max_results)
        token = make_token(str(end)) if end < len(found) else None
        return {"findings": [_shown(finding) for finding in found[start:end]], "nextToken": token}

    def check_no_new_access(self, new_policy_document: str, existing_policy_document: str, policy_type: str):
        from glasshouse.engines.policy.compare import new_access

        _require_type(new_policy_document, policy_type)
        _require_type(existing_policy_document, policy_type)
        return _answer(lambda: new_access(new_policy_document, existing_policy_document), NEW)

    def check_access_not_granted(self, policy_document: str, access: list, policy_type: str):
        from glasshouse.engines.policy.compare import granted_access

        wanted = access[0] if access else {}
        actions, resources = wanted.get("actions") or [], wanted.get("resources") or []
        if not actions and not resources:
            raise InvalidParameterException("The access must specify at least one action or one resource.")
        if policy_type == "RESOURCE_POLICY" and resources:
            raise InvalidParameterException("Resources cannot be specified for the policy type RESOURCE_POLICY.")
        _require_type(policy_document, policy_type)
        words = GRANTED if actions else REACHED
        return _answer(lambda: granted_access(policy_document, actions, resources), words)

    def check_no_public_access(self, policy_document: str, resource_type: str):
        from glasshouse.engines.policy.compare import public_access

        _require_type(policy_document, "RESOURCE_POLICY")
        return _answer(lambda: public_access(policy_document), PUBLIC)


def check_limit(max_results: int) -> int:
    if max_results < 1:
        raise invalid("maxResults", f"The value {max_results} is not valid. It must be at least 1.")
    return min(max_results, PAGE)


def _start(token: str | None) -> int:
    text = read_token(token)
    if text and not text.isdigit():
        raise ValidationException("The specified token is not valid.")
    return int(text or 0)


def _require_type(document: str, policy_type: str):
    """That principals are named where they are to be named, and nowhere else."""
    from glasshouse.engines.policy import parse

    for statement in parse(document).statements:
        named = "Principal" in statement.elements or "NotPrincipal" in statement.elements
        if named and policy_type == "IDENTITY_POLICY":
            raise InvalidParameterException("The policy document of an identity policy must not specify a principal.")
        if not named and policy_type == "RESOURCE_POLICY":
            raise InvalidParameterException("The policy document of a resource policy must specify a principal.")


def _answer(ask: "Callable[[], Access]", words: tuple[str, str, str]) -> dict:
    """The result of a check: it passes where the access in question is not permitted."""
    from glasshouse.engines.policy import MalformedPolicy

    failed, passed, reason = words
    try:
        access = ask()
    except MalformedPolicy as problem:
        raise InvalidParameterException(f"The policy document is not valid: {problem.message}.") from None
    if not access.permitted:
        return {"result": "PASS", "message": passed}
    reasons = {(one.index, one.sid) for one in access.reasons}
    return {"result": "FAIL", "message": failed, "reasons": [_reason(reason, *one) for one in sorted(reasons, key=str)]}


def _reason(words: str, index: int, sid: str | None) -> dict:
    place = f"sid: {sid}" if sid else f"index: {index}"
    return {"description": f"{words} in the statement with {place}.", "statementIndex": index, "statementId": sid}


def _shown(finding: "Finding") -> dict:
    return {
        "findingType": finding.finding_type,
        "issueCode": finding.issue_code,
        "findingDetails": finding.details,
        "learnMoreLink": finding.learn_more_link,
        "locations": [
            {"path": [_element(step) for step in place.path], "span": _span(place.span)} for place in finding.locations
        ],
    }


def _element(step: "Step") -> dict:
    if isinstance(step.value, tuple):
        start, length = step.value
        return {"substring": {"start": start, "length": length}}
    return {step.kind: step.value}


def _span(span: "Span") -> dict:
    ends = {"start": span.start, "end": span.end}
    return {name: {"line": at.line, "column": at.column, "offset": at.offset} for name, at in ends.items()}
