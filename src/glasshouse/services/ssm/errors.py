"""Errors of Systems Manager."""

from glasshouse.core import ServiceError


class AccessDeniedException(ServiceError):
    """The requester doesn't have permissions to perform the requested operation."""


class DocumentAlreadyExists(ServiceError):
    """The specified document already exists."""


class DocumentLimitExceeded(ServiceError):
    """You can have at most 500 active SSM documents."""


class DocumentPermissionLimit(ServiceError):
    """The document can't be shared with more Amazon Web Services accounts. You can specify a maximum of 20 accounts per
    API operation to share a private document. By default, you can share a private document with a maximum of 1000
    accounts and publicly share up to five documents."""


class DocumentVersionLimitExceeded(ServiceError):
    """The document has too many versions. Delete one or more document versions and try again."""


class DuplicateDocumentContent(ServiceError):
    """The content of the association document matches another document. Change the content of the document and try
    again."""


class DuplicateDocumentVersionName(ServiceError):
    """The specified version name is a duplicate."""


class HierarchyLevelLimitExceededException(ServiceError):
    """A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for
    parameter names in the AWS Systems Manager User Guide."""


class HierarchyTypeMismatchException(ServiceError):
    """Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a
    parameter from a String type to a SecureString type. You must create a new, unique parameter."""


class IncompatiblePolicyException(ServiceError):
    """There is a conflict in the policies specified for this parameter."""


class InvalidAllowedPatternException(ServiceError):
    """The request doesn't meet the regular expression requirement."""


class InvalidDocument(ServiceError):
    """The specified document does not exist."""


class InvalidDocumentContent(ServiceError):
    """The content for the document is not valid."""


class InvalidDocumentOperation(ServiceError):
    """You attempted to delete a document while it is still shared. You must stop sharing the document before you can
    delete it."""


class InvalidDocumentSchemaVersion(ServiceError):
    """The version of the document schema is not supported."""


class InvalidDocumentVersion(ServiceError):
    """The document version is not valid or does not exist."""


class InvalidFilterKey(ServiceError):
    """The specified key isn't valid."""


class InvalidFilterOption(ServiceError):
    """The specified filter option isn't valid."""


class InvalidFilterValue(ServiceError):
    """The filter value isn't valid. Verify the value and try again."""


class InvalidKeyId(ServiceError):
    """The query key ID isn't valid."""


class InvalidNextToken(ServiceError):
    """The specified token isn't valid."""


class InvalidPermissionType(ServiceError):
    """The permission type isn't supported. Share is the only supported permission type."""


class InvalidPolicyAttributeException(ServiceError):
    """A policy attribute or its value is invalid."""


class InvalidPolicyTypeException(ServiceError):
    """The policy type isn't supported. Parameter Store supports the following policy types: Expiration,
    ExpirationNotification, and NoChangeNotification."""


class InvalidResourceId(ServiceError):
    """The resource ID isn't valid. Verify that you entered the correct ID and try again."""


class MaxDocumentSizeExceeded(ServiceError):
    """The size limit of a document is 64 KB."""


class InvalidResourceType(ServiceError):
    """The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be a
    registered managed node."""


class ParameterAlreadyExists(ServiceError):
    """The parameter already exists. To overwrite this value, set the overwrite option in the request to true."""


class ParameterLimitExceeded(ServiceError):
    """You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again."""


class ParameterMaxVersionLimitExceeded(ServiceError):
    """The oldest version can't be deleted because it has a label associated with it."""


class ParameterNotFound(ServiceError):
    """The parameter couldn't be found. Verify the name and try again."""


class ParameterPatternMismatchException(ServiceError):
    """The parameter value doesn't match its allowed pattern."""


class ParameterVersionLabelLimitExceeded(ServiceError):
    """A parameter version can have maximum 10 labels.Move one or more labels to another version and try again."""


class ParameterVersionNotFound(ServiceError):
    """The specified parameter version wasn't found. Verify the parameter name and version, and try again."""


class PoliciesLimitExceededException(ServiceError):
    """You specified more than the maximum number of allowed policies for the parameter. The maximum is 10."""


class ServiceSettingNotFound(ServiceError):
    """The specified service setting wasn't found. Either the service name or the setting hasn't been provisioned by the
    Amazon Web Services service team."""


class TooManyTagsError(ServiceError):
    """The request would give the resource more than 50 tags."""
