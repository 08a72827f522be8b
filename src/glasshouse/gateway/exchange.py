"""The life of a request: from a head and the bytes of a body to a response. No sockets.

A request is judged (who signed it, what it wants), its body received, the call performed, the result written. Most
are judged when all of the body is there. Bodies that stream to the blob store are judged before, and so are clients
that wait for `100 Continue`.
"""

import logging
from collections.abc import Awaitable
from hashlib import sha256

from glasshouse.core import ids
from glasshouse.core.access import Principal
from glasshouse.core.call import Call, Source
from glasshouse.core.cloud import Cloud
from glasshouse.core.errors import InternalFailure, NotSupported, ServiceError
from glasshouse.core.parking import NothingYet
from glasshouse.gateway import errors, sigv4
from glasshouse.gateway.admission import Admission
from glasshouse.gateway.claims import Claim, Claims
from glasshouse.gateway.errors import Family
from glasshouse.gateway.hosts import Hosts, Place
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.routing import NoService, Route, Router
from glasshouse.protocol import wire
from glasshouse.protocol.http import Request, Response

log = logging.getLogger("glasshouse.gateway")
DEFAULT_REGION = "us-east-1"
LARGEST_BYTES = 16 * 1024 * 1024


class Gateway:
    """What all requests to a cloud share."""

    def __init__(self, cloud: Cloud, admission: Admission):
        self.cloud, self.admission = cloud, admission
        self.claims, self.hosts, self.router = Claims(), Hosts(), Router()

    def exchange(self, request: Request, source: Source) -> "Exchange":
        return Exchange(self, request, source)


class Exchange:
    """One request and its response."""

    __slots__ = ("claim", "gateway", "place", "principal", "region", "request", "request_id", "route", "source", "_received")

    def __init__(self, gateway: Gateway, request: Request, source: Source):
        self.gateway, self.request, self.source = gateway, request, source
        self.request_id = ids.uuid()
        self.route: Route | None = None
        self.claim: Claim | None = None
        self.principal: Principal | None = None
        self.region = DEFAULT_REGION
        self._received: list[bytes] = []

    def write(self, chunk: bytes) -> Response | None:
        self._received.append(chunk)
        return None

    def end(self) -> Response | Awaitable[Response]:
        """All of the body is there."""
        try:
            self.request.body = b"".join(self._received)
            self._judge()
            return self._perform()
        except Exception as failure:
            return self.refusal(failure)

    def _judge(self):
        """Find out what is wanted, and who wants it."""
        gateway, request = self.gateway, self.request
        self.claim = claim = gateway.claims.read(request)
        self.place = place = gateway.hosts.place(request.headers.get("host", ""))
        signing_name = claim.signer.service if claim else None
        if signing_name == "s3":
            place = place.as_bucket()
        self.region = claim.signer.region if claim else place.region or DEFAULT_REGION
        original = request.path
        if place.bucket and place.prefix == "s3":
            request.path = f"/{place.bucket}{original}"
        self.route = route = gateway.router.route(request, signing_name, place)
        self.principal = self._admitted(route, original)

    def _admitted(self, route: Route, path: str) -> Principal:
        claim, request, admission = self.claim, self.request, self.gateway.admission
        if claim is None:
            return admission.anonymous(route.service, route.operation and route.operation.auth_type, route.family)
        routed, request.path = request.path, path
        try:
            return admission.admit(claim, request, self._payload_hash(route), route.family)
        finally:
            request.path = routed

    def _payload_hash(self, route: Route) -> str:
        stated = self.request.headers.get("x-amz-content-sha256")
        if route.family is Family.S3:
            return stated or sigv4.UNSIGNED
        return sha256(self.request.body).hexdigest()

    def _perform(self) -> Response | Awaitable[Response]:
        route = self.route
        assert route is not None and self.principal is not None
        operation = route.operation
        if operation is None:
            raise errors.unknown_operation(route.family, route.wanted)
        params = route.codec.parse(operation, self.request, route.labels)
        principal, source = self.principal, self.source
        account = principal.account if principal.kind != "anonymous" else self.gateway.cloud.account
        call = Call(route.service, operation.name, params, account, self.region, principal, self.request_id, source)
        call.access_key_id = self.claim.signer.access_key_id if self.claim else None
        call.may_wait = True
        try:
            result = self.gateway.cloud.perform(call)
        except NothingYet:
            return self._perform_later(call)
        return route.codec.serialize(operation, result, self.request_id)

    async def _perform_later(self, call: Call) -> Response:
        route = self.route
        assert route is not None and route.operation is not None
        try:
            result = await self.gateway.cloud.answer(call)
            return route.codec.serialize(route.operation, result, self.request_id)
        except Exception as failure:
            return self.refusal(failure)

    def refusal(self, failure: Exception) -> Response:
        """The response for whatever went wrong."""
        route = self.route
        family = route.family if route else self._likely_family()
        if isinstance(failure, Rejected):
            failure = failure.error(family)
        elif isinstance(failure, NoService):
            failure = NotSupported(f"There is no service {failure} in AWS, as far as Glasshouse knows")
        elif not isinstance(failure, ServiceError):
            log.error("request %s failed", self.request_id, exc_info=failure)
            failure = errors.InternalError() if family is Family.S3 else InternalFailure()
        if route:
            return route.codec.serialize_error(route.operation, failure, self.request_id, route.service)
        return _fallback_codec(family).serialize_error(None, failure, self.request_id)

    def _likely_family(self) -> Family:
        return Family.JSON if "x-amz-target" in self.request.headers else Family.S3


def _fallback_codec(family: Family) -> wire.Codec:
    """For requests to no service that we know."""
    return wire.codec("dynamodb", "json") if family is Family.JSON else wire.codec("s3", "rest-xml")
