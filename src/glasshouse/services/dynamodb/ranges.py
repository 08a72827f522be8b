"""Reading rows in order: the items of a table or the entries of an index, from where a page begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glasshouse.core.store import Store
from glasshouse.engines.dynamo import Invalid, Item, KeyRange, measure
from glasshouse.services.dynamodb.keys import (
    MISMATCH,
    Place,
    check_key_value,
    check_keys,
    place_in_index,
    place_of_item,
)
from glasshouse.services.dynamodb.records import DynamoTable, Index

BAD_START = "The provided starting key is invalid"
# What DynamoDB tells of a starting key without saying so.
UNEXPLAINED = re.compile("contains duplicates|number set|numeric value|significant digits|with magnitude").search
Row = tuple[int, bytes]  # size and body


@dataclass(frozen=True, slots=True)
class Source:
    """A table, or one of its indexes, as something to read."""

    table: DynamoTable
    index: Index | None

    @property
    def number(self) -> int:
        return self.index.number if self.index else self.table.number

    @property
    def keys(self):
        return self.index.keys if self.index else self.table.keys

    @property
    def schema(self):
        return self.index.schema if self.index else self.table.schema

    @property
    def key_names(self) -> list[str]:
        """The attributes of a starting key: those of the index, and of the table."""
        names = [attribute.name for attribute in self.keys]
        return names + [attribute.name for attribute in self.table.keys if attribute.name not in names]

    @property
    def held(self) -> set[str] | None:
        """The attributes that an index has of its items; None is all of them."""
        if self.index is None or self.index.projection == "ALL":
            return None
        return set(self.key_names) | set(self.index.included)

    @property
    def select(self) -> str:
        columns = "hash, range, item_hash, item_range" if self.index else "hash, range"
        kept = "dynamodb_entry" if self.index else "dynamodb_item"
        return f"SELECT size, body, {columns} FROM {kept} WHERE number = ?"

    def start_of(self, item: Item) -> Item:
        """The key with which the next page begins after an item."""
        return {name: item[name] for name in self.key_names}

    def place(self, key: Item, scans: bool) -> tuple[bytes, ...]:
        """Where a starting key lies: its values in the order of the columns. Scans of a table tell otherwise than all
        else that it is none. Raises Invalid.
        """
        plain = scans and self.index is None
        if set(key) != set(self.key_names):
            raise Invalid(f"{BAD_START}: {MISMATCH}" if plain else BAD_START)
        for attribute in () if plain else self.keys:
            check_key_value(attribute, key[attribute.name])
        try:
            check_keys(self.table, key)
            item_place: Place = place_of_item(self.table, key)
        except Invalid as wrong:
            raise Invalid(f"{BAD_START}: {wrong}") from None
        if self.index is None:
            return item_place
        return (*(place_in_index(self.index, key) or ()), *item_place)


def check_start(key: Item | None):
    """Refuse a starting key with values that are none, before the table is looked at. Raises Invalid."""
    for value in (key or {}).values():
        try:
            measure(value)
        except Invalid as wrong:
            told = "" if UNEXPLAINED(str(wrong)) else f"{BAD_START}: "
            raise Invalid(f"{told}{wrong}") from None


def in_partition(
    store: Store, source: Source, wanted: KeyRange, start: tuple[bytes, ...] | None, forward: bool
) -> Iterator[tuple]:
    """The rows of a query, from after a place. Raises Invalid."""
    sql, arguments = source.select + " AND hash = ?", [source.number, wanted.partition]
    if wanted.low:
        sql += f" AND range {'>=' if wanted.low_included else '>'} ?"
        arguments.append(wanted.low)
    if wanted.high is not None:
        sql += f" AND range {'<=' if wanted.high_included else '<'} ?"
        arguments.append(wanted.high)
    rest = ["range", "item_hash", "item_range"] if source.index else ["range"]
    if start is not None:
        _check_within(wanted, start)
        sql += f" AND ({', '.join(rest)}) {'>' if forward else '<'} ({', '.join('?' * len(rest))})"
        arguments += start[1:]
    order = "" if forward else " DESC"
    return store.read(f"{sql} ORDER BY {', '.join(column + order for column in rest)}", arguments)


def _check_within(wanted: KeyRange, place: tuple[bytes, ...]):
    """Refuse to start a query where it does not read."""
    bounded = wanted.low != b"" or wanted.high is not None
    if bounded and place[1] not in wanted:
        raise Invalid("The provided starting key does not match the range key predicate")
    if place[0] != wanted.partition:
        raise Invalid(
            "The query can return at most one row and cannot be restarted"
            if bounded
            else "The provided starting key is outside query boundaries based on provided conditions"
        )


def everywhere(
    store: Store, source: Source, bounds: tuple[bytes, bytes | None] | None, start: Item | None
) -> Iterator[tuple]:
    """The rows of a scan, or of one segment. Raises Invalid."""
    sql, arguments = source.select, [source.number]
    begin, end = bounds or (b"", None)
    if begin:
        sql += " AND hash >= ?"
        arguments.append(begin)
    if end is not None:
        sql += " AND hash < ?"
        arguments.append(end)
    columns = ["hash", "range", "item_hash", "item_range"] if source.index else ["hash", "range"]
    if start is not None:
        place = source.place(start, scans=True)
        if place[0] < begin or (end is not None and place[0] >= end):
            raise Invalid("The provided Exclusive start key is not within the segment")
        sql += f" AND ({', '.join(columns)}) > ({', '.join('?' * len(columns))})"
        arguments += place
    return store.read(f"{sql} ORDER BY {', '.join(columns)}", arguments)
