"""Records: what is remembered is what the store holds, whatever was written, undone, cleared or loaded meanwhile."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from glasshouse.core import records
from glasshouse.core.store import Store

KINDS, SCOPES = st.sampled_from(["things", "others"]), st.sampled_from(["here", "there"])
KEYS, STARTS = st.sampled_from(["a", "ab", "b"]), st.sampled_from(["", "a"])


class AgainstDicts(RuleBasedStateMachine):
    """Transactions within transactions, as dicts upon each other."""

    @initialize()
    def begin(self):
        self.store, self.open, self.held = Store(), [], [{}]
        self.store.records.portion = 2

    @rule(kind=KINDS, scope=SCOPES, key=KEYS)
    def read(self, kind, scope, key):
        self.get(kind, scope, key)

    @rule(kind=KINDS, scope=SCOPES, start=STARTS, after=STARTS)
    def read_some(self, kind, scope, start, after):
        self.some(kind, scope, start, after)

    def get(self, kind, scope, key):
        assert self.store.records.get(kind, scope, key) == self.held[-1].get((kind, scope, key))

    def some(self, kind, scope, start, after):
        expected = [
            (key[2], body)
            for key, body in sorted(self.held[-1].items())
            if key[:2] == (kind, scope) and key[2].startswith(start) and key[2] > after
        ]
        assert self.store.records.some(kind, scope, start, after) == expected[:2]

    @precondition(lambda self: self.open)
    @rule(kind=KINDS, scope=SCOPES, key=KEYS, body=st.text(max_size=3))
    def put(self, kind, scope, key, body):
        self.store.records.put(kind, scope, key, body)
        self.held[-1][kind, scope, key] = body
        self.get(kind, scope, key)

    @precondition(lambda self: self.open)
    @rule(kind=KINDS, scope=SCOPES, key=KEYS)
    def delete(self, kind, scope, key):
        self.store.records.delete(kind, scope, key)
        self.held[-1].pop((kind, scope, key), None)
        self.some(kind, scope, "", "")

    @rule()
    def enter(self):
        self.open.append(self.store.transaction())
        self.open[-1].__enter__()
        self.held.append(dict(self.held[-1]))

    @precondition(lambda self: self.open)
    @rule()
    def succeed(self):
        self.open.pop().__exit__(None, None, None)
        self.held[-2:] = self.held[-1:]

    @precondition(lambda self: self.open)
    @rule()
    def fail(self):
        self.open.pop().__exit__(LookupError, LookupError(), None)
        self.held.pop()

    @precondition(lambda self: not self.open)
    @rule()
    def clear(self):
        self.store.clear()
        self.held = [{}]

    def teardown(self):
        if hasattr(self, "store"):
            while self.open:
                self.succeed()
            self.store.close()


TestAgainstDicts = AgainstDicts.TestCase
TestAgainstDicts.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_what_a_snapshot_holds_replaces_what_was_read(tmp_path):
    store = Store()
    with store.transaction():
        store.records.put("things", "1", "a", "then")
    store.save(tmp_path / "saved.sqlite")
    with store.transaction():
        store.records.put("things", "1", "a", "now")
    assert store.records.get("things", "1", "a") == "now"
    store.load(tmp_path / "saved.sqlite")
    assert store.records.get("things", "1", "a") == "then"
    store.close()


def test_so_much_is_remembered_and_no_more(monkeypatch):
    monkeypatch.setattr(records, "MOST_BYTES", 10 * records.ROW_BYTES)
    store = Store()
    with store.transaction():
        for number in range(30):
            store.records.put("things", "1", str(number), "")
    for number in range(30):
        assert store.records.get("things", "1", str(number)) == ""
        assert len(store.records._bodies) <= 10
    assert len(store.records.some("things", "1", "", "")) == 30
    store.close()
