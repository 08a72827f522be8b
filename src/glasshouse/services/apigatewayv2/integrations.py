"""Integrations: where the requests of a route go, and what becomes of their answers.

Differs from AWS: custom integrations (HTTP, MOCK) are kept in HTTP APIs too, where they act as HTTP_PROXY does, or
answer 200.
"""

import re
from typing import Any

from glasshouse.core import NotSupported, ids
from glasshouse.services.apigatewayv2 import checks, parameter_rules
from glasshouse.services.apigatewayv2.errors import BadRequestException, ConflictException, not_found, too_many
from glasshouse.services.apigatewayv2.records import Api, Integration, IntegrationResponse, change
from glasshouse.services.apigatewayv2.subtypes import ABSENT, SUBTYPES

MOST_INTEGRATIONS = 300
TYPES = ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
URL = re.compile(r"https?://\S+|\$\{stageVariables\.\S+", re.IGNORECASE)
FUNCTION = re.compile(r"arn:[\w-]+:(lambda:[^:]*:[^:]*:function:\S+|apigateway:[^:]*:lambda:path/\S+/invocations)")


class Integrations:
    """The integrations of an API."""

    def create_integration(
        self, api_id: str, integration_type: str, connection_id: str | None = None,
        connection_type: str | None = None, content_handling_strategy: str | None = None,
        credentials_arn: str | None = None, description: str | None = None, integration_method: str | None = None,
        integration_subtype: str | None = None, integration_uri: str | None = None,
        passthrough_behavior: str | None = None, payload_format_version: str | None = None,
        request_parameters: dict | None = None, request_templates: dict | None = None,
        response_parameters: dict | None = None, template_selection_expression: str | None = None,
        timeout_in_millis: int | None = None, tls_config: dict | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        if len(list(self.integrations.list(api_id))) >= MOST_INTEGRATIONS:
            raise too_many("Integrations", "API")
        settings = {
            "connection_id": connection_id, "connection_type": connection_type,
            "content_handling_strategy": content_handling_strategy, "credentials_arn": credentials_arn,
            "description": description, "integration_method": integration_method,
            "integration_subtype": integration_subtype, "integration_uri": integration_uri,
            "passthrough_behavior": passthrough_behavior, "payload_format_version": payload_format_version,
            "request_parameters": request_parameters, "request_templates": request_templates,
            "response_parameters": response_parameters, "template_selection_expression": template_selection_expression,
            "timeout_in_millis": timeout_in_millis, "tls_config": tls_config,
        }  # fmt: skip
        integration = self._new_integration(api, integration_type, settings)
        self._deploy_automatically(api)
        return integration

    def get_integration(self, api_id: str, integration_id: str):
        return self._integration(api_id, integration_id)

    def get_integrations(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.integrations.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_integration(
        self, api_id: str, integration_id: str, connection_id: str | None = None, connection_type: str | None = None,
        content_handling_strategy: str | None = None, credentials_arn: str | None = None,
        description: str | None = None, integration_method: str | None = None, integration_subtype: str | None = None,
        integration_type: str | None = None, integration_uri: str | None = None,
        passthrough_behavior: str | None = None, payload_format_version: str | None = None,
        request_parameters: dict | None = None, request_templates: dict | None = None,
        response_parameters: dict | None = None, template_selection_expression: str | None = None,
        timeout_in_millis: int | None = None, tls_config: dict | None = None,
    ):  # fmt: skip
        api, integration = self._api(api_id), self._integration(api_id, integration_id)
        settings = {
            "connection_id": connection_id, "connection_type": connection_type,
            "content_handling_strategy": content_handling_strategy, "credentials_arn": credentials_arn,
            "description": description, "integration_method": integration_method,
            "integration_subtype": integration_subtype, "integration_type": integration_type,
            "integration_uri": integration_uri, "passthrough_behavior": passthrough_behavior,
            "payload_format_version": payload_format_version,
            "request_parameters": _merged(integration.request_parameters, request_parameters),
            "request_templates": request_templates,
            "response_parameters": _merged(integration.response_parameters, response_parameters),
            "template_selection_expression": template_selection_expression, "timeout_in_millis": timeout_in_millis,
            "tls_config": tls_config,
        }  # fmt: skip
        change(integration, settings)
        self._check_integration(api, integration)
        self._put_integration(integration)
        self._deploy_automatically(api)
        return integration

    def delete_integration(self, api_id: str, integration_id: str):
        api, integration = self._api(api_id), self._integration(api_id, integration_id)
        users = [route.route_id for route in self.routes.list(api_id) if route.integration_id == integration_id]
        if users:
            raise ConflictException(
                "Cannot delete Integration because it is referenced by the following Routes with Ids:"
                f" [{', '.join(users)}]"
            )
        for response in list(self.integration_responses.list(api_id, integration_id)):
            self.integration_responses.delete(response)
        self.integrations.delete(integration)
        self._deploy_automatically(api)

    # Within

    def _integration(self, api_id: str, integration_id: str) -> Integration:
        self._api(api_id)
        integration = self.integrations.get(api_id, integration_id)
        if integration is None:
            raise not_found("Integration", integration_id)
        return integration

    def _new_integration(self, api: Api, kind: str, settings: dict[str, Any]) -> Integration:
        integration = Integration(api.api_id, ids.token(7, ids.LOWER), kind)
        change(integration, settings)
        if not api.is_http:
            integration.passthrough_behavior = integration.passthrough_behavior or "WHEN_NO_MATCH"
            integration.timeout_in_millis = settings.get("timeout_in_millis") or 29_000
        self._check_integration(api, integration)
        if not api.is_http or kind in ("AWS", "HTTP", "MOCK"):
            integration.integration_response_selection_expression = "${integration.response.statuscode}"
        if kind == "AWS_PROXY" and integration.integration_uri and integration.integration_method is None:
            integration.integration_method = "POST"
        return self._put_integration(integration)

    def _put_integration(self, integration: Integration) -> Integration:
        return self.integrations.put(integration)

    def _check_integration(self, api: Api, integration: Integration):
        """Raises BadRequestException, NotSupported."""
        kind = integration.integration_type
        checks.one_of(kind, TYPES, "integration type")
        checks.one_of(integration.connection_type, ("INTERNET", "VPC_LINK"), "connection type")
        checks.one_of(integration.payload_format_version, ("1.0", "2.0"), "payload format version")
        checks.within(integration.timeout_in_millis, 50, 30_000 if api.is_http else 29_000, "TimeoutInMillis")
        if not api.is_http and integration.payload_format_version != "1.0":
            raise BadRequestException("WebSocket APIs support the payload format version 1.0 only")
        if integration.connection_type == "VPC_LINK":
            raise NotSupported("apigatewayv2: VPC links are not supported by Glasshouse yet")
        if kind == "HTTP_PROXY":
            _check_proxy(integration)
        elif kind == "AWS_PROXY" and integration.integration_subtype:
            self._check_subtype(integration)
        elif kind == "AWS_PROXY" and not FUNCTION.fullmatch(integration.integration_uri or ""):
            raise BadRequestException("Invalid function ARN or invalid uri")
        if api.is_http and kind in ("HTTP_PROXY", "AWS_PROXY"):
            if not integration.integration_subtype:
                parameter_rules.check_request(integration.request_parameters or {})
            parameter_rules.check_response(integration.response_parameters or {})

    def _check_subtype(self, integration: Integration):
        name = integration.integration_subtype or ""
        if name in ABSENT:
            raise NotSupported(f"apigatewayv2: the integration subtype {name} is not supported by Glasshouse yet")
        if name not in SUBTYPES:
            raise BadRequestException(f"Invalid integration subtype specified: {name}")
        subtype, given = SUBTYPES[name], integration.request_parameters or {}
        self.cloud.service_class(subtype.service)  # raises NotSupported where there is none
        if not integration.credentials_arn:
            raise BadRequestException(f"CredentialsArn is a required parameter for {name} integration")
        if lacking := [parameter for parameter in subtype.required if parameter not in given]:
            raise BadRequestException(f"RequestParameters of {name} integration must contain {', '.join(lacking)}")
        for parameter, value in given.items():
            if parameter not in subtype.parameters:
                raise BadRequestException(f"Invalid request parameter specified for {name}: {parameter}")
            parameter_rules.check_source(value, parameter)


class IntegrationResponses:
    """What becomes of the answers of an integration, by a key that is chosen for each."""

    def create_integration_response(
        self, api_id: str, integration_id: str, integration_response_key: str,
        content_handling_strategy: str | None = None, response_parameters: dict | None = None,
        response_templates: dict | None = None, template_selection_expression: str | None = None,
    ):  # fmt: skip
        integration = self._integration(api_id, integration_id)
        known = self.integration_responses.list(api_id, integration_id)
        if any(one.integration_response_key == integration_response_key for one in known):
            raise ConflictException(
                f"Integration response with key {integration_response_key} already exists for this integration"
            )
        response = IntegrationResponse(
            api_id, integration.integration_id, ids.token(7, ids.LOWER), integration_response_key,
            content_handling_strategy, response_parameters, response_templates, template_selection_expression,
        )  # fmt: skip
        self.integration_responses.put(response)
        self._deploy_automatically(self._api(api_id))
        return response

    def get_integration_response(self, api_id: str, integration_id: str, integration_response_id: str):
        return self._integration_response(api_id, integration_id, integration_response_id)

    def get_integration_responses(
        self, api_id: str, integration_id: str, max_results: str | None = None, next_token: str | None = None
    ):
        self._integration(api_id, integration_id)
        page = self.integration_responses.page(checks.page_size(max_results), next_token, api_id, integration_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_integration_response(
        self, api_id: str, integration_id: str, integration_response_id: str,
        content_handling_strategy: str | None = None, integration_response_key: str | None = None,
        response_parameters: dict | None = None, response_templates: dict | None = None,
        template_selection_expression: str | None = None,
    ):  # fmt: skip
        response = self._integration_response(api_id, integration_id, integration_response_id)
        settings = {
            "content_handling_strategy": content_handling_strategy,
            "integration_response_key": integration_response_key, "response_parameters": response_parameters,
            "response_templates": response_templates, "template_selection_expression": template_selection_expression,
        }  # fmt: skip
        change(response, settings)
        self.integration_responses.put(response)
        self._deploy_automatically(self._api(api_id))
        return response

    def delete_integration_response(self, api_id: str, integration_id: str, integration_response_id: str):
        response = self._integration_response(api_id, integration_id, integration_response_id)
        self.integration_responses.delete(response)
        self._deploy_automatically(self._api(api_id))

    def _integration_response(self, api_id: str, integration_id: str, response_id: str) -> IntegrationResponse:
        self._integration(api_id, integration_id)
        response = self.integration_responses.get(api_id, integration_id, response_id)
        if response is None:
            raise not_found("IntegrationResponse", response_id)
        return response


def _check_proxy(integration: Integration):
    if not URL.fullmatch(integration.integration_uri or ""):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")
    if not integration.integration_method:
        raise BadRequestException("IntegrationMethod is a required parameter for HTTP_PROXY integration")
    if integration.payload_format_version != "1.0":
        raise BadRequestException("HTTP_PROXY integration supports the payload format version 1.0 only")


def _merged(before: dict | None, given: dict | None) -> dict | None:
    """Parameters with those that are changed; an empty text takes one out."""
    if given is None:
        return None
    return {key: value for key, value in {**(before or {}), **given}.items() if value != ""}
