"""What Health keeps: events of an account, and what they affect."""

from dataclasses import dataclass, field


@dataclass
class Event:
    """Something an account is told. It is open until its end, where it has one."""

    arn: str
    service: str
    event_type_code: str
    event_type_category: str
    region: str
    start_time: float
    last_updated_time: float
    description: str
    end_time: float | None = None
    actionability: str = "INFORMATIONAL"
    personas: list[str] = field(default_factory=lambda: ["OPERATIONS"])
    event_scope_code: str = "ACCOUNT_SPECIFIC"

    def status(self, now: float) -> str:
        if now < self.start_time:
            return "upcoming"
        return "closed" if self.end_time is not None and now >= self.end_time else "open"


@dataclass
class Affected:
    """A resource that an event is about."""

    event_arn: str
    entity_arn: str
    entity_value: str
    aws_account_id: str
    last_updated_time: float
    status_code: str = "PENDING"


@dataclass
class Awaiting:
    """A role that is to be in the next notice about self-trust."""

    role_arn: str
