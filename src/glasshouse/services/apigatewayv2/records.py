"""What API Gateway v2 keeps: APIs, and what each of them is made of. Times are epoch seconds."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Api:
    api_id: str
    name: str
    protocol_type: str
    created_date: float
    route_selection_expression: str
    api_key_selection_expression: str = "$request.header.x-api-key"
    cors_configuration: dict | None = None
    description: str | None = None
    disable_schema_validation: bool | None = None
    disable_execute_api_endpoint: bool = False
    ip_address_type: str = "ipv4"
    version: str | None = None
    import_info: list[str] | None = None
    warnings: list[str] | None = None

    @property
    def is_http(self) -> bool:
        return self.protocol_type == "HTTP"


@dataclass(slots=True)
class Address:
    """Where what a host name names is kept: an API's id, or the name that API Gateway gives to a custom domain."""

    host: str
    account: str
    region: str
    domain_name: str | None = None


@dataclass(slots=True)
class Route:
    api_id: str
    route_id: str
    route_key: str
    api_gateway_managed: bool | None = None
    api_key_required: bool = False
    authorization_type: str = "NONE"
    authorization_scopes: list[str] | None = None
    authorizer_id: str | None = None
    model_selection_expression: str | None = None
    operation_name: str | None = None
    request_models: dict | None = None
    request_parameters: dict | None = None
    route_response_selection_expression: str | None = None
    target: str | None = None

    @property
    def integration_id(self) -> str:
        return (self.target or "").removeprefix("integrations/")


@dataclass(slots=True)
class RouteResponse:
    api_id: str
    route_id: str
    route_response_id: str
    route_response_key: str
    model_selection_expression: str | None = None
    response_models: dict | None = None
    response_parameters: dict | None = None


@dataclass(slots=True)
class Integration:
    api_id: str
    integration_id: str
    integration_type: str
    api_gateway_managed: bool | None = None
    connection_id: str | None = None
    connection_type: str = "INTERNET"
    content_handling_strategy: str | None = None
    credentials_arn: str | None = None
    description: str | None = None
    integration_method: str | None = None
    integration_response_selection_expression: str | None = None
    integration_subtype: str | None = None
    integration_uri: str | None = None
    passthrough_behavior: str | None = None
    payload_format_version: str = "1.0"
    request_parameters: dict | None = None
    request_templates: dict | None = None
    response_parameters: dict | None = None
    template_selection_expression: str | None = None
    timeout_in_millis: int = 30_000
    tls_config: dict | None = None


@dataclass(slots=True)
class IntegrationResponse:
    api_id: str
    integration_id: str
    integration_response_id: str
    integration_response_key: str
    content_handling_strategy: str | None = None
    response_parameters: dict | None = None
    response_templates: dict | None = None
    template_selection_expression: str | None = None


@dataclass(slots=True)
class Authorizer:
    api_id: str
    authorizer_id: str
    name: str
    authorizer_type: str
    identity_source: list[str] = field(default_factory=list)
    authorizer_credentials_arn: str | None = None
    authorizer_payload_format_version: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    authorizer_uri: str | None = None
    enable_simple_responses: bool | None = None
    identity_validation_expression: str | None = None
    jwt_configuration: dict | None = None


@dataclass(slots=True)
class Model:
    api_id: str
    model_id: str
    name: str
    schema: str
    content_type: str | None = None
    description: str | None = None


@dataclass(slots=True)
class Stage:
    api_id: str
    stage_name: str
    created_date: float
    last_updated_date: float
    default_route_settings: dict
    auto_deploy: bool | None = None
    api_gateway_managed: bool | None = None
    access_log_settings: dict | None = None
    client_certificate_id: str | None = None
    deployment_id: str | None = None
    description: str | None = None
    last_deployment_status_message: str | None = None
    route_settings: dict = field(default_factory=dict)
    stage_variables: dict = field(default_factory=dict)


@dataclass(slots=True)
class Deployment:
    api_id: str
    deployment_id: str
    created_date: float
    auto_deployed: bool = False
    deployment_status: str = "DEPLOYED"
    description: str | None = None


@dataclass(slots=True)
class Snapshot:
    """What an API was when it was deployed. Nothing in it changes."""

    api_id: str
    deployment_id: str
    protocol_type: str
    route_selection_expression: str
    disable_execute_api_endpoint: bool
    cors_configuration: dict | None
    routes: list[Route]
    integrations: list[Integration]
    authorizers: list[Authorizer]
    route_responses: list[RouteResponse]
    integration_responses: list[IntegrationResponse]


@dataclass(slots=True)
class DomainName:
    domain_name: str
    domain_name_configurations: list[dict]
    mutual_tls_authentication: dict | None = None
    routing_mode: str = "API_MAPPING_ONLY"
    api_mapping_selection_expression: str = "$request.basepath"


@dataclass(slots=True)
class ApiMapping:
    domain_name: str
    api_mapping_id: str
    api_id: str
    stage: str
    api_mapping_key: str = ""


@dataclass(slots=True)
class Connection:
    """A client of a WebSocket API that is connected: what it said when it came, and who it is."""

    api_id: str
    connection_id: str
    stage_name: str
    connected: float
    domain_name: str
    source_ip: str
    user_agent: str
    headers: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    authorizer: dict[str, Any] = field(default_factory=dict)
    principal_id: str | None = None

    @property
    def place(self) -> str:
        return f"{self.api_id}/{self.stage_name}"


@dataclass(slots=True)
class Issuer:
    """The keys that an issuer of tokens was last seen to publish; `sought` has those that were looked for in vain."""

    issuer: str
    keys: list[dict[str, Any]] = field(default_factory=list)
    fetched: float = 0.0
    failure: str | None = None
    sought: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class CachedAnswer:
    """What an authorizer said about somebody, for as long as it may be repeated."""

    authorizer: str  # API, stage and authorizer
    identity: str
    until: float
    answer: dict


def values(record: Any, **more: Any) -> dict[str, Any]:
    """A record as a mapping, with what a client sees beside it."""
    return {one.name: getattr(record, one.name) for one in fields(record)} | more


def change(record: Any, given: dict[str, Any]):
    """Set what was given; what is None was not."""
    for name, value in given.items():
        if value is not None:
            setattr(record, name, value)
