"""Gateway responses at work: what the gateway answers when a request does not come as far as its integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html. Their templates are
no Velocity: only references to $context, $stageVariables and parameters of the request are replaced.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from glasshouse.core.visit import Answer
from glasshouse.engines.vtl import text
from glasshouse.services.apigateway import contexts
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.gateway_responses import STATUSES

JSON = "application/json"
REFERENCE = re.compile(r"\$(context|stageVariables|method\.request\.\w+)\.([\w-]+(?:\.[\w-]+)*)")
TARGET = "gatewayresponse.header."
# (message, error type) by the kinds of responses.
KINDS: dict[str, tuple[str | None, str]] = {
    "ACCESS_DENIED": ("User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": ("Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": (None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": (None, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": ("Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": ("Missing required request parameters", "BadRequestException"),
    "DEFAULT_4XX": ("Bad Request", "BadRequestException"),
    "DEFAULT_5XX": ("Internal server error", "InternalServerErrorException"),
    "EXPIRED_TOKEN": ("The security token included in the request is expired", "ExpiredTokenException"),
    "INTEGRATION_FAILURE": ("Network error communicating with endpoint", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": ("Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": ("Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access"
        " Key and signing method. Consult the service documentation for details.",
        "InvalidSignatureException",
    ),
    "MISSING_AUTHENTICATION_TOKEN": ("Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": ("Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": ("Request Too Long", "RequestTooLargeException"),
    "THROTTLED": ("Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": ("Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": ("Unsupported Media Type", "BadRequestException"),
}
ANSWERED_BY_DEFAULT = {"DEFAULT_4XX": 400, "DEFAULT_5XX": 500}


class Refused(Exception):
    """The gateway answers by itself. `reason` is for the API's owner, and stands in its execution log."""

    def __init__(
        self, kind: str, message: str | None = None, reason: str = "", status: int | None = None,
        error_type: str | None = None, detail: str | None = None,
    ):  # fmt: skip
        super().__init__(reason or message or kind)
        known, known_type = KINDS[kind]
        self.kind, self.reason, self.detail = kind, reason, detail
        self.message = known if message is None else message
        self.error_type = error_type or known_type
        self.status = status or int(STATUSES[kind] or ANSWERED_BY_DEFAULT[kind])


def misconfigured(reason: str) -> Refused:
    """The API's owner has set something up wrong."""
    return Refused("API_CONFIGURATION_ERROR", reason=f"Execution failed due to configuration error: {reason}")


def answer(exchange: Exchange, refusal: Refused) -> Answer:
    """The response that the API has for a refusal."""
    exchange.outcome.error, exchange.outcome.error_kind = refusal.message, refusal.kind
    exchange.outcome.validation_error = refusal.detail
    known = exchange.release.responses
    default = f"DEFAULT_{str(refusal.status)[0]}XX"
    own = known.get(refusal.kind) or known.get(default)
    if own is None:
        return _dressed(Answer(refusal.status, {"content-type": JSON}, _default_body(refusal)), refusal)
    status = int(own["status_code"] or refusal.status)
    if own["response_type"] != refusal.kind and own["status_code"] is None:
        status = refusal.status
    find = _finder(exchange)
    kind, template = _template(own["response_templates"], exchange.headers.get("accept"))
    body = REFERENCE.sub(lambda found: find(found[1], found[2]), template) if template is not None else ""
    made = Answer(status, {"content-type": kind}, body.encode())
    for target, source in own["response_parameters"].items():
        made.headers[target.removeprefix(TARGET).lower()] = _value(source, find)
    return _dressed(made, refusal)


def _dressed(made: Answer, refusal: Refused) -> Answer:
    made.headers.setdefault("x-amzn-errortype", refusal.error_type)
    return made


def _default_body(refusal: Refused) -> bytes:
    name = "Message" if refusal.kind == "ACCESS_DENIED" else "message"
    return json.dumps({name: refusal.message}, separators=(",", ":"), ensure_ascii=False).encode()


def _template(templates: dict[str, str], accepted: str | None) -> tuple[str, str | None]:
    """(content type, template)."""
    wanted = [one.partition(";")[0].strip() for one in (accepted or "").split(",")]
    for kind in (*wanted, JSON, *templates):
        if kind in templates:
            return kind, templates[kind]
    return JSON, None


def _finder(exchange: Exchange) -> Callable[[str, str], str]:
    """Looks values up, by where they are and their names."""
    context = contexts.whole(exchange)

    def find(place: str, name: str) -> str:
        if place == "context":
            value = contexts.look_up(context, name)
        elif place == "stageVariables":
            value = exchange.variables.get(name)
        else:
            value = _parameter(exchange, place.rpartition(".")[2], name)
        return "" if value is None else text(value)

    return find


def _parameter(exchange: Exchange, place: str, name: str) -> Any:
    if place == "header":
        return exchange.headers.get(name)
    if place == "querystring":
        return (exchange.query.get(name) or [None])[-1]
    return exchange.path_parameters.get(name) if place == "path" else None


def _value(source: str, find: Callable[[str, str], str]) -> str:
    """A literal in quotes, or what `context.error.message` and the like stand for."""
    if source.startswith("'"):
        return source[1:-1]
    found = REFERENCE.fullmatch(f"${source}")
    return find(found[1], found[2]) if found else source
