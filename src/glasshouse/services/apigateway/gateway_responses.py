"""Gateway responses: what API Gateway answers itself when a request does not come as far as its integration."""

from collections.abc import Mapping
from dataclasses import replace

from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, NotFoundException
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import GatewayResponse

STATUSES = {
    "ACCESS_DENIED": "403", "API_CONFIGURATION_ERROR": "500", "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500", "BAD_REQUEST_BODY": "400", "BAD_REQUEST_PARAMETERS": "400", "DEFAULT_4XX": None,
    "DEFAULT_5XX": None, "EXPIRED_TOKEN": "403", "INTEGRATION_FAILURE": "504", "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403", "INVALID_SIGNATURE": "403", "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429", "REQUEST_TOO_LARGE": "413", "RESOURCE_NOT_FOUND": "404", "THROTTLED": "429",
    "UNAUTHORIZED": "401", "UNSUPPORTED_MEDIA_TYPE": "415", "WAF_FILTERED": "403",
}  # fmt: skip
TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}


class GatewayResponses:
    def put_gateway_response(
        self, rest_api_id: str, response_type: str, status_code: str | None = None,
        response_parameters: dict | None = None, response_templates: dict | None = None,
    ):  # fmt: skip
        self._api(rest_api_id)
        return self.responses.put(
            GatewayResponse(
                rest_api_id, response_type, status_code or STATUSES[response_type], response_parameters or {},
                response_templates or dict(TEMPLATES),
            )
        )  # fmt: skip

    def get_gateway_response(self, rest_api_id: str, response_type: str):
        self._api(rest_api_id)
        return effective(response_type, self._set_responses(rest_api_id))

    def get_gateway_responses(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        known = self._set_responses(rest_api_id)
        items = [effective(response_type, known) for response_type in STATUSES]
        return self._page(items, limit, position, lambda response: response.response_type)

    def update_gateway_response(self, rest_api_id: str, response_type: str, patch_operations: list | None = None):
        self._api(rest_api_id)
        response = effective(response_type, self._set_responses(rest_api_id))
        response = replace(response, api=rest_api_id, default_response=False)
        for patch in patches.read(patch_operations):
            _patch(response, patch)
        return self.responses.put(response)

    def delete_gateway_response(self, rest_api_id: str, response_type: str):
        self._api(rest_api_id)
        response = self.responses.get(rest_api_id, response_type)
        if response is None:
            raise NotFoundException("Gateway response type not defined on api")
        self.responses.delete(response)

    def _set_responses(self, rest_api_id: str) -> dict[str, GatewayResponse]:
        return {response.response_type: response for response in self.responses.list(rest_api_id)}


def effective(response_type: str, known: Mapping[str, GatewayResponse]) -> GatewayResponse:
    """The response of a type: the user's, else that of the user's default for its class of status, else AWS's."""
    if response_type in known:
        return known[response_type]
    status = STATUSES[response_type]
    default = known.get(f"DEFAULT_{status[0]}XX") if status else None
    if default:
        return replace(
            default, response_type=response_type, status_code=default.status_code or status, default_response=True
        )
    return GatewayResponse("", response_type, status, {}, dict(TEMPLATES), True)


def _patch(response: GatewayResponse, patch: Patch):
    held = {"responseParameters": response.response_parameters, "responseTemplates": response.response_templates}
    if patch.path == "/statusCode" and patch.op == "replace":
        response.status_code = patch.value
        return
    if len(patch.steps) != 2 or patch.steps[0] not in held or patch.op not in ("add", "replace", "remove"):
        raise patch.unknown()
    values = held[patch.steps[0]]
    if patch.op != "remove" and not patch.value:
        raise BadRequestException(f"Invalid null or empty value in {patch.steps[0]}")
    if patch.op != "add" and patch.key not in values:
        raise NotFoundException("Invalid parameter name specified")
    if patch.op == "remove":
        del values[patch.key]
    else:
        values[patch.key] = patch.value
