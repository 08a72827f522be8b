"""The errors of EventBridge Pipes."""

import json

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException

__all__ = [
    "ConflictException",
    "Failed",
    "NotFoundException",
    "NotSupported",
    "ServiceError",
    "ServiceQuotaExceededException",
    "ValidationException",
    "invalid",
]


class ConflictException(ServiceError):
    """An action you attempted resulted in an exception."""


class NotFoundException(ServiceError):
    """An entity that you specified does not exist."""


class ServiceQuotaExceededException(ServiceError):
    """A quota has been exceeded."""


class Failed(ServiceError):
    """An enrichment or a target did not do what it was asked to."""


def invalid(field: str, message: str) -> ValidationException:
    """What is wrong with one member; its message is JSON, as on AWS."""
    told = {"ValidationErrorFields": [{"Name": field, "Message": message}]}
    return ValidationException(json.dumps(told, separators=(",", ":")), fieldList=[{"name": field, "message": message}])
