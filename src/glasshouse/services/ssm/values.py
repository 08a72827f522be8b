"""What a parameter's value may be: its size by tier, its data type, and its allowed pattern.

The size counts bytes of UTF-8. Of the data types AWS documents the names and what they are for; how exactly it
validates each is not written down, so a plain reading of each name is taken here.
"""

import binascii
import ipaddress
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from glasshouse.core.errors import ValidationException
from glasshouse.services.ssm.errors import InvalidAllowedPatternException, ParameterPatternMismatchException

STANDARD_BYTES, ADVANCED_BYTES = 4096, 8192
IMAGE, INTEGRATION = "aws:ec2:image", "aws:ssm:integration"
INTEGRATION_PREFIX = "/d9d01087-4a3f-49e0-b0b4-d568d7826553/ssm/integrations/webhook/"
ADVANCED_ONLY = frozenset({"url", "json", "jsonc"})  # these need the advanced tier (API reference, PutParameter)
_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_HOSTNAME = re.compile(r"(?=.{1,253}\.?$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_ADVICE = (
    "For more information, see"
    " https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)


def check_size(value: str, tier: str):
    limit = ADVANCED_BYTES if tier == "Advanced" else STANDARD_BYTES
    if len(value.encode()) <= limit:
        return
    if tier == "Advanced":
        raise ValidationException(f"Advanced tier parameters support a maximum parameter value of {limit} characters.")
    raise ValidationException(
        f"Standard tier parameters support a maximum parameter value of {limit} characters. To create a larger"
        f" parameter value, upgrade the parameter to use the advanced-parameter tier. {_ADVICE}"
    )


def check_text(value: str):
    if re.search(r"\{\{.*?\}\}", value):
        raise ValidationException('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')


def check_pattern(value: str, pattern: str | None):
    """The whole value must match."""
    if not pattern:
        return
    try:
        matches = re.compile(pattern).fullmatch(value)
    except re.error:
        raise InvalidAllowedPatternException(f"The allowed pattern is not a regular expression: {pattern}") from None
    if not matches:
        raise ParameterPatternMismatchException(
            f"Parameter value, cannot be validated against allowedPattern: {pattern}"
        )


def check_data_type(value: str, data_type: str, parameter_type: str, name: str):
    """Raises ValidationException. An image is looked at elsewhere, since AWS does so after it has answered."""
    if data_type not in _VALID:
        raise ValidationException(
            f"The following data type is not supported: {data_type} (Data type names are all lowercase.)"
        )
    if data_type == IMAGE and parameter_type != "String":
        raise ValidationException(f"The {IMAGE} data type is supported for String parameters only.")
    if data_type == INTEGRATION and not (parameter_type == "SecureString" and name.startswith(INTEGRATION_PREFIX)):
        raise ValidationException(
            f"The {INTEGRATION} data type is supported for SecureString parameters below {INTEGRATION_PREFIX} only."
        )
    items = value.split(",") if parameter_type == "StringList" else [value]
    for item in items:
        if not _VALID[data_type](item):
            raise ValidationException(f"The parameter value is not valid for the data type {data_type}.")


def is_image_id(value: str) -> bool:
    return re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", value) is not None


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value, re.ASCII) is not None


def _parses(parse: Callable, *wrong: type[Exception]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            parse(value)
        except wrong:
            return False
        return True

    return check


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and " " not in value


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)


def _refuse_constant(name: str):
    raise ValueError(name)  # NaN and Infinity are no JSON


def _json(text: str):
    return json.loads(text, parse_constant=_refuse_constant)


_VALID: dict[str, Callable[[str], bool]] = {
    "text": lambda value: True,
    IMAGE: lambda value: True,
    INTEGRATION: lambda value: True,
    "aws:region": _matches(r"[a-z]{2,4}(-[a-z]+)+-\d"),
    "aws:account:id": _matches(r"\d{12}"),
    "boolean": lambda value: value.lower() in ("true", "false"),
    "integer": _matches(r"[+-]?\d+"),
    "float": _matches(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "binary": _parses(lambda value: binascii.a2b_base64(value, strict_mode=True), binascii.Error, ValueError),
    "hostname": lambda value: _HOSTNAME.fullmatch(value) is not None,
    "email": _matches(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+"),
    "ipv4-address": _parses(ipaddress.IPv4Address, ValueError),
    "ipv6-address": _parses(ipaddress.IPv6Address, ValueError),
    "url": _is_url,
    "json": _parses(_json, ValueError, RecursionError),
    "jsonc": _parses(lambda value: _json(_without_comments(value)), ValueError, RecursionError),
}
