"""Errors of IAM."""

from glasshouse.core import ServiceError


class NoSuchEntity(ServiceError):
    """The request was rejected because it referenced a resource entity that does not exist."""

    status = 404


class EntityAlreadyExists(ServiceError):
    """The request was rejected because it attempted to create a resource that already exists."""

    status = 409


class DeleteConflict(ServiceError):
    """The request was rejected because it attempted to delete a resource that has attached subordinate entities."""

    status = 409


class LimitExceeded(ServiceError):
    """The request was rejected because it attempted to create resources beyond the current account limits."""

    status = 409


class MalformedPolicyDocument(ServiceError):
    """The request was rejected because the policy document was malformed."""


class InvalidInput(ServiceError):
    """The request was rejected because an invalid or out-of-range value was supplied for an input parameter."""


class ValidationError(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


class UnmodifiableEntity(ServiceError):
    """The request was rejected because only the service that depends on the role can modify or delete it."""


class PasswordPolicyViolation(ServiceError):
    """The request was rejected because the provided password did not meet the account password policy."""


class InvalidAuthenticationCode(ServiceError):
    """The request was rejected because the authentication code was not recognized."""

    status = 403


class ReportNotPresent(ServiceError):
    """The request was rejected because the credential report does not exist."""

    status = 410


class ReportInProgress(ServiceError):
    """The request was rejected because the credential report is still being generated."""

    status = 404


class MalformedCertificate(ServiceError):
    """The request was rejected because the certificate was malformed or expired."""


class InvalidCertificate(ServiceError):
    """The request was rejected because the certificate is invalid."""


class DuplicateCertificate(ServiceError):
    """The request was rejected because the same certificate is associated with an IAM user in the account."""

    status = 409


class KeyPairMismatch(ServiceError):
    """The request was rejected because the public key certificate and the private key do not match."""


class InvalidPublicKey(ServiceError):
    """The request was rejected because the public key is malformed or otherwise invalid."""


class DuplicateSSHPublicKey(ServiceError):
    """The request was rejected because the SSH public key is already associated with the specified IAM user."""
