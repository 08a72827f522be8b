"""What is kept of parameters and documents."""

from dataclasses import dataclass, field


@dataclass
class Policy:
    """A parameter policy, and how far it has come: Pending, then Finished."""

    policy_type: str
    policy_text: str
    policy_status: str = "Pending"


@dataclass
class Parameter:
    """A version of a parameter. `path` is its name with a leading slash, under which it is found; `value` is as
    given, or what KMS made of it (base64) in a SecureString."""

    path: str
    name: str
    version: int
    type: str
    value: str
    arn: str
    tier: str
    data_type: str
    last_modified_date: float
    last_modified_user: str
    description: str | None = None
    key_id: str | None = None
    allowed_pattern: str | None = None
    policies: list[Policy] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)  # kept up to date in the history alone


@dataclass
class Census:
    """How many parameters of a tier there are in an account's region."""

    tier: str
    parameters: int = 0


@dataclass
class Document:
    """A document: `shared_with` are accounts (or `all`) and which versions they see."""

    name: str
    arn: str
    document_type: str
    default_version: int = 1
    latest_version: int = 1
    made_versions: int = 1  # a number is not given again when its version was deleted
    requires: list[dict] = field(default_factory=list)
    shared_with: dict[str, str] = field(default_factory=dict)


@dataclass
class DocumentVersion:
    """What a document says, as it was written."""

    name: str
    document_version: int
    content: str
    document_format: str
    created_date: float
    version_name: str | None = None
    display_name: str | None = None
    target_type: str | None = None


@dataclass
class Setting:
    """A service setting that was changed."""

    setting_id: str
    setting_value: str
    last_modified_date: float
    last_modified_user: str
