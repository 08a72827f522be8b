"""Integrations of WebSocket APIs: where a route leads, and what the client is told of the answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
A function, a backend or a service is asked as it is (`AWS_PROXY`, `HTTP_PROXY`) or by way of templates (`AWS`, `HTTP`,
`MOCK`); the client hears of the answer only where the route has a response.
"""

import json
import re
from typing import Any
from urllib.parse import quote, urlunsplit

from glasshouse.core import NotSupported, ServiceError, documents
from glasshouse.core.clock import monotonic
from glasshouse.core.parking import NothingYet
from glasshouse.core.visit import Answer, Wired
from glasshouse.core.web import Asked, Fetched, Web
from glasshouse.services.apigatewayv2 import answers, expressions, socket_events
from glasshouse.services.apigatewayv2.answers import HOP_BY_HOP
from glasshouse.services.apigatewayv2.exchanges import Refused, url_parts
from glasshouse.services.apigatewayv2.functions import OF_INTEGRATION, WRAPPED
from glasshouse.services.apigatewayv2.records import Integration, IntegrationResponse
from glasshouse.services.apigatewayv2.socket_exchanges import CONNECT, SocketExchange
from glasshouse.services.apigatewayv2.socket_templates import chosen, rendered
from glasshouse.services.apigatewayv2.traffic import Release, UnderWay

JSON, TOO_LATE = "application/json", 503
SERVICE = re.compile(
    r"arn:[\w-]+:apigateway:(?P<region>[\w-]+):(?:(?P<label>[\w.-]+)\.)?(?P<service>[\w-]+):(?P<kind>path|action)/"
    r"(?P<rest>.*)",
    re.DOTALL,
)
PLACES = re.compile(r"integration\.request\.(header|querystring|path)\.(.+)", re.DOTALL)


class SocketIntegrations:
    """Asking what a route of a WebSocket API leads to."""

    def _socket_answer(self, exchange: SocketExchange, integration: Integration, under_way: UnderWay) -> Answer:
        """Raises Refused."""
        under_way.integration_started = under_way.integration_started or monotonic()
        self.call.caused = OF_INTEGRATION
        ask = {
            "AWS_PROXY": self._ask_proxy_function, "AWS": self._ask_service, "HTTP_PROXY": self._ask_backend,
            "HTTP": self._ask_backend, "MOCK": self._ask_nobody,
        }[integration.integration_type]  # fmt: skip
        seconds = integration.timeout_in_millis / 1000
        try:
            answer = self._in_time(under_way.integration_started, seconds, lambda: ask(exchange, integration))
        except Refused as refusal:
            exchange.outcome.integration_error = refusal.reason
            refusal.status = 504 if refusal.status == TOO_LATE else refusal.status
            raise
        except NotSupported as lack:
            exchange.outcome.integration_error = str(lack)
            raise Refused(500, str(lack)) from None
        exchange.outcome.integration_ms = int((monotonic() - under_way.integration_started) * 1000)
        exchange.outcome.integration_status = answer.status
        return answer

    def _ask_proxy_function(self, exchange: SocketExchange, integration: Integration) -> Answer:
        uri = expressions.evaluate(integration.integration_uri or "", exchange.look_up)
        event = json.dumps(socket_events.of_integration(exchange)).encode()
        payload, failed = self._invoke_function(uri, integration.credentials_arn, exchange.arn(""), event)
        if failed:
            raise Refused(502, f"The Lambda function returned the following error: {payload.decode(errors='replace')}")
        try:
            return answers.of_function(payload, "1.0")
        except Refused as malformed:
            raise Refused(502, malformed.reason) from None

    def _ask_service(self, exchange: SocketExchange, integration: Integration) -> Answer:
        """A function or another service, with what a template makes of the message."""
        uri = expressions.evaluate(integration.integration_uri or "", exchange.look_up)
        body = _body(exchange, integration)
        if WRAPPED.fullmatch(uri):
            payload, _ = self._invoke_function(uri, integration.credentials_arn, exchange.arn(""), body or b"{}")
            return Answer(200, {"content-type": JSON}, payload)
        found = SERVICE.fullmatch(uri)
        if found is None or not integration.credentials_arn:
            raise Refused(500, f"{uri} is no service that can be asked, or there is no role to ask it with")
        headers, query, _ = _parameters(exchange, integration)
        action, path = (found["rest"], "/") if found["kind"] == "action" else ("", f"/{found['rest'].lstrip('/')}")
        asked = Wired(
            found["service"], found["region"], integration.integration_method or "POST", path, query,
            {"accept": JSON, "content-type": JSON, **headers}, body, found["label"] or "", action,
        )  # fmt: skip
        try:
            return self.aws.as_role(integration.credentials_arn).send(asked)
        except ServiceError as refusal:
            raise Refused(500, f"{refusal.code}: {refusal}") from None

    def _ask_backend(self, exchange: SocketExchange, integration: Integration) -> Answer:
        topic = f"backend of {exchange.visit.request_id}"
        fetched: Fetched | None = self.cloud.resident(Web).fetched(topic, lambda: self._asked(exchange, integration))
        if fetched is None:
            raise NothingYet(integration.timeout_in_millis / 1000, (topic,))
        if not fetched.status:
            raise Refused(504 if fetched.timed_out else 500, fetched.failure)
        headers = {name: value for name, value in fetched.headers.items() if name not in HOP_BY_HOP}
        return Answer(fetched.status, headers, fetched.body)

    def _asked(self, exchange: SocketExchange, integration: Integration) -> Asked:
        """What a backend is asked. It hears of the headers and the query with which a client connects."""
        headers, query, path = _parameters(exchange, integration)
        is_proxy = integration.integration_type == "HTTP_PROXY"
        if is_proxy and exchange.event_type == CONNECT:
            came = {name: value for name, value in exchange.headers.items() if _is_passed(name)}
            headers, query = came | headers, "&".join(filter(None, (exchange.raw_query, query)))
        url = expressions.evaluate(integration.integration_uri or "", exchange.look_up)
        for name, value in path.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        parts = url_parts(url)
        query = "&".join(filter(None, (parts.query, query)))
        body = exchange.body if is_proxy else _body(exchange, integration)
        agent = {"user-agent": f"AmazonAPIGateway_{exchange.api_id}", "x-amzn-trace-id": exchange.trace}
        return Asked(
            (integration.integration_method or "POST").replace("ANY", "POST"),
            urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), {"content-type": JSON, **agent, **headers},
            body, integration.timeout_in_millis / 1000, self.cloud.url,
        )  # fmt: skip

    def _ask_nobody(self, exchange: SocketExchange, integration: Integration) -> Answer:
        """A mock: the status is the one that its template states."""
        try:
            status = documents.read(_body(exchange, integration) or b"{}").get("statusCode", 200)
            return Answer(int(status))
        except (ValueError, AttributeError, TypeError, OverflowError):
            raise Refused(500, "The template of the mock does not state a statusCode") from None

    # What the client is told

    def _reply(
        self, exchange: SocketExchange, release: Release, integration: Integration, answer: Answer
    ) -> bytes | None:
        """None if the route has no response. Raises Refused."""
        route = exchange.route
        if route is None or not any(one.route_id == route.route_id for one in release.snapshot.route_responses):
            return None
        if integration.integration_type.endswith("_PROXY"):
            return answer.body
        response = _response(release, integration, answer)
        if response is None:
            raise Refused(500, "No integration response matches the answer of the integration")
        key = exchange.selected(response.template_selection_expression, answer)
        template = chosen(response.response_templates, key)
        if template is None:
            return answer.body
        return rendered(exchange, template, answer.body.decode("utf-8", "replace")).encode()


def _response(release: Release, integration: Integration, answer: Answer) -> IntegrationResponse | None:
    """The integration response for an answer: one whose pattern its status matches, else the default one."""
    default = None
    for response in release.snapshot.integration_responses:
        if response.integration_id != integration.integration_id:
            continue
        key = response.integration_response_key
        if key == "$default":
            default = response
        elif _matches(key.strip("/"), str(answer.status)):
            return response
    return default


def _matches(pattern: str, status: str) -> bool:
    try:
        return re.fullmatch(pattern, status) is not None
    except re.error:
        return False


def _body(exchange: SocketExchange, integration: Integration) -> bytes:
    """What a template makes of the message; the message itself if there is none for it."""
    templates = integration.request_templates
    template = chosen(templates, exchange.selected(integration.template_selection_expression))
    if template is not None:
        return rendered(exchange, template, exchange.body.decode()).encode()
    behavior = integration.passthrough_behavior
    if behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and templates):
        raise Refused(500, "No template matches the message, which may not be passed through")
    return exchange.body


def _parameters(exchange: SocketExchange, integration: Integration) -> tuple[dict[str, str], str, dict[str, str]]:
    """The headers, the query and the path parameters that are mapped."""
    found: dict[str, dict[str, Any]] = {"header": {}, "querystring": {}, "path": {}}
    for target, source in (integration.request_parameters or {}).items():
        place = PLACES.fullmatch(target)
        value = expressions.as_text(exchange.mapped(source))
        if place and value is not None:
            found[place[1]][place[2]] = value
    headers = {name.lower(): value for name, value in found["header"].items()}
    pairs = (f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found["querystring"].items())
    return headers, "&".join(pairs), found["path"]


def _is_passed(name: str) -> bool:
    return name not in HOP_BY_HOP and name != "host" and not name.startswith("sec-websocket-")
