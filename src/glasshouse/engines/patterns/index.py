"""An index of many patterns: which of them match an event, without trying each.

Every alternative of a pattern is filed under one of its fields, by what that field's values must be, begin or end with,
or lie between; of several such fields, the one whose values fewest others share. Alternatives that have no such field
are always tried.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from .compile import Alternative, Pattern
from .match import Fields, Leaves, holds, leaves_of

Name = TypeVar("Name", bound=Hashable)
Entry = int


class _Drawer:
    """What is filed under one field."""

    def __init__(self):
        self.exact: dict[Any, list[Entry]] = defaultdict(list)
        self.folded: dict[str, list[Entry]] = defaultdict(list)
        self.prefixes: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self.suffixes: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        self.ranges: list[tuple[float, float, Entry]] = []

    def file(self, key: tuple[str, Any], entry: Entry):
        kind, value = key
        if kind == "exact":
            self.exact[value].append(entry)
        elif kind == "fold":
            self.folded[value].append(entry)
        elif kind == "range":
            self.ranges.append((*value, entry))
        else:
            (self.prefixes if kind == "prefix" else self.suffixes)[len(value)][value].append(entry)

    def find(self, value: Any) -> Iterable[Entry]:
        """Those that may match, and perhaps some more."""
        yield from self.exact.get(value, ())
        if isinstance(value, str):
            yield from self._of_text(value)
        elif self.ranges and isinstance(value, int | float):
            yield from [entry for low, high, entry in self.ranges if low <= value <= high]

    def _of_text(self, text: str) -> Iterable[Entry]:
        if self.folded:
            yield from self.folded.get(text.casefold(), ())
        for length, filed in self.prefixes.items():
            yield from filed.get(text[:length], ())
        for length, filed in self.suffixes.items():
            yield from filed.get(text[max(0, len(text) - length) :], ())


class Index(Generic[Name]):
    """Patterns by name; what matches is told in the order in which they were given."""

    def __init__(self, patterns: Mapping[Name, Pattern]):
        self._entries: list[tuple[Name, Fields]] = []
        self._drawers: dict[str, _Drawer] = defaultdict(_Drawer)
        self._always: list[Entry] = []
        alternatives = [(name, one) for name, pattern in patterns.items() for one in pattern.alternatives]
        fields = (field for _, alternative in alternatives for field in alternative.items())
        shared = Counter((path, rule.key) for path, rules in fields for rule in rules)
        for name, alternative in alternatives:
            self._file(len(self._entries), alternative, shared)
            self._entries.append((name, list(alternative.items())))

    def matching(self, event: Mapping[str, Any]) -> list[Name]:
        return self.matching_leaves(leaves_of(event))

    def matching_leaves(self, leaves: Leaves) -> list[Name]:
        tried = set(self._always)
        for path, drawer in self._drawers.items():
            for value, _ in leaves.get(path, ()):
                tried.update(drawer.find(value))
        found: dict[Name, None] = {}
        for entry in sorted(tried):
            name, wanted = self._entries[entry]
            if name not in found and holds(wanted, leaves):
                found[name] = None
        return list(found)

    def _file(self, entry: Entry, alternative: Alternative, shared: Counter):
        fields = [
            (max(shared[path, rule.key] for rule in rules), path)
            for path, rules in alternative.items()
            if all(rule.key is not None for rule in rules)
        ]
        if not fields:
            self._always.append(entry)
            return
        _, path = min(fields)
        for rule in alternative[path]:
            assert rule.key is not None
            self._drawers[path].file(rule.key, entry)
