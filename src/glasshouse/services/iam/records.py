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
