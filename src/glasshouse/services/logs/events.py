"""Log events and their streams: the data plane of CloudWatch Logs.

An event's place is (timestamp, sequence): its time in milliseconds, then the order of arrival. Reads go by place, in
portions, so that they stay cheap whatever the size of a group.
"""

from collections.abc import Iterator
from typing import NamedTuple

from glasshouse.core.store import Store

FIRST, LAST = (-1, -1), (1 << 62, 1 << 62)
PORTION = 1000
EVENT_BYTES = 26


def billed_bytes(event: tuple[int, str]) -> int:
    """What an event (timestamp, message) counts for."""
    return len(event[1].encode()) + EVENT_BYTES


def last_arrival(store: Store) -> int:
    """The sequence number of the event that came last, of all groups."""
    row = store.read("SELECT seq FROM sqlite_sequence WHERE name = 'logs_event'").fetchone()
    return row[0] if row else 0


class Event(NamedTuple):
    timestamp: int
    sequence: int
    stream: str
    ingestion_time: int
    message: str

    @property
    def place(self) -> tuple[int, int]:
        return self.timestamp, self.sequence


class Stream(NamedTuple):
    id: int
    name: str
    created: int
    first_event: int | None
    last_event: int | None
    last_ingestion: int | None


class Streams:
    """The streams of one log group."""

    def __init__(self, store: Store, group: int):
        self._store, self._group = store, group

    def get(self, name: str) -> Stream | None:
        row = self._store.read(
            "SELECT id, name, created, first_event, last_event, last_ingestion FROM logs_stream"
            " WHERE group_id = ? AND name = ?",
            (self._group, name),
        ).fetchone()
        return Stream(*row) if row else None

    def add(self, name: str, created: int):
        self._store.write(
            "INSERT INTO logs_stream (group_id, name, created) VALUES (?, ?, ?)", (self._group, name, created)
        )

    def named(self, prefix: str = "", after: str = "", limit: int = -1, descending: bool = False) -> list[Stream]:
        """In the order of their names; `after` excludes what comes up to that name."""
        beyond = "name < ?" if descending else "name > ?"
        bound = after or ("\U0010ffff" if descending else "")
        rows = self._store.read(
            "SELECT id, name, created, first_event, last_event, last_ingestion FROM logs_stream WHERE group_id = ?"
            f" AND name >= ? AND name < ? AND {beyond} ORDER BY name {'DESC' if descending else ''} LIMIT ?",
            (self._group, prefix, prefix + "\U0010ffff", bound, limit),
        )
        return [Stream(*row) for row in rows]

    def by_last_event(self, after: tuple[int, str] | None, limit: int, descending: bool) -> list[Stream]:
        """In the order of their latest events; those that have none count as time 0."""
        sign, order = ("<", "DESC") if descending else (">", "ASC")
        start = after or ((1 << 62, "\U0010ffff") if descending else (-1, ""))
        rows = self._store.read(
            "SELECT id, name, created, first_event, last_event, last_ingestion FROM logs_stream WHERE group_id = ?"
            f" AND (IFNULL(last_event, 0), name) {sign} (?, ?) ORDER BY IFNULL(last_event, 0) {order}, name {order}"
            " LIMIT ?",
            (self._group, *start, limit),
        )
        return [Stream(*row) for row in rows]

    def delete(self, stream: Stream):
        self._store.write("DELETE FROM logs_event WHERE stream_id = ?", (stream.id,))
        self._store.write("DELETE FROM logs_stream WHERE id = ?", (stream.id,))


class Events:
    """The events of one log group."""

    def __init__(self, store: Store, group: int):
        self._store, self._group = store, group

    def add(self, stream: Stream, events: list[tuple[int, str]], ingestion: int) -> list[Event]:
        """(timestamp, message) in order of time."""
        start = last_arrival(self._store) + 1
        added = [
            Event(timestamp, start + place, stream.name, ingestion, message)
            for place, (timestamp, message) in enumerate(events)
        ]
        self._store.write_many(
            "INSERT INTO logs_event VALUES (?, ?, ?, ?, ?, ?)",
            [(event.sequence, self._group, stream.id, event.timestamp, ingestion, event.message) for event in added],
        )
        self._store.write(
            "UPDATE logs_stream SET last_ingestion = ?, first_event = MIN(IFNULL(first_event, ?), ?),"
            " last_event = MAX(IFNULL(last_event, 0), ?), bytes = bytes + ? WHERE id = ?",
            (ingestion, events[0][0], events[0][0], events[-1][0], sum(map(billed_bytes, events)), stream.id),
        )
        return added

    def forward(self, after: tuple[int, int], before: tuple[int, int], stream: Stream | None = None) -> Iterator[Event]:
        """Between two places, both excluded, from the earlier on."""
        while True:
            rows = self.portion(after, before, stream, "ASC")
            yield from rows
            if len(rows) < PORTION:
                return
            after = rows[-1].place

    def backward(self, after: tuple[int, int], before: tuple[int, int], stream: Stream | None = None):
        """Between two places, both excluded, from the later on."""
        while True:
            rows = self.portion(after, before, stream, "DESC")
            yield from rows
            if len(rows) < PORTION:
                return
            before = rows[-1].place

    def arrived(self, after: int) -> list[Event]:
        """In the order of their arrival, after a sequence number."""
        rows = self._store.read(
            "SELECT e.timestamp, e.sequence, s.name, e.ingestion, e.message FROM logs_event e"
            " JOIN logs_stream s ON s.id = e.stream_id WHERE e.sequence > ? AND e.group_id = ? ORDER BY e.sequence",
            (after, self._group),
        )
        return [Event(*row) for row in rows]

    def at(self, timestamp: int, sequence: int) -> Event | None:
        return next(self.forward((timestamp, sequence - 1), (timestamp, sequence + 1)), None)

    def stored_bytes(self) -> int:
        """What the group's events take, as billed."""
        row = self._store.read("SELECT IFNULL(SUM(bytes), 0) FROM logs_stream WHERE group_id = ?", (self._group,))
        return row.fetchone()[0]

    def expire(self, before_ms: int):
        """Delete what is older."""
        going = self._store.read(
            "SELECT stream_id, SUM(? + LENGTH(CAST(message AS BLOB))) FROM logs_event"
            " WHERE group_id = ? AND timestamp < ? GROUP BY stream_id",
            (EVENT_BYTES, self._group, before_ms),
        ).fetchall()
        self._store.write_many(
            "UPDATE logs_stream SET bytes = bytes - ? WHERE id = ?", [(size, id) for id, size in going]
        )
        self._store.write("DELETE FROM logs_event WHERE group_id = ? AND timestamp < ?", (self._group, before_ms))

    def clear(self):
        self._store.write("DELETE FROM logs_event WHERE group_id = ?", (self._group,))
        self._store.write("DELETE FROM logs_stream WHERE group_id = ?", (self._group,))

    def portion(self, after: tuple, before: tuple, stream: Stream | None = None, order: str = "ASC") -> list[Event]:
        """The next events between two places, both excluded: as many as one portion holds."""
        # By the stream's own index for one stream, else by the group's primary key: each reads only what it returns.
        where, key = ("e.stream_id = ?", stream.id) if stream else ("e.group_id = ?", self._group)
        rows = self._store.read(
            "SELECT e.timestamp, e.sequence, s.name, e.ingestion, e.message"
            f" FROM logs_event e JOIN logs_stream s ON s.id = e.stream_id WHERE {where}"
            " AND (e.timestamp, e.sequence) > (?, ?) AND (e.timestamp, e.sequence) < (?, ?)"
            f" ORDER BY e.timestamp {order}, e.sequence {order} LIMIT {PORTION}",
            (key, *after, *before),
        )
        return [Event(*row) for row in rows]
