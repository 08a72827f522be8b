"""The items of a table as rows, with the entries of its indexes, its extent, its stream and its images.

Everything that a write concerns is written here, in the transaction of the call.
"""

from dataclasses import dataclass, field
from math import ceil

import msgspec

from glasshouse.core.store import Store
from glasshouse.engines.dynamo import Invalid, Item, measure_item
from glasshouse.engines.dynamo.values import Value
from glasshouse.services.dynamodb.keys import Place, check_index_keys, key_of, place_in_index
from glasshouse.services.dynamodb.records import DynamoTable, Index

LARGEST_ITEM_BYTES = 400 * 1024
TOO_LARGE = "Item size has exceeded the maximum allowed size"
WRITE_UNIT_BYTES = 1024
TTL_REACH_S = 5 * 365 * 86_400  # items that expired longer ago are left alone
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder().decode


@dataclass(slots=True)
class Change:
    """What a write did: sizes for capacity, units by index, and whether a record went into the stream."""

    old_size: int = 0
    new_size: int = 0
    index_units: dict[str, float] = field(default_factory=dict)
    streamed: bool = False


class Items:
    """The rows of one table."""

    def __init__(self, store: Store, table: DynamoTable, now: float):
        self.store, self.table, self.now = store, table, now

    def get(self, place: Place) -> Item | None:
        row = self.store.read(
            "SELECT body FROM dynamodb_item WHERE number = ? AND hash = ? AND range = ?", (self.table.number, *place)
        ).fetchone()
        return decode(row[0]) if row else None

    def sized(self, place: Place) -> tuple[Item | None, int]:
        """The item and its size."""
        row = self.store.read(
            "SELECT body, size FROM dynamodb_item WHERE number = ? AND hash = ? AND range = ?",
            (self.table.number, *place),
        ).fetchone()
        return (decode(row[0]), row[1]) if row else (None, 0)

    def write(
        self, place: Place, old: Item | None, old_size: int, new: Item | None, new_size: int, expired: bool = False
    ) -> Change:
        """Put `new` where `old` was; None is no item. Raises Invalid."""
        table, store = self.table, self.store
        change = Change(old_size, new_size)
        if new is not None:
            if table.indexes:
                check_index_keys(table, new)
            store.write(
                "REPLACE INTO dynamodb_item (number, hash, range, size, expires, body) VALUES (?, ?, ?, ?, ?, ?)",
                (table.number, *place, new_size, self._expiry(new), encode(new)),
            )
        elif old is not None:
            store.write("DELETE FROM dynamodb_item WHERE number = ? AND hash = ? AND range = ?", (table.number, *place))
        else:
            return change
        self._grow(table.number, (new is not None) - (old is not None), new_size - old_size)
        for index in table.indexes:
            self._index(index, place, old, new, change)
        if table.stream is not None and table.stream.enabled and old != new:
            self._stream(old, new, expired)
            change.streamed = True
        if table.recovery_since is not None and old != new:
            self.keep_image(place, new)
        return change

    def measure(self, item: Item, message: str = TOO_LARGE) -> int:
        """Check the values of an item and its size. Raises Invalid."""
        size = measure_item(item)
        check_size(size, message)
        return size

    def keep_image(self, place: Place, item: Item | None):
        """Remember for point-in-time recovery what is there from now on."""
        self.store.write(
            "INSERT INTO dynamodb_image SELECT ?1, ?2, ?3, ?4, coalesce(max(id), 0) + 1, ?5 FROM dynamodb_image"
            " WHERE number = ?1 AND hash = ?2 AND range = ?3",
            (self.table.number, *place, self.now, None if item is None else encode(item)),
        )

    def add_to_index(self, index: Index, place: Place, item: Item):
        """For an index that is being filled: what lacks its keys, or has them of another type, stays out."""
        try:
            check_index_keys(self.table, item)
        except Invalid:
            return
        self._index(index, place, None, item, Change())

    def _expiry(self, item: Item) -> float | None:
        attribute = self.table.ttl_attribute
        return expiry(item.get(attribute)) if attribute else None

    def _grow(self, number: int, items: int, size: int):
        if items or size:
            self.store.write(
                "UPDATE dynamodb_extent SET items = items + ?, bytes = bytes + ? WHERE number = ?",
                (items, size, number),
            )

    def _index(self, index: Index, place: Place, old: Item | None, new: Item | None, change: Change):
        """Move the entry of an item. An entry that stays as it is costs nothing."""
        before = self._entry(index, old)
        after = self._entry(index, new)
        if before == after:
            return
        units = items = grown = 0
        if before is not None:
            size = measure_item(before[1])
            items, grown, units = -1, -size, ceil(size / WRITE_UNIT_BYTES)
            if after is None or after[0] != before[0]:
                self._delete_entry(index, before[0], place)
            else:
                units = 0
        if after is not None:
            size = measure_item(after[1])
            items, grown, units = items + 1, grown + size, units + ceil(size / WRITE_UNIT_BYTES)
            row = (index.number, *after[0], *place, size, encode(after[1]))
            self.store.write("REPLACE INTO dynamodb_entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._grow(index.number, items, grown)
        change.index_units[index.name] = float(units)

    def _delete_entry(self, index: Index, entry: Place, place: Place):
        self.store.write(
            "DELETE FROM dynamodb_entry WHERE number = ? AND hash = ? AND range = ? AND item_hash = ?"
            " AND item_range = ?",
            (index.number, *entry, *place),
        )

    def _entry(self, index: Index, item: Item | None) -> tuple[Place, Item] | None:
        if item is None:
            return None
        place = place_in_index(index, item)
        return None if place is None else (place, projected(self.table, index, item))

    def _stream(self, old: Item | None, new: Item | None, expired: bool):
        stream = self.table.stream
        assert stream is not None
        view = stream.view
        record: dict = {
            "event": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "keys": key_of(self.table, old if new is None else new),  # type: ignore[arg-type]
        }
        if old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            record["old"] = old
        if new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            record["new"] = new
        if expired:
            record["expired"] = True
        self.store.write(
            "INSERT INTO dynamodbstreams_record (stream, written, body) VALUES (?, ?, ?)",
            (stream.number, self.now, encode(record)),
        )


def check_size(size: int, message: str = TOO_LARGE):
    if size > LARGEST_ITEM_BYTES:
        raise Invalid(message)


def projected(table: DynamoTable, index: Index, item: Item) -> Item:
    """What an index holds of an item."""
    if index.projection == "ALL":
        return item
    names = {attribute.name for attribute in (*table.keys, *index.keys)} | set(index.included)
    return {name: value for name, value in item.items() if name in names}


def expiry(value: Value | None) -> float | None:
    """The epoch second that a TTL attribute tells; only numbers do."""
    try:
        return float(value["N"]) if value is not None and "N" in value else None
    except OverflowError:
        return None
