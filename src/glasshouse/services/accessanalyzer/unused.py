"""Unused access: roles, access keys and passwords that nobody has used for some time.

Differs from AWS: unused permissions of roles and users that are used are not found.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from glasshouse.core.service import Siblings
from glasshouse.core.tags import from_list
from glasshouse.services.accessanalyzer.kinds import SERVICE_ROLES

ROLES, USERS = "AWS::IAM::Role", "AWS::IAM::User"
UNUSED_KINDS = (ROLES, USERS)


@dataclass(frozen=True)
class Unused:
    """`name` tells the findings of one resource apart."""

    resource: str
    finding_type: str
    name: str
    details: dict


def unused_access(aws: Siblings, account: str, kind: str, since: float, rule: dict) -> Iterator[Unused]:
    """What has not been used since; what is younger than that is left out, as is what the rule excludes."""
    if any(account in (one.get("accountIds") or ()) for one in rule.get("exclusions") or ()):
        return
    if kind == ROLES:
        yield from _unused_roles(aws, since, rule)
    else:
        yield from _unused_credentials(aws, since, rule)


def _unused_roles(aws: Siblings, since: float, rule: dict) -> Iterator[Unused]:
    for listed in _listed(aws.iam.list_roles, "Roles"):
        if SERVICE_ROLES in listed["Arn"]:
            continue
        role = aws.iam.get_role(RoleName=listed["RoleName"])["Role"]
        used = (role.get("RoleLastUsed") or {}).get("LastUsedDate")
        if _is_old(role["CreateDate"], used, since) and not _is_excluded(role, rule):
            yield Unused(role["Arn"], "UnusedIAMRole", "", {"unusedIamRoleDetails": {"lastAccessed": used}})


def _unused_credentials(aws: Siblings, since: float, rule: dict) -> Iterator[Unused]:
    for listed in _listed(aws.iam.list_users, "Users"):
        user = aws.iam.get_user(UserName=listed["UserName"])["User"]
        if _is_excluded(user, rule):
            continue
        for key in _listed(aws.iam.list_access_keys, "AccessKeyMetadata", UserName=user["UserName"]):
            told = aws.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
            used = told.get("LastUsedDate")
            if key["Status"] == "Active" and _is_old(key["CreateDate"], used, since):
                details = {"accessKeyId": key["AccessKeyId"], "lastAccessed": used}
                shown = {"unusedIamUserAccessKeyDetails": details}
                yield Unused(user["Arn"], "UnusedIAMUserAccessKey", key["AccessKeyId"], shown)
        yield from _unused_password(aws, user, since)


def _unused_password(aws: Siblings, user: dict, since: float) -> Iterator[Unused]:
    from glasshouse.core import ServiceError

    try:
        profile = aws.iam.get_login_profile(UserName=user["UserName"])["LoginProfile"]
    except ServiceError:  # NoSuchEntity: the user has no password
        return
    used = user.get("PasswordLastUsed")
    if _is_old(profile["CreateDate"], used, since):
        yield Unused(user["Arn"], "UnusedIAMUserPassword", "", {"unusedIamUserPasswordDetails": {"lastAccessed": used}})


def _listed(ask: Callable[..., dict], members: str, **of: Any) -> Iterator[dict]:
    marker = None
    while True:
        page = ask(**of, **({"Marker": marker} if marker else {}))
        yield from page[members]
        marker = page.get("Marker")
        if not marker:
            return


def _is_old(created: float, used: float | None, since: float) -> bool:
    return created < since and (used is None or used < since)


def _is_excluded(entity: dict, rule: dict) -> bool:
    tags = from_list(entity.get("Tags"))
    wanted = [few for one in rule.get("exclusions") or () for few in one.get("resourceTags") or ()]
    return any(all(tags.get(key) == value for key, value in few.items()) for few in wanted)
