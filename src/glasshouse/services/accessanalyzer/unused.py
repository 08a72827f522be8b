"""Unused access: roles, access keys, passwords and permissions that nobody has used for some time.

Differs from AWS: unused permissions are told by service, not by action.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from glasshouse.core import ServiceError
from glasshouse.core.service import Siblings
from glasshouse.core.tags import from_list
from glasshouse.services.accessanalyzer.kinds import SERVICE_ROLES

ROLES, USERS = "AWS::IAM::Role", "AWS::IAM::User"
UNUSED_KINDS = (ROLES, USERS)
UNUSED_CREDENTIALS = ("UnusedIAMRole", "UnusedIAMUserAccessKey", "UnusedIAMUserPassword")


@dataclass(frozen=True)
class Unused:
    """`name` tells the findings of one resource apart."""

    resource: str
    finding_type: str
    name: str
    details: list[dict]


def unused_access(aws: Siblings, account: str, kind: str, since: float, rule: dict) -> Iterator[Unused]:
    """What has not been used since; what is younger than that is left out, as is what the rule excludes."""
    if _is_spared(account, rule):
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
            yield Unused(role["Arn"], "UnusedIAMRole", "", [{"unusedIamRoleDetails": {"lastAccessed": used}}])


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
                shown = [{"unusedIamUserAccessKeyDetails": details}]
                yield Unused(user["Arn"], "UnusedIAMUserAccessKey", key["AccessKeyId"], shown)
        yield from _unused_password(aws, user, since)


def _unused_password(aws: Siblings, user: dict, since: float) -> Iterator[Unused]:
    try:
        profile = aws.iam.get_login_profile(UserName=user["UserName"])["LoginProfile"]
    except ServiceError:  # NoSuchEntity: the user has no password
        return
    used = user.get("PasswordLastUsed")
    if _is_old(profile["CreateDate"], used, since):
        shown = [{"unusedIamUserPasswordDetails": {"lastAccessed": used}}]
        yield Unused(user["Arn"], "UnusedIAMUserPassword", "", shown)


def old_entities(aws: Siblings, account: str, kind: str, since: float, rule: dict) -> list[str]:
    """The ARNs of the roles or users that have been there long enough to be judged."""
    if _is_spared(account, rule):
        return []
    if kind == ROLES:
        found = [aws.iam.get_role(RoleName=one["RoleName"])["Role"] for one in _listed(aws.iam.list_roles, "Roles")]
    else:
        found = [aws.iam.get_user(UserName=one["UserName"])["User"] for one in _listed(aws.iam.list_users, "Users")]
    judged = [one for one in found if one["CreateDate"] < since and not _is_excluded(one, rule)]
    return [one["Arn"] for one in judged if SERVICE_ROLES not in one["Arn"]]


def start_report(aws: Siblings, arn: str) -> str:
    return aws.iam.generate_service_last_accessed_details(Arn=arn)["JobId"]


def is_written(aws: Siblings, job: str) -> bool:
    return aws.iam.get_service_last_accessed_details(JobId=job)["JobStatus"] != "IN_PROGRESS"


def unused_permissions(aws: Siblings, arn: str, job: str, since: float) -> Iterator[Unused]:
    """By a report that is done: one finding for a role or user, with all services that it does not use."""

    def report(**more: Any) -> dict:
        return aws.iam.get_service_last_accessed_details(JobId=job, **more)

    details = [
        {"serviceNamespace": service["ServiceNamespace"], "lastAccessed": service.get("LastAuthenticated")}
        for service in _listed(report, "ServicesLastAccessed")
        if (service.get("LastAuthenticated") or 0) < since
    ]
    if details:
        yield Unused(arn, "UnusedPermission", "", [{"unusedPermissionDetails": one} for one in details])


def _is_spared(account: str, rule: dict) -> bool:
    return any(account in (one.get("accountIds") or ()) for one in rule.get("exclusions") or ())


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
