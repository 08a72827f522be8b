"""Changes that an integration makes to the parameters of requests and of responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.core.visit import Answer
from glasshouse.services.apigatewayv2 import expressions
from glasshouse.services.apigatewayv2.exchanges import Exchange


@dataclass(slots=True)
class Parameters:
    """The headers and the query of a request on its way to a backend; `path` if it is to be another one."""

    headers: dict[str, Any]
    query: dict[str, list[str]]
    path: str | None = None
    query_untouched: bool = True

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        return [(name, value) for name, values in self.query.items() for value in values]


def changed_request(parameters: Parameters, rules: Mapping[str, str], exchange: Exchange):
    for key, source in rules.items():
        action, _, place = key.partition(":")
        kind, _, name = place.partition(".")
        value = expressions.as_text(expressions.evaluate(source, exchange.look_up))
        if kind == "path":
            parameters.path = value
        elif kind == "header":
            _change_header(parameters.headers, action, name.lower(), value)
        else:
            parameters.query_untouched = False
            _change_query(parameters.query, action, name, value)


def changed_answer(answer: Answer, rules: Mapping[str, Mapping[str, str]], exchange: Exchange):
    """Change an answer by the rules for its status, if there are some."""

    def look_up(root: str, rest: str) -> Any:
        if root != "response":
            return exchange.look_up(root, rest)
        part, _, name = rest.partition(".")
        if part == "header":
            value = answer.headers.get(name.lower())
            return ",".join(value) if isinstance(value, list) else value
        return expressions.in_document(answer.body, rest.removeprefix("body"))

    for key, source in rules.get(str(answer.status), {}).items():
        action, _, place = key.partition(":")
        kind, _, name = place.partition(".")
        value = expressions.as_text(expressions.evaluate(source, look_up))
        if kind == "header":
            _change_header(answer.headers, action, name.lower(), value)
        elif value and len(value) == 3 and value.isdecimal() and 200 <= int(value) <= 599:
            answer.status = int(value)


def _change_header(headers: dict[str, Any], action: str, name: str, value: str | None):
    if action == "remove":
        headers.pop(name, None)
    elif value is None:
        return
    elif action == "append" and name in headers:
        before = headers[name]
        headers[name] = [*before, value] if isinstance(before, list) else f"{before},{value}"
    else:
        headers[name] = value


def _change_query(query: dict[str, list[str]], action: str, name: str, value: str | None):
    if action == "remove":
        query.pop(name, None)
    elif value is not None:
        query[name] = [*query.get(name, []), value] if action == "append" else [value]


def message(text: str) -> bytes:
    """What the gateway itself says."""
    return json.dumps({"message": text}, separators=(",", ":")).encode()
