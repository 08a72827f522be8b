"""Errors of API Gateway, and its habit of naming several things wrong by the same few words."""

from glasshouse.core import ServiceError


class BadRequestException(ServiceError):
    """The submitted request is not valid."""


class NotFoundException(ServiceError):
    """The requested resource is not found."""


class ConflictException(ServiceError):
    """The request configuration has conflicts."""


class TooManyRequestsException(ServiceError):
    """The request has reached its throttling limit."""


class AccessDeniedException(ServiceError):
    """Access Denied"""

    status = 403


class ValidationException(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


NO_RESOURCE = "Invalid Resource identifier specified"
NO_METHOD = "Invalid Method identifier specified"
NO_INTEGRATION = "Invalid Integration identifier specified"
NO_RESPONSE = "Invalid Response status code specified"
NO_STAGE = "Invalid stage identifier specified"
NO_KEY = "Invalid API Key identifier specified"
NO_PLAN = "Invalid Usage Plan ID specified"
NO_DOMAIN = "Invalid domain name identifier specified"


def invalid_expression(text: str) -> BadRequestException:
    """A mapping expression is none."""
    found = f"Validation Result: warnings : [], errors : [Invalid mapping expression specified: {text}]"
    return BadRequestException(f"Invalid mapping expression specified: {found}")


def invalid_parameter(name: str) -> BadRequestException:
    """A mapping expression names what the method does not have."""
    found = f"Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {name}]"
    return BadRequestException(f"Invalid mapping expression specified: {found}")
