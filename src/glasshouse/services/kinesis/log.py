"""The records of shards, as rows: appended at the end of a shard, read from any place, trimmed at its beginning."""

from collections.abc import Iterator
from typing import NamedTuple

from glasshouse.core.store import Store
from glasshouse.services.kinesis import sequences
from glasshouse.services.kinesis.shards import PLACE_SHIFT, Shard

READ_RECORDS, READ_BYTES = 10_000, 10 * 1024 * 1024
TRIMMED_AT_ONCE = 5000


class Record(NamedTuple):
    """A row of the table; see schema.sql."""

    place: int
    arrived: float
    partition_key: str | None
    sealed: int
    data: bytes

    @property
    def size(self) -> int:
        key = self.partition_key or ""
        return len(self.data) + (len(key) if key.isascii() else len(key.encode()))


class Log:
    """The records of one shard that arrived after `oldest`; counted from 1."""

    def __init__(self, store: Store, shard: Shard, oldest: float):
        self._store, self._shard, self._oldest = store, shard, oldest

    def tip(self) -> tuple[int, float]:
        """The count and the arrival of the last record, be it gone; the arrival is 0 if none is kept."""
        row = self._store.read(
            "SELECT place, arrived FROM kinesis_record WHERE place > ? AND place < ? ORDER BY place DESC LIMIT 1",
            (self._shard.base, self._shard.end),
        ).fetchone()
        return (row[0] - self._shard.base, row[1]) if row else (self._shard.trimmed, 0.0)

    def first(self) -> tuple[int, float] | None:
        """The count and the arrival of the first record that is kept, be it too old."""
        row = self._store.read(
            "SELECT place, arrived FROM kinesis_record WHERE place > ? AND place < ? ORDER BY place LIMIT 1",
            (self._shard.base, self._shard.end),
        ).fetchone()
        return (row[0] - self._shard.base, row[1]) if row else None

    def count_after(self, moment: float) -> int:
        """The count of the first record that arrived later than a moment; beyond the last one if there is none."""
        low, high = self._shard.trimmed + 1, self.tip()[0] + 1
        while low < high:
            middle = (low + high) // 2
            if self._arrived(middle) > moment:
                high = middle
            else:
                low = middle + 1
        return low

    def read(self, count: int, limit: int) -> tuple[list[Record], int]:
        """From a count on: at most so many records, and ten megabytes; with their size."""
        rows = self._from(count, limit)
        record = next(rows, None)
        if record and record.arrived <= self._oldest:
            rows = self._from(self.count_after(self._oldest), limit)
            record = next(rows, None)
        found, total = [], 0
        while record:
            size = record.size
            if found and total + size > READ_BYTES:
                break
            found.append(record)
            total += size
            record = next(rows, None)
        return found, total

    def numbers(self, records: list[Record]) -> list[str]:
        """The sequence numbers of records."""
        part, base = sequences.shard_part(self._shard.epoch, self._shard.position), self._shard.base
        return [sequences.number(part, record.place - base, record.arrived) for record in records]

    def trim(self) -> bool:
        """Delete records that are too old, in portions; says whether more of them are left."""
        first = self.first()
        if first is None or first[1] > self._oldest:
            return False
        keep = self.count_after(self._oldest)
        end = min(keep, first[0] + TRIMMED_AT_ONCE)
        self._store.write(
            "DELETE FROM kinesis_record WHERE place > ? AND place < ?", (self._shard.base, self._shard.base + end)
        )
        self._store.write("UPDATE kinesis_shard SET trimmed = ? WHERE id = ?", (end - 1, self._shard.id))
        self._shard.trimmed = end - 1
        return end < keep

    def _from(self, count: int, limit: int) -> Iterator[Record]:
        rows = self._store.read(
            "SELECT place, arrived, partition_key, sealed, data FROM kinesis_record"
            " WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
            (self._shard.base + max(count, 1), self._shard.end, limit),
        )
        return map(Record._make, rows)

    def _arrived(self, count: int) -> float:
        row = self._store.read("SELECT arrived FROM kinesis_record WHERE place = ?", (self._shard.base + count,))
        return row.fetchone()[0]


def erase(store: Store, stream: int) -> bool:
    """Delete the shards of a stream with their records, in portions; says whether any were left."""
    row = store.read("SELECT id FROM kinesis_shard WHERE stream = ? ORDER BY id LIMIT 1", (stream,)).fetchone()
    if row is None:
        return False
    base, end = row[0] << PLACE_SHIFT, row[0] + 1 << PLACE_SHIFT
    gone = store.write(
        "DELETE FROM kinesis_record WHERE place IN"
        " (SELECT place FROM kinesis_record WHERE place > ? AND place < ? LIMIT ?)",
        (base, end, TRIMMED_AT_ONCE),
    ).rowcount
    if gone < TRIMMED_AT_ONCE:
        store.write("DELETE FROM kinesis_shard WHERE id = ?", (row[0],))
    return True
