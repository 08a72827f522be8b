"""Buffers: rows in the store, from the moment a record is acknowledged until it is delivered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glasshouse.core.store import Store

SHIFT = 32
FIELDS = "id, stream, kind, partition, opened, oldest, size, records, sealed, key, name, attempts, begun"


class Item(NamedTuple):
    """A record; `source` is JSON that says where it was read, if it was."""

    data: bytes
    arrived: float
    source: str | None = None


@dataclass(slots=True)
class Buffer:
    id: int
    stream: str
    kind: str
    partition: str
    opened: float
    oldest: float
    size: int
    records: int
    sealed: bool
    key: bytes | None
    name: str | None
    attempts: int
    begun: float | None


class Buffers:
    """The buffers of all delivery streams."""

    def __init__(self, store: Store):
        self._store = store

    def get(self, id: int) -> Buffer | None:
        return self._one("id = ?", (id,))

    def open(self, stream: str, kind: str, partition: str) -> Buffer | None:
        """The one that takes records."""
        return self._one("stream = ? AND kind = ? AND partition = ? AND sealed = 0", (stream, kind, partition))

    def first_sealed(self, stream: str, kind: str) -> Buffer | None:
        """The one that has waited longest."""
        return self._one("stream = ? AND kind = ? AND sealed = 1 ORDER BY id LIMIT 1", (stream, kind))

    def of_stream(self, stream: str) -> list[Buffer]:
        rows = self._store.read(f"SELECT {FIELDS} FROM firehose_buffer WHERE stream = ?", (stream,))
        return [Buffer(*row) for row in rows.fetchall()]

    def count_open(self, stream: str, kind: str) -> int:
        query = "SELECT COUNT(*) FROM firehose_buffer WHERE stream = ? AND kind = ? AND sealed = 0"
        return self._store.read(query, (stream, kind)).fetchone()[0]

    def begin(self, stream: str, kind: str, partition: str, now: float, key: bytes | None) -> Buffer:
        row = (stream, kind, partition, now, now, key)
        id = self._store.write(
            "INSERT INTO firehose_buffer"
            " (stream, kind, partition, opened, oldest, key, size, records, sealed, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
            row,
        ).lastrowid
        assert id is not None
        return Buffer(id, stream, kind, partition, now, now, 0, 0, False, key, None, 0, None)

    def add(self, buffer: Buffer, items: Sequence[Item], size: int):
        """Lay records into a buffer; `size` is that of their data before they were encrypted."""
        first = (buffer.id << SHIFT) + buffer.records
        rows = [(first + index, item.arrived, item.data, item.source) for index, item in enumerate(items)]
        self._store.write_many("INSERT INTO firehose_record VALUES (?, ?, ?, ?)", rows)
        buffer.oldest = min(buffer.oldest, min(item.arrived for item in items))
        buffer.records, buffer.size = buffer.records + len(rows), buffer.size + size
        self._store.write(
            "UPDATE firehose_buffer SET oldest = ?, size = ?, records = ? WHERE id = ?",
            (buffer.oldest, buffer.size, buffer.records, buffer.id),
        )

    def seal(self, buffer: Buffer):
        """It takes no more."""
        buffer.sealed = True
        self._store.write("UPDATE firehose_buffer SET sealed = 1 WHERE id = ?", (buffer.id,))

    def keep(self, buffer: Buffer):
        """Write down how its delivery goes."""
        self._store.write(
            "UPDATE firehose_buffer SET name = ?, attempts = ?, begun = ? WHERE id = ?",
            (buffer.name, buffer.attempts, buffer.begun, buffer.id),
        )

    def drop(self, buffer: Buffer):
        """Its records are where they belong, or lost."""
        bounds = (buffer.id << SHIFT, (buffer.id + 1) << SHIFT)
        self._store.write("DELETE FROM firehose_record WHERE place >= ? AND place < ?", bounds)
        self._store.write("DELETE FROM firehose_buffer WHERE id = ?", (buffer.id,))

    def portion(self, id: int, after: int, most: int) -> list[Item]:
        """The records that follow the first `after` ones, as many as have `most` bytes between them, at least one."""
        rows = self._store.read(
            "SELECT data, arrived, source FROM firehose_record WHERE place >= ? AND place < ? ORDER BY place",
            ((id << SHIFT) + after, (id + 1) << SHIFT),
        )
        return list(_as_many(rows, most))

    def _one(self, where: str, arguments: tuple) -> Buffer | None:
        row = self._store.read(f"SELECT {FIELDS} FROM firehose_buffer WHERE {where}", arguments).fetchone()
        return Buffer(*row) if row else None


def _as_many(rows: Iterable[tuple], most: int) -> Iterator[Item]:
    size = 0
    for row in rows:
        size += len(row[0])
        if size > most and size > len(row[0]):
            return
        yield Item(*row)
