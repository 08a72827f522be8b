"""What is to be done later is done at its time, once, and in order."""

import asyncio

import pytest

from tests.core.conftest import Notes


def test_a_job_runs_at_its_time_by_the_clock(tiny):
    tiny.cloud.clock.freeze()
    start = tiny.cloud.clock.now()
    tiny.do("remind", name="x", seconds=3600)
    tiny.advance(3599)
    assert tiny.names() == []
    tiny.advance(2)
    assert tiny.names() == [f"x rang at {start + 3600:.0f}"]
    assert tiny.cloud.clock.now() == start + 3601


def test_jobs_run_in_the_order_of_their_times(tiny):
    tiny.cloud.clock.freeze()
    start = tiny.cloud.clock.now()
    for name, seconds in (("a", 300), ("b", 100), ("c", 200)):
        tiny.do("remind", name=name, seconds=seconds)
    tiny.advance(1000)
    assert tiny.names() == [
        f"a rang at {start + 300:.0f}",
        f"b rang at {start + 100:.0f}",
        f"c rang at {start + 200:.0f}",
    ]


def test_a_job_of_the_same_key_replaces_the_earlier_one(tiny):
    tiny.cloud.clock.freeze()
    start = tiny.cloud.clock.now()
    tiny.do("remind", name="x", seconds=10)
    tiny.do("remind", name="x", seconds=20)
    tiny.advance(60)
    assert tiny.names() == [f"x rang at {start + 20:.0f}"]


def test_a_job_outside_runs_in_a_thread_and_writes_in_calls_of_its_own(tiny):
    tiny.do("remind", name="x", seconds=0, method="_ring_outside")
    tiny.settle()
    names = tiny.names()
    assert names[0] == "x from outside"
    assert names[1].startswith("x rang at")
    assert tiny.cloud.jobs.first() is None


def test_a_job_that_is_under_way_ends_before_the_clock_is_moved(tiny):
    tiny.cloud.clock.freeze()
    start = tiny.cloud.clock.now()
    tiny.do("remind", name="x", seconds=0, method="_ring_outside")
    tiny.wait(tiny.cloud.runner._run_due(start))
    tiny.advance(3600)
    assert f"x rang at {start:.0f}" in tiny.names()


def test_a_job_outside_that_was_interrupted_runs_again(kept):
    first = kept()
    first.do("remind", name="x", seconds=0, method="_ring_outside")
    job = first.cloud.jobs.first()
    with first.cloud.store.transaction():
        first.cloud.jobs.take(job)  # the process ends here
    second = kept()
    second.settle()
    assert second.names()[0] == "x from outside"


def test_a_broken_job_leaves_nothing_half_done_and_is_given_up_in_the_end(tiny, caplog):
    tiny.do("remind", name="x", seconds=0, method="_break")
    tiny.advance(60)
    assert tiny.names() == []
    assert tiny.cloud.jobs.given_up() == [("notes", "_break", "RuntimeError: broken")]
    assert tiny.cloud.jobs.first() is None


def test_a_job_that_was_given_up_is_tried_again_by_the_next_process(kept, monkeypatch, caplog):
    first = kept()
    first.do("remind", name="x", seconds=0, method="_break")
    first.advance(60)
    assert first.cloud.jobs.first() is None
    monkeypatch.setattr(Notes, "_break", Notes._ring)
    second = kept()
    second.settle()
    assert second.names()[0].startswith("x rang at") and second.cloud.jobs.given_up() == []


def test_the_clock_runs_on_from_where_it_was_set_and_keeps_it_over_a_restart(kept):
    cloud = kept().cloud
    cloud.clock.set(1_000_000_000.0)
    assert 0 <= cloud.clock.now() - 1_000_000_000 < 60
    cloud.clock.freeze()
    frozen = cloud.clock.now()
    again = kept().cloud
    assert again.clock.now() == frozen
    again.clock.resume()
    assert 0 <= again.clock.now() - frozen < 60


def test_a_clock_that_was_being_moved_when_the_process_ended_runs_on(kept):
    first = kept()
    first.cloud.clock.hold()
    first.cloud.clock.set(1_000_000_000.0)  # the process ends here
    clock = kept().cloud.clock
    assert not clock.frozen and 0 <= clock.now() - 1_000_000_000 < 60


def test_a_clock_runs_on_when_whoever_moves_it_goes_away(tiny):
    tiny.cloud.runner.track(tiny.loop.create_future())  # what the move waits for
    moving = tiny.loop.create_task(tiny.cloud.runner.advance(tiny.cloud.clock.now() + 3600))
    tiny.wait(asyncio.wait([moving], timeout=0))
    assert tiny.cloud.clock.frozen
    moving.cancel()
    tiny.wait(asyncio.wait([moving]))
    assert moving.cancelled() and not tiny.cloud.clock.frozen


def test_a_clock_that_is_frozen_while_it_is_moved_stays_frozen(tiny):
    tiny.cloud.clock.hold()
    tiny.cloud.clock.freeze()
    tiny.cloud.clock.release()
    assert tiny.cloud.clock.frozen


def test_a_job_that_waits_runs_again_when_what_it_waits_for_is_told(tiny):
    tiny.do("remind", name="letter", seconds=0, method="_answer_note")
    tiny.settle()
    assert tiny.names() == []
    tiny.do("put_note", name="letter", text="hello")
    tiny.settle()
    assert tiny.names() == ["letter", "re: letter"]
    assert tiny.cloud.jobs.first() is None


def test_a_job_that_waits_holds_nobody_up(tiny):
    tiny.do("remind", name="letter", seconds=0, method="_answer_note")
    tiny.do("remind", name="x", seconds=3600)
    tiny.advance(7200)
    assert [name[:6] for name in tiny.names()] == ["x rang"]


@pytest.mark.parametrize("method", ["_answer_note", "_answer_within_an_hour"])
def test_a_job_that_waited_looks_again_after_a_restart(kept, method):
    first = kept()
    first.do("remind", name="letter", seconds=0, method=method)
    first.settle()
    first.cloud.jobs.on_change = first.cloud.parking.on_told = lambda *told: None  # the process is about to end
    first.do("put_note", name="letter", text="hello")
    second = kept()
    second.settle()
    assert "re: letter" in second.names()


def test_the_clock_waits_for_real_work_under_way(tiny):
    work = tiny.loop.create_future()
    tiny.cloud.runner.track(work)
    tiny.loop.call_soon(work.set_result, None)
    tiny.settle()
    assert work.done()
