"""The account as a whole: its summary, alias and password policy, and what is in it."""

import csv
import io
from datetime import UTC, datetime

from glasshouse.core.call import partition
from glasshouse.services.iam.entities import PAGE, attached, encoded
from glasshouse.services.iam.errors import (
    EntityAlreadyExists,
    NoSuchEntity,
    ReportInProgress,
    ReportNotPresent,
)
from glasshouse.services.iam.records import Alias, CredentialReport, Identity, PasswordPolicy

QUOTAS = {
    "UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "InstanceProfilesQuota": 1000,
    "ServerCertificatesQuota": 20, "UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120,
    "RolePolicySizeQuota": 10_240, "PolicySizeQuota": 6144, "PolicyVersionsInUseQuota": 10_000,
    "VersionsPerPolicyQuota": 5, "GroupsPerUserQuota": 10, "AccessKeysPerUserQuota": 2,
    "AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10, "AttachedPoliciesPerRoleQuota": 10,
    "SigningCertificatesPerUserQuota": 2, "AssumeRolePolicySizeQuota": 2048, "GlobalEndpointTokenVersion": 1,
}  # fmt: skip
REPORT_KEPT_S = 4 * 3600
PASSWORD_COLUMNS = ["password_enabled", "password_last_used", "password_last_changed", "password_next_rotation"]
KEY_COLUMNS = ["active", "last_rotated", "last_used_date", "last_used_region", "last_used_service"]
REPORT_COLUMNS = [
    *["user", "arn", "user_creation_time"], *PASSWORD_COLUMNS, "mfa_active",
    *[f"access_key_{number}_{column}" for number in (1, 2) for column in KEY_COLUMNS],
    *[f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")],
]  # fmt: skip
ROOT_CELLS = [
    *["N/A", "not_supported", "no_information", "not_supported", "not_supported", "false"],
    *["false", "N/A", "N/A", "N/A", "N/A"] * 2, *["false", "N/A"] * 2,
]  # fmt: skip


class Account:
    """The operations on the account."""

    def get_account_summary(self):
        devices = list(self.mfa_devices.list())
        counts = {
            "Users": len(self.users.keys()), "Groups": len(self.groups.keys()), "Roles": len(self.roles.keys()),
            "Policies": len(self.policies.keys()), "InstanceProfiles": len(self.instance_profiles.keys()),
            "PolicyVersionsInUse": sum(len(policy.versions) for policy in self.policies.list()),
            "MFADevices": len(devices), "MFADevicesInUse": sum(bool(device.user_name) for device in devices),
            "Providers": len(self.saml_providers.keys()) + len(self.oidc_providers.keys()),
            "ServerCertificates": len(self.server_certificates.keys()),
            "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0,
            "AccountPasswordPresent": 0, "AccountSigningCertificatesPresent": 0,
        }  # fmt: skip
        return {"SummaryMap": {**counts, **QUOTAS}}

    def create_account_alias(self, account_alias: str):
        taken = next((alias for _, alias in self.aliases.everywhere() if alias.alias == account_alias), None)
        if taken and taken.account != self.call.account:
            raise EntityAlreadyExists(f"The account alias {account_alias} already exists.")
        for alias in list(self.aliases.list()):
            self.aliases.delete(alias)  # an account has one alias: a new one replaces it
        self.aliases.put(Alias(account_alias, self.call.account))

    def delete_account_alias(self, account_alias: str):
        alias = self.aliases.get(account_alias)
        if alias is None:
            raise NoSuchEntity(f"The account alias {account_alias} cannot be found.")
        self.aliases.delete(alias)

    def list_account_aliases(self, marker: str | None = None, max_items: int = PAGE):
        aliases, page = self._slice([alias.alias for alias in self.aliases.list()], marker, max_items)
        return {"AccountAliases": aliases, **page}

    def get_account_password_policy(self):
        policy = self.password_policies.get("the account's")
        if policy is None:
            raise NoSuchEntity(f"The Password Policy with domain name {self.call.account} cannot be found.")
        return {"PasswordPolicy": policy}

    def update_account_password_policy(
        self,
        minimum_password_length: int = 6,
        require_symbols: bool = False,
        require_numbers: bool = False,
        require_uppercase_characters: bool = False,
        require_lowercase_characters: bool = False,
        allow_users_to_change_password: bool = False,
        max_password_age: int | None = None,
        password_reuse_prevention: int | None = None,
        hard_expiry: bool | None = None,
    ):
        self.password_policies.put(
            PasswordPolicy(
                "the account's",
                minimum_password_length,
                require_symbols,
                require_numbers,
                require_uppercase_characters,
                require_lowercase_characters,
                allow_users_to_change_password,
                max_password_age or None,
                password_reuse_prevention,
                hard_expiry,
            )
        )

    def delete_account_password_policy(self):
        policy = self.password_policies.get("the account's")
        if policy is None:
            raise NoSuchEntity("The account policy with name PasswordPolicy cannot be found.")
        self.password_policies.delete(policy)

    def get_account_authorization_details(
        self, filter: list | None = None, marker: str | None = None, max_items: int = PAGE
    ):
        """Everything, in the order users, groups, roles, policies."""
        wanted = filter or ["User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"]
        used = self._usage(False)
        details = [("UserDetailList", self._user_detail(user)) for user in self.users.list() if "User" in wanted]
        details += [("GroupDetailList", _detail(group)) for group in self.groups.list() if "Group" in wanted]
        details += [("RoleDetailList", self._role_detail(role)) for role in self.roles.list() if "Role" in wanted]
        own = self.policies.list() if "LocalManagedPolicy" in wanted else ()
        aws = [arn for arn in used if ":iam::aws:policy/" in arn] if "AWSManagedPolicy" in wanted else ()
        details += [("Policies", self._policy_detail(policy)) for policy in (*own, *map(self._policy, aws))]
        found, page = self._slice(details, marker, max_items)
        lists = {name: [] for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")}
        for name, detail in found:
            lists[name].append(detail)
        return {**lists, **page}

    # The credential report

    def generate_credential_report(self):
        report = self.reports.get("the account's")
        if report and report.generated > self.now - REPORT_KEPT_S:
            return {"State": "COMPLETE"}
        self.reports.put(CredentialReport("the account's", self.now, None))
        self.later("_write_report")
        return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}

    def get_credential_report(self):
        report = self.reports.get("the account's")
        if report is None:
            raise ReportNotPresent("No report exists. To generate a report, call GenerateCredentialReport.")
        if report.content is None:
            raise ReportInProgress("The report is still being generated.")
        return {"Content": report.content.encode(), "ReportFormat": "text/csv", "GeneratedTime": report.generated}

    def _write_report(self):
        written = io.StringIO()
        table = csv.writer(written, lineterminator="\n")
        table.writerow(REPORT_COLUMNS)
        root = f"arn:{partition(self.call.region)}:iam::{self.call.account}:root"
        table.writerow(["<root_account>", root, *ROOT_CELLS])
        for user in self.users.list():
            table.writerow(self._report_row(user))
        self.reports.put(CredentialReport("the account's", self.now, written.getvalue()))

    def _report_row(self, user) -> list[str]:
        profile = self.login_profiles.get(user.user_name)
        mfa = any(device.user_name == user.user_name for device in self.mfa_devices.list())
        used = _iso(user.password_last_used) if user.password_last_used else "no_information"
        password = ["true", used, _iso(profile.create_date), "N/A"] if profile else ["false", "N/A", "N/A", "N/A"]
        keys = [cell for key in self.access_keys.list(user.user_name) for cell in self._report_key(key)]
        keys += ["false", "N/A", "N/A", "N/A", "N/A"] * ((10 - len(keys)) // 5)
        held = sorted(self.signing_certificates.list(user.user_name), key=lambda one: one.upload_date)
        certificates = [cell for one in held for cell in (str(one.status == "Active").lower(), _iso(one.upload_date))]
        certificates += ["false", "N/A"] * ((4 - len(certificates)) // 2)
        start = [user.user_name, user.arn, _iso(user.create_date)]
        return [*start, *password, str(mfa).lower(), *keys, *certificates]

    def _report_key(self, key) -> list[str]:
        use = self.key_uses.get(key.access_key_id)
        last = [_iso(use.date), use.region, use.service] if use else ["N/A", "N/A", "N/A"]
        return [str(key.status == "Active").lower(), _iso(key.create_date), *last]

    # Details

    def _user_detail(self, user) -> dict:
        return _detail(user) | {
            "GroupList": user.groups, "UserPolicyList": _inline_list(user), "Tags": self._tags(user.arn),
        }  # fmt: skip

    def _role_detail(self, role) -> dict:
        profiles = [profile for profile in self.instance_profiles.list() if profile.role_name == role.role_name]
        shown = self._role_shown(role)
        return {
            **shown, "RolePolicyList": _inline_list(role), "AttachedManagedPolicies": [*map(attached, role.attached)],
            "InstanceProfileList": [self._profile_shown(profile) for profile in profiles],
        }  # fmt: skip

    def _policy_detail(self, policy) -> dict:
        versions = [self._version_shown(policy, version) for version in policy.versions]
        return {**self._policy_shown(policy), "PolicyVersionList": versions}


def _detail(entity: Identity) -> dict:
    boundary = getattr(entity, "boundary", None)
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary} if boundary else None
    return {
        **vars(entity), "GroupPolicyList": _inline_list(entity), "permissions_boundary": limit,
        "AttachedManagedPolicies": [attached(arn) for arn in entity.attached],
    }  # fmt: skip


def _inline_list(entity: Identity) -> list[dict]:
    return [{"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in entity.inline.items()]


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
