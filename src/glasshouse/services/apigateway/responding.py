"""What a caller gets: the integration's answer, chosen, mapped and transformed."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from glasshouse.core.visit import Answer
from glasshouse.services.apigateway import mapping
from glasshouse.services.apigateway.exchanges import Exchange, Headers
from glasshouse.services.apigateway.outgoing import (
    JSON,
    TO_BINARY,
    TO_TEXT,
    as_text,
    as_values,
    from_base64,
    render,
)
from glasshouse.services.apigateway.refusals import misconfigured

TARGET = "method.response.header."
REMAPPED = frozenset({"connection", "content-length", "date", "host", "server", "x-amzn-requestid"})


@dataclass(slots=True)
class Incoming:
    """What an integration has answered. `selected_by` is what patterns are held against."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    selected_by: str | None = None


def answer_of(exchange: Exchange, integration: dict[str, Any], incoming: Incoming) -> Answer:
    """Raises Refused."""
    response = _selected(integration, incoming.selected_by)
    status = response["statusCode"]
    if status not in (exchange.method.get("methodResponses") or {}):
        raise misconfigured(f"Output mapping refers to an invalid method response: {status}")
    headers = Headers(incoming.headers)
    body = _body(exchange, response, headers, incoming.body)
    made = Answer(int(status), {}, body)
    for target, source in (response.get("responseParameters") or {}).items():
        values = mapping.of_response(exchange, source, headers, incoming.body)
        if values:
            _put(made, target.removeprefix(TARGET), values)
    overrides = exchange.overrides
    for name, value in overrides.response_headers.items():
        _put(made, name, as_values(value))
    if overrides.status is not None:
        made.status = _status(overrides.status)
    made.headers.setdefault("content-type", JSON)
    exchange.trail.show("Method response body after transformations: %s", made.body)
    exchange.trail.show("Method response headers: %s", titled(made.headers))
    return made


def _selected(integration: dict[str, Any], selected_by: str | None) -> dict[str, Any]:
    """The response whose pattern matches, else the one without a pattern."""
    default = None
    for response in (integration.get("integrationResponses") or {}).values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
        elif selected_by is not None and _matches(pattern, selected_by):
            return response
    if default is None:
        raise misconfigured(f"No match for output mapping and no default output mapping configured. {selected_by}")
    return default


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _body(exchange: Exchange, response: dict[str, Any], headers: Headers, body: bytes) -> bytes:
    body = _converted(exchange, response.get("contentHandling"), headers.get("content-type") or JSON, body)
    templates = response.get("responseTemplates") or {}
    if not templates:
        return body
    kind = (exchange.headers.get("accept") or "").partition(",")[0].partition(";")[0].strip()
    for name in (kind, JSON, next(iter(templates))):
        # A template that is empty lets the body pass.
        if name in templates:
            return render(exchange, templates[name], body).encode() if templates[name] else body
    return body


def _converted(exchange: Exchange, handling: str | None, content_type: str, body: bytes) -> bytes:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"""
    wanted = handling or (TO_BINARY if accepts_binary(exchange) else TO_TEXT)
    if exchange.release.is_binary(content_type):
        return b64encode(body) if wanted == TO_TEXT else body
    return from_base64(body) if wanted == TO_BINARY else as_text(body)


def accepts_binary(exchange: Exchange) -> bool:
    """Only the first type that a caller accepts counts."""
    first = (exchange.headers.get("accept") or "").partition(",")[0]
    return exchange.release.is_binary(first)


def _put(made: Answer, name: str, values: list[str]):
    """Some headers are the gateway's own; those of an API get other names."""
    name = name.lower()
    if name in REMAPPED:
        name = f"x-amzn-remapped-{name}"
    made.headers[name] = values if len(values) > 1 else values[0]


def _status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError):
        status = 0
    if not 100 <= status <= 599:
        raise misconfigured(f"Invalid status code in $context.responseOverride.status: {value}")
    return status


def titled(headers: dict[str, Any]) -> dict[str, Any]:
    """With the capitals that API Gateway's log has."""
    return {"-".join(part.capitalize() for part in name.split("-")): value for name, value in headers.items()}


def proxied(exchange: Exchange, incoming: Incoming, not_passed: frozenset[str]) -> Answer:
    """An answer that goes back as it came."""
    made = Answer(incoming.status, {}, incoming.body)
    for name, values in Headers(incoming.headers).sent.items():
        if name.lower() not in not_passed:
            _put(made, name, values)
    made.headers.setdefault("content-type", JSON)
    return made
