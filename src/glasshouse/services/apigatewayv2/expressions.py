"""Expressions that stand for parts of a request, a response, their context or a stage's variables.

`$request.header.name`, `$request.querystring.name`, `$request.path`, `$request.path.name`, `$request.body`,
`$request.body.a.b[0]`, `$context.requestId`, `$stageVariables.name`, `$response.header.name`, `$response.body.name`;
several of them in one text as `${request.path}-${context.requestId}`. Anything else is a constant.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import json
import re
from collections.abc import Callable
from typing import Any

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath, compiled

WHOLE = re.compile(r"\$(request|context|stageVariables|response)\.?(\S*)", re.DOTALL)
WITHIN = re.compile(r"\$\{(request|context|stageVariables|response)\.?([^}]*)\}")
PARTS = {
    "request": ("header", "querystring", "path", "body", "method"),
    "response": ("header", "body"),
}
JSON_AT_MOST = 100 * 1024  # what of a body is looked into


def is_expression(text: str) -> bool:
    return text.startswith("$")


def is_known(text: str) -> bool:
    """Whether an expression, not a constant, is one that can be evaluated."""
    found = WHOLE.fullmatch(text)
    if found is None:
        return bool(WITHIN.search(text))
    root, rest = found[1], found[2]
    if root in PARTS:
        part, _, name = rest.partition(".")
        part = part.partition("[")[0]
        return part in PARTS[root] and (part in ("path", "body", "method") or bool(name))
    return bool(rest)


def evaluate(text: str, look_up: Callable[[str, str], Any]) -> Any:
    """The value of an expression, None for what is not there. `look_up(root, rest)` knows the parts."""
    if found := WHOLE.fullmatch(text):
        return look_up(found[1], found[2])
    if WITHIN.search(text):
        return WITHIN.sub(lambda part: as_text(look_up(part[1], part[2])) or "", text)
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    return text


def as_text(value: Any) -> str | None:
    """A value as it stands in a header or a query."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def in_document(body: bytes, path: str) -> Any:
    """What lies at a path (`.a.b[0]`) of a JSON document; the whole text for no path."""
    if not path:
        return body.decode("utf-8", "replace")
    try:
        document = documents.read(body[:JSON_AT_MOST])
        found = compiled(f"${path}")
    except (ValueError, InvalidPath):
        return None
    return found.first(document) if found.is_definite else found.values(document)
