"""What a definition must be made of, as far as it is read: a table of its members, and what in a definition differs."""

from collections.abc import Iterator
from typing import Any

ANY_NAME = "*"  # in the table: the names are the definition's own, extensions excepted
NOTHING = object()  # an item that is null, which has no kind
NAMES = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean"}

_SCHEMA = {"$ref": str}
_BODY = {"content": {ANY_NAME: {"schema": _SCHEMA}}}
_INTEGRATION = {
    "$ref": str, "type": str, "httpMethod": str, "uri": str, "connectionType": str, "connectionId": str,
    "credentials": str, "timeoutInMillis": int, "integrationSubtype": str, "description": str,
    "requestParameters": {ANY_NAME: str}, "responseParameters": {ANY_NAME: {ANY_NAME: str}},
    "tlsConfig": {"serverNameToVerify": str},
}  # fmt: skip
_OPERATION = {
    "operationId": str, "security": [{ANY_NAME: [str]}], "requestBody": _BODY, "responses": {ANY_NAME: _BODY},
    "x-amazon-apigateway-integration": _INTEGRATION,
}  # fmt: skip
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
_AUTHORIZER = {
    "type": str, "authorizerUri": str, "authorizerCredentials": str, "authorizerResultTtlInSeconds": int,
    "enableSimpleResponses": bool, "jwtConfiguration": {"issuer": str, "audience": [str]},
}  # fmt: skip
_SCHEME = {
    "openIdConnectUrl": str, "x-amazon-apigateway-authtype": str, "x-amazon-apigateway-authorizer": _AUTHORIZER,
}  # fmt: skip
DEFINITION = {
    "info": {"description": str},
    "tags": [{"name": str}],
    "servers": [
        {
            "url": str, "variables": {ANY_NAME: {}},
            "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": bool},
        }
    ],
    "security": [{ANY_NAME: [str]}],
    "paths": {ANY_NAME: dict.fromkeys(_METHODS, _OPERATION)},
    "components": {
        "schemas": {}, "securitySchemes": {ANY_NAME: _SCHEME},
        "x-amazon-apigateway-integrations": {ANY_NAME: _INTEGRATION},
    },
    "x-amazon-apigateway-cors": {
        "allowOrigins": [str], "allowCredentials": bool, "exposeHeaders": [str], "maxAge": int, "allowMethods": [str],
        "allowHeaders": [str],
    },
}  # fmt: skip


def differences(value: Any, shape: Any = DEFINITION, place: str = "") -> Iterator[str]:
    """What in a definition is not of the kind that it must be; what is null is not there."""
    kind = type(shape) if isinstance(shape, dict | list) else shape
    if value is None:
        return
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"attribute {place} is not of type `{NAMES[kind]}`"
    elif isinstance(shape, list):
        for number, item in enumerate(value):
            yield from differences(NOTHING if item is None else item, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict):
        for name, inner in value.items():
            expected = shape.get(name, None if str(name).startswith("x-") else shape.get(ANY_NAME))
            if expected is not None:
                yield from differences(inner, expected, f"{place}.{name}".lstrip("."))
