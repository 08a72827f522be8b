"""What Secrets Manager keeps."""

from dataclasses import dataclass, field

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"


@dataclass
class Replica:
    """Another Region in which a primary secret has a copy."""

    region: str
    kms_key_id: str | None = None
    status: str = "InSync"
    status_message: str | None = None


@dataclass
class Rules:
    """A rotation schedule: every so many days, or by an expression."""

    automatically_after_days: int | None = None
    duration: str | None = None
    schedule_expression: str | None = None


@dataclass
class Secret:
    """A secret, or the copy of one whose `primary_region` is another. `stages` say which version has which label."""

    name: str
    arn: str
    created_date: float
    last_changed_date: float
    description: str | None = None
    kms_key_id: str | None = None  # none: the key that AWS manages
    last_accessed_date: float | None = None
    deleted_date: float | None = None  # when its deletion was asked for
    stages: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    rotation_enabled: bool | None = None
    rotation_lambda_arn: str | None = None
    rotation_rules: Rules | None = None
    last_rotated_date: float | None = None
    next_rotation_date: float | None = None
    primary_region: str | None = None
    replicas: list[Replica] = field(default_factory=list)
    owning_service: str | None = None  # which manages it for the user

    def stages_of(self, version_id: str) -> list[str]:
        return sorted(stage for stage, version in self.stages.items() if version == version_id)

    @property
    def versions_to_stages(self) -> dict[str, list[str]] | None:
        return {version: self.stages_of(version) for version in self.stages.values()} or None


@dataclass
class Version:
    """A version of a secret's value, sealed by KMS; without one while a rotation has only announced it."""

    name: str
    version_id: str
    created_date: float
    sealed: bytes | None = None
    is_binary: bool = False
    kms_key_id: str | None = None
    last_accessed_date: float | None = None
