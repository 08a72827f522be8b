"""OpenAPI 3.0: reading a definition of an HTTP API, with the extensions that API Gateway has given it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html. What the definition means comes
out as plain settings; nothing is made here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from glasshouse.core import documents
from glasshouse.services.apigatewayv2.errors import BadRequestException
from glasshouse.services.apigatewayv2.openapi_shape import differences

VERSION = re.compile(r"3\.0\.\d+|3\.0")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY_METHOD, INTEGRATION = "x-amazon-apigateway-any-method", "x-amazon-apigateway-integration"
AUTHORIZER, AUTH_TYPE = "x-amazon-apigateway-authorizer", "x-amazon-apigateway-authtype"
CORS, SHARED = "x-amazon-apigateway-cors", "x-amazon-apigateway-integrations"
ENDPOINTS, TAG = "x-amazon-apigateway-endpoint-configuration", "x-amazon-apigateway-tag-value"
CORS_MEMBERS = {
    "allowOrigins": "AllowOrigins", "allowCredentials": "AllowCredentials", "exposeHeaders": "ExposeHeaders",
    "maxAge": "MaxAge", "allowMethods": "AllowMethods", "allowHeaders": "AllowHeaders",
}  # fmt: skip
SETTINGS = {
    "httpMethod": "integration_method", "uri": "integration_uri", "payloadFormatVersion": "payload_format_version",
    "connectionType": "connection_type", "connectionId": "connection_id", "credentials": "credentials_arn",
    "timeoutInMillis": "timeout_in_millis", "integrationSubtype": "integration_subtype",
    "requestParameters": "request_parameters", "responseParameters": "response_parameters",
    "description": "description", "tlsConfig": "tls_config",
}  # fmt: skip
MOST_ERRORS = 20  # that are told
IGNORED = ("requestBody", "parameters", "callbacks")


@dataclass(slots=True)
class Operation:
    """One operation of a path, as a route."""

    path: str
    method: str  # as the definition names it
    definition: dict[str, Any]

    @property
    def route_key(self) -> str:
        if self.definition.get("isDefaultRoute") or self.path == "/$default":
            return "$default"
        return f"{'ANY' if self.method == ANY_METHOD else self.method.upper()} {self.path}"

    @property
    def place(self) -> str:
        return f"paths.'{self.path}'({'any' if self.method == ANY_METHOD else self.method})"


@dataclass(slots=True)
class Definition:
    """A definition that has been read; `notes` tell what of it is ignored, `warnings` what of it is wrong."""

    document: dict[str, Any]
    base_path: str = ""
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def info(self) -> dict[str, Any]:
        return self.document.get("info") or {}

    @property
    def components(self) -> dict[str, Any]:
        return self.document.get("components") or {}

    @property
    def cors(self) -> dict[str, Any] | None:
        rules = self.document.get(CORS)
        if rules is None:
            return None
        return {member: rules[name] for name, member in CORS_MEMBERS.items() if name in rules}

    @property
    def tags(self) -> dict[str, str]:
        return {tag["name"]: str(tag[TAG]) for tag in self.document.get("tags") or () if "name" in tag and TAG in tag}

    @property
    def hides_endpoint(self) -> bool | None:
        """Whether the API's own endpoint is switched off."""
        for server in self.document.get("servers") or ():
            if settings := server.get(ENDPOINTS):
                return settings.get("disableExecuteApiEndpoint")
        return None

    def operations(self) -> Iterator[Operation]:
        for path, item in (self.document.get("paths") or {}).items():
            for method in (*METHODS, ANY_METHOD):
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    whole = path if path == "/$default" else f"{self.base_path}{path}"
                    yield Operation(whole, method, item[method])

    def integration(self, operation: Operation) -> tuple[str | None, dict[str, Any]] | None:
        """(the name it is shared by, its settings) of an operation's integration."""
        given = operation.definition.get(INTEGRATION)
        if given is None:
            return None
        name = given.get("$ref")
        if name is not None:
            given = (self.components.get(SHARED) or {}).get(name.rpartition("/")[2])
            if given is None:
                raise error(f"Unable to resolve reference {name}")
        settings: dict[str, Any] = {name_: given[key] for key, name_ in SETTINGS.items() if key in given}
        if "payload_format_version" in settings:
            settings["payload_format_version"] = str(settings["payload_format_version"])
        if settings.get("tls_config"):
            settings["tls_config"] = {"ServerNameToVerify": settings["tls_config"].get("serverNameToVerify")}
        return name, {"type": str(given.get("type", "")).upper(), **settings}

    def security(self, operation: Operation) -> tuple[str, list[str]] | None:
        """(the security scheme, the scopes) that an operation asks for."""
        wanted = operation.definition.get("security", self.document.get("security")) or []
        if len(wanted) > 1 or any(len(one) > 1 for one in wanted):
            raise error(f"Multiple security requirements are not supported: {operation.route_key}")
        return next(((name, list(scopes or ())) for one in wanted for name, scopes in one.items()), None)

    def scheme(self, name: str) -> dict[str, Any]:
        found = (self.components.get("securitySchemes") or {}).get(name)
        if found is None:
            raise error(f"The security scheme {name} is not defined")
        return found


def read(text: str, base_path_mode: str | None) -> Definition:
    """Raises BadRequestException."""
    document = _parsed(text)
    if not VERSION.fullmatch(str(document.get("openapi", ""))):
        raise error("Invalid OpenAPI version specified. HTTP APIs support only the OpenAPI 3.0 specification")
    if wrong := list(differences(document)):
        raise error("\n\t".join(wrong[:MOST_ERRORS]))
    if not (document.get("info") or {}).get("title"):
        raise error("The title of the API must be specified")
    definition = Definition(document, _base_path(document, base_path_mode))
    for operation in definition.operations():
        definition.notes += [
            f"{name} of {operation.place} is not supported and was ignored"
            for name in IGNORED if name in operation.definition
        ]  # fmt: skip
        definition.warnings += _missing(definition, operation)
    return definition


def error(text: str) -> BadRequestException:
    return BadRequestException(f"Errors found during import:\n\t{text}")


def authorizer(scheme: dict[str, Any]) -> dict[str, Any] | None:
    """The settings of the authorizer that a security scheme defines, by the names of its record."""
    given = scheme.get(AUTHORIZER)
    if given is None:
        return None
    sources = given.get("identitySource") or []
    sources = sources if isinstance(sources, list) else str(sources).split(",")
    rules = given.get("jwtConfiguration")
    if rules is not None:
        discovery = scheme.get("openIdConnectUrl") or ""
        issuer = rules.get("issuer") or discovery.removesuffix("/.well-known/openid-configuration")
        rules = {"Issuer": issuer, "Audience": rules.get("audience") or []}
    version = given.get("authorizerPayloadFormatVersion")
    ttl = given.get("authorizerResultTtlInSeconds")
    return {
        "authorizer_type": str(given.get("type", "")).upper(),
        "identity_source": [text for one in sources if (text := str(one).strip())],
        "authorizer_uri": given.get("authorizerUri"), "authorizer_credentials_arn": given.get("authorizerCredentials"),
        "authorizer_payload_format_version": version and str(version),
        "authorizer_result_ttl_in_seconds": None if ttl is None else int(ttl),
        "enable_simple_responses": given.get("enableSimpleResponses"), "jwt_configuration": rules,
    }  # fmt: skip


def _parsed(text: str) -> dict[str, Any]:
    """JSON, or YAML."""
    try:
        document = documents.read(text)
    except ValueError:
        import yaml

        try:
            document = yaml.safe_load(text)
        except (
            yaml.YAMLError,
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as failure:  # tags that do not fit
            raise error(f"Unable to parse the definition: {failure}") from None
    if not isinstance(document, dict):
        raise error("Invalid OpenAPI input")
    return document


def _base_path(document: dict[str, Any], mode: str | None) -> str:
    """What stands before each path: the path of the server's URL, all of it or without its first segment."""
    server = next(iter(document.get("servers") or ()), {})
    url = server.get("url") or ""
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str((variable or {}).get("default", "")))
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError as failure:
        raise error(f"Invalid URL of a server: {failure}") from None
    if mode == "prepend":
        return path
    return "/".join(["", *path.split("/")[2:]]).rstrip("/") if mode == "split" else ""


def _missing(definition: Definition, operation: Operation) -> Iterator[str]:
    """References of an operation to schemas that are not there."""
    schemas = definition.components.get("schemas") or {}
    bodies = {"requestBody": operation.definition.get("requestBody")}
    for status, response in (operation.definition.get("responses") or {}).items():
        bodies[f"responses.{status}"] = response
    for name, body in bodies.items():
        for media in ((body or {}).get("content") or {}).values():
            reference = ((media or {}).get("schema") or {}).get("$ref") or ""
            if reference.startswith("#/components/schemas/") and reference.rpartition("/")[2] not in schemas:
                yield f"Parse issue: attribute {operation.place}.{name}.content.schema.{reference} is missing"
