"""APIs from OpenAPI documents, with API Gateway's extensions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html. What a document does
not say stays as it is in `merge` mode, and goes in `overwrite` mode; deployments and stages stay in either.
"""

import json
import re
from typing import Any

from glasshouse.core import ids
from glasshouse.core.errors import NotSupported
from glasshouse.services.apigateway.apis import checked_endpoint
from glasshouse.services.apigateway.authorizers import check as check_authorizer
from glasshouse.services.apigateway.errors import BadRequestException
from glasshouse.services.apigateway.gateway_responses import STATUSES, TEMPLATES
from glasshouse.services.apigateway.imported_methods import MethodReader
from glasshouse.services.apigateway.openapi import Document
from glasshouse.services.apigateway.records import (
    Authorizer,
    GatewayResponse,
    Model,
    RequestValidator,
    Resource,
    RestApi,
)
from glasshouse.services.apigateway.resources import PART
from glasshouse.services.apigateway.schemas import ADDRESS, referred

MODES = ("merge", "overwrite")
NOT_ALPHANUMERIC = re.compile(r"[^a-zA-Z0-9]")


class Importing:
    def import_rest_api(self, body: bytes, fail_on_warnings: bool = False, parameters: dict | None = None):
        document = Document(bytes(body))
        options = parameters or {}
        endpoint = {"types": [one.strip() for one in options["endpointConfigurationTypes"].split(",")]} if (
            "endpointConfigurationTypes" in options
        ) else None  # fmt: skip
        api = RestApi(
            self._new_api_id(), _title(document), self.now, ids.token(10, ids.LOWER),
            endpoint_configuration=checked_endpoint(endpoint),
        )  # fmt: skip
        self._put_new_api(api, None)
        self._take_over(api, document, options)
        return self._imported(api, document, fail_on_warnings)

    def put_rest_api(
        self, rest_api_id: str, body: bytes, mode: str = "merge", fail_on_warnings: bool = False,
        parameters: dict | None = None,
    ):  # fmt: skip
        api = self._api(rest_api_id)
        if mode not in MODES:
            raise BadRequestException('Enumeration value of OpenAPI import mode must be "overwrite" or "merge"')
        document = Document(bytes(body))
        if mode == "overwrite":
            self._clear(api)
            api.name = _title(document)
        self._take_over(api, document, parameters or {})
        return self._imported(api, document, fail_on_warnings)

    # Within

    def _imported(self, api: RestApi, document: Document, fail_on_warnings: bool):
        if document.warnings and fail_on_warnings:
            raise BadRequestException(f"Warnings found during import:\n\t{chr(10).join(document.warnings)}")
        self.apis.put(api)
        return self._shown_api(api, always_tags=False, warnings=document.warnings or None)

    def _clear(self, api: RestApi):
        """Take away what a document describes."""
        for table in (self.resources, self.models, self.validators, self.authorizers, self.responses, self.parts):
            for record in list(table.list(api.id)):
                table.delete(record)
        api.root_resource_id = ids.token(10, ids.LOWER)
        api.binary_media_types, api.minimum_compression_size = [], None
        api.description = api.version = api.policy = None
        api.api_key_source, api.disable_execute_api_endpoint = "HEADER", False
        self.resources.put(Resource(api.id, api.root_resource_id, "/"))

    def _take_over(self, api: RestApi, document: Document, options: dict[str, str]):
        self._set_members(api, document)
        for name, schema in document.schemas.items():
            self._put_imported_model(api, name, schema)
        validators = self._import_validators(api, document)
        authorizers = self._import_authorizers(api, document)
        for kind, given in (document.extension("gateway-responses") or {}).items():
            self._import_response(api, kind, given or {})
        documentation = document.extension("documentation")
        if documentation and options.get("ignore") != "documentation":
            self._import_parts(api.id, documentation.get("documentationParts") or [])
        reader = MethodReader(
            document, validators, authorizers, lambda name, schema: self._put_imported_model(api, name, schema)
        )
        base = document.base_path(options.get("basepath", "ignore"))
        for path in document.root["paths"]:
            if path.startswith("/"):
                self._import_path(api, f"{base}{path}", document.operations(path), reader)

    def _set_members(self, api: RestApi, document: Document):
        api.description = document.info.get("description") or api.description
        if document.info.get("version") is not None:
            api.version = str(document.info["version"])
        api.binary_media_types = list(document.extension("binary-media-types") or api.binary_media_types)
        compression = document.extension("minimum-compression-size")
        if compression is not None:
            api.minimum_compression_size = int(compression)
        api.api_key_source = str(document.extension("api-key-source") or api.api_key_source).upper()
        policy = document.extension("policy")
        if policy:
            api.policy = self._checked_policy(api, policy if isinstance(policy, str) else json.dumps(policy))
        endpoint = document.extension("endpoint-configuration") or {}
        if "disableExecuteApiEndpoint" in endpoint:
            api.disable_execute_api_endpoint = bool(endpoint["disableExecuteApiEndpoint"])
        if endpoint.get("vpcEndpointIds"):
            api.endpoint_configuration["vpcEndpointIds"] = list(endpoint["vpcEndpointIds"])

    def _put_imported_model(self, api: RestApi, name: str, schema: dict[str, Any]) -> str:
        """Keep a schema as a model, whose references are to models of the API. The model's name."""
        name = NOT_ALPHANUMERIC.sub("", name)
        known = self.models.get(api.id, name)
        text = json.dumps(_with_addresses(api.id, schema), indent=2)
        description = schema.get("description") if isinstance(schema, dict) else None
        model_id = known.id if known else ids.token(6, ids.LOWER)
        self.models.put(Model(api.id, name, model_id, "application/json", text, description))
        return name

    def _import_validators(self, api: RestApi, document: Document) -> dict[str, str]:
        """Ids by names."""
        known = {validator.name: validator.id for validator in self.validators.list(api.id) if validator.name}
        for name, given in (document.extension("request-validators") or {}).items():
            known.setdefault(name, ids.token(6, ids.LOWER))
            self.validators.put(
                RequestValidator(
                    api.id, known[name], name, bool(given.get("validateRequestBody")),
                    bool(given.get("validateRequestParameters")),
                )
            )  # fmt: skip
        return known

    def _import_authorizers(self, api: RestApi, document: Document) -> dict[str, str]:
        """Ids by the names of their security schemes."""
        known = {authorizer.name: authorizer.id for authorizer in self.authorizers.list(api.id)}
        found = {}
        for name, scheme in document.security_schemes.items():
            given = scheme.get("x-amazon-apigateway-authorizer")
            if given is None:
                continue
            found[name] = known.get(name) or ids.token(6, ids.LOWER)
            authorizer = _authorizer(api.id, found[name], name, scheme, given)
            check_authorizer(authorizer)
            self.authorizers.put(authorizer)
        return found

    def _import_response(self, api: RestApi, kind: str, given: dict[str, Any]):
        if kind not in STATUSES:
            raise BadRequestException(f"Invalid gateway response type specified: {kind}")
        status = given.get("statusCode")
        self.responses.put(
            GatewayResponse(
                api.id, kind, str(status) if status else STATUSES[kind], given.get("responseParameters") or {},
                given.get("responseTemplates") or dict(TEMPLATES),
            )
        )  # fmt: skip

    def _import_path(self, api: RestApi, path: str, operations: Any, reader: MethodReader):
        resource = self._resource_at(api, path)
        for verb, operation in operations:
            method = reader.method(resource, verb, operation)
            self._check_method(resource, method)
            resource.resource_methods[verb] = method
        self.resources.put(resource)

    def _resource_at(self, api: RestApi, path: str) -> Resource:
        """The resource of a path, and those above it, made where they are not there."""
        known = {resource.path: resource for resource in self.resources.list(api.id)}
        resource = known["/"]
        for part in path.strip("/").split("/") if path.strip("/") else ():
            if not PART.fullmatch(part):
                raise BadRequestException(f"Invalid path specified: {path}")
            below = f"{resource.path.rstrip('/')}/{part}"
            lower = known.get(below)
            if lower is None:
                lower = Resource(api.id, ids.token(6, ids.LOWER), below, resource.id, part)
                self._check_place(lower, resource)
                self.resources.put(lower)
            resource = lower
        return resource


def _title(document: Document) -> str:
    return str(document.info.get("title") or "Imported API")


def _authorizer(api_id: str, id: str, name: str, scheme: dict, given: dict) -> Authorizer:
    kind = str(given.get("type", "")).upper()
    if kind == "COGNITO_USER_POOLS":
        raise NotSupported("apigateway authorizers of type COGNITO_USER_POOLS are not supported by Glasshouse yet")
    source = given.get("identitySource")
    if kind == "TOKEN":
        source = f"method.request.header.{scheme.get('name', 'Authorization')}"
    ttl = given.get("authorizerResultTtlInSeconds")
    return Authorizer(
        api_id, id, name, kind, scheme.get("x-amazon-apigateway-authtype") or "custom", given.get("authorizerUri"),
        given.get("authorizerCredentials"), source, given.get("identityValidationExpression"),
        None if ttl is None else int(ttl),
    )  # fmt: skip


def _with_addresses(api_id: str, schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_addresses(api_id, item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _with_addresses(api_id, value) for name, value in schema.items()}
    if isinstance(made.get("$ref"), str) and (name := referred(made["$ref"])):
        made["$ref"] = f"{ADDRESS}{api_id}/models/{NOT_ALPHANUMERIC.sub('', name)}"
    return made
