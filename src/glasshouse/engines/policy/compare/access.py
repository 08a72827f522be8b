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
from .cells import action_cells, conjoined, may_overlap, resource_cells
from .principals import names_in, principal_cells, principals_of, strangers
from .rules import EVERYTHING, Rule, covers, rules_of, text_set
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
    """Whether a statement permits something, considering others: its cells have bit 0, those of the others follow.

    `unwanted` are the rules that only ever make access harmless.
    """

    def __init__(self, suspect: Rule, others: Sequence[Rule], unwanted: int):
        self.rules = [suspect, *others]
        self.unwanted = unwanted
        self.principals: list[Principal] = principals_of(self.rules)
        self.keys: list[Key] = keys_of(self.rules)

    def answer(self, is_wanted: Callable[[int], bool]) -> Access:
        reason = (Reason(self.rules[0].index, self.rules[0].sid),)
        try:
            cells = self._cells()
        except TooManyStates:
            return Access(True, reason)
        wanted = next((example for cell, example in cells.items() if is_wanted(cell)), None)
        return NONE if wanted is None else Access(True, reason, _witness(wanted))

    def _cells(self) -> dict[int, tuple[object, ...]]:
        kinds: list[dict[int, object]] = [
            {**action_cells([rule.actions for rule in self.rules], self.unwanted)},
            {**resource_cells([rule.resources for rule in self.rules], self.unwanted)},
            {**principal_cells(self.rules, self.principals)},
            *({**context_cells(self.rules, key, key.vectors())} for key in self.keys),
        ]
        return conjoined(kinds, len(self.rules), self.unwanted)


def _witness(example: tuple[object, ...]) -> Witness:
    action, resource, principal, *context = example
    known = principal if isinstance(principal, Principal) else None
    pairs = [pair for pair in context if isinstance(pair, tuple)]
    return Witness(str(action), str(resource), known, dict(pairs))


def _bits(rules: Sequence[Rule], first: int, allows: bool) -> int:
    return sum(1 << (first + at) for at, rule in enumerate(rules) if rule.allows is allows)


def _together(answers: Iterable[Access]) -> Access:
    permitted = [answer for answer in answers if answer.permitted]
    reasons = tuple(reason for answer in permitted for reason in answer.reasons)
    witness = next((answer.witness for answer in permitted if answer.witness), None)
    return Access(bool(permitted), reasons, witness)


def _near(suspect: Rule, rules: Iterable[Rule]) -> list[Rule]:
    """The rules that can speak of what a rule speaks of."""
    return [
        rule
        for rule in rules
        if may_overlap(suspect.actions, rule.actions) and may_overlap(suspect.resources, rule.resources)
    ]


def new_access(new: str, existing: str) -> Access:
    """Whether the new policy permits something that the existing one does not.

    Statements that are covered by one of before, when nothing is denied less, are not looked at any further.
    """
    after, before = rules_of(new), rules_of(existing)
    denying = [rule for rule in after if not rule.allows]
    still_denied = all(any(covers(one, rule) for one in denying) for rule in before if not rule.allows)
    kept = [rule for rule in before if rule.allows and still_denied]
    suspects = (rule for rule in after if rule.allows and not any(covers(one, rule) for one in kept))
    return _together(_new_access(rule, after, before) for rule in suspects)


def _new_access(suspect: Rule, after: Sequence[Rule], before: Sequence[Rule]) -> Access:
    denying = _near(suspect, (rule for rule in after if not rule.allows))
    earlier = _near(suspect, before)
    first = 1 + len(denying)
    denies, allowed, denied = _bits(denying, 1, False), _bits(earlier, first, True), _bits(earlier, first, False)

    def is_new(cell: int) -> bool:
        return not cell & denies and not (cell & allowed and not cell & denied)

    return Question(suspect, [*denying, *earlier], denies | allowed).answer(is_new)


def granted_access(policy: str, actions: Sequence[str], resources: Sequence[str]) -> Access:
    """Whether a policy permits one of some actions on one of some resources.

    No actions stand for all actions, as do no resources.
    """
    rules = rules_of(policy)
    asked_actions = text_set(actions, fold=True) if actions else EVERYTHING
    asked_resources = text_set(resources) if resources else EVERYTHING
    asked = Rule(-1, None, False, asked_actions, asked_resources, None, ())
    return _together(_granted(rule, rules, asked) for rule in rules if rule.allows and _near(asked, [rule]))


def _granted(suspect: Rule, rules: Sequence[Rule], asked: Rule) -> Access:
    denying = _near(suspect, (rule for rule in rules if not rule.allows))
    denies = _bits(denying, 2, False)
    return Question(suspect, [asked, *denying], denies).answer(lambda cell: cell & 2 != 0 and not cell & denies)


def public_access(policy: str) -> Access:
    """Whether a resource policy permits something to everyone, whoever they are and wherever they come from."""
    rules = rules_of(policy)
    anybody = strangers(names_in(rules))
    return _together(_public(rule, rules, anybody) for rule in rules if rule.allows)


def _public(suspect: Rule, rules: Sequence[Rule], anybody: list[Principal]) -> Access:
    denying = _near(suspect, (rule for rule in rules if not rule.allows))
    denies = _bits(denying, 1, False)
    question = Question(suspect, denying, denies)
    question.principals = anybody
    question.keys = [StrangerKey(key.name, key.conditions) for key in question.keys]
    return question.answer(lambda cell: not cell & denies)
