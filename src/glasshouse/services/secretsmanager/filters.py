"""The filters of ListSecrets and BatchGetSecretValue. Filters are joined by AND, their values by OR.

A value with an exclamation mark before it must not match. Descriptions, and with `all` everything, are searched by
words: each word of the value must begin one of theirs, in any case and order. A word ends where a sign or a capital
begins another.
"""

import re
from collections.abc import Callable

from glasshouse.services.secretsmanager.errors import InvalidParameterException
from glasshouse.services.secretsmanager.records import Secret

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")  # COMPANYthings is COMPAN and Ythings
Predicate = Callable[[Secret], bool]
TagsOf = Callable[[str], dict[str, str]]


def predicate(filters: list[dict], region: str, tags_of: TagsOf) -> Predicate:
    """Raises InvalidParameterException."""
    for one in filters:
        if one.get("Key") is None:
            raise InvalidParameterException("Invalid filter key")
        if not one.get("Values"):
            raise InvalidParameterException(f"Invalid filter values for key: {one['Key']}")
    tests = [_test(one, region, tags_of) for one in filters]
    return lambda secret: all(test(secret) for test in tests)


def _test(one: dict, region: str, tags_of: TagsOf) -> Predicate:
    key, values = one["Key"], one["Values"]
    matches = _matches(key, region, tags_of)
    unwanted = [value[1:] for value in values if value.startswith("!")]
    wanted = [value for value in values if not value.startswith("!")]

    def test(secret: Secret) -> bool:
        if any(matches(secret, value) for value in unwanted):
            return False
        return not wanted or any(matches(secret, value) for value in wanted)

    return test


def _matches(key: str, region: str, tags_of: TagsOf) -> Callable[[Secret, str], bool]:
    def one(secret: Secret, value: str) -> bool:
        if key == "name":
            return secret.name.startswith(value)
        if key == "description":
            return _all_begin(value, [secret.description or ""])
        if key == "tag-key":
            return any(name.startswith(value) for name in tags_of(secret.arn))
        if key == "tag-value":
            return any(text.startswith(value) for text in tags_of(secret.arn).values())
        if key == "primary-region":
            return (secret.primary_region or region).startswith(value)
        if key == "owning-service":
            return (secret.owning_service or "").startswith(value)
        return _anywhere(secret, value, region, tags_of)

    return one


def _anywhere(secret: Secret, value: str, region: str, tags_of: TagsOf) -> bool:
    tags = tags_of(secret.arn)
    parts = [secret.name, secret.description or "", secret.primary_region or region, *tags, *tags.values()]
    return _all_begin(value, parts)


def _all_begin(value: str, texts: list[str]) -> bool:
    """Whether each word of a value begins a word of the texts."""
    wanted = _words(value)
    there = [word for text in texts for word in _words(text)]
    return bool(wanted) and all(any(word.startswith(one) for word in there) for one in wanted)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
