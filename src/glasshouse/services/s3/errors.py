"""Errors of S3, worded as S3 words them. Those with headers of their own have a shape in model.json."""

from glasshouse.core import ServiceError
from glasshouse.core.errors import AccessDenied

__all__ = ["AccessDenied"]


class BadDigest(ServiceError):
    """The Content-MD5 you specified did not match what we received."""


class BucketAlreadyExists(ServiceError):
    """The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."""  # noqa: E501

    status = 409


class BucketAlreadyOwnedByYou(ServiceError):
    """Your previous request to create the named bucket succeeded and you already own it."""

    status = 409


class BucketNotEmpty(ServiceError):
    """The bucket you tried to delete is not empty"""

    status = 409


class ConditionalRequestConflict(ServiceError):
    """The conditional request cannot succeed due to a conflicting operation against this resource."""

    status = 409


class EntityTooLarge(ServiceError):
    """Your proposed upload exceeds the maximum allowed size"""


class EntityTooSmall(ServiceError):
    """Your proposed upload is smaller than the minimum allowed size"""


class IllegalLocationConstraintException(ServiceError):
    """The specified location constraint is incompatible for the region specific endpoint this request was sent to."""


class InvalidArgument(ServiceError):
    """Invalid Argument"""


class InvalidBucketName(ServiceError):
    """The specified bucket is not valid."""


class InvalidBucketState(ServiceError):
    """The request is not valid with the current state of the bucket."""

    status = 409


class InvalidDigest(ServiceError):
    """The Content-MD5 you specified was invalid."""


class InvalidEncryptionAlgorithmError(ServiceError):
    """The encryption request you specified is not valid."""


class InvalidLocationConstraint(ServiceError):
    """The specified location-constraint is not valid"""


class InvalidObjectState(ServiceError):
    """The operation is not valid for the object's storage class"""

    status = 403


class InvalidPart(ServiceError):
    """One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."""  # noqa: E501


class InvalidPartNumber(ServiceError):
    """The requested partnumber is not satisfiable"""

    status = 416


class InvalidPartOrder(ServiceError):
    """The list of parts was not in ascending order. Parts must be ordered by part number."""


class InvalidRange(ServiceError):
    """The requested range is not satisfiable"""

    status = 416


class InvalidRequest(ServiceError):
    """Invalid Request"""


class InvalidStorageClass(ServiceError):
    """The storage class you specified is not valid"""


class InvalidTag(ServiceError):
    """The tag provided was not a valid tag. This error can occur if the tag did not pass input validation."""


class KeyTooLongError(ServiceError):
    """Your key is too long"""


class MalformedXML(ServiceError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class MetadataTooLarge(ServiceError):
    """Your metadata headers exceed the maximum allowed metadata size"""


class MethodNotAllowed(ServiceError):
    """The specified method is not allowed against this resource."""

    status = 405


class MissingContentLength(ServiceError):
    """You must provide the Content-Length HTTP header."""

    status = 411


class MissingRequestBodyError(ServiceError):
    """Request Body is empty"""


class NoSuchBucket(ServiceError):
    """The specified bucket does not exist"""

    status = 404


class NoSuchKey(ServiceError):
    """The specified key does not exist."""

    status = 404


class NoSuchUpload(ServiceError):
    """The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."""  # noqa: E501

    status = 404


class NoSuchVersion(ServiceError):
    """The specified version does not exist."""

    status = 404


class NotModified(ServiceError):
    """Not Modified"""

    status = 304


class PreconditionFailed(ServiceError):
    """At least one of the pre-conditions you specified did not hold"""

    status = 412


class XAmzContentChecksumMismatch(ServiceError):
    """The provided checksum does not match the calculated checksum."""


class NotImplemented(ServiceError):
    """A header you provided implies functionality that is not implemented"""

    status = 501


class IllegalVersioningConfigurationException(ServiceError):
    """The Versioning element must be specified"""


class InvalidRedirectLocation(ServiceError):
    """The website redirect location must have a prefix of 'http://' or 'https://' or '/'."""
