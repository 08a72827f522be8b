"""The structure of a pattern: fields with rules, objects within objects, alternatives with `$or`.

A field's path is its keys joined by dots, in patterns and in events alike, so `{"a": {"b": ...}}` and `{"a.b": ...}`
mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from .errors import InvalidPattern
from .match import satisfies
from .rules import Rule, compile_rule

OR = "$or"
Alternative = dict[str, list[Rule]]  # rules by path
MOST_ALTERNATIVES = 1000

__all__ = ["InvalidPattern", "Pattern", "compile_pattern"]


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: it matches what one of its alternatives matches."""

    alternatives: list[Alternative]

    def matches(self, event: Mapping[str, Any]) -> bool:
        return satisfies(self.alternatives, event)

    @property
    def paths(self) -> set[str]:
        """Every field the pattern speaks of."""
        return {path for alternative in self.alternatives for path in alternative}


def compile_pattern(document: Any) -> Pattern:
    """Raises InvalidPattern."""
    if not isinstance(document, Mapping):
        raise InvalidPattern("Filter is not an object")
    return Pattern(_alternatives(document, ""))


def _alternatives(document: Mapping[str, Any], prefix: str) -> list[Alternative]:
    """What the fields of an object demand: every combination of their alternatives."""
    choices = [_choices(key, value, prefix) for key, value in document.items()]
    combined = []
    for combination in product(*choices):
        if len(combined) == MOST_ALTERNATIVES:
            raise InvalidPattern("Filter policy is too complex")
        whole: Alternative = {}
        for part in combination:
            for path, rules in part.items():
                whole.setdefault(path, []).extend(rules)
        combined.append(whole)
    return combined


def _choices(key: str, value: Any, prefix: str) -> list[Alternative]:
    if key == OR:
        if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, Mapping) for one in value):
            raise InvalidPattern(f'"{OR}" must be an array of at least two objects')
        return [alternative for one in value for alternative in _alternatives(one, prefix)]
    if isinstance(value, Mapping):
        if not value:
            raise InvalidPattern("Empty objects are not allowed")
        return _alternatives(value, f"{prefix}{key}.")
    if not isinstance(value, list):
        raise InvalidPattern(f'"{key}" must be an object or an array')
    if not value:
        raise InvalidPattern("Empty arrays are not allowed")
    return [{f"{prefix}{key}": [compile_rule(raw) for raw in value]}]
