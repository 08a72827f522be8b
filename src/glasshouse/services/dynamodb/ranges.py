"""Reading rows in order: the items of a table or the entries of an index, from where a page begins."""

from collections.abc import Iterator
from dataclasses import dataclass

from glasshouse.core.store import Store
from glasshouse.engines.dynamo import Invalid, Item, KeyRange, measure
from glasshouse.engines.dynamo.keys import encoded, partition
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb.keys import Place, place_of_item
from glasshouse.services.dynamodb.records import DynamoTable, Index

BAD_START = "The provided starting key is invalid"
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

    def place(self, key: Item) -> tuple[bytes, ...]:
        """Where a starting key lies: its values in the order of the columns. Raises Invalid."""
        if set(key) != set(self.key_names):
            raise Invalid(BAD_START)
        for attribute in (*self.keys, *self.table.keys):
            measure(key[attribute.name])
            if attribute.kind not in key[attribute.name]:
                raise Invalid(BAD_START)
        try:
            item_place: Place = place_of_item(self.table, key)
        except Invalid as wrong:
            raise Invalid(f"{WRONG}{BAD_START}: {wrong}") from None
        if self.index is None:
            return item_place
        first, *rest = [key[attribute.name] for attribute in self.index.keys]
        return (partition(first), encoded(rest[0]) if rest else b"", *item_place)


def in_partition(store: Store, source: Source, wanted: KeyRange, start: Item | None, forward: bool) -> Iterator[tuple]:
    """The rows of a query. Raises Invalid."""
    hash = partition(wanted.partition)
    sql, arguments = source.select + " AND hash = ?", [source.number, hash]
    if wanted.low:
        sql += f" AND range {'>=' if wanted.low_included else '>'} ?"
        arguments.append(wanted.low)
    if wanted.high is not None:
        sql += f" AND range {'<=' if wanted.high_included else '<'} ?"
        arguments.append(wanted.high)
    rest = ["range", "item_hash", "item_range"] if source.index else ["range"]
    if start is not None:
        place = source.place(start)
        if place[0] != hash:
            raise Invalid("The provided starting key is outside query boundaries based on provided conditions")
        sql += f" AND ({', '.join(rest)}) {'>' if forward else '<'} ({', '.join('?' * len(rest))})"
        arguments += place[1:]
    order = "" if forward else " DESC"
    return store.read(f"{sql} ORDER BY {', '.join(column + order for column in rest)}", arguments)


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
        place = source.place(start)
        if place[0] < begin or (end is not None and place[0] >= end):
            raise Invalid("The provided Exclusive start key is not within the segment")
        sql += f" AND ({', '.join(columns)}) > ({', '.join('?' * len(columns))})"
        arguments += place
    return store.read(f"{sql} ORDER BY {', '.join(columns)}", arguments)
