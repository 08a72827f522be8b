"""What CloudTrail keeps besides events. Times are epoch seconds."""

from dataclasses import dataclass, field

MANAGEMENT = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


@dataclass
class Trail:
    """`delivered` is the id of the last event that a log file holds; `digested` those of the last digest."""

    name: str
    trail_arn: str
    home_region: str
    s3_bucket_name: str
    s3_key_prefix: str | None = None
    sns_topic_name: str | None = None
    include_global_service_events: bool = True
    is_multi_region_trail: bool = False
    log_file_validation_enabled: bool = False
    cloud_watch_logs_log_group_arn: str | None = None
    cloud_watch_logs_role_arn: str | None = None
    kms_key_id: str | None = None
    event_selectors: list[dict] = field(default_factory=lambda: MANAGEMENT)
    advanced_event_selectors: list[dict] | None = None
    is_logging: bool = False
    started: float | None = None
    stopped: float | None = None
    delivered: int = 0
    latest_delivery: float | None = None
    latest_log_delivery: float | None = None
    delivery_error: str | None = None
    latest_digest: float | None = None
    is_organization_trail: bool = False

    @property
    def prefix(self) -> str:
        """What the keys of its files begin with."""
        return f"{self.s3_key_prefix}/" if self.s3_key_prefix else ""

    @property
    def has_custom_event_selectors(self) -> bool:
        return self.event_selectors != MANAGEMENT or self.advanced_event_selectors is not None

    @property
    def has_insight_selectors(self) -> bool:
        return False


@dataclass
class LogFile:
    """A delivered file, until a digest has named it."""

    trail_name: str
    s3_object: str
    region: str
    sha256: str
    oldest: float
    newest: float


@dataclass
class Digest:
    """The last digest of a trail in a region: what the next one refers to."""

    trail_name: str
    region: str
    s3_object: str
    sha256: str
    signature: str
    end: float


@dataclass
class DigestKey:
    """The account's key that signs digests; the private one is sealed."""

    region: str
    fingerprint: str
    public: bytes
    sealed: bytes
    created: float


@dataclass
class EventDataStore:
    event_data_store_arn: str
    name: str
    status: str
    advanced_event_selectors: list[dict]
    multi_region_enabled: bool
    retention_period: int
    termination_protection_enabled: bool
    billing_mode: str
    created_timestamp: float
    updated_timestamp: float
    organization_enabled: bool = False
