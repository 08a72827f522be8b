"""Parameter mappings: where the values of headers, path and query of one request come from.

https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

import json
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath, compiled
from glasshouse.engines.vtl import text
from glasshouse.services.apigateway import contexts
from glasshouse.services.apigateway.exchanges import Exchange, Headers


def of_request(exchange: Exchange, source: str, body: bytes) -> list[str]:
    """The values of `method.request.header.name` and the like; none if there is nothing."""
    if source.startswith("'"):
        return [source[1:-1]]
    if source.startswith("method.request."):
        place, _, name = source.removeprefix("method.request.").partition(".")
        return _parameters(exchange, place, name, body)
    return _elsewhere(exchange, source)


def of_response(exchange: Exchange, source: str, headers: Headers, body: bytes) -> list[str]:
    """The values of `integration.response.header.name` and the like."""
    if source.startswith("'"):
        return [source[1:-1]]
    if not source.startswith("integration.response."):
        return _elsewhere(exchange, source)
    place, _, name = source.removeprefix("integration.response.").partition(".")
    if place == "header":
        return headers.all(name)[-1:]
    return headers.all(name) if place == "multivalueheader" else _in_body(body, name)


def _parameters(exchange: Exchange, place: str, name: str, body: bytes) -> list[str]:
    if place == "path":
        return [exchange.path_parameters[name]] if name in exchange.path_parameters else []
    if place in ("querystring", "multivaluequerystring"):
        found = exchange.query.get(name, [])
    elif place in ("header", "multivalueheader"):
        found = exchange.headers.all(name)
    else:
        return _in_body(body, name)
    return found if place.startswith("multivalue") else found[-1:]


def _elsewhere(exchange: Exchange, source: str) -> list[str]:
    place, _, name = source.partition(".")
    if place == "stageVariables":
        found: Any = exchange.variables.get(name)
    else:
        found = contexts.look_up(contexts.whole(exchange), name)
    return [] if found is None else [as_text(found)]


def _in_body(body: bytes, path: str) -> list[str]:
    """The body, or what a path leads to in it."""
    if not path:
        return [body.decode(errors="replace")]
    try:
        found = compiled(f"$.{path}").read(documents.read(body or b"{}"))
    except (ValueError, InvalidPath):
        return []
    return [] if found is None else [as_text(found)]


def as_text(value: Any) -> str:
    """Objects and lists as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text(value)
