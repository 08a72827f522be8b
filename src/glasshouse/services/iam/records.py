"""What IAM keeps. Policies are kept as the text their author gave; times are epoch seconds.

Inline policies and the ARNs of attached ones lie on the record of the user, group or role, so that a decision needs
few reads.
"""

from dataclasses import dataclass, field


@dataclass
class Identity:
    """What users, groups and roles share."""

    path: str
    arn: str
    create_date: float
    inline: dict[str, str] = field(default_factory=dict, kw_only=True)
    attached: list[str] = field(default_factory=list, kw_only=True)


@dataclass
class User(Identity):
    user_name: str
    user_id: str
    groups: list[str] = field(default_factory=list)
    boundary: str | None = None
    password_last_used: float | None = None


@dataclass
class Group(Identity):
    group_name: str
    group_id: str


@dataclass
class Role(Identity):
    role_name: str
    role_id: str
    assume_role_policy_document: str
    description: str | None = None
    max_session_duration: int = 3600
    boundary: str | None = None
    last_used: float | None = None
    last_used_region: str | None = None
    revoked_before: float | None = None


@dataclass
class PolicyVersion:
    version_id: str
    document: str
    create_date: float


@dataclass
class ManagedPolicy:
    """A customer-managed policy; AWS's own are data and have no record."""

    policy_name: str
    policy_id: str
    arn: str
    path: str
    create_date: float
    update_date: float
    default_version_id: str
    versions: list[PolicyVersion]
    description: str | None = None
    last_version: int = 1

    @property
    def document(self) -> str:
        """The text of the default version."""
        return next(version.document for version in self.versions if version.version_id == self.default_version_id)


@dataclass
class InstanceProfile:
    instance_profile_name: str
    instance_profile_id: str
    path: str
    arn: str
    create_date: float
    role_name: str | None = None


@dataclass
class AccessKey:
    user_name: str
    access_key_id: str
    status: str
    create_date: float


@dataclass
class LoginProfile:
    """`password_hash` is salted (scrypt); the password itself is not kept."""

    user_name: str
    create_date: float
    password_hash: str
    password_reset_required: bool = False


@dataclass
class MfaDevice:
    """A virtual device; its seed is sealed."""

    serial_number: str
    sealed_seed: bytes
    user_name: str | None = None
    enable_date: float | None = None
    last_step: int = 0


@dataclass
class Alias:
    alias: str
    account: str


@dataclass
class PasswordPolicy:
    """Without one an account asks for eight characters (IAM user guide, "Default password policy")."""

    name: str
    minimum_password_length: int = 8
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase_characters: bool = False
    require_lowercase_characters: bool = False
    allow_users_to_change_password: bool = False
    max_password_age: int | None = None
    password_reuse_prevention: int | None = None
    hard_expiry: bool | None = None

    @property
    def expire_passwords(self) -> bool:
        return self.max_password_age is not None


@dataclass
class CredentialReport:
    name: str
    generated: float
    content: str | None


@dataclass
class KeyUse:
    """When an access key was last used, to the minute, and for what."""

    access_key_id: str
    date: float
    service: str
    region: str


@dataclass
class SamlProvider:
    arn: str
    saml_metadata_document: str
    create_date: float
    valid_until: float
    saml_provider_uuid: str


@dataclass
class OidcProvider:
    """`place` is the issuer's address without scheme. Of its published `keys` some may not be known yet: `sought` says
    when one was last looked for in vain, `failure` why the provider could not be asked."""

    arn: str
    place: str
    issuer: str
    client_id_list: list[str]
    thumbprint_list: list[str]
    create_date: float
    keys: list[dict] = field(default_factory=list)
    sought: dict[str, float] = field(default_factory=dict)
    failure: str | None = None


@dataclass
class ServerCertificate:
    server_certificate_name: str
    server_certificate_id: str
    path: str
    arn: str
    upload_date: float
    expiration: float
    certificate_body: str
    sealed_key: bytes
    certificate_chain: str | None = None


@dataclass
class SigningCertificate:
    user_name: str
    certificate_id: str
    certificate_body: str
    upload_date: float
    status: str = "Active"


@dataclass
class SshPublicKey:
    user_name: str
    ssh_public_key_id: str
    fingerprint: str
    ssh_public_key_body: str
    upload_date: float
    status: str = "Active"


@dataclass
class ServiceUse:
    """When a user or role last used a service, and its actions, to the minute."""

    entity_arn: str
    namespace: str
    date: float
    region: str
    actions: dict[str, tuple[float, str]] = field(default_factory=dict)


@dataclass
class AdvisorJob:
    """A report of the access advisor; `services` are as GetServiceLastAccessedDetails shows them."""

    job_id: str
    arn: str
    granularity: str
    created: float
    completed: float | None = None
    services: list[dict] = field(default_factory=list)
