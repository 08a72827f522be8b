"""What functions behind proxy integrations and authorizers are called with, and what they answer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import json
from base64 import b64decode, b64encode
from typing import Any

from glasshouse.core import documents
from glasshouse.core.visit import Answer
from glasshouse.services.apigateway import contexts
from glasshouse.services.apigateway.exchanges import Exchange, Values
from glasshouse.services.apigateway.refusals import Refused
from glasshouse.services.apigateway.responding import Incoming, accepts_binary, proxied

NOT_PASSED = frozenset(
    {
        "connection", "content-length", "expect", "keep-alive", "proxy-authenticate", "te", "trailer",
        "transfer-encoding", "upgrade", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto",
    }
)  # fmt: skip
NOT_RETURNED = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"})
TITLED = {"authorization": "Authorization", "user-agent": "User-Agent", "host": "Host"}
MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


def of_integration(exchange: Exchange) -> dict[str, Any]:
    """The event of a function that answers requests."""
    body, encoded = _body(exchange)
    return {**_request(exchange), "body": body, "isBase64Encoded": encoded}


def of_authorizer(exchange: Exchange, kind: str, token: str | None) -> dict[str, Any]:
    """The event of a function that says who may make a request; `kind` is TOKEN or REQUEST."""
    event: dict[str, Any] = {"type": kind, "methodArn": exchange.arn(exchange.path.rstrip("/"))}
    if kind == "TOKEN":
        return event | {"authorizationToken": token}
    asked = _request(exchange)
    # What is not there is an empty map to an authorizer, and null to an integration.
    return event | {name: {} if value is None else value for name, value in asked.items()}


def _request(exchange: Exchange) -> dict[str, Any]:
    headers = _headers(exchange)
    return {
        "resource": exchange.resource["path"],
        "path": exchange.request_path if exchange.is_mapped else exchange.path,
        "httpMethod": exchange.verb,
        "headers": {name: values[-1] for name, values in headers.items()} or None,
        "multiValueHeaders": headers or None,
        "queryStringParameters": {name: values[-1] for name, values in exchange.query.items()} or None,
        "multiValueQueryStringParameters": exchange.query or None,
        "pathParameters": exchange.path_parameters or None, "stageVariables": exchange.variables or None,
        "requestContext": contexts.base(exchange),
    }  # fmt: skip


def _headers(exchange: Exchange) -> Values:
    """The headers as they came, with those that the gateway puts in."""
    sent = exchange.headers.sent
    found = {
        TITLED.get(name.lower(), name): list(values) for name, values in sent.items() if name.lower() not in NOT_PASSED
    }
    if exchange.is_test:
        return found
    source = exchange.visit.source
    forwarded = exchange.headers.get("x-forwarded-for")
    port = exchange.visit.host.partition(":")[2]
    found["X-Forwarded-For"] = [f"{forwarded}, {source.address}" if forwarded else source.address]
    found["X-Forwarded-Port"] = [port or "443"]
    found["X-Forwarded-Proto"] = ["https" if source.secure or not port else "http"]
    if exchange.headers.get("x-amzn-trace-id") is None:
        found["X-Amzn-Trace-Id"] = [exchange.trace]
    return dict(sorted(found.items()))


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    """The body as text, and whether that is base64."""
    if not exchange.body:
        return None, False
    if exchange.release.is_binary(exchange.content_type):
        return b64encode(exchange.body).decode(), True
    return exchange.body.decode(errors="replace"), False


# What functions answer


def answer_of(exchange: Exchange, payload: bytes) -> Answer:
    """The answer that a function has put into words. Raises Refused for anything else."""
    try:
        found = documents.read(payload)
    except ValueError:
        found = None
    if not _is_answer(found):
        exchange.trail.say("Execution failed due to configuration error: Malformed Lambda proxy response")
        raise malformed()
    headers = [(name, value) for name, value in _values(found) if value is not None]
    incoming = Incoming(int(found.get("statusCode") or 200), headers, _content(exchange, found))
    return proxied(exchange, incoming, NOT_RETURNED)


def malformed() -> Refused:
    return Refused("DEFAULT_5XX", status=502, reason="Malformed Lambda proxy response")


def _is_answer(found: Any) -> bool:
    if not isinstance(found, dict) or not set(found) <= MEMBERS:
        return False
    status = found.get("statusCode", 200)
    if isinstance(status, bool) or not (isinstance(status, int) or (isinstance(status, str) and status.isdecimal())):
        return False
    headers, several = found.get("headers"), found.get("multiValueHeaders")
    if not isinstance(headers or {}, dict) or not isinstance(several or {}, dict):
        return False
    values = [value for value in (headers or {}).values() if value is not None]
    for one in (several or {}).values():
        if not isinstance(one, list):
            return False
        values.extend(one)
    return 100 <= int(status) <= 599 and all(isinstance(one, str | bool | int | float) for one in values) and (
        found.get("body") is None or isinstance(found["body"], str | bool | int | float)
    )  # fmt: skip


def _values(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Headers; where one is given in both ways, its several values count."""
    several = found.get("multiValueHeaders") or {}
    lines = [(name, _text(value)) for name, value in (found.get("headers") or {}).items() if name not in several]
    return lines + [(name, _text(value)) for name, values in several.items() for value in values]


def _text(value: Any) -> Any:
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _content(exchange: Exchange, found: dict[str, Any]) -> bytes:
    """Base64 is decoded for callers that accept what is binary to the API."""
    body = _text(found.get("body"))
    if body is None:
        return b""
    if found.get("isBase64Encoded") and accepts_binary(exchange):
        try:
            return b64decode(body)
        except ValueError:
            raise malformed() from None
    return body.encode()
