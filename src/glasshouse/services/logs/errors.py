"""Errors of CloudWatch Logs."""

from glasshouse.core import ServiceError


class AccessDeniedException(ServiceError):
    """You don't have sufficient permissions to perform this action."""


class InvalidParameterException(ServiceError):
    """A parameter is specified incorrectly."""


class InvalidOperationException(ServiceError):
    """The operation is not valid on the specified resource."""


class ResourceNotFoundException(ServiceError):
    """The specified resource does not exist."""


class ResourceAlreadyExistsException(ServiceError):
    """The specified resource already exists."""


class LimitExceededException(ServiceError):
    """You have reached the maximum number of resources that can be created."""


class MalformedQueryException(ServiceError):
    """The query string is not valid."""


class ValidationException(ServiceError):
    """One of the parameters for the request is not valid."""


class DataAlreadyAcceptedException(ServiceError):
    """The event was already logged."""
