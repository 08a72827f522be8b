"""OpenAPI documents of what a stage serves, with or without API Gateway's extensions."""

import json
from datetime import UTC, datetime
from typing import Any

from glasshouse.core.errors import NotSupported
from glasshouse.services.apigateway.errors import BadRequestException
from glasshouse.services.apigateway.openapi import EXTENSION, VERBS, to_yaml
from glasshouse.services.apigateway.records import Stage
from glasshouse.services.apigateway.schemas import referred

KINDS = {"swagger": "swagger", "oas30": "oas30"}
WORDS = {verb: word for word, verb in VERBS.items()}
JSON = "application/json"


class Exporting:
    def get_export(
        self, rest_api_id: str, stage_name: str, export_type: str, parameters: dict | None = None,
        accepts: str | None = None,
    ):  # fmt: skip
        stage = self._stage(rest_api_id, stage_name)
        if export_type not in KINDS:
            raise BadRequestException(f"No API exporter for type '{export_type}'")
        wanted = {one.strip() for one in (parameters or {}).get("extensions", "").split(",") if one.strip()}
        if "postman" in wanted:
            raise NotSupported("apigateway:GetExport extensions=postman is not supported by Glasshouse yet")
        snapshot = self._snapshot_body(rest_api_id, stage.deployment_id)
        writer = Writer(snapshot, stage, export_type == "swagger", wanted, self.call.region)
        document = writer.document()
        moment = datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        in_yaml = "yaml" in (accepts or "")
        text = to_yaml(document) if in_yaml else json.dumps(document, indent=2, ensure_ascii=False)
        name = f"{export_type}_{moment}.{'yaml' if in_yaml else 'json'}"
        return {
            "contentType": "application/octet-stream", "contentDisposition": f'attachment; filename="{name}"',
            "body": text.encode(),
        }  # fmt: skip


class Writer:
    """Writes a deployed API down."""

    def __init__(self, snapshot: dict[str, Any], stage: Stage, is_swagger: bool, extensions: set[str], region: str):
        self._snapshot, self._stage, self._is_swagger = snapshot, stage, is_swagger
        self._api, self._region = snapshot["api"], region
        everything = "apigateway" in extensions
        self._with_integrations = everything or "integrations" in extensions
        self._with_authorizers = everything or "authorizers" in extensions
        self._with_rest = everything
        self._authorizers = {one["id"]: one for one in snapshot["authorizers"]}
        self._validators = {one["id"]: one for one in snapshot["validators"]}

    def document(self) -> dict[str, Any]:
        api = self._api
        created = datetime.fromtimestamp(api["created_date"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        info = {"title": api["name"], "description": api["description"], "version": api["version"] or created}
        info = {name: value for name, value in info.items() if value}
        paths = {}
        for resource in self._snapshot["resources"]:
            if resource["resource_methods"]:
                paths[resource["path"]] = {
                    WORDS[verb]: self._operation(resource, method)
                    for verb, method in sorted(resource["resource_methods"].items())
                }
        host = f"{api['id']}.execute-api.{self._region}.amazonaws.com"
        schemas = {model["name"]: self._schema(model) for model in self._snapshot["models"]}
        security = self._security_schemes()
        if self._is_swagger:
            document = {
                "swagger": "2.0", "info": info, "host": host, "basePath": f"/{self._stage.stage_name}",
                "schemes": ["https"], "paths": paths, "securityDefinitions": security, "definitions": schemas,
            }  # fmt: skip
        else:
            base = {"default": self._stage.stage_name}
            server = {"url": f"https://{host}/{{basePath}}", "variables": {"basePath": base}}
            components = {"schemas": schemas, "securitySchemes": security}
            document = {
                "openapi": "3.0.1", "info": info, "servers": [server], "paths": paths,
                "components": {name: value for name, value in components.items() if value},
            }  # fmt: skip
        document |= self._extensions()
        return {name: value for name, value in document.items() if value not in ({}, None)}

    def _schema(self, model: dict[str, Any]) -> Any:
        try:
            return self._localized(json.loads(model["schema"]))
        except ValueError:
            return {"type": "object"}

    def _localized(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._localized(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        made = {name: self._localized(value) for name, value in schema.items() if name != "$schema"}
        if isinstance(made.get("$ref"), str) and (name := referred(made["$ref"])):
            made["$ref"] = self._reference(name)
        return made

    def _reference(self, model: str) -> str:
        return f"#/definitions/{model}" if self._is_swagger else f"#/components/schemas/{model}"

    # Operations

    def _operation(self, resource: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
        operation: dict[str, Any] = {}
        if method.get("operationName"):
            operation["operationId"] = method["operationName"]
        models = method.get("requestModels") or {}
        parameters = [self._parameter(name, needed) for name, needed in (method.get("requestParameters") or {}).items()]
        if self._is_swagger:
            templates = (method.get("methodIntegration") or {}).get("requestTemplates") or {}
            consumed = list(models | templates)
            operation |= {"consumes": consumed} if consumed else {}
            operation["produces"] = self._produced(method) or [JSON]
            for name in list(models.values())[:1]:
                schema = {"$ref": self._reference(name)}
                parameters.append({"in": "body", "name": name, "required": True, "schema": schema})
        elif models:
            content = {kind: {"schema": {"$ref": self._reference(name)}} for kind, name in models.items()}
            operation["requestBody"] = {"content": content, "required": True}
        if parameters:
            operation["parameters"] = parameters
        operation["responses"] = {
            status: self._response(status, response)
            for status, response in sorted((method.get("methodResponses") or {}).items())
        }
        if security := self._security(method):
            operation["security"] = security
        if self._with_rest and method.get("requestValidatorId") in self._validators:
            operation[f"{EXTENSION}request-validator"] = self._validators[method["requestValidatorId"]]["name"]
        if self._with_integrations and "methodIntegration" in method:
            operation[f"{EXTENSION}integration"] = _integration(method["methodIntegration"])
        return operation

    def _parameter(self, name: str, needed: bool) -> dict[str, Any]:
        _, _, place, rest = name.split(".", 3)
        made: dict[str, Any] = {"name": rest, "in": "query" if place == "querystring" else place}
        if needed or self._is_swagger:
            made["required"] = needed
        return made | ({"type": "string"} if self._is_swagger else {"schema": {"type": "string"}})

    def _produced(self, method: dict[str, Any]) -> list[str]:
        types: dict[str, None] = {}
        for response in (method.get("methodResponses") or {}).values():
            types |= dict.fromkeys(response.get("responseModels") or ())
        for response in ((method.get("methodIntegration") or {}).get("integrationResponses") or {}).values():
            types |= dict.fromkeys(response.get("responseTemplates") or ())
        return list(types)

    def _response(self, status: str, response: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"description": f"{status} response"}
        headers = [name.removeprefix("method.response.header.") for name in response.get("responseParameters") or ()]
        if headers:
            kind = {"type": "string"} if self._is_swagger else {"schema": {"type": "string"}}
            made["headers"] = dict.fromkeys(headers, kind)
        models = response.get("responseModels") or {}
        if models and self._is_swagger:
            made["schema"] = {"$ref": self._reference(next(iter(models.values())))}
        elif not self._is_swagger:
            made["content"] = {kind: {"schema": {"$ref": self._reference(name)}} for kind, name in models.items()}
        return made

    # Security

    def _security(self, method: dict[str, Any]) -> list[dict[str, list]]:
        names = []
        if method["authorizationType"] == "AWS_IAM":
            names.append("sigv4")
        elif method.get("authorizerId") in self._authorizers:
            names.append(self._authorizers[method["authorizerId"]]["name"])
        if method.get("apiKeyRequired"):
            names.append("api_key")
        return [{name: []} for name in names]

    def _security_schemes(self) -> dict[str, Any]:
        methods = [method for one in self._snapshot["resources"] for method in one["resource_methods"].values()]
        used = {name for method in methods for need in self._security(method) for name in need}
        schemes: dict[str, Any] = {}
        for authorizer in self._authorizers.values():
            if authorizer["name"] in used:
                schemes[authorizer["name"]] = self._authorizer(authorizer)
        if "api_key" in used:
            schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        if "sigv4" in used:
            schemes["sigv4"] = {
                "type": "apiKey", "name": "Authorization", "in": "header", f"{EXTENSION}authtype": "awsSigv4",
            }  # fmt: skip
        return schemes

    def _authorizer(self, authorizer: dict[str, Any]) -> dict[str, Any]:
        source = authorizer["identity_source"] or ""
        header = source.rpartition(".")[2] if authorizer["type"] == "TOKEN" else "Unused"
        scheme = {
            "type": "apiKey", "name": header, "in": "header", f"{EXTENSION}authtype": authorizer["auth_type"],
        }  # fmt: skip
        if not self._with_authorizers:
            return scheme
        members = {
            "type": authorizer["type"].lower(), "authorizerUri": authorizer["authorizer_uri"],
            "authorizerCredentials": authorizer["authorizer_credentials"],
            "identityValidationExpression": authorizer["identity_validation_expression"],
            "identitySource": None if authorizer["type"] == "TOKEN" else source,
            "authorizerResultTtlInSeconds": authorizer["authorizer_result_ttl_in_seconds"],
        }  # fmt: skip
        scheme[f"{EXTENSION}authorizer"] = {name: value for name, value in members.items() if value is not None}
        return scheme

    # Whatever belongs to the whole API

    def _extensions(self) -> dict[str, Any]:
        if not self._with_rest:
            return {}
        api = self._api
        responses = {
            one["response_type"]: {
                "statusCode": one["status_code"], "responseParameters": one["response_parameters"],
                "responseTemplates": one["response_templates"],
            }
            for one in self._snapshot["responses"]
        }  # fmt: skip
        validators = {
            one["name"]: {
                "validateRequestBody": one["validate_request_body"],
                "validateRequestParameters": one["validate_request_parameters"],
            }
            for one in self._validators.values()
            if one["name"]
        }
        return {
            f"{EXTENSION}policy": json.loads(api["policy"]) if api["policy"] else None,
            f"{EXTENSION}binary-media-types": api["binary_media_types"] or None,
            f"{EXTENSION}minimum-compression-size": api["minimum_compression_size"],
            f"{EXTENSION}api-key-source": None if api["api_key_source"] == "HEADER" else api["api_key_source"],
            f"{EXTENSION}gateway-responses": responses, f"{EXTENSION}request-validators": validators,
        }  # fmt: skip


def _integration(integration: dict[str, Any]) -> dict[str, Any]:
    """As the extension has it: responses by their patterns, and the words in lower case."""
    left_out = ("integrationResponses", "cacheKeyParameters", "cacheNamespace", "timeoutInMillis")
    made = {name: value for name, value in integration.items() if name not in left_out}
    if made.get("connectionType") == "INTERNET":
        del made["connectionType"]
    made["type"] = integration["type"].lower()
    made["passthroughBehavior"] = integration["passthroughBehavior"].lower()
    if integration["timeoutInMillis"] != 29_000:
        made["timeoutInMillis"] = integration["timeoutInMillis"]
    if integration["cacheKeyParameters"]:
        made["cacheKeyParameters"] = integration["cacheKeyParameters"]
    responses = {}
    for response in (integration.get("integrationResponses") or {}).values():
        kept = {name: value for name, value in response.items() if name != "selectionPattern"}
        responses[response.get("selectionPattern") or "default"] = kept
    return made | ({"responses": responses} if responses else {})
