"""Errors of Parameter Store."""

from glasshouse.core import ServiceError


class AccessDeniedException(ServiceError):
    """The requester doesn't have permissions to perform the requested operation."""


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


class InvalidPolicyAttributeException(ServiceError):
    """A policy attribute or its value is invalid."""


class InvalidPolicyTypeException(ServiceError):
    """The policy type isn't supported. Parameter Store supports the following policy types: Expiration,
    ExpirationNotification, and NoChangeNotification."""


class InvalidResourceId(ServiceError):
    """The resource ID isn't valid. Verify that you entered the correct ID and try again."""


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


class TooManyTagsError(ServiceError):
    """The request would give the resource more than 50 tags."""
