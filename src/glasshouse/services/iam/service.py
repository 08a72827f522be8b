"""IAM: users, groups, roles and the policies they carry.

What is written here decides the very next call of anyone (see access.py): AWS's answer to a change takes some seconds.
Differs from AWS: service-linked roles go at once when they are asked to.
"""

from glasshouse.core import Service, Table
from glasshouse.services.iam import identities
from glasshouse.services.iam.account import Account
from glasshouse.services.iam.advisor import Advisor
from glasshouse.services.iam.certificates import Certificates
from glasshouse.services.iam.entities import Entities
from glasshouse.services.iam.errors import ValidationError
from glasshouse.services.iam.policies import Policies
from glasshouse.services.iam.providers import OidcProviders, SamlProviders
from glasshouse.services.iam.records import (
    AccessKey,
    AdvisorJob,
    Alias,
    CredentialReport,
    InstanceProfile,
    LoginProfile,
    MfaDevice,
    OidcProvider,
    PasswordPolicy,
    SamlProvider,
    ServerCertificate,
    SigningCertificate,
    SshPublicKey,
)
from glasshouse.services.iam.roles import InstanceProfiles, Roles
from glasshouse.services.iam.signin import SignIn
from glasshouse.services.iam.simulation import Simulator
from glasshouse.services.iam.users import Groups, Users
from glasshouse.services.iam.uses import KEY_USES, SERVICE_USES


class People(Users, Groups, Roles, InstanceProfiles, SignIn):
    """Those who can be allowed something."""


class Trust(SamlProviders, OidcProviders, Certificates):
    """Those whose word is believed."""


class Iam(Entities, People, Policies, Trust, Simulator, Advisor, Account, Service):
    name = "iam"
    invalid_page_token = ValidationError
    users, groups, roles, policies = identities.USERS, identities.GROUPS, identities.ROLES, identities.POLICIES
    access_keys = Table(AccessKey, key=("user_name", "access_key_id"), scope="account")
    login_profiles = Table(LoginProfile, key="user_name", scope="account")
    mfa_devices = Table(MfaDevice, key="serial_number", scope="account")
    instance_profiles = Table(InstanceProfile, key="instance_profile_name", scope="account")

    saml_providers = Table(SamlProvider, key="arn", scope="account")
    oidc_providers = Table(OidcProvider, key="arn", scope="account")
    server_certificates = Table(ServerCertificate, key="server_certificate_name", scope="account")
    signing_certificates = Table(SigningCertificate, key=("user_name", "certificate_id"), scope="account")
    ssh_public_keys = Table(SshPublicKey, key=("user_name", "ssh_public_key_id"), scope="account")

    aliases = Table(Alias, key="alias", scope="account")
    password_policies = Table(PasswordPolicy, key="name", scope="account")
    reports = Table(CredentialReport, key="name", scope="account")
    key_uses, service_uses = KEY_USES, SERVICE_USES
    advisor_jobs = Table(AdvisorJob, key="job_id", scope="account")

    def resource_arns(self, params: dict) -> list[str] | None:
        """Users, roles and groups have paths in their ARNs, which calls to them do not name."""
        kinds = (
            ("UserName", self.users, "user"),
            ("RoleName", self.roles, "role"),
            ("GroupName", self.groups, "group"),
        )
        for member, rows, kind in kinds:
            if name := params.get(member):
                found = rows.get(name)
                return [found.arn if found else self._iam_arn(kind, params.get("Path", "/"), name)]
        return None
