"""What the gateway keeps in memory while requests come: compiled deployments, token buckets, requests under way.

All of it can be made anew; the store stays the truth.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glasshouse.core.clock import monotonic
from glasshouse.services.apigatewayv2.records import Authorizer, Integration, Route, Snapshot
from glasshouse.services.apigatewayv2.route_keys import Routing

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

RELEASES = 256
UNDER_WAY_S = 120


class Release:
    """A deployment, ready to be served."""

    def __init__(self, snapshot: Snapshot):
        self.snapshot = snapshot
        keys = [route.route_key for route in snapshot.routes] if snapshot.protocol_type == "HTTP" else []
        self.routing = Routing(keys)  # of methods and paths, which only HTTP APIs have
        self.routes: dict[str, Route] = {route.route_key: route for route in snapshot.routes}
        self.integrations: dict[str, Integration] = {one.integration_id: one for one in snapshot.integrations}
        self.authorizers: dict[str, Authorizer] = {one.authorizer_id: one for one in snapshot.authorizers}


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` at the most, refilled at a rate (tokens a second) by the cloud's clock."""

    tokens: float
    filled: float

    def take(self, rate: float, burst: float, now: float) -> bool:
        self.tokens = min(burst, self.tokens + max(0.0, now - self.filled) * rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class UnderWay:
    """A request that may be taken up several times, since it waits: when it began, and whether it was let in."""

    begun: float  # by the cloud's clock
    started: float = field(default_factory=monotonic)
    admitted: bool | None = None
    integration_started: float | None = None


class Traffic:
    """The requests of a cloud's APIs."""

    def __init__(self, cloud: "Cloud"):
        self._releases: OrderedDict[tuple[str, str], Release] = OrderedDict()
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._under_way: dict[str, UnderWay] = {}

    def close(self):
        """Nothing is open."""

    def release(self, api_id: str, deployment_id: str) -> Release | None:
        found = self._releases.get((api_id, deployment_id))
        if found:
            self._releases.move_to_end((api_id, deployment_id))
        return found

    def keep(self, snapshot: Snapshot) -> Release:
        release = self._releases[snapshot.api_id, snapshot.deployment_id] = Release(snapshot)
        if len(self._releases) > RELEASES:
            self._releases.popitem(last=False)
        return release

    def begin(self, request_id: str, now: float) -> UnderWay:
        """The request of this id, which has just come or comes again."""
        known = self._under_way.get(request_id)
        if known is None:
            known = self._under_way[request_id] = UnderWay(now)
            self._forget_lost(known.started)
        return known

    def end(self, request_id: str):
        self._under_way.pop(request_id, None)

    def admit(self, place: tuple[str, str, str], rate: float, burst: float, now: float) -> bool:
        """Whether one more request may pass."""
        bucket = self._buckets.setdefault(place, Bucket(burst, now))
        return bucket.take(rate, burst, now)

    def _forget_lost(self, now: float):
        """Those whose clients have gone never end. The oldest come first."""
        while self._under_way:
            oldest = next(iter(self._under_way))
            if now - self._under_way[oldest].started < UNDER_WAY_S:
                return
            del self._under_way[oldest]
