"""What the scheduler keeps as records; times in epoch seconds."""

from dataclasses import dataclass, field

DEFAULT = "default"


@dataclass(slots=True)
class Group:
    """A group of schedules."""

    name: str
    arn: str
    creation_date: float
    last_modification_date: float
    state: str = "ACTIVE"
    client_token: str | None = None


@dataclass(slots=True)
class Schedule:
    """`target` by the wire names. `anchor` is when a rate without a start date began to count; `number` tells this
    schedule from another one that had its name."""

    group_name: str
    name: str
    arn: str
    number: str
    schedule_expression: str
    target: dict
    flexible_time_window: dict
    creation_date: float
    last_modification_date: float
    anchor: float
    schedule_expression_timezone: str = "UTC"
    state: str = "ENABLED"
    action_after_completion: str = "NONE"
    start_date: float | None = None
    end_date: float | None = None
    description: str | None = None
    kms_key_arn: str | None = None
    client_token: str | None = field(default=None)

    @property
    def window_s(self) -> int:
        """How long after its time an invocation may take place."""
        return 60 * self.flexible_time_window.get("MaximumWindowInMinutes", 0) if self.is_flexible else 0

    @property
    def is_flexible(self) -> bool:
        return self.flexible_time_window["Mode"] == "FLEXIBLE"
