"""The life of a request: from a head and the bytes of a body to a response. No sockets.

A request is located (what does it want?), admitted (who signed it?), its body received, the call performed, the
result written. What can be judged by the head alone is judged before the body is taken: a client that waits for
`100 Continue` learns at once that its signature is wrong.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from glasshouse.core import ids
from glasshouse.core.access import ANONYMOUS, Principal
from glasshouse.core.blobs import Incoming
from glasshouse.core.call import Call, Source
from glasshouse.core.cloud import Cloud
from glasshouse.core.errors import InternalFailure, NotSupported, ServiceError
from glasshouse.core.parking import NothingYet
from glasshouse.core.visit import Visit
from glasshouse.gateway import bodies, browsers, errors, forms, payloads, sandboxes, sigv4, visits, wired
from glasshouse.gateway.admin import Administration, is_admin
from glasshouse.gateway.admission import Admission
from glasshouse.gateway.chunks import ChunkSigner
from glasshouse.gateway.claims import Claims
from glasshouse.gateway.errors import Family
from glasshouse.gateway.hosts import PLAIN, Hosts, Place
from glasshouse.gateway.payloads import Payload
from glasshouse.gateway.rejection import Rejected
from glasshouse.gateway.routing import FORM, NoService, Route, Router
from glasshouse.gateway.sigv2 import OldClaim
from glasshouse.gateway.sigv4 import Claim
from glasshouse.protocol import wire
from glasshouse.protocol.http import Request, Response

if TYPE_CHECKING:
    from glasshouse.gateway.authority import Authority

log = logging.getLogger("glasshouse.gateway")
SAFE = frozenset({"GET", "HEAD"})
DEFAULT_REGION = "us-east-1"
LARGEST_BYTES = 16 * 1024 * 1024
# Services whose requests carry archives and layers, inline.
LARGER_BYTES = {"lambda": 96 * 1024 * 1024, "ecr": 64 * 1024 * 1024}


class Gateway:
    """What all requests to a cloud share."""

    def __init__(self, cloud: Cloud, admission: Admission):
        self.cloud, self.admission = cloud, admission
        self.claims, self.hosts, self.router = Claims(), Hosts(), Router()
        self.on_stop: Callable[[], None] = lambda: None  # what the admin API's `stop` does
        self._authority: Authority | None = None
        cloud.authority = self.authority
        cloud.wire = partial(wired.perform, self)

    def exchange(self, request: Request, source: Source) -> "Exchange | Administration":
        if request.path.startswith("/_") and is_admin(request):
            place = self.hosts.place(request.headers.get("host", ""))
            if not place.bucket:
                return Administration(self, request, source)
        return Exchange(self, request, source)

    def malformed(self, error: ServiceError) -> Response:
        """The response to what is not even a request."""
        return _fallback_codec(Family.S3).serialize_error(None, error, ids.uuid())

    def authority(self) -> "Authority":
        """What vouches for this cloud's names."""
        if self._authority is None:
            # OpenSSL's bindings are loaded by the first client that wants TLS.
            from glasshouse.gateway.authority import Authority

            self._authority = Authority(self.cloud.directory / "authority", self.cloud.clock.real)
        return self._authority


class Exchange:
    """One request and its response. `open`, then `write` the body, then `end`, or `abandon` it."""

    __slots__ = (
        "_form", "_gateway", "_payload", "_receiver", "claim", "place", "principal", "region", "request", "request_id",
        "route", "sent", "source",
    )  # fmt: skip

    def __init__(self, gateway: Gateway, request: Request, source: Source):
        self._gateway, self.sent, self.request, self.source = gateway, request, request, source
        self.request_id = ids.uuid()
        self.claim: Claim | OldClaim | None = None
        self.place, self.region = PLAIN, DEFAULT_REGION
        self.route: Route | None = None
        self.principal: Principal | None = None
        self._payload = payloads.COMPUTED
        self._receiver: bodies.Receiver | None = None
        self._form: list[tuple[str, str]] = []

    # What the connection calls

    def open(self) -> Response | None:
        """Judge the head. A response means that the body is not wanted."""
        return self._guarded(self._open)

    def write(self, chunk: bytes) -> Response | None:
        """Take a part of the body. A response means that the rest is not wanted."""
        return self._guarded(self._receiver.write, chunk) if self._receiver else None

    def end(self) -> Response | Awaitable[Response]:
        """All of the body is there."""
        return self._guarded(self._end)

    def abandon(self):
        """The rest of the body will not come."""
        if self._receiver is not None:
            self._receiver.discard()

    def _guarded(self, step: Callable, *arguments: Any) -> Any:
        """Whatever fails becomes the response."""
        try:
            return step(*arguments)
        except Exception as failure:
            self.abandon()
            return self.refusal(failure)

    def _open(self):
        headers = self.request.headers
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if has_body and self.request.method == "POST" and headers.get("content-type", "").startswith(FORM):
            self._receiver = self._in_memory(LARGEST_BYTES)  # the operation is named in the form
            return
        route = self._locate()
        self._payload = self._expected_payload(route, has_body)
        if self._payload.hash is not None and not self._is_upload_form(route):
            self._admit(route)
        if has_body:
            self._receiver = self._receiver_of(route)
        elif self._payload.sha256 is not None:
            bodies.check_sha256(self._payload.sha256, sigv4.EMPTY)

    def _end(self) -> Response | Awaitable[Response]:
        if self._receiver is not None:
            self.request.body = self._receiver.finish()
        route = self.route or self._locate()
        if self.principal is None:
            self._admit(route)
        response = self._perform(route)
        self.abandon()  # without effect on what was kept
        return response

    # What is wanted, and by whom

    def _locate(self) -> Route:
        gateway, request = self._gateway, self.request
        place = gateway.hosts.place(request.headers.get("host", ""))
        if request.path.startswith(visits.SITE_PATHS) and (named := visits.site_in_path(request)):
            place, self.request = named
        elif place is PLAIN:
            place = visits.site_of_domain(gateway.cloud, request.headers.get("host", "")) or place
        self.place = place
        if place.prefix in visits.SITES:
            return self._locate_site(place)
        self.claim = claim = gateway.claims.read(request)
        signing_name = claim.service if claim else None
        if signing_name == "s3":
            place = place.as_bucket()
        self.region = (claim and claim.region) or place.region or DEFAULT_REGION
        if place.bucket or (claim and claim.presigned and signing_name == "s3"):
            self.request = _as_s3_means(request, place.bucket, claim)
        self.route = gateway.router.route(self.request, signing_name, place)
        return self.route

    def _locate_site(self, place: Place) -> Route:
        """Sites are for everybody; some of them ask who signed."""
        assert place.prefix is not None
        if place.prefix in visits.SIGNED_SITES:
            with suppress(Rejected, NotSupported):
                self.claim = self._gateway.claims.read(self.request)
        self.region = place.region or (self.claim and self.claim.region) or DEFAULT_REGION
        self.route = self._gateway.router.site(visits.SITES[place.prefix][0], self.request)
        return self.route

    def _expected_payload(self, route: Route, has_body: bool) -> Payload:
        if not has_body and route.family is not Family.S3:
            return payloads.EMPTY
        return payloads.payload(self.sent, self.claim, route.family, route.operation and route.operation.auth_type)

    def _admit(self, route: Route):
        admission, claim = self._gateway.admission, self.claim
        if self.place.prefix in visits.SITES:
            self.principal = self._signer_of_visit(route)
        elif claim is not None:
            payload_hash = self._payload.hash or self._body_sha256()
            self.principal = admission.admit(claim, self.sent, self.request.path, payload_hash, route.family)
            self._check_sender(route, claim.access_key_id)
        elif route.operation is None and visits.is_answered(self._gateway.cloud, route.service):
            self.principal = ANONYMOUS
        else:
            auth_type = route.operation.auth_type if route.operation else None
            self.principal = admission.anonymous(route.service, auth_type, route.family)

    def _signer_of_visit(self, route: Route) -> Principal:
        """Whoever signed a visit to a site; a wrong signature is none."""
        if self.claim is not None:
            payload_hash = self._payload.hash or self._body_sha256()
            admission = self._gateway.admission
            with suppress(Rejected, ServiceError):
                principal = admission.admit(self.claim, self.sent, self.request.path, payload_hash, route.family)
                sandboxes.check_key(self._gateway.cloud, admission, self.claim.access_key_id, self.source)
                return principal
        return ANONYMOUS

    def _check_sender(self, route: Route, access_key_id: str | None):
        """Raise AccessDenied if a function, or a browser for somebody else's page, uses a key that everybody knows."""
        headers, cloud = self.sent.headers, self._gateway.cloud
        if cloud.is_sandboxed is not None:
            sandboxes.check_key(cloud, self._gateway.admission, access_key_id, self.source)
        if not ("origin" in headers or "sec-fetch-site" in headers) or not browsers.is_foreign(headers):
            return
        if not self._gateway.admission.is_known_to_all(access_key_id):
            return
        if route.family is Family.S3 and (self.sent.method in SAFE or self._finished(route, Response(200)).headers):
            return
        raise errors.AccessDenied(
            f"A page of {headers.get('origin', 'another site')} may not use the key {access_key_id}"
        )

    def _body_sha256(self) -> str:
        body = self.request.body
        return body.digests["sha256"].hex() if isinstance(body, Incoming) else sha256(body).hexdigest()

    # Its body

    def _receiver_of(self, route: Route) -> bodies.Receiver:
        headers = self.request.headers
        if self._is_upload_form(route):
            return bodies.UploadForm(headers["content-type"], self._open_file)
        inner: bodies.Receiver
        if route.streams:
            inner = self._streamed(route)
        else:
            # The checksums that complete an upload are those of the object.
            is_stated = route.family is Family.S3 and route.wanted != "CompleteMultipartUpload"
            inner = self._in_memory(LARGER_BYTES.get(route.service, LARGEST_BYTES), headers if is_stated else None)
        if not self._payload.encoding:
            return inner
        return bodies.Chunked(inner, headers, self._payload, self._chunk_signer())

    def _in_memory(self, limit_bytes: int, stated: Mapping[str, str] | None = None) -> bodies.Receiver:
        length = self.request.headers.get("content-length", "0")
        if len(length) > 18 or int(length) > limit_bytes:
            raise Rejected(errors.body_too_large)
        return bodies.InMemory(limit_bytes, self._payload.sha256, stated)

    def _streamed(self, route: Route) -> bodies.Receiver:
        headers, blobs = self.request.headers, self._gateway.cloud.blobs
        if route.family is not Family.S3:
            return bodies.Streamed(blobs, frozenset({"sha256"}))
        size = int(headers.get("content-length", "0"))
        if size > bodies.LARGEST_OBJECT_BYTES and not self._payload.encoding:
            raise bodies.object_too_large(size)
        return bodies.Streamed(blobs, bodies.algorithms(headers), self._payload.sha256)

    def _chunk_signer(self) -> ChunkSigner | None:
        claim = self.claim
        if not self._payload.has_signed_chunks or self._gateway.admission.is_open or not isinstance(claim, Claim):
            return None
        return ChunkSigner(claim.signer.key, claim.timestamp, claim.signer.scope, claim.signature)

    def _is_upload_form(self, route: Route) -> bool:
        if self.request.method != "POST" or route.operation is not None or route.service != "s3":
            return False
        return self.request.headers.get("content-type", "").lower().startswith(forms.MULTIPART)

    def _open_file(self, fields: list[tuple[str, str]]) -> bodies.Streamed:
        """The file of a form begins: what came before it says who sends it."""
        self._form = fields
        named = {name.lower(): value for name, value in fields}
        self.principal = self._gateway.admission.admit_form(named)
        if self.route:
            self._check_sender(
                self.route, named.get("x-amz-credential", "").partition("/")[0] or named.get("awsaccesskeyid")
            )
        return bodies.Streamed(self._gateway.cloud.blobs, bodies.algorithms(named))

    # The answer

    def _perform(self, route: Route) -> Response | Awaitable[Response]:
        operation, principal, cloud = route.operation, self.principal, self._gateway.cloud
        assert principal is not None
        if operation is None:
            return self._visit(route, principal)
        if self._payload.encoding and self._receiver:
            bodies.decode_headers(self.request.headers)
        params = route.codec.parse(operation, self.request, route.labels)
        account = cloud.account if principal.kind == "anonymous" else principal.account
        call = Call(
            route.service, operation.name, params, account, self.region, principal, self.request_id, self.source
        )
        call.access_key_id = self.claim.access_key_id if self.claim else None
        call.may_wait = True
        try:
            result = cloud.perform(call)
        except NothingYet as waiting:
            return self._perform_later(route, call, waiting)
        return self._finished(route, route.codec.serialize(operation, result, self.request_id))

    async def _perform_later(self, route: Route, call: Call, waiting: NothingYet) -> Response:
        assert route.operation is not None
        try:
            result = await self._gateway.cloud.answer(call, waiting)
            return self._finished(route, route.codec.serialize(route.operation, result, self.request_id))
        except Exception as failure:
            return self.refusal(failure)

    def _visit(self, route: Route, principal: Principal) -> Response | Awaitable[Response]:
        for service in visits.SITES.get(self.place.prefix or "", (route.service,)):
            if not visits.is_answered(self._gateway.cloud, service):
                continue
            visit = self._as_visit(principal)
            visit.may_wait = True
            try:
                answered = self._gateway.cloud.visit(service, visit)
            except NothingYet as waiting:
                return self._visit_later(service, visit, waiting)
            if answered is not None:
                return Response(answered.status, dict(answered.headers), answered.body, answered.talk)
        if self.place.prefix in visits.NOBODY:
            return Response(403, {"content-type": "application/json"}, visits.NOBODY[self.place.prefix])
        if principal is ANONYMOUS and self.place.prefix not in visits.SITES:
            self._gateway.admission.anonymous(route.service, None, route.family)
        raise errors.unknown_operation(route.family, route.wanted)

    async def _visit_later(self, service: str, visit: Visit, waiting: NothingYet) -> Response:
        try:
            answered = await self._gateway.cloud.answer_visit(service, visit, waiting)
            assert answered is not None, f"{service} has begun to answer a visit"
            return Response(answered.status, dict(answered.headers), answered.body, answered.talk)
        except Exception as failure:
            return self.refusal(failure)

    def _as_visit(self, principal: Principal) -> Visit:
        request = self.request
        visit = visits.make(request, self.place, principal, self.region, self.source, request.body, self._form)
        visit.request_id = self.request_id
        visit.access_key_id = self.claim.access_key_id if self.claim else None
        return visit

    def _finished(self, route: Route, response: Response) -> Response:
        if "origin" in self.request.headers:
            visits.add_headers(
                self._gateway.cloud, route.service, self._as_visit(self.principal or ANONYMOUS), response
            )
        return response

    def refusal(self, failure: Exception) -> Response:
        """The response for whatever went wrong."""
        route = self.route
        family = route.family if route else self._likely_family()
        error = self._error(failure, family)
        if route is None:
            return _fallback_codec(family).serialize_error(None, error, self.request_id)
        response = route.codec.serialize_error(route.operation, error, self.request_id, route.service)
        return self._finished(route, response) if error.status < 500 else response

    def _error(self, failure: Exception, family: Family) -> ServiceError:
        if isinstance(failure, ServiceError):
            return failure
        if isinstance(failure, Rejected):
            return failure.error(family)
        if isinstance(failure, NoService):
            return NotSupported(f"Glasshouse knows of no service in AWS {failure}")
        log.error("request %s failed", self.request_id, exc_info=failure)
        return errors.InternalError() if family is Family.S3 else InternalFailure()

    def _likely_family(self) -> Family:
        """Of a request that could not be located."""
        if "x-amz-target" in self.request.headers:
            return Family.JSON
        return Family.QUERY if self.request.headers.get("content-type", "").startswith(FORM) else Family.S3


def _fallback_codec(family: Family) -> wire.Codec:
    if family is Family.JSON:
        return wire.codec("dynamodb", "json")
    return wire.codec("sts", "query") if family is Family.QUERY else wire.codec("s3", "rest-xml")


def _as_s3_means(request: Request, bucket: str | None, claim: Claim | OldClaim | None) -> Request:
    """The same request with the bucket in the path, and the headers of a presigned URL where headers belong."""
    headers: dict[str, Any] = request.headers
    if claim and claim.presigned:
        moved = {name.lower(): value for name, value in request.query_pairs if name.lower().startswith("x-amz-")}
        headers = {**moved, **headers}
    path = f"/{bucket}{request.path}" if bucket else request.path
    return replace(request, path=path, headers=headers)
