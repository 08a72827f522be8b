"""Filter policies: which messages a subscription wants, by their attributes or by their body."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from glasshouse.engines.patterns import InvalidPattern, Pattern, compile_pattern

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
SCOPES = (ATTRIBUTES, BODY)
MOST_KEYS, MOST_COMBINATIONS, LARGEST_BYTES = 5, 150, 262_144
TOO_COMPLEX = "FilterPolicy: Filter policy is too complex"
NESTED = "Filter policy scope MessageAttributes does not support nested filter policy"


@lru_cache(4096)
def compiled(text: str) -> Pattern:
    return compile_pattern(json.loads(text))


def check(text: str, scope: str):
    """Raises ValueError with what is wrong with a filter policy."""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise ValueError(f"FilterPolicy: failed to parse JSON. {wrong}") from None
    if len(text.encode()) > LARGEST_BYTES:
        raise ValueError(TOO_COMPLEX)
    try:
        pattern = compile_pattern(policy)
    except InvalidPattern as wrong:
        raise ValueError(f"FilterPolicy: {wrong}") from None
    if scope == ATTRIBUTES and _is_nested(policy):
        raise ValueError(NESTED)
    if len(pattern.paths) > MOST_KEYS:
        raise ValueError(f"FilterPolicy: Filter policy can not have more than {MOST_KEYS} keys")
    if sum(map(_combinations, pattern.alternatives)) > MOST_COMBINATIONS:
        raise ValueError(TOO_COMPLEX)


def wants(subscription: Mapping[str, str], attributes: Mapping[str, Mapping], body: str) -> bool:
    """Whether a subscription with these attributes wants a message."""
    text = subscription.get("FilterPolicy")
    if text is None:
        return True
    if subscription.get("FilterPolicyScope", ATTRIBUTES) == ATTRIBUTES:
        return compiled(text).matches(comparable(attributes))
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(event, dict) and compiled(text).matches(event)


def comparable(attributes: Mapping[str, Mapping]) -> dict[str, Any]:
    """Message attributes as the values that filter policies compare; binary ones are passed over."""
    event = {}
    for name, attribute in attributes.items():
        kind, text = attribute["DataType"], attribute.get("StringValue")
        if text is None:
            continue
        try:
            if kind == "String.Array" or kind.startswith("Number"):
                event[name] = json.loads(text)
            else:
                event[name] = text
        except ValueError:
            event[name] = text
    return event


def _is_nested(policy: dict) -> bool:
    for name, value in policy.items():
        if isinstance(value, dict) or (name == "$or" and any(map(_is_nested, value))):
            return True
    return False


def _combinations(alternative: Mapping[str, list]) -> int:
    """Values multiplied; a nested key counts as often as it is deep (developer guide, filter policy constraints)."""
    product = 1
    for path, rules in alternative.items():
        product *= len(rules) * (path.count(".") + 1)
    return product
