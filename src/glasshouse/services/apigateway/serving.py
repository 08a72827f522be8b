"""The gateway itself: from a request at an API's host to the answer of what stands behind its method.

A request that waits is taken up again from its start, so nothing is written or counted before it is answered.
"""

import zlib
from dataclasses import replace

from glasshouse.core import ids
from glasshouse.core.clock import monotonic
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.apigateway import refusals
from glasshouse.services.apigateway.domains import NO_PATH, SITE
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.records import Place, Stage
from glasshouse.services.apigateway.refusals import Refused
from glasshouse.services.apigateway.traffic import Release, Traffic, UnderWay
from glasshouse.services.apigateway.trails import Trail
from glasshouse.services.apigateway.validating import validate

LARGEST_BYTES = 10 * 1024 * 1024
FORBIDDEN = b'{"message":"Forbidden"}'
GZIP_WINDOW = 31  # zlib's way of saying gzip
ANY_FORMAT = 47  # zlib's way of saying gzip or deflate


class Serving:
    """Answers the requests that come to APIs."""

    def visit(self, visit: Visit) -> Answer | None:
        if visit.site != SITE:
            return None
        place = self._place_of(visit.owner.lower())
        if place is None:
            return None
        # The visitor may be of another account, and his host may name no region.
        call = replace(self.call, account=place.account, region=place.region, may_wait=True)
        return type(self)(self.cloud, call)._serve(visit, place)

    def _place_of(self, owner: str) -> Place | None:
        """Of an API, also as its VPC endpoints call it, or of a domain."""
        return (
            self.places.get(owner)
            or self.places.get(owner.partition("-vpce-")[0])
            or self.places.get(f"*.{owner.partition('.')[2]}")
        )

    def _serve(self, visit: Visit, place: Place) -> Answer:
        traffic = self.cloud.resident(Traffic)
        under_way = traffic.begin(visit.request_id, self.now, 100 * ids.random_fraction())
        exchange = self._placed(visit, place, under_way)
        if exchange is None:
            headers = {"content-type": "application/json", "x-amzn-errortype": "ForbiddenException"}
            answer = Answer(403, headers | {"x-amzn-requestid": visit.request_id}, FORBIDDEN)
        else:
            answer = self._answered(exchange)
            self._note(exchange, answer)
        traffic.end(visit.request_id)
        return answer

    # Where a request goes

    def _placed(self, visit: Visit, place: Place, under_way: UnderWay) -> Exchange | None:
        """The stage that a request is for, and what is deployed there."""
        asked = f"/{visit.raw_path.lstrip('/')}"
        api_id, stage_name, path = self._staged(place, asked)
        stage = self.stages.get(api_id, stage_name) if api_id else None
        if stage is None:
            return None
        is_canary = under_way.lot < (stage.canary_settings.get("percentTraffic") or 0)
        release = self._release(stage, is_canary)
        is_mapped = not place.is_api
        if release.api["disable_execute_api_endpoint"] and not is_mapped:
            return None
        return Exchange(
            _unpacked(visit, release), release, stage, self.call.account, self.call.region, path, under_way,
            Trail(False, False, self.now), asked, is_mapped, is_canary,
        )  # fmt: skip

    def _staged(self, place: Place, path: str) -> tuple[str, str, str]:
        """(API, stage, path below the stage)."""
        if place.is_api:
            return place.name, *_split(path)
        first, rest = _split(path)
        domain = place.target or place.name
        mapping = self.mappings.get(domain, first) if first else None
        if mapping is None:
            mapping, rest = self.mappings.get(domain, NO_PATH), path
        if mapping is None:
            return "", "", ""
        if mapping.stage:
            return mapping.rest_api_id, mapping.stage, rest
        return mapping.rest_api_id, *_split(rest)

    def _release(self, stage: Stage, is_canary: bool) -> Release:
        """What a stage serves."""
        traffic = self.cloud.resident(Traffic)
        deployment_id = stage.canary_settings["deploymentId"] if is_canary else stage.deployment_id
        known = traffic.release(stage.api, deployment_id)
        if known is None:
            known = Release(self._snapshot_body(stage.api, deployment_id), deployment_id)
            traffic.keep(known)
        return known

    # What it gets

    def _answered(self, exchange: Exchange) -> Answer:
        try:
            self._route(exchange)
            self._begin_trail(exchange)
            if len(exchange.body) > LARGEST_BYTES:
                raise Refused("REQUEST_TOO_LARGE")
            self._check_stage_throttle(exchange)
            self._authorize(exchange)
            self._check_key(exchange)
            answer = self._executed(exchange)
        except Refused as refusal:
            answer = refused(exchange, refusal)
        exchange.trail.say("Method completed with status: %s", answer.status)
        answer.headers["x-amzn-requestid"] = exchange.request_id
        answer.headers["x-amz-apigw-id"] = exchange.extended_id
        _compress(exchange, answer)
        outcome = exchange.outcome
        outcome.status, outcome.length = answer.status, len(answer.body)
        outcome.latency_ms = int((monotonic() - exchange.under_way.started) * 1000)
        return answer

    def _route(self, exchange: Exchange):
        """Find the method. Raises Refused."""
        found = exchange.release.routes.find(exchange.verb, exchange.path)
        if found is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        exchange.resource, exchange.path_parameters = found
        methods = exchange.resource["resource_methods"]
        exchange.method = methods.get(exchange.verb) or methods["ANY"]

    def _executed(self, exchange: Exchange) -> Answer:
        """Raises Refused."""
        trail = exchange.trail
        trail.say("Starting execution for request: %s", exchange.request_id)
        trail.say("HTTP Method: %s, Resource Path: %s", exchange.verb, exchange.resource["path"])
        trail.show("Method request path: %s", exchange.path_parameters)
        trail.show("Method request query string: %s", exchange.query)
        trail.show("Method request headers: %s", exchange.headers.sent)
        trail.show("Method request body before transformations: %s", exchange.body)
        validate(exchange)
        answer = self._cached(exchange, lambda: self._integrated(exchange))
        if exchange.stage.tracing_enabled or exchange.method["methodIntegration"]["type"] != "MOCK":
            answer.headers.setdefault("x-amzn-trace-id", exchange.trace)
        trail.say("Successfully completed execution")
        return answer


def refused(exchange: Exchange, refusal: Refused) -> Answer:
    if refusal.reason:
        exchange.trail.say(refusal.reason.replace("%", "%%"))
    answer = refusals.answer(exchange, refusal)
    exchange.trail.show("Gateway response type: %s with status code: %s", refusal.kind, answer.status)
    exchange.trail.show("Gateway response body: %s", answer.body)
    exchange.trail.show("Gateway response headers: %s", answer.headers)
    return answer


def _split(path: str) -> tuple[str, str]:
    """(the first step of a path, the path below it, which begins with one slash)."""
    first, _, rest = path[1:].partition("/")
    return first, f"/{rest.lstrip('/')}"


def _unpacked(visit: Visit, release: Release) -> Visit:
    """An API that compresses takes compressed bodies too."""
    encoding = visit.headers.get("content-encoding", "").lower()
    if release.api["minimum_compression_size"] is None or encoding not in ("gzip", "deflate"):
        return visit
    try:
        return replace(visit, body=zlib.decompress(visit.body, ANY_FORMAT))
    except zlib.error:
        return visit


def _compress(exchange: Exchange, answer: Answer):
    """With gzip, where the API does it and the caller takes it."""
    least = exchange.release.api["minimum_compression_size"]
    accepted = exchange.headers.get("accept-encoding") or ""
    if least is None or len(answer.body) < max(1, least) or "gzip" not in accepted:
        return
    if "content-encoding" not in answer.headers:
        packer = zlib.compressobj(wbits=GZIP_WINDOW)
        answer.body = packer.compress(answer.body) + packer.flush()
        answer.headers["content-encoding"] = "gzip"
