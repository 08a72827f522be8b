"""What the gateway keeps in memory while requests come: compiled deployments, token buckets, requests under way.

All of it can be made anew; the store stays the truth.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glasshouse.core.clock import monotonic
from glasshouse.engines.admission import Buckets, Recent, Within
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
class UnderWay:
    """A request that may be taken up several times, since it waits: when it began, and whether it was let in."""

    begun: float  # by the cloud's clock
    started: float = field(default_factory=monotonic)
    admitted: bool | None = None
    integration_started: float | None = None


class Traffic:
    """The requests of a cloud's APIs."""

    def __init__(self, cloud: "Cloud"):
        self._releases: Recent[tuple[str, str], Release] = Recent(RELEASES)
        self._buckets = Buckets()
        self._under_way: Within[UnderWay] = Within(UNDER_WAY_S)

    def close(self):
        """Nothing is open."""

    def release(self, api_id: str, deployment_id: str) -> Release | None:
        return self._releases.get((api_id, deployment_id))

    def keep(self, snapshot: Snapshot) -> Release:
        release = Release(snapshot)
        self._releases.keep((snapshot.api_id, snapshot.deployment_id), release)
        return release

    def begin(self, request_id: str, now: float) -> UnderWay:
        """The request of this id, which has just come or comes again."""
        return self._under_way.begin(request_id, monotonic(), lambda: UnderWay(now))

    def end(self, request_id: str):
        self._under_way.end(request_id)

    def admit(self, place: tuple[str, str, str], rate: float, burst: float, now: float) -> bool:
        """Whether one more request may pass."""
        return self._buckets.take(place, rate, burst, now)
