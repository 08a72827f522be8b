"""Blobs: bodies of any size, counted by reference, written whole or not at all.

A small blob lies in the database; a larger one is a file, received under `incoming/` and given its name in the
transaction that keeps it. Files that no row names (a crash came between) are swept away at the next start.
"""

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from glasshouse.core import ids
from glasshouse.core.digests import Digests, digest
from glasshouse.core.store import Store

INLINE_BYTES = 32 * 1024
CHUNK_BYTES = 1024 * 1024
SCHEMA = """
CREATE TABLE IF NOT EXISTS blob (id TEXT PRIMARY KEY, size INTEGER NOT NULL, holders INTEGER NOT NULL, content BLOB)
WITHOUT ROWID;
"""


class Blob(NamedTuple):
    """A kept body: its id, its size in bytes, and the checksums taken while it was received (raw, by algorithm)."""

    id: str
    size: int
    digests: dict[str, bytes]


class Incoming:
    """A body being received: in memory while it is small, then in a file."""

    def __init__(self, directory: Path, algorithms: Collection[str] = ("md5",)):
        self._directory = directory
        self._algorithms = algorithms
        self._chunks: list[bytes] = []  # while it is small
        self._digests: Digests | None = None  # once it is not
        self._file = None
        self.path: Path | None = None
        self.size = 0
        self.digests: dict[str, bytes] = {}
        self.stated: dict[str, str] = {}  # checksums that came in a trailer, as sent (base64, by algorithm)

    def write(self, chunk: bytes):
        self.size += len(chunk)
        if self._file is not None and self._digests is not None:
            self._digests.update(chunk)
            self._file.write(chunk)
            return
        self._chunks.append(chunk)
        if self.size > INLINE_BYTES:
            self._spill()

    def finish(self) -> "Incoming":
        """All of it has come."""
        if self._file is not None and self._digests is not None:
            self._file.close()
            self.digests = self._digests.results()
        else:
            body = self.read()
            self.digests = {name: digest(name, body) for name in self._algorithms}
        return self

    def discard(self):
        """Nobody kept it."""
        if self._file:
            self._file.close()
        if self.path:
            self.path.unlink(missing_ok=True)

    def read(self) -> bytes:
        """The whole body, for a reader who knows it to be of moderate size."""
        if self.path:
            return self.path.read_bytes()
        if len(self._chunks) != 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def _spill(self):
        self.path = self._directory / ids.token(20, ids.LOWER)
        self._file, self._digests = self.path.open("wb", buffering=0), Digests(self._algorithms)
        for chunk in self._chunks:
            self._digests.update(chunk)
            self._file.write(chunk)
        self._chunks.clear()


class Body:
    """Ranges of kept blobs, one after another, to be streamed out. Pins its files until `close`."""

    def __init__(self, blobs: "Blobs", ranges: Sequence[tuple[str, int, int]]):
        self._blobs, self.ranges = blobs, [part for part in ranges if part[2] > part[1]]
        self.size = sum(end - start for _, start, end in self.ranges)
        self._inline = {id: content for id, _, _ in self.ranges if (content := blobs.inline(id)) is not None}
        self._pinned = [id for id, _, _ in self.ranges if id not in self._inline]
        blobs.pin(self._pinned)

    def chunks(self) -> Iterator[bytes]:
        for id, start, end in self.ranges:
            if id in self._inline:
                yield self._inline[id][start:end]
            else:
                yield from self._blobs.file_chunks(id, start, end)

    def read(self) -> bytes:
        try:
            return b"".join(self.chunks())
        finally:
            self.close()

    def close(self):
        self._blobs.unpin(self._pinned)
        self._pinned = []


class Blobs:
    """The blob store of a cloud. `keep`, `hold` and `drop` belong to the open transaction."""

    def __init__(self, store: Store, directory: Path):
        self._store = store
        self._incoming, self._files = directory / "incoming", directory / "blobs"
        self._pins: Counter[str] = Counter()
        self._doomed: set[str] = set()
        self._last: int | None = None
        store.add_schema(SCHEMA)
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(parents=True, exist_ok=True)

    def incoming(self, algorithms: Collection[str] = ("md5",)) -> Incoming:
        """Begin to receive a body."""
        return Incoming(self._incoming, algorithms)

    def keep(self, body: "bytes | Incoming", algorithms: Sequence[str] = ("md5",)) -> Blob:
        """Keep a body, with one holder. Small ones go into the database, larger ones get their file's final name."""
        if not isinstance(body, Incoming):
            received = self.incoming(algorithms)
            received.write(bytes(body))
            body = received.finish()
        id = f"{self._next():016x}"
        content = None if body.path else body.read()
        self._store.write("INSERT INTO blob VALUES (?, ?, 1, ?)", (id, body.size, content))
        if body.path:
            path = self._path(id)
            path.parent.mkdir(exist_ok=True)
            body.path.rename(path)
            self._store.after_rollback(lambda: path.unlink(missing_ok=True))
        return Blob(id, body.size, body.digests)

    def replace(self, id: str, body: "bytes | Incoming") -> Blob:
        """Keep a body, and let go of the one that its holder held before: a small one takes the place of another."""
        if isinstance(body, Incoming) and not body.path:
            update = "UPDATE blob SET size = ?, content = ? WHERE id = ? AND holders = 1 AND typeof(content) <> 'null'"
            if self._store.write(update, (body.size, body.read(), id)).rowcount:
                return Blob(id, body.size, body.digests)
        kept = self.keep(body, ())
        self.drop(id)
        return kept

    def hold(self, id: str):
        """One more holder."""
        self._store.write("UPDATE blob SET holders = holders + 1 WHERE id = ?", (id,))

    def drop(self, id: str):
        """One holder less; without any the blob goes once the transaction is committed and no reader is left."""
        # SQLite 3.40 answers RETURNING content IS NULL with 0 whatever the content is.
        delete = "DELETE FROM blob WHERE id = ? AND holders <= 1 RETURNING typeof(content)"
        if rows := self._store.write(delete, (id,)).fetchall():
            if rows[0][0] == "null":
                self._store.after_commit(lambda: self._remove(id))
        else:
            self._store.write("UPDATE blob SET holders = holders - 1 WHERE id = ?", (id,))

    def body(self, ranges: Sequence[tuple[str, int, int]]) -> Body:
        """The bytes [start, end) of each blob, to be streamed."""
        return Body(self, ranges)

    def read(self, id: str, start: int = 0, end: int | None = None) -> bytes:
        row = self._store.read("SELECT size FROM blob WHERE id = ?", (id,)).fetchone()
        return self.body([(id, start, row[0] if end is None else end)]).read()

    def path(self, id: str) -> Path | None:
        """The file of a blob, for engines that read files; None for one that lies in the database."""
        path = self._path(id)
        return path if path.exists() else None

    def inline(self, id: str) -> bytes | None:
        row = self._store.read("SELECT content FROM blob WHERE id = ?", (id,)).fetchone()
        return row[0] if row else None

    def file_chunks(self, id: str, start: int, end: int) -> Iterator[bytes]:
        with self._path(id).open("rb", buffering=0) as file:
            file.seek(start)
            while start < end and (chunk := file.read(min(CHUNK_BYTES, end - start))):
                start += len(chunk)
                yield chunk

    def pin(self, ids_: list[str]):
        self._pins.update(ids_)

    def unpin(self, ids_: list[str]):
        for id in ids_:
            self._pins[id] -= 1
            if self._pins[id] <= 0:
                del self._pins[id]
                if id in self._doomed:
                    self._doomed.discard(id)
                    self._path(id).unlink(missing_ok=True)

    def sweep(self):
        """Remove what a crash left: half-received bodies, and files that no row names."""
        for path in self._incoming.iterdir():
            path.unlink()
        for path in self._files.glob("*/*"):
            if not self._store.read("SELECT 1 FROM blob WHERE id = ?", (path.name,)).fetchone():
                path.unlink()

    def save(self, directory: Path):
        """Copy the files into a snapshot."""
        _copy_files(self._files, directory)

    def load(self, directory: Path):
        """Replace the files by those of a snapshot."""
        self.clear()
        self._last = None
        _copy_files(directory, self._files)

    def clear(self):
        for path in self._files.glob("*/*"):
            path.unlink()

    def _remove(self, id: str):
        if self._pins.get(id):
            self._doomed.add(id)
        else:
            self._path(id).unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self._files / id[-2:] / id

    def _next(self) -> int:
        """Ids count up, so that new rows lie together in the database; none is used twice while the process lives."""
        if self._last is None:
            row = self._store.read("SELECT MAX(id) FROM blob").fetchone()
            self._last = int(row[0], 16) if row[0] else 0
        self._last += 1
        return self._last


def _copy_files(source: Path, target: Path):
    """By hard links where the file system has them: a kept file never changes."""
    for path in source.glob("*/*"):
        copy = target / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, copy)
