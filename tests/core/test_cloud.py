"""One call, one transaction, one set of facts."""

import asyncio
import gc
import threading

import pytest

from glasshouse.core import NotSupported, Service, ServiceError, ValidationException
from glasshouse.core.call import Call
from glasshouse.core.errors import AccessDenied
from tests.core.conftest import NoteAlreadyExists


def test_what_a_failed_call_wrote_is_not_there_and_nobody_is_told(tiny):
    with pytest.raises(ServiceError, match="too late"):
        tiny.do("put_note", name="a", text="", fail=True)
    assert tiny.names() == []
    assert tiny.cloud.jobs.first() is None


def test_a_failed_call_within_a_call_undoes_only_itself(tiny):
    tiny.do("put_two", first="a", second="b")
    assert tiny.names() == ["a", "not b"]


def test_a_seam_is_asked_as_its_operation_is_and_takes_what_no_client_can_say(tiny):
    tiny.do("put_three", name="a")
    assert [(note.name, note.text) for note in tiny.do("list_notes")["Notes"]] == [(f"a{n}", "by me") for n in range(3)]
    tiny.cloud.access = Refusing("put_note")
    with pytest.raises(AccessDenied):
        tiny.do("put_three", name="b")
    assert len(tiny.names()) == 3


def test_calls_leave_no_cycles_behind(tiny):
    """What only the collector of cycles frees costs a request twice: the collector's time, and memory that is cold."""
    tiny.do("put_two", first="a", second="b")
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.disable()
    try:
        for number in range(10):
            tiny.do("put_three", name=f"three {number} ")
            tiny.do("put_one", name=f"one {number}")
        gc.collect()
        assert not [one for one in gc.garbage if isinstance(one, (Service, Call))]
    finally:
        gc.enable()
        gc.set_debug(0)
        gc.garbage.clear()


def test_facts_are_told_after_the_commit(tiny):
    tiny.do("put_note", name="a", text="")
    tiny.settle()
    assert tiny.do("list_notes")["Notes"][0].heard == 1


def test_facts_are_told_after_a_crash_too(kept):
    first = kept()
    first.do("put_note", name="a", text="")  # its loop never runs again: nobody has been told yet
    second = kept()
    second.settle()
    assert second.do("list_notes")["Notes"][0].heard == 1


def test_facts_can_be_asked_for_while_they_are_wanted(tiny):
    tiny.do("put_note", name="a", text="")
    for wanted in ({"notes.NotePut": "_heard"}, {}):
        tiny.cloud.run_method(tiny.call("put_note"), "notes", "hear", {"methods": wanted})
        tiny.do("put_note", name=f"b{len(wanted)}", text="")
    tiny.settle()
    assert {note.name: note.heard for note in tiny.do("list_notes")["Notes"]} == {"a": 1, "b1": 2, "b0": 1}


def test_what_is_not_supported_is_refused_by_name(tiny):
    with pytest.raises(NotSupported, match="notes:put_note Colour"):
        tiny.do("put_note", name="a", text="", colour="red")
    with pytest.raises(NotSupported, match="notes:burn"):
        tiny.do("burn")
    with pytest.raises(NotSupported, match="notes:absent is not an operation that AWS has"):
        tiny.do("absent")


def test_what_is_not_supported_can_be_ignored_aloud(tiny, caplog):
    tiny.cloud.refuse_unsupported = False
    tiny.do("put_note", name="a", text="", colour="red")
    assert tiny.names() == ["a"]
    assert "Colour" in caplog.text


def test_pages_survive_insertions_and_a_foreign_token_is_refused(tiny):
    for name in ("b", "d", "f"):
        tiny.do("put_note", name=name, text="")
    page = tiny.do("list_notes", limit=2)
    tiny.do("put_note", name="a", text="")
    tiny.do("put_note", name="e", text="")
    rest = tiny.do("list_notes", limit=2, token=page["Token"])
    assert [note.name for note in page["Notes"] + rest["Notes"]] == ["b", "d", "e", "f"]
    with pytest.raises(ValidationException):
        tiny.do("list_notes", token="***")


def test_a_long_poll_is_answered_when_what_it_waits_for_is_written(tiny):
    async def poll_and_put():
        poll = asyncio.create_task(tiny.cloud.answer(tiny.call("await_note", name="a")))
        await asyncio.sleep(0)
        assert not poll.done()
        tiny.do("put_note", name="a", text="hello")
        return await asyncio.wait_for(poll, 10)

    assert tiny.wait(poll_and_put())["text"] == "hello"


def test_a_long_poll_gives_up_after_its_time(tiny):
    assert tiny.wait(tiny.cloud.answer(tiny.call("await_note", name="a", seconds=0.01))) == {"Text": "nothing"}


def test_a_call_that_cannot_wait_does_not(tiny):
    assert tiny.do("await_note", name="a") == {"Text": "nothing"}


def test_another_thread_reaches_the_cloud_through_run(tiny):
    seen = []
    other = threading.Thread(target=lambda: seen.append(tiny.cloud.run(tiny.names)))

    async def let_it_run():
        other.start()
        while other.is_alive():
            await asyncio.sleep(0)

    tiny.do("put_note", name="a", text="")
    tiny.wait(let_it_run())
    assert seen == [["a"]]


def test_everything_kept_is_there_after_a_restart(kept):
    kept().do("put_note", name="a", text="kept")
    again = kept()
    assert again.do("await_note", name="a")["text"] == "kept"
    with pytest.raises(NoteAlreadyExists):
        again.do("put_note", name="a", text="")


def test_reset_forgets_everything(tiny):
    tiny.do("put_note", name="a", text="")
    tiny.do("remind", name="x", seconds=5)
    tiny.cloud.clock.freeze()
    tiny.cloud.reset()
    assert tiny.names() == []
    assert tiny.cloud.jobs.first() is None
    assert not tiny.cloud.clock.frozen
    tiny.do("put_note", name="b", text="")
    assert tiny.names() == ["b"]


def test_a_snapshot_brings_back_records_blobs_and_secrets(tiny, kept, tmp_path):
    cloud = tiny.cloud
    tiny.do("put_note", name="a", text="")
    with cloud.store.transaction():
        small, large = cloud.blobs.keep(b"small"), cloud.blobs.keep(b"x" * 100_000)
    sealed = cloud.seal.close(b"secret")
    cloud.save(tmp_path / "snapshot")
    other = kept()
    other.do("put_note", name="z", text="")
    other.cloud.load(tmp_path / "snapshot")
    assert other.names() == ["a"]
    assert other.cloud.blobs.read(small.id) == b"small"
    assert other.cloud.blobs.read(large.id) == b"x" * 100_000
    assert other.cloud.seal.open(sealed) == b"secret"
    assert kept().cloud.seal.open(sealed) == b"secret"
    with pytest.raises(FileNotFoundError, match="holds no snapshot"):
        other.cloud.load(tmp_path / "nowhere")


class Refusing:
    """Access for everybody, to all but one operation."""

    def __init__(self, operation):
        self.operation = operation

    def authorize(self, service, operation):
        if operation.name == self.operation:
            raise AccessDenied("no")
