"""The store: one SQLite database, one writer, one transaction per call.

All access happens on the thread that made the store (the event loop's). Since nobody else writes, reading needs no
transaction; a transaction begins with its first write. A commit is in the operating system's hands when it returns, so
killing the process loses nothing; only a power cut may lose the last moments (WAL, synchronous=NORMAL).
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from glasshouse.core.records import Records

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
# Whether a transaction lies within another that has written, and how much was to be done after either end by then.
Mark = tuple[bool, int, int]


class Checkpoints:
    """Moves what the log holds into the database file, in a thread, so that no call has to wait for the disk."""

    every = 1000  # commits
    largest_bytes = 256 * 1024 * 1024  # of the log: beyond, writing stops for a moment so that it can begin anew

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self._path, self._connection, self._commits = path, connection, 0
        self._log = path.with_name(f"{path.name}-wal")
        self._thread: threading.Thread | None = None
        connection.execute("PRAGMA wal_autocheckpoint=0")

    def committed(self):
        self._commits += 1
        if self._commits >= self.every and not (self._thread and self._thread.is_alive()):
            self._commits = 0
            if self._log.exists() and self._log.stat().st_size > self.largest_bytes:
                self._begin_anew()
            self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
            self._thread.start()

    def _begin_anew(self):
        """A log that is written without a pause is never wholly in the database, and would grow for ever."""
        with suppress(sqlite3.OperationalError):  # somebody reads: next time, then
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def stop(self):
        if self._thread:
            self._thread.join()

    def _run(self):
        connection = sqlite3.connect(self._path)
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()


class Transaction:
    """What `Store.transaction` returns. A class, as a generator would cost two microseconds more."""

    __slots__ = ("_mark", "_store")

    def __init__(self, store: "Store"):
        self._store = store

    def __enter__(self):
        self._mark = self._store.enter()

    def __exit__(self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None):
        self._store.leave(self._mark, kind is None)


class Store:
    """A database, and what is to be done when the open transaction commits or fails."""

    def __init__(self, path: Path | None = None):
        """A database file, or, without a path, one in memory."""
        self.sql = sqlite3.connect(str(path or ":memory:"), isolation_level=None, cached_statements=1024)
        self.sql.execute("PRAGMA journal_mode=WAL")
        self.sql.execute("PRAGMA synchronous=NORMAL")
        self.sql.execute("PRAGMA temp_store=MEMORY")
        self._checkpoints = Checkpoints(path, self.sql) if path else None
        self.read = self.sql.execute
        self._control = self.sql.cursor().execute  # for what begins and ends: it returns nothing that others may hold
        self.writing = False
        self.depth = 0
        self._after_commit: list[Callable[[], None]] = []
        self._after_rollback: list[Callable[[], None]] = []
        self._settings: dict[str, Any] = {}
        self._schemas = [SCHEMA]
        self.sql.executescript(SCHEMA)
        self.records = Records(self)
        self.rows: dict[tuple, Any] = {}  # of the tables, by table and place

    def add_schema(self, script: str):
        """Create the tables of a `schema.sql` (all of it IF NOT EXISTS), now and after each reset.

        A column that came later is added by an `ALTER TABLE`, which is passed over where the table has it.
        """
        if script not in self._schemas:
            self._schemas.append(script)
            self._run_script(script)
            self.after_rollback(lambda: self._run_script(script))

    def write(self, statement: str, arguments: Any = ()) -> sqlite3.Cursor:
        """Run a statement that changes rows, beginning the transaction if it is the first."""
        if not self.writing:
            self._begin()
        return self.sql.execute(statement, arguments)

    def write_many(self, statement: str, rows) -> None:
        """Run one statement for each of many rows."""
        if not self.writing:
            self._begin()
        self.sql.executemany(statement, rows)

    def _begin(self):
        if not self.depth:
            raise RuntimeError("writing outside of a transaction")
        self._control("BEGIN IMMEDIATE")
        self.writing = True

    def after_commit(self, action: Callable[[], None]):
        """Do something once what is written now can no longer be lost, and only then."""
        self._after_commit.append(action)

    def after_rollback(self, action: Callable[[], None]):
        """Undo something outside the database should this transaction fail."""
        self._after_rollback.append(action)

    def transaction(self) -> "Transaction":
        """All or nothing. One within another is a savepoint: its failure undoes its own writes only."""
        return Transaction(self)

    def enter(self) -> Mark:
        """For Transaction: begin, and tell what `leave` needs to know."""
        outer = self.writing
        if outer:
            self._control(f"SAVEPOINT level{self.depth}")
        self.depth += 1
        return outer, len(self._after_commit), len(self._after_rollback)

    def leave(self, mark: Mark, succeeded: bool):
        """For Transaction: end as it has gone."""
        self.depth -= 1
        if not succeeded:
            self._undo(*mark)
        elif mark[0]:
            self._control(f"RELEASE level{self.depth}")
        elif not self.depth:
            self._commit()

    def _commit(self):
        if self.writing:
            try:
                self._control("COMMIT")
            except BaseException:
                self._undo(False, 0, 0)
                raise
            self.writing = False
            if self._checkpoints:
                self._checkpoints.committed()
        if self._after_commit or self._after_rollback:
            actions, self._after_commit, self._after_rollback = self._after_commit, [], []
            for action in actions:
                action()

    def _undo(self, outer: bool, commits: int, rollbacks: int):
        """Take back the writes since the mark, and run what was to undo their traces elsewhere."""
        if outer:
            self._control(f"ROLLBACK TO level{self.depth}")
            self._control(f"RELEASE level{self.depth}")
        elif self.writing:
            self._control("ROLLBACK")
            self.writing = False
        self._settings.clear()
        del self._after_commit[commits:]
        actions = self._after_rollback[rollbacks:]
        del self._after_rollback[rollbacks:]
        for action in reversed(actions):
            action()

    def setting(self, name: str, default: Any) -> Any:
        """A value kept for the cloud as a whole, which nobody but `keep_setting` may change. Remembered once read."""
        if name not in self._settings:
            row = self.read("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
            self._settings[name] = msgspec.json.decode(row[0]) if row else None
        value = self._settings[name]
        return default if value is None else value

    def keep_setting(self, name: str, value: Any):
        self.write("REPLACE INTO setting VALUES (?, ?)", (name, msgspec.json.encode(value).decode()))
        self._settings.pop(name, None)

    def clear(self):
        """Forget everything: drop all tables, and make them anew."""
        self._settings.clear()
        self.records.forget()
        names = [row[0] for row in self.read("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        with self.transaction():
            for name in names:
                if not name.startswith("sqlite_"):
                    self.write(f'DROP TABLE IF EXISTS "{name}"')
        for script in self._schemas:
            self._run_script(script)

    def save(self, path: Path):
        """Write a copy of the database, as of now, into a file that is not there yet."""
        self.sql.execute("VACUUM INTO ?", (str(path),))

    def load(self, path: Path):
        """Become a copy of a saved database."""
        saved = sqlite3.connect(path)
        saved.backup(self.sql)
        saved.close()
        self._settings.clear()
        self.records.forget()
        for script in self._schemas:
            self._run_script(script)

    def close(self):
        if self._checkpoints:
            self._checkpoints.stop()
        self.sql.close()

    def _run_script(self, script: str):
        # Not executescript(): that would commit a transaction that is open.
        for statement in script.split(";\n"):
            if statement.strip():
                self._run_statement(statement)

    def _run_statement(self, statement: str):
        try:
            self.sql.execute(statement)
        except sqlite3.OperationalError as failure:
            if "duplicate column name" not in str(failure):
                raise
