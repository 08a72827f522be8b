"""The batches of a mapping: rows that outlive a crash, in the order in which they go to the function."""

import json
from collections.abc import Iterable, Sequence

from glasshouse.core.store import Store
from glasshouse.services.lambda_.mapping_records import Batch

COLUMNS = "number, uuid, shard_id, lane, opened, attempts, closed"


class Batches:
    """Those of one mapping."""

    def __init__(self, store: Store, uuid: str):
        self._store, self._uuid = store, uuid

    def open(self, shard_id: str, lane: int, now: float, attempts: int = 0, closed: bool = True) -> int:
        """Begin a batch behind the others of its lane; its number."""
        row = (self._uuid, shard_id, lane, now, attempts, closed)
        made = self._store.write(
            "INSERT INTO lambda_batch (uuid, shard_id, lane, opened, attempts, closed) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        return made.lastrowid or 0

    def add(self, number: int, items: Iterable[dict]):
        """Put items at the end of a batch."""
        start = self.count(number)
        rows = [(number, position, json.dumps(item).encode()) for position, item in enumerate(items, start)]
        self._store.write_many("INSERT INTO lambda_item VALUES (?, ?, ?)", rows)

    def close(self, number: int):
        """It is complete, and on its way."""
        self._store.write("UPDATE lambda_batch SET closed = 1 WHERE number = ?", (number,))

    def tried(self, number: int, attempts: int):
        self._store.write("UPDATE lambda_batch SET attempts = ? WHERE number = ?", (attempts, number))

    def drop(self, number: int):
        self._store.write("DELETE FROM lambda_item WHERE batch = ?", (number,))
        self._store.write("DELETE FROM lambda_batch WHERE number = ?", (number,))

    def get(self, number: int) -> Batch | None:
        return self._one("number = ?", number)

    def gathering(self) -> Batch | None:
        """The batch that is not complete yet."""
        return self._one("uuid = ? AND closed = 0", self._uuid)

    def first(self, shard_id: str, lane: int) -> Batch | None:
        """The batch of a lane that is to be delivered now."""
        return self._one("uuid = ? AND shard_id = ? AND lane = ?", self._uuid, shard_id, lane)

    def items(self, number: int) -> list[dict]:
        rows = self._store.read("SELECT body FROM lambda_item WHERE batch = ? ORDER BY position", (number,))
        return [json.loads(body) for (body,) in rows]

    def count(self, number: int) -> int:
        return self._store.read("SELECT count(*) FROM lambda_item WHERE batch = ?", (number,)).fetchone()[0]

    def size_bytes(self, number: int) -> int:
        query = "SELECT total(length(body)) FROM lambda_item WHERE batch = ?"
        return int(self._store.read(query, (number,)).fetchone()[0])

    def under_way(self, shard_id: str | None = None) -> int:
        """How many are complete and not done with, of one shard or of all."""
        query, values = "SELECT count(*) FROM lambda_batch WHERE uuid = ? AND closed = 1", [self._uuid]
        if shard_id is not None:
            query, values = f"{query} AND shard_id = ?", [*values, shard_id]
        return self._store.read(query, values).fetchone()[0]

    def replace(self, batch: Batch, parts: Sequence[Sequence[dict]], attempts: int, now: float):
        """Put parts of a batch in its place, before what follows in its lane."""
        rest = self._store.read(
            "SELECT number FROM lambda_batch WHERE uuid = ? AND shard_id = ? AND lane = ? AND number > ?"
            " ORDER BY number",
            (self._uuid, batch.shard_id, batch.lane, batch.number),
        ).fetchall()
        self.drop(batch.number)
        for items in parts:
            if items:
                self.add(self.open(batch.shard_id, batch.lane, now, attempts), items)
        for (number,) in rest:
            self._renumber(number)

    def clear(self):
        """Drop them all."""
        own = "SELECT number FROM lambda_batch WHERE uuid = ?"
        self._store.write(f"DELETE FROM lambda_item WHERE batch IN ({own})", (self._uuid,))
        self._store.write("DELETE FROM lambda_batch WHERE uuid = ?", (self._uuid,))

    def _renumber(self, number: int):
        """Move a batch to the end."""
        made = self._store.write(
            "INSERT INTO lambda_batch (uuid, shard_id, lane, opened, attempts, closed)"
            " SELECT uuid, shard_id, lane, opened, attempts, closed FROM lambda_batch WHERE number = ?",
            (number,),
        )
        self._store.write("UPDATE lambda_item SET batch = ? WHERE batch = ?", (made.lastrowid, number))
        self._store.write("DELETE FROM lambda_batch WHERE number = ?", (number,))

    def _one(self, condition: str, *values) -> Batch | None:
        query = f"SELECT {COLUMNS} FROM lambda_batch WHERE {condition} ORDER BY number LIMIT 1"
        row = self._store.read(query, values).fetchone()
        return Batch(*row) if row else None
