"""What Lambda keeps: functions, what of them can be run, aliases, layers, permissions, URLs and settings.

A `Function` is what belongs to a name; a `Configuration` is what can be run: `$LATEST` (number 0), which changes, and
the published versions, which do not. Fields are named as the members of the API where it has them.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

LATEST = "$LATEST"


@dataclass(slots=True)
class Function:
    """`arn` bears no qualifier; `published` is the number of the last version that was published, be it deleted."""

    name: str
    arn: str
    created: float
    published: int = 0
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"
    code_signing_config_arn: str | None = None

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def topic(self) -> str:
        """Told whenever the state of `$LATEST` or of a version changes, for those who wait for it."""
        return f"lambda {self.arn}"


@dataclass(slots=True)
class Code:
    """A zip file in the blob store (`cloud.blobs.path(blob)`, `cloud.blobs.read(blob)`); each configuration that names
    it is a holder of it. `sha256` in base64, as CodeSha256."""

    blob: str
    sha256: str
    size: int
    unpacked_size: int = 0


@dataclass(slots=True)
class Layer:
    """A layer version as a configuration holds it, so that it outlives the version's deletion. Its content is the zip
    file `code`, or, for a public layer that we know, the folder `self._public_layer_folder(arn)`."""

    arn: str
    code_size: int
    code: Code | None = None


@dataclass(slots=True)
class Sealed:
    """Environment variables at rest: sealed with the cloud's key, or with a data key of a KMS key, itself encrypted."""

    content: bytes
    data_key: bytes | None = None


@dataclass(slots=True)
class Configuration:
    """What can be run. The key is (function_name, number); 0 is `$LATEST`.

    `build` changes with every change that running environments must not survive: use none of another build. The
    environment variables are read by `self._variables(configuration)`.
    """

    function_name: str
    number: int
    unqualified_arn: str
    role: str
    code: Code
    build: str
    revision_id: str
    modified: float
    runtime: str | None = None
    handler: str | None = None
    description: str = ""
    timeout: int = 3
    memory_size: int = 128
    package_type: str = "Zip"
    architectures: list[str] = field(default_factory=lambda: ["x86_64"])
    ephemeral_storage_mb: int = 512
    sealed_environment: Sealed | None = None
    kms_key_arn: str | None = None
    layers: list[Layer] = field(default_factory=list)
    tracing_mode: str = "PassThrough"
    dead_letter_target_arn: str | None = None
    vpc_config: dict | None = None
    logging_config: dict = field(default_factory=dict)
    update_runtime_on: str = "Auto"
    runtime_version_arn: str | None = None
    snap_start_on: str = "None"
    state: str = "Pending"
    state_reason: str | None = "The function is being created."
    state_reason_code: str | None = "Creating"
    last_update_status: str | None = None
    last_update_status_reason: str | None = None
    last_update_status_reason_code: str | None = None

    @property
    def version(self) -> str:
        return str(self.number) if self.number else LATEST

    @property
    def function_arn(self) -> str:
        """With the version, but for `$LATEST`."""
        return f"{self.unqualified_arn}:{self.number}" if self.number else self.unqualified_arn

    @property
    def qualified_arn(self) -> str:
        """With the version, also for `$LATEST`."""
        return f"{self.unqualified_arn}:{self.version}"

    @property
    def log_group(self) -> str:
        return self.logging_config.get("LogGroup") or f"/aws/lambda/{self.function_name}"

    @property
    def code_size(self) -> int:
        return self.code.size

    @property
    def code_sha256(self) -> str:
        return self.code.sha256

    @property
    def last_modified(self) -> str:
        return timestamp(self.modified)

    @property
    def tracing_config(self) -> dict:
        return {"Mode": self.tracing_mode}

    @property
    def dead_letter_config(self) -> dict | None:
        return {"TargetArn": self.dead_letter_target_arn} if self.dead_letter_target_arn else None

    @property
    def ephemeral_storage(self) -> dict:
        return {"Size": self.ephemeral_storage_mb}

    @property
    def snap_start(self) -> dict:
        # No snapshots are taken here: a version starts as fast as it does, and that is what is said.
        return {"ApplyOn": self.snap_start_on, "OptimizationStatus": "Off"}

    @property
    def takes_snapshots(self) -> bool:
        return self.snap_start_on == "PublishedVersions"

    @property
    def runtime_version_config(self) -> dict | None:
        return {"RuntimeVersionArn": self.runtime_version_arn} if self.runtime_version_arn else None


@dataclass(slots=True)
class Alias:
    """A name for a version; `weights` are the shares of further versions, the rest is the version's own."""

    function_name: str
    name: str
    alias_arn: str
    function_version: str
    revision_id: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def routing_config(self) -> dict | None:
        return {"AdditionalVersionWeights": self.weights} if self.weights else None


@dataclass(slots=True)
class CodeSigningConfig:
    """Who may sign packages, and what becomes of others. `modified` in epoch seconds."""

    code_signing_config_id: str
    code_signing_config_arn: str
    allowed_publishers: dict
    code_signing_policies: dict
    modified: float
    description: str = ""

    @property
    def last_modified(self) -> str:
        return timestamp(self.modified)


@dataclass(slots=True)
class LayerName:
    """`published` is the number of the last version that was published, be it deleted."""

    layer_name: str
    layer_arn: str
    published: int = 0


@dataclass(slots=True)
class LayerVersion:
    """`created` in epoch seconds."""

    layer_name: str
    version: int
    layer_arn: str
    code: Code
    created: float
    description: str = ""
    license_info: str | None = None
    compatible_runtimes: list[str] | None = None
    compatible_architectures: list[str] | None = None
    statements: list[dict] = field(default_factory=list)
    policy_revision_id: str = ""

    @property
    def layer_version_arn(self) -> str:
        return f"{self.layer_arn}:{self.version}"

    @property
    def created_date(self) -> str:
        return timestamp(self.created)


@dataclass(slots=True)
class Policy:
    """The permissions on a function (`qualifier` "") or on one of its versions or aliases."""

    function_name: str
    qualifier: str
    resource: str
    revision_id: str
    statements: list[dict] = field(default_factory=list)


@dataclass(slots=True)
class EventInvokeConfig:
    """How asynchronous invocations of a qualifier ("$LATEST", a version or an alias) end. `modified` in epoch seconds;
    what is None has AWS's default: two retries, an age of six hours."""

    function_name: str
    qualifier: str
    function_arn: str
    modified: float
    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    destination_config: dict = field(default_factory=lambda: {"OnSuccess": {}, "OnFailure": {}})

    @property
    def last_modified(self) -> float:
        return self.modified


@dataclass(slots=True)
class ProvisionedConcurrency:
    """Environments that a version or alias has standing ready. `modified` in epoch seconds."""

    function_name: str
    qualifier: str
    function_arn: str
    requested_provisioned_concurrent_executions: int
    modified: float
    allocated_provisioned_concurrent_executions: int = 0
    available_provisioned_concurrent_executions: int = 0
    status: str = "IN_PROGRESS"
    status_reason: str | None = None

    @property
    def last_modified(self) -> str:
        return timestamp(self.modified)


@dataclass(slots=True)
class FunctionUrl:
    """The web address of a function (`qualifier` "") or of an alias."""

    function_name: str
    qualifier: str
    function_arn: str
    url_id: str
    region: str
    created: float
    modified: float
    auth_type: str = "NONE"
    cors: dict | None = None
    invoke_mode: str | None = None  # BUFFERED, if nobody has said

    @property
    def function_url(self) -> str:
        return f"https://{self.url_id}.lambda-url.{self.region}.on.aws/"

    @property
    def creation_time(self) -> str:
        return timestamp(self.created, microseconds=True)

    @property
    def last_modified_time(self) -> str:
        return timestamp(self.modified, microseconds=True)


@dataclass(slots=True)
class UrlAddress:
    """Whose a URL is: kept for the cloud as a whole, since a visitor names neither account nor function."""

    url_id: str
    account: str
    region: str
    function_name: str
    qualifier: str


def timestamp(moment: float, microseconds: bool = False) -> str:
    """As Lambda writes times: `2024-05-01T12:00:00.000+0000`; those of URLs end in `.000000Z`."""
    written = datetime.fromtimestamp(moment, UTC)
    if microseconds:
        return written.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{written:%Y-%m-%dT%H:%M:%S}.{written.microsecond // 1000:03d}+0000"
