"""The HTTP requests that API destinations and authorization endpoints get."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from glasshouse.core import documents
from glasshouse.engines.jsonpath import InvalidPath
from glasshouse.engines.templates import MISSING
from glasshouse.services.events.connections import API_KEY, BASIC
from glasshouse.services.events.http import Request
from glasshouse.services.events.inputs import found
from glasshouse.services.events.records import ApiDestination, Connection

AGENT, API_AGENT = "Amazon/EventBridge/ApiDestinations", "Amazon/EventBridge"
JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


def request_to(
    destination: ApiDestination, connection: Connection, secret: dict, parameters: dict, text: str, event: dict
) -> Request:
    """What a destination is asked; `secret` holds the token of an OAuth connection too."""
    added = secret.get("invocation_http_parameters") or {}
    headers = {"User-Agent": AGENT, "Content-Type": JSON, "Range": "bytes=0-1048575"}
    query = _parameters(headers, parameters, event)
    for one in added.get("header_parameters") or ():
        _set(headers, one["key"], one["value"] or "")
    _set(headers, *_authorization(connection, secret))
    query += [(one["key"], one["value"] or "") for one in added.get("query_string_parameters") or ()]
    path_values = [_value(value, event) for value in parameters.get("PathParameterValues") or ()]
    url = _url(destination.invocation_endpoint, path_values, query)
    body = None if destination.http_method in WITHOUT_BODY else _body(text, added.get("body_parameters") or ())
    return Request(destination.http_method, url, headers, body)


def api_request(arn: str, parameters: dict, text: str, event: dict) -> Request:
    """What a REST API is asked: `arn:aws:execute-api:<region>:<account>:<API>/<stage>/<method>/<path>`."""
    _, _, _, region, _, resource = arn.split(":", 5)
    api, stage, method, path = (*resource.split("/", 3), "", "", "")[:4]
    method = "POST" if method in ("", "*", "ANY") else method
    headers = {"User-Agent": API_AGENT, "Content-Type": "application/json"}
    query = _parameters(headers, parameters, event)
    path_values = [_value(value, event) for value in parameters.get("PathParameterValues") or ()]
    url = _url(f"https://{api}.execute-api.{region}.amazonaws.com/{stage}/{path}", path_values, query)
    return Request(method, url, headers, None if method in WITHOUT_BODY else text.encode())


def token_request(secret: dict) -> Request:
    """Client credentials for an access token (RFC 6749, section 4.4)."""
    added = secret.get("oauth_http_parameters") or {}
    form = {
        "grant_type": "client_credentials", "client_id": secret.get("client_id", ""),
        "client_secret": secret.get("client_secret", ""),
        **{one["key"]: one["value"] or "" for one in added.get("body_parameters") or ()},
    }  # fmt: skip
    headers = {"User-Agent": AGENT, "Content-Type": FORM}
    for one in added.get("header_parameters") or ():
        _set(headers, one["key"], one["value"] or "")
    query = [(one["key"], one["value"] or "") for one in added.get("query_string_parameters") or ()]
    method, endpoint = secret.get("http_method", "POST"), secret.get("authorization_endpoint", "")
    if method == "GET":
        return Request(method, _url(endpoint, [], [*query, *form.items()]), headers, None)
    return Request(method, _url(endpoint, [], query), headers, urlencode(form).encode())


def _authorization(connection: Connection, secret: dict) -> tuple[str, str]:
    if connection.authorization_type == API_KEY:
        return secret.get("api_key_name", ""), secret.get("api_key_value", "")
    if connection.authorization_type == BASIC:
        pair = f"{secret.get('username', '')}:{secret.get('password', '')}"
        return "Authorization", f"Basic {b64encode(pair.encode()).decode()}"
    return "Authorization", f"Bearer {secret.get('token', '')}"


def _parameters(headers: dict[str, str], parameters: dict, event: dict) -> list[tuple[str, str]]:
    """Add the headers that parameters say; the pairs of the query that they say."""
    for name, value in (parameters.get("HeaderParameters") or {}).items():
        _set(headers, name, _value(value, event))
    return [(name, _value(value, event)) for name, value in (parameters.get("QueryStringParameters") or {}).items()]


def _set(headers: dict[str, str], name: str, value: str):
    """Names of headers have no case."""
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    if name:
        headers[name] = value


def _value(value: str, event: dict) -> str:
    """A parameter as it stands, or what its path leads to in the event."""
    if not value.startswith("$."):
        return value
    try:
        there = found(value, event)
    except InvalidPath:
        return value
    if there is MISSING:
        return ""
    return there if isinstance(there, str) else json.dumps(there)


def _url(endpoint: str, path_values: list[str], query: list[tuple[str, str]]) -> str:
    """Each `*` of an endpoint's path stands for the next value."""
    parts = urlsplit(endpoint)
    path = parts.path
    for value in path_values:
        path = path.replace("*", quote(value, safe=""), 1)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs), ""))


def _body(text: str, added: Any) -> bytes:
    if added:
        try:
            document = documents.read(text)
        except ValueError:
            document = None
        if isinstance(document, dict):
            text = json.dumps(document | {one["key"]: one["value"] for one in added})
    return text.encode()
