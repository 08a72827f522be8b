"""The shards of one stream: who takes a hash key, who came of whom, and which were open when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glasshouse.core.store import Store
from glasshouse.services.kinesis import sequences

PLACE_SHIFT = 40
HASHES = 1 << 128
COLUMNS = "id, position, parent, adjacent, first_hash, last_hash, epoch, opened, closed, trimmed"


@dataclass(slots=True)
class Shard:
    """A row of the table, in the order of COLUMNS; see schema.sql."""

    id: int
    position: int
    parent: int | None
    adjacent: int | None
    first_hash: str
    last_hash: str
    epoch: int
    opened: float
    closed: float | None
    trimmed: int

    @property
    def name(self) -> str:
        return shard_name(self.position)

    @property
    def base(self) -> int:
        """The place before that of its first record."""
        return self.id << PLACE_SHIFT

    @property
    def end(self) -> int:
        """A place beyond that of any of its records."""
        return self.id + 1 << PLACE_SHIFT

    @property
    def first_number(self) -> str:
        return sequences.first(self.epoch, self.position)

    @property
    def range(self) -> tuple[int, int]:
        return int(self.first_hash, 16), int(self.last_hash, 16)

    def hash_key_range(self) -> dict[str, str]:
        first, last = self.range
        return {"StartingHashKey": str(first), "EndingHashKey": str(last)}

    def described(self) -> dict:
        numbers = {"StartingSequenceNumber": self.first_number}
        if self.closed is not None:
            numbers["EndingSequenceNumber"] = sequences.last(self.epoch, self.position, self.closed)
        shard = {"ShardId": self.name, "HashKeyRange": self.hash_key_range(), "SequenceNumberRange": numbers}
        if self.parent is not None:
            shard["ParentShardId"] = shard_name(self.parent)
        if self.adjacent is not None:
            shard["AdjacentParentShardId"] = shard_name(self.adjacent)
        return shard


def shard_name(position: int) -> str:
    return f"shardId-{position:012d}"


def position_of(name: str) -> int | None:
    """The position that a shard's name says: what stands behind the first hyphen, or all of it, is enough."""
    digits = name.split("-")[1] if "-" in name else name
    if not (digits.isascii() and digits.isdecimal()) or int(digits) >= 1 << 31:
        return None
    return int(digits)


def hash_text(value: int) -> str:
    return f"{value:032x}"


def evenly(count: int) -> list[tuple[int, int]]:
    """So many ranges that share all hash keys, the last one taking what is left over."""
    size = HASHES // count
    starts = [size * index for index in range(count)]
    return list(zip(starts, [start - 1 for start in starts[1:]] + [HASHES - 1], strict=True))


class Shards:
    """The shards of the stream of this number."""

    def __init__(self, store: Store, stream: int):
        self._store, self._stream = store, stream

    def get(self, position: int) -> Shard | None:
        return self._one("position = ?", position)

    def of_hash(self, text: str) -> Shard | None:
        """The open shard whose range begins at a hash key or nearest below it."""
        return self._one("closed IS NULL AND first_hash <= ? ORDER BY first_hash DESC LIMIT 1", text)

    def open(self) -> list[Shard]:
        """Those that take records, in the order of their hash keys."""
        return self._some("closed IS NULL ORDER BY first_hash")

    def all(self, after: int = -1, limit: int = -1) -> list[Shard]:
        """In the order of their positions, beyond one."""
        return self._some("position > ? ORDER BY position LIMIT ?", after, limit)

    def of_place(self, place: int) -> Shard | None:
        """The shard of a record."""
        return self._one("id = ?", place >> PLACE_SHIFT)

    def children(self, position: int) -> list[Shard]:
        return self._some("(parent = ? OR adjacent = ?) ORDER BY position", position, position)

    def add(
        self,
        position: int,
        hashes: tuple[int, int],
        epoch: int,
        now: float,
        parents: Sequence[int | None] = (None, None),
    ):
        self._store.write(
            "INSERT INTO kinesis_shard (stream, position, parent, adjacent, first_hash, last_hash, epoch, opened)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._stream, position, *parents, hash_text(hashes[0]), hash_text(hashes[1]), epoch, now),
        )

    def close(self, shards: Iterable[Shard], now: float):
        self._store.write_many("UPDATE kinesis_shard SET closed = ? WHERE id = ?", [(now, it.id) for it in shards])

    def remove(self, shard: Shard):
        """Forget a closed shard that has expired."""
        self._store.write("DELETE FROM kinesis_shard WHERE id = ?", (shard.id,))

    def _one(self, where: str, *values) -> Shard | None:
        row = self._store.read(
            f"SELECT {COLUMNS} FROM kinesis_shard WHERE stream = ? AND {where}", (self._stream, *values)
        ).fetchone()
        return Shard(*row) if row else None

    def _some(self, where: str, *values) -> list[Shard]:
        rows = self._store.read(
            f"SELECT {COLUMNS} FROM kinesis_shard WHERE stream = ? AND {where}", (self._stream, *values)
        )
        return [Shard(*row) for row in rows.fetchall()]
