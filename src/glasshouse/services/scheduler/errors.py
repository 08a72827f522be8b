"""The errors of EventBridge Scheduler."""

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException

__all__ = [
    "ConflictException",
    "NotSupported",
    "ResourceNotFoundException",
    "ServiceError",
    "ServiceQuotaExceededException",
    "ValidationException",
]


class ConflictException(ServiceError):
    """Updating or deleting the resource can cause an inconsistent state."""


class ResourceNotFoundException(ServiceError):
    """The request references a resource which does not exist."""


class ServiceQuotaExceededException(ServiceError):
    """The request exceeds a service quota."""
