"""Wildcard patterns as languages: which texts several patterns match together, decided exactly.

A pattern is a nondeterministic automaton with a state between any two of its characters; several are laid side by side
in one integer, a bit a state, so that a step of all of them is a few operations on integers. Walking the deterministic
automaton of these sets of states finds, for every combination of patterns that some text matches (and for no other),
such a text. Patterns here hold literals and wildcards only, no variables.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from .patterns import ONE, STAR, Literal, Piece, is_literal, literal_text, matcher

Pattern = Sequence[Piece]

ONE_MARK = "\0"

MOST_STATES = 20_000

_FOREIGN = "x0-_/~"


class TooManyStates(Exception):
    """The patterns are too entangled to be decided within the limit."""


class Patterns:
    """Several patterns read in step."""

    def __init__(self, patterns: Sequence[Pattern]):
        self.start = 0
        self.accepting: list[int] = []
        self._stars = 0
        self._any = 0
        self._literal: dict[str, int] = {}
        self.states_of: list[int] = []
        at = 0
        for pattern in patterns:
            first = at
            at = self._lay(pattern, at)
            self.start |= 1 << first
            self.accepting.append(1 << at)
            at += 1
            self.states_of.append((1 << at) - (1 << first))
        self.start = self._closed(self.start)
        self._accepts = {accepting: 1 << index for index, accepting in enumerate(self.accepting)}
        self._all_accepting = sum(self.accepting)
        self.other = next((mark for mark in _FOREIGN if mark not in self._literal), "\u00b7")

    def _lay(self, pattern: Pattern, at: int) -> int:
        for piece in pattern:
            if isinstance(piece, Literal):
                for character in piece.text:
                    self._literal[character] = self._literal.get(character, 0) | 1 << at
                    at += 1
                continue
            if getattr(piece, "mark", "") == "*":
                self._stars |= 1 << at
            else:
                self._any |= 1 << at
            at += 1
        return at

    def _closed(self, states: int) -> int:
        """With the states after a star, which may stand for nothing; no two stars are neighbours."""
        return states | (states & self._stars) << 1

    def step(self, states: int, character: str) -> int:
        moving = states & (self._any | self._literal.get(character, 0))
        return self._closed(moving << 1 | (states & self._stars))

    def characters(self, states: int) -> Iterator[str]:
        """One character of each kind that leads on from some states differently."""
        for character, mask in self._literal.items():
            if states & mask:
                yield character
        if self.endures(states):
            yield self.other

    def endures(self, states: int) -> bool:
        """Whether something leads on from here whatever the character."""
        return states & (self._stars | self._any) != 0

    def matched(self, states: int) -> int:
        """The patterns that match a text which ended here: a bit each."""
        left, found = states & self._all_accepting, 0
        while left:
            lowest = left & -left
            found |= self._accepts[lowest]
            left ^= lowest
        return found


def combinations(patterns: Sequence[Pattern], limit: int = MOST_STATES) -> dict[int, str]:
    """For each set of patterns (a bit each) that exactly a text matches: such a text, one of the shortest."""
    return combinations_within((STAR,), patterns, limit)


def combinations_within(
    universe: Pattern, patterns: Sequence[Pattern], limit: int = MOST_STATES, unwanted: int = 0
) -> dict[int, str]:
    """As `combinations`, of the texts that the pattern `universe` matches.

    Where it is known that a text is of interest all the more, the fewer of some patterns match it (`unwanted`, a bit
    each), combinations that differ from another one only by more of those need not be found.
    """
    machine = Patterns([universe, *patterns])
    inside = machine.states_of[0]
    frontier = _Frontier(sum(machine.states_of[1 + at] for at in range(len(patterns)) if unwanted & 1 << at))
    frontier.adds(machine.start)
    found: dict[int, str] = {}
    queue = deque([(machine.start, "")])
    while queue:
        states, text = queue.popleft()
        matched = machine.matched(states)
        if matched & 1:
            found.setdefault(matched >> 1, text)
        for character in machine.characters(states):
            after = machine.step(states, character)
            if after & inside and frontier.adds(after):
                queue.append((after, text + character))
        if frontier.size > limit:
            raise TooManyStates
    return found


class _Frontier:
    """The sets of states that were reached; one that only has more unwanted states than another one is none."""

    def __init__(self, unwanted: int):
        self.size = 0
        self._unwanted = unwanted
        self._least: dict[int, list[int]] = {}

    def adds(self, states: int) -> bool:
        least = self._least.setdefault(states & ~self._unwanted, [])
        new = states & self._unwanted
        if any(known & new == known for known in least):
            return False
        least[:] = [known for known in least if known & new != new]
        least.append(new)
        self.size += 1
        return True


def counterexample(pattern: Pattern, others: Sequence[Pattern], limit: int = MOST_STATES) -> str | None:
    """A text that the pattern matches and none of the others does; None if there is none."""
    machine = Patterns([pattern, *others])
    mine = machine.states_of[0]
    seen = {machine.start}
    queue = deque([(machine.start, "")])
    while queue:
        states, text = queue.popleft()
        if machine.matched(states) == 1:
            return text
        for character in machine.characters(states):
            after = machine.step(states, character)
            if not after & mine or after in seen:
                continue
            if len(seen) >= limit:
                raise TooManyStates
            seen.add(after)
            queue.append((after, text + character))
    return None


def includes(wider: Pattern, narrower: Pattern) -> bool:
    """Whether the one pattern matches all that the other matches; undecided counts as not.

    A wider pattern without `?` needs no search: whatever the wildcards of the narrower stand for falls to its stars,
    and a character that occurs nowhere else shows whether it does.
    """
    if ONE in wider:
        try:
            return counterexample(narrower, [wider]) is None
        except TooManyStates:
            return False
    shown = "".join(piece.text if isinstance(piece, Literal) else "\0" for piece in narrower)
    return matcher(wider)(shown)


def overlap(one: Pattern, other: Pattern) -> bool:
    """Whether some text matches both.

    When both hold a star, their ends decide: between these there is room for all that either wants in the middle.
    """
    if one and other and isinstance(one[0], Literal) and isinstance(other[0], Literal):
        left, right = one[0].text, other[0].text
        if not left.startswith(right[: len(left)]):
            return False
    if STAR in one and STAR in other:
        heads = zip(_until_star(one), _until_star(other), strict=False)
        tails = zip(_until_star(reversed(one), True), _until_star(reversed(other), True), strict=False)
        return all(left == right or ONE_MARK in (left, right) for left, right in (*heads, *tails))
    fixed, wild = (one, other) if STAR in other else (other, one)
    if is_literal(fixed):
        return matcher(wild)(literal_text(fixed))
    try:
        return any(matched == 3 for matched in combinations([one, other]))
    except TooManyStates:
        return True


def _until_star(pieces: Iterable[Piece], backwards: bool = False) -> Iterator[str]:
    """The characters before the first star; `?` as a mark of its own."""
    for piece in pieces:
        if piece == STAR:
            return
        if isinstance(piece, Literal):
            yield from (reversed(piece.text) if backwards else piece.text)
        else:
            yield ONE_MARK
