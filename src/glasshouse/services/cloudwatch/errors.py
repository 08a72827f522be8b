"""The errors of CloudWatch. Those of the query protocol's past keep their short codes."""

from glasshouse.core.errors import ServiceError, ValidationError

__all__ = ["ValidationError"]


class DashboardInvalidInputError(ServiceError):
    """The field DashboardBody must be a valid JSON object"""


class DashboardNotFoundError(ServiceError):
    """The specified dashboard does not exist."""


class InvalidFormatFault(ServiceError):
    """Data was not syntactically valid JSON."""


class InvalidNextToken(ServiceError):
    """The next token specified is invalid."""


class InvalidParameterCombinationException(ServiceError):
    """Parameters were used together that cannot be used together."""


class InvalidParameterValueException(ServiceError):
    """The value of an input parameter is bad or out-of-range."""


class LimitExceededFault(ServiceError):
    """The quota for alarms for this customer has already been reached."""


class LimitExceededException(ServiceError):
    """The operation exceeded one or more limits."""


class MissingRequiredParameterException(ServiceError):
    """An input parameter that is required is missing."""


class ResourceNotFound(ServiceError):
    """The named resource does not exist."""


class ResourceNotFoundException(ServiceError):
    """Unknown"""
