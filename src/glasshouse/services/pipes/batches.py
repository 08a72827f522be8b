"""The batches of a pipe: rows that outlive a crash."""

import json
from collections.abc import Iterable, Sequence

import msgspec

from glasshouse.core.store import Store
from glasshouse.services.pipes.records import Batch, Part

COLUMNS = "number, pipe, shard_id, opened, closed, parts, enriched"
_parts = msgspec.json.Decoder(list[Part]).decode


class Batches:
    """Those of one pipe, by its number."""

    def __init__(self, store: Store, pipe: str):
        self._store, self._pipe = store, pipe

    def open(self, shard_id: str, now: float) -> int:
        """Begin a batch; its number."""
        made = self._store.write(
            "INSERT INTO pipes_batch (pipe, shard_id, opened, closed) VALUES (?, ?, ?, 0)", (self._pipe, shard_id, now)
        )
        return made.lastrowid or 0

    def add(self, number: int, items: Iterable[dict]):
        """Put items at the end of a batch."""
        start = self.count(number)
        rows = [(number, position, json.dumps(item).encode()) for position, item in enumerate(items, start)]
        self._store.write_many("INSERT INTO pipes_item VALUES (?, ?, ?)", rows)

    def close(self, number: int, parts: Sequence[Part] = ()):
        """It is complete, and on its way."""
        self._store.write("UPDATE pipes_batch SET closed = 1 WHERE number = ?", (number,))
        self.divide(number, parts)

    def divide(self, number: int, parts: Sequence[Part]):
        """What goes through the pipe together from now on; whatever was made of it so far is forgotten."""
        told = msgspec.json.encode(parts).decode()
        self._store.write("UPDATE pipes_batch SET parts = ?, enriched = NULL WHERE number = ?", (told, number))

    def enrich(self, number: int, events: list):
        """What the enrichment has made of it."""
        body = json.dumps(events).encode()
        self._store.write("UPDATE pipes_batch SET enriched = ? WHERE number = ?", (body, number))

    def finish(self, number: int, count: int):
        """The first items are done with."""
        first = self._store.read("SELECT min(position) FROM pipes_item WHERE batch = ?", (number,)).fetchone()[0] or 0
        self._store.write("DELETE FROM pipes_item WHERE batch = ? AND position < ?", (number, first + count))

    def drop(self, number: int):
        self._store.write("DELETE FROM pipes_item WHERE batch = ?", (number,))
        self._store.write("DELETE FROM pipes_batch WHERE number = ?", (number,))

    def clear(self):
        """Drop them all."""
        own = "SELECT number FROM pipes_batch WHERE pipe = ?"
        self._store.write(f"DELETE FROM pipes_item WHERE batch IN ({own})", (self._pipe,))
        self._store.write("DELETE FROM pipes_batch WHERE pipe = ?", (self._pipe,))

    def get(self, number: int) -> Batch | None:
        return self._one("pipe = ? AND number = ?", self._pipe, number)

    def gathering(self) -> Batch | None:
        """The batch that is not complete yet."""
        return self._one("pipe = ? AND closed = 0", self._pipe)

    def items(self, batch: Batch) -> list[dict]:
        """Those of its first part, or all of them."""
        most = batch.parts[0].count if batch.parts else -1
        query = "SELECT body FROM pipes_item WHERE batch = ? ORDER BY position LIMIT ?"
        return [json.loads(body) for (body,) in self._store.read(query, (batch.number, most))]

    def count(self, number: int) -> int:
        return self._store.read("SELECT count(*) FROM pipes_item WHERE batch = ?", (number,)).fetchone()[0]

    def size_bytes(self, number: int) -> int:
        query = "SELECT total(length(body)) FROM pipes_item WHERE batch = ?"
        return int(self._store.read(query, (number,)).fetchone()[0])

    def under_way(self) -> list[str]:
        """The shards of those that are complete and not done with, one for each batch."""
        query = "SELECT shard_id FROM pipes_batch WHERE pipe = ? AND closed = 1"
        return [shard_id for (shard_id,) in self._store.read(query, (self._pipe,))]

    def _one(self, condition: str, *values) -> Batch | None:
        query = f"SELECT {COLUMNS} FROM pipes_batch WHERE {condition} LIMIT 1"
        row = self._store.read(query, values).fetchone()
        if row is None:
            return None
        number, pipe, shard_id, opened, closed, parts, enriched = row
        made = None if enriched is None else json.loads(enriched)
        return Batch(number, pipe, shard_id, opened, bool(closed), _parts(parts), made)
