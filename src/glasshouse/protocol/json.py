"""JSON bodies: the reader and writer of a shape, for awsJson and for the bodies of rest-json.

Reading checks the type of every value, in the words of AWS's parser: SerializationException "STRING_VALUE can not be
converted to an Integer". Null members, null elements and members nobody knows are passed over, as AWS does.
Differs from AWS: an integer given with a fraction is refused, where AWS cuts the fraction off.
"""

import binascii
import json
import math
from collections.abc import Callable
from typing import Any

import msgspec

from glasshouse.core.errors import SerializationException
from glasshouse.protocol import timestamps
from glasshouse.protocol.shapes import Shape

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_PLAIN = {"string": str, "character": str, "boolean": bool}
_BITS = {"integer": 31, "long": 63}


def decode(body: bytes) -> Any:
    """The value of a JSON text."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_leniently(body)
    except RecursionError:
        raise SerializationException("The request body is nested too deeply.") from None


def encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        return json.dumps(value, default=_base64).encode("utf-8", "surrogatepass")


def reader(shape: Shape) -> Reader:
    """What turns decoded JSON into parameters of the shape."""
    return _reader(shape, {})


def writer(shape: Shape) -> Writer | None:
    """What turns a projected value into what JSON can say; None when it can as it is."""
    return _writer(shape, {})


def body_reader(shape: Shape) -> Reader:
    """The reader of those members of a structure that are bound to the body."""
    return _structure_reader(_unbound(shape), {})


def body_writer(shape: Shape) -> Writer:
    """The writer of those members of a structure that are bound to the body; it passes over the others."""
    return _structure_writer(_unbound(shape), {})


def _unbound(shape: Shape) -> dict[str, Shape]:
    return {name: member for name, member in shape.members.items() if member.location is None}


def _decode_leniently(body: bytes) -> Any:
    """What msgspec refuses and some clients write: NaN, numbers beyond a double."""
    try:
        value = json.loads(body.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate could not be kept
        return value
    except (ValueError, RecursionError):
        raise SerializationException("The request body is not valid JSON.") from None


def _base64(blob: Any) -> str:
    return binascii.b2a_base64(blob, newline=False).decode("ascii")


# -- reading ----------------------------------------------------------------------------------------------------------


def _reader(shape: Shape, known: dict[str, Reader]) -> Reader:
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document:
            return lambda value: value
        if shape.name not in known:
            known[shape.name] = lambda value: known[shape.name](value)
            known[shape.name] = _structure_reader(shape.members, known)
        return known[shape.name]
    if kind == "list":
        return _list_reader(_reader(shape.member, known), bool(shape.traits.get("sparse")))
    if kind == "map":
        return _map_reader(_reader(shape.value, known), bool(shape.traits.get("sparse")))
    return _SCALARS[kind]


def _structure_reader(shapes: dict[str, Shape], known: dict[str, Reader]) -> Reader:
    members = {}
    for name, member in shapes.items():
        members[member.wire_name(name)] = (name, _PLAIN.get(member.type_name), _reader(member, known))

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


def _mismatch(value: Any, otherwise: str) -> SerializationException:
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    return SerializationException(otherwise)


def _not(value: Any, target: str) -> SerializationException:
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        found = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    return _mismatch(value, f"{found} can not be converted to {target}")


def _read_string(value: Any) -> str:
    if type(value) is not str:
        raise _not(value, "a String")
    return value


def _read_boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _not(value, "a Boolean")
    return value


def _integer_reader(kind: str, target: str) -> Reader:
    limit = 1 << _BITS[kind]

    def read_integer(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise _not(value, target)
        if not -limit <= value < limit:
            raise SerializationException(f"Numeric value ({value}) out of range of {target}")
        return value

    return read_integer


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise SerializationException("Numeric value out of range of a Double") from None
    if type(value) is str and value in _SPECIAL:
        return _SPECIAL[value]
    raise _not(value, "a Double")


def _read_blob(value: Any) -> bytes:
    if type(value) is not str:
        raise _not(value, "a Blob")
    try:
        return binascii.a2b_base64(value.encode("ascii"), strict_mode=True) if value else b""
    except ValueError:
        raise SerializationException("Invalid base64: only base64-encoded strings are convertible to a Blob") from None


def _read_timestamp(value: Any) -> float:
    try:
        return timestamps.read(value)
    except (ValueError, OverflowError):
        raise _not(value, "milliseconds since epoch") from None


_SCALARS: dict[str, Reader] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "integer": _integer_reader("integer", "an Integer"),
    "long": _integer_reader("long", "a Long"),
    "float": _read_float,
    "double": _read_float,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}


# -- writing ----------------------------------------------------------------------------------------------------------


def _is_plain(shape: Shape, seen: set[str]) -> bool:
    """Whether JSON says a value of this shape just as Python does (blobs too: the encoder knows base64)."""
    kind = shape.type_name
    if kind in ("timestamp", "float", "double"):
        return False
    if kind in ("list", "map"):
        return _is_plain(shape.member if kind == "list" else shape.value, seen)
    if kind != "structure" or shape.is_document or shape.name in seen:
        return True
    seen.add(shape.name)
    return all(member.wire_name(name) == name and _is_plain(member, seen) for name, member in shape.members.items())


def _writer(shape: Shape, known: dict[str, Writer]) -> Writer | None:
    kind = shape.type_name
    if kind == "structure":
        if _is_plain(shape, set()):
            return None
        if shape.name not in known:
            known[shape.name] = lambda value: known[shape.name](value)
            known[shape.name] = _structure_writer(shape.members, known)
        return known[shape.name]
    if kind == "list":
        write = _writer(shape.member, known)
        return write and (lambda value: [item if item is None else write(item) for item in value])
    if kind == "map":
        write = _writer(shape.value, known)
        return write and (lambda value: {key: item if item is None else write(item) for key, item in value.items()})
    if kind == "timestamp":
        return timestamps.WRITERS[shape.traits.get("timestampFormat", "unixTimestamp")]
    return _write_float if kind in ("float", "double") else None


def _structure_writer(shapes: dict[str, Shape], known: dict[str, Writer]) -> Writer:
    members = {name: (member.wire_name(name), _writer(member, known)) for name, member in shapes.items()}

    def write_structure(value: dict[str, Any]) -> dict[str, Any]:
        written = {}
        for name, item in value.items():
            if name in members:
                wire_name, write = members[name]
                written[wire_name] = write(item) if write else item
        return written

    return write_structure


def _write_float(value: Any) -> Any:
    if value - value == 0:  # finite
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
