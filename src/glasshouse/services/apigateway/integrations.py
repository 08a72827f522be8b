"""Integrations: what stands behind a method, and what becomes of its answers."""

import re
from typing import Any

from glasshouse.core.errors import NotSupported
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import AccessDeniedException, BadRequestException, NotFoundException
from glasshouse.services.apigateway.methods import NO_PARAMETER, NO_TYPE
from glasshouse.services.apigateway.patches import Patch

HTTP, AWS, PROXIES = ("HTTP", "HTTP_PROXY"), ("AWS", "AWS_PROXY"), ("HTTP_PROXY", "AWS_PROXY")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
LEAST_TIMEOUT_MS, DEFAULT_TIMEOUT_MS = 50, 29_000
LARGEST_TIMEOUT_MS = {"EDGE": 29_000, "REGIONAL": 300_000, "PRIVATE": 300_000}
ARN = re.compile(r"arn:[\w-]+:[\w-]+:.*")
PLACE = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:(?:[\w-]+\.)?[\w.-]+:(?:path|action)/.*", re.DOTALL)
URL = re.compile(r"https?://[^/\s].*|https?://\$\{.*")
MEDIA_TYPE = re.compile(r"\$default|[\w.*+-]+/[\w.*+-]+(?:\s*;.*)?")
TARGET = re.compile(r"integration\.request\.(?:header|path|querystring)\..+")
DECLARED = re.compile(r"method\.request\.(path|querystring|header|multivaluequerystring|multivalueheader)\.(.+)")
SOURCE = re.compile(r"'.*'|context\.\w[\w.-]*|stageVariables\.\w+|method\.request\.body(?:\..+)?", re.DOTALL)
RESPONSE_SOURCE = re.compile(
    r"'.*'|context\.\w[\w.-]*|stageVariables\.\w+|integration\.response\.(?:body(?:\..+)?|(?:multivalue)?header\..+)",
    re.DOTALL,
)


class Integrations:
    def put_integration(
        self, rest_api_id: str, resource_id: str, http_method: str, type: str,
        integration_http_method: str | None = None, uri: str | None = None, connection_type: str | None = None,
        connection_id: str | None = None, credentials: str | None = None, request_parameters: dict | None = None,
        request_templates: dict | None = None, passthrough_behavior: str | None = None,
        cache_namespace: str | None = None, cache_key_parameters: list | None = None,
        content_handling: str | None = None, timeout_in_millis: int | None = None, tls_config: dict | None = None,
    ):  # fmt: skip
        resource, method = self._method(rest_api_id, resource_id, http_method)
        integration = {
            "type": type, "httpMethod": integration_http_method, "uri": uri,
            "connectionType": connection_type or ("INTERNET" if type in HTTP else None),
            "connectionId": connection_id, "credentials": credentials, "requestParameters": request_parameters,
            "requestTemplates": request_templates, "passthroughBehavior": passthrough_behavior or "WHEN_NO_MATCH",
            "contentHandling": content_handling, "timeoutInMillis": timeout_in_millis or DEFAULT_TIMEOUT_MS,
            "cacheNamespace": cache_namespace or resource_id, "cacheKeyParameters": cache_key_parameters or [],
            "tlsConfig": tls_config,
        }  # fmt: skip
        integration = {name: value for name, value in integration.items() if value not in (None, "", {})}
        self._check_integration(rest_api_id, method, integration)
        method["methodIntegration"] = integration
        self.resources.put(resource)
        return integration

    def get_integration(self, rest_api_id: str, resource_id: str, http_method: str):
        return self._integration(rest_api_id, resource_id, http_method)[2]

    def update_integration(
        self, rest_api_id: str, resource_id: str, http_method: str, patch_operations: list | None = None
    ):
        resource, method, integration = self._integration(rest_api_id, resource_id, http_method)
        for patch in patches.read(patch_operations):
            _patch_integration(integration, patch)
        self._check_integration(rest_api_id, method, integration)
        self.resources.put(resource)
        return integration

    def delete_integration(self, rest_api_id: str, resource_id: str, http_method: str):
        resource, method, _ = self._integration(rest_api_id, resource_id, http_method)
        del method["methodIntegration"]
        self.resources.put(resource)

    def put_integration_response(
        self, rest_api_id: str, resource_id: str, http_method: str, status_code: str,
        selection_pattern: str | None = None, response_parameters: dict | None = None,
        response_templates: dict | None = None, content_handling: str | None = None,
    ):  # fmt: skip
        resource, method, integration = self._integration(rest_api_id, resource_id, http_method)
        response = {
            "statusCode": status_code, "selectionPattern": selection_pattern,
            "responseParameters": response_parameters, "responseTemplates": response_templates,
            "contentHandling": content_handling,
        }  # fmt: skip
        response = {name: value for name, value in response.items() if value is not None}
        check_integration_response(method, response)
        integration.setdefault("integrationResponses", {})[status_code] = response
        self.resources.put(resource)
        return response

    def get_integration_response(self, rest_api_id: str, resource_id: str, http_method: str, status_code: str):
        _, _, integration = self._integration(rest_api_id, resource_id, http_method)
        return _response(integration, status_code)

    def update_integration_response(
        self, rest_api_id: str, resource_id: str, http_method: str, status_code: str,
        patch_operations: list | None = None,
    ):  # fmt: skip
        resource, method, integration = self._integration(rest_api_id, resource_id, http_method)
        response = _response(integration, status_code)
        for patch in patches.read(patch_operations):
            _patch_response(response, patch)
        check_integration_response(method, response)
        self.resources.put(resource)
        return response

    def delete_integration_response(self, rest_api_id: str, resource_id: str, http_method: str, status_code: str):
        resource = self._resource(rest_api_id, resource_id)
        integration = resource.resource_methods.get(http_method, {}).get("methodIntegration")
        if integration is None:
            raise NotFoundException(errors.NO_INTEGRATION)
        _response(integration, status_code)
        del integration["integrationResponses"][status_code]
        if not integration["integrationResponses"]:
            del integration["integrationResponses"]
        self.resources.put(resource)

    def _check_integration(self, rest_api_id: str, method: dict[str, Any], integration: dict[str, Any]):
        check_integration(method, integration, self.call.account)
        endpoint = self._api(rest_api_id).endpoint_configuration["types"][0]
        longest = LARGEST_TIMEOUT_MS[endpoint]
        if not LEAST_TIMEOUT_MS <= integration["timeoutInMillis"] <= longest:
            raise BadRequestException(f"Timeout should be between {LEAST_TIMEOUT_MS} ms and {longest} ms")


# Checks


def check_integration(method: dict[str, Any], integration: dict[str, Any], account: str):
    kind, uri = integration["type"], integration.get("uri") or ""
    if integration.get("connectionType") == "VPC_LINK":
        raise NotSupported("apigateway integrations over a VPC_LINK are not supported by Glasshouse yet")
    if kind != "MOCK" and not integration.get("httpMethod"):
        raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
    if kind in AWS:
        _check_service(kind, uri, integration.get("credentials"), account)
    elif kind in HTTP and not URL.fullmatch(uri):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")
    if integration["passthroughBehavior"] not in PASSTHROUGH:
        raise BadRequestException(
            f"Invalid passthrough behavior specified. Valid options are {','.join(PASSTHROUGH)}"
        )  # fmt: skip
    _check_media_types(integration.get("requestTemplates"))
    _check_request_mapping(method, integration.get("requestParameters"))


def _check_service(kind: str, uri: str, credentials: str | None, account: str):
    if not ARN.fullmatch(uri):
        raise BadRequestException("Invalid ARN specified in the request")
    if not PLACE.fullmatch(uri):
        raise BadRequestException("AWS ARN for integration must contain path or action")
    own = credentials is None or "${" in credentials or credentials.startswith("arn:aws:iam::*")
    if not own and credentials.split(":")[4:5] != [account]:
        raise AccessDeniedException("Cross-account pass role is not allowed.")
    is_function = ":lambda:path/" in uri
    if kind == "AWS_PROXY" and not is_function:
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    if credentials is None and not is_function:
        raise BadRequestException("Role ARN must be specified for AWS integrations")


def _check_media_types(templates: dict[str, str] | None):
    for kind in templates or ():
        if not MEDIA_TYPE.fullmatch(kind):
            raise BadRequestException(
                f"Validation Result: warnings : [], errors : [Invalid content type specified: {kind}]"
            )


def _check_request_mapping(method: dict[str, Any], mapping: dict[str, str] | None):
    declared = {name.split(".", 3)[3] for name in method.get("requestParameters", {})}
    for target, source in (mapping or {}).items():
        if not TARGET.fullmatch(target):
            raise errors.invalid_parameter(target)
        if found := DECLARED.fullmatch(source):
            if found[2] not in declared:
                raise errors.invalid_parameter(source)
        elif not SOURCE.fullmatch(source):
            raise errors.invalid_expression(source)


def check_integration_response(method: dict[str, Any], response: dict[str, Any]):
    _check_media_types(response.get("responseTemplates"))
    declared = method.get("methodResponses", {}).get(response["statusCode"], {}).get("responseParameters", {})
    for target, source in (response.get("responseParameters") or {}).items():
        if target not in declared:
            raise errors.invalid_parameter(target)
        if not RESPONSE_SOURCE.fullmatch(source):
            raise errors.invalid_expression(source)


# Patches


def _response(integration: dict[str, Any], status_code: str) -> dict[str, Any]:
    response = integration.get("integrationResponses", {}).get(status_code)
    if response is None:
        raise NotFoundException(errors.NO_RESPONSE)
    return response


def _patch_integration(integration: dict[str, Any], patch: Patch):
    if patch.path in (
        "/uri", "/httpMethod", "/credentials", "/passthroughBehavior", "/cacheNamespace", "/connectionType",
        "/connectionId", "/contentHandling",
    ):  # fmt: skip
        patches.replace_field(integration, patch, patch.key)
    elif patch.path == "/timeoutInMillis":
        patches.replace_field(integration, patch, "timeoutInMillis", _milliseconds)
    elif patch.path == "/tlsConfig/insecureSkipVerification":
        patch.require("replace")
        integration["tlsConfig"] = {"insecureSkipVerification": patches.boolean(patch.value)}
    elif patch.steps[:1] == ("requestTemplates",):
        patches.patch_map(integration, patch, "requestTemplates", lambda value: value or "", NO_TYPE)
    elif patch.steps[:1] == ("requestParameters",):
        patches.patch_map(integration, patch, "requestParameters", lambda value: value or "", NO_PARAMETER)
    elif patch.steps[:1] == ("cacheKeyParameters",) and len(patch.steps) == 2:
        patch.require("add", "remove")
        kept = [name for name in integration["cacheKeyParameters"] if name != patch.key]
        integration["cacheKeyParameters"] = [*kept, patch.key] if patch.op == "add" else kept
    else:
        raise patch.unknown()


def _milliseconds(value: str | None) -> int:
    return int(value) if value and value.isdigit() else DEFAULT_TIMEOUT_MS if not value else 0


def _patch_response(response: dict[str, Any], patch: Patch):
    if patch.path == "/selectionPattern":
        patches.replace_field(response, patch, "selectionPattern", lambda value: value or "")
    elif patch.path == "/contentHandling":
        patches.replace_field(response, patch, "contentHandling")
    elif patch.steps[:1] == ("responseTemplates",):
        patches.patch_map(response, patch, "responseTemplates", lambda value: value or "", NO_TYPE)
    elif patch.steps[:1] == ("responseParameters",):
        patches.patch_map(response, patch, "responseParameters", lambda value: value or "", NO_PARAMETER)
    else:
        raise patch.unknown()
