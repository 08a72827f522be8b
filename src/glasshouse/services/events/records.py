"""What EventBridge keeps as records."""

from dataclasses import dataclass, field

DEFAULT = "default"
DISABLED = "DISABLED"
ALL_MANAGEMENT_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(slots=True)
class Bus:
    """An event bus; times in epoch seconds."""

    name: str
    arn: str
    creation_time: float
    last_modified_time: float
    description: str | None = None
    kms_key_identifier: str | None = None
    dead_letter_config: dict | None = None
    log_config: dict | None = None
    policy: str | None = None


@dataclass(slots=True)
class Rule:
    """`anchor` is when its rate began to count; `archive` names the archive whose rule it is."""

    event_bus_name: str
    name: str
    arn: str
    created_by: str
    state: str
    event_pattern: str | None = None
    schedule_expression: str | None = None
    description: str | None = None
    role_arn: str | None = None
    managed_by: str | None = None
    anchor: float = 0.0
    archive: str | None = None

    @property
    def is_enabled(self) -> bool:
        return self.state != DISABLED


@dataclass(slots=True)
class Target:
    """`body` as it was put, by the wire names."""

    bus: str
    rule: str
    id: str
    arn: str
    body: dict


@dataclass(slots=True)
class Archive:
    """Where the events of a bus are kept that a pattern matches."""

    archive_name: str
    archive_arn: str
    event_source_arn: str
    creation_time: float
    description: str | None = None
    event_pattern: str | None = None
    retention_days: int = 0
    kms_key_identifier: str | None = None
    state: str = "ENABLED"
    event_count: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class Replay:
    """Events of an archive, put to their bus once more. `next_event` is the number of the next one."""

    replay_name: str
    replay_arn: str
    event_source_arn: str
    event_start_time: float
    event_end_time: float
    destination: dict
    replay_start_time: float
    description: str | None = None
    state: str = "STARTING"
    state_reason: str | None = None
    event_last_replayed_time: float | None = None
    replay_end_time: float | None = None
    after: tuple[float, int] = (0.0, 0)


@dataclass(slots=True)
class Connection:
    """How to be let in by an HTTP endpoint. `auth_parameters` tell no secrets; those are in the secret.

    `token` is what an OAuth endpoint gave, sealed and in base64, good until `token_expires`.
    """

    name: str
    connection_arn: str
    authorization_type: str
    auth_parameters: dict
    secret_arn: str
    connection_state: str
    creation_time: float
    last_modified_time: float
    last_authorized_time: float | None = None
    state_reason: str | None = None
    description: str | None = None
    kms_key_identifier: str | None = None
    token: str | None = None
    token_expires: float | None = None


@dataclass(slots=True)
class ApiDestination:
    """An HTTP endpoint; `next_turn` is when the next call may be made."""

    name: str
    api_destination_arn: str
    connection_arn: str
    invocation_endpoint: str
    http_method: str
    creation_time: float
    last_modified_time: float
    invocation_rate_limit_per_second: int = 300
    description: str | None = None
    next_turn: float = field(default=0.0)
