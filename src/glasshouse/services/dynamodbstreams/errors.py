"""The errors of DynamoDB Streams."""

from glasshouse.core.errors import ServiceError, ValidationException

__all__ = ["ValidationException"]


class ExpiredIteratorException(ServiceError):
    """The shard iterator has expired and can no longer be used to retrieve stream records."""


class ResourceNotFoundException(ServiceError):
    """The operation tried to access a nonexistent stream."""


class TrimmedDataAccessException(ServiceError):
    """The operation attempted to read past the oldest stream record in a shard."""
