"""ImportApi, ReimportApi and ExportApi."""

from typing import Any

from glasshouse.core import ids
from glasshouse.core.call import partition
from glasshouse.services.apigatewayv2 import checks, cors, openapi, openapi_export
from glasshouse.services.apigatewayv2.errors import BadRequestException, NotFoundException
from glasshouse.services.apigatewayv2.openapi import AUTH_TYPE, Definition, Operation
from glasshouse.services.apigatewayv2.records import Api, Authorizer, Route

PROXIES = ("AWS_PROXY", "HTTP_PROXY")


class Imports:
    """Whole APIs from definitions, and the other way."""

    def import_api(self, body: str, basepath: str | None = None, fail_on_warnings: bool | None = None):
        definition = self._definition(body, basepath)
        api = self._new_api(str(definition.info["title"]), "HTTP", None)
        self._import(api, definition, bool(fail_on_warnings))
        return self._shown_api(api)

    def reimport_api(self, api_id: str, body: str, basepath: str | None = None, fail_on_warnings: bool | None = None):
        api = self._api(api_id)
        if not api.is_http:
            raise BadRequestException("Only HTTP APIs can be imported")
        definition = self._definition(body, basepath)
        self._discard_parts(api_id)
        self._import(api, definition, bool(fail_on_warnings))
        self._deploy_automatically(api)
        return self._shown_api(api)

    def export_api(
        self, api_id: str, output_type: str, specification: str, export_version: str | None = None,
        include_extensions: bool | None = None, stage_name: str | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        checks.one_of(specification, ("OAS30",), "specification")
        checks.one_of(output_type, ("JSON", "YAML"), "output type")
        checks.one_of(export_version, ("1.0",), "export version")
        snapshot = self._snapshot(api, "")
        if stage_name:
            stage = self._stage(api_id, stage_name)
            deployed = self.snapshots.get(api_id, stage.deployment_id) if stage.deployment_id else None
            if deployed is None:
                raise NotFoundException("The stage has no deployment to export")
            snapshot = deployed
        shown = self._shown_api(api)
        tags = self.cloud.tags.of(self._api_arn(api))
        document = openapi_export.document(shown, snapshot, stage_name or "", tags, include_extensions is not False)
        return {"body": openapi_export.written(document, output_type)}

    # Within

    def _definition(self, body: str, basepath: str | None) -> Definition:
        checks.one_of(basepath, ("ignore", "prepend", "split"), "basepath mode")
        known = {
            "${AWS::Region}": self.call.region, "${AWS::AccountId}": self.call.account,
            "${AWS::Partition}": partition(self.call.region), "${AWS::URLSuffix}": self._domain_suffix(),
        }  # fmt: skip
        for variable, value in known.items():
            body = body.replace(variable, value)
        return openapi.read(body, basepath)

    def _import(self, api: Api, definition: Definition, fail_on_warnings: bool):
        info = definition.info
        api.name, api.version = str(info["title"]), str(info["version"]) if "version" in info else None
        api.description, api.cors_configuration = info.get("description"), definition.cors
        cors.check(api.cors_configuration)
        if definition.hides_endpoint is not None:
            api.disable_execute_api_endpoint = definition.hides_endpoint
        self.apis.put(api)
        self.cloud.tags.add(self._api_arn(api), definition.tags)
        shared: dict[str, str] = {}
        authorizers: dict[str, str] = {}
        for operation in definition.operations():
            self._import_route(api, definition, operation, shared, authorizers)
        if definition.warnings and fail_on_warnings:
            raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(definition.warnings))
        api.warnings, api.import_info = definition.warnings or None, definition.notes or None
        self.apis.put(api)

    def _import_route(
        self, api: Api, definition: Definition, operation: Operation, shared: dict[str, str],
        authorizers: dict[str, str],
    ):  # fmt: skip
        route = Route(api.api_id, ids.token(7, ids.LOWER), operation.route_key)
        route.operation_name = operation.definition.get("operationId")
        if integration_id := self._import_integration(api, definition, operation, shared):
            route.target = f"integrations/{integration_id}"
        if security := definition.security(operation):
            name, scopes = security
            self._secure(api, route, definition.scheme(name), name, authorizers)
            route.authorization_scopes = scopes or None
        try:
            self._put_route(api, route)
        except BadRequestException as failure:
            raise openapi.error(f"Unable to create route '{route.route_key}': {failure}") from None

    def _import_integration(
        self, api: Api, definition: Definition, operation: Operation, shared: dict[str, str]
    ) -> str | None:
        found = definition.integration(operation)
        if found is None:
            return None
        name, settings = found
        if name in shared:
            return shared[name]
        kind = settings.pop("type")
        if kind not in PROXIES:
            definition.warnings.append(
                f"Unable to create integration for '{operation.route_key}'. Currently, an API with a protocol type of"
                " HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY). Ignoring."
            )
            return None
        try:
            integration = self._new_integration(api, kind, settings)
        except BadRequestException as failure:
            raise openapi.error(f"Unable to create integration for '{operation.route_key}': {failure}") from None
        if name:
            shared[name] = integration.integration_id
        return integration.integration_id

    def _secure(self, api: Api, route: Route, scheme: dict[str, Any], name: str, authorizers: dict[str, str]):
        """Have a route ask for what a security scheme says."""
        if str(scheme.get(AUTH_TYPE, "")).lower() == "awssigv4":
            route.authorization_type = "AWS_IAM"
            return
        settings = openapi.authorizer(scheme)
        if settings is None:
            raise openapi.error(f"The security scheme {name} defines no authorizer")
        if name not in authorizers:
            authorizer = Authorizer(api.api_id, ids.token(6, ids.LOWER), name, **settings)
            self._put_new_authorizer(api, authorizer)
            authorizers[name] = authorizer.authorizer_id
        route.authorization_type = "JWT" if settings["authorizer_type"] == "JWT" else "CUSTOM"
        route.authorizer_id = authorizers[name]
