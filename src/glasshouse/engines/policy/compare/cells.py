"""Cells: what can happen, told by which rules speak of it.

A request has an action, a resource, a principal and a context, which can be chosen independently of one another. For
each of the four the possible choices fall into cells: two choices are in one cell when the same rules speak of both. A
cell is an integer with a bit for each rule; the cells of whole requests are the conjunctions of one of each kind. All
cells of a kind are found, and to each an example, so that whether a policy permits what another does not is decided by
looking at every cell.

Where something cannot be told exactly (the value of a policy variable) both ways are taken: then there may be cells
that no request is in, but none is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TypeVar

from ..languages import TooManyStates, combinations
from ..patterns import Literal, Piece, Variable, Wildcard, read_pieces
from .rules import Rule, TextSet

T = TypeVar("T")
Cells = dict[int, T]

MOST_CELLS = 200_000
_MOST_UNKNOWN = 10

ACTION_UNIVERSE = (read_pieces("?*:?*", False),)
RESOURCE_UNIVERSE = (read_pieces("arn:*:*:*:*:*", False), (Literal("*"),))


def everywhere(rules: Sequence[Rule]) -> int:
    return (1 << len(rules)) - 1


def text_cells(sets: Sequence[TextSet], universe: Sequence[tuple[Piece, ...]]) -> Cells[str]:
    """The cells of texts, by one set of texts a rule. Texts outside the universe (no action at all) are left out."""
    distinct = list(dict.fromkeys(pattern for one in sets for pattern in one.patterns))
    numbers = {pattern: at for at, pattern in enumerate(distinct)}
    closed = [_without_variables(pattern) for pattern in distinct]
    unknown = sum(1 << at for at, pattern in enumerate(distinct) if closed[at] != pattern)
    wanted = [sum({1 << numbers[pattern] for pattern in one.patterns}) for one in sets]
    in_universe = sum(1 << (len(distinct) + at) for at in range(len(universe)))
    cells: Cells[str] = {}
    for matched, text in combinations([*closed, *universe]).items():
        if matched & in_universe:
            for certain in _both_ways(matched, unknown):
                cells.setdefault(_cell(sets, wanted, certain), text)
    return cells


def _without_variables(pattern: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A pattern that matches at least what the one with variables can match."""
    if not any(isinstance(piece, Variable) for piece in pattern):
        return pattern
    joined: list[Piece] = []
    for piece in pattern:
        new = Wildcard("*") if isinstance(piece, Variable) else piece
        if not (joined and new == Wildcard("*") == joined[-1]):
            joined.append(new)
    return tuple(joined)


def _both_ways(matched: int, unknown: int) -> Iterator[int]:
    """The sets of patterns that may match when of some it is not known."""
    uncertain = [1 << at for at in range(unknown.bit_length()) if matched & unknown & 1 << at]
    if len(uncertain) > _MOST_UNKNOWN:
        raise TooManyStates
    for chosen in product((False, True), repeat=len(uncertain)):
        yield matched & ~sum(bit for bit, keep in zip(uncertain, chosen, strict=True) if not keep)


def _cell(sets: Sequence[TextSet], wanted: Sequence[int], matched: int) -> int:
    speaking = (matched & patterns != 0 for patterns in wanted)
    return sum(
        1 << at for at, (one, speaks) in enumerate(zip(sets, speaking, strict=True)) if speaks is not one.negated
    )


def conjoined(kinds: Iterable[Mapping[int, T]], start: Cells[tuple[T, ...]], relevant: int) -> Cells[tuple[T, ...]]:
    """The cells of choices of each kind together. Those that speak of no relevant rule are left out."""
    cells = start
    for kind in kinds:
        joined: Cells[tuple[T, ...]] = {}
        for (one, examples), (other, example) in product(cells.items(), kind.items()):
            if one & other & relevant:
                joined.setdefault(one & other, (*examples, example))
        if len(joined) > MOST_CELLS:
            raise TooManyStates
        cells = joined
    return cells
