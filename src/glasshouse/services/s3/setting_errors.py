"""Errors about the settings of buckets, worded as S3 words them."""

from glasshouse.core import ServiceError


class AccessControlListNotSupported(ServiceError):
    """The bucket does not allow ACLs"""


class AccessForbidden(ServiceError):
    """Access forbidden"""

    status = 403


class BadRequest(ServiceError):
    """Bad Request"""


class CrossLocationLoggingProhibitted(ServiceError):
    """Cross S3 location logging not allowed."""

    status = 403


class IdMismatch(ServiceError):
    """Document ID does not match the specified configuration ID."""


class InvalidS3DestinationBucket(ServiceError):
    """Invalid bucket ARN."""


class TooManyConfigurations(ServiceError):
    """You are attempting to create a new configuration but have already reached the 1,000-configuration limit."""


class InvalidTargetBucketForLogging(ServiceError):
    """The target bucket for logging does not exist"""


class InvalidBucketAclWithBlockPublicAccessError(ServiceError):
    """Bucket cannot have public ACLs set with BlockPublicAccess enabled"""


class InvalidBucketAclWithObjectOwnership(ServiceError):
    """Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"""


class InvalidPolicyDocument(ServiceError):
    """The content of the form does not meet the conditions specified in the policy document."""


class MalformedACLError(ServiceError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class MalformedPolicy(ServiceError):
    """This policy contains invalid Json"""


class MissingSecurityHeader(ServiceError):
    """Your request was missing a required header"""


class NoSuchBucketPolicy(ServiceError):
    """The bucket policy does not exist"""

    status = 404


class NoSuchConfiguration(ServiceError):
    """The specified configuration does not exist."""

    status = 404


class NoSuchCORSConfiguration(ServiceError):
    """The CORS configuration does not exist"""

    status = 404


class NoSuchLifecycleConfiguration(ServiceError):
    """The lifecycle configuration does not exist"""

    status = 404


class NoSuchObjectLockConfiguration(ServiceError):
    """The specified object does not have a ObjectLock configuration"""

    status = 404


class NoSuchPublicAccessBlockConfiguration(ServiceError):
    """The public access block configuration was not found"""

    status = 404


class NoSuchTagSet(ServiceError):
    """The TagSet does not exist"""

    status = 404


class NoSuchWebsiteConfiguration(ServiceError):
    """The specified bucket does not have a website configuration"""

    status = 404


class ObjectLockConfigurationNotFoundError(ServiceError):
    """Object Lock configuration does not exist for this bucket"""

    status = 404


class OwnershipControlsNotFoundError(ServiceError):
    """The bucket ownership controls were not found"""

    status = 404


class ReplicationConfigurationNotFoundError(ServiceError):
    """The replication configuration was not found"""

    status = 404


class RestoreAlreadyInProgress(ServiceError):
    """Object restore is already in progress"""

    status = 409


class UnexpectedContent(ServiceError):
    """This request does not support content"""
