"""Mapping templates: what they find in $input, $context, $stageVariables and $util.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.jsonpath import compiled as compiled_path
from glasshouse.engines.vtl import Host, JsonArray, TemplateError, compiled, text
from glasshouse.services.apigateway import contexts
from glasshouse.services.apigateway.exchanges import Exchange, Overrides

MOST_TURNS = 1000
NOTHING = object()
ESCAPES = {
    '"': '\\"', "'": "\\'", "\\": "\\\\", "/": "\\/", "\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r",
}  # fmt: skip


class NoJson(Exception):
    """A body that a template reads as JSON is none."""


def rendered(exchange: Exchange, template: str, body: str) -> str:
    """What a template makes of a body. Raises TemplateError, and NoJson."""
    variables = {
        "input": Input(exchange, body), "context": Context(exchange), "util": Util(),
        "stageVariables": dict(exchange.variables),
    }  # fmt: skip
    return compiled(template).render(variables, missing="", most_turns=MOST_TURNS)


class Input(Host):
    """The body, and the parameters of the method's request."""

    def __init__(self, exchange: Exchange, body: str):
        self._exchange, self._body = exchange, body
        self._read: Any = None
        self._is_read = False

    def get(self, name: str) -> Any:
        return self._whole if name == "body" else None

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name == "params":
            return self._parameter(text(arguments[0])) if arguments else self._parameters()
        if name == "path" and len(arguments) == 1:
            return java(self._at(text(arguments[0]), None))
        if name == "json" and len(arguments) == 1:
            found = self._at(text(arguments[0]), NOTHING)
            return '""' if found is NOTHING else _json(found)
        if name == "body" and not arguments:
            return self._whole
        raise TemplateError(f"$input has no method {name}")

    @property
    def _whole(self) -> str:
        """Where there is no body, it is an empty object."""
        return self._body or "{}"

    def _at(self, path: str, default: Any) -> Any:
        """What a JSONPath leads to in the body."""
        try:
            return compiled_path(path).read(self._document, default)
        except InvalidPath as failure:
            raise TemplateError(str(failure)) from None

    @property
    def _document(self) -> Any:
        if not self._is_read:
            try:
                self._read = documents.read(self._body) if self._body.strip() else {}
            except ValueError as failure:
                raise NoJson(str(failure)) from None
            self._is_read = True
        return self._read

    def _parameter(self, name: str) -> str:
        """From the path, the query and the headers, looked through in this order."""
        exchange = self._exchange
        if name in exchange.path_parameters:
            return exchange.path_parameters[name]
        if name in exchange.query:
            return exchange.query[name][-1]
        return exchange.headers.get(name) or ""

    def _parameters(self) -> dict[str, dict[str, str]]:
        exchange = self._exchange
        return {
            "path": dict(exchange.path_parameters),
            "querystring": {name: values[-1] for name, values in exchange.query.items()},
            "header": {name: values[-1] for name, values in exchange.headers.sent.items()},
        }


def java(value: Any) -> Any:
    """JSON as templates have it: lists that print as JSON."""
    if isinstance(value, dict):
        return {name: java(item) for name, item in value.items()}
    return JsonArray(map(java, value)) if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Util(Host):
    """$util."""

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        function = FUNCTIONS.get(name)
        if function is None or len(arguments) != 1:
            raise TemplateError(f"$util has no method {name}")
        return function(arguments[0])


def _escape(value: Any) -> str:
    """As StringEscapeUtils.escapeJavaScript, in ASCII."""
    made = []
    for character in text(value):
        if character in ESCAPES:
            made.append(ESCAPES[character])
        elif " " <= character <= "~":
            made.append(character)
        else:
            units = character.encode("utf-16-be")
            made.extend(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
    return "".join(made)


def _parse(value: Any) -> Any:
    try:
        return java(documents.read(text(value)))
    except ValueError as failure:
        raise TemplateError(f"$util.parseJson: {failure}") from None


def _decode(value: Any) -> str:
    try:
        return b64decode(text(value)).decode(errors="replace")
    except ValueError as failure:
        raise TemplateError(f"$util.base64Decode: {failure}") from None


FUNCTIONS = {
    "escapeJavaScript": _escape,
    "parseJson": _parse,
    "urlEncode": lambda value: quote_plus(text(value), safe="*-._"),
    "urlDecode": lambda value: unquote_plus(text(value)),
    "base64Encode": lambda value: b64encode(text(value).encode()).decode(),
    "base64Decode": _decode,
}


class Context(Host):
    """$context, of which only the overrides can be set."""

    def __init__(self, exchange: Exchange):
        self._exchange = exchange
        self._request = _RequestOverride(exchange.overrides)
        self._response = _ResponseOverride(exchange.overrides)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return contexts.whole(self._exchange)

    def get(self, name: str) -> Any:
        if name in ("requestOverride", "responseOverride"):
            return self._request if name == "requestOverride" else self._response
        value = self._values.get(name)
        return java(value) if isinstance(value, dict | list) else value


class _RequestOverride(Host):
    def __init__(self, overrides: Overrides):
        self._parts = {"header": overrides.headers, "path": overrides.path, "querystring": overrides.query}

    def get(self, name: str) -> Any:
        return self._parts.get(name)


class _ResponseOverride(Host):
    def __init__(self, overrides: Overrides):
        self._overrides = overrides

    def get(self, name: str) -> Any:
        return self._overrides.response_headers if name == "header" else self._overrides.status

    def put(self, name: str, value: Any):
        if name != "status":
            raise TemplateError(f"$context.responseOverride.{name} cannot be set")
        self._overrides.status = value
