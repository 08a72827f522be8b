"""Cells: what can happen, told by which rules speak of it.

A request has an action, a resource, a principal and a context, which can be chosen independently of one another. For
each of the four the possible choices fall into cells: two choices are in one cell when the same rules speak of both. A
cell is an integer with a bit for each rule; the cells of whole requests are the conjunctions of one of each kind. All
cells of a kind are found, and to each an example, so that whether a policy permits what another does not is decided by
looking at every cell. The first rule is the one in question: cells outside it are left out. Of some rules it is known
that they only ever make a cell harmless (`unwanted`, a bit each); cells that differ from another one by more of those
are left out too, which keeps most questions small.

Where something cannot be told exactly (the value of a policy variable) both ways are taken: then there may be cells
that no request is in, but none is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TypeVar

from ..languages import TooManyStates, combinations_within, overlap
from ..patterns import STAR, Literal, Piece, Variable, read_pieces
from .rules import TextSet

T = TypeVar("T")
Cells = dict[int, T]
Pattern = tuple[Piece, ...]

MOST_CELLS = 20_000
_MOST_UNKNOWN = 10

ACTION = read_pieces("?*:?*", False)
ARN = read_pieces("arn:*:*:*:*:*", False)
NO_RESOURCE = (Literal("*"),)


def action_cells(sets: Sequence[TextSet], unwanted: int) -> Cells[str]:
    """The cells of actions, by one set of them a rule; only those of the first rule's set."""
    return _Texts(sets, unwanted).cells(ACTION)


def resource_cells(sets: Sequence[TextSet], unwanted: int) -> Cells[str]:
    """The cells of resources: of ARNs, and of the star that actions without resource have."""
    texts = _Texts(sets, unwanted)
    return {**texts.cells(NO_RESOURCE), **texts.cells(ARN)}


def may_overlap(one: TextSet, other: TextSet) -> bool:
    """Whether some text may be in both sets."""
    if one.negated or other.negated:
        return True
    others = [without_variables(pattern) for pattern in other.patterns]
    return any(overlap(without_variables(pattern), wanted) for pattern in one.patterns for wanted in others)


class _Texts:
    """The texts of the first of some sets, told apart by the others.

    They are looked at pattern by pattern of the first set, each with those patterns of the others that can match the
    same; so policies of many patterns fall apart into many small questions.
    """

    def __init__(self, sets: Sequence[TextSet], unwanted: int):
        self.sets = sets
        telling = sets if sets[0].negated else sets[1:]
        patterns = list(dict.fromkeys(pattern for one in telling for pattern in one.patterns))
        self.numbers = {pattern: at for at, pattern in enumerate(patterns)}
        self.closed = [without_variables(pattern) for pattern in patterns]
        self.unknown = sum(1 << at for at, pattern in enumerate(patterns) if self.closed[at] != pattern)
        self.of_sets = [
            sum({1 << self.numbers[pattern] for pattern in one.patterns if pattern in self.numbers}) for one in sets
        ]
        self.unwanted = (1 << len(patterns)) - 1
        for at, one in enumerate(sets):
            if at > 0 and (one.negated or not unwanted & 1 << at):
                self.unwanted &= ~self.of_sets[at]
        self.by_head: dict[str, list[int]] = {}
        for at, pattern in enumerate(self.closed):
            self.by_head.setdefault(_head(pattern), []).append(at)

    def cells(self, universe: Pattern) -> Cells[str]:
        cells: Cells[str] = {}
        first = self.sets[0]
        for pattern in [(STAR,)] if first.negated else dict.fromkeys(first.patterns):
            if overlap(without_variables(pattern), universe):
                self._look_within(pattern, universe, cells)
        return cells

    def _look_within(self, pattern: Pattern, universe: Pattern, cells: Cells[str]) -> None:
        """What the pattern matches, it matches wherever else it stands, be there variables in it."""
        within = without_variables(pattern)
        is_told = pattern in self.numbers and not self.sets[0].negated
        sure = 1 << self.numbers[pattern] if is_told else 0
        members = [at for at in self._near(within) if overlap(within, self.closed[at])]
        unwanted = sum(1 << at for at, number in enumerate(members) if self.unwanted & 1 << number)
        patterns = [*(self.closed[at] for at in members), universe]
        for matched, text in combinations_within(within, patterns, unwanted=unwanted).items():
            if matched & 1 << len(members):
                of_all = sum(1 << number for at, number in enumerate(members) if matched & 1 << at)
                unsure = self.unknown & ~sure
                for kept in _both_ways(of_all & ~(unsure & self.unwanted), unsure & ~self.unwanted):
                    cells.setdefault(self._cell(kept | sure), text)

    def _near(self, within: Pattern) -> Iterator[int]:
        """The patterns that begin with the same field, or with a wildcard."""
        head = _head(within)
        for other, members in self.by_head.items():
            if not head or not other or head == other:
                yield from members

    def _cell(self, matched: int) -> int:
        cell = 0 if self.sets[0].negated and matched & self.of_sets[0] else 1
        for at in range(1, len(self.sets)):
            if (matched & self.of_sets[at] != 0) is not self.sets[at].negated:
                cell |= 1 << at
        return cell


def _head(pattern: Pattern) -> str:
    """The first field of a pattern, if it has no wildcard; else nothing."""
    head, colon, _ = pattern[0].text.partition(":") if pattern and isinstance(pattern[0], Literal) else ("", "", "")
    return head if colon else ""


def without_variables(pattern: Pattern) -> Pattern:
    """A pattern that matches at least what the one with variables can match."""
    if not any(isinstance(piece, Variable) for piece in pattern):
        return pattern
    joined: list[Piece] = []
    for piece in pattern:
        new = STAR if isinstance(piece, Variable) else piece
        if not (joined and new == STAR == joined[-1]):
            joined.append(new)
    return tuple(joined)


def _both_ways(matched: int, unknown: int) -> Iterator[int]:
    """The sets of patterns that may match when of some it is not known."""
    uncertain = [1 << at for at in range(unknown.bit_length()) if matched & unknown & 1 << at]
    if len(uncertain) > _MOST_UNKNOWN:
        raise TooManyStates
    for chosen in product((False, True), repeat=len(uncertain)):
        yield matched & ~sum(bit for bit, keep in zip(uncertain, chosen, strict=True) if not keep)


def least(cells: Cells[T], unwanted: int) -> Cells[T]:
    """The cells of interest: those that only have more unwanted rules than another one are not."""
    kept: dict[int, list[int]] = {}
    for cell in sorted(cells, key=lambda cell: (cell & unwanted).bit_count()):
        group = kept.setdefault(cell & ~unwanted, [])
        if not any(known & cell & unwanted == known & unwanted for known in group):
            group.append(cell)
    return {cell: cells[cell] for group in kept.values() for cell in group}


def conjoined(kinds: Iterable[Cells[T]], rules: int, unwanted: int) -> Cells[tuple[T, ...]]:
    """The cells of choices of each kind together, where they are of the first rule."""
    cells: Cells[tuple[T, ...]] = {(1 << rules) - 1: ()}
    for kind in kinds:
        joined: Cells[tuple[T, ...]] = {}
        for (one, examples), (other, example) in product(cells.items(), least(kind, unwanted).items()):
            if one & other & 1:
                joined.setdefault(one & other, (*examples, example))
        cells = least(joined, unwanted)
        if len(cells) > MOST_CELLS:
            raise TooManyStates
    return cells
