"""Streams, their consumers and subscriptions, as they are kept."""

from dataclasses import dataclass, field

PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"
USER_PARTITION_KEY, AUTO = "USER_PARTITION_KEY", "AUTO"
DEFAULT_RECORD_KIB = 1024


@dataclass(slots=True)
class Stream:
    """A data stream. `shards` counts all it ever had, `open_shards` those that take records.

    `horizon` is a time before which records are gone even if a longer retention period would show them. The lists are
    the times at which something was done that AWS allows so many times in a day only.
    """

    stream_name: str
    stream_arn: str
    number: int
    mode: str
    stream_creation_timestamp: float
    stream_status: str = "CREATING"
    retention_period_hours: int = 24
    shards: int = 0
    open_shards: int = 0
    encryption_type: str = "NONE"
    key_id: str | None = None
    shard_level_metrics: list[str] = field(default_factory=list)
    record_kib: int = DEFAULT_RECORD_KIB
    distribution: str = USER_PARTITION_KEY
    warm_mibps: int | None = None
    policy: str | None = None
    horizon: float = 0.0
    scalings: list[float] = field(default_factory=list)
    mode_changes: list[float] = field(default_factory=list)
    encryption_changes: list[float] = field(default_factory=list)

    @property
    def account(self) -> str:
        return self.stream_arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.stream_arn.split(":")[3]

    @property
    def record_bytes(self) -> int:
        """How large a record may be, its partition key included."""
        return self.record_kib * 1024

    @property
    def stream_mode_details(self) -> dict[str, str]:
        return {"StreamMode": self.mode}

    def oldest(self, now: float) -> float:
        """The time before which records are gone."""
        return max(now - self.retention_period_hours * 3600, self.horizon)


@dataclass(slots=True)
class Consumer:
    """Somebody registered to be sent the records of a stream (enhanced fan-out)."""

    stream_arn: str
    consumer_name: str
    consumer_arn: str
    consumer_creation_timestamp: float
    consumer_status: str = "CREATING"
    policy: str | None = None


@dataclass(slots=True)
class Subscription:
    """The latest subscription of a consumer to a shard."""

    consumer_arn: str
    shard_id: str
    id: str
    begun: float


@dataclass(slots=True)
class Commitment:
    """The account's promise to pay for a minimum of on-demand throughput; `ends` once it is to be given up."""

    id: str
    started: float
    ends: float | None = None


@dataclass(slots=True)
class Queue:
    """A queue over a stream. `starts` is where it began; `most_receives` is None without dead-letter handling."""

    id: str
    number: int
    queue_name: str
    queue_arn: str
    stream_arn: str
    stream: int
    stream_creation_timestamp: float
    queue_creation_timestamp: float
    starting_type: str
    starts: float | None
    queue_status: str = "CREATING"
    visibility_timeout_seconds: int = 30
    most_receives: int | None = 6
    policy: str | None = None

    @property
    def stream_configuration_list(self) -> list[dict]:
        position = {"Type": self.starting_type, "Timestamp": self.starts}
        return [{"StreamARN": self.stream_arn, "StartingPosition": position}]

    @property
    def queue_attributes(self) -> dict:
        kind = "NONE" if self.most_receives is None else "BUILT_IN"
        dead_letters = {"TargetType": kind, "MaxReceiveCount": self.most_receives}
        return {
            "VisibilityTimeoutSeconds": self.visibility_timeout_seconds,
            "DeadLetterConfiguration": dead_letters,
        }

    @property
    def streams(self) -> list[dict]:
        return [{"StreamARN": self.stream_arn, "StreamCreationTimestamp": self.stream_creation_timestamp}]
