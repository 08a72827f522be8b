"""Errors of KMS. Where AWS sends no message, neither do we."""

from glasshouse.core import ServiceError


class AccessDeniedException(ServiceError):
    """You are not authorized to perform this operation."""


class AlreadyExistsException(ServiceError):
    """The request was rejected because it attempted to create a resource that already exists."""


class DisabledException(ServiceError):
    """The request was rejected because the specified KMS key is not enabled."""


class DryRunOperationException(ServiceError):
    """The request would have succeeded, but the DryRun option is set."""


class ExpiredImportTokenException(ServiceError):
    """The request was rejected because the specified import token is expired."""


class IncorrectKeyException(ServiceError):
    """The key ID in the request does not identify a CMK that can perform this operation."""


class IncorrectKeyMaterialException(ServiceError):
    """The request was rejected because the key material in the request is expired, invalid, or does not meet
    expectations."""


class InvalidArnException(ServiceError):
    """The request was rejected because a specified ARN, or an ARN in a key policy, is not valid."""


class InvalidCiphertextException(ServiceError): ...


class InvalidGrantIdException(ServiceError):
    """The request was rejected because the specified GrantId is not valid."""


class InvalidGrantTokenException(ServiceError):
    """The request was rejected because the specified grant token is not valid."""


class InvalidImportTokenException(ServiceError):
    """The request was rejected because the provided import token is invalid or is associated with a different KMS
    key."""


class InvalidKeyUsageException(ServiceError):
    """The key's usage or spec does not suit the operation."""


class InvalidMarkerException(ServiceError):
    """The request was rejected because the marker that specifies where pagination should next begin is not valid."""


class KMSInvalidMacException(ServiceError): ...


class KMSInvalidSignatureException(ServiceError): ...


class KMSInvalidStateException(ServiceError):
    """The request was rejected because the state of the specified resource is not valid for this request."""


class LimitExceededException(ServiceError):
    """The request was rejected because a length constraint or quota was exceeded."""


class MalformedPolicyDocumentException(ServiceError):
    """The request was rejected because the specified policy is not syntactically or semantically correct."""


class NotAuthorizedException(ServiceError): ...


class NotFoundException(ServiceError):
    """The request was rejected because the specified entity or resource could not be found."""


class TagException(ServiceError):
    """The request was rejected because one or more tags are not valid."""


class UnsupportedOperationException(ServiceError):
    """The request was rejected because a specified parameter is not supported or a specified resource is not valid for
    this operation."""
