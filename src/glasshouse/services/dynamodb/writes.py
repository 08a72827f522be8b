"""Writes of single items: a change with its condition, as single operations, batches and transactions make it."""

from collections.abc import Callable
from dataclasses import dataclass

from glasshouse.engines.dynamo import Invalid, Item, Update
from glasshouse.engines.dynamo.conditions import Condition
from glasshouse.engines.dynamo.values import WRONG
from glasshouse.services.dynamodb.errors import ConditionalCheckFailedException, DuplicateItemException
from glasshouse.services.dynamodb.keys import EmptyIndexKey, Place
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Change, Items

TO_UPDATE = "Item size to update has exceeded the maximum allowed size"


@dataclass(slots=True)
class Write:
    """One item that is to be changed, if its condition holds.

    `change` gives the item as it shall be, from the one that is there; without one it is only looked at.
    """

    table: DynamoTable
    place: Place
    change: Callable[[Item | None], Item | None] | None
    condition: Condition | None = None
    tells_item: bool = False  # when the condition fails
    known_size: int | None = None  # of the new item, where it is known
    inserts: bool = False  # so that a failing condition means a duplicate


@dataclass(slots=True)
class Done:
    """What was there, what is there now, and what that changed."""

    old: Item | None
    new: Item | None
    change: Change


class Writes:
    """Performing writes."""

    def _write(self, write: Write) -> Done:
        """Raises ConditionalCheckFailedException, Invalid, and what throttles."""
        self._admit(write.table, "Write")
        items = Items(self.store, write.table, self.now)
        old, old_size = items.sized(write.place)
        if write.condition is not None and not write.condition(old or {}):
            told = {"Item": old} if write.tells_item and old is not None else {}
            raise (DuplicateItemException if write.inserts else ConditionalCheckFailedException)(**told)
        if write.change is None:
            return Done(old, old, Change(old_size, old_size))
        new = write.change(old)
        new_size = 0
        if new is not None:
            new_size = items.measure(new, TO_UPDATE) if write.known_size is None else write.known_size
        try:
            change = items.write(write.place, old, old_size, new, new_size)
        except EmptyIndexKey as empty:
            raise empty.of_update() if write.known_size is None else empty from None
        if change.index_units:
            self._admit(write.table, "Write", [one for one in write.table.indexes if one.name in change.index_units])
        self._tell(write.table, write.place, old, new, change)
        if write.table.replicas:
            self._spread(write.table, write.place, new, new_size)
        return Done(old, new, change)

    def _tell(
        self,
        table: DynamoTable,
        place: Place,
        old: Item | None,
        new: Item | None,
        change: Change,
        expired: bool = False,
    ):
        """Wake who waits for records of the stream, and pass the change on to Kinesis."""
        if table.destinations:
            self._tell_destinations(table, place, old, new, expired)
        if change.streamed and table.stream is not None:
            self.tell(table.stream.arn)
            self.state("RecordsWritten", stream=table.stream.arn)

    def _collection(self, table: DynamoTable, place: Place, item: Item | None, wanted: str | None) -> dict | None:
        """ItemCollectionMetrics: of tables with local indexes, how large the item collection is."""
        if wanted != "SIZE" or item is None or all(index.is_global for index in table.indexes):
            return None
        key = table.partition.name
        (size,) = self.store.read(
            "SELECT sum(size) FROM dynamodb_item WHERE number = ? AND hash = ?", (table.number, place[0])
        ).fetchone()
        gigabytes = (size or 0) / 2**30
        return {
            "ItemCollectionKey": {key: item[key]},
            "SizeEstimateRangeGB": [float(int(gigabytes)), int(gigabytes) + 1.0],
        }


def update_change(table: DynamoTable, key: Item, update: Update | None) -> Callable[[Item | None], Item]:
    """The change that an update makes to the item of a key; a new item begins with the key. Raises Invalid."""
    for attribute in update.attributes if update else ():
        if attribute in key:
            raise Invalid(f"{WRONG}Cannot update attribute {attribute}. This attribute is part of the key")

    def change(old: Item | None) -> Item:
        item = dict(key) if old is None else old
        return update(item) if update else item

    return change
