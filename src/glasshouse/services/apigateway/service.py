"""API Gateway: REST APIs, from their description to the requests that they serve.

Differs from AWS: what is deployed is served at once; API Gateway's own rate limits for accounts do not hold; private
APIs are served to everybody whom their policy lets in; client certificates are made, but not shown to backends. User
pools, VPC links, SDKs and streamed answers are refused. See `domains` for custom domains.
"""

import re
from urllib.parse import quote

from glasshouse.core import Service, Table
from glasshouse.core.call import arn
from glasshouse.services.apigateway.apis import Apis
from glasshouse.services.apigateway.asking_authorizers import AskingAuthorizers
from glasshouse.services.apigateway.authorizers import Authorizers
from glasshouse.services.apigateway.authorizing import Authorizing
from glasshouse.services.apigateway.caching import Caching
from glasshouse.services.apigateway.deployments import Deployments
from glasshouse.services.apigateway.documentation import Documentation
from glasshouse.services.apigateway.domains import Domains
from glasshouse.services.apigateway.errors import BadRequestException
from glasshouse.services.apigateway.exporting import Exporting
from glasshouse.services.apigateway.finding import Finding
from glasshouse.services.apigateway.functions import Functions
from glasshouse.services.apigateway.gateway_responses import GatewayResponses
from glasshouse.services.apigateway.importing import Importing
from glasshouse.services.apigateway.integrating import Integrating
from glasshouse.services.apigateway.integrations import Integrations
from glasshouse.services.apigateway.keys import Keys
from glasshouse.services.apigateway.limits import Limits
from glasshouse.services.apigateway.log_lines import Telling
from glasshouse.services.apigateway.methods import Methods
from glasshouse.services.apigateway.models import Models
from glasshouse.services.apigateway.plans import Plans
from glasshouse.services.apigateway.records import (
    AccountSettings,
    ApiKey,
    Authorizer,
    BasePathMapping,
    ClientCertificate,
    Deployment,
    DocumentationPart,
    DocumentationVersion,
    DomainName,
    GatewayResponse,
    KeyValue,
    Model,
    Place,
    RequestValidator,
    Resource,
    RestApi,
    Stage,
    UsagePlan,
    UsagePlanKey,
)
from glasshouse.services.apigateway.resources import Resources
from glasshouse.services.apigateway.serving import Serving
from glasshouse.services.apigateway.settings import Settings
from glasshouse.services.apigateway.stages import Stages
from glasshouse.services.apigateway.testing import Testing

LABEL = re.compile(r"\{([\w-]+)\}")


class ApiGateway(
    Apis, Resources, Methods, Integrations, Models, Authorizers, GatewayResponses, Deployments, Stages, Keys, Plans,
    Domains, Documentation, Settings, Importing, Exporting, Finding, Serving, Authorizing, AskingAuthorizers, Limits,
    Caching, Integrating, Functions, Telling, Testing, Service,
):  # fmt: skip
    name = "apigateway"
    invalid_page_token = BadRequestException
    places = Table(Place, key="name", scope="cloud")
    apis = Table(RestApi, key="id")
    resources = Table(Resource, key=("api", "id"))
    models = Table(Model, key=("api", "name"))
    validators = Table(RequestValidator, key=("api", "id"))
    authorizers = Table(Authorizer, key=("api", "id"))
    responses = Table(GatewayResponse, key=("api", "response_type"))
    deployments = Table(Deployment, key=("api", "id"))
    stages = Table(Stage, key=("api", "stage_name"))
    keys = Table(ApiKey, key="id")
    key_values = Table(KeyValue, key="digest")
    plans = Table(UsagePlan, key="id")
    plan_keys = Table(UsagePlanKey, key=("plan_id", "id"))
    domains = Table(DomainName, key="domain_name")
    mappings = Table(BasePathMapping, key=("domain", "base_path"))
    certificates = Table(ClientCertificate, key="client_certificate_id")
    parts = Table(DocumentationPart, key=("api", "id"))
    versions = Table(DocumentationVersion, key=("api", "version"))
    account_settings = Table(AccountSettings, key="id")

    def resource_arns(self, params: dict) -> list[str] | None:
        """The path of the operation itself: `/restapis/{id}/resources`."""
        operation = self.cloud.model.operation(self.name, self.call.operation)
        given = {_joined(member): value for member, value in params.items()}
        path = operation.request_uri.partition("?")[0]
        return [self._arn(LABEL.sub(lambda label: quote(str(given.get(_joined(label[1]), "*")), safe="$:/*"), path))]

    def _execute_arn(self, api_id: str) -> str:
        """What callers of an API call."""
        return arn("execute-api", api_id, self.call.region, self.call.account)


def _joined(name: str) -> str:
    """The labels of paths are spelled otherwise than the members they stand for: restapi_id, restApiId."""
    return name.replace("_", "").lower()
