"""Errors of IAM Access Analyzer."""

from glasshouse.core import ServiceError


class ValidationException(ServiceError):
    """Validation exception error."""

    def __init__(self, message: str | None = None, reason: str = "other", **members):
        super().__init__(message, reason=reason, **members)


class ResourceNotFoundException(ServiceError):
    """The specified resource could not be found."""


class ConflictException(ServiceError):
    """A conflict exception error."""


class ServiceQuotaExceededException(ServiceError):
    """Service quote met error."""


class InvalidParameterException(ServiceError):
    """The specified parameter is invalid."""


class AccessDeniedException(ServiceError):
    """You do not have sufficient access to perform this action."""


def invalid(field: str, message: str) -> ValidationException:
    """A member of the input that is not right, named in the list of fields."""
    return ValidationException(message, "fieldValidationFailed", fieldList=[{"name": field, "message": message}])


def not_found(kind: str, name: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"{kind} {name} was not found.", resourceId=name, resourceType=kind)


def taken(kind: str, name: str) -> ConflictException:
    return ConflictException(f"{kind} {name} already exists.", resourceId=name, resourceType=kind)
