"""What KMS keeps."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Key:
    """A KMS key, without its material. `current` is the number of the material that encrypts; 0 before an import."""

    key_id: str
    arn: str
    aws_account_id: str
    region: str
    creation_date: float
    description: str
    key_spec: str
    key_usage: str
    origin: str
    policy: str
    key_manager: str = "CUSTOMER"
    key_state: str = "Enabled"
    multi_region: bool = False
    current: int = 0
    deletion_date: float | None = None
    pending_deletion_window_in_days: int | None = None
    rotation_period_in_days: int | None = None  # none: not rotated by itself
    next_rotation_date: float | None = None
    rotations_on_demand: int = 0

    @property
    def is_managed(self) -> bool:
        """Whether AWS manages it."""
        return self.key_manager == "AWS"

    @property
    def is_symmetric(self) -> bool:
        return self.key_spec == "SYMMETRIC_DEFAULT"


@dataclass
class Material:
    """One of the materials a key has had. `sealed` is none while imported material has yet to come (again)."""

    key_id: str
    number: int
    key_material_id: str  # of symmetric keys shown; derived from the key's id and the material
    sealed: bytes | None
    public_key: bytes | None = None
    key_material_state: str = "CURRENT"
    rotation_date: float | None = None
    rotation_type: str | None = None
    key_material_description: str | None = None
    expiration_model: str | None = None  # these two of imported material
    valid_to: float | None = None


@dataclass
class Alias:
    alias_name: str
    alias_arn: str
    target_key_id: str | None = None  # none of one that AWS has ready, without a key
    creation_date: float | None = None
    last_updated_date: float | None = None


@dataclass
class Grant:
    key_id: str  # of the key; its ARN is what clients see
    grant_id: str
    key_arn: str
    creation_date: float
    issuing_account: str
    operations: list[str]
    grantee_principal: str | None = None
    retiring_principal: str | None = None
    grantee_service_principal: str | None = None
    retiring_service_principal: str | None = None
    name: str | None = None
    constraints: dict[str, Any] | None = None


@dataclass
class Family:
    """A multi-Region key: where its primary and its replicas are."""

    key_id: str
    primary: str
    replicas: list[str] = field(default_factory=list)

    @property
    def regions(self) -> list[str]:
        return [self.primary, *self.replicas]
