"""The filters of DescribeParameters and GetParametersByPath, compiled into predicates.

Filters are joined by AND, their values by OR. A name is compared with its leading slash, given or not.
"""

import os
from collections.abc import Callable
from functools import partial

from glasshouse.core.errors import ValidationException
from glasshouse.services.ssm import names
from glasshouse.services.ssm.errors import InvalidFilterKey, InvalidFilterOption, InvalidFilterValue
from glasshouse.services.ssm.records import Parameter

Predicate = Callable[[Parameter], bool]
TYPES = ("String", "StringList", "SecureString")
TIERS = ("Standard", "Advanced", "Intelligent-Tiering")
_DESCRIBE_KEYS = ("Path", "Name", "Type", "KeyId", "Tier", "DataType")
_PATH_KEYS = ("Type", "KeyId", "Label")
_FIELDS = {"Type": "type", "KeyId": "key_id", "Tier": "tier", "DataType": "data_type"}
_VALUES = {"Type": TYPES, "Tier": TIERS}
_RESERVED = (
    'Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). When using global'
    " parameters, please specify within a global namespace."
)


def of_description(filters: list[dict], tags_of: Callable[[str], dict[str, str]]) -> Predicate:
    """The filters of DescribeParameters; `tags_of` an ARN."""
    for one in _checked(filters, _DESCRIBE_KEYS):
        _check_option(one)
        _check_values(one)
    return _all([_description(one, tags_of) for one in filters])


def of_path(filters: list[dict], labelled: Callable[[Parameter, str], Parameter | None]) -> Predicate:
    """The filters of GetParametersByPath; `labelled` finds the version of a parameter that bears a label."""
    for one in _checked(filters, _PATH_KEYS):
        _check_option(one)
        _check_values(one)
    return _all([_of_path(one, labelled) for one in filters])


def of_old_kind(filters: list[dict]) -> Predicate:
    """The deprecated filters, which are equalities."""
    return _all([_compare(one["Key"], "Equals", one["Values"]) for one in filters])


def label_of(filters: list[dict]) -> str | None:
    return next((one["Values"][0] for one in filters if one["Key"] == "Label"), None)


def prefix(filters: list[dict]) -> str:
    """What the paths of all that may pass the filters begin with."""
    for one in filters:
        option, values = one.get("Option") or "Equals", one.get("Values") or []
        if one["Key"] == "Name" and option in ("Equals", "BeginsWith"):
            return _common_start([names.path_of(value) for value in values])
        if one["Key"] == "Path":
            return _common_start([names.hierarchy(value) for value in values])
    return ""


def _common_start(texts: list[str]) -> str:
    return os.path.commonprefix(texts)  # noqa: RUF071 - character by character is what is meant


def _all(predicates: list[Predicate]) -> Predicate:
    return lambda parameter: all(holds(parameter) for holds in predicates)


def _description(one: dict, tags_of: Callable[[str], dict[str, str]]) -> Predicate:
    key, values = one["Key"], one.get("Values") or []
    if key.startswith("tag:"):
        return _tag(key.removeprefix("tag:"), one.get("Option") or "Equals", values, tags_of)
    if key == "Path":
        return _path([names.hierarchy(value) for value in values], one.get("Option") == "Recursive")
    return _compare(key, one.get("Option") or "Equals", values)


def _of_path(one: dict, labelled: Callable[[Parameter, str], Parameter | None]) -> Predicate:
    if one["Key"] == "Label":
        return lambda parameter: labelled(parameter, one["Values"][0]) is not None
    return _compare(one["Key"], one.get("Option") or "Equals", one["Values"])


def _compare(key: str, option: str, values: list[str]) -> Predicate:
    if key != "Name":
        return lambda parameter: _holds(option, getattr(parameter, _FIELDS[key]) or "", values)
    paths = values if option == "Contains" else [names.path_of(value) for value in values]
    return lambda parameter: _holds(option, parameter.path, paths)


def _tag(name: str, option: str, values: list[str], tags_of: Callable[[str], dict[str, str]]) -> Predicate:
    def has(parameter: Parameter) -> bool:
        tags = tags_of(parameter.arn)
        return name in tags and (not values or _holds(option, tags[name], values))

    return has


def _path(hierarchies: list[str], recursive: bool) -> Predicate:
    def below(parameter: Parameter) -> bool:
        found = (parameter.path[len(path) :] for path in hierarchies if parameter.path.startswith(path))
        return any(recursive or "/" not in rest for rest in found)

    return below


def _holds(option: str, text: str, values: list[str]) -> bool:
    if option == "Equals":
        return text in values
    test = text.startswith if option == "BeginsWith" else partial(str.__contains__, text)
    return any(map(test, values))


# -- what is refused --------------------------------------------------------------------------------------------------


def _checked(filters: list[dict], keys: tuple[str, ...]) -> list[dict]:
    seen = set()
    for one in filters:
        key = one["Key"]
        if key not in keys and not (key.startswith("tag:") and keys is _DESCRIBE_KEYS):
            raise InvalidFilterKey(
                f"The following filter key is not valid: {key}. Valid filter keys include: [{', '.join(keys)}]."
            )
        if key in seen:
            raise InvalidFilterValue(
                f"The following filter is duplicated in the request: {key}. A request can contain only one"
                " occurrence of a specific filter."
            )
        seen.add(key)
    return filters


def _check_option(one: dict):
    key, option = one["Key"], one.get("Option")
    options: tuple[str, ...] = ("BeginsWith", "Equals")
    if key == "Path":
        options = ("Recursive", "OneLevel")
    elif key == "Name":
        options = ("BeginsWith", "Equals", "Contains")
    elif key == "Label":
        options = ("Equals",)
    if option and option not in options:
        raise InvalidFilterOption(
            f"The following filter option is not valid: {option}. Valid options include: [{', '.join(options)}]."
        )


def _check_values(one: dict):
    key, values = one["Key"], one.get("Values")
    if not values:
        if key.startswith("tag:"):
            return
        raise InvalidFilterValue(f"The following filter values are missing : null for filter key {key}.")
    allowed = _VALUES.get(key)
    exact = (one.get("Option") or "Equals") == "Equals"
    for value in values:
        if allowed and exact and value not in allowed:
            raise InvalidFilterValue(
                f"The following filter value is not valid: {value}. Valid values include: [{', '.join(allowed)}]."
            )
        if key == "Path":
            _check_path(value)


def _check_path(value: str):
    hierarchy = names.hierarchy(value)
    if hierarchy.lower().startswith(("/aws", "/ssm")):
        raise ValidationException(_RESERVED)
