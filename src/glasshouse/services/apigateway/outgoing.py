"""What an integration is asked: the method's request, mapped and transformed."""

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from glasshouse.engines.vtl import TemplateError
from glasshouse.services.apigateway import mapping
from glasshouse.services.apigateway.exchanges import Exchange, Values
from glasshouse.services.apigateway.refusals import Refused, misconfigured
from glasshouse.services.apigateway.templating import NoJson, rendered

JSON = "application/json"
TO_TEXT, TO_BINARY = "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"
PREFIX = "integration.request."
ILLEGAL = frozenset({"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"})
ILLEGAL_TO_AWS = ILLEGAL | {"authorization", "connection", "expect", "proxy-authenticate", "te"}
NOT_PASSED = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "te", "trailer",
        "transfer-encoding", "upgrade", "via", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto",
    }
)  # fmt: skip


@dataclass(slots=True)
class Outgoing:
    """Headers by their lower-case names."""

    verb: str
    uri: str
    headers: Values = field(default_factory=dict)
    query: Values = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def query_string(self) -> str:
        return "&".join(
            f"{quote_plus(name)}={quote_plus(value)}" for name, values in self.query.items() for value in values
        )

    @property
    def joined_headers(self) -> dict[str, str]:
        return {name: ",".join(values) for name, values in self.headers.items()}


def outgoing(exchange: Exchange, integration: dict[str, Any]) -> Outgoing:
    """Raises Refused."""
    is_proxy = integration["type"] == "HTTP_PROXY"
    made = Outgoing(_verb(exchange, integration), "")
    body, is_binary = _converted(exchange, integration)
    if is_proxy:
        made.headers = {
            name.lower(): list(values)
            for name, values in exchange.headers.sent.items()
            if name.lower() not in NOT_PASSED
        }
        made.query = {name: list(values) for name, values in exchange.query.items()}
    else:
        if exchange.content_type:
            made.headers["content-type"] = [exchange.content_type]
        body = _transformed(exchange, integration, body, is_binary)
    made.body = body
    _map(exchange, integration, made)
    _override(exchange, made)
    made.uri = _filled(exchange.named(integration.get("uri") or ""), made.path)
    return made


def _verb(exchange: Exchange, integration: dict[str, Any]) -> str:
    verb = integration.get("httpMethod") or "POST"
    return exchange.verb if verb == "ANY" else verb


def _filled(uri: str, path: Mapping[str, str]) -> str:
    for name, value in path.items():
        uri = uri.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    return uri


def _map(exchange: Exchange, integration: dict[str, Any], made: Outgoing):
    illegal = ILLEGAL_TO_AWS if integration["type"].startswith("AWS") else ILLEGAL
    for target, source in (integration.get("requestParameters") or {}).items():
        place, _, name = target.removeprefix(PREFIX).partition(".")
        if place == "header" and name.lower() in illegal:
            raise misconfigured(f"Invalid header mapping: {name}")
        values = mapping.of_request(exchange, source, exchange.body)
        if not values:
            continue
        if place == "header":
            made.headers[name.lower()] = values
        elif place == "querystring":
            made.query[name] = values
        else:
            made.path[name] = values[-1]


def _override(exchange: Exchange, made: Outgoing):
    """What the template has set comes last."""
    overrides = exchange.overrides
    made.headers |= {name.lower(): as_values(value) for name, value in overrides.headers.items()}
    made.query |= {name: as_values(value) for name, value in overrides.query.items()}
    made.path |= {name: mapping.as_text(value) for name, value in overrides.path.items()}


def as_values(value: Any) -> list[str]:
    return [mapping.as_text(item) for item in (value if isinstance(value, list) else [value])]


# The body


def _converted(exchange: Exchange, integration: dict[str, Any]) -> tuple[bytes, bool]:
    """(the body as the integration is to have it, whether that is no text).

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
    """
    body, handling = exchange.body, integration.get("contentHandling")
    if exchange.release.is_binary(exchange.content_type):
        return (b64encode(body), False) if handling == TO_TEXT else (body, True)
    if handling == TO_BINARY:
        return from_base64(body), True
    return body if integration["type"] == "HTTP_PROXY" else as_text(body), False


def as_text(body: bytes) -> bytes:
    """With what is no UTF-8 replaced."""
    return body if body.isascii() else body.decode(errors="replace").encode()


def from_base64(body: bytes) -> bytes:
    try:
        return b64decode(body, validate=True)
    except NoBase64:
        raise misconfigured("Unable to base64 decode the body.") from None


def _transformed(exchange: Exchange, integration: dict[str, Any], body: bytes, is_binary: bool) -> bytes:
    templates = integration.get("requestTemplates") or {}
    template = _template(templates, exchange.content_type)
    if template is not None and is_binary:
        raise misconfigured("Unable to transform request: the body is binary")
    if template is not None:
        return render(exchange, template, body).encode()
    if _passes(integration["passthroughBehavior"], templates):
        return body
    raise Refused("UNSUPPORTED_MEDIA_TYPE")


def _template(templates: Mapping[str, str], content_type: str) -> str | None:
    kind = content_type or JSON
    for name in (kind, kind.partition(";")[0].strip(), kind.partition(";")[0].strip().lower(), "$default"):
        if name in templates:
            return templates[name]
    return None


def _passes(behavior: str, templates: Mapping[str, str]) -> bool:
    """Whether a body for which there is no template goes on as it came."""
    return behavior == "WHEN_NO_MATCH" or (behavior == "WHEN_NO_TEMPLATES" and not templates)


def render(exchange: Exchange, template: str, body: bytes) -> str:
    """Raises Refused for a template that fails."""
    try:
        return rendered(exchange, template, body.decode(errors="replace"))
    except NoJson as failure:
        raise Refused("BAD_REQUEST_BODY", f"Could not parse request body into json: {failure}") from None
    except (TemplateError, RecursionError) as failure:
        raise misconfigured(f"Unable to transform request: {failure}") from None
