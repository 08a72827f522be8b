"""An environment, from its start to its end."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from tests.engines.functions.conftest import MEGABYTE, event

from glasshouse.engines.functions.chroots import Chroot
from glasshouse.engines.functions.plain import Plain
from glasshouse.engines.functions.sandbox import works

ECHO = "print('loaded')\n\ndef handler(event, context):\n    print('got', event)\n    return event\n"


def texts(environment) -> list[str]:
    return [line.text for line in environment.take_lines()]


def test_it_answers_one_invocation_after_another(in_box):
    async def work(box):
        environment = await box.ready(ECHO)
        assert texts(environment) == ["loaded\n"]
        for number in range(3):
            end = await environment.invoke(event(f"id-{number}", str(number).encode()))
            assert (end.kind, end.body) == ("answered", str(number).encode()) and end.peak_bytes > MEGABYTE
            assert texts(environment) == [f"got {number}\n"]
        assert environment.alive

    in_box(work)


def test_what_is_printed_last_is_there_with_the_answer(in_box):
    async def work(box):
        environment = await box.ready("def handler(event, context):\n    print('x' * event, end='')\n    return 1\n")
        await environment.invoke(event("id", b"300000"))
        environment.end_line()
        assert texts(environment) == ["x" * 300_000 + "\n"]

    in_box(work)


def test_an_event_may_be_given_before_it_is_asked_for(in_box):
    async def work(box):
        environment = await box.ready(ECHO)
        ends = []
        for number in range(20):  # each at once after the answer: the runtime has not asked for more by then
            ends.append(await environment.invoke(event(f"id-{number}", str(number).encode())))
        assert [end.body for end in ends] == [str(number).encode() for number in range(20)]

    in_box(work)


def test_an_error_is_reported_with_its_type(in_box):
    async def work(box):
        environment = await box.ready("def handler(event, context):\n    raise KeyError(event)\n")
        end = await environment.invoke(event("id", b'"k"'))
        assert (end.kind, end.error_type) == ("failed", "KeyError")
        assert json.loads(end.body)["requestId"] == "id" and environment.alive

    in_box(work)


@pytest.mark.parametrize(("leave", "status"), [("os._exit(7)", 7), ("os.abort()", -6), ("os.kill(os.getpid(), 9)", -9)])
def test_its_exit_status_is_told(in_box, leave, status):
    async def work(box):
        environment = await box.ready(f"import os\n\ndef handler(event, context):\n    {leave}\n")
        ended = asyncio.Event()
        environment.on_end = ended.set
        end = await environment.invoke(event("id"))
        assert (end.kind, end.status) == ("exited", status)
        await ended.wait()
        assert not environment.alive
        assert (await environment.invoke(event("next"))).kind == "not begun"

    in_box(work)


def test_it_has_no_more_than_its_time(in_box):
    async def work(box):
        environment = await box.ready("import time\n\ndef handler(event, context):\n    time.sleep(60)\n")
        end = await environment.invoke(event("id", timeout_s=0.2))
        assert end.kind == "timed out" and not environment.alive

    in_box(work)


def test_a_start_has_no_more_than_its_time(in_box):
    async def work(box):
        end = await box.start("import time\ntime.sleep(60)\n", limit_s=0.5)
        assert end.kind == "timed out" and 0.4 < end.duration_s < 5

    in_box(work)


def test_a_start_that_fails_reports_its_error(in_box):
    async def work(box):
        end = await box.start("import nothing_there\n")
        assert (end.kind, end.error_type) == ("failed", "Runtime.ImportModuleError")
        assert json.loads(end.body)["errorMessage"].endswith("No module named 'nothing_there'")

    in_box(work)


@pytest.mark.parametrize("groups", [True, False], ids=["by the kernel", "by watching"])
def test_it_has_no_more_than_its_memory(in_box, groups):
    async def work(box):
        environment = await box.ready("def handler(event, context):\n    return len(b'x' * event)\n")
        assert (await environment.invoke(event("id", b"1000"))).kind == "answered"
        end = await environment.invoke(event("id", str(1 << 30).encode()))
        assert end.kind == "out of memory" and not environment.alive

    in_box(work, groups=groups)


def test_nothing_runs_between_invocations(in_box):
    text = """
import threading, time
beats = []

def beat():
    while True:
        beats.append(1)
        time.sleep(0.001)

def handler(event, context):
    if event:
        threading.Thread(target=beat, daemon=True).start()
    return len(beats)
"""

    async def work(box):
        environment = await box.ready(text)
        await environment.invoke(event("id", b"1"))
        await asyncio.sleep(0.3)  # long enough for it to be frozen, and for many beats
        before = int((await environment.invoke(event("id-2"))).body)
        assert before < 150

    in_box(work)


@pytest.mark.parametrize("kind", [Chroot, Plain])
def test_other_sandboxes_do_as_well(in_box, folder, kind):
    if kind is Chroot and (os.geteuid() != 0 or not works(Chroot(folder), folder)):
        return  # for root only, where mounts are allowed

    async def work(box):
        environment = await box.ready("import os\n\ndef handler(event, context):\n    return [event, os.getuid()]\n")
        body, uid = json.loads((await environment.invoke(event("id", b'"well"'))).body)
        assert body == "well" and (uid != 0 or not box.sandbox.is_root)

    in_box(work, make=kind)


def test_who_closes_it_sees_it_gone(in_box):
    async def work(box):
        environment = await box.ready("import os\nos.system('sleep 600 &')\n\ndef handler(event, context): pass\n")
        pid = environment._process.pid
        environment.close()
        assert not Path(f"/proc/{pid}").exists()

    in_box(work)
