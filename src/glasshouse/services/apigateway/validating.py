"""Request validation: required parameters, and bodies held against the models of their content types."""

import json
from typing import Any

from glasshouse.core import documents
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.refusals import Refused
from glasshouse.services.apigateway.schemas import failures

JSON = "application/json"


def validate(exchange: Exchange):
    """Raise Refused for a request that the validator of its method does not let through."""
    validator = exchange.release.validators.get(exchange.method.get("requestValidatorId", ""))
    if validator is None:
        return
    if validator["validate_request_parameters"]:
        _validate_parameters(exchange)
    if validator["validate_request_body"]:
        _validate_body(exchange)


def _validate_parameters(exchange: Exchange):
    missing = []
    for parameter, needed in (exchange.method.get("requestParameters") or {}).items():
        _, _, place, name = parameter.split(".", 3)
        if needed and not _is_given(exchange, place, name):
            missing.append(name)
    if missing:
        names = ", ".join(sorted(missing))
        raise Refused("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{names}]")


def _is_given(exchange: Exchange, place: str, name: str) -> bool:
    if place == "querystring":
        return bool("".join(exchange.query.get(name, ())))
    if place == "header":
        return bool(exchange.headers.get(name))
    return bool(exchange.path_parameters.get(name))


def _validate_body(exchange: Exchange):
    models = exchange.method.get("requestModels") or {}
    kind = exchange.content_type.partition(";")[0].strip() or JSON
    name = models.get(kind, models.get("$default"))
    schema = exchange.release.schemas.get(name or "")
    if schema is None:
        return
    try:
        found = failures(_document(exchange.body), json.dumps(schema, sort_keys=True))
    except ValueError:
        found = ["Invalid JSON"]
    if found:
        exchange.trail.say("Request body does not match model schema for content type %s: %s", kind, f"[{found[0]}]")
        raise Refused("BAD_REQUEST_BODY", detail=f"[{', '.join(found)}]")
    exchange.trail.say("Request validation succeeded for content type %s", kind)


def _document(body: bytes) -> Any:
    """A request without a body is held against the schema as an empty object."""
    return documents.read(body) if body.strip() else {}
