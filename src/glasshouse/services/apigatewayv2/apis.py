"""APIs: made (whole, or at one stroke with a route and a stage), described, changed and deleted."""

from glasshouse.core import ids
from glasshouse.services.apigatewayv2 import checks, cors
from glasshouse.services.apigatewayv2.errors import BadRequestException, not_found, too_many
from glasshouse.services.apigatewayv2.records import Address, Api, Integration, Route, change, values

MOST_APIS = 600
EXPRESSIONS = {"HTTP": "$request.method $request.path", "WEBSOCKET": "$request.body.action"}
QUICK = "$default"


class Apis:
    """The APIs of an account in a region."""

    def create_api(
        self, name: str, protocol_type: str, api_key_selection_expression: str | None = None,
        cors_configuration: dict | None = None, credentials_arn: str | None = None, description: str | None = None,
        disable_schema_validation: bool | None = None, disable_execute_api_endpoint: bool | None = None,
        ip_address_type: str | None = None, route_key: str | None = None,
        route_selection_expression: str | None = None, tags: dict | None = None, target: str | None = None,
        version: str | None = None,
    ):  # fmt: skip
        if protocol_type not in EXPRESSIONS:
            raise BadRequestException("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
        if protocol_type == "WEBSOCKET":
            _check_socket(route_selection_expression, target, cors_configuration)
        checks.length(name, 1, 128, "Name")
        checks.tags(tags)
        cors.check(cors_configuration)
        api = self._new_api(name, protocol_type, route_selection_expression)
        settings = {
            "api_key_selection_expression": api_key_selection_expression, "cors_configuration": cors_configuration,
            "description": description, "disable_schema_validation": disable_schema_validation,
            "disable_execute_api_endpoint": disable_execute_api_endpoint, "ip_address_type": ip_address_type,
            "version": version,
        }  # fmt: skip
        self._change_api(api, settings)
        self.cloud.tags.add(self._api_arn(api), tags)
        if target:
            self._create_quickly(api, target, route_key, credentials_arn)
        return self._shown_api(api)

    def get_api(self, api_id: str):
        return self._shown_api(self._api(api_id))

    def get_apis(self, max_results: str | None = None, next_token: str | None = None):
        page = self.apis.page(checks.page_size(max_results), next_token)
        return {"Items": [self._shown_api(api) for api in page.records], "NextToken": page.next_token}

    def update_api(
        self, api_id: str, api_key_selection_expression: str | None = None, cors_configuration: dict | None = None,
        credentials_arn: str | None = None, description: str | None = None,
        disable_schema_validation: bool | None = None, disable_execute_api_endpoint: bool | None = None,
        ip_address_type: str | None = None, name: str | None = None, route_key: str | None = None,
        route_selection_expression: str | None = None, target: str | None = None, version: str | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        checks.length(name, 1, 128, "Name")
        cors.check(cors_configuration)
        settings = {
            "api_key_selection_expression": api_key_selection_expression, "cors_configuration": cors_configuration,
            "description": description, "disable_schema_validation": disable_schema_validation,
            "disable_execute_api_endpoint": disable_execute_api_endpoint, "ip_address_type": ip_address_type,
            "name": name, "route_selection_expression": route_selection_expression, "version": version,
        }  # fmt: skip
        self._change_api(api, settings)
        if target or route_key or credentials_arn:
            self._change_quickly(api, target, route_key, credentials_arn)
        self._deploy_automatically(api)
        return self._shown_api(api)

    def delete_api(self, api_id: str):
        api = self._api(api_id)
        if any(mapping.api_id == api_id for mapping in self.mappings.list()):
            raise BadRequestException("Please remove all base path mappings related to the API in your domains.")
        for stage in list(self.stages.list(api_id)):
            self._discard_stage(stage)
        self._hang_up_on_all(api_id)
        for rows in (self.deployments, self.snapshots):
            for record in list(rows.list(api_id)):
                rows.delete(record)
        self._discard_parts(api_id)
        self.cloud.tags.clear(self._api_arn(api))
        self.addresses.delete(Address(api_id, self.call.account, self.call.region))
        self.apis.delete(api)

    def delete_cors_configuration(self, api_id: str):
        api = self._api(api_id)
        api.cors_configuration = None
        self.apis.put(api)
        self._deploy_automatically(api)

    # Within

    def _new_api(self, name: str, protocol_type: str, expression: str | None) -> Api:
        if len(self.apis.keys()) >= MOST_APIS:
            raise too_many("APIs", "account")
        api_id = ids.token(10, ids.LOWER)
        self.addresses.put(Address(api_id, self.call.account, self.call.region))
        return Api(api_id, name, protocol_type, self.now, expression or EXPRESSIONS[protocol_type])

    def _change_api(self, api: Api, settings: dict):
        checks.length(settings["description"], 0, 1024, "Description")
        checks.length(settings["version"], 0, 64, "Version")
        checks.one_of(settings["ip_address_type"], ("ipv4", "dualstack"), "IP address type")
        change(api, settings)
        self.apis.put(api)

    def _api(self, api_id: str) -> Api:
        api = self.apis.get(api_id)
        if api is None:
            raise not_found("API", f"{self.call.account}:{api_id}")
        return api

    def _discard_parts(self, api_id: str):
        """Delete what an API is made of."""
        for rows in (
            self.routes, self.route_responses, self.integrations, self.integration_responses, self.authorizers,
            self.models,
        ):  # fmt: skip
            for record in list(rows.list(api_id)):
                rows.delete(record)

    def _api_arn(self, api: Api) -> str:
        return self._arn(f"/apis/{api.api_id}")

    def _shown_api(self, api: Api) -> dict:
        scheme = "https" if api.is_http else "wss"
        endpoint = f"{scheme}://{api.api_id}.execute-api.{self.call.region}.{self._domain_suffix()}"
        return values(api, ApiEndpoint=endpoint, Tags=self.cloud.tags.of(self._api_arn(api)))

    # Quick create: an integration, a route to it and a stage, which the client need not know of

    def _create_quickly(self, api: Api, target: str, route_key: str | None, credentials_arn: str | None):
        integration = self._put_integration(_quick_integration(api, target, credentials_arn))
        self._put_route(
            api,
            Route(
                api.api_id, ids.token(7, ids.LOWER), route_key or QUICK, api_gateway_managed=True,
                target=f"integrations/{integration.integration_id}",
            ),
        )  # fmt: skip
        self._put_stage(api, QUICK, {"auto_deploy": True, "api_gateway_managed": True}, None)

    def _change_quickly(self, api: Api, target: str | None, route_key: str | None, credentials_arn: str | None):
        integration = next((one for one in self.integrations.list(api.api_id) if one.api_gateway_managed), None)
        route = next((one for one in self.routes.list(api.api_id) if one.api_gateway_managed), None)
        if integration is None or route is None:
            if not target:
                raise BadRequestException("Target is required: the API was not made by quick create")
            self._create_quickly(api, target, route_key, credentials_arn)
            return
        if target:
            fresh = _quick_integration(api, target, credentials_arn or integration.credentials_arn)
            fresh.integration_id = integration.integration_id
            integration = fresh
        integration.credentials_arn = credentials_arn or integration.credentials_arn
        self._put_integration(integration)
        if route_key and route_key != route.route_key:
            route.route_key = route_key
            self._put_route(api, route)


def _check_socket(expression: str | None, target: str | None, cors_configuration: dict | None):
    if not expression:
        raise BadRequestException("Route selection expression is required for WEBSOCKET protocol")
    if target or cors_configuration is not None:
        raise BadRequestException("Quick create and CORS are supported only for HTTP APIs")


def _quick_integration(api: Api, target: str, credentials_arn: str | None) -> Integration:
    """A function is called in format 2.0, a URL as it was asked for."""
    integration_id = ids.token(7, ids.LOWER)
    if target.startswith("arn:"):
        return Integration(
            api.api_id, integration_id, "AWS_PROXY", True, integration_method="POST", integration_uri=target,
            payload_format_version="2.0", credentials_arn=credentials_arn,
        )  # fmt: skip
    if not checks.is_url(target):
        raise BadRequestException(f"Invalid target specified: {target}. A target is a function's ARN or a URL")
    return Integration(
        api.api_id, integration_id, "HTTP_PROXY", True, integration_method="ANY", integration_uri=target,
        credentials_arn=credentials_arn,
    )  # fmt: skip
