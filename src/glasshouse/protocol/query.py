"""The forms of the query protocols: `Filter.1.Value.2=x` into parameters, for AWS query and for EC2's dialect of it.

The form becomes a tree along the dots, and the tree is read by the shape. A parameter that no member names is passed
over. A list is in the order of its numbers, whatever they are; `List=` is an empty one.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from glasshouse.core.errors import InvalidParameterValue, MalformedInput, ServiceError
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.xml import TEXT_READERS

Node = Any  # the text of a leaf, or a dict of what follows the next dot, with the leaf's own text under ""
Reader = Callable[[Node], Any]
_MAX_DEPTH = 64
_POSITION = re.compile(r"\d{1,9}", re.ASCII)
_ABSENT = object()


class MalformedQueryString(ServiceError):
    """The query string contains a syntax error."""

    status = 404


def tree(pairs: Iterable[tuple[str, str]]) -> dict[str, Node]:
    """The pairs of a form, along the dots of their names. One name with two values is refused."""
    root: dict[str, Node] = {}
    for name, value in pairs:
        node, parts = root, name.split(".", _MAX_DEPTH) if "." in name else (name,)
        for part in parts[:-1]:
            below = node.get(part)
            if not isinstance(below, dict):
                below = node[part] = {} if below is None else {"": below}
            node = below
        last = parts[-1]
        if isinstance(node.get(last), dict):
            node, last = node[last], ""
        if node.setdefault(last, value) != value:
            raise MalformedQueryString(f"The parameter {name} is given more than once.")
    return root


class Dialect:
    """How names are made, and what a value of the wrong type is called."""

    ec2 = False

    def names(self, shape: Shape, name: str) -> tuple[str, ...]:
        return (shape.traits.get("queryName") or shape.wire_name(name),)

    def refused(self, path: str, value: str, kind: str) -> ServiceError:
        return MalformedInput(f"Unexpected value '{value}' at '{path}': expected {_NOUNS[kind]}")


class Ec2Dialect(Dialect):
    ec2 = True

    def names(self, shape: Shape, name: str) -> tuple[str, ...]:
        if "queryName" in shape.traits:
            return (shape.traits["queryName"],)
        wire_name = shape.traits.get("locationName")
        return (wire_name[0].upper() + wire_name[1:],) if wire_name else (name, name[0].upper() + name[1:])

    def refused(self, path: str, value: str, kind: str) -> ServiceError:
        return InvalidParameterValue(f"Value ({value}) for parameter {path} is invalid. Expected {_NOUNS[kind]}.")


_NOUNS = {
    "boolean": "a boolean value",
    "integer": "an integer value",
    "long": "an integer value",
    "float": "a numeric value",
    "double": "a numeric value",
    "blob": "a base64-encoded value",
    "timestamp": "a timestamp",
}


def reader(shape: Shape, dialect: Dialect) -> Reader:
    """What turns the tree of a form into parameters of the shape."""
    return _Compiler(dialect).structure(shape)


class _Compiler:
    def __init__(self, dialect: Dialect):
        self._dialect = dialect
        self._known: dict[str, Reader] = {}

    def _reader(self, shape: Shape, path: str) -> Reader:
        if shape.type_name == "structure":
            return self.structure(shape)
        if shape.type_name == "list":
            return self._list(shape, path)
        return self._map(shape, path) if shape.type_name == "map" else self._scalar(shape, path)

    def structure(self, shape: Shape) -> Reader:
        if shape.name not in self._known:
            self._known[shape.name] = lambda node: self._known[shape.name](node)
            self._known[shape.name] = self._structure(shape)
        return self._known[shape.name]

    def _structure(self, shape: Shape) -> Reader:
        members = {}
        for name, member in shape.members.items():
            for wire_name in self._member_names(member, name):
                members[wire_name] = (name, self._reader(member, wire_name))

        def read_structure(node: Node) -> Any:
            if not isinstance(node, dict):
                return _ABSENT
            params = {}
            for key, item in node.items():
                if key in members:
                    name, read = members[key]
                    value = read(item)
                    if value is not _ABSENT:
                        params[name] = value
            return params

        return read_structure

    def _member_names(self, member: Shape, name: str) -> tuple[str, ...]:
        names = self._dialect.names(member, name)
        if self._dialect.ec2 or "queryName" in member.traits or not member.traits.get("flattened"):
            return names
        if member.type_name == "list" and member.member.traits.get("locationName"):
            return (member.member.traits["locationName"],)
        return names

    def _list(self, shape: Shape, path: str) -> Reader:
        read = self._reader(shape.member, path)
        flattened = self._dialect.ec2 or shape.traits.get("flattened")
        wrapper = "" if flattened else shape.member.wire_name("member")

        def read_list(node: Node) -> Any:
            if not isinstance(node, dict):
                return [] if node == "" else _ABSENT
            values = (read(item) for item in _numbered(node.get(wrapper, node) if wrapper else node))
            return [value for value in values if value is not _ABSENT]

        return read_list

    def _map(self, shape: Shape, path: str) -> Reader:
        read = self._reader(shape.value, path)
        key_name = shape.key.traits.get("queryName") or shape.key.wire_name("key")
        value_name = shape.value.traits.get("queryName") or shape.value.wire_name("value")
        flattened = shape.traits.get("flattened")

        def read_map(node: Node) -> Any:
            if not isinstance(node, dict):
                return {} if node == "" else _ABSENT
            params = {}
            for entry in _numbered(node if flattened else node.get("entry", node)):
                key, value = (entry.get(key_name), entry.get(value_name, "")) if isinstance(entry, dict) else (None, "")
                if isinstance(key, str) and (value := read(value)) is not _ABSENT:
                    params[key] = value
            return params

        return read_map

    def _scalar(self, shape: Shape, path: str) -> Reader:
        kind, read, refused = shape.type_name, TEXT_READERS[shape.type_name], self._dialect.refused
        blank = "" if kind in ("string", "character") else b"" if kind == "blob" else _ABSENT

        def read_scalar(node: Node) -> Any:
            text = node.get("") if isinstance(node, dict) else node
            if not text:
                return _ABSENT if text is None else blank
            try:
                return read(text)
            except (ValueError, OverflowError):
                raise refused(path, text, kind) from None

        return read_scalar


def _numbered(node: Node) -> list[Node]:
    """What stands under numbers, in their order."""
    if not isinstance(node, dict):
        return []
    if len(node) > 1:
        return [node[key] for key in sorted((key for key in node if _POSITION.fullmatch(key)), key=int)]
    return [value for key, value in node.items() if _POSITION.fullmatch(key)]
