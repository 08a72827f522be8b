"""One request, understood: what to do, where, and on whose behalf."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from glasshouse.core import ids
from glasshouse.core.access import Principal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a call came from. `origin` is how the client reached the cloud, such as `http://127.0.0.1:4566`;
    `is_sandboxed` asks whether it is a function that runs here."""

    address: str = "127.0.0.1"
    user_agent: str = ""
    origin: str = "http://localhost:4566"
    secure: bool = False
    is_sandboxed: Callable[[], bool] = field(default=lambda: False, compare=False, repr=False)


INSIDE = Source(address="glasshouse.internal", user_agent="glasshouse.internal", secure=True)


@dataclass(slots=True)
class Call:
    """`params` are the members of the operation's input by their wire names."""

    service: str
    operation: str  # as on the wire: "PutParameter"
    params: dict[str, Any]
    account: str
    region: str
    principal: Principal
    request_id: str = field(default_factory=ids.uuid)
    source: Source = INSIDE
    access_key_id: str | None = None
    source_arn: str | None = None  # of the resource for which a service acts: aws:SourceArn
    may_wait: bool = False  # whether a long poll can be parked
    via: tuple[str, ...] = ()  # the services through which a principal's order came, the first one first: aws:CalledVia
    by_policy: bool = False  # a service that passes only where policies let it
    caused: int = 0  # how many calls it has made so far

    def next_request_id(self) -> str:
        """The request id of the next call that this one causes: the same ones each time a call that waits is rerun."""
        self.caused += 1
        return ids.uuid_after(self.request_id, self.caused) if self.may_wait else ids.uuid()

    def arn(self, resource: str, region: bool = True, account: bool = True) -> str:
        """The ARN of a resource of this service, here."""
        place = f"{self.region if region else ''}:{self.account if account else ''}"
        return f"arn:{partition(self.region)}:{self.service}:{place}:{resource}"

    def elsewhere(self, account: str | None = None, region: str | None = None) -> "Call":
        return replace(self, account=account or self.account, region=region or self.region)


def partition(region: str) -> str:
    """The AWS partition a region lies in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def arn(service: str, resource: str, region: str, account: str) -> str:
    return f"arn:{partition(region)}:{service}:{region}:{account}:{resource}"
