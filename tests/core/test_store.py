"""Tables against a dict, step by step."""

import sqlite3
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasshouse.core import ids
from glasshouse.core.records import LAST
from glasshouse.core.store import Store
from glasshouse.core.table import Rows, Table

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=["\x1f", "\0", LAST]), max_size=4)


@dataclass
class Version:
    name: str
    number: int
    content: bytes = b""
    note: str | None = None


class Owner:
    name = "owner"
    versions = Table(Version, key=("name", "number"))


def rows(store, scope="1"):
    return Rows(Owner.versions, store, "owner.versions", scope, "here")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["put", "delete"]), TEXT, st.integers(0, 12), st.binary(max_size=3))),
    st.integers(1, 5),
)
def test_a_table_is_a_sorted_dict(steps, limit):
    store, model = Store(), {}
    table = rows(store)
    with store.transaction():
        for action, name, number, content in steps:
            record = Version(name, number, content)
            if action == "put":
                table.put(record)
                model[name, number] = record
            else:
                table.delete(record)
                model.pop((name, number), None)
    for name, number in model:
        assert table.get(name, number) == model[name, number]
        expected = sorted((record for record in model.values() if record.name == name), key=lambda r: r.number)
        assert list(table.list(name)) == expected
    paged, token = [], None
    while True:
        found, token = table.page(limit, token)
        paged += found
        assert len(found) <= limit
        if token is None:
            break
    assert sorted(paged, key=lambda r: (r.name, r.number)) == sorted(model.values(), key=lambda r: (r.name, r.number))
    assert list(rows(store, "2").list()) == []
    store.close()


def test_a_long_table_may_change_while_it_is_read():
    store = Store()
    table = rows(store)
    with store.transaction():
        for number in range(1000):
            table.put(Version("x", number))
    with store.transaction():
        for record in table.list("x"):
            table.delete(record)
    assert list(table.list()) == []
    store.close()


def test_nothing_is_written_outside_of_a_transaction():
    store = Store()
    with pytest.raises(RuntimeError, match="outside of a transaction"):
        store.write("DELETE FROM record")
    store.close()


def test_a_column_that_came_later_is_added_to_what_is_there_and_only_once(tmp_path):
    older = "CREATE TABLE IF NOT EXISTS owner_thing (id INTEGER PRIMARY KEY)"
    newer = f"{older};\nALTER TABLE owner_thing ADD COLUMN colour TEXT;\n"
    for schema in (older, newer, newer):
        store = Store(tmp_path / "state.sqlite")
        store.add_schema(schema)
        with store.transaction():
            store.write("INSERT INTO owner_thing DEFAULT VALUES")
        store.close()
    store = Store(tmp_path / "state.sqlite")
    assert store.read("SELECT id, colour FROM owner_thing").fetchall() == [(1, None), (2, None), (3, None)]
    with pytest.raises(sqlite3.OperationalError):
        store.add_schema("ALTER TABLE owner_nothing ADD COLUMN colour TEXT")
    store.close()


def test_access_keys_name_their_account():
    key = ids.access_key_id("123456789012", temporary=True)
    assert key.startswith("ASIA")
    assert ids.account_of_access_key(key) == "123456789012"
    # The account that AWS's own example key is known to name.
    assert ids.account_of_access_key("AKIAIOSFODNN7EXAMPLE") == "581039954779"
    assert ids.account_of_access_key("nonsense") is None


def test_the_log_of_a_store_that_is_written_without_a_pause_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("glasshouse.core.store.Checkpoints.every", 10)
    monkeypatch.setattr("glasshouse.core.store.Checkpoints.largest_bytes", 1 << 20)
    store = Store(tmp_path / "state.sqlite")
    log = tmp_path / "state.sqlite-wal"
    sizes = []
    for number in range(400):
        with store.transaction():
            rows(store).put(Version(f"name {number}", number, b"x" * 40_000))
        sizes.append(log.stat().st_size)
    assert any(later < earlier for earlier, later in pairwise(sizes))
    assert [one.number for one in rows(store).list("name 399")] == [399]
    store.close()
