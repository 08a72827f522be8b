"""The errors of Kinesis Data Streams."""

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException

__all__ = ["NotSupported", "ValidationException"]


class AccessDeniedException(ServiceError):
    """You do not have the permissions required to perform this operation."""


class DryRunOperationException(ServiceError):
    """The request would have succeeded, but the DryRun parameter was specified."""


class ExpiredIteratorException(ServiceError):
    """The provided iterator exceeds the maximum age allowed."""


class ExpiredNextTokenException(ServiceError):
    """The pagination token passed to the operation is expired."""


class InternalFailureException(ServiceError):
    """The processing of the request failed because of an unknown error, exception, or failure."""


class InvalidArgumentException(ServiceError):
    """A specified parameter exceeds its restrictions, is not supported, or can't be used."""


class KMSAccessDeniedException(ServiceError):
    """The ciphertext references a key that doesn't exist or that you don't have access to."""


class KMSDisabledException(ServiceError):
    """The request was rejected because the specified KMS key isn't enabled."""


class KMSInvalidStateException(ServiceError):
    """The request was rejected because the state of the specified resource isn't valid for this request."""


class KMSNotFoundException(ServiceError):
    """The request was rejected because the specified entity or resource can't be found."""


class LimitExceededException(ServiceError):
    """The requested resource exceeds the maximum number allowed."""


class ProvisionedThroughputExceededException(ServiceError):
    """The request rate for the stream is too high, or the requested data is too large for the available throughput."""


class ResourceInUseException(ServiceError):
    """The resource is not available for this operation. For successful operation, it must be in the ACTIVE state."""


class ResourceNotFoundException(ServiceError):
    """The requested resource could not be found. The stream might not be specified correctly."""
