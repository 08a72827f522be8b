"""Filters and sorting of findings, by the keys of "IAM Access Analyzer filter keys" in the IAM user guide."""

from collections.abc import Iterable
from typing import Any

from glasshouse.core.table import SEPARATOR, make_token, read_token
from glasshouse.services.accessanalyzer.errors import invalid

KEYS = {
    "resource": "resource",
    "resourceType": "resource_type",
    "resourceOwnerAccount": "resource_owner_account",
    "findingType": "finding_type",
    "status": "status",
    "isPublic": "is_public",
    "id": "id",
    "createdAt": "created_at",
    "analyzedAt": "analyzed_at",
    "updatedAt": "updated_at",
    "changeType": "change_type",
    "existingFindingId": "existing_finding_id",
    "existingFindingStatus": "existing_finding_status",
    "error": "error",
}
PRINCIPALS = ("AWS", "Federated", "CanonicalUser")
CONDITION, PRINCIPAL = "condition.", "principal."


def check_filter(criteria: dict | None):
    for key, criterion in (criteria or {}).items():
        if not is_known(key):
            raise invalid("filter", f"The filter key {key} is not valid.")
        if not any(criterion.get(operator) is not None for operator in ("eq", "neq", "contains", "exists")):
            raise invalid("filter", f"The filter for {key} must have an operator.")


def is_known(key: str) -> bool:
    principal = key.startswith(PRINCIPAL) and key.removeprefix(PRINCIPAL) in PRINCIPALS
    return key in KEYS or principal or (key.startswith(CONDITION) and key != CONDITION)


def matches(finding: Any, criteria: dict | None) -> bool:
    """Whether all criteria hold of a finding."""
    return all(_holds(values_of(finding, key), criterion) for key, criterion in (criteria or {}).items())


def values_of(finding: Any, key: str) -> list[str]:
    """What a finding says under a filter key."""
    if key.startswith(PRINCIPAL):
        found = (finding.principal or {}).get(key.removeprefix(PRINCIPAL))
    elif key.startswith(CONDITION):
        found = finding.condition.get(key.removeprefix(CONDITION))
    else:
        found = getattr(finding, KEYS[key], None)
    if found is None:
        return []
    if isinstance(found, bool):
        return ["true" if found else "false"]
    return [f"{found:020.3f}" if isinstance(found, float) else str(found)]


def _holds(values: list[str], criterion: dict) -> bool:
    wanted, unwanted, parts = (criterion.get(operator) for operator in ("eq", "neq", "contains"))
    if wanted is not None and not set(wanted) & set(values):
        return False
    if unwanted is not None and set(unwanted) & set(values):
        return False
    if parts is not None and not any(part in value for part in parts for value in values):
        return False
    return criterion.get("exists") is None or criterion["exists"] is bool(values)


def arranged(findings: Iterable, sort: dict | None, limit: int, token: str | None) -> tuple[list, str | None]:
    """A page of findings in the order asked for; by default the newest come last."""
    attribute = (sort or {}).get("attributeName") or "createdAt"
    if not is_known(attribute):
        raise invalid("sort", f"The attribute {attribute} is not valid.")
    falling = (sort or {}).get("orderBy") == "DESC"
    placed = sorted(((_place(finding, attribute), finding) for finding in findings), key=_first, reverse=falling)
    after = read_token(token)
    rest = [one for one in placed if not after or (one[0] < after if falling else one[0] > after)]
    more = len(rest) > limit
    return [finding for _, finding in rest[:limit]], make_token(rest[limit - 1][0]) if more else None


def _place(finding: Any, attribute: str) -> str:
    return SEPARATOR.join([*values_of(finding, attribute), finding.id])


def _first(placed: tuple) -> str:
    return placed[0]
