"""What Application Auto Scaling keeps. Times are epoch seconds."""

from dataclasses import dataclass, field, fields
from typing import Any

NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False,
}  # fmt: skip


@dataclass(slots=True)
class Target:
    """A capacity that may be changed.

    `scaled_out` and `scaled_in` tell when a policy last did so, and `before` what the capacity was before it was scaled
    out. Its bounds are `pending` while the resource is busy with another change.
    """

    service_namespace: str
    resource_id: str
    scalable_dimension: str
    scalable_target_arn: str
    role_arn: str
    creation_time: float
    min_capacity: int
    max_capacity: int
    suspended_state: dict[str, bool] = field(default_factory=lambda: dict(NOT_SUSPENDED))
    scaled_out: float | None = None
    scaled_in: float | None = None
    before: int = 0
    pending: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.service_namespace, self.resource_id, self.scalable_dimension


@dataclass(slots=True)
class Policy:
    """`alarm_names` are those of the alarms kept for it, by what they watch for; they are set for a `capacity`."""

    service_namespace: str
    resource_id: str
    scalable_dimension: str
    policy_name: str
    policy_arn: str
    creation_time: float
    policy_type: str
    target_tracking_scaling_policy_configuration: dict[str, Any]
    alarm_names: dict[str, str] = field(default_factory=dict)
    capacity: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.service_namespace, self.resource_id, self.scalable_dimension


@dataclass(slots=True)
class ScheduledAction:
    service_namespace: str
    resource_id: str
    scalable_dimension: str
    scheduled_action_name: str
    scheduled_action_arn: str
    creation_time: float
    schedule: str
    timezone: str | None = None
    start_time: float | None = None
    end_time: float | None = None
    scalable_target_action: dict | None = None


@dataclass(slots=True)
class Activity:
    """`order` falls with time, so that the latest come first."""

    service_namespace: str
    order: int
    activity_id: str
    resource_id: str
    scalable_dimension: str
    description: str
    cause: str
    start_time: float
    status_code: str
    end_time: float | None = None
    status_message: str | None = None
    not_scaled_reasons: list[dict] | None = None

    @property
    def target(self) -> tuple[str, str, str]:
        return self.service_namespace, self.resource_id, self.scalable_dimension


def values(record: Any, **more: Any) -> dict[str, Any]:
    """A record as a mapping, with what a client sees beside it."""
    return {one.name: getattr(record, one.name) for one in fields(record)} | more
