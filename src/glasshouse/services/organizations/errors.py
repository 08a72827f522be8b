"""Errors of Organizations."""

from glasshouse.core import ServiceError


class AWSOrganizationsNotInUseException(ServiceError):
    """Your account is not a member of an organization."""


class AccessDeniedException(ServiceError):
    """You don't have permissions to access this resource."""


class AlreadyInOrganizationException(ServiceError):
    """The provided account is already a member of an organization."""


class AccountNotFoundException(ServiceError):
    """You specified an account that doesn't exist."""


class AccountAlreadyClosedException(ServiceError):
    """The provided account is already closed."""


class AccountAlreadyRegisteredException(ServiceError):
    """The provided account is already a delegated administrator for your organization."""


class AccountNotRegisteredException(ServiceError):
    """The provided account is not a registered delegated administrator for your organization."""


class ChildNotFoundException(ServiceError):
    """You specified a child that doesn't exist."""


class ParentNotFoundException(ServiceError):
    """You specified parent that doesn't exist."""


class SourceParentNotFoundException(ServiceError):
    """You specified a source parent that doesn't exist."""


class DestinationParentNotFoundException(ServiceError):
    """You specified a destination parent that doesn't exist."""


class RootNotFoundException(ServiceError):
    """You specified a root that doesn't exist."""


class TargetNotFoundException(ServiceError):
    """You specified a target that doesn't exist."""


class OrganizationalUnitNotFoundException(ServiceError):
    """You specified an organizational unit that doesn't exist."""


class OrganizationalUnitNotEmptyException(ServiceError):
    """The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try
    the operation again."""


class OrganizationNotEmptyException(ServiceError):
    """To delete an organization you must first remove all member accounts (except the master)."""


class DuplicateOrganizationalUnitException(ServiceError):
    """An OU with the same name already exists."""


class DuplicateAccountException(ServiceError):
    """That account is already present in the specified destination."""


class DuplicatePolicyException(ServiceError):
    """A policy with the same name already exists."""


class DuplicatePolicyAttachmentException(ServiceError):
    """The selected policy is already attached to the specified target."""


class PolicyNotFoundException(ServiceError):
    """You specified a policy that doesn't exist."""


class PolicyNotAttachedException(ServiceError):
    """The policy isn't attached to the specified target."""


class PolicyInUseException(ServiceError):
    """The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before
    performing this operation."""


class PolicyTypeAlreadyEnabledException(ServiceError):
    """The specified policy type is already enabled."""


class PolicyTypeNotEnabledException(ServiceError):
    """This operation can be performed only for enabled policy types."""


class PolicyTypeNotAvailableForOrganizationException(ServiceError):
    """You can't use the specified policy type with the feature set currently enabled for this organization."""


class MalformedPolicyDocumentException(ServiceError):
    """The provided policy document does not meet the requirements of the specified policy type."""


class MasterCannotLeaveOrganizationException(ServiceError):
    """You can't remove a management account from an organization."""


class CreateAccountStatusNotFoundException(ServiceError):
    """You specified a create account request that doesn't exist."""


class ConstraintViolationException(ServiceError):
    """Performing this operation violates a minimum or maximum value limit."""


class InvalidInputException(ServiceError):
    """The requested operation failed because you provided invalid values for one or more of the request parameters."""


class HandshakeNotFoundException(ServiceError):
    """You specified a handshake that doesn't exist."""


class DuplicateHandshakeException(ServiceError):
    """A handshake with the same action and target already exists."""


class InvalidHandshakeTransitionException(ServiceError):
    """You can't perform the operation on the handshake in its current state."""


class HandshakeAlreadyInStateException(ServiceError):
    """The specified handshake is already in the requested state."""


class HandshakeConstraintViolationException(ServiceError):
    """The requested operation would violate the constraint identified in the reason code."""
