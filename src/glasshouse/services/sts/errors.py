"""Errors of STS."""

from glasshouse.core import ServiceError


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


class ValidationError(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class MalformedPolicyDocument(ServiceError):
    """The request was rejected because the policy document was malformed."""


class PackedPolicyTooLarge(ServiceError):
    """Packed size of session tags consumes more than the allotted space."""


class InvalidAuthorizationMessageException(ServiceError):
    """Message is malformed or not authorized to be decoded."""
