"""What S3 keeps: buckets, the versions of objects, uploads in parts.

Times are epoch seconds. Entity tags are kept without their quotes, checksums as S3 shows them (base64).
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from glasshouse.core.call import partition
from glasshouse.core.digests import digest

NULL = "null"  # the id of versions that were made while versioning was not enabled


@dataclass(slots=True, frozen=True)
class Encryption:
    """How an object is encrypted on the server. The default is S3's own key (SSE-S3)."""

    algorithm: str = "AES256"
    kms_key_id: str | None = None
    bucket_key: bool | None = None
    kms_context: str | None = None
    data_key: str | None = None  # as KMS encrypted it (base64)
    asked_key: str | None = None  # what the client called the key
    customer_key_md5: str | None = None  # of a key that the client brings (SSE-C), in base64


@dataclass(slots=True, frozen=True)
class Retention:
    """The rule by which a bucket locks each new object: a mode, and one of days or years."""

    mode: str
    days: int | None = None
    years: int | None = None


@dataclass(slots=True, frozen=True)
class Lock:
    """What keeps a version from being deleted."""

    mode: str | None = None  # GOVERNANCE, COMPLIANCE
    until: float | None = None
    legal_hold: str | None = None  # ON, OFF


UNLOCKED = Lock()
SSE_S3 = Encryption()


@dataclass(slots=True)
class Bucket:
    """A bucket, with those of its settings that nearly every call needs; the others have a table of their own."""

    name: str
    account: str
    region: str
    created: float
    versioning: Literal["", "Enabled", "Suspended"] = ""
    mfa_delete: str = ""
    object_lock: bool = False
    retention: Retention | None = None
    encryption: Encryption = SSE_S3
    encryption_chosen: bool = False  # by the user, who may have chosen what it is anyway
    ownership: str = "BucketOwnerEnforced"
    notifies: bool = False  # has a notification configuration
    expires: bool = False  # has a lifecycle configuration
    has_policy: bool = False
    requester_pays: bool = False
    replicates: bool = False  # has, or had, a replication configuration, or replicas

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:s3:::{self.name}"

    @property
    def bucket_region(self) -> str:
        return self.region

    @property
    def creation_date(self) -> float:
        return self.created

    @property
    def bucket_arn(self) -> str:
        return self.arn

    @property
    def versioned(self) -> bool:
        """Whether versioning was ever enabled, so that versions have ids the client sees."""
        return self.versioning != ""


@dataclass(slots=True)
class Checksum:
    """The checksum of an object, by one algorithm, over all of it or over its parts' checksums."""

    algorithm: str  # CRC32, CRC32C, CRC64NVME, SHA1, SHA256, ...
    value: str
    type: str = "FULL_OBJECT"  # or COMPOSITE

    @property
    def members(self) -> dict[str, str]:
        """As members of an output."""
        return {f"Checksum{self.algorithm}": self.value, "ChecksumType": self.type}


@dataclass(slots=True)
class ObjectVersion:
    """One version of an object, or a delete marker: a row of `s3_version`.

    The bytes are one whole blob, or the segments listed under `content` in `s3_part`; an empty object has neither.
    """

    bucket: str
    key: str
    owner: str  # account
    modified: float
    version_id: str = NULL
    superseded: float | None = None  # when a newer version came; None is the current one
    delete_marker: bool = False
    size: int = 0
    etag: str = ""
    storage_class: str = "STANDARD"
    blob: str | None = None
    content: str | None = None
    parts_count: int | None = None  # of an object that was uploaded in parts
    content_type: str = "binary/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)  # further system metadata, by member: CacheControl ...
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    checksum: Checksum | None = None
    encryption: Encryption = SSE_S3
    lock: Lock = UNLOCKED
    acl: dict[str, Any] | None = None
    restore: dict[str, Any] | None = None  # of an archived object: what services/s3/storage_class.py keeps there
    id: int = 0  # grows with time: orders the versions of a key

    @property
    def quoted_etag(self) -> str:
        return f'"{self.etag}"'


@dataclass(slots=True)
class Segment:
    """The bytes [start, end) of a blob."""

    blob: str
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Part:
    """A part of an upload, and later of the object made of it: a row of `s3_part`. `start` is its place in there."""

    content: str
    number: int
    modified: float
    size: int
    etag: str
    checksum: str | None
    segments: list[Segment]
    start: int = 0


@dataclass(slots=True)
class Upload:
    """An upload in parts that is under way, or was completed not long ago: a row of `s3_upload`.

    `draft` is the version that it will become.
    """

    id: str
    bucket: str
    key: str
    initiated: float
    initiator: str  # ARN
    draft: ObjectVersion
    checksum_algorithm: str | None = None
    checksum_type: str | None = None
    existed: bool = False  # whether the key had an object when the upload began
    result: dict[str, Any] | None = None  # what completing it answered


def owner(account: str) -> dict[str, str]:
    """An account as S3 shows it: by its canonical user id."""
    return {"ID": digest("sha256", f"canonical user of {account}".encode()).hex()}
