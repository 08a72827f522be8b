"""What policies permit: more than another one, some given access, access to everyone?

The questions of IAM Access Analyzer's custom policy checks. The answers err on one side only: "no" means no; "yes"
comes with an example, which may not be a real one where something could not be told exactly (see cells.py and
values.py), and without an example where the policies are too entangled to be decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..languages import TooManyStates
from ..principals import Principal
from .cells import ACTION_UNIVERSE, RESOURCE_UNIVERSE, conjoined, everywhere, text_cells
from .principals import principal_cells, principals_of, strangers
from .rules import EVERYTHING, Rule, rules_of, text_set
from .stranger import StrangerKey
from .values import Key, Values, context_cells, keys_of


@dataclass(frozen=True, slots=True)
class Reason:
    """A statement that permits what is asked about."""

    index: int
    sid: str | None


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that is permitted: the principal is None where a policy is about whoever it is attached to.

    The context holds the keys that matter, None standing for a key that is missing.
    """

    action: str
    resource: str
    principal: Principal | None
    context: dict[str, Values]


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the access in question is permitted, by which statements, and a request that shows it."""

    permitted: bool
    reasons: tuple[Reason, ...] = ()
    witness: Witness | None = None


NONE = Access(False)


class Question:
    """Rules of one or two policies, and which cells are what is asked about."""

    def __init__(self, rules: Sequence[Rule], suspects: int):
        self.rules = rules
        self.suspects = suspects
        self.principals: list[Principal] = principals_of(rules)
        self.keys: list[Key] = keys_of(rules)

    def answer(self, is_wanted: Callable[[int], bool]) -> Access:
        suspects = [rule for at, rule in enumerate(self.rules) if self.suspects & 1 << at]
        try:
            found = {cell: example for cell, example in self._cells().items() if is_wanted(cell)}
        except TooManyStates:
            return Access(True, _reasons(suspects))
        if not found:
            return NONE
        speaking = 0
        for cell in found:
            speaking |= cell
        guilty = [rule for at, rule in enumerate(self.rules) if self.suspects & speaking & 1 << at]
        return Access(True, _reasons(guilty), _witness(next(iter(found.values()))))

    def _cells(self) -> dict[int, tuple[object, ...]]:
        kinds = [
            text_cells([rule.actions for rule in self.rules], ACTION_UNIVERSE),
            text_cells([rule.resources for rule in self.rules], RESOURCE_UNIVERSE),
            principal_cells(self.rules, self.principals),
            *(context_cells(self.rules, key, key.vectors()) for key in self.keys),
        ]
        return conjoined(kinds, {everywhere(self.rules): ()}, self.suspects)


def _reasons(rules: Iterable[Rule]) -> tuple[Reason, ...]:
    return tuple(Reason(rule.index, rule.sid) for rule in rules)


def _witness(example: tuple[object, ...]) -> Witness:
    action, resource, principal, *context = example
    known = principal if isinstance(principal, Principal) else None
    pairs = [pair for pair in context if isinstance(pair, tuple)]
    return Witness(str(action), str(resource), known, dict(pairs))


def _bits(rules: Sequence[Rule], allows: bool, first: int = 0) -> int:
    return sum(1 << (first + at) for at, rule in enumerate(rules) if rule.allows is allows)


def new_access(new: str, existing: str) -> Access:
    """Whether the new policy permits something that the existing one does not."""
    after, before = rules_of(new), rules_of(existing)
    allows, denies = _bits(after, True), _bits(after, False)
    allowed, denied = _bits(before, True, len(after)), _bits(before, False, len(after))

    def is_new(cell: int) -> bool:
        return cell & allows != 0 and not cell & denies and not (cell & allowed and not cell & denied)

    return Question([*after, *before], allows).answer(is_new)


def granted_access(policy: str, actions: Sequence[str], resources: Sequence[str]) -> Access:
    """Whether a policy permits one of some actions on one of some resources; no actions stand for all, as do no
    resources."""
    rules = rules_of(policy)
    asked = Rule(
        -1,
        None,
        False,
        text_set(actions, fold=True) if actions else EVERYTHING,
        text_set(resources) if resources else EVERYTHING,
        None,
        (),
    )
    allows, denies, wanted = _bits(rules, True), _bits(rules, False), 1 << len(rules)

    def is_granted(cell: int) -> bool:
        return cell & wanted != 0 and cell & allows != 0 and not cell & denies

    return Question([*rules, asked], allows).answer(is_granted)


def public_access(policy: str) -> Access:
    """Whether a resource policy permits something to everyone, whoever they are and wherever they come from."""
    rules = rules_of(policy)
    allows, denies = _bits(rules, True), _bits(rules, False)
    question = Question(rules, allows)
    question.principals = strangers([name for rule in rules if rule.principals for name in rule.principals.names])
    question.keys = [StrangerKey(key.name, key.conditions) for key in question.keys]
    return question.answer(lambda cell: cell & allows != 0 and not cell & denies)
