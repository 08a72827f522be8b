"""Errors of STS that its model does not word."""

from glasshouse.core import ServiceError


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


class ValidationError(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class InvalidAuthorizationMessageException(ServiceError):
    """Message is malformed or not authorized to be decoded."""
