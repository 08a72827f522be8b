"""What Data Firehose keeps."""

from dataclasses import dataclass, field
from typing import Any

DESTINATION_ID = "destinationId-000000000001"
# Kinds of buffers. Any other one is a type of failed records, and the part of their names that says so.
INTAKE, MAIN, BACKUP = "intake", "main", "backup"
S3, HTTP = "S3", "HttpEndpoint"


@dataclass
class DeliveryStream:
    """The destination is in the terms of its description."""

    delivery_stream_name: str
    delivery_stream_arn: str
    account: str
    region: str
    delivery_stream_type: str
    create_timestamp: float
    kind: str  # of the destination
    destination: dict[str, Any]
    delivery_stream_status: str = "CREATING"
    version_id: int = 1
    last_update_timestamp: float | None = None
    source: dict[str, Any] | None = None
    access_key: str | None = None  # of an HTTP endpoint, sealed
    encryption: dict[str, Any] = field(default_factory=lambda: {"Status": "DISABLED"})
    encryption_changes: list[float] = field(default_factory=list)
    grant: dict[str, str] | None = None  # to use the key of the customer
    failure: dict[str, str] | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.encryption["Status"] == "ENABLED"

    @property
    def reads_a_stream(self) -> bool:
        return self.delivery_stream_type == "KinesisStreamAsSource"

    @property
    def processors(self) -> dict[str, dict[str, str]]:
        """The parameters of each processor that is at work, by their types."""
        processing = self.destination.get("ProcessingConfiguration") or {}
        if not processing.get("Enabled"):
            return {}
        return {
            processor["Type"]: {
                parameter["ParameterName"]: parameter["ParameterValue"]
                for parameter in processor.get("Parameters") or ()
            }
            for processor in processing.get("Processors") or ()
        }

    @property
    def is_partitioned(self) -> bool:
        return bool((self.destination.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))

    @property
    def backs_up(self) -> bool:
        """Whether all source records go into the backup too."""
        return self.destination.get("S3BackupMode") in ("Enabled", "AllData")

    def bucket(self, kind: str) -> dict[str, Any]:
        """The settings of the bucket where buffers of a kind go."""
        if self.kind == HTTP:
            return self.destination["S3DestinationDescription"]
        return self.destination["S3BackupDescription"] if kind == BACKUP else self.destination


@dataclass
class Position:
    """How far a shard of the source has been read: after `sequence`, or what has come since `begun`, or all of it."""

    stream: str
    shard_id: str
    parents: list[str]
    begun: float | None
    sequence: str | None = None
    finished: bool = False
