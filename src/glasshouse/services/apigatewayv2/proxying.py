"""Proxy integrations over HTTP: a request goes to a backend as it came, and what that answers goes back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
"""

import re
from typing import Any
from urllib.parse import quote, urlunsplit

from glasshouse.core.parking import NothingYet
from glasshouse.core.visit import Answer
from glasshouse.core.web import Asked, Fetched, Web
from glasshouse.services.apigatewayv2 import expressions
from glasshouse.services.apigatewayv2.answers import HOP_BY_HOP
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused, url_parts
from glasshouse.services.apigatewayv2.parameter_changes import Parameters, changed_request
from glasshouse.services.apigatewayv2.records import Integration
from glasshouse.services.apigatewayv2.traffic import UnderWay

_VARIABLE = re.compile(r"(?<!\$)\{([a-zA-Z0-9._:-]+)\+?\}")
NOT_PASSED = HOP_BY_HOP | {"host", "forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}


class Proxying:
    """Requests that are passed on."""

    def _answer_of_backend(self, exchange: Exchange, integration: Integration, under_way: UnderWay) -> Answer:
        seconds = integration.timeout_in_millis / 1000
        fetched = self._in_time(under_way.integration_started, seconds, lambda: self._fetched(exchange, integration))
        exchange.outcome.integration_ms = fetched.took_ms
        if not fetched.status:
            raise Refused(503, fetched.failure)
        exchange.outcome.integration_status = fetched.status
        exchange.outcome.integration_request_id = str(
            fetched.headers.get("x-amzn-requestid") or fetched.headers.get("x-amz-request-id") or ""
        )
        headers = {name: value for name, value in fetched.headers.items() if name not in HOP_BY_HOP}
        return Answer(fetched.status, headers, fetched.body)

    def _fetched(self, exchange: Exchange, integration: Integration) -> Fetched:
        topic = f"backend of {exchange.visit.request_id}"
        fetched = self.cloud.resident(Web).fetched(topic, lambda: _asked(exchange, integration))
        if fetched is None:
            raise NothingYet(integration.timeout_in_millis / 1000, (topic,))
        return fetched


def _asked(exchange: Exchange, integration: Integration) -> Asked:
    """What the backend is asked."""
    url = expressions.evaluate(integration.integration_uri or "", exchange.look_up)
    parameters = Parameters(
        {name: value for name, value in exchange.headers.items() if name not in NOT_PASSED},
        {name: list(values) for name, values in exchange.query.items()},
    )
    changed_request(parameters, integration.request_parameters or {}, exchange)
    method = integration.integration_method or "ANY"
    forwarded = f"for={exchange.source_ip};host={exchange.domain_name};proto=https"
    headers: dict[str, Any] = {
        **parameters.headers, "forwarded": forwarded, "via": "HTTP/1.1 AmazonAPIGateway",
        "x-amzn-trace-id": exchange.trace,
    }  # fmt: skip
    return Asked(
        exchange.method if method == "ANY" else method, _url(url, exchange, parameters), headers, exchange.body,
        integration.timeout_in_millis / 1000, exchange.visit.source.origin,
    )  # fmt: skip


def _url(template: str, exchange: Exchange, parameters: Parameters) -> str:
    """The integration's URL, with the path's variables and the request's query in it."""

    def filled(found: re.Match) -> str:
        return quote(exchange.path_parameters.get(found[1], ""), safe="/:@!$&'()*+,;=~")

    parts = url_parts(_VARIABLE.sub(filled, template))
    path = parts.path if parameters.path is None else quote(parameters.path, safe="/:@!$&'()*+,;=~%")
    pairs = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.query_pairs]
    query = exchange.raw_query if parameters.query_untouched else "&".join(pairs)
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(filter(None, (parts.query, query))), ""))
