"""Universal targets: any operation of any service that this cloud has, named as AWS's SDKs for Java name it."""

import re
from datetime import datetime
from typing import Any

from glasshouse.core.cloud import Cloud
from glasshouse.services.scheduler.errors import NotSupported, ValidationException

# Operations that only read are refused (see the guide).
READING = re.compile(
    "(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe"
    "|batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized"
    "|invokeModel)"
)


def find_operation(cloud: Cloud, service: str, action: str) -> Any:
    """The model of `sqs:sendMessage`. Raises ValidationException, or NotSupported for a service that is not here."""
    if READING.match(action):
        raise ValidationException(f"Unsupported action {action} for universal target of service {service}.")
    name = _names(cloud).get(service)
    if name is None:
        raise NotSupported(f"scheduler: the service {service} is not supported by Glasshouse yet")
    try:
        return cloud.model.operation(name, action[:1].upper() + action[1:])
    except KeyError:
        raise ValidationException(f"{action} is not an action of the service {service}.") from None


def _names(cloud: Cloud) -> dict[str, str]:
    """The services of the cloud, by the names that SDKs for Java give them: `cloudwatchlogs`, `eventbridge`, `sfn`."""
    found = {}
    for name in cloud.services.names():
        described = cloud.model.service(name).metadata  # type: ignore[attr-defined]
        found[re.sub(r"[^a-z0-9]", "", described["serviceId"].lower())] = name
    return found


def shaped(operation: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The members of a call from an input whose names may begin with a capital letter where the API's do not."""
    shape = operation.input_shape
    return _value(shape, given) if shape is not None else {}


def _value(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        found = {}
        for key, inner in value.items():
            name, member = members.get(key.lower(), (key, None))
            found[name] = inner if member is None else _value(member, inner)
        return found
    if kind == "list" and isinstance(value, list):
        return [_value(shape.member, inner) for inner in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _value(shape.value, inner) for key, inner in value.items()}
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    if kind == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return value
