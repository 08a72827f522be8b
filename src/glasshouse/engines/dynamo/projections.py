"""Projections: the parts of an item that somebody asked for."""

from functools import lru_cache
from typing import Any

from .invalid import Invalid
from .names import Names, Steps, check_apart
from .nodes import Path
from .reading import Reader
from .values import Item, Value

Tree = dict[str | int, Any]  # the steps that are wanted; an empty tree means everything below


class Projection:
    """Of some paths; of a list the elements asked for move together."""

    def __init__(self, paths: list[Steps]):
        self.paths = paths
        self._plain = [steps[0] for steps in paths] if all(len(steps) == 1 for steps in paths) else None
        self._tree: Tree = {}
        for steps in paths:
            tree = self._tree
            for step in steps:
                tree = tree.setdefault(step, {})

    @property
    def attributes(self) -> set[str]:
        """The top-level attributes that it looks at."""
        return {str(steps[0]) for steps in self.paths}

    @property
    def nested(self) -> set[str]:
        """Those that it looks into."""
        return set() if self._plain is not None else {str(steps[0]) for steps in self.paths if len(steps) > 1}

    def __call__(self, item: Item) -> Item:
        if self._plain is not None:
            return {name: item[name] for name in self._plain if name in item}  # type: ignore[misc]
        return _of_map(item, self._tree)


def projection(text: str, names: Names) -> Projection:
    """Raises Invalid."""
    try:
        paths = [names.path(path) for path in _parse(text)]
        check_apart(paths)
    except Invalid as wrong:
        raise Invalid(f"Invalid ProjectionExpression: {wrong}") from None
    return Projection(paths)


@lru_cache(1024)
def _parse(text: str) -> tuple[Path, ...]:
    reader = Reader(text)
    paths = [reader.path()]
    while reader.sees(","):
        reader.take()
        paths.append(reader.path())
    reader.expect_end()
    reader.raise_complaints("reserved")
    return tuple(paths)


def _of_map(content: dict[str, Value], tree: Tree) -> dict[str, Value]:
    found = {}
    for step, below in tree.items():
        value = content.get(step)  # type: ignore[arg-type]
        if value is not None and (part := _of(value, below)) is not None:
            found[step] = part
    return found


def _of(value: Value, tree: Tree) -> Value | None:
    if not tree:
        return value
    if isinstance(next(iter(tree)), int):
        elements = value.get("L", [])
        wanted = [
            part
            for step in sorted(tree)  # type: ignore[type-var]
            if step < len(elements) and (part := _of(elements[step], tree[step])) is not None  # type: ignore
        ]
        return {"L": wanted} if wanted else None
    within = _of_map(value.get("M", {}), tree)
    return {"M": within} if within else None
