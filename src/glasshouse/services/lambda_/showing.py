"""How a configuration is shown: whole, or as the lists have it."""

from typing import Any

from glasshouse.services.lambda_.records import Configuration

LISTED = (
    "function_name", "version", "role", "runtime", "handler", "code_size", "code_sha256", "description", "timeout",
    "memory_size", "last_modified", "revision_id", "package_type", "architectures", "ephemeral_storage", "snap_start",
    "tracing_config", "dead_letter_config", "vpc_config", "kms_key_arn", "logging_config", "layers",
)  # fmt: skip
WHOLE = (
    *LISTED, "state", "state_reason", "state_reason_code", "last_update_status", "last_update_status_reason",
    "last_update_status_reason_code", "runtime_version_config",
)  # fmt: skip


def shown(configuration: Configuration, arn: str, environment: dict | None) -> dict[str, Any]:
    """A configuration under the ARN by which it was asked for."""
    return _with(configuration, WHOLE, arn, environment)


def in_list(configuration: Configuration, arn: str, environment: dict | None) -> dict[str, Any]:
    """Without its state, which lists leave out."""
    return _with(configuration, LISTED, arn, environment)


def _with(configuration: Configuration, fields: tuple[str, ...], arn: str, environment: dict | None) -> dict[str, Any]:
    told = {field: getattr(configuration, field) for field in fields}
    return {**told, "layers": configuration.layers or None, "FunctionArn": arn, "Environment": environment}
