"""The cells of request contexts: which conditions can hold together.

Keys are independent of one another. For each key, the values that its conditions tell apart are found (of texts by
their automata, of numbers, dates and addresses by the limits between them) and with them the sets of values, as a key
may have several. What is not told exactly is told too widely: conditions with policy variables may hold or not; of
conditions of different families on one key (a text and an ARN, say) every combination is taken for possible.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise, product

from ..conditions import Condition
from ..languages import TooManyStates, combinations
from ..operators import read_date, read_network, read_number
from ..patterns import Piece, Variable, matcher, read_pieces
from ..service_data import service_data
from .rules import Rule, identity

MOST_VECTORS = 4096
_NO_VALUE = "\u2718"
"""A text that is no number, date, address, truth value or ARN."""

Values = tuple[str, ...] | None
Vectors = dict[int, Values]


def is_known(condition: Condition) -> bool:
    """Whether a condition depends on the values of its key alone: it holds no variables."""
    return not any(isinstance(piece, Variable) for value in condition.values for piece in pattern_of(condition, value))


def pattern_of(condition: Condition, value: str) -> tuple[Piece, ...]:
    """The pattern that a value is to its operator."""
    wildcards = condition.operator.family == "Arn" or "Like" in condition.operator.name
    return read_pieces(value, condition.variables, wildcards)


class Key:
    """A context key and the different conditions on it; a vector has a bit for each of them that holds."""

    def __init__(self, name: str, conditions: Iterable[Condition]):
        self.name = name
        self.conditions = list({identity(condition): condition for condition in conditions}.values())
        declared = service_data().key(name)
        self.several = bool(declared and declared.multivalued) or any(kept.qualifier for kept in self.conditions)

    def vectors(self) -> Vectors:
        """All sets of conditions that can hold together, with values that make it so (None: the key is missing)."""
        known = [at for at, condition in enumerate(self.conditions) if is_known(condition)]
        found: Vectors = {self._holding(None): None}
        for vector, values in self._of_present_values(known).items():
            found.setdefault(vector, values)
        return self._with_unknown(found)

    def _holding(self, values: Values) -> int:
        context = {} if values is None else {self.name: values}
        holding = (is_known(condition) and condition.holds(context) for condition in self.conditions)
        return sum(1 << at for at, holds in enumerate(holding) if holds)

    def _with_unknown(self, vectors: Vectors) -> Vectors:
        """Conditions with variables may hold or not."""
        for at, condition in enumerate(self.conditions):
            if not is_known(condition):
                vectors = {vector | bit: values for vector, values in vectors.items() for bit in (0, 1 << at)}
                _limit(vectors)
        return vectors

    def _of_present_values(self, known: list[int]) -> Vectors:
        families: dict[str, list[int]] = {}
        for at in known:
            family = self.conditions[at].operator.family
            families.setdefault("String" if family == "Binary" else family, []).append(at)
        present = sum(1 << at for at in families.pop("Null", []) if self.conditions[at].holds({self.name: ("x",)}))
        together: Vectors = {present: (_NO_VALUE,)}
        for family, members in families.items():
            one = self._of_family(family, members)
            together = {before | vector: values for before, (vector, values) in product(together, one.items())}
            _limit(together)
        return together

    def _of_family(self, family: str, members: list[int]) -> Vectors:
        mask = sum(1 << at for at in members)
        singles: Vectors = {}
        for value in self.examples(family, [self.conditions[at] for at in members]):
            singles.setdefault(self._holding((value,)) & mask, (value,))
        return self._of_sets(singles) if self.several else singles

    def _of_sets(self, singles: Vectors) -> Vectors:
        """Of several values a condition wants one to fit, or all: the closure of single values under both."""
        wants_all = sum(1 << at for at, condition in enumerate(self.conditions) if _wants_all(condition))
        found = dict(singles)
        waiting = list(singles.items())
        while waiting:
            vector, values = waiting.pop()
            for other, more in singles.items():
                joined = (vector & other & wants_all) | ((vector | other) & ~wants_all)
                if joined not in found:
                    found[joined] = (*(values or ()), *(more or ()))
                    waiting.append((joined, found[joined]))
                    _limit(found)
        return found

    def examples(self, family: str, conditions: Sequence[Condition]) -> Iterator[str]:
        """Values of every kind that the conditions tell apart."""
        values = list(dict.fromkeys(value for condition in conditions for value in condition.values))
        if family == "String":
            return _texts(conditions)
        if family == "Arn":
            return arns(values)
        return {"Numeric": _numbers, "Date": _dates, "IpAddress": _addresses, "Bool": _booleans}[family](values)


def _limit(found: Vectors) -> None:
    if len(found) > MOST_VECTORS:
        raise TooManyStates


def _wants_all(condition: Condition) -> bool:
    return condition.qualifier == "ForAllValues" or (not condition.qualifier and condition.operator.negated)


def _texts(conditions: Sequence[Condition]) -> Iterator[str]:
    folded = [condition for condition in conditions if "IgnoreCase" in condition.operator.name]
    patterns = [pattern_of(condition, value) for condition in conditions for value in condition.values]
    if folded:
        patterns += _spellings(folded, others=len(folded) < len(conditions))
    patterns.append(())  # the empty text, which is no value to the set operators
    yield from combinations(list(dict.fromkeys(patterns))).values()


def _spellings(conditions: Sequence[Condition], others: bool) -> list[tuple[Piece, ...]]:
    """All ways to write some words in capitals and small letters, needed where other conditions mind the case."""
    words = {value for condition in conditions for value in condition.values}
    if not others:
        return []
    spellings: list[tuple[Piece, ...]] = []
    for word in words:
        ways = [sorted({letter.lower(), letter.upper()}) for letter in word]
        if len(word) > 12:
            raise TooManyStates
        spellings += [read_pieces("".join(letters), False, wildcards=False) for letters in product(*ways)]
    return spellings


def arns(values: Sequence[str], keep: Callable[[int, str, list[str]], bool] | None = None) -> Iterator[str]:
    """ARNs of every kind that patterns of ARNs tell apart, and what is none.

    `keep`, asked of each part with those before it, can leave some out.
    """
    patterns = [_parts(value) for value in values]
    cells: dict[object, tuple[int, list[str]]] = {0: ((1 << len(values)) - 1, [])}
    for at in range(6):
        joined: dict[object, tuple[int, list[str]]] = {}
        for (cell, texts), (other, text) in product(cells.values(), _part_cells(patterns, at).items()):
            if keep is None or keep(at, text, texts):
                joined.setdefault((cell & other, (*texts, text)[4:5] == ("",)), (cell & other, [*texts, text]))
        cells = joined
        if len(cells) > MOST_VECTORS:
            raise TooManyStates
    yield from (":".join(texts) for _, texts in cells.values())
    yield _NO_VALUE


def _part_cells(patterns: list[list[tuple[Piece, ...]]], at: int) -> dict[int, str]:
    if at == 0:
        return {sum(1 << number for number, parts in enumerate(patterns) if matcher(parts[0])("arn")): "arn"}
    return combinations([parts[at] for parts in patterns])


def _parts(value: str) -> list[tuple[Piece, ...]]:
    """The patterns of an ARN pattern's six parts; one cut short after a star goes on with stars."""
    parts = value.split(":", 5)
    if len(parts) < 6:
        parts += ["*" if value.endswith("*") else _NO_VALUE] * (6 - len(parts))
    return [read_pieces(part, True) for part in parts]


def _numbers(values: Sequence[str]) -> Iterator[str]:
    limits = sorted({number for value in values if (number := read_number(value)) is not None})
    yield from (str(number) for number in limits)
    yield from (format((low + high) / 2, "f") for low, high in pairwise(limits))
    if limits:
        yield from (str(limits[0] - 1), str(limits[-1] + 1))
    yield _NO_VALUE


def _dates(values: Sequence[str]) -> Iterator[str]:
    limits = sorted({seconds for value in values if (seconds := read_date(value)) is not None})
    moments = [*limits, *((low + high) / 2 for low, high in pairwise(limits))]
    if limits:
        moments += [limits[0] - 86400, limits[-1] + 86400]
    for seconds in moments:
        yield datetime.fromtimestamp(seconds, UTC).isoformat()
    yield _NO_VALUE


def _addresses(values: Sequence[str]) -> Iterator[str]:
    """One address of each stretch between the ends of ranges."""
    networks = [network for value in values if (network := read_network(value)) is not None]
    for version, highest in ((4, 2**32 - 1), (6, 2**128 - 1)):
        starts = {0}
        for network in networks:
            if network.version == version:
                starts |= {int(network.network_address), int(network.broadcast_address) + 1}
        make = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        yield from (str(make(start)) for start in sorted(starts) if start <= highest)
    yield _NO_VALUE


def _booleans(values: Sequence[str]) -> Iterator[str]:
    yield from ("true", "false", _NO_VALUE)


def keys_of(rules: Sequence[Rule]) -> list[Key]:
    conditions: dict[str, list[Condition]] = {}
    for rule in rules:
        for condition in rule.conditions:
            conditions.setdefault(condition.key, []).append(condition)
    return [Key(name, found) for name, found in conditions.items()]


def context_cells(rules: Sequence[Rule], key: Key, vectors: Vectors) -> dict[int, tuple[str, Values]]:
    """The cells of a key's values: the rules of which all conditions on the key hold."""
    numbers = {identity(condition): at for at, condition in enumerate(key.conditions)}
    wanted = [
        sum({1 << numbers[identity(condition)] for condition in rule.conditions if condition.key == key.name})
        for rule in rules
    ]
    cells: dict[int, tuple[str, Values]] = {}
    for vector, values in vectors.items():
        cell = sum(1 << at for at, needed in enumerate(wanted) if vector & needed == needed)
        cells.setdefault(cell, (key.name, values))
    return cells
