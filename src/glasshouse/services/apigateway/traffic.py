"""What the gateway keeps in memory while requests come: compiled deployments, token buckets, requests under way.

All of it can be made anew; the store stays the truth.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glasshouse.core.clock import monotonic
from glasshouse.engines.admission import Buckets, Recent, Within
from glasshouse.services.apigateway.routes import Routes

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

MOST_RELEASES = 256
LONGEST_UNDER_WAY_S = 400


class Release:
    """An API as it was deployed, or as it is while a method of it is tested."""

    def __init__(self, snapshot: dict[str, Any], deployment_id: str):
        self.deployment_id = deployment_id
        self.api: dict[str, Any] = snapshot["api"]
        self.resources: list[dict[str, Any]] = snapshot["resources"]
        self.schemas: dict[str, Any] = snapshot["schemas"]
        self.validators = {one["id"]: one for one in snapshot["validators"]}
        self.authorizers = {one["id"]: one for one in snapshot["authorizers"]}
        self.responses = {one["response_type"]: one for one in snapshot["responses"]}
        self.binary_types = tuple(snapshot["api"]["binary_media_types"])

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.resources)

    def is_binary(self, content_type: str) -> bool:
        """Whether contents of a type are not text to this API."""
        wanted = content_type.partition(";")[0].strip().lower()
        return any(
            kind == "*/*" or kind.lower() == wanted or (kind.endswith("/*") and wanted.startswith(kind[:-1].lower()))
            for kind in self.binary_types
        )


@dataclass(slots=True)
class UnderWay:
    """A request that may be taken up several times, since it waits: what must be the same each time."""

    begun: float  # by the cloud's clock
    lot: float  # between 0 and 100: whether it goes to a canary
    started: float = field(default_factory=monotonic)
    admitted: dict[str, bool] = field(default_factory=dict)  # by the buckets that it has taken from
    integration_started: float | None = None


class Traffic:
    """The requests of a cloud's APIs."""

    def __init__(self, cloud: "Cloud"):
        self._releases: Recent[tuple[str, str], Release] = Recent(MOST_RELEASES)
        self._buckets = Buckets()
        self._under_way: Within[UnderWay] = Within(LONGEST_UNDER_WAY_S)

    def close(self):
        """Nothing is open."""

    def release(self, api_id: str, deployment_id: str) -> Release | None:
        return self._releases.get((api_id, deployment_id))

    def keep(self, release: Release):
        self._releases.keep((release.api["id"], release.deployment_id), release)

    def begin(self, request_id: str, now: float, lot: float) -> UnderWay:
        """The request of this id, which has just come or comes again."""
        return self._under_way.begin(request_id, monotonic(), lambda: UnderWay(now, lot))

    def end(self, request_id: str):
        self._under_way.end(request_id)

    def admit(self, under_way: UnderWay, bucket: str, rate: float, burst: float, now: float) -> bool:
        """Whether a request may pass a bucket, from which it takes once, however often it is taken up."""
        if bucket not in under_way.admitted:
            under_way.admitted[bucket] = self._buckets.take(bucket, rate, burst, now)
        return under_way.admitted[bucket]
