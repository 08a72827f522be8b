"""What a request is refused with before a service sees it, and which of AWS's words each family of protocols uses.

AWS has no single vocabulary: an unknown access key is InvalidAccessKeyId to S3, InvalidClientTokenId to the query
services, UnrecognizedClientException to those that speak JSON and AuthFailure to EC2.
"""

from enum import Enum

from glasshouse.core.errors import ServiceError


class Family(Enum):
    """The vocabularies."""

    S3 = "s3"
    EC2 = "ec2"
    QUERY = "query"
    JSON = "json"
    REST = "rest"


# Who asks


class InvalidAccessKeyId(ServiceError):
    """The AWS Access Key Id you provided does not exist in our records."""

    status = 403


class InvalidClientTokenId(ServiceError):
    """The security token included in the request is invalid."""

    status = 403


class UnrecognizedClientException(ServiceError):
    """The security token included in the request is invalid."""


class AuthFailure(ServiceError):
    """AWS was not able to validate the provided access credentials"""

    status = 401


class InvalidToken(ServiceError):
    """The provided token is malformed or otherwise invalid."""


class ExpiredToken(ServiceError):
    """The security token included in the request is expired"""


class ExpiredTokenException(ServiceError):
    """The security token included in the request is expired"""


class RequestExpired(ServiceError):
    """Request has expired."""


class MissingAuthenticationToken(ServiceError):
    """Request is missing Authentication Token"""

    status = 403


class MissingAuthenticationTokenException(ServiceError):
    """Missing Authentication Token"""


class AccessDenied(ServiceError):
    """Access Denied"""

    status = 403


# What they signed


class SignatureDoesNotMatch(ServiceError):
    """The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key
    and signing method. Consult the service documentation for details."""

    status = 403


class InvalidSignatureException(ServiceError):
    """The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key
    and signing method. Consult the service documentation for details."""


class RequestTimeTooSkewed(ServiceError):
    """The difference between the request time and the current time is too large."""

    status = 403


class IncompleteSignature(ServiceError):
    """The request signature does not conform to AWS standards."""


class IncompleteSignatureException(ServiceError):
    """The request signature does not conform to AWS standards."""


class AuthorizationHeaderMalformed(ServiceError):
    """The authorization header you provided is not valid."""


class AuthorizationQueryParametersError(ServiceError):
    """Error parsing the X-Amz-Credential parameter."""


class InvalidRequest(ServiceError):
    """The request is not valid."""


class InvalidArgument(ServiceError):
    """Invalid Argument"""


class InvalidPolicyDocument(ServiceError):
    """Invalid Policy: Invalid JSON."""


# What they sent


class XAmzContentSHA256Mismatch(ServiceError):
    """The provided 'x-amz-content-sha256' header does not match what was computed."""


class BadDigest(ServiceError):
    """The Content-MD5 you specified did not match what we received."""


class InvalidDigest(ServiceError):
    """The Content-MD5 you specified was invalid."""


class IncompleteBody(ServiceError):
    """You did not provide the number of bytes specified by the Content-Length HTTP header"""


class InvalidChunkSizeError(ServiceError):
    """Only the last chunk is allowed to have a size less than 8192 bytes"""

    status = 403


class MalformedTrailerError(ServiceError):
    """The request contained trailing data that was not well-formed or did not conform to our published schema."""


class MissingContentLength(ServiceError):
    """You must provide the Content-Length HTTP header."""

    status = 411


class EntityTooLarge(ServiceError):
    """Your proposed upload exceeds the maximum allowed object size."""


class RequestEntityTooLargeException(ServiceError):
    """Request Entity Too Large"""

    status = 413


class RequestEntityTooLarge(ServiceError):
    """Request Entity Too Large"""

    status = 413


class RequestTimeout(ServiceError):
    """Your socket connection to the server was not read from or written to within the timeout period."""


class RequestHeaderSectionTooLarge(ServiceError):
    """Your request header section exceeds the maximum allowed request header section size."""


class RequestUriTooLong(ServiceError):
    """The request line exceeds what this server reads."""

    status = 414


class BadRequest(ServiceError):
    """The request is not HTTP/1.1 as this server reads it."""


class MalformedPOSTRequest(ServiceError):
    """The body of your POST request is not well-formed multipart/form-data."""


class MaxPostPreDataLengthExceededError(ServiceError):
    """Your POST request fields preceding the upload file were too large."""


class MaxMessageLengthExceeded(ServiceError):
    """Your request was too big."""


# What they want


class UnknownOperationException(ServiceError):
    """The requested operation is not known to this service."""


class InvalidAction(ServiceError):
    """The action or operation requested is invalid. Verify that the action is typed correctly."""


class MethodNotAllowed(ServiceError):
    """The specified method is not allowed against this resource."""

    status = 405


class InternalError(ServiceError):
    """We encountered an internal error. Please try again."""

    status = 500


def with_status(error: ServiceError, status: int) -> ServiceError:
    error.status = status
    return error


def unknown_key(family: Family, access_key_id: str) -> ServiceError:
    if family is Family.S3:
        return InvalidAccessKeyId(AWSAccessKeyId=access_key_id)
    if family is Family.EC2:
        return AuthFailure()
    if family is Family.QUERY:
        return InvalidClientTokenId()
    return with_status(UnrecognizedClientException(), 403 if family is Family.REST else 400)


def bad_signature(family: Family, message: str | None = None, **members: str) -> ServiceError:
    """The signature is not what it should be; `members` show S3's client what was expected."""
    if family is Family.S3:
        text = "The request signature we calculated does not match the signature you provided."
        return SignatureDoesNotMatch(message or f"{text} Check your key and signing method.", **members)
    message = message or " ".join((SignatureDoesNotMatch.__doc__ or "").split())
    if family is Family.EC2:
        return AuthFailure()
    if family is Family.QUERY:
        return SignatureDoesNotMatch(message)
    return with_status(InvalidSignatureException(message), 403 if family is Family.REST else 400)


def bad_token(family: Family) -> ServiceError:
    """The session token is not that of the access key."""
    return InvalidToken() if family is Family.S3 else unknown_key(family, "")


def expired_token(family: Family) -> ServiceError:
    if family is Family.S3:
        return ExpiredToken("The provided token has expired.")
    if family is Family.EC2:
        return RequestExpired()
    if family is Family.QUERY:
        return with_status(ExpiredToken(), 403)
    return with_status(ExpiredTokenException(), 403 if family is Family.REST else 400)


def missing_authentication(family: Family) -> ServiceError:
    if family is Family.S3:
        return AccessDenied()
    if family in (Family.EC2, Family.QUERY):
        return MissingAuthenticationToken()
    return with_status(MissingAuthenticationTokenException(), 403 if family is Family.REST else 400)


def incomplete(family: Family, message: str) -> ServiceError:
    """The signature lacks a part, or a part is malformed."""
    if family is Family.S3:
        return AuthorizationHeaderMalformed(f"The authorization header is malformed; {message}")
    if family in (Family.EC2, Family.QUERY):
        return IncompleteSignature(message)
    return with_status(IncompleteSignatureException(message), 403 if family is Family.REST else 400)


def unknown_operation(family: Family, name: str, version: str = "") -> ServiceError:
    if family in (Family.EC2, Family.QUERY):
        return InvalidAction(
            f"The action {name} is not valid for this web service."
            if not version
            else f"Could not find operation {name} for version {version}"
        )
    if family is Family.S3:
        return MethodNotAllowed()
    return with_status(UnknownOperationException(), 404 if family is Family.REST else 400)


def body_too_large(family: Family) -> ServiceError:
    if family is Family.S3:
        return MaxMessageLengthExceeded()
    return RequestEntityTooLarge() if family in (Family.EC2, Family.QUERY) else RequestEntityTooLargeException()
