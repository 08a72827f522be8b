"""Routes: which requests go to which integration, and who may make them; and, of WebSocket APIs, what they answer."""

from glasshouse.core import NotSupported, ids
from glasshouse.services.apigatewayv2 import checks, route_keys
from glasshouse.services.apigatewayv2.errors import BadRequestException, ConflictException, not_found, too_many
from glasshouse.services.apigatewayv2.records import Api, Route, RouteResponse, change

MOST_ROUTES, MOST_SCOPES = 300, 10
AUTHORIZATION = ("NONE", "AWS_IAM", "CUSTOM", "JWT")


class Routes:
    """The routes of an API."""

    def create_route(
        self, api_id: str, route_key: str, api_key_required: bool | None = None,
        authorization_scopes: list | None = None, authorization_type: str | None = None,
        authorizer_id: str | None = None, model_selection_expression: str | None = None,
        operation_name: str | None = None, request_models: dict | None = None, request_parameters: dict | None = None,
        route_response_selection_expression: str | None = None, target: str | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        if len(list(self.routes.list(api_id))) >= MOST_ROUTES:
            raise too_many("Routes", "API")
        route = Route(
            api_id, ids.token(7, ids.LOWER), route_key, None, bool(api_key_required), authorization_type or "NONE",
            authorization_scopes, authorizer_id, model_selection_expression, operation_name, request_models,
            request_parameters, route_response_selection_expression, target,
        )  # fmt: skip
        self._put_route(api, route)
        self._deploy_automatically(api)
        return route

    def get_route(self, api_id: str, route_id: str):
        return self._route(api_id, route_id)

    def get_routes(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.routes.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_route(
        self, api_id: str, route_id: str, api_key_required: bool | None = None,
        authorization_scopes: list | None = None, authorization_type: str | None = None,
        authorizer_id: str | None = None, model_selection_expression: str | None = None,
        operation_name: str | None = None, request_models: dict | None = None, request_parameters: dict | None = None,
        route_key: str | None = None, route_response_selection_expression: str | None = None,
        target: str | None = None,
    ):  # fmt: skip
        api, route = self._api(api_id), self._route(api_id, route_id)
        settings = {
            "api_key_required": api_key_required, "authorization_scopes": authorization_scopes,
            "authorization_type": authorization_type, "authorizer_id": authorizer_id,
            "model_selection_expression": model_selection_expression, "operation_name": operation_name,
            "request_models": request_models, "request_parameters": request_parameters, "route_key": route_key,
            "route_response_selection_expression": route_response_selection_expression, "target": target,
        }  # fmt: skip
        change(route, settings)
        if route.authorization_type not in ("JWT", "CUSTOM"):
            route.authorizer_id = None
        if authorization_type and route.authorization_type != "JWT" and not authorization_scopes:
            route.authorization_scopes = None
        self._put_route(api, route)
        self._deploy_automatically(api)
        return route

    def delete_route(self, api_id: str, route_id: str):
        api, route = self._api(api_id), self._route(api_id, route_id)
        for response in list(self.route_responses.list(api_id, route_id)):
            self.route_responses.delete(response)
        self.routes.delete(route)
        for stage in list(self.stages.list(api_id)):
            if stage.route_settings.pop(route.route_key, None) is not None:
                self.stages.put(stage)
        self._deploy_automatically(api)

    def delete_route_request_parameter(self, api_id: str, route_id: str, request_parameter_key: str):
        api, route = self._api(api_id), self._route(api_id, route_id)
        if request_parameter_key not in (route.request_parameters or {}):
            raise not_found("request parameter", request_parameter_key)
        route.request_parameters = {
            key: value for key, value in (route.request_parameters or {}).items() if key != request_parameter_key
        }
        self.routes.put(route)
        self._deploy_automatically(api)

    # What a route answers

    def create_route_response(
        self, api_id: str, route_id: str, route_response_key: str, model_selection_expression: str | None = None,
        response_models: dict | None = None, response_parameters: dict | None = None,
    ):  # fmt: skip
        api, route = self._api(api_id), self._route(api_id, route_id)
        if any(one.route_response_key == route_response_key for one in self.route_responses.list(api_id, route_id)):
            raise ConflictException(f"Route response with key {route_response_key} already exists for this route")
        response = RouteResponse(
            api_id, route.route_id, ids.token(7, ids.LOWER), route_response_key, model_selection_expression,
            response_models, response_parameters,
        )  # fmt: skip
        self.route_responses.put(response)
        self._deploy_automatically(api)
        return response

    def get_route_response(self, api_id: str, route_id: str, route_response_id: str):
        return self._route_response(api_id, route_id, route_response_id)

    def get_route_responses(
        self, api_id: str, route_id: str, max_results: str | None = None, next_token: str | None = None
    ):
        self._route(api_id, route_id)
        page = self.route_responses.page(checks.page_size(max_results), next_token, api_id, route_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_route_response(
        self, api_id: str, route_id: str, route_response_id: str, model_selection_expression: str | None = None,
        response_models: dict | None = None, response_parameters: dict | None = None,
        route_response_key: str | None = None,
    ):  # fmt: skip
        response = self._route_response(api_id, route_id, route_response_id)
        settings = {
            "model_selection_expression": model_selection_expression, "response_models": response_models,
            "response_parameters": response_parameters, "route_response_key": route_response_key,
        }  # fmt: skip
        change(response, settings)
        self.route_responses.put(response)
        self._deploy_automatically(self._api(api_id))
        return response

    def delete_route_response(self, api_id: str, route_id: str, route_response_id: str):
        self.route_responses.delete(self._route_response(api_id, route_id, route_response_id))
        self._deploy_automatically(self._api(api_id))

    # Within

    def _route(self, api_id: str, route_id: str) -> Route:
        self._api(api_id)
        route = self.routes.get(api_id, route_id)
        if route is None:
            raise not_found("Route", route_id)
        return route

    def _route_response(self, api_id: str, route_id: str, route_response_id: str) -> RouteResponse:
        self._route(api_id, route_id)
        response = self.route_responses.get(api_id, route_id, route_response_id)
        if response is None:
            raise not_found("RouteResponse", route_response_id)
        return response

    def _put_route(self, api: Api, route: Route):
        """Keep a route that is as it should be. Raises BadRequestException, ConflictException."""
        others = [one.route_key for one in self.routes.list(api.api_id) if one.route_id != route.route_id]
        if api.is_http:
            route_keys.check(route.route_key, others)
            if route.api_key_required:
                raise BadRequestException("ApiKeyRequired is not currently supported for HTTP APIs")
        elif route.api_key_required:
            raise NotSupported("apigatewayv2: API keys of WebSocket APIs are not supported by Glasshouse yet")
        elif route.route_key != "$connect" and route.authorization_type != "NONE":
            raise BadRequestException("Currently, authorization is restricted to the $connect route only")
        elif route.route_key in others:
            raise ConflictException(f"Route with key {route.route_key} already exists for this API")
        checks.length(route.operation_name, 1, 64, "OperationName")
        self._check_authorization(route)
        if route.target and self.integrations.get(api.api_id, route.integration_id) is None:
            raise BadRequestException(f"Invalid target specified: {route.target}")
        self.routes.put(route)

    def _check_authorization(self, route: Route):
        kind = route.authorization_type
        checks.one_of(kind, AUTHORIZATION, "authorization type")
        if route.authorization_scopes and kind != "JWT":
            raise BadRequestException(
                "Invalid Route authorization type specified. Authorization Scopes are only valid for"
                " COGNITO_USER_POOLS and JWT authorization types"
            )
        if len(route.authorization_scopes or ()) > MOST_SCOPES:
            raise BadRequestException(f"A route may have at most {MOST_SCOPES} authorization scopes")
        authorizer = self.authorizers.get(route.api_id, route.authorizer_id) if route.authorizer_id else None
        if kind == "JWT" and (authorizer is None or authorizer.authorizer_type != "JWT"):
            raise BadRequestException(
                "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT"
                " authorizer."
            )
        if kind == "CUSTOM" and (authorizer is None or authorizer.authorizer_type != "REQUEST"):
            raise BadRequestException(
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS"
                " requires a valid authorizer."
            )
