"""The structure of a pattern: fields with rules, objects within objects, alternatives with `$or`.

A field's path is its keys joined by dots, in patterns and in events alike, so `{"a": {"b": ...}}` and `{"a.b": ...}`
mean the same; of two that mean the same the later one counts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidPattern
from .match import holds, leaves_of
from .reading import Reader
from .rules import Rule, RuleReader

OR = "$or"
RESERVED_IN_OR = ("exactly", "prefix", "suffix", "exists", "anything-but", "numeric", "equals-ignore-case", "wildcard")
Alternative = dict[str, list[Rule]]  # rules by path
MOST_ALTERNATIVES = 1000
LARGEST = 1e9

__all__ = ["InvalidPattern", "Pattern", "compile_pattern", "compile_text"]


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: it matches what one of its alternatives matches."""

    alternatives: list[Alternative] = field(default_factory=list)

    def matches(self, event: Mapping[str, Any]) -> bool:
        leaves = leaves_of(event)
        return any(holds(list(alternative.items()), leaves) for alternative in self.alternatives)

    def may_match(self, known: Mapping[str, Any]) -> bool:
        """Whether some event matches of which these fields are known, by their paths."""
        return any(
            all(path not in known or any(rule.test(known[path]) for rule in rules) for path, rules in fields.items())
            for fields in self.alternatives
        )

    @property
    def paths(self) -> set[str]:
        """Every field the pattern speaks of."""
        return {path for alternative in self.alternatives for path in alternative}

    @property
    def complexity(self) -> int:
        """That of its most complex wildcard."""
        rules = (rule for alternative in self.alternatives for rules in alternative.values() for rule in rules)
        return max((rule.complexity for rule in rules), default=0)


def compile_pattern(document: Any, largest: float = LARGEST) -> Pattern:
    """Compile a pattern that has been read already; an empty one matches everything. Raises InvalidPattern."""
    return compile_text(json.dumps(document), largest, may_be_empty=True)


def compile_text(text: str, largest: float = LARGEST, may_be_empty: bool = False) -> Pattern:
    """Compile the text of a pattern; `largest` is the greatest number that it may compare. Raises InvalidPattern."""
    reader = Reader(text)
    if reader.next().kind != "{":
        raise reader.refuse("Filter is not an object")
    alternatives = _Structure(reader, largest).fields([{}], "", within_or=False, may_be_empty=may_be_empty)
    return Pattern(alternatives)


class _Structure:
    """Follows the objects of a pattern. `alternatives` are those that the fields before have led to."""

    def __init__(self, reader: Reader, largest: float):
        self._reader, self._rules = reader, RuleReader(reader, largest)

    def fields(
        self, alternatives: list[Alternative], prefix: str, within_or: bool, may_be_empty: bool = False
    ) -> list[Alternative]:
        """The fields of an object, up to its end."""
        while (token := self._reader.next()).kind != "}":
            may_be_empty = True
            if token.value == OR:
                alternatives = self._fork(alternatives, prefix)
                continue
            if within_or and token.value in RESERVED_IN_OR:
                raise self._reader.refuse(
                    f"{token.value} is Ruler reserved fieldName which cannot be used inside {OR}."
                )
            alternatives = self._field(alternatives, prefix, token.value, within_or)
        if not may_be_empty:
            raise self._reader.refuse("Empty objects are not allowed")
        return alternatives

    def _field(self, alternatives: list[Alternative], prefix: str, name: str, within_or: bool) -> list[Alternative]:
        value = self._reader.next()
        if value.kind == "{":
            return self.fields(alternatives, f"{prefix}{name}.", within_or)
        if value.kind != "[":
            raise self._reader.refuse(f'"{name}" must be an object or an array')
        rules = self._rules.rules()
        for alternative in alternatives:
            alternative[prefix + name] = rules
        return alternatives

    def _fork(self, alternatives: list[Alternative], prefix: str) -> list[Alternative]:
        """Each object of the array leads on from where the fields before have led."""
        if self._reader.next().kind != "[":
            raise self._reader.refuse(f"It must be an Array followed with {OR}.")
        forked: list[Alternative] = []
        count = 0
        while (token := self._reader.next()).kind != "]":
            count += 1
            if token.kind != "{":
                raise self._reader.refuse(f"Only JSON object is allowed in array of {OR} relationship.")
            copies = [dict(alternative) for alternative in alternatives]
            forked += self.fields(copies, prefix, within_or=True)
            if len(forked) > MOST_ALTERNATIVES:
                raise InvalidPattern("Rule is too complex")
        if count < 2:
            raise self._reader.refuse(f"There must have at least 2 Objects in {OR} relationship.")
        return forked
