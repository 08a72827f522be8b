"""Methods of resources, and the responses they declare."""

import re
from typing import Any

from glasshouse.core.errors import NotSupported
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import Resource

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZATIONS = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
REQUEST_PARAMETER = re.compile(r"method\.request\.(path|querystring|header)\.(.+)")
RESPONSE_PARAMETER = re.compile(r"method\.response\.header\.(.+)")
NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid"
    " authorizer."
)
NO_PARAMETER, NO_TYPE = "Invalid parameter name specified", "Content-Type specified was not found"


class Methods:
    def put_method(
        self, rest_api_id: str, resource_id: str, http_method: str, authorization_type: str,
        authorizer_id: str | None = None, api_key_required: bool = False, operation_name: str | None = None,
        request_parameters: dict | None = None, request_models: dict | None = None,
        request_validator_id: str | None = None, authorization_scopes: list | None = None,
    ):  # fmt: skip
        resource = self._resource(rest_api_id, resource_id)
        if http_method not in VERBS:
            raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}")
        method = {
            "httpMethod": http_method, "authorizationType": authorization_type, "authorizerId": authorizer_id,
            "apiKeyRequired": bool(api_key_required), "operationName": operation_name,
            "requestParameters": request_parameters, "requestModels": request_models,
            "requestValidatorId": request_validator_id, "authorizationScopes": authorization_scopes,
        }  # fmt: skip
        method = {name: value for name, value in method.items() if value not in (None, "", {}, [])}
        self._check_method(resource, method)
        if http_method in resource.resource_methods:
            raise ConflictException("Method already exists for this resource")
        resource.resource_methods[http_method] = method
        self.resources.put(resource)
        return method

    def get_method(self, rest_api_id: str, resource_id: str, http_method: str):
        return self._method(rest_api_id, resource_id, http_method)[1]

    def update_method(
        self, rest_api_id: str, resource_id: str, http_method: str, patch_operations: list | None = None
    ):  # fmt: skip
        resource, method = self._method(rest_api_id, resource_id, http_method)
        for patch in patches.read(patch_operations):
            _patch_method(method, patch)
        self._check_method(resource, method)
        self.resources.put(resource)
        return method

    def delete_method(self, rest_api_id: str, resource_id: str, http_method: str):
        resource, _ = self._method(rest_api_id, resource_id, http_method)
        del resource.resource_methods[http_method]
        self.resources.put(resource)

    def put_method_response(
        self, rest_api_id: str, resource_id: str, http_method: str, status_code: str,
        response_parameters: dict | None = None, response_models: dict | None = None,
    ):  # fmt: skip
        resource, method = self._method(rest_api_id, resource_id, http_method)
        if status_code in method.get("methodResponses", {}):
            raise ConflictException("Response already exists for this resource")
        response = {
            "statusCode": status_code, "responseParameters": response_parameters, "responseModels": response_models,
        }  # fmt: skip
        response = {name: value for name, value in response.items() if value is not None}
        self._check_response(resource, response)
        method.setdefault("methodResponses", {})[status_code] = response
        self.resources.put(resource)
        return response

    def get_method_response(self, rest_api_id: str, resource_id: str, http_method: str, status_code: str):
        return self._method_response(rest_api_id, resource_id, http_method, status_code)[2]

    def update_method_response(
        self, rest_api_id: str, resource_id: str, http_method: str, status_code: str,
        patch_operations: list | None = None,
    ):  # fmt: skip
        resource, _, response = self._method_response(rest_api_id, resource_id, http_method, status_code)
        for patch in patches.read(patch_operations):
            if patch.steps[:1] == ("responseParameters",):
                patches.patch_map(response, patch, "responseParameters", patches.boolean, NO_PARAMETER)
            elif patch.steps[:1] == ("responseModels",):
                patches.patch_map(response, patch, "responseModels", missing=NO_TYPE)
            else:
                raise patch.unknown()
        self._check_response(resource, response)
        self.resources.put(resource)
        return response

    def delete_method_response(self, rest_api_id: str, resource_id: str, http_method: str, status_code: str):
        resource, method, _ = self._method_response(rest_api_id, resource_id, http_method, status_code)
        del method["methodResponses"][status_code]
        if not method["methodResponses"]:
            del method["methodResponses"]
        self.resources.put(resource)

    # Within

    def _method_response(self, rest_api_id: str, resource_id: str, http_method: str, status_code: str):
        """(the resource, its method, the method's response)."""
        resource, method = self._method(rest_api_id, resource_id, http_method)
        response = method.get("methodResponses", {}).get(status_code)
        if response is None:
            raise NotFoundException(errors.NO_RESPONSE)
        return resource, method, response

    def _check_method(self, resource: Resource, method: dict[str, Any]):
        """Raise unless what a method refers to is there."""
        kind = method["authorizationType"].upper()
        if kind not in AUTHORIZATIONS:
            raise BadRequestException(
                f"Invalid authorization type specified. Valid options are {','.join(AUTHORIZATIONS)}"
            )
        if kind == "COGNITO_USER_POOLS":
            raise NotSupported("apigateway authorization by COGNITO_USER_POOLS is not supported by Glasshouse yet")
        if kind == "CUSTOM":
            authorizer = self.authorizers.get(resource.api, method.get("authorizerId", ""))
            if authorizer is None:
                raise BadRequestException(NO_AUTHORIZER)
        else:
            method.pop("authorizerId", None)
        validator = method.get("requestValidatorId")
        if validator and self.validators.get(resource.api, validator) is None:
            raise BadRequestException("Invalid Request Validator identifier specified")
        self._check_models(resource, method.get("requestModels"))
        _check_request_parameters(method.get("requestParameters"))

    def _check_response(self, resource: Resource, response: dict[str, Any]):
        self._check_models(resource, response.get("responseModels"))
        for name in response.get("responseParameters") or ():
            if not RESPONSE_PARAMETER.fullmatch(name):
                raise errors.invalid_parameter(name)

    def _check_models(self, resource: Resource, models: dict[str, str] | None):
        for name in (models or {}).values():
            if self.models.get(resource.api, name) is None:
                raise BadRequestException(f"Invalid model identifier specified: {name}")


def _check_request_parameters(parameters: dict[str, bool] | None):
    seen = set()
    for parameter in parameters or ():
        found = REQUEST_PARAMETER.fullmatch(parameter)
        if found is None:
            raise errors.invalid_parameter(parameter)
        if found[2] in seen:
            raise BadRequestException("Parameter names must be unique across querystring, header and path")
        seen.add(found[2])


def _patch_method(method: dict[str, Any], patch: Patch):
    if patch.path == "/apiKeyRequired":
        patches.replace_field(method, patch, "apiKeyRequired", patches.boolean)
    elif patch.path == "/authorizationType":
        patches.replace_field(method, patch, "authorizationType", lambda value: value or "NONE")
    elif patch.path in ("/authorizerId", "/operationName", "/requestValidatorId"):
        patches.replace_field(method, patch, patch.key)
    elif patch.steps[:1] == ("requestParameters",):
        patches.patch_map(method, patch, "requestParameters", patches.boolean, NO_PARAMETER)
    elif patch.steps[:1] == ("requestModels",):
        patches.patch_map(method, patch, "requestModels", missing=NO_TYPE)
    elif patch.steps[:1] == ("authorizationScopes",):
        _patch_scopes(method, patch)
    else:
        raise patch.unknown()


def _patch_scopes(method: dict[str, Any], patch: Patch):
    patch.require("add", "remove")
    scope = patch.value or (patch.key if len(patch.steps) > 1 else "")
    scopes = [one for one in method.get("authorizationScopes", []) if one != scope]
    if patch.op == "add":
        scopes.append(scope)
    method["authorizationScopes"] = scopes
    if not scopes:
        del method["authorizationScopes"]
