"""The steps of a path: each leads from values on to others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

Step = Callable[[Any, Any], Iterable[Any]]  # (value, root) -> values
Holds = Callable[[Any, Any], bool]  # (item, root)


def follow(path: Sequence[Step], value: Any, root: Any) -> list[Any]:
    """Everything that some steps lead to from a value."""
    found = [value]
    for step in path:
        found = [inner for outer in found for inner in step(outer, root)]
    return found


def name(key: str) -> Step:
    def step(value: Any, root: Any) -> Iterator[Any]:
        if isinstance(value, dict) and key in value:
            yield value[key]

    return step


def names(keys: Sequence[str]) -> Step:
    def step(value: Any, root: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            yield from (value[key] for key in keys if key in value)

    return step


def indexes(wanted: Sequence[int]) -> Step:
    def step(value: Any, root: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from (value[index] for index in wanted if -len(value) <= index < len(value))

    return step


def part(begin: int | None, end: int | None, stride: int | None) -> Step:
    def step(value: Any, root: Any) -> Iterable[Any]:
        return value[begin:end:stride] if isinstance(value, list) else ()

    return step


def every(value: Any, root: Any) -> Iterable[Any]:
    """`*`: whatever lies in it."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def below(value: Any, root: Any) -> Iterator[Any]:
    """`..`: the value itself and whatever lies in it, at any depth."""
    yield value
    for inner in every(value, root):
        yield from below(inner, root)


def those(holds: Holds) -> Step:
    """A filter: the items for which it holds, or a map itself."""

    def step(value: Any, root: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from (item for item in value if holds(item, root))
        elif isinstance(value, dict) and holds(value, root):
            yield value

    return step


def function(compute: Callable[[Any], Any]) -> Step:
    def step(value: Any, root: Any) -> Iterator[Any]:
        result = compute(value)
        if result is not None:
            yield result

    return step


def _numbers(value: Any) -> list[float]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, (int, float)) and not isinstance(item, bool)]


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, (list, dict, str)) else None


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": _size,
    "size": _size,
    "min": lambda value: min(_numbers(value), default=None),
    "max": lambda value: max(_numbers(value), default=None),
    "sum": lambda value: sum(_numbers(value)),
    "avg": lambda value: sum(_numbers(value)) / len(_numbers(value)) if _numbers(value) else None,
    "keys": lambda value: list(value) if isinstance(value, dict) else None,
    "first": lambda value: value[0] if isinstance(value, list) and value else None,
    "last": lambda value: value[-1] if isinstance(value, list) and value else None,
}
