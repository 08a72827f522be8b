"""Errors of CloudTrail."""

from glasshouse.core import ServiceError


class TrailNotFoundException(ServiceError):
    """The trail with the given name is not found."""


class TrailAlreadyExistsException(ServiceError):
    """The specified trail already exists."""


class MaximumNumberOfTrailsExceededException(ServiceError):
    """The maximum number of trails is reached."""


class InvalidTrailNameException(ServiceError):
    """The provided trail name is not valid."""


class S3BucketDoesNotExistException(ServiceError):
    """The specified S3 bucket does not exist."""


class InsufficientS3BucketPolicyException(ServiceError):
    """The policy on the S3 bucket is not sufficient."""


class InvalidEventSelectorsException(ServiceError):
    """The event selectors are not valid."""


class InvalidLookupAttributesException(ServiceError):
    """The lookup attribute is specified incorrectly."""


class InvalidTimeRangeException(ServiceError):
    """The timestamp values are invalid."""


class InvalidNextTokenException(ServiceError):
    """The next token is invalid or was given with other parameters than before."""


class InvalidParameterException(ServiceError):
    """The request includes a parameter that is not valid."""


class InvalidParameterCombinationException(ServiceError):
    """The combination of parameters provided is not valid."""


class ResourceNotFoundException(ServiceError):
    """The specified resource is not found."""


class InvalidHomeRegionException(ServiceError):
    """The operation is called on a trail from a region other than its home."""


class EventDataStoreNotFoundException(ServiceError):
    """The specified event data store was not found."""


class EventDataStoreAlreadyExistsException(ServiceError):
    """An event data store with that name already exists."""


class EventDataStoreTerminationProtectedException(ServiceError):
    """The event data store cannot be deleted because termination protection is enabled for it."""


class InactiveEventDataStoreException(ServiceError):
    """The event data store is inactive."""


class InvalidCloudWatchLogsLogGroupArnException(ServiceError):
    """CloudTrail cannot validate the specified log group ARN."""


class InvalidCloudWatchLogsRoleArnException(ServiceError):
    """Access denied. Verify in IAM that the role has adequate permissions."""


class InsightNotEnabledException(ServiceError):
    """Insights are not enabled for the trail."""


class InsufficientSnsTopicPolicyException(ServiceError):
    """SNS Topic does not exist or the topic policy is incorrect!"""
