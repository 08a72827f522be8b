"""What CloudWatch keeps besides the data of metrics."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
RUNNING, STOPPED = "running", "stopped"
UNCHECKED = "Unchecked: Initial alarm creation"


@dataclass
class Dashboard:
    """A dashboard."""

    dashboard_name: str
    dashboard_arn: str
    dashboard_body: str
    last_modified: float
    size: int


@dataclass(kw_only=True)
class Alarm:
    """What alarms of both kinds have."""

    alarm_name: str
    alarm_arn: str
    alarm_description: str | None
    actions_enabled: bool
    ok_actions: list[str]
    alarm_actions: list[str]
    insufficient_data_actions: list[str]
    alarm_configuration_updated_timestamp: float
    state_value: State = "INSUFFICIENT_DATA"
    state_reason: str = UNCHECKED
    state_reason_data: str | None = None
    state_updated_timestamp: float = 0.0
    state_transitioned_timestamp: float = 0.0
    previous: dict[str, Any] = field(default_factory=dict)  # the state before, as events have it
    held_back: bool | None = None  # whether what it would have done about its state was muted

    def actions(self) -> list[str]:
        """What is to be done about the state it is in."""
        return {
            "OK": self.ok_actions, "ALARM": self.alarm_actions, "INSUFFICIENT_DATA": self.insufficient_data_actions,
        }[self.state_value]  # fmt: skip

    def take_state_of(self, previous: "Alarm"):
        """An alarm that is put again stays in its state."""
        self.state_value, self.state_reason = previous.state_value, previous.state_reason
        self.state_reason_data = previous.state_reason_data
        self.state_updated_timestamp = previous.state_updated_timestamp
        self.state_transitioned_timestamp = previous.state_transitioned_timestamp
        self.previous, self.held_back = previous.previous, previous.held_back


def written(moment: float) -> str:
    """A time as CloudWatch's messages have it: 2023-10-26T16:43:34.893+0000."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "+0000")


def state_of(alarm: Alarm) -> dict[str, Any]:
    """The state of an alarm as events have it."""
    told = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "timestamp": written(alarm.state_updated_timestamp),
    }
    return {**told, "reasonData": alarm.state_reason_data} if alarm.state_reason_data is not None else told


@dataclass(kw_only=True)
class MetricAlarm(Alarm):
    """An alarm that watches a metric, or (`metrics`) an expression of several."""

    evaluation_periods: int
    comparison_operator: str
    threshold: float
    metric_name: str | None = None
    namespace: str | None = None
    statistic: str | None = None
    extended_statistic: str | None = None
    dimensions: list[dict[str, str]] | None = None
    period: int | None = None
    unit: str | None = None
    datapoints_to_alarm: int | None = None
    treat_missing_data: str | None = None
    evaluate_low_sample_count_percentile: str | None = None
    metrics: list[dict[str, Any]] | None = None


@dataclass(kw_only=True)
class CompositeAlarm(Alarm):
    """An alarm that watches others; its actions may be held back while a suppressor is in ALARM."""

    alarm_rule: str
    children: list[str] = field(default_factory=list)
    actions_suppressor: str | None = None
    actions_suppressor_wait_period: int | None = None
    actions_suppressor_extension_period: int | None = None
    actions_suppressed_by: str | None = None
    actions_suppressed_reason: str | None = None


@dataclass
class MetricStream:
    """A metric stream, and until which minute it has sent what was measured."""

    name: str
    arn: str
    firehose_arn: str
    role_arn: str
    output_format: str
    creation_date: float
    last_update_date: float
    sent_until: int
    state: str = RUNNING
    include_filters: list[dict] | None = None  # not told where there are none
    exclude_filters: list[dict] | None = None
    statistics_configurations: list[dict] | None = None
    include_linked_accounts_metrics: bool = False


@dataclass
class InsightRule:
    """A rule of Contributor Insights, and the spans of time within which it has been enabled."""

    name: str
    definition: str
    schema: str
    state: str
    spans: list[tuple[float, float | None]]
    apply_on_transformed_logs: bool | None = None
    managed_rule: bool = False


@dataclass
class MuteRule:
    """When alarms are muted: `schedule` as it was given."""

    name: str
    alarm_mute_rule_arn: str
    description: str | None
    schedule: dict[str, str]
    alarm_names: list[str]
    start_date: float | None
    expire_date: float | None
    last_updated_timestamp: float
