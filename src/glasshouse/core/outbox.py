"""The outbox: short messages and pushes to mobile devices. Nobody here can send them, but a user can read them."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from glasshouse.core.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, written REAL NOT NULL, kind TEXT NOT NULL, recipient TEXT NOT NULL,
    text TEXT NOT NULL, detail TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What would have gone out: `kind` is "sms" or "push", the recipient a phone number or the ARN of a device."""

    number: int
    written: float
    kind: str
    recipient: str
    text: str
    detail: dict[str, str]


class Outbox:
    """The dispatches of a cloud, in the order in which they were written."""

    def __init__(self, store: Store):
        self._store = store
        store.add_schema(SCHEMA)

    def keep(self, kind: str, recipient: str, text: str, detail: Mapping[str, str], now: float):
        row = (now, kind, recipient, text, msgspec.json.encode(detail).decode())
        self._store.write("INSERT INTO outbox (written, kind, recipient, text, detail) VALUES (?, ?, ?, ?, ?)", row)

    def dispatches(self) -> list[Dispatch]:
        rows = self._store.read("SELECT number, written, kind, recipient, text, detail FROM outbox ORDER BY number")
        return [
            Dispatch(number, written, kind, recipient, text, msgspec.json.decode(detail))
            for number, written, kind, recipient, text, detail in rows.fetchall()
        ]
