"""The messages of one queue, as rows: found by when they can be received, changed by their receipts.

Sending, receiving and deleting cost the same in a queue of a million messages as in an empty one.
"""

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from struct import Struct, error

from glasshouse.core import ids
from glasshouse.core.store import Store
from glasshouse.services.sqs.errors import ReceiptHandleIsInvalid

IN_FLIGHT_LIMIT = 120_000
HANDLE = Struct(">5sqqq")
HANDLE_MARK = b"\x01\x01\x01\x00\x00"
FIRST_SEQUENCE_NUMBER = 18_849_496_460_467_696_128
COLUMNS = (
    "id, lot, visible, received, sent, first_received, taken, receipt, message_id, sender, message_group,"
    " deduplication, source, trace, attributes, digest, key, body, completion"
)


@dataclass(slots=True)
class Message:
    """A row of the table, in the order of COLUMNS; see schema.sql."""

    id: int
    lot: int
    visible: float
    received: int
    sent: float
    first_received: float | None
    taken: float | None
    receipt: int | None
    message_id: str
    sender: str
    message_group: str | None
    deduplication: str | None
    source: str | None
    trace: str | None
    attributes: str | None
    digest: str
    key: int | None
    body: str
    completion: str | None


def sequence_number(id: int) -> str:
    """Twenty digits, growing and with gaps, as AWS gives them."""
    return str(FIRST_SEQUENCE_NUMBER + id * 256)


def make_handle(queue: int, message: Message) -> str:
    """The receipt handle of a message that was just taken from a queue."""
    packed = HANDLE.pack(HANDLE_MARK, queue, message.id, message.receipt)
    return b64encode(packed + zlib.crc32(packed).to_bytes(4)).decode()


def read_handle(queue: int, handle: str) -> tuple[int, int]:
    """(message, receipt) of a queue's receipt handle. Raises ReceiptHandleIsInvalid."""
    try:
        packed = b64decode(handle, validate=True)
        mark, number, id, receipt = HANDLE.unpack(packed[:-4])
    except (ValueError, error):
        mark, number, id, receipt, packed = b"", 0, 0, 0, b""
    if (mark, number) != (HANDLE_MARK, queue) or zlib.crc32(packed[:-4]).to_bytes(4) != packed[-4:]:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
    return id, receipt


class Messages:
    """The messages of a lot that have not expired: those sent after `horizon`."""

    def __init__(self, store: Store, lot: int, now: float, horizon: float):
        self.store, self.lot, self.now, self.horizon = store, lot, now, horizon

    def add(
        self, visible: float, message_id: str, sender: str, group: str | None, deduplication: str | None,
        trace: str | None, attributes: str | None, digest: str, key: int | None, body: str | bytes,
        completion: str | None,
    ) -> int:  # fmt: skip
        """Add one that can be received from the moment `visible`."""
        return self.store.write(
            "INSERT INTO sqs_message (lot, visible, sent, message_id, sender, message_group, deduplication, trace,"
            " attributes, digest, key, body, completion) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self.lot, visible, self.now, message_id, sender, group, deduplication, trace, attributes),
                *(digest, key, body, completion),
            ),
        ).lastrowid  # type: ignore[return-value]

    def due(self, limit: int) -> list[Message]:
        """Those that can be received, in the order in which they became so."""
        rows = self.store.read(
            f"SELECT {COLUMNS} FROM sqs_message WHERE lot = ? AND visible <= ? AND sent > ? ORDER BY visible LIMIT ?",
            (self.lot, self.now, self.horizon, limit),
        )
        return [Message(*row) for row in rows]

    def take(self, messages: list[Message], visible: float):
        """Hide messages until the moment `visible`, with new receipts."""
        for message in messages:
            message.received += 1
            message.receipt = int.from_bytes(ids.random_bytes(8), signed=True)
            message.visible, message.taken = visible, self.now
            message.first_received = message.first_received or self.now
        self.store.write_many(
            "UPDATE sqs_message SET visible = ?, received = ?, first_received = ?, taken = ?, receipt = ? WHERE id = ?",
            [(visible, m.received, m.first_received, self.now, m.receipt, m.id) for m in messages],
        )

    def get(self, id: int) -> Message | None:
        """None also if it has expired."""
        row = self.store.read(
            f"SELECT {COLUMNS} FROM sqs_message WHERE id = ? AND sent > ?", (id, self.horizon)
        ).fetchone()
        return Message(*row) if row else None

    def hide(self, message: Message, visible: float):
        """Change until when a received message is hidden; until now means to give it back."""
        message.visible = visible
        message.taken = message.taken if visible > self.now else None
        self.store.write(
            "UPDATE sqs_message SET visible = ?, taken = ? WHERE id = ?", (visible, message.taken, message.id)
        )

    def remove(self, message: Message):
        self.store.write("DELETE FROM sqs_message WHERE id = ?", (message.id,))

    def move(self, message: Message, source: str | None, fifo: bool):
        """Take a message over from another lot, as a dead letter of the queue `source`. In a FIFO queue its age begins
        anew (developer guide, "Amazon SQS dead-letter queues", retention)."""
        sent = self.now if fifo else message.sent
        message.id = self.store.write(
            "INSERT INTO sqs_message (lot, visible, received, sent, first_received, message_id, sender, message_group,"
            " deduplication, source, trace, attributes, digest, key, body, completion)"
            " SELECT ?, ?, received, ?, first_received, message_id, sender, message_group, deduplication, ?, trace,"
            " attributes, digest, key, body, completion FROM sqs_message WHERE id = ?",
            (self.lot, self.now, sent, source, message.id),
        ).lastrowid  # type: ignore[assignment]
        message.lot, message.visible, message.sent = self.lot, self.now, sent

    def next_visible(self) -> float | None:
        """When one that is hidden now can be received."""
        row = self.store.read(
            "SELECT visible FROM sqs_message WHERE lot = ? AND visible > ? ORDER BY visible LIMIT 1",
            (self.lot, self.now),
        ).fetchone()
        return row[0] if row else None

    def has_too_many_in_flight(self) -> bool:
        """Whether the limit is reached; of those hidden the first 120,000 are looked at."""
        (in_flight,) = self.store.read(
            "SELECT count(*) FROM (SELECT received FROM sqs_message WHERE lot = ? AND visible > ? LIMIT ?)"
            " WHERE received > 0",
            (self.lot, self.now, IN_FLIGHT_LIMIT),
        ).fetchone()
        return in_flight >= IN_FLIGHT_LIMIT

    def count(self) -> tuple[int, int, int]:
        """How many can be received, are in flight, are delayed."""
        visible, in_flight, delayed = self.store.read(
            "SELECT sum(visible <= ?1), sum(visible > ?1 AND received > 0), sum(visible > ?1 AND received = 0)"
            " FROM sqs_message WHERE lot = ?2 AND sent > ?3",
            (self.now, self.lot, self.horizon),
        ).fetchone()
        return visible or 0, in_flight or 0, delayed or 0

    def set_delay(self, seconds: int):
        """Delay anew those that nobody has received (FIFO queues: the queue's delay is retroactive)."""
        self.store.write(
            "UPDATE sqs_message SET visible = sent + ? WHERE lot = ? AND received = 0", (seconds, self.lot)
        )


def forget(store: Store, lot: int, sent_before: float, limit: int) -> int:
    """Delete messages of a lot, at most so many at once, and say how many they were."""
    return store.write(
        "DELETE FROM sqs_message WHERE id IN (SELECT id FROM sqs_message WHERE lot = ? AND sent <= ? LIMIT ?)",
        (lot, sent_before, limit),
    ).rowcount
