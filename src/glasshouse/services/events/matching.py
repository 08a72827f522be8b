"""Patterns of rules, and which rules of a bus an event matches.

The rules of a bus are compiled into an index that is kept in memory for as long as none of them changes.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from glasshouse.core import documents
from glasshouse.core.cloud import Cloud
from glasshouse.engines.patterns import MOST_COMPLEX, Index, InvalidPattern, Pattern, compile_text
from glasshouse.services.events.errors import InvalidEventPatternException
from glasshouse.services.events.records import Rule, Target

LARGEST_NUMBER = 5e9
TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard"
    " character"
)


@lru_cache(4096)
def compiled(text: str) -> Pattern:
    """Raises InvalidPattern."""
    return compile_text(text, LARGEST_NUMBER)


def check_pattern(text: str) -> Pattern:
    """The pattern of a text. Raises InvalidEventPatternException."""
    try:
        pattern = compiled(text)
    except InvalidPattern as wrong:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {wrong.located}") from None
    if pattern.complexity >= MOST_COMPLEX:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {TOO_COMPLEX}")
    return pattern


def as_object(text: str) -> dict[str, Any] | None:
    """A text as a JSON object, if it is one."""
    try:
        found = documents.read(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class Plan:
    """A rule that can match, and where its events go."""

    rule: Rule
    targets: list[Target]


@dataclass(frozen=True)
class Rulebook:
    """The rules of a bus that are enabled and have a pattern."""

    index: Index[str]
    plans: dict[str, Plan]

    def matching(self, event: dict[str, Any]) -> list[Plan]:
        return [self.plans[name] for name in self.index.matching(event)]


def make_rulebook(plans: list[Plan]) -> Rulebook:
    patterns = {plan.rule.name: compiled(plan.rule.event_pattern or "{}") for plan in plans}
    return Rulebook(Index(patterns), {plan.rule.name: plan for plan in plans})


class Rulebooks:
    """The rulebooks of a cloud by their buses, each with the revision of the rules that it was made from."""

    def __init__(self, cloud: Cloud):
        self._known: dict[tuple[str, str, str], tuple[str, Rulebook]] = {}

    def get(self, place: tuple[str, str, str], revision: str) -> Rulebook | None:
        known = self._known.get(place)
        return known[1] if known and known[0] == revision else None

    def put(self, place: tuple[str, str, str], revision: str, rulebook: Rulebook):
        self._known[place] = (revision, rulebook)

    def close(self):
        self._known.clear()
