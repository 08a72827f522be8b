"""Workers: processes for the user's own code and for engines that must not share ours.

A worker has an environment of its own, limits, and an end: it dies with the thread that started it, with the cloud, or
when its time is up, and takes its children along. On Linux the kernel sees to this (PR_SET_PDEATHSIG and rlimits, set
by util-linux's setpriv and prlimit); elsewhere only the time limit holds.
"""

import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glasshouse.core.clock import monotonic

READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use at most; None leaves it to the machine."""

    wall_s: float | None = None
    cpu_s: int | None = None
    memory_bytes: int | None = None
    open_files: int | None = None

    def options(self) -> list[str]:
        """As options of prlimit."""
        named = {"cpu": self.cpu_s, "as": self.memory_bytes, "nofile": self.open_files}
        return [f"--{name}={value}" for name, value in named.items() if value is not None]


@dataclass(frozen=True, slots=True)
class Finished:
    """`status` is the exit code, or minus the number of the signal that ended it."""

    status: int
    timed_out: bool


UNLIMITED = Limits()


class Worker:
    """A running process. Use as a context manager: it is gone afterwards, whatever happened."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        limits: Limits = UNLIMITED,
        output: Callable[[str, bytes], None] | None = None,
    ):
        """`output` is called with "stdout" or "stderr" and some bytes, while `finish` waits; without it both go to
        this process's own streams. Raises FileNotFoundError for a command that is not there."""
        if not shutil.which(command[0], path=environment.get("PATH", os.defpath)):
            raise FileNotFoundError(f"{command[0]} is not installed")
        pipe = subprocess.PIPE if output else None
        self._output, self._limits = output, limits
        self._process = subprocess.Popen(
            [*_guards(limits), *command],
            env=dict(environment), cwd=directory, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe,
            start_new_session=True,
        )  # fmt: skip
        self.pid = self._process.pid

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *failure):
        self.kill()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def finish(self) -> Finished:
        """Wait for its end, passing on what it prints; kill it when its time is up."""
        end = None if self._limits.wall_s is None else monotonic() + self._limits.wall_s
        if self._output:
            self._pass_on(self._output, end)
        try:
            status = self._process.wait(None if end is None else max(0.0, end - monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            return Finished(self._process.returncode, timed_out=True)
        return Finished(status, timed_out=False)

    def kill(self):
        """End it and everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _pass_on(self, output: Callable[[str, bytes], None], end: float | None):
        """Until both streams are closed, or the time is up."""
        with selectors.DefaultSelector() as selector:
            for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
                assert stream is not None
                selector.register(stream, selectors.EVENT_READ, name)
            while selector.get_map():
                left = None if end is None else end - monotonic()
                if left is not None and left <= 0:
                    return
                for key, _ in selector.select(left):
                    if chunk := os.read(key.fd, READ_BYTES):
                        output(key.data, chunk)
                    else:
                        selector.unregister(key.fileobj)


def _guards(limits: Limits) -> list[str]:
    guards = []
    if path := shutil.which("setpriv"):
        guards += [path, "--pdeathsig", "KILL", "--"]
    if (options := limits.options()) and (path := shutil.which("prlimit")):
        guards += [path, *options, "--"]
    return guards
