"""The errors of EventBridge."""

from glasshouse.core.errors import NotSupported, ServiceError, ValidationException

__all__ = [
    "IllegalStatusException",
    "InvalidEventPatternException",
    "LimitExceededException",
    "ManagedRuleException",
    "NotSupported",
    "PolicyLengthExceededException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "ServiceError",
    "Undelivered",
    "ValidationException",
]


class IllegalStatusException(ServiceError):
    """An error occurred because a replay can be canceled only when the state is Running or Starting."""


class InvalidEventPatternException(ServiceError):
    """The event pattern is not valid."""


class LimitExceededException(ServiceError):
    """The requested resource exceeds the maximum number allowed."""


class ManagedRuleException(ServiceError):
    """An AWS service created the rule on behalf of your account and manages it."""


class PolicyLengthExceededException(ServiceError):
    """The event bus policy is too long. For more information, see the limits."""


class ResourceAlreadyExistsException(ServiceError):
    """The resource you are trying to create already exists."""


class ResourceNotFoundException(ServiceError):
    """An entity that you specified does not exist."""


class Undelivered(ServiceError):
    """An event did not reach a target: `code` as dead letters tell it, `passing` if it is worth another attempt.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    code = "INTERNAL_ERROR"

    def __init__(self, code: str, message: str, passing: bool = False, after: float | None = None):
        super().__init__(message)
        self.code, self.passing, self.after = code, passing, after
