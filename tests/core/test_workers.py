"""Processes with limits, whose output is captured and whose end is certain."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from glasshouse.core.workers import UNLIMITED, Limits, Worker

ENVIRONMENT = {"PATH": os.environ["PATH"], "GREETING": "hello"}


def run(code: str, tmp_path: Path, limits: Limits = UNLIMITED):
    printed = {"stdout": b"", "stderr": b""}

    def collect(stream, chunk):
        printed[stream] += chunk

    with Worker([sys.executable, "-c", code], ENVIRONMENT, tmp_path, limits, collect) as worker:
        return worker.finish(), printed


def ends(pid: int) -> bool:
    """Whether a process that was killed goes; the kernel may take a moment."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def test_its_output_and_exit_code_are_captured(tmp_path):
    finished, printed = run(
        "import os, sys; print(os.environ['GREETING']); sys.stderr.write('x'); sys.exit(3)", tmp_path
    )
    assert finished.status == 3
    assert printed == {"stdout": b"hello\n", "stderr": b"x"}


def test_it_has_only_the_environment_and_directory_it_is_given(tmp_path):
    finished, printed = run("import os; print(os.getcwd(), sorted(set(os.environ) - {'LC_CTYPE'}))", tmp_path)
    assert finished.status == 0
    assert printed["stdout"].decode() == f"{tmp_path.resolve()} ['GREETING', 'PATH']\n"


def test_it_is_killed_when_its_time_is_up_with_all_it_started(tmp_path):
    printed = bytearray()
    command = ["sh", "-c", "sleep 1000 & echo $!; wait"]
    with Worker(
        command, ENVIRONMENT, tmp_path, Limits(wall_s=2), lambda stream, chunk: printed.extend(chunk)
    ) as worker:
        assert worker.finish().timed_out
    assert ends(int(printed))


def test_it_gets_no_more_memory_than_its_limit(tmp_path):
    finished, printed = run("x = bytearray(1 << 30)", tmp_path, Limits(memory_bytes=256 << 20))
    assert finished.status != 0
    assert b"MemoryError" in printed["stderr"]


def test_it_gets_no_more_processor_time_than_its_limit(tmp_path):
    finished, _ = run("while True: pass", tmp_path, Limits(cpu_s=1, wall_s=60))
    assert not finished.timed_out
    assert finished.status < 0


def test_it_dies_with_its_parent(tmp_path):
    # It says its number itself: before its command runs, the kernel has not been told whom it is to die with.
    parent = f"""
import os, pathlib, sys
from glasshouse.core.workers import Worker
command = ["sh", "-c", "echo $$; exec sleep 1000"]
worker = Worker(command, {{"PATH": os.environ["PATH"]}}, pathlib.Path({str(tmp_path)!r}))
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        worker = int(process.stdout.readline())
        watched = os.pidfd_open(worker)
        process.kill()
        process.wait()
    assert select.select([watched], [], [], 10)[0], "the worker outlived its parent"
    os.close(watched)


def test_a_command_that_is_not_there_is_said_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such-program is not installed"):
        Worker(["no-such-program"], ENVIRONMENT, tmp_path)
