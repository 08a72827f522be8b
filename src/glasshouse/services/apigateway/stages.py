"""Stages: names under which deployments are served, with settings of their own."""

import re
from typing import Any

from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import Deployment, Stage
from glasshouse.services.apigateway.stage_patches import patch_stage

NAME = re.compile(r"[a-zA-Z0-9_-]+|\$default")
VARIABLE_NAME, VARIABLE = re.compile(r"[A-Za-z0-9_]+"), re.compile(r"[A-Za-z0-9-._~:/?#&=,]*")
SMALLEST_CACHE = "0.5"


class Stages:
    def create_stage(
        self, rest_api_id: str, stage_name: str, deployment_id: str, description: str | None = None,
        cache_cluster_enabled: bool = False, cache_cluster_size: str | None = None, variables: dict | None = None,
        documentation_version: str | None = None, canary_settings: dict | None = None, tracing_enabled: bool = False,
        tags: dict | None = None,
    ):  # fmt: skip
        self._api(rest_api_id)
        _check_name(stage_name)
        if self.deployments.get(rest_api_id, deployment_id) is None:
            raise BadRequestException("Deployment id does not exist")
        if self.stages.get(rest_api_id, stage_name):
            raise ConflictException("Stage already exists")
        check_variables(variables)
        stage = Stage(
            rest_api_id, stage_name, deployment_id, self.now, self.now, description, bool(cache_cluster_enabled),
            _cache_size(cache_cluster_enabled, cache_cluster_size), dict(variables or {}), documentation_version,
            bool(tracing_enabled),
        )  # fmt: skip
        if canary_settings:
            if self.deployments.get(rest_api_id, canary_settings.get("deploymentId") or deployment_id) is None:
                raise BadRequestException("Deployment id does not exist")
            stage.canary_settings = _canary(canary_settings, canary_settings.get("deploymentId") or deployment_id)
        self.cloud.tags.add(self._arn(_path(stage)), tags)
        return self._shown_stage(self.stages.put(stage))

    def get_stage(self, rest_api_id: str, stage_name: str):
        return self._shown_stage(self._stage(rest_api_id, stage_name))

    def get_stages(self, rest_api_id: str, deployment_id: str | None = None):
        self._api(rest_api_id)
        stages = [
            self._shown_stage(stage)
            for stage in self.stages.list(rest_api_id)
            if deployment_id in (None, stage.deployment_id)
        ]
        return {"item": stages}

    def update_stage(self, rest_api_id: str, stage_name: str, patch_operations: list | None = None):
        stage = self._stage(rest_api_id, stage_name)
        for patch in patches.read(patch_operations):
            self._check_references(stage, patch)
            patch_stage(stage, patch)
        check_variables(stage.variables)
        stage.cache_cluster_size = _cache_size(stage.cache_cluster_enabled, stage.cache_cluster_size)
        stage.last_updated_date = self.now
        return self._shown_stage(self.stages.put(stage))

    def delete_stage(self, rest_api_id: str, stage_name: str):
        self._drop_stage(self._stage(rest_api_id, stage_name))

    def flush_stage_authorizers_cache(self, rest_api_id: str, stage_name: str):
        stage = self._stage(rest_api_id, stage_name)
        self.store.write(
            "DELETE FROM apigateway_verdict WHERE api = ? AND stage = ?", (stage.api, stage.stage_name)
        )  # fmt: skip

    def flush_stage_cache(self, rest_api_id: str, stage_name: str):
        stage = self._stage(rest_api_id, stage_name)
        self.store.write(
            "DELETE FROM apigateway_answer WHERE api = ? AND stage = ?", (stage.api, stage.stage_name)
        )  # fmt: skip

    # Within

    def _drop_stage(self, stage: Stage):
        for table in ("apigateway_verdict", "apigateway_answer"):
            self.store.write(f"DELETE FROM {table} WHERE api = ? AND stage = ?", (stage.api, stage.stage_name))
        for plan in list(self.plans.list()):
            kept = [one for one in plan.api_stages if (one["apiId"], one["stage"]) != (stage.api, stage.stage_name)]
            if len(kept) < len(plan.api_stages):
                plan.api_stages = kept
                self.plans.put(plan)
        self.cloud.tags.clear(self._arn(_path(stage)))
        self.stages.delete(stage)

    def _check_references(self, stage: Stage, patch: Patch):
        """Raise unless what a patch names is there."""
        if patch.path in ("/deploymentId", "/canarySettings/deploymentId") and patch.op == "replace":
            if self.deployments.get(stage.api, patch.value or "") is None:
                raise BadRequestException("Deployment id does not exist")
        elif patch.path == "/clientCertificateId" and patch.value:
            if self.certificates.get(patch.value) is None:
                raise BadRequestException("Invalid Client Certificate identifier specified")
        elif patch.path == "/documentationVersion" and patch.value:
            if self.versions.get(stage.api, patch.value) is None:
                raise BadRequestException("Invalid Documentation version specified")
        elif (
            (patch.path or "").lower().endswith("/logging/loglevel")
            and patch.value in ("INFO", "ERROR")
            and not self._account_settings().cloudwatch_role_arn
        ):
            raise BadRequestException("CloudWatch Logs role ARN must be set in account settings to enable logging")

    def _deploy_to(self, deployment: Deployment, stage_name: str, settings: dict[str, Any]):
        """Let a stage, a new one if need be, serve a deployment."""
        _check_name(stage_name)
        stage = self.stages.get(deployment.api, stage_name)
        if stage is None:
            stage = Stage(deployment.api, stage_name, deployment.id, self.now, self.now)
        stage.deployment_id, stage.last_updated_date = deployment.id, self.now
        for attribute, value in settings.items():
            if value is not None:
                setattr(stage, attribute, value)
        check_variables(stage.variables)
        stage.cache_cluster_size = _cache_size(stage.cache_cluster_enabled, stage.cache_cluster_size)
        self.stages.put(stage)

    def _begin_canary(self, deployment: Deployment, stage_name: str | None, settings: dict):
        stage = self.stages.get(deployment.api, stage_name or "")
        if not stage_name:
            raise BadRequestException(
                "Invalid deployment content specified.Non null and non empty stageName must be provided for canary"
                f" deployment. Provided value is {'null' if stage_name is None else stage_name}"
            )
        if stage is None:
            raise BadRequestException(
                f"Invalid deployment content specified.Stage {stage_name} must already be created before making a"
                " canary release deployment"
            )
        stage.canary_settings = _canary(settings, deployment.id)
        stage.last_updated_date = self.now
        self.stages.put(stage)

    def _shown_stage(self, stage: Stage) -> dict[str, Any]:
        tags = self._tags(_path(stage))
        return {
            "deploymentId": stage.deployment_id, "clientCertificateId": stage.client_certificate_id,
            "stageName": stage.stage_name, "description": stage.description,
            "cacheClusterEnabled": stage.cache_cluster_enabled,
            "cacheClusterSize": stage.cache_cluster_size,
            "cacheClusterStatus": "AVAILABLE" if stage.cache_cluster_enabled else "NOT_AVAILABLE",
            "methodSettings": stage.method_settings, "variables": stage.variables or None,
            "documentationVersion": stage.documentation_version,
            "accessLogSettings": stage.access_log_settings or None, "canarySettings": stage.canary_settings or None,
            "tracingEnabled": stage.tracing_enabled, "tags": tags or None, "createdDate": stage.created_date,
            "lastUpdatedDate": stage.last_updated_date,
        }  # fmt: skip


def _path(stage: Stage) -> str:
    return f"/restapis/{stage.api}/stages/{stage.stage_name}"


def _check_name(name: str):
    if not NAME.fullmatch(name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_")


def check_variables(variables: dict[str, str] | None):
    for name, value in (variables or {}).items():
        if not VARIABLE_NAME.fullmatch(name):
            raise BadRequestException(
                "Stage variable names must consist of alphanumeric characters or underscores only"
            )  # fmt: skip
        if not VARIABLE.fullmatch(value or ""):
            raise BadRequestException(
                "Stage variable value is invalid. Please use values that match the following regular expression:"
                f" [A-Za-z0-9-._~:/?#&=,]+. Value: {value}"
            )


def _cache_size(enabled: bool | None, size: str | None) -> str | None:
    return (size or SMALLEST_CACHE) if enabled else size


def _canary(settings: dict, deployment_id: str) -> dict[str, Any]:
    percent = settings.get("percentTraffic") or 0.0
    if not 0 <= percent <= 100:
        raise BadRequestException("Invalid canary percent traffic, must be between 0.0 and 100.0")
    check_variables(settings.get("stageVariableOverrides"))
    canary = {
        "percentTraffic": float(percent), "deploymentId": deployment_id,
        "stageVariableOverrides": settings.get("stageVariableOverrides"),
        "useStageCache": bool(settings.get("useStageCache")),
    }  # fmt: skip
    return {name: value for name, value in canary.items() if value is not None}
