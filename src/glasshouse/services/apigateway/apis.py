"""REST APIs as a whole."""

import json
from typing import Any

from glasshouse.core import documents, ids
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, NotFoundException, ValidationException
from glasshouse.services.apigateway.finding import by_age
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import Model, Place, Resource, RestApi

ENDPOINT_TYPES = ("REGIONAL", "EDGE", "PRIVATE")
LARGEST_COMPRESSION_BYTES = 10_485_760
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DEFAULT_MODELS = {
    "Empty": (
        "This is a default empty schema model",
        {"$schema": DRAFT_4, "title": "Empty Schema", "type": "object"},
    ),
    "Error": (
        "This is a default error schema model",
        {"$schema": DRAFT_4, "title": "Error Schema", "type": "object", "properties": {"message": {"type": "string"}}},
    ),
}


class Apis:
    def create_rest_api(
        self, name: str, description: str | None = None, version: str | None = None, clone_from: str | None = None,
        binary_media_types: list[str] | None = None, minimum_compression_size: int | None = None,
        api_key_source: str = "HEADER", endpoint_configuration: dict | None = None, policy: str | None = None,
        tags: dict | None = None, disable_execute_api_endpoint: bool = False, security_policy: str | None = None,
        endpoint_access_mode: str | None = None,
    ):  # fmt: skip
        if description == "":
            raise BadRequestException("Description cannot be an empty string")
        _check_compression(minimum_compression_size)
        endpoint = checked_endpoint(endpoint_configuration)
        if clone_from and self.apis.get(clone_from) is None:
            raise BadRequestException("Invalid API identifier specified")
        api = RestApi(
            self._new_api_id(), name, self.now, ids.token(10, ids.LOWER), description, version,
            list(binary_media_types or ()), minimum_compression_size, api_key_source, endpoint,
            None, bool(disable_execute_api_endpoint), security_policy, endpoint_access_mode,
        )  # fmt: skip
        api.policy = self._checked_policy(api, policy)
        self._put_new_api(api, tags)
        if clone_from:
            self._clone(clone_from, api)
        else:
            self._add_default_models(api)
        return self._shown_api(api, always_tags=False)

    def get_rest_api(self, rest_api_id: str):
        return self._shown_api(self._api(rest_api_id))

    def get_rest_apis(self, position: str | None = None, limit: int | None = None):
        page = self._page(self.apis.list(), limit, position, lambda api: by_age(api.created_date, api.id))
        return page | {"items": [self._shown_api(api, always_tags=False) for api in page["items"]]}

    def update_rest_api(self, rest_api_id: str, patch_operations: list | None = None):
        api = self._api(rest_api_id)
        for patch in patches.read(patch_operations):
            self._patch_api(api, patch)
        _check_ip_type(api.endpoint_configuration)
        self.apis.put(api)
        return self._shown_api(api)

    def delete_rest_api(self, rest_api_id: str):
        api = self._api(rest_api_id)
        if any(mapping.rest_api_id == api.id for mapping in self.mappings.list()):
            raise BadRequestException(
                "Please remove all base path mappings related to the API in your account before deleting the API."
            )
        for table in (
            self.resources, self.models, self.validators, self.authorizers, self.responses, self.parts, self.versions,
        ):  # fmt: skip
            for record in list(table.list(api.id)):
                table.delete(record)
        for stage in list(self.stages.list(api.id)):
            self._drop_stage(stage)
        for deployment in list(self.deployments.list(api.id)):
            self._drop_deployment(deployment)
        self.places.delete(Place(api.id, self.call.account, self.call.region))
        self.cloud.tags.clear(self._arn(f"/restapis/{api.id}"))
        self.apis.delete(api)

    # Within

    def _new_api_id(self) -> str:
        return ids.token(10, ids.LOWER)

    def _put_new_api(self, api: RestApi, tags: dict | None):
        self.cloud.tags.add(self._arn(f"/restapis/{api.id}"), tags)
        self.places.put(Place(api.id, self.call.account, self.call.region))
        self.resources.put(Resource(api.id, api.root_resource_id, "/"))
        self.apis.put(api)

    def _add_default_models(self, api: RestApi):
        for name, (description, schema) in DEFAULT_MODELS.items():
            text = json.dumps(schema, indent=2)
            self.models.put(
                Model(api.id, name, ids.token(6, ids.LOWER), "application/json", text, description)
            )  # fmt: skip

    def _clone(self, source_id: str, api: RestApi):
        """Everything of another API but its deployments and stages, under new ids."""
        renamed = {self.apis.get(source_id).root_resource_id: api.root_resource_id}
        for table in (self.validators, self.authorizers):
            for record in list(table.list(source_id)):
                renamed[record.id] = ids.token(6, ids.LOWER)
                record.api, record.id = api.id, renamed[record.id]
                table.put(record)
        for table in (self.models, self.responses, self.parts):
            for record in list(table.list(source_id)):
                record.api = api.id
                table.put(record)
        resources = list(self.resources.list(source_id))
        for resource in resources:
            renamed.setdefault(resource.id, ids.token(6, ids.LOWER))
        for resource in resources:
            resource.api, resource.id = api.id, renamed[resource.id]
            resource.parent_id = renamed.get(resource.parent_id)
            for method in resource.resource_methods.values():
                _rename(method, renamed)
            self.resources.put(resource)

    def _patch_api(self, api: RestApi, patch: Patch):
        steps = patch.steps
        if len(steps) == 1 and (setter := SINGLE.get(steps[0])):
            patch_single(api, patch, setter)
        elif steps == ("policy",):
            patch.require("replace", "remove")
            api.policy = self._checked_policy(api, patch.value if patch.op == "replace" else None)
        elif len(steps) == 2 and steps[0] == "binaryMediaTypes":
            _patch_binary_types(api, patch)
        elif steps[:1] == ("endpointConfiguration",) and len(steps) in (2, 3):
            _patch_endpoint(api.endpoint_configuration, patch)
        else:
            raise patch.unknown()

    def _checked_policy(self, api: RestApi, policy: str | None) -> str | None:
        """A policy as AWS keeps it: compact, with the ARNs that its resources are short for."""
        if not policy:
            return None
        try:
            document = documents.read(policy)
            statements = document.get("Statement", [])
            for statement in [statements] if isinstance(statements, dict) else statements:
                self._complete_resources(api, statement)
        except (ValueError, AttributeError, TypeError):
            raise BadRequestException(
                "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
            ) from None
        return json.dumps(document, separators=(",", ":"))

    def _complete_resources(self, api: RestApi, statement: dict):
        for member in ("Resource", "NotResource"):
            given = statement.get(member)
            if isinstance(given, str):
                statement[member] = self._complete_resource(api, given)
            elif given is not None:
                statement[member] = [self._complete_resource(api, one) for one in given]

    def _complete_resource(self, api: RestApi, resource: str) -> str:
        if not resource.startswith("execute-api:/"):
            return resource
        return f"{self._execute_arn(api.id)}/{resource.removeprefix('execute-api:/')}"

    def _shown_api(self, api: RestApi, always_tags: bool = True, **more: Any) -> dict[str, Any]:
        tags = self._tags(f"/restapis/{api.id}")
        # AWS shows policies with their quotes escaped, and clients such as Terraform take the escapes off.
        policy = api.policy and json.dumps(api.policy)[1:-1]
        return {
            "id": api.id, "name": api.name, "description": api.description, "createdDate": api.created_date,
            "version": api.version, "binaryMediaTypes": api.binary_media_types or None,
            "minimumCompressionSize": api.minimum_compression_size, "apiKeySource": api.api_key_source,
            "endpointConfiguration": api.endpoint_configuration, "policy": policy,
            "tags": tags if tags or always_tags else None,
            "disableExecuteApiEndpoint": api.disable_execute_api_endpoint, "rootResourceId": api.root_resource_id,
            "securityPolicy": api.security_policy, "endpointAccessMode": api.endpoint_access_mode, **more,
        }  # fmt: skip


def _rename(method: dict[str, Any], renamed: dict[str, str]):
    for member in ("authorizerId", "requestValidatorId"):
        if member in method:
            method[member] = renamed.get(method[member], method[member])
    integration = method.get("methodIntegration")
    if integration:
        integration["cacheNamespace"] = renamed.get(integration["cacheNamespace"], integration["cacheNamespace"])


# Endpoints


def checked_endpoint(given: dict | None) -> dict[str, Any]:
    types = (given or {}).get("types")
    if types is None:
        types = ["PRIVATE"] if (given or {}).get("vpcEndpointIds") else ["EDGE"]
    if not types:
        raise BadRequestException("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise BadRequestException("Cannot create an api with multiple Endpoint Types.")
    endpoint = {"types": list(types)}
    endpoint["ipAddressType"] = (given or {}).get("ipAddressType") or _default_ip_type(types)
    if vpc_endpoints := (given or {}).get("vpcEndpointIds"):
        endpoint["vpcEndpointIds"] = list(vpc_endpoints)
    _check_ip_type(endpoint)
    return endpoint


def _default_ip_type(types: list[str]) -> str:
    return "dualstack" if "PRIVATE" in types else "ipv4"


def _check_ip_type(endpoint: dict[str, Any]):
    if "PRIVATE" in endpoint["types"] and endpoint["ipAddressType"] == "ipv4":
        raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")


def _patch_endpoint(endpoint: dict[str, Any], patch: Patch):
    member = patch.steps[1]
    if member == "ipAddressType" and len(patch.steps) == 2:
        patch.require("replace")
        if patch.value not in ("ipv4", "dualstack"):
            raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
        endpoint["ipAddressType"] = patch.value
    elif member == "types":
        _patch_types(endpoint, patch)
    elif member == "vpcEndpointIds":
        held = endpoint.setdefault("vpcEndpointIds", [])
        patch.require("add", "remove")
        wanted = patch.value or patch.key
        if patch.op == "add" and wanted not in held:
            held.append(wanted)
        elif patch.op == "remove" and wanted in held:
            held.remove(wanted)
    else:
        raise patch.unknown()


def _patch_types(endpoint: dict[str, Any], patch: Patch):
    if patch.op not in ("add", "remove", "replace"):
        raise BadRequestException("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    if patch.op == "replace":
        if patch.value not in ENDPOINT_TYPES:
            raise BadRequestException(
                f"Invalid EndpointTypes specified. Valid options are {','.join(ENDPOINT_TYPES)}"
            )  # fmt: skip
        endpoint["types"] = [patch.value]
    elif patch.op == "add" and patch.value not in endpoint["types"]:
        endpoint["types"].append(patch.value)
    elif patch.op == "remove" and patch.value in endpoint["types"]:
        endpoint["types"].remove(patch.value)
    if patch.value == "PRIVATE" and patch.op != "remove":
        endpoint["ipAddressType"] = "dualstack"


# Other members


def _check_compression(size: Any):
    if size is not None and not (isinstance(size, int) and 0 <= size <= LARGEST_COMPRESSION_BYTES):
        raise BadRequestException(
            f"Invalid minimum compression size, must be between 0 and {LARGEST_COMPRESSION_BYTES}"
        )  # fmt: skip


def _compression(value: str | None) -> int | None:
    if not value:
        return None
    size = int(value) if value.isdigit() else -1
    _check_compression(size)
    return size


def _key_source(value: str | None) -> str:
    if value not in ("HEADER", "AUTHORIZER"):
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at 'createRestApiInput.apiKeySource' failed to satisfy "
            "constraint: Member must satisfy enum value set: [AUTHORIZER, HEADER]"
        )
    return value


def _name(value: str | None) -> str:
    if not value:
        raise BadRequestException("API name cannot be empty")
    return value


SINGLE = {
    "name": ("name", _name),
    "description": ("description", patches.text),
    "version": ("version", patches.text),
    "apiKeySource": ("api_key_source", _key_source),
    "minimumCompressionSize": ("minimum_compression_size", _compression),
    "disableExecuteApiEndpoint": ("disable_execute_api_endpoint", patches.boolean),
    "securityPolicy": ("security_policy", patches.text),
    "endpointAccessMode": ("endpoint_access_mode", patches.text),
}
REMOVABLE = ("description", "version")


def patch_single(api: RestApi, patch: Patch, setter: tuple[str, patches.Convert]):
    attribute, convert = setter
    if patch.op == "remove" and attribute in REMOVABLE:
        setattr(api, attribute, None)
        return
    patch.require("replace")
    setattr(api, attribute, convert(patch.value))


def _patch_binary_types(api: RestApi, patch: Patch):
    held = api.binary_media_types
    patch.require("add", "replace", "remove")
    if patch.op != "add" and patch.key not in held:
        raise NotFoundException("Invalid binary media type specified")
    if patch.op != "add":
        held.remove(patch.key)
    kept = patch.value if patch.op == "replace" else patch.key
    if patch.op != "remove" and kept and kept not in held:
        held.append(kept)
