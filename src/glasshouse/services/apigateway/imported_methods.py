"""Methods as OpenAPI documents describe them."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from glasshouse.services.apigateway.integrations import DEFAULT_TIMEOUT_MS, HTTP
from glasshouse.services.apigateway.openapi import EXTENSION, Document
from glasshouse.services.apigateway.records import Resource
from glasshouse.services.apigateway.schemas import referred

PLACES = {"query": "querystring", "header": "header", "path": "path"}
JSON = "application/json"
COPIED = (
    "uri", "credentials", "requestParameters", "requestTemplates", "contentHandling", "cacheNamespace",
    "connectionType", "connectionId", "tlsConfig",
)  # fmt: skip


class MethodReader:
    """Reads operations. `keep_model(name, schema)` keeps a schema that has no name of its own, and names it."""

    def __init__(
        self, document: Document, validators: Mapping[str, str], authorizers: Mapping[str, str],
        keep_model: Callable[[str, dict[str, Any]], str],
    ):  # fmt: skip
        self._document, self._validators, self._authorizers = document, validators, authorizers
        self._keep_model = keep_model
        self._schemes = document.security_schemes
        self._default_validator = document.extension("request-validator")

    def method(self, resource: Resource, verb: str, operation: dict[str, Any]) -> dict[str, Any]:
        parameters, models = self._parameters(resource, operation)
        validator = operation.get(f"{EXTENSION}request-validator", self._default_validator)
        responses = self._responses(operation)
        method = {
            "httpMethod": verb, **self._authorization(operation), "operationName": operation.get("operationId"),
            "requestParameters": parameters, "requestModels": models,
            "requestValidatorId": self._validators.get(validator), "methodResponses": responses,
            "methodIntegration": self._integration(resource, operation),
        }  # fmt: skip
        return {name: value for name, value in method.items() if value not in (None, {})}

    # Who may call

    def _authorization(self, operation: dict[str, Any]) -> dict[str, Any]:
        needed = operation.get("security", self._document.root.get("security")) or []
        names = [name for requirement in needed for name in requirement]
        found: dict[str, Any] = {"authorizationType": "NONE", "apiKeyRequired": False}
        for name in names:
            scheme = self._schemes.get(name, {})
            if name in self._authorizers:
                found |= {"authorizationType": "CUSTOM", "authorizerId": self._authorizers[name]}
            elif str(scheme.get(f"{EXTENSION}authtype", "")).lower() == "awssigv4":
                found["authorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and scheme.get("name", "").lower() == "x-api-key":
                found["apiKeyRequired"] = True
        own = operation.get(f"{EXTENSION}auth")
        if isinstance(own, dict) and own.get("type"):
            found["authorizationType"] = str(own["type"]).upper()
        return found

    # What it takes

    def _parameters(self, resource: Resource, operation: dict[str, Any]) -> tuple[dict[str, bool], dict[str, str]]:
        """(request parameters, request models)."""
        parameters, models = {}, {}
        for parameter in operation["parameters"]:
            if place := PLACES.get(parameter.get("in", "")):
                parameters[f"method.request.{place}.{parameter['name']}"] = bool(parameter.get("required"))
            elif parameter.get("in") == "body":
                types = operation.get("consumes") or self._document.root.get("consumes") or [JSON]
                models = self._models(dict.fromkeys(types, parameter.get("schema")))
        body = self._document.resolved(operation.get("requestBody") or {})
        if body.get("content"):
            models = self._models({kind: media.get("schema") for kind, media in body["content"].items()})
        if resource.is_variable and not resource.is_greedy:
            parameters.setdefault(f"method.request.path.{(resource.path_part or '')[1:-1]}", True)
        return parameters, models

    def _models(self, schemas: Mapping[str, Any]) -> dict[str, str]:
        """Models by media types."""
        return {kind: self._model(schema) for kind, schema in schemas.items() if schema}

    def _model(self, schema: dict[str, Any]) -> str:
        name = referred(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
        if name is not None:
            return "".join(letter for letter in name if letter.isascii() and letter.isalnum())
        digest = sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
        return self._keep_model(f"MODEL{digest[:6]}", schema)

    # What it answers

    def _responses(self, operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = {}
        for status, given in (operation.get("responses") or {}).items():
            if not (len(status) == 3 and status.isdigit()):
                continue  # "default" stands for none in particular
            response = self._document.resolved(given or {})
            headers = {f"method.response.header.{name}": False for name in response.get("headers") or ()}
            made = {
                "statusCode": status, "responseParameters": headers,
                "responseModels": self._models(self._schemas(operation, response)),
            }  # fmt: skip
            found[status] = {name: value for name, value in made.items() if value != {}}
        return found

    def _schemas(self, operation: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
        if response.get("schema"):
            types = operation.get("produces") or self._document.root.get("produces") or [JSON]
            return dict.fromkeys(types, response["schema"])
        return {kind: media.get("schema") for kind, media in (response.get("content") or {}).items()}

    # What stands behind it

    def _integration(self, resource: Resource, operation: dict[str, Any]) -> dict[str, Any] | None:
        given = operation.get(f"{EXTENSION}integration")
        if not given:
            return None
        given = self._document.resolved(given)
        kind = str(given.get("type", "")).upper()
        made: dict[str, Any] = {name: given[name] for name in COPIED if given.get(name)}
        made |= {
            "type": kind, "passthroughBehavior": str(given.get("passthroughBehavior", "WHEN_NO_MATCH")).upper(),
            "timeoutInMillis": int(given.get("timeoutInMillis") or DEFAULT_TIMEOUT_MS),
            "cacheKeyParameters": list(given.get("cacheKeyParameters") or []),
        }  # fmt: skip
        made.setdefault("cacheNamespace", resource.id)
        if given.get("httpMethod"):
            made["httpMethod"] = _verb(given["httpMethod"])
        if kind in HTTP:
            made.setdefault("connectionType", "INTERNET")
        if kind == "MOCK":
            made.pop("httpMethod", None)
        responses = {}
        for pattern, response in (given.get("responses") or {}).items():
            status = str(response.get("statusCode", "200"))
            responses[status] = _integration_response(pattern, status, response)
        if responses:
            made["integrationResponses"] = responses
        return made


def _verb(given: Any) -> str:
    verb = str(given).upper()
    return "ANY" if verb == f"{EXTENSION}any-method".upper() else verb


def _integration_response(pattern: str, status: str, given: dict[str, Any]) -> dict[str, Any]:
    made = {
        "statusCode": status, "selectionPattern": None if pattern == "default" else pattern,
        "responseParameters": given.get("responseParameters"), "responseTemplates": given.get("responseTemplates"),
        "contentHandling": given.get("contentHandling"),
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}
