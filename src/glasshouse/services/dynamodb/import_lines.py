"""The lines of files that are imported: unpacked, and read as items."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from glasshouse.engines.dynamo import Item
from glasshouse.services.dynamodb.records import DynamoTable, Import

_objects = json.JSONDecoder()


class Unreadable(Exception):
    """What a line, or a whole file, is not."""


def unpacked(content: bytes, compression: str) -> bytes:
    """Raises Unreadable."""
    try:
        if compression == "GZIP":
            return gzip.decompress(content)
        if compression == "ZSTD":
            import zstandard

            with zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True) as stream:
                return stream.read()
    except Exception as failure:
        raise Unreadable(f"The file is not compressed with {compression}") from failure
    return content


def items_of(content: bytes, of: Import, table: DynamoTable) -> Iterator[Item | Unreadable]:
    """The items of a file, and for each line that is none what is wrong with it."""
    text = content.decode("utf-8", errors="replace")
    if of.input_format == "CSV":
        yield from _of_csv(text, ((of.input_format_options or {}).get("Csv") or {}), table)
        return
    for line in text.splitlines():
        yield from _of_json(line)


def _of_json(line: str) -> Iterator[Item | Unreadable]:
    """The objects of a line, which may follow one another."""
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        try:
            read, at = _objects.raw_decode(line, at)
        except ValueError:
            yield Unreadable("The line is not an item in DynamoDB JSON")
            return
        yield _item(read)


def _item(read: Any) -> Item | Unreadable:
    try:
        content = msgspec.convert(read["Item"], dict[str, dict[str, Any]])
        return {name: _value(value) for name, value in content.items()}
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return Unreadable("The line is not an item in DynamoDB JSON")


def _value(value: dict[str, Any]) -> dict[str, Any]:
    """A value with its binaries as bytes."""
    [(kind, content)] = value.items()
    if kind == "B":
        return {"B": _bytes(content)}
    if kind == "BS":
        return {"BS": [_bytes(one) for one in content]}
    if kind == "L":
        return {"L": [_value(one) for one in content]}
    if kind == "M":
        return {"M": {name: _value(one) for name, one in content.items()}}
    _check_kind(kind, content)
    return value


def _bytes(text: Any) -> bytes:
    return msgspec.convert(text, bytes)


def _check_kind(kind: str, content: Any):
    expected = {"S": str, "N": str, "BOOL": bool, "NULL": bool, "SS": list[str], "NS": list[str]}
    if kind not in expected:
        raise ValueError(kind)
    msgspec.convert(content, expected[kind])


def _of_csv(text: str, options: dict, table: DynamoTable) -> Iterator[Item | Unreadable]:
    """Keys are of their types, all else is text; a field without anything is an attribute that is not there."""
    rows = csv.reader(io.StringIO(text), delimiter=options.get("Delimiter") or ",")
    header = options.get("HeaderList") or next(rows, [])
    for row in rows:
        if not row:
            continue
        if len(row) > len(header):
            yield Unreadable("The line has more fields than the header")
            continue
        try:
            yield {
                name: _field(table.attributes.get(name, "S"), text)
                for name, text in zip(header, row, strict=False)
                if text
            }
        except msgspec.MsgspecError:
            yield Unreadable("The line has a binary key that is not base64")


def _field(kind: str, text: str) -> dict[str, Any]:
    return {kind: _bytes(text) if kind == "B" else text}
