"""What SQS keeps as records: queues, the names of deleted ones, and the tasks that move messages."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Queue:
    """`number` identifies the queue for good; `lot` is where its messages are, until it is purged."""

    name: str
    arn: str
    number: int
    lot: int
    created: float
    modified: float
    visibility_timeout: int = 30
    delay_seconds: int = 0
    receive_message_wait_time_seconds: int = 0
    message_retention_period: int = 345_600
    maximum_message_size: int = 1_048_576
    fifo_queue: bool = False
    content_based_deduplication: bool = False
    deduplication_scope: str = "queue"
    fifo_throughput_limit: str = "perQueue"
    dead_letter_target_arn: str | None = None
    max_receive_count: int = 0
    redrive_permission: str | None = None
    source_queue_arns: list[str] = field(default_factory=list)
    policy: str | None = None
    sqs_managed_sse_enabled: bool = True
    kms_master_key_id: str | None = None
    kms_data_key_reuse_period_seconds: int = 300
    purged: float | None = None

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def topic(self) -> str:
        """What those wait for who wait for a message."""
        return f"sqs {self.arn}"


@dataclass(slots=True)
class Deletion:
    """A name that cannot be given to another queue yet."""

    name: str
    at: float


@dataclass(slots=True)
class MoveTask:
    """`started` in milliseconds, as the client sees it."""

    source_name: str
    started_timestamp: int
    task_id: str
    source_arn: str
    status: str
    approximate_number_of_messages_to_move: int
    approximate_number_of_messages_moved: int = 0
    destination_arn: str | None = None
    max_number_of_messages_per_second: int | None = None
    failure_reason: str | None = None
