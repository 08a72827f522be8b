"""The errors of API Gateway v2, and what a caller is told whose request to an API fails."""

from glasshouse.core import ServiceError


class BadRequestException(ServiceError):
    """The request is not valid, for example, the input is incomplete or incorrect."""


class NotFoundException(ServiceError):
    """The resource specified in the request was not found."""


class ConflictException(ServiceError):
    """The requested operation would cause a conflict with the current state of a service resource."""


class TooManyRequestsException(ServiceError):
    """A limit has been exceeded. See the accompanying error message for details."""


def not_found(kind: str, identifier: str) -> NotFoundException:
    """API Gateway's usual sentence about what is not there."""
    return NotFoundException(f"Invalid {kind} identifier specified {identifier}")


def too_many(kind: str, owner: str) -> TooManyRequestsException:
    return TooManyRequestsException(
        f"Maximum number of {kind} for this {owner} has been reached. Please contact AWS if you need additional {kind}."
    )
