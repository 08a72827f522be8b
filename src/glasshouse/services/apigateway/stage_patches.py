"""The patch operations of stages, which reach into method settings, canaries and logs."""

from dataclasses import replace
from typing import Any

from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException
from glasshouse.services.apigateway.patches import Patch
from glasshouse.services.apigateway.records import Stage

VALID_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings,"
    " /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled,"
    " /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel,"
    " /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/"
    "{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled,"
    " /{resourcePath}/{httpMethod}/caching/dataEncrypted,"
    " /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl,"
    " /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled,"
    " /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit"
    " /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted,"
    " /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy,"
    " /variables/{variable_name}, /tracingEnabled"
)
CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
PROMOTIONS = (
    ("/deploymentId", "/canarySettings/deploymentId"), ("/variables", "/canarySettings/stageVariableOverrides"),
)  # fmt: skip
LOG_LEVELS = ("OFF", "ERROR", "INFO")
STRATEGIES = ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")
DEFAULT_SETTINGS = {
    "metricsEnabled": False, "dataTraceEnabled": False, "throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0,
    "cachingEnabled": False, "cacheTtlInSeconds": 300, "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}  # fmt: skip


def patch_stage(stage: Stage, patch: Patch):
    """Change a stage, whose references have been checked."""
    first = patch.steps[0] if patch.steps else ""
    if patch.op == "add" and first != "accessLogSettings":
        raise BadRequestException(f"Invalid add operation with path: {patch.path}")
    if patch.op == "copy":
        _promote(stage, patch)
    elif len(patch.steps) == 1 and first in SINGLE:
        patch.require("replace")
        attribute, convert = SINGLE[first]
        setattr(stage, attribute, convert(patch.value))
    elif first == "variables" and len(patch.steps) == 2:
        _patch_variable(stage, patch)
    elif first == "accessLogSettings":
        _patch_access_log(stage, patch)
    elif first == "canarySettings":
        _patch_canary(stage, patch)
    elif len(patch.steps) > 3 and (setting := SETTINGS.get("/".join(patch.steps[-2:]).lower())):
        _patch_setting(stage, patch, *setting)
    elif patch.op == "remove" and _unrooted(patch) in stage.method_settings:
        del stage.method_settings[_unrooted(patch)]
    else:
        raise _unknown(patch)


def _unknown(patch: Patch) -> BadRequestException:
    if patch.op == "remove":
        return BadRequestException(
            f"Cannot remove method setting {_unrooted(patch)} because there is no method setting for this method "
        )
    return BadRequestException(f"Invalid method setting path: {patch.path}. Must be one of: [{VALID_PATHS}]")


def _promote(stage: Stage, patch: Patch):
    """Give the stage what its canary has."""
    if (patch.path, patch.source) not in PROMOTIONS:
        raise BadRequestException(
            f"Invalid copy operation with path: {patch.path} and from {patch.source}. Valid copy:path are"
            " [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId,"
            " /canarySettings/stageVariableOverrides]"
        )
    if not stage.canary_settings:
        raise BadRequestException("Promotion not available. Canary does not exist.")
    if patch.path == "/deploymentId":
        stage.deployment_id = stage.canary_settings["deploymentId"]
    else:
        stage.variables |= stage.canary_settings.get("stageVariableOverrides") or {}


def _patch_variable(stage: Stage, patch: Patch):
    patch.require("replace", "remove")
    if patch.op == "remove":
        stage.variables.pop(patch.key, None)
    else:
        stage.variables[patch.key] = patch.value or ""


def _patch_access_log(stage: Stage, patch: Patch):
    """Both settings are set apart and removed together."""
    if patch.op == "remove":
        if len(patch.steps) > 1:
            raise _unknown(patch)
        stage.access_log_settings = {}
        return
    if len(patch.steps) != 2 or patch.key not in ("destinationArn", "format"):
        raise BadRequestException(
            "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn,"
            " /accessLogSettings/format]"
        )
    value = patch.value or ""
    if not value:
        raise BadRequestException("Access Log value must not be empty")
    if patch.key == "destinationArn":
        value = value.removesuffix(":*")
        if not value.startswith("arn:"):
            raise BadRequestException("Invalid ARN specified in the request")
    stage.access_log_settings[patch.key] = value


def _patch_canary(stage: Stage, patch: Patch):
    canary = stage.canary_settings
    member = patch.steps[1] if len(patch.steps) > 1 else ""
    if not member and patch.op == "remove":
        stage.canary_settings = {}
    elif member == "stageVariableOverrides" and len(patch.steps) == 3:
        patches.patch_map(canary, replace(patch, steps=patch.steps[1:]), member, lambda value: value or "")
    elif member in CANARY and len(patch.steps) == 2 and patch.op == "replace":
        canary[member] = CANARY[member](patch.value)
    else:
        raise _unknown(patch)
    if stage.canary_settings:
        canary.setdefault("deploymentId", stage.deployment_id)
        canary.setdefault("percentTraffic", 0.0)
        canary.setdefault("useStageCache", False)


def _percent(value: str | None) -> float:
    percent = _number(float, value)
    if not 0 <= percent <= 100:
        raise BadRequestException("Invalid canary percent traffic, must be between 0.0 and 100.0")
    return percent


# Method settings. Their keys are the paths of patches as they came, escapes included: `~1pets/GET`, `*/*`.


def _unrooted(patch: Patch) -> str:
    return (patch.path or "").removeprefix("/")


def _patch_setting(stage: Stage, patch: Patch, member: str, convert: patches.Convert):
    patch.require("replace", "remove")
    key = _unrooted(patch).rsplit("/", 2)[0]
    general = stage.method_settings.get("*/*", DEFAULT_SETTINGS)
    settings = stage.method_settings.setdefault(key, dict(general))
    if patch.op != "remove":
        settings[member] = convert(patch.value)
    elif member in DEFAULT_SETTINGS:
        settings[member] = DEFAULT_SETTINGS[member]
    else:
        settings.pop(member, None)


def _number(kind: Any, value: str | None) -> Any:
    try:
        return kind(value or "")
    except ValueError:
        raise BadRequestException(f"Invalid number: {value}") from None


def _integer(value: str | None) -> int:
    return _number(int, value)


def _rate(value: str | None) -> float:
    return _number(float, value)


def _ttl(value: str | None) -> int:
    seconds = _number(int, value)
    if not 0 <= seconds <= 3600:
        raise BadRequestException("Invalid cache TTL, must be between 0 and 3600 seconds")
    return seconds


def _one_of(options: tuple[str, ...], what: str) -> patches.Convert:
    def convert(value: str | None) -> str:
        if value not in options:
            raise BadRequestException(f"Invalid {what} specified. Must be one of: [{', '.join(options)}]")
        return value

    return convert


SINGLE: dict[str, tuple[str, patches.Convert]] = {
    "deploymentId": ("deployment_id", lambda value: value or ""),
    "description": ("description", patches.text),
    "cacheClusterEnabled": ("cache_cluster_enabled", patches.boolean),
    "cacheClusterSize": ("cache_cluster_size", _one_of(CACHE_SIZES, "cache cluster size")),
    "clientCertificateId": ("client_certificate_id", patches.text),
    "documentationVersion": ("documentation_version", patches.text),
    "tracingEnabled": ("tracing_enabled", patches.boolean),
}
CANARY: dict[str, patches.Convert] = {
    "percentTraffic": _percent, "useStageCache": patches.boolean, "deploymentId": lambda value: value or "",
}  # fmt: skip
SETTINGS: dict[str, tuple[str, patches.Convert]] = {
    "metrics/enabled": ("metricsEnabled", patches.boolean),
    "logging/datatrace": ("dataTraceEnabled", patches.boolean),
    "logging/loglevel": ("loggingLevel", _one_of(LOG_LEVELS, "logging level")),
    "throttling/burstlimit": ("throttlingBurstLimit", _integer),
    "throttling/ratelimit": ("throttlingRateLimit", _rate),
    "caching/enabled": ("cachingEnabled", patches.boolean),
    "caching/ttlinseconds": ("cacheTtlInSeconds", _ttl),
    "caching/dataencrypted": ("cacheDataEncrypted", patches.boolean),
    "caching/requireauthorizationforcachecontrol": ("requireAuthorizationForCacheControl", patches.boolean),
    "caching/unauthorizedcachecontrolheaderstrategy": (
        "unauthorizedCacheControlHeaderStrategy",
        _one_of(STRATEGIES, "cache control strategy"),
    ),
}
