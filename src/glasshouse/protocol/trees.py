"""What JSON and CBOR have in common: trees of maps, lists and scalars, read and written by a shape.

Reading checks the type of every value, in the words of AWS's parser: SerializationException "STRING_VALUE can not be
converted to an Integer". Null members, null elements and members nobody knows are passed over, as AWS does.
Differs from AWS: an integer given with a fraction is refused, where AWS cuts the fraction off.
"""

from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import SerializationException
from glasshouse.protocol import timestamps
from glasshouse.protocol.shapes import Shape

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]
_PLAIN = {"string": str, "character": str, "boolean": bool}
_BITS = {"integer": 31, "long": 63}
_TARGETS = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "blob": "a Blob",
    "timestamp": "milliseconds since epoch",
}


def unbound(shape: Shape) -> dict[str, Shape]:
    """The members of a structure that are bound to the body."""
    return {name: member for name, member in shape.members.items() if member.location is None}


class TreeReader:
    """Compiles the readers of shapes; the format brings those of blobs, times and floats."""

    def __init__(self, scalars: dict[str, Reader]):
        self._scalars = {**_SCALARS, **scalars}
        self._known: dict[str, Reader] = {}

    def body(self, members: dict[str, Shape]) -> Reader:
        """What turns a decoded body into these members."""
        return _bounded(self.members(members))

    def payload(self, shape: Shape) -> Reader:
        """What turns a decoded body into one value."""
        return _bounded(self.reader(shape))

    def reader(self, shape: Shape) -> Reader:
        """What turns a decoded tree into a value of the shape."""
        kind = shape.type_name
        if kind == "structure":
            if shape.is_document:
                return lambda value: value
            if shape.name not in self._known:
                self._known[shape.name] = lambda value: self._known[shape.name](value)
                self._known[shape.name] = self.members(shape.members)
            return self._known[shape.name]
        if kind == "list":
            return _list_reader(self.reader(shape.member), bool(shape.traits.get("sparse")))
        if kind == "map":
            return _map_reader(self.reader(shape.value), bool(shape.traits.get("sparse")))
        return self._scalars[kind]

    def members(self, shapes: dict[str, Shape]) -> Reader:
        """The reader of a structure of these members."""
        members = {}
        for name, member in shapes.items():
            members[member.wire_name(name)] = (name, _PLAIN.get(member.type_name), self.reader(member))

        def read_structure(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise _mismatch(value, "Expected null")
            params = {}
            for key, item in value.items():
                if item is not None and key in members:
                    name, plain, read = members[key]
                    params[name] = item if type(item) is plain else read(item)
            return params

        return read_structure


class TreeWriter:
    """Compiles the writers of shapes; the format brings those of the scalars which it cannot say as they are."""

    def __init__(self, scalars: dict[str, Callable[[Shape], Writer]]):
        self._scalars = scalars
        self._known: dict[str, Writer] = {}

    def writer(self, shape: Shape) -> Writer | None:
        """What turns a projected value into what the format can say; None when it can as it is."""
        kind = shape.type_name
        if kind == "structure":
            return None if self._is_plain(shape, set()) else self._structure(shape)
        if kind == "list":
            write = self.writer(shape.member)
            return write and (lambda value: [item if item is None else write(item) for item in value])
        if kind == "map":
            write = self.writer(shape.value)
            return write and (lambda value: {key: item if item is None else write(item) for key, item in value.items()})
        return self._scalars[kind](shape) if kind in self._scalars else None

    def members(self, shapes: dict[str, Shape]) -> Writer:
        """The writer of these members of a structure; it passes over all others."""
        members = {name: (member.wire_name(name), self.writer(member)) for name, member in shapes.items()}

        def write_structure(value: dict[str, Any]) -> dict[str, Any]:
            written = {}
            for name, item in value.items():
                if name in members:
                    wire_name, write = members[name]
                    written[wire_name] = write(item) if write else item
            return written

        return write_structure

    def _structure(self, shape: Shape) -> Writer:
        if shape.name not in self._known:
            self._known[shape.name] = lambda value: self._known[shape.name](value)
            self._known[shape.name] = self.members(shape.members)
        return self._known[shape.name]

    def _is_plain(self, shape: Shape, seen: set[str]) -> bool:
        """Whether the format says a value of this shape just as Python does."""
        kind = shape.type_name
        if kind in ("list", "map"):
            return self._is_plain(shape.member if kind == "list" else shape.value, seen)
        if kind != "structure" or shape.is_document or shape.name in seen:
            return kind not in self._scalars
        seen.add(shape.name)
        return all(
            member.wire_name(name) == name and self._is_plain(member, seen) for name, member in shape.members.items()
        )


def _bounded(read: Reader) -> Reader:
    """A reader for values from outside, which may be nested more deeply than Python can go."""

    def read_bounded(value: Any) -> Any:
        try:
            return read(value)
        except RecursionError:
            raise SerializationException("The request body is nested too deeply.") from None

    return read_bounded


def _list_reader(read: Reader, sparse: bool) -> Reader:
    def read_list(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _mismatch(value, "Expected list or null")
        if sparse:
            return [None if item is None else read(item) for item in value]
        return [read(item) for item in value if item is not None]

    return read_list


def _map_reader(read: Reader, sparse: bool) -> Reader:
    def read_map(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _mismatch(value, "Expected map or null")
        if sparse:
            return {key: None if item is None else read(item) for key, item in value.items()}
        return {key: read(item) for key, item in value.items() if item is not None}

    return read_map


def mistyped(value: Any, kind: str) -> SerializationException:
    """The error for a value that is of another type than a scalar should be."""
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        found = "STRING_VALUE" if isinstance(value, (str, bytes)) else "NUMBER_VALUE"
    return _mismatch(value, f"{found} can not be converted to {_TARGETS[kind]}")


def _mismatch(value: Any, otherwise: str) -> SerializationException:
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    return SerializationException(otherwise)


def _read_string(value: Any) -> str:
    if type(value) is not str:
        raise mistyped(value, "string")
    return value


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise mistyped(value, "boolean")
    return value


def _integer_reader(kind: str) -> Reader:
    limit = 1 << _BITS[kind]

    def read_integer(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise mistyped(value, kind)
        if not -limit <= value < limit:
            raise SerializationException(f"Numeric value ({value}) out of range of {_TARGETS[kind]}")
        return value

    return read_integer


def _read_timestamp(value: Any) -> float:
    try:
        return timestamps.read(value)
    except (ValueError, OverflowError):
        raise mistyped(value, "timestamp") from None


_SCALARS: dict[str, Reader] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "integer": _integer_reader("integer"),
    "long": _integer_reader("long"),
    "timestamp": _read_timestamp,
}
