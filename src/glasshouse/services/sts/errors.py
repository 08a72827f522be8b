"""Errors of STS."""

from glasshouse.core import ServiceError


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


class InvalidParameterValue(ServiceError):
    """A parameter has a value that goes with no other, or with none of the session that asks."""


class ValidationError(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class MalformedPolicyDocument(ServiceError):
    """The request was rejected because the policy document was malformed."""


class PackedPolicyTooLarge(ServiceError):
    """Packed size of session tags consumes more than the allotted space."""


class InvalidAuthorizationMessageException(ServiceError):
    """Message is malformed or not authorized to be decoded."""


class InvalidIdentityToken(ServiceError):
    """The web identity token that was passed could not be validated by Amazon Web Services. Get a new identity token
    from the identity provider and then retry the request."""


class ExpiredTokenException(ServiceError):
    """The web identity token that was passed is expired or is not valid. Get a new identity token from the identity
    provider and then retry the request."""


class IDPRejectedClaim(ServiceError):
    """The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid."""

    status = 403


class IDPCommunicationError(ServiceError):
    """The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming
    identity token could not be reached."""
