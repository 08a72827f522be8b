"""The gateway itself: from a request at an API's host to the answer of its route's integration.

A request that waits is taken up again from its start, so nothing is written or counted before it is answered.
"""

from contextlib import suppress
from dataclasses import replace

from glasshouse.core import NotSupported, ServiceError
from glasshouse.core.clock import monotonic
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.apigatewayv2 import access_logs, cors
from glasshouse.services.apigatewayv2.domains import SITE
from glasshouse.services.apigatewayv2.exchanges import KINDS, Exchange, Refused
from glasshouse.services.apigatewayv2.parameter_changes import changed_answer, message
from glasshouse.services.apigatewayv2.records import Address, ApiMapping, Integration, Stage
from glasshouse.services.apigatewayv2.traffic import Release, Traffic, UnderWay

LARGEST_BYTES = 10 * 1024 * 1024
RATE, BURST = 10_000.0, 5_000.0  # where only one of the two is set
NAMESPACE = "AWS/ApiGateway"


class Serving:
    """Answers the requests that come to APIs."""

    def visit(self, visit: Visit) -> Answer | None:
        if visit.site != SITE:
            return None
        owner = visit.owner.lower()
        address = self.addresses.get(owner) or self.addresses.get(f"*.{owner.partition('.')[2]}")
        if address is None:
            return None
        # The visitor may be of another account, and his host may name no region.
        call = replace(self.call, account=address.account, region=address.region, may_wait=True)
        return type(self)(self.cloud, call)._serve(visit, address)

    def _serve(self, visit: Visit, address: Address) -> Answer:
        traffic = self.cloud.resident(Traffic)
        under_way = traffic.begin(visit.request_id, self.now)
        found = self._placed(visit, address, under_way)
        if found is None:
            traffic.end(visit.request_id)
            return self._not_found(address)
        exchange, release = found
        if release.snapshot.protocol_type != "HTTP":
            return self._answer_socket(exchange, release, under_way)
        try:
            answer = self._answered(exchange, release, under_way)
        except Refused as refusal:
            answer = _own_answer(exchange, refusal)
        traffic.end(visit.request_id)
        if release.snapshot.cors_configuration and not cors.is_preflight(exchange.method, exchange.headers):
            cors.dress(release.snapshot.cors_configuration, exchange.headers, answer.headers)
        answer.headers["apigw-requestid"] = exchange.request_id
        self._note(exchange, answer, under_way)
        return answer

    def _not_found(self, address: Address) -> Answer:
        """A WebSocket API does not say what it does not have."""
        api = self.apis.get(address.host)
        headers: dict[str, str | list[str]] = {"content-type": "application/json"}
        if api is None or api.is_http:
            return Answer(404, headers, message("Not Found"))
        return Answer(403, {**headers, "x-amzn-errortype": "ForbiddenException"}, message("Forbidden"))

    # Where a request goes

    def _placed(self, visit: Visit, address: Address, under_way: UnderWay) -> tuple[Exchange, Release] | None:
        """The stage that a request is for, and what is deployed there."""
        host = visit.host.partition(":")[0].lower()
        if address.domain_name:
            mapping, path = self._mapped(address.domain_name, visit.path)
            stage = self.stages.get(mapping.api_id, mapping.stage) if mapping else None
            base_path = mapping.api_mapping_key if mapping else ""
        else:
            stage, path = self._staged(address.host, visit.path)
            base_path = ""
        release = self._release(stage)
        if stage is None or release is None:
            return None
        if not address.domain_name and release.snapshot.disable_execute_api_endpoint:
            return None
        body = visit.body if isinstance(visit.body, bytes) else b""
        return (
            Exchange(
                visit, self.call.account, self.call.region, stage.api_id, stage, path, host, under_way.begun, body,
                base_path,
            ),
            release,
        )  # fmt: skip

    def _staged(self, api_id: str, path: str) -> tuple[Stage | None, str]:
        """The stage that the first segment of a path names, else the default one, and the path below it."""
        first, slash, rest = path[1:].partition("/")
        stage = self.stages.get(api_id, first) if first and first != "$default" else None
        if stage:
            return stage, f"/{rest}" if slash else "/"
        return self.stages.get(api_id, "$default"), path

    def _mapped(self, domain_name: str, path: str) -> tuple[ApiMapping | None, str]:
        """The mapping of a domain with the longest key that a path begins with, and the path below it."""
        best = None
        for mapping in self.mappings.list(domain_name):
            key = mapping.api_mapping_key
            if key and path != f"/{key}" and not path.startswith(f"/{key}/"):
                continue
            if best is None or len(key) > len(best.api_mapping_key):
                best = mapping
        key = best.api_mapping_key if best else ""
        return best, (path.removeprefix(f"/{key}") or "/") if key else path

    def _release(self, stage: Stage | None) -> Release | None:
        if stage is None or stage.deployment_id is None:
            return None
        traffic = self.cloud.resident(Traffic)
        known = traffic.release(stage.api_id, stage.deployment_id)
        if known is None:
            snapshot = self.snapshots.get(stage.api_id, stage.deployment_id)
            known = traffic.keep(snapshot) if snapshot else None
        return known

    # What it gets

    def _answered(self, exchange: Exchange, release: Release, under_way: UnderWay) -> Answer:
        """Raises Refused."""
        rules = release.snapshot.cors_configuration
        if rules and cors.is_preflight(exchange.method, exchange.headers):
            return cors.preflight(rules, exchange.headers)
        found = release.routing.find(exchange.method, exchange.path)
        if found is None:
            raise Refused(404, "No route matches")
        key, exchange.path_parameters = found
        exchange.route = route = release.routes[key]
        self._throttle(exchange, under_way)
        self._authorize(exchange, release, route, under_way.started)
        if len(exchange.body) > LARGEST_BYTES:
            raise Refused(413, "The body is larger than 10 MB")
        integration = release.integrations.get(route.integration_id)
        if integration is None:
            raise Refused(500, "The route has no integration")
        try:
            answer = self._integrated(exchange, integration, under_way)
        except Refused as refusal:
            exchange.outcome.integration_error = refusal.reason
            raise
        changed_answer(answer, integration.response_parameters or {}, exchange)
        return answer

    def _throttle(self, exchange: Exchange, under_way: UnderWay):
        """Each request takes a token once, however often it is taken up."""
        settings = {
            **exchange.stage.default_route_settings, **exchange.stage.route_settings.get(exchange.route_key, {}),
        }  # fmt: skip
        rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
        if rate is None and burst is None:
            return
        if under_way.admitted is None:
            place = (exchange.api_id, exchange.stage.stage_name, exchange.route_key)
            rate, burst = RATE if rate is None else rate, BURST if burst is None else burst
            under_way.admitted = self.cloud.resident(Traffic).admit(place, rate, burst, self.now)
        if not under_way.admitted:
            raise Refused(429, "Limit Exceeded")

    def _integrated(self, exchange: Exchange, integration: Integration, under_way: UnderWay) -> Answer:
        under_way.integration_started = under_way.integration_started or monotonic()
        kind = integration.integration_type
        try:
            if integration.integration_subtype and kind == "AWS_PROXY":
                answer = self._answer_of_service(exchange, integration, under_way)
            elif kind in ("AWS_PROXY", "AWS"):
                answer = self._answer_of_function(exchange, integration, under_way)
            elif kind == "MOCK":
                answer = Answer(200)
            else:
                answer = self._answer_of_backend(exchange, integration, under_way)
        except NotSupported as lack:
            raise Refused(500, str(lack)) from None
        if exchange.outcome.integration_ms is None:
            exchange.outcome.integration_ms = int((monotonic() - under_way.integration_started) * 1000)
        return answer

    # What is told of it

    def _note(self, exchange: Exchange, answer: Answer, under_way: UnderWay):
        outcome = exchange.outcome
        outcome.status, outcome.length = answer.status, len(answer.body)
        outcome.latency_ms = int((monotonic() - under_way.started) * 1000)
        places = [{"ApiId": exchange.api_id}, {"ApiId": exchange.api_id, "Stage": exchange.stage.stage_name}]
        settings = exchange.stage.default_route_settings | exchange.stage.route_settings.get(exchange.route_key, {})
        if settings.get("DetailedMetricsEnabled") and exchange.route:
            places.append(places[1] | {"Method": exchange.method, "Resource": exchange.route_path})
        for dimensions in places:
            self.metric(NAMESPACE, "Count", 1, "Count", dimensions)
            self.metric(NAMESPACE, "4xx", int(400 <= answer.status < 500), "Count", dimensions)
            self.metric(NAMESPACE, "5xx", int(answer.status >= 500), "Count", dimensions)
            self.metric(NAMESPACE, "Latency", outcome.latency_ms, "Milliseconds", dimensions)
            self.metric(NAMESPACE, "DataProcessed", outcome.length + len(exchange.body), "Bytes", dimensions)
            if outcome.integration_ms is not None:
                self.metric(NAMESPACE, "IntegrationLatency", outcome.integration_ms, "Milliseconds", dimensions)
        if exchange.stage.access_log_settings:
            # A log that cannot be written is no reason not to answer.
            with suppress(ServiceError):
                access_logs.write(self.aws, exchange, self.now)


def _own_answer(exchange: Exchange, refusal: Refused) -> Answer:
    """What the gateway says in the place of an integration."""
    exchange.outcome.error = refusal.message
    exchange.outcome.kind = KINDS.get(refusal.status, "INTEGRATION_FAILURE")
    return Answer(refusal.status, {"content-type": "application/json", **refusal.headers}, message(refusal.message))
