"""Message groups: how a FIFO queue gives out messages, each group in order and blocked while some of it is in flight.

The table `sqs_group` names the groups of a lot with the moment at which their next message can be received, so that a
group with a million blocked messages is passed over in one step.
"""

from glasshouse.services.sqs.messages import COLUMNS, Message, Messages


class Groups:
    """The groups of a FIFO queue's messages."""

    def __init__(self, messages: Messages):
        self.messages, self.store, self.lot, self.now = messages, messages.store, messages.lot, messages.now

    def joined(self, message: int, group: str, visible: float):
        """A message was added at the end of a group."""
        self.store.write(
            "INSERT INTO sqs_group VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (self.lot, group, visible, message)
        )

    def due(self, limit: int) -> list[Message]:
        """Messages that can be received: as many as possible of one group, then of the next."""
        names = self.store.read(
            "SELECT name FROM sqs_group WHERE lot = ? AND ready <= ? ORDER BY ready, head LIMIT ?",
            (self.lot, self.now, limit),
        ).fetchall()
        found: list[Message] = []
        for (name,) in names:
            ready = self._ready(name, limit - len(found))
            found += ready
            if not ready:
                self.settle(name)  # what it had has expired
            if len(found) == limit:
                break
        return found

    def settle(self, name: str):
        """Find out anew when the next message of a group can be received, after some of them have changed."""
        first = self.store.read(
            "SELECT id, visible FROM sqs_message WHERE lot = ? AND message_group = ?"
            " AND deduplication IS NOT NULL AND sent > ? ORDER BY id LIMIT 1",
            (self.lot, name, self.messages.horizon),
        ).fetchone()
        if first is None:
            self.store.write("DELETE FROM sqs_group WHERE lot = ? AND name = ?", (self.lot, name))
            return
        self.store.write("REPLACE INTO sqs_group VALUES (?, ?, ?, ?)", (self.lot, name, first[1], first[0]))

    def settle_all(self):
        """After all messages have changed."""
        names = self.store.read("SELECT name FROM sqs_group WHERE lot = ?", (self.lot,)).fetchall()
        for (name,) in names:
            self.settle(name)

    def next_ready(self) -> float | None:
        row = self.store.read(
            "SELECT ready FROM sqs_group WHERE lot = ? AND ready > ? ORDER BY ready LIMIT 1", (self.lot, self.now)
        ).fetchone()
        return row[0] if row else None

    def _ready(self, name: str, limit: int) -> list[Message]:
        rows = self.store.read(
            f"SELECT {COLUMNS} FROM sqs_message WHERE lot = ? AND message_group = ? AND deduplication IS NOT NULL"
            " AND sent > ? ORDER BY id LIMIT ?",
            (self.lot, name, self.messages.horizon, limit),
        )
        ready: list[Message] = []
        for row in rows:
            message = Message(*row)
            if message.visible > self.now:
                break
            ready.append(message)
        return ready
