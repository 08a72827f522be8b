"""What is kept of pipes, of the streams they read, and of what is on its way through them."""

from dataclasses import dataclass

RUNNING, STOPPED, DELETED = "RUNNING", "STOPPED", "DELETED"
USER_INITIATED, PROBLEM = "USER_INITIATED", "PROBLEM: "
# By the service in a source's ARN: where its settings are, and how large its batches are if nothing is said.
SETTINGS = {"sqs": "SqsQueueParameters", "kinesis": "KinesisStreamParameters", "dynamodb": "DynamoDBStreamParameters"}
BATCH_SIZES = {"sqs": 10, "kinesis": 100, "dynamodb": 100}


@dataclass(slots=True)
class Pipe:
    """Parameters by the wire names; times in epoch seconds.

    `number` tells it from another one that had its name. `turn` counts how often polling was begun anew: jobs of an
    earlier turn do nothing.
    """

    name: str
    arn: str
    number: str
    role_arn: str
    source: str
    target: str
    desired_state: str
    current_state: str
    creation_time: float
    last_modified_time: float
    source_parameters: dict
    target_parameters: dict
    enrichment: str | None
    enrichment_parameters: dict
    description: str | None = None
    state_reason: str | None = None
    kms_key_identifier: str | None = None
    log_configuration: dict | None = None
    turn: int = 0

    @property
    def kind(self) -> str:
        """ "sqs", "kinesis" or "dynamodb"."""
        return self.source.split(":")[2]

    @property
    def settings(self) -> dict:
        """How the source is read."""
        return self.source_parameters[SETTINGS[self.kind]]

    @property
    def batch_size(self) -> int:
        return self.settings["BatchSize"]

    @property
    def window_s(self) -> int:
        """How long a batch is gathered that is not full."""
        return self.settings.get("MaximumBatchingWindowInSeconds") or 0

    @property
    def calm(self) -> str:
        """What is shown of a pipe that runs, before anything has happened."""
        return USER_INITIATED if self.kind == "sqs" else "No records processed"

    @property
    def is_troubled(self) -> bool:
        """Whether something stands against polling."""
        return (self.state_reason or "").startswith(PROBLEM)

    @property
    def topic(self) -> str:
        """Told when something is no longer on its way."""
        return f"pipe {self.number}"

    def target_settings(self, name: str) -> dict:
        return self.target_parameters.get(name) or {}


@dataclass(slots=True)
class Position:
    """How far a pipe has read a shard.

    `sequence` is the last record that is done with; before there is one, `iterator` is where reading begins, and only
    records since `begun` are wanted. `reading_to` is the last record that is on its way, `gathering_since` when the
    first of a batch came that is not full yet.
    """

    pipe: str
    shard_id: str
    parents: list[str]
    iterator: str
    begun: float
    sequence: str | None = None
    reading_to: str | None = None
    gathering_since: float | None = None
    finished: bool = False


@dataclass(slots=True)
class Part:
    """Some events at the beginning of what is left of a batch, and how often they were tried."""

    count: int
    attempts: int = 0


@dataclass(slots=True)
class Batch:
    """Events on their way: a row, whose items lie in a table of their own.

    The first of its parts is what goes through the pipe now; a batch of a queue has none. `enriched` is what the
    enrichment has made of it.
    """

    number: int
    pipe: str
    shard_id: str
    opened: float
    closed: bool
    parts: list[Part]
    enriched: list | None
