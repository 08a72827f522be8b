"""Deployments: an API as it was at a moment, which is what a stage serves."""

from typing import Any

import msgspec

from glasshouse.core import ids
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, NotFoundException
from glasshouse.services.apigateway.finding import by_age
from glasshouse.services.apigateway.records import Deployment, RestApi
from glasshouse.services.apigateway.schemas import bundled

NO_DEPLOYMENT = "Invalid Deployment identifier specified"


class Deployments:
    def create_deployment(
        self, rest_api_id: str, stage_name: str | None = None, stage_description: str | None = None,
        description: str | None = None, cache_cluster_enabled: bool | None = None,
        cache_cluster_size: str | None = None, variables: dict | None = None, canary_settings: dict | None = None,
        tracing_enabled: bool | None = None,
    ):  # fmt: skip
        api = self._api(rest_api_id)
        self._check_deployable(api)
        deployment = self.deployments.put(Deployment(api.id, ids.token(6, ids.LOWER), self.now, description))
        self._put_snapshot(api, deployment.id)
        if canary_settings is not None:
            self._begin_canary(deployment, stage_name, canary_settings)
        elif stage_name:
            settings = {
                "description": stage_description, "cache_cluster_enabled": cache_cluster_enabled,
                "cache_cluster_size": cache_cluster_size, "variables": variables, "tracing_enabled": tracing_enabled,
            }  # fmt: skip
            self._deploy_to(deployment, stage_name, settings)
        return deployment

    def get_deployment(self, rest_api_id: str, deployment_id: str, embed: list[str] | None = None):
        deployment = self._deployment(rest_api_id, deployment_id)
        summary = None
        if "apisummary" in (embed or ()):
            summary = _summary(self._snapshot_body(rest_api_id, deployment_id))
        return {
            "id": deployment.id, "description": deployment.description, "createdDate": deployment.created_date,
            "apiSummary": summary,
        }  # fmt: skip

    def get_deployments(self, rest_api_id: str, position: str | None = None, limit: int | None = None):
        self._api(rest_api_id)
        return self._page(
            self.deployments.list(rest_api_id), limit, position,
            lambda deployment: by_age(deployment.created_date, deployment.id),
        )  # fmt: skip

    def update_deployment(self, rest_api_id: str, deployment_id: str, patch_operations: list | None = None):
        deployment = self._deployment(rest_api_id, deployment_id)
        patches.replace_listed(deployment, patch_operations, {"/description": ("description", patches.text)})
        return self.deployments.put(deployment)

    def delete_deployment(self, rest_api_id: str, deployment_id: str):
        deployment = self._deployment(rest_api_id, deployment_id)
        for stage in self.stages.list(rest_api_id):
            if deployment_id in (stage.deployment_id, stage.canary_settings.get("deploymentId")):
                raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
        self._drop_deployment(deployment)

    # Within

    def _deployment(self, rest_api_id: str, deployment_id: str) -> Deployment:
        deployment = self.deployments.get(rest_api_id, deployment_id)
        if deployment is None:
            raise NotFoundException(NO_DEPLOYMENT)
        return deployment

    def _drop_deployment(self, deployment: Deployment):
        self.store.write(
            "DELETE FROM apigateway_snapshot WHERE api = ? AND deployment = ?", (deployment.api, deployment.id)
        )
        self.deployments.delete(deployment)

    def _check_deployable(self, api: RestApi):
        methods = [
            method for resource in self.resources.list(api.id) for method in resource.resource_methods.values()
        ]  # fmt: skip
        if not methods:
            raise BadRequestException("The REST API doesn't contain any methods")
        if any("methodIntegration" not in method for method in methods):
            raise BadRequestException("No integration defined for method")
        if "PRIVATE" in api.endpoint_configuration["types"] and not api.policy:
            raise BadRequestException("Private REST API doesn't have a resource policy attached to it")

    def _put_snapshot(self, api: RestApi, deployment_id: str):
        body = msgspec.json.encode(self._snapshot(api)).decode()
        self.store.write("REPLACE INTO apigateway_snapshot VALUES (?, ?, ?)", (api.id, deployment_id, body))

    def _snapshot(self, api: RestApi) -> dict[str, Any]:
        """Everything that requests to a deployed API depend on."""
        schemas = {model.name: model.schema for model in self.models.list(api.id)}
        json_schemas = {
            model.name: bundled(model.schema, schemas)
            for model in self.models.list(api.id)
            if "json" in model.content_type
        }
        return {
            "api": api,
            "resources": sorted(self.resources.list(api.id), key=lambda resource: resource.path),
            "models": list(self.models.list(api.id)),
            "schemas": json_schemas,
            "validators": list(self.validators.list(api.id)),
            "authorizers": list(self.authorizers.list(api.id)),
            "responses": list(self.responses.list(api.id)),
        }

    def _snapshot_body(self, rest_api_id: str, deployment_id: str) -> dict[str, Any]:
        row = self.store.read(
            "SELECT body FROM apigateway_snapshot WHERE api = ? AND deployment = ?", (rest_api_id, deployment_id)
        ).fetchone()
        if row is None:
            raise NotFoundException(NO_DEPLOYMENT)
        return msgspec.json.decode(row[0])


def _summary(snapshot: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        resource["path"]: {
            verb: {"authorizationType": method["authorizationType"], "apiKeyRequired": method["apiKeyRequired"]}
            for verb, method in resource["resource_methods"].items()
        }
        for resource in snapshot["resources"]
        if resource["resource_methods"]
    }
