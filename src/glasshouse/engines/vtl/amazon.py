"""What AWS's gateways give to templates: $util, and JSON as templates have it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#util-template-reference
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from glasshouse.engines.vtl.errors import TemplateError
from glasshouse.engines.vtl.values import Host, JsonArray, text

ESCAPED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"} | {sign: f"\\{sign}" for sign in "\"'\\/"}
UNESCAPED_IN_FORMS = "*-._"


def as_java(value: Any) -> Any:
    """What was read from JSON, with lists that print as JSON."""
    if isinstance(value, dict):
        return {name: as_java(item) for name, item in value.items()}
    return JsonArray(as_java(item) for item in value) if isinstance(value, list) else value


def escaped_for_javascript(given: str) -> str:
    """As Apache Commons' StringEscapeUtils.escapeJavaScript writes it: in ASCII."""
    return "".join(ESCAPED.get(sign) or (sign if " " <= sign <= "~" else _units(sign)) for sign in given)


def _units(sign: str) -> str:
    units = sign.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _parsed(given: str) -> Any:
    try:
        return as_java(json.loads(given))
    except ValueError as failure:
        raise TemplateError(f"$util.parseJson: {failure}") from None


def _decoded(given: str) -> str:
    try:
        return b64decode(given).decode(errors="replace")
    except ValueError as failure:
        raise TemplateError(f"$util.base64Decode: {failure}") from None


METHODS: dict[str, Callable[[str], Any]] = {
    "base64Decode": _decoded,
    "base64Encode": lambda given: b64encode(given.encode()).decode(),
    "escapeJavaScript": escaped_for_javascript,
    "parseJson": _parsed,
    "urlDecode": unquote_plus,
    "urlEncode": lambda given: quote_plus(given, safe=UNESCAPED_IN_FORMS),
}


class Util(Host):
    """$util."""

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name not in METHODS or len(arguments) != 1:
            raise TemplateError(f"$util has no method {name}")
        return METHODS[name](text(arguments[0]))
