"""Errors of Application Auto Scaling."""

from glasshouse.core.errors import ServiceError, ValidationException

__all__ = [
    "FailedResourceAccessException",
    "InvalidNextTokenException",
    "LimitExceededException",
    "ObjectNotFoundException",
    "ResourceNotFoundException",
    "ServiceError",
    "TooManyTagsException",
    "ValidationException",
]


class FailedResourceAccessException(ServiceError):
    """Failed access to resources caused an exception."""


class ObjectNotFoundException(ServiceError):
    """The specified object could not be found."""


class InvalidNextTokenException(ServiceError):
    """The next token supplied was invalid."""


class LimitExceededException(ServiceError):
    """A per-account resource limit is exceeded."""


class ResourceNotFoundException(ServiceError):
    """The specified resource doesn't exist."""


class TooManyTagsException(ServiceError):
    """The request contains too many tags."""
