"""AWS's words for a refusal, as in "Troubleshoot access denied error messages" of the IAM user guide.

Since 2026 AWS names the denying policy too where it is a managed or organization's policy; here this is so for every
policy whose name is an ARN.
"""

from __future__ import annotations

from .evaluate import Decision, PolicyType

_ARTICLES = {PolicyType.IDENTITY: "an", PolicyType.ROLE_TRUST: "the"}
_NAMED = frozenset(
    {
        PolicyType.SERVICE_CONTROL,
        PolicyType.RESOURCE_CONTROL,
        PolicyType.IDENTITY,
        PolicyType.BOUNDARY,
        PolicyType.SESSION,
    }
)


def access_denied(principal: str, action: str, resource: str | None, decision: Decision) -> str:
    """The message of the AccessDenied error; `principal` is an ARN, `resource` None or "*" where there is none."""
    subject = f"User: {principal} is not authorized to perform: {action}"
    if resource not in (None, "*"):
        subject += f" on resource: {resource}"
    return f"{subject} {reason(action, decision)}"


def reason(action: str, decision: Decision) -> str:
    kind = decision.policy_type
    if not decision.explicit:
        return f"because no {kind} allows the {action} action"
    name = decision.policy.name if decision.policy else None
    named = f": {name}" if name and name.startswith("arn:") and kind in _NAMED else ""
    return f"with an explicit deny in {_ARTICLES.get(kind, 'a')} {kind}{named}"
