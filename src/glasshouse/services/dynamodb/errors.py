"""The errors of DynamoDB, and the translation of what the engine refuses."""

from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.engines.dynamo import Invalid
from glasshouse.engines.dynamo.invalid import NoValue, WrongValue

__all__ = ["ValidationException"]


class Worded:
    """`with WORDED:` what the engine refuses is a ValidationException in the same words."""

    def __enter__(self):
        return self

    def __exit__(self, kind, failure, trace):
        if kind is not None and issubclass(kind, Invalid):
            raise ValidationException(str(failure)) from None


class OfRequest:
    """`with REQUEST:` what is wrong with a request by itself, before its table is looked at.

    Writes of a single item tell of it behind a count, and so do Query and Scan of Select; all others do not. No page
    says so: real DynamoDB has done it since 2026.
    """

    def __enter__(self):
        return self

    def __exit__(self, kind, failure, trace):
        if kind is not None and issubclass(kind, Invalid) and kind is not NoValue:
            told = failure.reason if isinstance(failure, WrongValue) else failure
            raise Invalid(f"1 validation error detected: {told}") from None


WORDED, REQUEST = Worded(), OfRequest()


class BackupNotFoundException(ServiceError):
    """Backup not found for the given BackupARN."""


class ConditionalCheckFailedException(ServiceError):
    """The conditional request failed"""


class DuplicateItemException(ServiceError):
    """Duplicate primary key exists in table"""


class ExportConflictException(ServiceError):
    """There was a conflict when writing to the specified S3 bucket."""


class ExportNotFoundException(ServiceError):
    """The specified export was not found."""


class IdempotentParameterMismatchException(ServiceError):
    """The provided client token was used with a different set of parameters."""


class ImportConflictException(ServiceError):
    """There was a conflict when importing from the specified S3 source."""


class ImportNotFoundException(ServiceError):
    """The specified import was not found."""


class InvalidExportTimeException(ServiceError):
    """The specified ExportTime is outside of the point in time recovery window."""


class InvalidRestoreTimeException(ServiceError):
    """An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and
    LatestRestorableDateTime."""


class LimitExceededException(ServiceError):
    """Too many operations for a given subscriber."""


class PointInTimeRecoveryUnavailableException(ServiceError):
    """Point in time recovery has not yet been enabled for this source table."""


class PolicyNotFoundException(ServiceError):
    """The operation tried to access a nonexistent resource-based policy."""


class ProvisionedThroughputExceededException(ServiceError):
    """The level of configured provisioned throughput for the table was exceeded."""


class ResourceInUseException(ServiceError):
    """The resource which is being attempted to be changed is in use."""


class ResourceNotFoundException(ServiceError):
    """Requested resource not found"""


class TableAlreadyExistsException(ServiceError):
    """A target table with the specified name already exists."""


class TableNotFoundException(ServiceError):
    """A source table with the given name does not currently exist within the subscriber's account."""


class ThrottlingException(ServiceError):
    """Throughput exceeds the maximum OnDemandThroughput configured on table or index"""


class TransactionCanceledException(ServiceError):
    """Transaction cancelled, please refer cancellation reasons for specific reasons"""
