"""What API Gateway keeps. Methods and integrations are kept as the client sees them: by their names on the wire."""

from dataclasses import dataclass, field
from typing import Any

DEFAULT_TTL_S = 300  # for which what an authorizer says holds


@dataclass(slots=True)
class Place:
    """Where an API or a custom domain is: requests to it name neither account nor region."""

    name: str
    account: str
    region: str
    target: str = ""  # of a domain's regional name: the domain

    @property
    def is_api(self) -> bool:
        return not self.target and "." not in self.name


@dataclass(slots=True)
class RestApi:
    id: str
    name: str
    created_date: float
    root_resource_id: str
    description: str | None = None
    version: str | None = None
    binary_media_types: list[str] = field(default_factory=list)
    minimum_compression_size: int | None = None
    api_key_source: str = "HEADER"
    endpoint_configuration: dict[str, Any] = field(default_factory=dict)
    policy: str | None = None
    disable_execute_api_endpoint: bool = False
    security_policy: str | None = None
    endpoint_access_mode: str | None = None


@dataclass(slots=True)
class Resource:
    api: str
    id: str
    path: str
    parent_id: str | None = None
    path_part: str | None = None
    resource_methods: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_greedy(self) -> bool:
        return (self.path_part or "").endswith("+}")

    @property
    def is_variable(self) -> bool:
        return (self.path_part or "").startswith("{")


@dataclass(slots=True)
class Model:
    api: str
    name: str
    id: str
    content_type: str
    schema: str
    description: str | None = None


@dataclass(slots=True)
class RequestValidator:
    api: str
    id: str
    name: str | None
    validate_request_body: bool = False
    validate_request_parameters: bool = False


@dataclass(slots=True)
class Authorizer:
    api: str
    id: str
    name: str
    type: str
    auth_type: str | None = None
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None

    @property
    def ttl_s(self) -> int:
        return DEFAULT_TTL_S if self.authorizer_result_ttl_in_seconds is None else self.authorizer_result_ttl_in_seconds


@dataclass(slots=True)
class GatewayResponse:
    """One that the user has set."""

    api: str
    response_type: str
    status_code: str | None
    response_parameters: dict[str, str]
    response_templates: dict[str, str]
    default_response: bool = False


@dataclass(slots=True)
class Deployment:
    """What was deployed lies in the table of snapshots."""

    api: str
    id: str
    created_date: float
    description: str | None = None


@dataclass(slots=True)
class Stage:
    api: str
    stage_name: str
    deployment_id: str
    created_date: float
    last_updated_date: float
    description: str | None = None
    cache_cluster_enabled: bool = False
    cache_cluster_size: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    documentation_version: str | None = None
    tracing_enabled: bool = False
    client_certificate_id: str | None = None
    method_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_log_settings: dict[str, str] = field(default_factory=dict)
    canary_settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ApiKey:
    id: str
    sealed_value: str
    name: str | None
    created_date: float
    last_updated_date: float
    enabled: bool = False
    description: str | None = None
    customer_id: str | None = None
    stage_keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class KeyValue:
    """The key that has a value, by the value's digest: what a request shows is the value."""

    digest: str
    key_id: str


@dataclass(slots=True)
class UsagePlan:
    id: str
    name: str
    created: float
    description: str | None = None
    api_stages: list[dict[str, Any]] = field(default_factory=list)
    throttle: dict[str, Any] = field(default_factory=dict)
    quota: dict[str, Any] = field(default_factory=dict)
    product_code: str | None = None


@dataclass(slots=True)
class UsagePlanKey:
    plan_id: str
    id: str
    type: str = "API_KEY"


@dataclass(slots=True)
class DomainName:
    domain_name: str
    created: float
    endpoint_configuration: dict[str, Any]
    domain_name_arn: str
    certificate_name: str | None = None
    certificate_arn: str | None = None
    certificate_upload_date: float | None = None
    regional_domain_name: str | None = None
    regional_hosted_zone_id: str | None = None
    regional_certificate_name: str | None = None
    regional_certificate_arn: str | None = None
    distribution_domain_name: str | None = None
    distribution_hosted_zone_id: str | None = None
    security_policy: str | None = "TLS_1_2"
    ownership_verification_certificate_arn: str | None = None
    domain_name_status: str = "AVAILABLE"


@dataclass(slots=True)
class BasePathMapping:
    domain: str
    base_path: str
    rest_api_id: str
    stage: str | None = None


@dataclass(slots=True)
class ClientCertificate:
    client_certificate_id: str
    created_date: float
    expiration_date: float
    pem_encoded_certificate: str
    sealed_key: str
    description: str | None = None


@dataclass(slots=True)
class DocumentationPart:
    api: str
    id: str
    location: dict[str, Any]
    properties: str


@dataclass(slots=True)
class DocumentationVersion:
    api: str
    version: str
    created_date: float
    description: str | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class AccountSettings:
    id: str = "account"
    cloudwatch_role_arn: str | None = None
