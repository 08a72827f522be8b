"""First-class integrations: a request becomes a call of another service's operation, and its answer the response.

The answers are written as the services themselves write them: SQS's as XML, as it was when these integrations came.
"""

import json
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from glasshouse.core import ServiceError, documents
from glasshouse.core.visit import Answer
from glasshouse.services.apigatewayv2 import expressions
from glasshouse.services.apigatewayv2.exchanges import Exchange, Refused
from glasshouse.services.apigatewayv2.functions import OF_INTEGRATION
from glasshouse.services.apigatewayv2.records import Integration
from glasshouse.services.apigatewayv2.subtypes import SUBTYPES, Subtype
from glasshouse.services.apigatewayv2.traffic import UnderWay

XML = "http://queue.amazonaws.com/doc/2012-11-05/"


class FirstClass:
    """Calls of services that a request stands for."""

    def _answer_of_service(self, exchange: Exchange, integration: Integration, under_way: UnderWay) -> Answer:
        subtype = SUBTYPES[integration.integration_subtype or ""]
        params, region = _parameters(exchange, integration, subtype)
        role = expressions.evaluate(integration.credentials_arn or "", exchange.look_up)
        self.call.caused = OF_INTEGRATION
        try:
            asking = self.aws.as_role(role)(region=region)
            ask = getattr(getattr(asking, subtype.service), subtype.method)
            result = self._in_time(
                under_way.integration_started, integration.timeout_in_millis / 1000, lambda: ask(**params)
            )
        except ServiceError as refusal:
            exchange.outcome.integration_error = f"{refusal.code}: {refusal}"
            return _failure(subtype, refusal, exchange)
        exchange.outcome.integration_status = 200
        if subtype.service == "sqs":
            return _xml(integration.integration_subtype or "", result, exchange)
        return Answer(200, {"content-type": "application/x-amz-json-1.1"}, _json(_unwrapped(result)))


def _parameters(exchange: Exchange, integration: Integration, subtype: Subtype) -> tuple[dict[str, Any], str | None]:
    """(the operation's members, the region if another one is named)."""
    found: dict[str, Any] = {}
    for name, source in (integration.request_parameters or {}).items():
        value = expressions.evaluate(source, exchange.look_up)
        if value is None:
            if name in subtype.required:
                raise Refused(400, f"The parameter {name} has no value")
            continue
        found[name] = _typed(name, value, subtype)
    region = found.pop("Region", None)
    if subtype.service == "events":
        found = {"Entries": [found]}
    if subtype.service == "stepfunctions":
        found = {name[0].lower() + name[1:]: value for name, value in found.items()}
    return found, region


def _typed(name: str, value: Any, subtype: Subtype) -> Any:
    """A value as the operation's member wants it."""
    text = expressions.as_text(value) or ""
    try:
        if name in subtype.numbers:
            return int(text)
        if name in subtype.lists:
            return value if isinstance(value, list) else _list(text)
        if name in subtype.documents:
            return value if isinstance(value, dict) else documents.read(text)
    except ValueError:
        raise Refused(400, f"The value of the parameter {name} is invalid: {text}") from None
    return text.encode() if name in subtype.binary else text


def _list(text: str) -> list[str]:
    return documents.read(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]


def _failure(subtype: Subtype, refusal: ServiceError, exchange: Exchange) -> Answer:
    """A service's refusal, in its own form."""
    status = refusal.status if refusal.status >= 400 else 400
    exchange.outcome.integration_status = status
    if subtype.service == "sqs":
        text = (
            f'<?xml version="1.0"?><ErrorResponse xmlns="{XML}"><Error><Type>Sender</Type><Code>{escape(refusal.code)}'
            f"</Code><Message>{escape(str(refusal))}</Message><Detail/></Error><RequestId>{exchange.visit.request_id}"
            "</RequestId></ErrorResponse>"
        )
        return Answer(status, {"content-type": "text/xml"}, text.encode())
    return Answer(
        status, {"content-type": "application/x-amz-json-1.1"}, _json({"__type": refusal.code, "message": str(refusal)})
    )


def _unwrapped(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "ResponseMetadata"}


def _json(value: Any) -> bytes:
    return json.dumps(value, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    return value.decode() if isinstance(value, bytes) else str(value)


def _xml(name: str, result: dict[str, Any], exchange: Exchange) -> Answer:
    operation = name.partition("-")[2]
    inner = "".join(_element(key, value) for key, value in _unwrapped(result).items())
    within = f"<{operation}Result>{inner}</{operation}Result>" if inner else ""
    text = (
        f'<?xml version="1.0"?><{operation}Response xmlns="{XML}">{within}<ResponseMetadata><RequestId>'
        f"{exchange.visit.request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Answer(200, {"content-type": "text/xml"}, text.encode())


def _element(name: str, value: Any) -> str:
    """A member as the query protocol of SQS writes it: lists and maps are flat, their elements in the singular."""
    if isinstance(value, list):
        return "".join(_element(name.removesuffix("s"), item) for item in value)
    if isinstance(value, dict) and name in ("Attributes", "MessageAttributes"):
        entry = name.removesuffix("s")
        return "".join(
            f"<{entry}>{_element('Name', key)}{_element('Value', item)}</{entry}>" for key, item in value.items()
        )
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"
