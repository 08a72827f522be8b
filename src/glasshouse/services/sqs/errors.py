"""The errors of SQS. Their older codes and statuses are in `model.json`."""

from glasshouse.core.errors import InvalidParameterValue, MissingParameter, ServiceError

__all__ = [
    "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong",
    "EmptyBatchRequest",
    "InvalidAddress",
    "InvalidAttributeName",
    "InvalidAttributeValue",
    "InvalidBatchEntryId",
    "InvalidMessageContents",
    "InvalidParameterValue",
    "KmsAccessDenied",
    "KmsDisabled",
    "KmsInvalidKeyUsage",
    "KmsInvalidState",
    "KmsNotFound",
    "MessageNotInflight",
    "MissingParameter",
    "OverLimit",
    "PurgeQueueInProgress",
    "QueueDeletedRecently",
    "QueueDoesNotExist",
    "QueueNameExists",
    "ReceiptHandleIsInvalid",
    "ResourceNotFoundException",
    "ServiceError",
    "TooManyEntriesInBatchRequest",
    "invalid",
]


def invalid(value, parameter: str, reason: str) -> InvalidParameterValue:
    """SQS's usual sentence about a value."""
    return InvalidParameterValue(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


class BatchEntryIdsNotDistinct(ServiceError):
    """Two or more batch entries in the request have the same Id."""


class BatchRequestTooLong(ServiceError):
    """The length of all the messages put together is more than the limit."""


class EmptyBatchRequest(ServiceError):
    """The batch request doesn't contain any entries."""


class InvalidAddress(ServiceError):
    """The specified ID is invalid."""


class InvalidAttributeName(ServiceError):
    """The specified attribute doesn't exist."""


class InvalidAttributeValue(ServiceError):
    """A queue attribute value is invalid."""


class InvalidBatchEntryId(ServiceError):
    """The Id of a batch entry in a batch request doesn't abide by the specification."""


class InvalidMessageContents(ServiceError):
    """The message contains characters outside the allowed set."""


class MessageNotInflight(ServiceError):
    """The specified message isn't in flight."""


class OverLimit(ServiceError):
    """The specified action violates a limit."""


class PurgeQueueInProgress(ServiceError):
    """The queue was purged within the last 60 seconds."""


class QueueDeletedRecently(ServiceError):
    """You must wait 60 seconds after deleting a queue before you can create another with the same name."""


class QueueDoesNotExist(ServiceError):
    """The specified queue does not exist."""


class QueueNameExists(ServiceError):
    """A queue with this name already exists."""


class ReceiptHandleIsInvalid(ServiceError):
    """The specified receipt handle isn't valid."""


class ResourceNotFoundException(ServiceError):
    """One or more specified resources don't exist."""


class TooManyEntriesInBatchRequest(ServiceError):
    """The batch request contains more entries than permissible."""


class KmsAccessDenied(ServiceError):
    """The caller doesn't have the required KMS access."""


class KmsDisabled(ServiceError):
    """The KMS key is disabled."""


class KmsInvalidKeyUsage(ServiceError):
    """The KMS key is not made for encryption with symmetric keys."""


class KmsInvalidState(ServiceError):
    """The state of the KMS key is not valid for this request."""


class KmsNotFound(ServiceError):
    """The KMS key could not be found."""
