"""The errors of SNS, by the names of the model's shapes; their codes are shorter (InvalidParameter, NotFound ...)."""

from glasshouse.core.errors import ServiceError


def invalid(reason: str) -> "InvalidParameterException":
    return InvalidParameterException(f"Invalid parameter: {reason}")


class AuthorizationErrorException(ServiceError):
    """The user has been denied access to the requested resource."""


class BatchEntryIdsNotDistinctException(ServiceError):
    """Two or more batch entries in the request have the same Id."""


class BatchRequestTooLongException(ServiceError):
    """The length of all the messages put together is more than the limit."""


class EmptyBatchRequestException(ServiceError):
    """The batch request doesn't contain any entries."""


class EndpointDisabledException(ServiceError):
    """Endpoint is disabled"""


class FilterPolicyLimitExceededException(ServiceError):
    """The number of filter policies exceeds the limit."""


class InvalidBatchEntryIdException(ServiceError):
    """The Id of a batch entry in a batch request doesn't abide by the specification."""


class InvalidParameterException(ServiceError):
    """A request parameter does not comply with the associated constraints."""


class InvalidParameterValueException(ServiceError):
    """A request parameter does not comply with the associated constraints."""


class InvalidStateException(ServiceError):
    """The specified state is not a valid state for an event source."""


class KMSAccessDeniedException(ServiceError):
    """The ciphertext references a key that doesn't exist or that you don't have access to."""


class KMSDisabledException(ServiceError):
    """The request was rejected because the specified key isn't enabled."""


class KMSInvalidStateException(ServiceError):
    """The request was rejected because the state of the specified resource isn't valid for this request."""


class KMSNotFoundException(ServiceError):
    """The request was rejected because the specified entity or resource can't be found."""


class NotFoundException(ServiceError):
    """The requested resource does not exist."""


class PlatformApplicationDisabledException(ServiceError):
    """Platform application is disabled"""


class ResourceNotFoundException(ServiceError):
    """Resource does not exist"""


class SubscriptionLimitExceededException(ServiceError):
    """The customer already owns the maximum allowed number of subscriptions."""


class TagLimitExceededException(ServiceError):
    """Could not complete request: tag quota of per resource exceeded"""


class TooManyEntriesInBatchRequestException(ServiceError):
    """The batch request contains more entries than permissible."""
