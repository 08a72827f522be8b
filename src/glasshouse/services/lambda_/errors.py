"""The errors of Lambda. Each says whose fault it is: `Type` is "User" or "Service"."""

from glasshouse.core.errors import ServiceError, ValidationException

__all__ = [
    "AccessDeniedException",
    "CodeSigningConfigNotFoundException",
    "CodeVerificationFailedException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "PolicyLengthExceededException",
    "PreconditionFailedException",
    "ProvisionedConcurrencyConfigNotFoundException",
    "RequestEntityTooLargeException",
    "RequestTooLargeException",
    "ResourceConflictException",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "ServiceError",
    "ServiceException",
    "TooManyRequestsException",
    "ValidationException",
    "outdated",
    "violation",
]


class UserError(ServiceError):
    """An error of Lambda that the caller can mend. Some of AWS's do not say so: `Type=None`."""

    def __init__(self, message: str | None = None, **members):
        told = {"Type": "User", **members}
        super().__init__(message, **{name: value for name, value in told.items() if value is not None})


class AccessDeniedException(UserError):
    """User is not authorized to perform this operation."""

    status = 403


class CodeSigningConfigNotFoundException(UserError):
    """The specified code signing configuration does not exist."""

    status = 404


class CodeVerificationFailedException(UserError):
    """The code signature failed one or more of the validation checks for signature mismatch or expiry, and the code
    signing policy is set to ENFORCE. Lambda blocks the deployment."""

    def __init__(self):
        super().__init__(" ".join((type(self).__doc__ or "").split()))


class InvalidParameterValueException(UserError):
    """One of the parameters in the request is not valid."""


class KMSAccessDeniedException(UserError):
    """Lambda couldn't decrypt the environment variables because KMS access was denied."""


class KMSDisabledException(UserError):
    """Lambda couldn't decrypt the environment variables because the KMS key used is disabled."""


class KMSInvalidStateException(UserError):
    """Lambda couldn't decrypt the environment variables because the state of the KMS key used is not valid."""


class KMSNotFoundException(UserError):
    """Lambda couldn't decrypt the environment variables because the KMS key was not found."""


class PolicyLengthExceededException(UserError):
    """The permissions policy for the resource is too large."""


class PreconditionFailedException(UserError):
    """The Revision Id provided does not match the latest Revision Id."""


class RequestEntityTooLargeException(ServiceError):
    """The request is too large."""

    status = 413


class ResourceConflictException(UserError):
    """The resource already exists, or another operation is in progress."""


class ResourceInUseException(UserError):
    """The operation conflicts with the resource's availability."""


class ResourceNotFoundException(UserError):
    """The resource you requested does not exist."""


class InvalidRequestContentException(UserError):
    """The request body could not be parsed as JSON."""


class RequestTooLargeException(UserError):
    """The request payload exceeded the Invoke request body JSON input quota."""


class TooManyRequestsException(UserError):
    """Rate Exceeded."""


class ProvisionedConcurrencyConfigNotFoundException(UserError):
    """No Provisioned Concurrency Config found for this function"""


class ServiceException(ServiceError):
    """The Lambda service encountered an internal error."""

    status = 500

    def __init__(self, message: str | None = None, **members):
        super().__init__(message, **{"Type": "Service", **members})


def violation(value: object, member: str, constraint: str) -> ValidationException:
    """The sentence with which AWS refuses a value that its model does not allow."""
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    )


def outdated() -> PreconditionFailedException:
    """A RevisionId that is not the last one."""
    return PreconditionFailedException(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve"
        " the latest Revision Id"
    )
