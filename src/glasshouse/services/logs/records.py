"""What CloudWatch Logs keeps besides events. Times are milliseconds since 1970, as its API has them."""

from dataclasses import dataclass, field


@dataclass
class LogGroup:
    """`number` names its events in the tables."""

    log_group_name: str
    number: int
    arn: str  # ends with ":*", as DescribeLogGroups has always shown it
    creation_time: int
    log_group_class: str = "STANDARD"
    retention_in_days: int | None = None
    kms_key_id: str | None = None
    deletion_protection_enabled: bool = False

    @property
    def log_group_arn(self) -> str:
        return self.arn.removesuffix(":*")


@dataclass
class MetricFilter:
    log_group_name: str
    filter_name: str
    filter_pattern: str
    metric_transformations: list[dict]
    creation_time: int
    apply_on_transformed_logs: bool = False


@dataclass
class SubscriptionFilter:
    log_group_name: str
    filter_name: str
    filter_pattern: str
    destination_arn: str
    role_arn: str | None
    distribution: str
    creation_time: int
    apply_on_transformed_logs: bool = False


@dataclass
class Destination:
    """A name under which other accounts find a stream; the role writes to it."""

    destination_name: str
    arn: str
    target_arn: str
    role_arn: str
    creation_time: int
    access_policy: str | None = None


@dataclass
class ResourcePolicy:
    policy_name: str
    policy_document: str
    last_updated_time: int
    policy_scope: str = "ACCOUNT"


@dataclass
class AccountPolicy:
    """A subscription of all log groups."""

    policy_name: str
    policy_document: str
    last_updated_time: int
    policy_type: str
    scope: str
    selection_criteria: str | None
    account_id: str


@dataclass
class ExportTask:
    """Named as the members of DescribeExportTasks; the member `from` is a Python word."""

    task_id: str
    task_name: str | None
    log_group_name: str
    log_stream_name_prefix: str | None
    start: int
    to: int
    destination: str
    destination_prefix: str
    status: dict
    execution_info: dict


@dataclass
class QueryDefinition:
    query_definition_id: str
    name: str
    query_string: str
    log_group_names: list[str]
    last_modified: int
    query_language: str = "CWLI"


@dataclass
class Query:
    """A Logs Insights query and, once it is Complete, its rows: lists of (field, value)."""

    query_id: str
    query_string: str
    log_group_names: list[str]
    start_time: int
    end_time: int
    limit: int | None
    create_time: int
    status: str = "Scheduled"
    rows: list[list[tuple[str, str]]] = field(default_factory=list)
    statistics: dict[str, float] = field(default_factory=dict)
    query_language: str = "CWLI"
    log_group_name: str | None = None
