"""Integrations at work: from a request that has been let in to the answer of what stands behind its method."""

import json
import re
from typing import Any

from glasshouse.core import NotSupported, ServiceError, documents
from glasshouse.core.clock import monotonic
from glasshouse.core.parking import NothingYet
from glasshouse.core.visit import Answer
from glasshouse.core.web import Asked, Fetched, Web
from glasshouse.services.apigateway import proxy_events, service_calls
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.functions import OF_INTEGRATION, URI, role_of
from glasshouse.services.apigateway.outgoing import JSON, Outgoing, outgoing
from glasshouse.services.apigateway.refusals import Refused, misconfigured
from glasshouse.services.apigateway.responding import Incoming, answer_of, proxied

MOCKED = re.compile(r"""\{\s*['"]?statusCode['"]?\s*:\s*(\d{3})\s*[,}]""")
NOT_RETURNED = frozenset({"keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"})
INVOCATION = {
    "x-amz-invocation-type": "InvocationType", "x-amz-client-context": "ClientContext", "x-amz-log-type": "LogType",
}  # fmt: skip


class Integrating:
    """Asks what stands behind a method. Each kind of integration answers an Incoming, which is mapped to an answer;
    proxies answer as they are."""

    def _integrated(self, exchange: Exchange) -> Answer:
        """Raises Refused."""
        integration = exchange.method.get("methodIntegration")
        if integration is None:
            raise misconfigured("No integration defined for method")
        under_way = exchange.under_way
        under_way.integration_started = under_way.integration_started or monotonic()
        self.call.caused = OF_INTEGRATION
        ask = {
            "MOCK": self._mocked, "HTTP": self._of_backend, "HTTP_PROXY": self._of_backend, "AWS": self._of_service,
            "AWS_PROXY": self._of_function,
        }[integration["type"]]  # fmt: skip
        try:
            return self._in_time(
                under_way.integration_started, integration["timeoutInMillis"] / 1000, lambda: ask(exchange, integration)
            )
        except Refused as refusal:
            exchange.outcome.integration_error = refusal.reason or None
            raise
        except NotSupported as lack:
            raise misconfigured(str(lack)) from None

    def _mocked(self, exchange: Exchange, integration: dict[str, Any]) -> Answer:
        status = _mocked_status(outgoing(exchange, integration).body)
        if status is None:
            raise misconfigured(
                "Unable to parse statusCode. It should be an integer defined in the request template."
            )  # fmt: skip
        return answer_of(exchange, integration, Incoming(status, selected_by=str(status)))

    # HTTP

    def _of_backend(self, exchange: Exchange, integration: dict[str, Any]) -> Answer:
        fetched = self._fetched(exchange, integration)
        if not fetched.status:
            raise _lost(fetched)
        headers = _lines(fetched.headers)
        incoming = Incoming(fetched.status, headers, fetched.body, str(fetched.status))
        self._note_integration(exchange, incoming, fetched.took_ms)
        if integration["type"] == "HTTP_PROXY":
            return proxied(exchange, incoming, NOT_RETURNED)
        return answer_of(exchange, integration, incoming)

    def _fetched(self, exchange: Exchange, integration: dict[str, Any]) -> Fetched:
        topic = f"backend of {exchange.request_id}"
        # Made each time: what the template sets for the answer, and what the trail tells of it, are needed at the end.
        asked = _asked(exchange, integration, self.cloud.url)
        fetched = self.cloud.resident(Web).fetched(topic, lambda: asked)
        if fetched is None:
            raise NothingYet(asked.timeout_s, (topic,))
        return fetched

    # Functions

    def _of_function(self, exchange: Exchange, integration: dict[str, Any]) -> Answer:
        """A proxy: the function is told everything, and answers in a form of its own."""
        if integration.get("httpMethod") != "POST":
            raise misconfigured(
                "API Gateway is only able to invoke Lambda functions with the POST method"
            )  # fmt: skip
        uri = exchange.named(integration["uri"])
        event = json.dumps(proxy_events.of_integration(exchange), separators=(",", ":"))
        _show_asked(exchange, uri, _own_headers(exchange), event.encode())
        called = self._call_function(uri, role_of(exchange, integration), exchange.arn(), event.encode())
        self._note_integration(exchange, Incoming(called.status, [], called.payload), None)
        if called.error:
            exchange.trail.say(
                "Lambda execution failed with status %s due to customer function error: %s", called.status,
                _message(called.payload),
            )  # fmt: skip
            raise proxy_events.malformed()
        made = proxy_events.answer_of(exchange, called.payload)
        exchange.trail.show("Method response body after transformations: %s", made.body)
        exchange.trail.show("Method response headers: %s", made.headers)
        return made

    def _of_service(self, exchange: Exchange, integration: dict[str, Any]) -> Answer:
        asked = outgoing(exchange, integration)
        role = role_of(exchange, integration)
        if URI.fullmatch(asked.uri):
            incoming = self._of_called(exchange, asked, role)
        else:
            incoming = self._sent(exchange, asked, role)
        self._note_integration(exchange, incoming, None)
        return answer_of(exchange, integration, incoming)

    def _of_called(self, exchange: Exchange, asked: Outgoing, role: str | None) -> Incoming:
        """A function that gets a body of the user's making; patterns are held against what its errors say."""
        options = {
            INVOCATION[name]: values[-1] for name, values in asked.headers.items() if name in INVOCATION
        }  # fmt: skip
        body = asked.body or b"{}"
        _show_asked(exchange, asked.uri, _own_headers(exchange) | asked.joined_headers, body)
        called = self._call_function(asked.uri, role, exchange.arn(), body, options)
        message = _message(called.payload) if called.error else None
        return Incoming(called.status, [("content-type", JSON)], called.payload, message)

    def _sent(self, exchange: Exchange, asked: Outgoing, role: str | None) -> Incoming:
        """Another service, asked in the name of the integration's role."""
        _show_asked(exchange, asked.uri, _own_headers(exchange) | asked.joined_headers, asked.body)
        asking = self._asking(role)
        if asking is None:
            raise misconfigured("Role ARN must be specified for AWS integrations")
        wired = service_calls.wired(asked)
        try:
            answered = asking(region=wired.region).send(wired)
        except ServiceError as lack:
            raise misconfigured(str(lack)) from None
        return Incoming(answered.status, _lines(answered.headers), answered.body, str(answered.status))

    def _note_integration(self, exchange: Exchange, incoming: Incoming, took_ms: int | None):
        outcome = exchange.outcome
        if took_ms is None:
            took_ms = int((monotonic() - (exchange.under_way.integration_started or 0)) * 1000)
        outcome.integration_status, outcome.integration_ms = incoming.status, took_ms
        known = dict(incoming.headers)
        outcome.integration_request_id = known.get("x-amzn-requestid") or known.get("x-amz-request-id")
        trail = exchange.trail
        trail.say("Received response. Status: %s, Integration latency: %s ms", incoming.status, took_ms)
        trail.show("Endpoint response headers: %s", known)
        trail.show("Endpoint response body before transformations: %s", incoming.body)


def _asked(exchange: Exchange, integration: dict[str, Any], origin: str) -> Asked:
    """What a backend is asked."""
    asked = outgoing(exchange, integration)
    headers = {
        "accept": JSON, "user-agent": f"AmazonAPIGateway_{exchange.api_id}",
        "x-amzn-apigateway-api-id": exchange.api_id, "x-amzn-trace-id": exchange.trace,
    }  # fmt: skip
    if integration["type"] == "HTTP_PROXY":
        source = exchange.visit.source
        before = exchange.headers.get("x-forwarded-for")
        headers |= {
            "x-forwarded-for": f"{before}, {source.address}" if before else source.address, "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        }  # fmt: skip
    elif asked.body or "content-type" in asked.headers:
        headers["content-type"] = JSON
    headers |= asked.joined_headers
    uri, query = asked.uri, asked.query_string
    if query:
        uri = f"{uri}{'&' if '?' in uri else '?'}{query}"
    _show_asked(exchange, uri, headers, asked.body)
    insecure = (integration.get("tlsConfig") or {}).get("insecureSkipVerification", False)
    seconds = integration["timeoutInMillis"] / 1000
    return Asked(asked.verb, uri, headers, asked.body, seconds, origin, insecure)


def _own_headers(exchange: Exchange) -> dict[str, str]:
    """What the gateway would say of itself over the wire."""
    return {
        "x-amzn-lambda-integration-tag": exchange.request_id, "Authorization": "*" * 64,
        "x-amzn-apigateway-api-id": exchange.api_id, "Accept": JSON,
        "User-Agent": f"AmazonAPIGateway_{exchange.api_id}",
    }  # fmt: skip


def _show_asked(exchange: Exchange, uri: str, headers: dict[str, str], body: bytes):
    trail = exchange.trail
    if not trail.is_kept:
        return
    address = service_calls.address(uri)
    trail.show("Endpoint request URI: %s", address)
    trail.show("Endpoint request headers: %s", headers)
    trail.show("Endpoint request body after transformations: %s", body)
    trail.say("Sending request to %s", address)


def _lost(fetched: Fetched) -> Refused:
    if fetched.timed_out:
        return Refused("INTEGRATION_TIMEOUT", reason="Execution failed due to a timeout error")
    if fetched.failure.startswith("gaierror"):
        return misconfigured("Invalid endpoint address")
    if fetched.failure.startswith("SSL"):
        return misconfigured(fetched.failure)
    reason = f"Execution failed due to a network error communicating with endpoint: {fetched.failure}"
    return Refused("INTEGRATION_FAILURE", reason=reason)


def _lines(headers: dict[str, str | list[str]]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]  # fmt: skip


def _mocked_status(body: bytes) -> int | None:
    """The statusCode of a mock's template, which is JSON of a relaxed kind: names need no quotes."""
    text = body.decode(errors="replace").strip()
    try:
        found = documents.read(text)
    except ValueError:
        relaxed = MOCKED.match(text)
        return int(relaxed[1]) if relaxed else None
    status = found.get("statusCode") if isinstance(found, dict) else None
    return status if isinstance(status, int) else None


def _message(payload: bytes) -> str:
    """What a function's error says."""
    try:
        found = documents.read(payload)
    except ValueError:
        return payload.decode(errors="replace")
    message = found.get("errorMessage") if isinstance(found, dict) else None
    return message if isinstance(message, str) else payload.decode(errors="replace")
