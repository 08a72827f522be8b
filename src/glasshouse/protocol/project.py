"""Projection: what of a service's result the operation's output shape lets the client see.

A member of a structure is taken from a mapping by its wire name, else by its python name; from any other object by the
attribute of its python name (methods do not count). What is None is left out. Nothing is converted: the codecs know
how each value is written. A shape whose overlay says `"asItIs": true` is not looked into: its service keeps such values
as they are shown.
"""

from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import Any

from glasshouse.protocol.shapes import Shape, python_name

_METHODS = (FunctionType, BuiltinFunctionType, MethodType, MethodDescriptorType, classmethod, staticmethod)
Projection = Callable[[Any], Any]
Member = tuple[str, str, Projection | None]  # a member's wire name, its python name, and how its value is projected


class Projector:
    """Compiles the projections of a service's shapes, each once."""

    def __init__(self):
        self._known: dict[str, Projection] = {}

    def projector(self, shape: Shape | None) -> Callable[[Any], dict[str, Any]]:
        """The projection of a result onto an output shape; None gives an empty answer."""
        if shape is None:
            return lambda result: {}
        project = self._structure(shape)
        return lambda result: {} if result is None else project(result)

    def _projection(self, shape: Shape) -> Projection | None:
        """How a value of the shape is projected; None when it stays as it is."""
        if shape.type_name == "structure":
            as_it_is = shape.is_document or shape.traits.get("eventstream") or shape.traits.get("asItIs")
            return None if as_it_is else self._structure(shape)
        if shape.type_name == "list":
            return _list(self._projection(shape.member))
        return _map(self._projection(shape.value)) if shape.type_name == "map" else None

    def _structure(self, shape: Shape) -> Projection:
        known = self._known
        if shape.name not in known:
            known[shape.name] = lambda value: known[shape.name](value)  # while a recursive shape is being compiled
            members = [(name, python_name(name), self._projection(part)) for name, part in shape.members.items()]
            known[shape.name] = _union(members) if shape.is_union else _structure(members, _has_no_order(shape))
        return known[shape.name]


def _has_no_order(shape: Shape) -> bool:
    """Whether all members are headers or the like, which nobody reads one after the other."""
    return all(part.location or name == shape.traits.get("payload") for name, part in shape.members.items())


def _structure(members: list[Member], in_any_order: bool = False) -> Projection:
    by_type: dict[type, list[Member]] = {}
    by_name = {name: project for name, _, project in members}

    def from_few(value: dict[str, Any]) -> dict[str, Any] | None:
        """Where all go by their wire names: the value is looked through, which has few of many members."""
        seen = {}
        for name, item in value.items():
            if item is None:
                continue
            if name not in by_name:
                return None
            project = by_name[name]
            seen[name] = project(item) if project else item
        return seen

    def from_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
        if in_any_order and type(value) is dict and (few := from_few(value)) is not None:
            return few
        seen = {}
        for name, alias, project in members:
            item = value.get(name)
            if item is None:
                item = value.get(alias)
            if item is not None:
                seen[name] = project(item) if project else item
        return seen

    def from_record(value: Any) -> dict[str, Any]:
        kind = type(value)
        if kind not in by_type:
            by_type[kind] = [part for part in members if not isinstance(getattr(kind, part[1], None), _METHODS)]
        seen = {}
        for name, attribute, project in by_type[kind]:
            item = getattr(value, attribute, None)
            if item is not None:
                seen[name] = project(item) if project else item
        return seen

    def from_any(value: Any) -> dict[str, Any]:
        is_mapping = type(value) is dict or isinstance(value, Mapping)
        return from_mapping(value) if is_mapping else from_record(value)

    return from_any


def _union(members: list[Member]) -> Projection:
    """A value has one of many members: the value is looked through, not the members."""
    by_name = {name: project for name, _, project in members}
    from_any = _structure(members)

    def project_union(value: Any) -> dict[str, Any]:
        if type(value) is not dict or len(value) != 1:
            return from_any(value)
        [(name, item)] = value.items()
        if item is None or name not in by_name:
            return from_any(value)
        project = by_name[name]
        return {name: project(item)} if project else value

    return project_union


def _list(project: Projection | None) -> Projection:
    if project is None:
        return lambda value: value if type(value) is list else list(_elements(value))
    return lambda value: [item if item is None else project(item) for item in _elements(value)]


def _map(project: Projection | None) -> Projection:
    if project is None:
        return lambda value: {key: item for key, item in value.items() if item is not None}
    return lambda value: {key: project(item) for key, item in value.items() if item is not None}


def _elements(value: Any) -> Any:
    if isinstance(value, (str, bytes, Mapping)):
        raise TypeError(f"a list is returned as {type(value).__name__}")
    return value
