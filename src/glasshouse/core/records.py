"""The records of all tables: rows of the store, of which those that were read lately are remembered as text.

Nobody else writes to the store, so what was read stays true until it is written here. A write takes what it changes out
of memory, and so does its rollback, since what it wrote may have been read meanwhile.
"""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glasshouse.core.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, scope, key)
) WITHOUT ROWID;
"""
MOST_BYTES = 8_000_000  # are remembered
ROW_BYTES = 300  # what remembering a row costs besides its text
LARGEST_BYTES = 100_000  # more is read anew each time
LAST = "\U0010ffff"
Row = tuple[str, str]  # key, body


class Records:
    """Bodies by kind, scope and key."""

    portion = 200  # rows

    def __init__(self, store: "Store"):
        self._store = store
        self._bodies: dict[tuple[str, str, str], str | None] = {}
        self._portions: dict[tuple[str, str], dict[tuple[str, str], list[Row]]] = {}
        self._bytes = 0
        store.add_schema(SCHEMA)

    def get(self, kind: str, scope: str, key: str) -> str | None:
        place = (kind, scope, key)
        try:
            return self._bodies[place]
        except KeyError:
            pass
        row = self._store.read("SELECT body FROM record WHERE kind = ? AND scope = ? AND key = ?", place).fetchone()
        body = row[0] if row else None
        if self._has_room(len(body) if body else 0, 1):
            self._bodies[place] = body
        return body

    def some(self, kind: str, scope: str, start: str, after: str) -> list[Row]:
        """The first rows whose keys begin so and follow a key, in their order; `portion` of them if there are more."""
        place = (kind, scope)
        known = self._portions.get(place, {}).get((start, after))
        if known is not None:
            return known
        rows = self._store.read(
            "SELECT key, body FROM record WHERE kind = ? AND scope = ? AND key >= ? AND key > ? AND key < ? LIMIT ?",
            (kind, scope, start, after, start + LAST, self.portion),
        ).fetchall()
        if self._has_room(sum([len(body) for _, body in rows]), len(rows) + 1):
            self._portions.setdefault(place, {})[start, after] = rows
        return rows

    def put(self, kind: str, scope: str, key: str, body: str):
        self._store.write("REPLACE INTO record VALUES (?, ?, ?, ?)", (kind, scope, key, body))
        self._changed(kind, scope, key)

    def delete(self, kind: str, scope: str, key: str):
        self._store.write("DELETE FROM record WHERE kind = ? AND scope = ? AND key = ?", (kind, scope, key))
        self._changed(kind, scope, key)

    def keys(self, kind: str, scope: str) -> list[str]:
        rows = self._store.read("SELECT key FROM record WHERE kind = ? AND scope = ? ORDER BY key", (kind, scope))
        return [key for (key,) in rows]

    def are_none(self) -> bool:
        return self._store.read("SELECT 1 FROM record LIMIT 1").fetchone() is None

    def everywhere(self, kind: str) -> list[Row]:
        """(scope, body) of all scopes."""
        return self._store.read("SELECT scope, body FROM record WHERE kind = ? ORDER BY scope, key", (kind,)).fetchall()

    def forget(self):
        """Read everything anew from the store."""
        self._bodies.clear()
        self._portions.clear()
        self._bytes = 0

    def _changed(self, kind: str, scope: str, key: str):
        self._forget(kind, scope, key)
        self._store.after_rollback(partial(self._forget, kind, scope, key))

    def _forget(self, kind: str, scope: str, key: str):
        self._bodies.pop((kind, scope, key), None)
        self._portions.pop((kind, scope), None)

    def _has_room(self, length: int, rows: int) -> bool:
        """Whether so much is remembered, for which everything else may be forgotten."""
        if length > LARGEST_BYTES:
            return False
        self._bytes += length + rows * ROW_BYTES
        if self._bytes > MOST_BYTES:
            self.forget()
            self._bytes = length + rows * ROW_BYTES
        return True
