"""Deployments: snapshots of an API, which stages serve."""

from glasshouse.core import ids
from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import BadRequestException, NotFoundException, not_found
from glasshouse.services.apigatewayv2.records import Api, Deployment, Snapshot, Stage


class Deployments:
    """The deployments of an API: those that somebody asked for, and those that changes to it have caused."""

    def create_deployment(self, api_id: str, description: str | None = None, stage_name: str | None = None):
        api = self._api(api_id)
        stage = self.stages.get(api_id, stage_name) if stage_name else None
        if stage_name and stage is None:
            raise NotFoundException("Invalid stage identifier specified")
        if stage and stage.auto_deploy:
            raise BadRequestException("Deployment to a stage with auto deploy enabled is not allowed")
        if next(self.routes.list(api_id), None) is None:
            raise BadRequestException(
                "Unable to deploy API because no routes exist in this API"
                if api.is_http
                else "At least one route is required before deploying the Api."
            )
        checks.length(description, 0, 1024, "Description")
        deployment = self._deploy(api, description, automatically=False)
        if stage:
            self._point(stage, deployment)
        return deployment

    def get_deployment(self, api_id: str, deployment_id: str):
        return self._deployment(api_id, deployment_id)

    def get_deployments(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.deployments.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": page.records, "NextToken": page.next_token}

    def update_deployment(self, api_id: str, deployment_id: str, description: str | None = None):
        deployment = self._deployment(api_id, deployment_id)
        checks.length(description, 0, 1024, "Description")
        deployment.description = deployment.description if description is None else description
        return self.deployments.put(deployment)

    def delete_deployment(self, api_id: str, deployment_id: str):
        deployment = self._deployment(api_id, deployment_id)
        if any(stage.deployment_id == deployment_id for stage in self.stages.list(api_id)):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
        snapshot = self.snapshots.get(api_id, deployment_id)
        if snapshot:
            self.snapshots.delete(snapshot)
        self.deployments.delete(deployment)

    # Within

    def _deployment(self, api_id: str, deployment_id: str) -> Deployment:
        self._api(api_id)
        deployment = self.deployments.get(api_id, deployment_id)
        if deployment is None:
            raise not_found("deployment", deployment_id)
        return deployment

    def _deploy_automatically(self, api: Api):
        """Release a change to every stage that wants changes at once."""
        stages = [stage for stage in self.stages.list(api.api_id) if stage.auto_deploy]
        if stages:
            deployment = self._deploy(api, "Automatic deployment triggered by changes to the Api configuration", True)
            for stage in stages:
                self._point(stage, deployment)

    def _deploy_stage_automatically(self, api: Api, stage: Stage):
        """Release the API as it is to a stage that has begun, or goes on, to want that."""
        served = self.snapshots.get(api.api_id, stage.deployment_id) if stage.deployment_id else None
        current = self._snapshot(api, stage.deployment_id or "")
        if served != current:
            self._point(stage, self._deploy(api, "Automatic deployment triggered by changes to the Stage", True))

    def _deploy(self, api: Api, description: str | None, automatically: bool) -> Deployment:
        deployment = Deployment(api.api_id, ids.token(6, ids.LOWER), self.now, automatically, description=description)
        self.snapshots.put(self._snapshot(api, deployment.deployment_id))
        return self.deployments.put(deployment)

    def _point(self, stage: Stage, deployment: Deployment):
        before = stage.deployment_id
        stage.deployment_id, stage.last_updated_date = deployment.deployment_id, self.now
        stage.last_deployment_status_message = (
            f"Successfully deployed stage with deployment ID '{deployment.deployment_id}'"
        )
        self.stages.put(stage)
        self._drop_replaced(stage.api_id, before)

    def _drop_replaced(self, api_id: str, deployment_id: str | None):
        """An automatic deployment that a newer one has replaced is of no more use."""
        deployment = self.deployments.get(api_id, deployment_id) if deployment_id else None
        if deployment is None or not deployment.auto_deployed:
            return
        if any(stage.deployment_id == deployment_id for stage in self.stages.list(api_id)):
            return
        self.deployments.delete(deployment)
        snapshot = self.snapshots.get(api_id, deployment.deployment_id)
        if snapshot:
            self.snapshots.delete(snapshot)

    def _snapshot(self, api: Api, deployment_id: str) -> Snapshot:
        of = api.api_id
        return Snapshot(
            of, deployment_id, api.protocol_type, api.route_selection_expression, api.disable_execute_api_endpoint,
            api.cors_configuration, list(self.routes.list(of)), list(self.integrations.list(of)),
            list(self.authorizers.list(of)), list(self.route_responses.list(of)),
            list(self.integration_responses.list(of)),
        )  # fmt: skip
