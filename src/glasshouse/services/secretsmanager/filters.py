"""The filters of ListSecrets and BatchGetSecretValue. Filters are joined by AND, their values by OR.

A value with an exclamation mark before it must not match. Differs from AWS: `all` looks for each word anywhere in the
name, the description, the tags and the primary Region.
"""

import re
from collections.abc import Callable

from glasshouse.services.secretsmanager.records import Secret

Predicate = Callable[[Secret], bool]
TagsOf = Callable[[str], dict[str, str]]


def predicate(filters: list[dict], region: str, tags_of: TagsOf) -> Predicate:
    tests = [_test(one, region, tags_of) for one in filters]
    return lambda secret: all(test(secret) for test in tests)


def _test(one: dict, region: str, tags_of: TagsOf) -> Predicate:
    key, values = one.get("Key", "all"), one.get("Values") or []
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
            # Words are looked for in any case, as AWS does since it searches descriptions by prefixes of words.
            return any(word.startswith(value.lower()) for word in _tails(secret.description or ""))
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


def _tails(text: str) -> list[str]:
    """The text from each of its words on."""
    return [text[found.start() :].lower() for found in re.finditer(r"\S+", text)]


def _anywhere(secret: Secret, value: str, region: str, tags_of: TagsOf) -> bool:
    tags = tags_of(secret.arn)
    parts = [secret.name, secret.description or "", secret.primary_region or region, *tags, *tags.values()]
    text = "\n".join(parts).lower()
    return all(word.lower() in text for word in value.split())
