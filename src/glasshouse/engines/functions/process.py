"""A sandboxed process on the event loop: its output, its memory, its sleep between invocations and its end."""

import asyncio
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from .control_groups import Group
from .program import Launch, Limits
from .spawning import spawn

CHUNK_BYTES = 256 * 1024
SLACK_BYTES = 4 << 30  # what may be reserved beyond the limit, where only we watch what is used
LAST_WAIT_S = 5


class Process:
    """Runs until it ends or is killed. `on_output` is called with bytes, `on_end` once, after the last of the output,
    with the exit status: a code, or minus the number of a signal."""

    def __init__(
        self, launch: Launch, limits: Limits, group: Group | None, on_output: Callable[[bytes], None],
        on_end: Callable[[int], None],
    ):  # fmt: skip
        """Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._group, self._limits, self._frozen = group, limits, False
        self._known: list[int] = []  # its processes, when they were last looked for
        self._on_output, self._on_end = on_output, on_end
        self._output, theirs = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = spawn(launch, theirs, self._place)
        except OSError:
            os.close(self._output)
            raise
        finally:
            os.close(theirs)
        self.pid = self._process.pid
        self._ending = os.pidfd_open(self.pid)
        self._loop.add_reader(self._output, self.drain)
        self._loop.add_reader(self._ending, self._ended)
        self.alive = True

    def drain(self):
        """Take what it has printed until now."""
        while self._output >= 0:
            try:
                chunk = os.read(self._output, CHUNK_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                self._close_output()
                return
            self._on_output(chunk)

    def freeze(self):
        """Let none of its processes run."""
        self._frozen = True
        self._signal(signal.SIGSTOP)

    def thaw(self):
        if self._frozen:
            self._frozen = False
            self._signal(signal.SIGCONT)

    def kill(self):
        """End it and everything it started."""
        self._signal(signal.SIGKILL)

    def held_bytes(self) -> int:
        """The memory that its processes hold for themselves now."""
        held = self._group.held_bytes() if self._group else None
        return sum(_status(pid, b"RssAnon:") for pid in self.pids()) if held is None else held

    def peak_bytes(self, look: bool) -> int:
        """The most that its processes have had in memory so far; those that were there when it was last looked."""
        if look:
            self._known = list(self.pids())
        return sum(_status(pid, b"VmHWM:") for pid in self._known)

    def pids(self) -> Iterator[int]:
        """Its processes, and those that keep them apart."""
        yield self.pid
        yield from _descendants(self.pid)

    def ran_out(self) -> bool:
        """Whether the kernel ended one of its processes for want of memory."""
        return self._group is not None and self._group.ran_out()

    def close(self):
        """Kill it and see it go, without telling anybody."""
        if self.alive:
            self._on_end = lambda status: None
            self.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST_WAIT_S)
            self._ended()

    def _place(self, pid: int):
        limits = self._limits
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limits.files, limits.files))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if os.geteuid() == 0:  # for anybody else, the processes of the whole user would count
            resource.prlimit(pid, resource.RLIMIT_NPROC, (limits.tasks, limits.tasks))
        if self._group:
            self._group.limit(limits.memory_bytes + limits.temporary_bytes, limits.tasks)
            self._group.add(pid)
        if self._group is None or self._group.held_bytes() is None:
            most = limits.memory_bytes + SLACK_BYTES
            resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))

    def _signal(self, number: int):
        if self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _ended(self):
        status = self._process.poll()
        if status is None or not self.alive:
            return
        self._kill_leftovers()
        self.alive = False
        self.drain()
        self._close_output()
        self._loop.remove_reader(self._ending)
        os.close(self._ending)
        if self._group and not self._group.remove():
            self._loop.call_later(0.1, self._group.remove)
        # A sandbox passes on that its program was ended by a signal as a shell does.
        self._on_end(128 - status if status > 128 else status)

    def _kill_leftovers(self):
        """Whoever it left behind, also those that went their own way."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in self._group.processes() if self._group else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _close_output(self):
        if self._output >= 0:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = -1


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_bytes().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _status(pid: int, name: bytes) -> int:
    """A figure of /proc/PID/status, in bytes."""
    try:
        _, found, rest = Path(f"/proc/{pid}/status").read_bytes().partition(name)
    except OSError:
        return 0
    return int(rest.split(None, 1)[0]) * 1024 if found else 0
