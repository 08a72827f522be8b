"""Rows: the fields of an event, those found in its JSON message, and those computed on the way."""

import json
from collections.abc import Iterator
from typing import Any


class Row:
    """Looks a field up among the computed ones, the event's own, and last in the message, read as JSON when asked."""

    __slots__ = ("_discovered", "computed", "event")

    def __init__(self, event: dict[str, Any]):
        self.event = event
        self.computed: dict[str, Any] = {}
        self._discovered: dict[str, Any] | None = None

    def get(self, name: str) -> Any:
        if name in self.computed:
            return self.computed[name]
        if name in self.event:
            return self.event[name]
        return self.discovered.get(name)

    @property
    def discovered(self) -> dict[str, Any]:
        """The fields of a JSON message, nested ones by dotted paths."""
        if self._discovered is None:
            self._discovered = dict(_flatten("", _document(self.event.get("@message"))))
        return self._discovered


def _document(message: Any) -> Any:
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        return json.loads(message)
    except ValueError:
        return {}


def _flatten(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path, value
        return
    for name, inner in items:
        yield from _flatten(f"{path}.{name}" if path else str(name), inner)


def number(value: Any) -> float | None:
    """A value as a number, if it is one or reads as one."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text(value: Any) -> str:
    """A value as results show it: whole numbers without a point."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
