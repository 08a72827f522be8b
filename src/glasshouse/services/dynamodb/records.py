"""What DynamoDB knows of a table: its keys, its indexes and its settings."""

from dataclasses import dataclass, field

from glasshouse.engines.dynamo.key_conditions import KeyAttribute, Keys


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
    """A secondary index; `number` is that of its entries. Its key may have further attributes than the first ones."""

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
    more_partition: list[KeyAttribute] = field(default_factory=list)
    more_sort: list[KeyAttribute] = field(default_factory=list)
    warm: dict | None = None

    @property
    def keys(self) -> list[KeyAttribute]:
        sorts = [self.sort, *self.more_sort] if self.sort else []
        return [self.partition, *self.more_partition, *sorts]

    @property
    def schema(self) -> Keys:
        return Keys([self.partition, *self.more_partition], [self.sort, *self.more_sort] if self.sort else [])


@dataclass
class Stream:
    """The current stream of a table: `number` is that of its records."""

    number: int
    arn: str
    label: str
    view: str
    enabled: bool = True


@dataclass
class Destination:
    """A Kinesis stream that is told of changes."""

    stream_arn: str
    destination_status: str
    approximate_creation_date_time_precision: str = "MILLISECOND"


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
    destinations: list[Destination] = field(default_factory=list)
    replicas: list[str] = field(default_factory=list)  # the other regions of a global table
    warm: dict | None = None
    scattered: bool = False  # its partitions lie in DynamoDB's order, as those of all tables do by now

    @property
    def told(self) -> list[Destination]:
        """The Kinesis streams that are told of changes now."""
        return [one for one in self.destinations if one.destination_status in ("ACTIVE", "UPDATING")]

    @property
    def keys(self) -> list[KeyAttribute]:
        return [self.partition, self.sort] if self.sort else [self.partition]

    @property
    def schema(self) -> Keys:
        return Keys([self.partition], [self.sort] if self.sort else [])

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


@dataclass
class Export:
    """An export of a table to S3."""

    export_arn: str
    table_arn: str
    table_id: str
    table_name: str
    export_type: str  # FULL_EXPORT, INCREMENTAL_EXPORT
    export_format: str
    s3_bucket: str
    start_time: float
    export_time: float | None = None
    export_status: str = "IN_PROGRESS"
    client_token: str | None = None
    asked: str = ""  # what the client asked for, with whose token
    s3_bucket_owner: str | None = None
    s3_prefix: str | None = None
    s3_sse_algorithm: str | None = None
    s3_sse_kms_key_id: str | None = None
    incremental_export_specification: dict | None = None
    end_time: float | None = None
    export_manifest: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    billed_size_bytes: int | None = None
    item_count: int | None = None

    @property
    def folder(self) -> str:
        """Where its files are, with a slash at the end."""
        prefix = f"{self.s3_prefix.strip('/')}/" if self.s3_prefix else ""
        return f"{prefix}AWSDynamoDB/"

    @property
    def number(self) -> str:
        return self.export_arn.rpartition("/")[2]


@dataclass
class Import:
    """An import of files from S3 into a new table."""

    import_arn: str
    table_arn: str
    table_id: str
    table_name: str
    s3_bucket_source: dict
    input_format: str
    input_compression_type: str
    table_creation_parameters: dict
    start_time: float
    cloud_watch_log_group_arn: str
    import_status: str = "IN_PROGRESS"
    client_token: str | None = None
    asked: str = ""
    input_format_options: dict | None = None
    end_time: float | None = None
    error_count: int = 0
    processed_size_bytes: int = 0
    processed_item_count: int = 0
    imported_item_count: int = 0
    failure_code: str | None = None
    failure_message: str | None = None
