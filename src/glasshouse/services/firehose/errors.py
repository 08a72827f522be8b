"""The errors of Data Firehose."""

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException

__all__ = ["NotSupported", "ValidationException"]


class ConcurrentModificationException(ServiceError):
    """Another modification has already happened. Fetch VersionId again and use it to update the destination."""


class InvalidArgumentException(ServiceError):
    """The specified input parameter has a value that is not valid."""


class InvalidKMSResourceException(ServiceError):
    """Firehose throws this exception when an attempt to put records or to start or stop encryption fails because of the
    KMS key."""


class InvalidSourceException(ServiceError):
    """Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled."""


class LimitExceededException(ServiceError):
    """You have already reached the limit for a requested resource."""


class ResourceInUseException(ServiceError):
    """The resource is already in use and not available for this operation."""


class ResourceNotFoundException(ServiceError):
    """The specified resource could not be found."""


class ServiceUnavailableException(ServiceError):
    """The service is unavailable. Back off and retry the operation."""
