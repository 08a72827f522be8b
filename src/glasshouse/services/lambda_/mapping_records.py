"""What is kept of event source mappings, of the streams they read, and of what is on its way to a function."""

from dataclasses import dataclass, field

NOTHING_YET = "No records processed"


@dataclass(slots=True)
class Mapping:
    """From a queue or stream to a function. What its kind of source does not have is None.

    `turn` counts how often polling was begun anew: jobs of an earlier turn do nothing. `enabled` is what the user
    wants, `state` what is so. `troubled_since` is when something began to stand against polling.
    """

    uuid: str
    event_source_mapping_arn: str
    event_source_arn: str
    function_arn: str
    function_name: str
    batch_size: int
    modified: float
    enabled: bool = True
    turn: int = 0
    state: str = "Creating"
    state_transition_reason: str = "User action"
    maximum_batching_window_in_seconds: int = 0
    last_processing_result: str | None = None
    troubled_since: float | None = None
    starting_position: str | None = None
    starting_position_timestamp: float | None = None
    parallelization_factor: int | None = None
    bisect_batch_on_function_error: bool | None = None
    maximum_record_age_in_seconds: int | None = None
    maximum_retry_attempts: int | None = None
    tumbling_window_in_seconds: int | None = None
    destination_config: dict | None = None
    filter_criteria: dict | None = None
    function_response_types: list[str] = field(default_factory=list)
    scaling_config: dict | None = None
    metrics_config: dict | None = None
    kms_key_arn: str | None = None

    @property
    def last_modified(self) -> float:
        return self.modified

    @property
    def kind(self) -> str:
        """ "sqs", "kinesis" or "dynamodb"."""
        return self.event_source_arn.split(":")[2]

    @property
    def topic(self) -> str:
        """Told when something of this mapping is no longer on its way."""
        return f"lambda mapping {self.uuid}"

    @property
    def reports_items(self) -> bool:
        return "ReportBatchItemFailures" in self.function_response_types

    @property
    def failure_destination(self) -> str | None:
        return ((self.destination_config or {}).get("OnFailure") or {}).get("Destination")


@dataclass(slots=True)
class Position:
    """How far a mapping has read a shard.

    `sequence` is the last record that is done with; before there is one, `iterator` is where reading begins, and only
    records since `begun` are wanted. `reading_to` is the last record that is on its way to the function,
    `gathering_since` when the first of a batch came that is not full yet. Of a tumbling window, `window` is the start
    and `state` what the function has returned.
    """

    uuid: str
    shard_id: str
    parents: list[str]
    iterator: str
    begun: float
    sequence: str | None = None
    reading_to: str | None = None
    gathering_since: float | None = None
    window: float | None = None
    state: dict | None = None
    finished: bool = False


@dataclass(slots=True)
class Batch:
    """Records or messages on their way to a function: a row, whose items lie in a table of their own.

    `lane` is one of the ways in which a shard's batches go side by side; within one they follow each other by `number`.
    """

    number: int
    uuid: str
    shard_id: str
    lane: int
    opened: float
    attempts: int
    closed: bool
