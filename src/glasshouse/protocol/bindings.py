"""What the REST protocols bind to the path, the query and the headers of a request, and to those of a response."""

import binascii
import json
import re
from collections.abc import Callable
from typing import Any

from glasshouse.core.errors import ServiceError
from glasshouse.protocol.http import Request
from glasshouse.protocol.shapes import Shape
from glasshouse.protocol.xml import TEXT_READERS, text_writer

Refuse = Callable[[str, str, Shape], ServiceError]  # the error for a name, a text and the shape it should have
Read = Callable[[str], Any]
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)')


class InputBindings:
    """Reads the members of an input that are not in the body."""

    def __init__(self, shape: Shape, literals: frozenset[str], refuse: Refuse):
        self._refuse = refuse
        self._labels: list[tuple[str, str, Shape]] = []
        self._query: dict[str, tuple[str, Shape]] = {}
        self._texts: dict[str, str] = {}  # the headers that are taken as they are
        self._headers: dict[str, tuple[str, Shape]] = {}
        self._prefixes: list[tuple[str, str]] = []
        self._starts: tuple[str, ...] = ()  # what they begin with
        self._other_query: tuple[str, Shape] | None = None
        self._literals = literals  # the names of the query that belong to the route
        for name, member in shape.members.items():
            self._bind(name, member)

    def _bind(self, name: str, member: Shape):
        wire_name = member.wire_name(name)
        if member.location == "uri":
            self._labels.append((wire_name, name, member))
        elif member.location == "querystring" and member.type_name == "map":
            self._other_query = (name, member)
        elif member.location == "querystring":
            self._query[wire_name] = (name, member)
        elif member.location == "header" and member.type_name == "string" and not member.traits.get("jsonvalue"):
            self._texts[wire_name.lower()] = name
        elif member.location == "header":
            self._headers[wire_name.lower()] = (name, member)
        elif member.location == "headers":
            self._prefixes.append((wire_name.lower(), name))
            self._starts += (wire_name.lower(),)

    def read(self, request: Request, labels: dict[str, str] | None, params: dict[str, Any]):
        for label, name, member in self._labels:
            if labels and label in labels:
                params[name] = self._label(label, labels[label], member)
        if self._query or self._other_query:
            self._read_query(request.query_pairs, params)
        if self._texts or self._headers or self._prefixes:
            self._read_headers(request.headers, params)

    def _label(self, label: str, text: str, member: Shape) -> Any:
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise self._refuse(label, text, member) from None
        return self._scalar(label, text, member)

    def _read_query(self, pairs: list[tuple[str, str]], params: dict[str, Any]):
        for key, text in pairs:
            if key in self._query:
                name, member = self._query[key]
                if member.type_name == "list":
                    params.setdefault(name, []).append(self._scalar(key, text, member.member))
                elif text or member.type_name == "string":
                    params.setdefault(name, self._scalar(key, text, member))
            elif self._other_query and key not in self._literals:
                name, member = self._other_query
                held = params.setdefault(name, {})
                if member.value.type_name == "list":
                    held.setdefault(key, []).append(text)
                else:
                    held.setdefault(key, text)

    def _read_headers(self, headers: dict[str, str], params: dict[str, Any]):
        known, texts, starts = self._headers, self._texts, self._starts
        for key, text in headers.items():
            if key in texts:
                params[texts[key]] = text
            elif key in known:
                name, member = known[key]
                if text or member.type_name == "string":
                    params[name] = self._header(key, text, member)
            elif starts and key.startswith(starts):
                self._read_prefixed(key, text, params)

    def _read_prefixed(self, key: str, text: str, params: dict[str, Any]):
        for prefix, name in self._prefixes:
            if key.startswith(prefix):
                params.setdefault(name, {})[key[len(prefix) :]] = text

    def _header(self, key: str, text: str, member: Shape) -> Any:
        if member.type_name == "list":
            return [self._scalar(key, item, member.member) for item in _header_items(text, member.member)]
        if member.traits.get("jsonvalue"):
            try:
                return json.loads(binascii.a2b_base64(text.encode("ascii")))
            except (ValueError, RecursionError):
                raise self._refuse(key, text, member) from None
        return self._scalar(key, text, member)

    def _scalar(self, key: str, text: str, member: Shape) -> Any:
        if member.type_name == "string":
            return text
        read = TEXT_READERS.get(member.type_name)
        try:
            return read(text) if read else text
        except (ValueError, OverflowError):
            raise self._refuse(key, text, member) from None


def _header_items(text: str, member: Shape) -> list[str]:
    """The elements of a list in a header: separated by commas, quoted where they hold some."""
    if member.type_name == "timestamp":
        parts = [part.strip() for part in text.split(",")]
        if member.traits.get("timestampFormat", "rfc822") == "rfc822":
            return [", ".join(parts[start : start + 2]) for start in range(0, len(parts), 2)]
        return parts
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    items = [found[1].strip() for found in _QUOTED.finditer(text) if found[0]]
    return [re.sub(r"\\(.)", r"\1", item[1:-1]) if len(item) > 1 and item[0] == '"' else item for item in items]


class OutputBindings:
    """Writes the members of an output that are headers, or the status."""

    def __init__(self, shape: Shape):
        self._headers: dict[str, tuple[str, Callable[[Any], str]]] = {}
        self._prefixes: dict[str, str] = {}
        self._status: str | None = None
        for name, member in shape.members.items():
            if member.location == "header":
                self._headers[name] = (member.wire_name(name).lower(), _header_writer(member))
            elif member.location == "headers":
                self._prefixes[name] = member.wire_name(name).lower()
            elif member.location == "statusCode":
                self._status = name
        self.any = bool(self._headers or self._prefixes or self._status)

    def write(self, result: dict[str, Any], headers: dict[str, str]) -> int | None:
        """Add the headers; the status, when the result states one."""
        for name, value in result.items():
            if name in self._headers:
                header, write = self._headers[name]
                text = write(value)
                headers[header] = text if text.isprintable() else _one_line(text)
            elif name in self._prefixes:
                headers.update({_one_line(self._prefixes[name] + key): _one_line(item) for key, item in value.items()})
        return result.get(self._status) if self._status else None


def _one_line(text: Any) -> str:
    """A header must not end early: what a client stored or asked for may hold line breaks."""
    text = str(text)
    return text if text.isprintable() else _CONTROLS.sub(" ", text)


def _header_writer(member: Shape) -> Callable[[Any], str]:
    if member.type_name == "list":
        write = _header_writer(member.member)
        quote = _quoted if member.member.type_name == "string" else str
        return lambda value: ",".join(quote(write(item)) for item in value)
    if member.traits.get("jsonvalue"):
        return lambda value: binascii.b2a_base64(json.dumps(value).encode(), newline=False).decode("ascii")
    return text_writer(member, "rfc822")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if "," in text or '"' in text else text
