"""Stages: what of an API is served under which name, and with which settings."""

import re

from glasshouse.services.apigatewayv2 import checks
from glasshouse.services.apigatewayv2.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
    not_found,
    too_many,
)
from glasshouse.services.apigatewayv2.records import Api, Stage, change, values

MOST_STAGES = 10
NAME = re.compile(r"\$default|[a-zA-Z0-9_-]{1,128}")
LEVELS = ("ERROR", "INFO", "DEBUG", "OFF")
LOG_GROUP = re.compile(r"arn:[\w-]+:logs:[^:]+:\d{12}:log-group:[^:]+(:\*)?")
STREAM = re.compile(r"arn:[\w-]+:firehose:[^:]+:\d{12}:deliverystream/amazon-apigateway-\S+")


class Stages:
    """The stages of an API."""

    def create_stage(
        self, api_id: str, stage_name: str, access_log_settings: dict | None = None, auto_deploy: bool | None = None,
        client_certificate_id: str | None = None, default_route_settings: dict | None = None,
        deployment_id: str | None = None, description: str | None = None, route_settings: dict | None = None,
        stage_variables: dict | None = None, tags: dict | None = None,
    ):  # fmt: skip
        api = self._api(api_id)
        checks.tags(tags)
        settings = {
            "access_log_settings": access_log_settings, "auto_deploy": auto_deploy,
            "client_certificate_id": client_certificate_id, "default_route_settings": default_route_settings,
            "deployment_id": deployment_id, "description": description, "route_settings": route_settings,
            "stage_variables": stage_variables,
        }  # fmt: skip
        return self._shown_stage(self._put_stage(api, stage_name, settings, tags))

    def get_stage(self, api_id: str, stage_name: str):
        return self._shown_stage(self._stage(api_id, stage_name))

    def get_stages(self, api_id: str, max_results: str | None = None, next_token: str | None = None):
        self._api(api_id)
        page = self.stages.page(checks.page_size(max_results), next_token, api_id)
        return {"Items": [self._shown_stage(stage) for stage in page.records], "NextToken": page.next_token}

    def update_stage(
        self, api_id: str, stage_name: str, access_log_settings: dict | None = None, auto_deploy: bool | None = None,
        client_certificate_id: str | None = None, default_route_settings: dict | None = None,
        deployment_id: str | None = None, description: str | None = None, route_settings: dict | None = None,
        stage_variables: dict | None = None,
    ):  # fmt: skip
        api, stage = self._api(api_id), self._stage(api_id, stage_name)
        settings = {
            "access_log_settings": access_log_settings, "auto_deploy": auto_deploy,
            "client_certificate_id": client_certificate_id, "deployment_id": deployment_id, "description": description,
            "default_route_settings": _merged(stage.default_route_settings, default_route_settings),
            "route_settings": _merged_by_route(stage.route_settings, route_settings),
            "stage_variables": _merged(stage.stage_variables, stage_variables),
        }  # fmt: skip
        if deployment_id and stage.auto_deploy and auto_deploy is not False:
            raise BadRequestException("Deployment ID cannot be set on a stage with auto deploy enabled")
        self._change_stage(api, stage, settings)
        return self._shown_stage(stage)

    def delete_stage(self, api_id: str, stage_name: str):
        self._discard_stage(self._stage(api_id, stage_name))

    def delete_access_log_settings(self, api_id: str, stage_name: str):
        stage = self._stage(api_id, stage_name)
        stage.access_log_settings = None
        self.stages.put(stage)

    def delete_route_settings(self, api_id: str, stage_name: str, route_key: str):
        stage = self._stage(api_id, stage_name)
        if stage.route_settings.pop(route_key, None) is None:
            raise NotFoundException(f"Unable to find Route by key {route_key} within the provided RouteSettings")
        self.stages.put(stage)

    def reset_authorizers_cache(self, api_id: str, stage_name: str):
        self._forget_answers(self._stage(api_id, stage_name))

    # Within

    def _stage(self, api_id: str, stage_name: str) -> Stage:
        self._api(api_id)
        stage = self.stages.get(api_id, stage_name)
        if stage is None:
            raise NotFoundException("Invalid stage identifier specified")
        return stage

    def _put_stage(self, api: Api, name: str, settings: dict, tags: dict | None) -> Stage:
        if not NAME.fullmatch(name):
            raise BadRequestException("Stage name only allows a-zA-Z0-9_- characters")
        if self.stages.get(api.api_id, name):
            raise ConflictException("Stage already exists")
        if len(list(self.stages.list(api.api_id))) >= MOST_STAGES:
            raise too_many("Stages", "API")
        usual: dict = {"DetailedMetricsEnabled": False}
        if not api.is_http:
            usual |= {"DataTraceEnabled": False, "LoggingLevel": "OFF"}
        stage = Stage(api.api_id, name, self.now, self.now, usual)
        settings["default_route_settings"] = usual | (settings.get("default_route_settings") or {})
        self._change_stage(api, stage, settings)
        self.cloud.tags.add(self._stage_arn(stage), tags)
        return stage

    def _change_stage(self, api: Api, stage: Stage, settings: dict):
        """Raises BadRequestException, NotFoundException."""
        change(stage, settings)
        checks.length(stage.description, 0, 1024, "Description")
        if settings.get("access_log_settings"):
            _check_log(stage.access_log_settings or {})
        for route_settings in (stage.default_route_settings, *stage.route_settings.values()):
            _check_settings(api, route_settings)
        known = {route.route_key for route in self.routes.list(api.api_id)}
        for key in settings.get("route_settings") or ():
            if key not in known:
                raise NotFoundException(f"Unable to find Route by key {key} within the provided RouteSettings")
        if settings.get("deployment_id") and self.deployments.get(api.api_id, stage.deployment_id) is None:
            raise not_found("deployment", stage.deployment_id or "")
        stage.last_updated_date = self.now
        self.stages.put(stage)
        if stage.auto_deploy:
            self._deploy_stage_automatically(api, stage)

    def _discard_stage(self, stage: Stage):
        self._forget_answers(stage)
        self._hang_up_on_all(stage.api_id, stage.stage_name)
        self.cloud.tags.clear(self._stage_arn(stage))
        self.stages.delete(stage)

    def _forget_answers(self, stage: Stage):
        for authorizer in self.authorizers.list(stage.api_id):
            place = answers_of(stage.api_id, stage.stage_name, authorizer.authorizer_id)
            for cached in list(self.answers.list(place)):
                self.answers.delete(cached)

    def _forget_old_answers(self):
        """Delete what may not be repeated any more; run now and then."""
        for cached in list(self.answers.list()):
            if cached.until <= self.now:
                self.answers.delete(cached)

    def _stage_arn(self, stage: Stage) -> str:
        return self._arn(f"/apis/{stage.api_id}/stages/{stage.stage_name}")

    def _shown_stage(self, stage: Stage) -> dict:
        return values(stage, Tags=self.cloud.tags.of(self._stage_arn(stage)))


def answers_of(api_id: str, stage_name: str, authorizer_id: str) -> str:
    """Under which key the answers of an authorizer are cached."""
    return f"{api_id}/{stage_name}/{authorizer_id}"


def _merged(before: dict, given: dict | None) -> dict | None:
    """A map with what is changed in it; an empty text takes a value out."""
    if given is None:
        return None
    return {key: value for key, value in {**before, **given}.items() if value != ""}


def _merged_by_route(before: dict, given: dict | None) -> dict | None:
    if given is None:
        return None
    return {**before, **{key: {**before.get(key, {}), **settings} for key, settings in given.items()}}


def _check_log(settings: dict):
    arn, form = settings.get("DestinationArn"), settings.get("Format")
    if arn and not (LOG_GROUP.fullmatch(arn) or STREAM.fullmatch(arn)):
        raise BadRequestException(
            "Invalid ARN specified in the request. A log destination is a log group of CloudWatch Logs, or a Firehose"
            " delivery stream whose name begins with amazon-apigateway-"
        )
    if form and arn and "$context.requestId" not in form and "$context.extendedRequestId" not in form:
        raise BadRequestException(
            "Access Log format must be single line, new line character is allowed only at end of the format, and must"
            " contain $context.requestId or $context.extendedRequestId"
        )


def _check_settings(api: Api, settings: dict):
    checks.one_of(settings.get("LoggingLevel"), LEVELS, "logging level")
    if api.is_http and (settings.get("LoggingLevel", "OFF") != "OFF" or settings.get("DataTraceEnabled")):
        raise BadRequestException("Execution logs are not supported on protocolType HTTP")
    for limit in ("ThrottlingBurstLimit", "ThrottlingRateLimit"):
        if settings.get(limit) is not None and settings[limit] < 0:
            raise BadRequestException(f"{limit} must not be negative")
