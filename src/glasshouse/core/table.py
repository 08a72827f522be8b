"""Tables: a service's records of one type, each scoped to an account and a region.

    parameters = Table(Parameter, key="name")            # declared in the class of the service
    self.parameters.get("/a/b")                          # read in the scope of the call

A record is a dataclass; it is kept as JSON and read back typed. Keys sort as text, numbers within them numerically.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Literal, NamedTuple, TypeVar, overload

import msgspec

from glasshouse.core.records import Row
from glasshouse.core.store import Store

Record = TypeVar("Record")
Scope = Literal["region", "account", "cloud"]
SEPARATOR = "\x1f"
MOST_PLACES = 10_000
_encode = msgspec.json.Encoder().encode


class Page(NamedTuple):
    """Some records, and the opaque token with which the next ones are asked for."""

    records: list
    next_token: str | None


class InvalidPageToken(Exception):
    """A token that this table did not give."""


class Table(Generic[Record]):
    """Declares that a service keeps records of one type; `key` names the field, or fields, that identify one."""

    def __init__(self, record: type[Record], key: str | tuple[str, ...], scope: Scope = "region"):
        self.record, self.scope = record, scope
        self.fields = (key,) if isinstance(key, str) else key
        self.decode = msgspec.json.Decoder(record).decode

    def __set_name__(self, owner, name: str):
        self.name = name

    @overload
    def __get__(self, service: None, owner) -> "Table[Record]": ...
    @overload
    def __get__(self, service, owner) -> "Rows[Record]": ...
    def __get__(self, service, owner) -> Any:
        if service is None:
            return self
        call, kind = service.call, f"{service.name}.{self.name}"
        rows = service.store.rows.get((self, kind, call.account, call.region))
        if rows is None:
            rows = self.rows(service.store, kind, call.account, call.region)
        service.__dict__[self.name] = rows  # the next look finds it there, without asking the table
        return rows

    def rows(self, store: Store, kind: str, account: str, region: str) -> "Rows[Record]":
        """The rows of a place; the store keeps those that were asked for."""
        place = (self, kind, account, region)
        found = store.rows.get(place)
        if found is None:
            if len(store.rows) >= MOST_PLACES:
                store.rows.clear()
            found = store.rows[place] = Rows(self, store, kind, account, region)
        return found

    def scope_of(self, account: str, region: str) -> str:
        if self.scope == "region":
            return f"{account}/{region}"
        return account if self.scope == "account" else ""

    def key_of(self, record: Record) -> str:
        fields = self.fields
        if len(fields) == 1:
            return key_text(getattr(record, fields[0]))
        return SEPARATOR.join(key_text(getattr(record, field)) for field in fields)


def key_text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:020d}"


class Rows(Generic[Record]):
    """The records of a table within one account and region."""

    def __init__(self, table: Table[Record], store: Store, kind: str, account: str, region: str):
        self.table, self.store, self.records, self.kind = table, store, store.records, kind
        self.account, self.region = account, region
        self.scope = table.scope_of(account, region)

    def within(self, account: str | None = None, region: str | None = None) -> "Rows[Record]":
        """The same table elsewhere."""
        return self.table.rows(self.store, self.kind, account or self.account, region or self.region)

    def get(self, *key) -> Record | None:
        text = key[0] if len(key) == 1 and type(key[0]) is str else _join(key)
        body = self.records.get(self.kind, self.scope, text)
        return None if body is None else self.table.decode(body)

    def put(self, record: Record) -> Record:
        """Insert or replace."""
        self.records.put(self.kind, self.scope, self.table.key_of(record), _encode(record).decode())
        return record

    def delete(self, record: Record) -> None:
        self.records.delete(self.kind, self.scope, self.table.key_of(record))

    def keys(self) -> list[str]:
        """In order, without reading the records."""
        return self.records.keys(self.kind, self.scope)

    def list(self, *prefix, after: str = "") -> Iterator[Record]:
        """In the order of their keys: all, those below leading key fields, or those whose text key starts so."""
        decode, start = self.table.decode, self._start(prefix)
        rows = self.records.some(self.kind, self.scope, start, after)
        while rows:
            for _, body in rows:
                yield decode(body)
            rows = self._following(rows, start)

    def everywhere(self) -> Iterator[tuple[str, Record]]:
        """(scope, record) of every account and region."""
        for scope, body in self.records.everywhere(self.kind):
            yield scope, self.table.decode(body)

    def page(
        self, limit: int, token: str | None, *prefix, where: Callable[[Record], bool] = lambda record: True
    ) -> Page:
        """At most `limit` records that satisfy `where`. Raises InvalidPageToken."""
        start = self._start(prefix)
        rows = self._rows(start, read_token(token))
        wanted = ((key, record) for key, body in rows if where(record := self.table.decode(body)))
        found = list(islice(wanted, limit + 1))
        more = len(found) > limit
        return Page([record for _, record in found[:limit]], make_token(found[limit - 1][0]) if more else None)

    def _start(self, prefix: tuple) -> str:
        whole = 0 < len(prefix) < len(self.table.fields)
        return _join(prefix) + (SEPARATOR if whole else "")

    def _rows(self, start: str, after: str) -> Iterator[Row]:
        rows = self.records.some(self.kind, self.scope, start, after)
        while rows:
            yield from rows
            rows = self._following(rows, start)

    def _following(self, rows: Sequence[Row], start: str) -> Sequence[Row]:
        """The next ones, read only when they are wanted: a table may change under the loop that reads it."""
        if len(rows) < self.records.portion:
            return ()
        return self.records.some(self.kind, self.scope, start, rows[-1][0])


def make_token(key: str) -> str:
    """An opaque page token."""
    return urlsafe_b64encode(key.encode()).decode()


def read_token(token: str | None) -> str:
    """The key within a page token. Raises InvalidPageToken."""
    if not token:
        return ""
    try:
        return b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError as broken:
        raise InvalidPageToken(token) from broken


def _join(key: tuple) -> str:
    if len(key) == 1:
        return key_text(key[0])
    return SEPARATOR.join(map(key_text, key))
