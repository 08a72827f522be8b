"""The names of parameters: what they may look like, and how a request refers to one.

At the root of the hierarchy `name` and `/name` are one parameter, as they have one ARN.
"""

import re
from dataclasses import dataclass

from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.services.ssm.errors import AccessDeniedException, HierarchyLevelLimitExceededException

LONGEST_ARN = 1011
MOST_LEVELS = 15
_NAME = re.compile(r"/?[\w.\-]+|(?:/[\w.\-]+)+", re.ASCII)
_RESERVED = re.compile(r"/?(aws|ssm)", re.IGNORECASE)
_ARN = re.compile(r"arn:[\w\-]+:ssm:([\w\-]*):(\d*):parameter(/.+)", re.ASCII)
_SHAPE = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of'
    " sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following"
    " 3 symbols .-_"
)
_PATH = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash"
    ' "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the'
    " following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths,"
    ' if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter that a request asks for: where it is, and which version or label it wants."""

    name: str  # as given, but for the selector
    path: str
    selector: str = ""  # "3" or "production"
    region: str | None = None  # these two only of an ARN
    account: str | None = None


def path_of(name: str) -> str:
    name = name.strip()
    return name if name.startswith("/") else f"/{name}"


def plain(name: str) -> str:
    """The path of a name given without a selector. Raises ValidationException."""
    if not _NAME.fullmatch(name.strip()):
        raise ValidationException(_SHAPE)
    return path_of(name)


def refer(text: str) -> Reference:
    """What `name`, `name:3`, `name:label` or an ARN refers to. Raises ValidationException."""
    text = text.strip()
    arn = _ARN.fullmatch(text)
    region, account, name = arn.groups() if arn else (None, None, text)
    name, _, selector = name.partition(":")
    if not _NAME.fullmatch(name):
        raise ValidationException(_SHAPE)
    return Reference(name, path_of(name), selector, region, account)


def hierarchy(path: str) -> str:
    """The path of GetParametersByPath, with a slash at its end. Raises ValidationException."""
    path = path.strip()
    if not re.fullmatch(r"/|(/[\w.\-]+)+/?", path, re.ASCII):
        raise ValidationException(_PATH)
    return path.rstrip("/") + "/"


def new_name(name: str, arn: str) -> str:
    """A name under which a parameter may be created, trimmed. Raises what is wrong with it."""
    name = name.strip()
    wrong = _wrong_name(name) or _reserved_name(name)
    if wrong:
        raise wrong
    if name.count("/") > MOST_LEVELS:
        raise HierarchyLevelLimitExceededException()
    if len(arn) > LONGEST_ARN:
        raise ValidationException(
            f"Parameter name: the ARN of the parameter, {len(arn)} characters, can't exceed {LONGEST_ARN} characters."
        )
    return name


def _wrong_name(name: str) -> ServiceError | None:
    if "/" in name and not name.startswith("/"):
        return ValidationException("Parameter name must be a fully qualified name.")
    return None if _NAME.fullmatch(name) else ValidationException(_SHAPE)


def _reserved_name(name: str) -> ServiceError | None:
    reserved = _RESERVED.match(name)
    if not reserved:
        return None
    if name.count("/") < 2:
        return ValidationException('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
    if reserved[1].lower() == "ssm":
        return ValidationException(_SHAPE)
    return AccessDeniedException(f"No access to reserved parameter name: {name}.")
