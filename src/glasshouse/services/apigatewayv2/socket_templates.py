"""Mapping templates of WebSocket APIs: what they find in $input, $context, $stageVariables and $util.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

import json
from collections.abc import Sequence
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.jsonpath import compiled as compiled_path
from glasshouse.engines.vtl import Host, TemplateError, compiled, text
from glasshouse.engines.vtl.amazon import Util, as_java
from glasshouse.services.apigatewayv2.exchanges import Refused
from glasshouse.services.apigatewayv2.socket_exchanges import SocketExchange

MOST_TURNS = 1000


def chosen(templates: dict[str, str] | None, key: str | None) -> str | None:
    """The template with a key, else the default one, else the one for JSON, else the only one."""
    if not templates:
        return None
    for name in (key, "$default", "application/json"):
        if name in templates:
            return templates[name]
    return next(iter(templates.values())) if len(templates) == 1 else None


def rendered(exchange: SocketExchange, template: str, body: str) -> str:
    """What a template makes of a body. Raises Refused."""
    variables = {
        "input": Input(exchange, body), "context": as_java(exchange.context), "util": Util(),
        "stageVariables": dict(exchange.stage.stage_variables),
    }  # fmt: skip
    try:
        return compiled(template).render(variables, missing="", most_turns=MOST_TURNS)
    except TemplateError as failure:
        raise Refused(500, f"The template cannot be rendered: {failure}") from None


class Input(Host):
    """The body, and what the client asked for when it connected."""

    def __init__(self, exchange: SocketExchange, body: str):
        self._exchange, self._body = exchange, body

    def get(self, name: str) -> Any:
        return self._body if name == "body" else None

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name == "params":
            return self._parameters(*map(text, arguments[:1]))
        if name == "body" and not arguments:
            return self._body
        if name not in ("json", "path") or len(arguments) != 1:
            raise TemplateError(f"$input has no method {name}")
        found = self._at(text(arguments[0]))
        if name == "path":
            return as_java(found)
        return '""' if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)

    def _at(self, path: str) -> Any:
        """What a JSONPath leads to in the body; one that is no JSON is a text."""
        try:
            document = documents.read(self._body) if self._body.strip() else {}
        except ValueError:
            document = self._body
        try:
            return compiled_path(path).read(document)
        except InvalidPath as failure:
            raise TemplateError(str(failure)) from None

    def _parameters(self, name: str | None = None) -> Any:
        query = {key: values[-1] for key, values in self._exchange.query.items()}
        headers = dict(self._exchange.headers)
        if name is None:
            return {"path": {}, "querystring": query, "header": headers}
        return query.get(name) or headers.get(name.lower(), "")
