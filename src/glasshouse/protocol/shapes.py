"""The types of a service model, resolved as they are asked for.

A model's shapes stay the JSON text they came as (a slice of one buffer, without the documentation) until somebody
looks at one: of EC2's four thousand shapes an operation needs a few dozen. A member's reference may add traits to the
shape it refers to; what such references share (members, element) is kept once, in their `base`.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
from botocore import xform_name

python_name: Callable[[str], str] = cache(xform_name)

_PARTS = frozenset({"type", "members", "member", "key", "value", "documentation", "shape"})


class Shape:
    """A type as one member refers to it: `traits` are the type's own, overlaid with the reference's."""

    __slots__ = ("_cache", "_definition", "_shapes", "base", "name", "traits", "type_name")

    def __init__(self, shapes: "Shapes", name: str, definition: dict, base: "Shape | None" = None, extra=()):
        self._shapes, self.name, self._definition = shapes, name, definition
        self.type_name: str = definition["type"]
        self.base = base or self
        own = base.traits if base else {key: value for key, value in definition.items() if key not in _PARTS}
        self.traits: dict[str, Any] = {**own, **dict(extra)} if extra else own
        self._cache: dict[str, Any] = {}

    @property
    def members(self) -> "dict[str, Shape]":
        """The members of a structure, in the model's order."""
        cache = self.base._cache
        if "members" not in cache:
            resolve = self._shapes.resolve
            cache["members"] = {name: resolve(ref) for name, ref in self._definition.get("members", {}).items()}
        return cache["members"]

    @property
    def member(self) -> "Shape":
        """The element of a list."""
        return self._part("member")

    @property
    def key(self) -> "Shape":
        return self._part("key")

    @property
    def value(self) -> "Shape":
        return self._part("value")

    @property
    def required(self) -> list[str]:
        return self.traits.get("required", [])

    @property
    def enum(self) -> list[str]:
        return self.traits.get("enum", [])

    @property
    def location(self) -> str | None:
        """Where in an HTTP message a member is bound to; None is the body."""
        return self.traits.get("location")

    @property
    def is_document(self) -> bool:
        return bool(self.traits.get("document"))

    @property
    def is_union(self) -> bool:
        return bool(self.traits.get("union"))

    @property
    def is_exception(self) -> bool:
        return bool(self.traits.get("exception"))

    def wire_name(self, default: str) -> str:
        """The name on the wire of a member that refers to this shape."""
        return self.traits.get("locationName", default)

    def _part(self, part: str) -> "Shape":
        cache = self.base._cache
        if part not in cache:
            cache[part] = self._shapes.resolve(self._definition[part])
        return cache[part]

    def __repr__(self) -> str:
        return f"<Shape {self.name}: {self.type_name}>"


class Shapes:
    """All shapes of a service, by name."""

    def __init__(self, definitions: dict[str, "msgspec.Raw | dict"]):
        self._definitions = definitions
        self._resolved: dict[str, Shape] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __getitem__(self, name: str) -> Shape:
        found = self._resolved.get(name)
        if found is None:
            definition = self._definitions[name]
            if isinstance(definition, msgspec.Raw):
                definition = msgspec.json.decode(definition)
            found = self._resolved[name] = Shape(self, name, definition)
        return found

    def resolve(self, reference: dict) -> Shape:
        """The shape a reference names, with the traits which the reference adds."""
        shape = self[reference["shape"]]
        extra = {key: value for key, value in reference.items() if key not in _PARTS}
        return Shape(self, shape.name, shape._definition, shape, extra) if extra else shape

    def exceptions(self) -> Iterator[Shape]:
        """Every error shape, without resolving the others."""
        for name, definition in self._definitions.items():
            if isinstance(definition, msgspec.Raw) and b'"exception"' not in bytes(definition):
                continue
            if self[name].is_exception:
                yield self[name]
