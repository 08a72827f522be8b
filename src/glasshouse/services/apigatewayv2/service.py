"""API Gateway v2: HTTP and WebSocket APIs, which take what comes from the web to functions, to services or on.

Differs from AWS: what is deployed is served at once; an automatic deployment goes when a newer one replaces it; issuers
of tokens are asked for their keys when the first token comes, not when the authorizer is made; limits hold for stages
and routes as they are set, not for accounts. See `integrations` and `domains` for what is taken more lightly.
"""

import re
from urllib.parse import quote

from glasshouse.core import Service, Table
from glasshouse.core.call import partition
from glasshouse.services.apigatewayv2.apis import Apis
from glasshouse.services.apigatewayv2.authorization import Authorization
from glasshouse.services.apigatewayv2.authorizers import Authorizers
from glasshouse.services.apigatewayv2.deployments import Deployments
from glasshouse.services.apigatewayv2.domains import ApiMappings, Domains
from glasshouse.services.apigatewayv2.errors import BadRequestException
from glasshouse.services.apigatewayv2.first_class import FirstClass
from glasshouse.services.apigatewayv2.functions import Functions
from glasshouse.services.apigatewayv2.imports import Imports
from glasshouse.services.apigatewayv2.integrations import IntegrationResponses, Integrations
from glasshouse.services.apigatewayv2.models import Models
from glasshouse.services.apigatewayv2.proxying import Proxying
from glasshouse.services.apigatewayv2.records import (
    Address,
    Api,
    ApiMapping,
    Authorizer,
    CachedAnswer,
    Connection,
    Deployment,
    DomainName,
    Integration,
    IntegrationResponse,
    Issuer,
    Model,
    Route,
    RouteResponse,
    Snapshot,
    Stage,
)
from glasshouse.services.apigatewayv2.routes import Routes
from glasshouse.services.apigatewayv2.serving import Serving
from glasshouse.services.apigatewayv2.socket_integrations import SocketIntegrations
from glasshouse.services.apigatewayv2.socket_serving import SocketServing
from glasshouse.services.apigatewayv2.stages import Stages
from glasshouse.services.apigatewayv2.tagging import Tagging
from glasshouse.services.apigatewayv2.tokens import Tokens

_LABEL = re.compile(r"\{([\w-]+)\}")


class ApiGatewayV2(
    Apis, Routes, Integrations, IntegrationResponses, Stages, Deployments, Authorizers, Domains, ApiMappings, Models,
    Tagging, Imports, Serving, Authorization, Tokens, Functions, FirstClass, Proxying, SocketServing,
    SocketIntegrations, Service,
):  # fmt: skip
    name = "apigatewayv2"
    principal = "apigateway"
    invalid_page_token = BadRequestException
    apis = Table(Api, key="api_id")
    addresses = Table(Address, key="host", scope="cloud")
    routes = Table(Route, key=("api_id", "route_id"))
    route_responses = Table(RouteResponse, key=("api_id", "route_id", "route_response_id"))
    integrations = Table(Integration, key=("api_id", "integration_id"))
    integration_responses = Table(IntegrationResponse, key=("api_id", "integration_id", "integration_response_id"))
    stages = Table(Stage, key=("api_id", "stage_name"))
    deployments = Table(Deployment, key=("api_id", "deployment_id"))
    snapshots = Table(Snapshot, key=("api_id", "deployment_id"))
    authorizers = Table(Authorizer, key=("api_id", "authorizer_id"))
    models = Table(Model, key=("api_id", "model_id"))
    domain_names = Table(DomainName, key="domain_name")
    mappings = Table(ApiMapping, key=("domain_name", "api_mapping_id"))
    issuers = Table(Issuer, key="issuer")
    connections = Table(Connection, key=("api_id", "connection_id"))
    answers = Table(CachedAnswer, key=("authorizer", "identity"))

    _invoked_arn: str | None = None  # what a visitor calls, while the question is whether he may

    def resource_arns(self, params: dict) -> list[str] | None:
        """An API's path as it is called, or the path of the operation itself: `/apis/{apiId}/routes`."""
        if self._invoked_arn:
            return [self._invoked_arn]
        path = self.cloud.model.operation(self.name, self.call.operation).request_uri.removeprefix("/v2")
        given = {f"{name[0].lower()}{name[1:]}": value for name, value in params.items()}
        given["resource-arn"] = params.get("ResourceArn", "")
        return [self._arn(_LABEL.sub(lambda label: quote(str(given.get(label[1], "")), safe="$"), path))]

    def _arn(self, path: str) -> str:
        """ARNs of API Gateway name no account."""
        return f"arn:{partition(self.call.region)}:apigateway:{self.call.region}::{path}"

    def _domain_suffix(self) -> str:
        return "amazonaws.com.cn" if self.call.region.startswith("cn-") else "amazonaws.com"
