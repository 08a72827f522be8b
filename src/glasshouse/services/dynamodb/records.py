"""What DynamoDB knows of a table: its keys, its indexes and its settings."""

from dataclasses import dataclass, field

from glasshouse.engines.dynamo.key_conditions import KeyAttribute


@dataclass
class Throughput:
    """Capacity units of a provisioned table or index, and when they were last changed."""

    read: int = 0
    write: int = 0
    increased: float | None = None
    decreased: float | None = None
    decreases_today: int = 0


@dataclass
class Index:
    """A secondary index; `number` is that of its entries."""

    name: str
    number: int
    is_global: bool
    partition: KeyAttribute
    sort: KeyAttribute | None
    projection: str  # ALL, KEYS_ONLY, INCLUDE
    included: list[str]
    throughput: Throughput
    on_demand: dict | None = None
    status: str = "CREATING"

    @property
    def keys(self) -> list[KeyAttribute]:
        return [self.partition, self.sort] if self.sort else [self.partition]


@dataclass
class Stream:
    """The current stream of a table: `number` is that of its records."""

    number: int
    arn: str
    label: str
    view: str
    enabled: bool = True


@dataclass
class DynamoTable:
    """A table; `number` is that of its items."""

    name: str
    number: int
    id: str
    arn: str
    partition: KeyAttribute
    sort: KeyAttribute | None
    attributes: dict[str, str]
    created: float
    billing: str
    throughput: Throughput
    status: str = "CREATING"
    indexes: list[Index] = field(default_factory=list)
    stream: Stream | None = None
    on_demand_since: float | None = None
    on_demand: dict | None = None
    deletion_protection: bool = False
    table_class: str | None = None
    class_changed: float | None = None
    encryption: dict | None = None
    ttl: str | None = None
    ttl_status: str = "DISABLED"
    policy: str | None = None
    policy_revision: str | None = None
    recovery_since: float | None = None
    recovery_days: int = 35
    restored: dict | None = None

    @property
    def keys(self) -> list[KeyAttribute]:
        return [self.partition, self.sort] if self.sort else [self.partition]

    @property
    def ttl_attribute(self) -> str | None:
        """The attribute by which items expire, while they do."""
        return self.ttl if self.ttl_status in ("ENABLED", "ENABLING") else None

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)


@dataclass
class Backup:
    """A backup: the table as it was described, and the number under which its items are kept."""

    arn: str
    name: str
    created: float
    number: int
    size: int
    items: int
    table: DynamoTable
