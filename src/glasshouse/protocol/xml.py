"""XML bodies: a safe reader of the text, the reader of a shape, and the writer of a shape.

Document types, and with them entities of one's own, are refused outright; nothing but UTF-8 is read.
"""

import binascii
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

from glasshouse.protocol import timestamps
from glasshouse.protocol.shapes import Shape

Reader = Callable[[Element], Any]
Text = Callable[[Any], str]
Content = Callable[[Any, Callable[[str], None]], None]  # writes what stands between the tags
_NEEDS_ESCAPE = re.compile(r"[&<>\"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
MAX_DEPTH = 200


def parse(body: bytes) -> Element:
    """The root of a document; ValueError when it is malformed, or more than plain XML."""
    text = body.decode("utf-8-sig")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("document types are refused")
    parser = XMLParser()
    try:
        parser.feed(text)
        return parser.close()
    except ParseError as refused:
        raise ValueError(str(refused)) from None


def local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def escape(text: str) -> str:
    """Text for an element or an attribute. What XML cannot say is written as a reference, as S3 does."""
    return _NEEDS_ESCAPE.sub(_reference, text) if _NEEDS_ESCAPE.search(text) else text


def _reference(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0]) or f"&#x{ord(found[0]):x};"


# -- scalars as text, which the query protocols share -----------------------------------------------------------------


def _read_boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in ("true", "false", "1", "0"):
        raise ValueError(f"not a boolean: {text}")
    return lowered in ("true", "1")


def _read_integer(text: str) -> int:
    stripped = text.strip()
    if not _INTEGER.fullmatch(stripped) or not -(1 << 63) <= (value := int(stripped)) < 1 << 63:
        raise ValueError(f"not an integer: {text}")
    return value


def _read_float(text: str) -> float:
    if "_" in text:
        raise ValueError(f"not a number: {text}")
    return float(text)


def _read_blob(text: str) -> bytes:
    return binascii.a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True) if text else b""


# What reads a scalar of a type from text; each raises ValueError for what is none.
TEXT_READERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "character": str,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "long": _read_integer,
    "float": _read_float,
    "double": _read_float,
    "blob": _read_blob,
    "timestamp": timestamps.read,
}


def float_text(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return str(value)


def text_writer(shape: Shape, timestamp_format: str, iso8601: Text = timestamps.as_iso8601) -> Text:
    """How a scalar is written as text; times in the format of their trait, else in the location's own."""
    kind = shape.type_name
    if kind == "timestamp":
        wanted = shape.traits.get("timestampFormat", timestamp_format)
        write = iso8601 if wanted == "iso8601" else timestamps.WRITERS[wanted]
        return lambda value: str(write(value))
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind == "blob":
        return lambda value: binascii.b2a_base64(value, newline=False).decode("ascii")
    return float_text if kind in ("float", "double") else str


# -- reading a shape --------------------------------------------------------------------------------------------------


def reader(shape: Shape) -> Reader:
    """What turns an element into parameters of the shape; the reader raises ValueError."""
    return _reader(shape, {})


def body_reader(shape: Shape) -> Reader:
    """The reader of those members of a structure that are bound to the body."""
    return _structure_reader({name: member for name, member in shape.members.items() if member.location is None}, {})


def _reader(shape: Shape, known: dict[str, Reader]) -> Reader:
    kind = shape.type_name
    if kind == "structure":
        if shape.name not in known:
            known[shape.name] = lambda node: known[shape.name](node)
            known[shape.name] = _structure_reader(shape.members, known)
        return known[shape.name]
    if kind == "list":
        read, wanted = _reader(shape.member, known), shape.member.wire_name("member")
        return lambda node: [read(item) for item in node if local_name(item.tag) == wanted]
    if kind == "map":
        read_entry = _entry_reader(shape, known)
        return lambda node: dict(read_entry(item) for item in node)
    read_text = TEXT_READERS[kind]
    return lambda node: read_text(node.text or "")


def _structure_reader(shapes: dict[str, Shape], known: dict[str, Reader]) -> Reader:
    members: dict[str, tuple[str, Reader]] = {}
    repeated: dict[str, tuple[str, type, Reader]] = {}
    attributes: dict[str, str] = {}
    for name, member in shapes.items():
        wire_name = member.wire_name(name)
        if member.traits.get("xmlAttribute"):
            attributes[wire_name.rpartition(":")[2]] = name
        elif member.traits.get("flattened") and member.type_name in ("list", "map"):
            read = _reader(member.member, known) if member.type_name == "list" else _entry_reader(member, known)
            for possible in {wire_name, flattened_name(member, name)}:
                repeated[possible] = (name, list if member.type_name == "list" else dict, read)
        else:
            members[wire_name] = (name, _reader(member, known))

    def read_structure(node: Element) -> dict[str, Any]:
        params: dict[str, Any] = {}
        for child in node:
            tag = local_name(child.tag)
            if tag in members:
                name, read = members[tag]
                params[name] = read(child)
            elif tag in repeated:
                name, kind, read = repeated[tag]
                _add(params.setdefault(name, kind()), read(child))
        for attribute, value in node.attrib.items() if attributes else ():
            if (name := attributes.get(local_name(attribute))) is not None:
                params[name] = value
        return params

    return read_structure


def _add(collection: Any, item: Any):
    if isinstance(collection, list):
        collection.append(item)
    else:
        collection.update([item])


def _entry_reader(shape: Shape, known: dict[str, Reader]) -> Callable[[Element], tuple[str, Any]]:
    key_name, value_name = shape.key.wire_name("key"), shape.value.wire_name("value")
    read_value = _reader(shape.value, known)

    def read_entry(node: Element) -> tuple[str, Any]:
        parts = {local_name(child.tag): child for child in node}
        if key_name not in parts or value_name not in parts:
            raise ValueError("an entry without key or value")
        return parts[key_name].text or "", read_value(parts[value_name])

    return read_entry


def flattened_name(shape: Shape, name: str) -> str:
    """The element name of a flattened list's items: the element's own, before the list's."""
    if shape.type_name == "list" and "locationName" in shape.member.traits:
        return shape.member.traits["locationName"]
    return shape.wire_name(name)


# -- writing a shape --------------------------------------------------------------------------------------------------


class Writer:
    """Compiles the writers of a dialect's shapes: rest-xml, query, and EC2's."""

    def __init__(self, iso8601: Text = timestamps.as_iso8601, query_names: bool = False):
        self._iso8601, self._query_names = iso8601, query_names
        self._structures: dict[str, Content] = {}

    def content(self, shape: Shape, skip: Callable[[Shape], Any] = lambda member: False) -> Content:
        """What writes the members of a structure, but for those to be skipped."""
        writers = {}
        for name, member in shape.members.items():
            if not skip(member) and not member.traits.get("xmlAttribute"):
                writers[name] = self.element(member, name)

        def write_members(value: dict[str, Any], out: Callable[[str], None]):
            for name, item in value.items():
                if name in writers:
                    writers[name](item, out)

        return write_members

    def element(self, shape: Shape, name: str) -> Content:
        """What writes a member as an element, or as repeated ones."""
        tag = self._name(shape, name)
        if shape.traits.get("flattened") and shape.type_name == "list":
            return partial(_write_each, self._element(shape.member, self._flattened_name(shape, name)))
        if shape.traits.get("flattened") and shape.type_name == "map":
            return partial(_write_entries, *self._entry(shape), f"<{tag}>", f"</{tag}>")
        return self._element(shape, tag)

    def root(self, shape: Shape, tag: str, namespace: str | None) -> Content:
        """What writes a member as a document's root."""
        return self._element(shape, tag, _declared(namespace))

    def body_root(self, shape: Shape, tag: str, namespace: str | None) -> Content:
        """What writes those members of a structure that are bound to the body, as a document."""
        content = self.content(shape, lambda member: member.location is not None)
        return partial(_write_wrapped, f"<{tag}{_declared(namespace)}>", f"</{tag}>", content)

    def _element(self, shape: Shape, tag: str, declared: str = "") -> Content:
        kind = shape.type_name
        start, end = f"<{tag}{declared or _namespace(shape)}>", f"</{tag}>"
        if kind == "list":
            return partial(_write_wrapped, start, end, partial(_write_each, self._item(shape)))
        if kind == "map":
            return partial(
                _write_wrapped, start, end, partial(_write_entries, *self._entry(shape), "<entry>", "</entry>")
            )
        if kind != "structure":
            text = text_writer(shape, "iso8601", self._iso8601)
            if kind in ("string", "character"):
                return lambda value, out: out(f"{start}{escape(str(value))}{end}")
            return lambda value, out: out(f"{start}{text(value)}{end}")
        attributes = [
            (name, member.wire_name(name))
            for name, member in shape.members.items()
            if member.traits.get("xmlAttribute")
        ]
        if attributes:
            return partial(_write_with_attributes, start[:-1], attributes, self._structure(shape), end)
        return partial(_write_wrapped, start, end, self._structure(shape))

    def _structure(self, shape: Shape) -> Content:
        if shape.name not in self._structures:
            self._structures[shape.name] = lambda value, out: self._structures[shape.name](value, out)
            self._structures[shape.name] = self.content(shape)
        return self._structures[shape.name]

    def _item(self, shape: Shape) -> Content:
        return self._element(shape.member, shape.member.wire_name("member"))

    def _entry(self, shape: Shape) -> tuple[Content, Content]:
        key = self._element(shape.key, self._name(shape.key, "key"))
        return key, self._element(shape.value, self._name(shape.value, "value"))

    def _name(self, shape: Shape, default: str) -> str:
        if self._query_names and "queryName" in shape.traits:
            return shape.traits["queryName"]
        return shape.wire_name(default)

    def _flattened_name(self, shape: Shape, name: str) -> str:
        if self._query_names and "queryName" in shape.traits:
            return shape.traits["queryName"]
        return flattened_name(shape, name)


def _declared(namespace: str | None) -> str:
    return f' xmlns="{escape(namespace)}"' if namespace else ""


def _namespace(shape: Shape) -> str:
    namespace = shape.traits.get("xmlNamespace")
    if not namespace:
        return ""
    uri, prefix = (namespace, None) if isinstance(namespace, str) else (namespace["uri"], namespace.get("prefix"))
    return f' xmlns:{prefix}="{escape(uri)}"' if prefix else f' xmlns="{escape(uri)}"'


def _write_wrapped(start: str, end: str, content: Content, value: Any, out: Callable[[str], None]):
    out(start)
    content(value, out)
    out(end)


def _write_with_attributes(start: str, attributes: list, content: Content, end: str, value: Any, out: Callable):
    written = "".join(f' {wire_name}="{escape(str(value[name]))}"' for name, wire_name in attributes if name in value)
    _write_wrapped(f"{start}{written}>", end, content, value, out)


def _write_each(item: Content, value: Any, out: Callable[[str], None]):
    for element in value:
        item(element, out)


def _write_entries(key: Content, item: Content, start: str, end: str, value: Any, out: Callable[[str], None]):
    for name, element in value.items():
        out(start)
        key(name, out)
        item(element, out)
        out(end)
