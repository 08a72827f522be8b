"""What the gateway keeps in memory while requests come: compiled deployments, token buckets, requests under way.

All of it can be made anew; the store stays the truth.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glasshouse.core.clock import monotonic
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


class Bucket:
    """A token bucket: `burst` at the most, refilled at a rate (tokens a second) by the cloud's clock."""

    __slots__ = ("filled", "tokens")

    def __init__(self, tokens: float, now: float):
        self.tokens, self.filled = tokens, now

    def take(self, rate: float, burst: float, now: float) -> bool:
        self.tokens = min(burst, self.tokens + max(0.0, now - self.filled) * rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


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
        self._releases: OrderedDict[tuple[str, str], Release] = OrderedDict()
        self._buckets: dict[str, Bucket] = {}
        self._under_way: dict[str, UnderWay] = {}

    def close(self):
        """Nothing is open."""

    def release(self, api_id: str, deployment_id: str) -> Release | None:
        found = self._releases.get((api_id, deployment_id))
        if found:
            self._releases.move_to_end((api_id, deployment_id))
        return found

    def keep(self, release: Release):
        self._releases[release.api["id"], release.deployment_id] = release
        if len(self._releases) > MOST_RELEASES:
            self._releases.popitem(last=False)

    def begin(self, request_id: str, now: float, lot: float) -> UnderWay:
        """The request of this id, which has just come or comes again."""
        known = self._under_way.get(request_id)
        if known is None:
            known = self._under_way[request_id] = UnderWay(now, lot)
            self._forget_lost(known.started)
        return known

    def end(self, request_id: str):
        self._under_way.pop(request_id, None)

    def admit(self, under_way: UnderWay, bucket: str, rate: float, burst: float, now: float) -> bool:
        """Whether a request may pass a bucket, from which it takes once, however often it is taken up."""
        if bucket not in under_way.admitted:
            known = self._buckets.setdefault(bucket, Bucket(burst, now))
            under_way.admitted[bucket] = known.take(rate, burst, now)
        return under_way.admitted[bucket]

    def _forget_lost(self, now: float):
        """Those whose clients have gone never end. The oldest come first."""
        while self._under_way:
            oldest = next(iter(self._under_way))
            if now - self._under_way[oldest].started < LONGEST_UNDER_WAY_S:
                return
            del self._under_way[oldest]
