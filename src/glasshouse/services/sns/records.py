"""What SNS keeps: topics, subscriptions, what mobile applications are known, and the key that signs."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Topic:
    """`attributes` are those that were set, as text; `archived_from` is when the archive was begun."""

    name: str
    arn: str
    attributes: dict[str, str] = field(default_factory=dict)
    subscriptions_deleted: int = 0
    archived_from: float | None = None

    topic_arn = property(lambda self: self.arn)

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(".fifo")

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def signature_version(self) -> str:
        return self.attributes.get("SignatureVersion", "1")

    @property
    def maximum_message_size(self) -> int:
        return int(self.attributes.get("MaximumMessageSize", 262_144))


@dataclass(slots=True)
class Subscription:
    """`origin` is how the subscriber reached the cloud, for the links in what it is sent. `token` confirms it; a
    subscription that was cancelled is kept for a while, since its token restores it."""

    topic_name: str
    id: str
    arn: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    origin: str
    created: float
    attributes: dict[str, str] = field(default_factory=dict)
    pending: bool = False
    cancelled: bool = False
    authenticated: bool = True
    authenticate_on_unsubscribe: bool = False
    token: str | None = None
    token_expires: float = 0.0
    replay_status: str | None = None
    replayed_to: int = 0
    next_turn: float = 0.0  # when an endpoint that wants only so much in a second takes the next message

    @property
    def topic_arn(self) -> str:
        return self.arn.rpartition(":")[0]

    @property
    def is_raw(self) -> bool:
        return self.attributes.get("RawMessageDelivery") == "true"


@dataclass(slots=True)
class Owned:
    """That an account has a subscription, perhaps to a topic of another one."""

    arn: str


@dataclass(slots=True)
class Note:
    """A published message. `structure` says whether `message` holds one text for each protocol."""

    message_id: str
    topic_arn: str
    message: str
    published: float
    subject: str | None = None
    structure: str | None = None
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    group: str | None = None
    deduplication: str | None = None
    sequence_number: str | None = None
    replayed: bool = False


@dataclass(slots=True)
class Application:
    """A mobile application, on the platform that pushes to its devices."""

    arn: str
    attributes: dict[str, str]


@dataclass(slots=True)
class Endpoint:
    """A device, below its application's ARN."""

    application: str
    id: str
    arn: str
    attributes: dict[str, str]


@dataclass(slots=True)
class SigningKey:
    """A private key, sealed (base64); `name` is that of its certificate, and part of the URL. Kept for as long as
    something waits to be signed by it."""

    name: str
    sealed: str


@dataclass(slots=True)
class CurrentKey:
    """The key that signs what is sent now, until its certificate expires."""

    id: str
    name: str
    expires: float


@dataclass(slots=True)
class Certificate:
    """Kept for as long as somebody may want to verify a message."""

    name: str
    pem: str


@dataclass(slots=True)
class SmsSettings:
    """How an account sends short messages."""

    id: str
    attributes: dict[str, str]
