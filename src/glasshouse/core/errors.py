"""Errors the client is told about.

The class name is the wire code and the docstring the default message. HTTP status and any older code come from the
model's error shape of the same name; where the model has none, `status` counts.
"""


class ServiceError(Exception):
    """An error of an AWS API: `members` are further members of its error shape, by their wire names."""

    status = 400

    def __init__(self, message: str | None = None, **members):
        super().__init__(message if message is not None else " ".join((type(self).__doc__ or "").split()))
        self.members = members

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def message(self) -> str:
        return str(self)


class ValidationException(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class ValidationError(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class MissingParameter(ServiceError):
    """A required parameter for the specified action is not supplied."""


class InvalidParameterValue(ServiceError):
    """An invalid or out-of-range value was supplied for the input parameter."""


class SerializationException(ServiceError):
    """The request body could not be read."""


class MalformedInput(ServiceError):
    """The request could not be read."""


class UnknownOperationException(ServiceError):
    """The requested operation is not known to this service."""


class InvalidAction(ServiceError):
    """The action or operation requested is invalid. Verify that the action is typed correctly."""


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


class InternalFailure(ServiceError):
    """The request processing has failed because of an unknown error, exception or failure."""

    status = 500


class NotSupported(ServiceError):
    """Glasshouse does not do this yet."""

    status = 501
