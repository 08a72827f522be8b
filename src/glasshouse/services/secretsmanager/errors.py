"""Errors of Secrets Manager."""

from glasshouse.core import ServiceError


class AccessDeniedException(ServiceError):
    """Access to KMS is not allowed"""


class DecryptionFailure(ServiceError):
    """Secrets Manager can't decrypt the protected secret text using the provided KMS key."""


class EncryptionFailure(ServiceError):
    """Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is
    available, enabled, and not in an invalid state."""


class InvalidNextTokenException(ServiceError):
    """The NextToken value is invalid."""


class InvalidParameterException(ServiceError):
    """The parameter name or value is invalid."""


class InvalidRequestException(ServiceError):
    """You tried to perform the operation on a secret that's currently marked deleted."""


class MalformedPolicyDocumentException(ServiceError):
    """This resource policy contains invalid Json."""


class PublicPolicyException(ServiceError):
    """You can't attach a resource policy that allows broad access to the secret."""


class ResourceExistsException(ServiceError):
    """A resource with the ID you requested already exists."""


class ResourceNotFoundException(ServiceError):
    """Secrets Manager can't find the specified secret."""
