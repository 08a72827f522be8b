"""OpenAPI 3.0: writing the definition of an HTTP API."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from glasshouse.services.apigatewayv2.openapi import (
    ANY_METHOD,
    AUTH_TYPE,
    AUTHORIZER,
    CORS,
    CORS_MEMBERS,
    INTEGRATION,
    SETTINGS,
    TAG,
)
from glasshouse.services.apigatewayv2.records import Authorizer, Integration, Route, Snapshot

_VARIABLE = re.compile(r"\{([^}]+)\}")
IAM = "sigv4"


def document(
    api: dict[str, Any], snapshot: Snapshot, stage: str, tags: dict[str, str], extensions: bool
) -> dict[str, Any]:
    """The definition of what a snapshot holds."""
    created = datetime.fromtimestamp(api["created_date"], UTC).strftime("%Y-%m-%d %H:%M:%SUTC")
    info = {"title": api["name"], "description": api["description"], "version": api["version"] or created}
    authorizers = {one.authorizer_id: one for one in snapshot.authorizers}
    integrations = {one.integration_id: one for one in snapshot.integrations}
    paths: dict[str, dict] = {}
    for route in snapshot.routes:
        method, _, path = route.route_key.partition(" ")
        place = paths.setdefault(path or "/$default", {})
        name = ANY_METHOD if method in ("ANY", "$default") else method.lower()
        if name != ANY_METHOD or extensions:
            place[name] = _operation(route, integrations, authorizers, extensions)
    found: dict[str, Any] = {
        "openapi": "3.0.1", "info": {name: value for name, value in info.items() if value is not None},
        "servers": [
            {
                "url": f"{api['ApiEndpoint']}/{{basePath}}",
                "variables": {"basePath": {"default": stage if stage != "$default" else ""}},
            }
        ],
        "paths": paths,
    }  # fmt: skip
    if tags and extensions:
        found["tags"] = [{"name": name, TAG: value} for name, value in tags.items()]
    if schemes := _schemes(snapshot, extensions):
        found["components"] = {"securitySchemes": schemes}
    if extensions:
        if snapshot.cors_configuration is not None:
            rules = snapshot.cors_configuration
            found[CORS] = {name: rules[member] for name, member in CORS_MEMBERS.items() if member in rules}
        found["x-amazon-apigateway-importexport-version"] = "1.0"
    return found


def written(found: dict[str, Any], output_type: str) -> bytes:
    if output_type == "JSON":
        return json.dumps(found, indent=2).encode()
    import yaml

    return yaml.safe_dump(found, sort_keys=False).encode()


def _operation(
    route: Route, integrations: dict[str, Integration], authorizers: dict[str, Authorizer], extensions: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if route.operation_name:
        found["operationId"] = route.operation_name
    if variables := _VARIABLE.findall(route.route_key):
        found["parameters"] = [
            {
                "name": name, "in": "path", "description": f"Generated path parameter for {name}", "required": True,
                "schema": {"type": "string"},
            }
            for name in variables
        ]  # fmt: skip
    found["responses"] = {"default": {"description": f"Default response for {route.route_key}"}}
    if route.authorization_type == "AWS_IAM":
        found["security"] = [{IAM: []}]
    elif route.authorizer_id in authorizers:
        found["security"] = [{authorizers[route.authorizer_id].name: route.authorization_scopes or []}]
    if extensions and route.route_key == "$default":
        found["isDefaultRoute"] = True
    integration = integrations.get(route.integration_id)
    if extensions and integration:
        found[INTEGRATION] = _integration(integration)
    return found


def _integration(integration: Integration) -> dict[str, Any]:
    found: dict[str, Any] = {"type": integration.integration_type.lower()}
    for name, attribute in SETTINGS.items():
        value = getattr(integration, attribute)
        if value is not None:
            found[name] = value
    if integration.tls_config:
        found["tlsConfig"] = {"serverNameToVerify": integration.tls_config.get("ServerNameToVerify")}
    return found


def _schemes(snapshot: Snapshot, extensions: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if any(route.authorization_type == "AWS_IAM" for route in snapshot.routes):
        found[IAM] = {"type": "apiKey", "name": "Authorization", "in": "header"}
        if extensions:
            found[IAM][AUTH_TYPE] = "awsSigv4"
    for authorizer in snapshot.authorizers:
        kind = {"type": "oauth2", "flows": {}} if authorizer.authorizer_type == "JWT" else _key(authorizer)
        found[authorizer.name] = {**kind, AUTHORIZER: _authorizer(authorizer)} if extensions else kind
    return found


def _key(authorizer: Authorizer) -> dict[str, Any]:
    source = next((one for one in authorizer.identity_source if one.startswith("$request.header.")), None)
    return {"type": "apiKey", "name": source.rpartition(".")[2] if source else "Unused", "in": "header"}


def _authorizer(authorizer: Authorizer) -> dict[str, Any]:
    rules = authorizer.jwt_configuration
    found = {
        "type": authorizer.authorizer_type.lower(), "identitySource": ",".join(authorizer.identity_source) or None,
        "authorizerUri": authorizer.authorizer_uri, "authorizerCredentials": authorizer.authorizer_credentials_arn,
        "authorizerPayloadFormatVersion": authorizer.authorizer_payload_format_version,
        "authorizerResultTtlInSeconds": authorizer.authorizer_result_ttl_in_seconds,
        "enableSimpleResponses": authorizer.enable_simple_responses,
        "jwtConfiguration": rules and {"issuer": rules.get("Issuer"), "audience": rules.get("Audience") or []},
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}
